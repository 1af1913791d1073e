"""What the page of a mixer tells: what the card tells, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from mixing import card_figures, mixer_cards
from mixing.forms import variant_of
from mixing.formulas import formula
from mixing.models import Mixer

INTERVAL = {"mean": 2.4, "low": 2.2, "high": 2.6}


def mixer(key: str, *, family: str = "", sha256: str = "", needs: bool = False, **card: Any) -> Mixer:
    return Mixer(
        key=key,
        family=family or key,
        title=key.replace("-", " ").capitalize(),
        sha256=sha256,
        needs_reference=needs,
        card=card,
    )


RULES = [mixer("faders-up", family="rules"), mixer("rough-mix", family="rules")]
NETS = [
    mixer("console-net", sha256="a" * 64),
    mixer("console-net-dark", family="console-net", sha256="b" * 64),
    mixer("reference-net", sha256="c" * 64, needs=True),
    mixer("search", needs=True),
]


def keys(mixers: list[Mixer]) -> dict[str, list[str]]:
    return {group.key: [choice.mixer.key for choice in group.choices] for group in mixer_cards.grouped(mixers)}


def test_mixers_are_grouped_by_kind_the_recommended_one_first_and_styles_are_no_mixers_of_their_own() -> None:
    assert keys(RULES + NETS) == {
        "learned": ["console-net"],
        "matching": ["reference-net", "search"],
        "rules": ["faders-up", "rough-mix"],
    }
    (learned, *_) = mixer_cards.grouped(RULES + NETS)
    assert (learned.choices[0].recommended, learned.choices[0].variants) == (True, ("dark",))


def test_without_nets_the_rough_mix_is_recommended_and_stands_first() -> None:
    assert keys(RULES) == {"rules": ["rough-mix", "faders-up"]}
    assert mixer_cards.recommended([]) is None


def test_a_style_that_stands_alone_is_a_mixer_like_any_other() -> None:
    assert keys([NETS[1]]) == {"learned": ["console-net-dark"]}


def test_a_style_with_a_checkpoint_of_its_own_is_that_checkpoint() -> None:
    found = variant_of("console-net", "dark", NETS)
    assert found is not None
    assert found.key == "console-net-dark"
    assert variant_of("console-net", "open", NETS) is None
    assert variant_of("console-net", "", NETS) is None
    assert variant_of("rough-mix", "dark", RULES + NETS) is None


def test_every_rule_tells_its_formula_and_a_net_tells_none() -> None:
    assert len(formula("rough-mix")) == 3
    assert all("\n" not in text for key in ("faders-up", "equal-loudness", "search") for text in formula(key))
    assert formula("console-net") == []


def test_an_empty_card_makes_no_claim() -> None:
    page = mixer_cards.card_page(RULES[0], RULES)
    assert (page["figures"], page["songs"], page["towers"], page["precisions"]["rows"]) == ([], [], [], [])


def test_songs_are_named_with_maker_and_licence_and_what_is_missing_stays_empty() -> None:
    card = {"songs": [{"title": "Home", "artist": "Ann", "licence": "CC-BY-4.0"}, {"title": "Away"}, "nonsense"]}
    page = mixer_cards.card_page(mixer("m", data={**card, "seeds": 5}), [])
    assert page["songs"] == [
        {"title": "Home", "artist": "Ann", "licence": "CC-BY-4.0"},
        {"title": "Away", "artist": "", "licence": ""},
    ]
    assert page["data_facts"] == [("Seeds", "5")]


def test_the_table_of_precisions_has_a_row_for_each_and_marks_the_one_in_use() -> None:
    rows = {
        "float32": {"bytes": 81_920, "load_time_ms": 3.25, "sha256": "f" * 64, "file": "m.safetensors"},
        "int8": {"bytes": 20_480, "load_time_ms": None},
    }
    table = mixer_cards.card_page(mixer("m", quantisation=rows, precision="int8"), [])["precisions"]
    assert table["columns"] == ["Bytes", "Load time (ms)"]
    assert table["rows"] == [
        {"name": "float32", "used": False, "cells": ["81 920", "3.25"]},
        {"name": "int8", "used": True, "cells": ["20 480", "–"]},
    ]


def test_a_style_table_is_told_in_words_with_units_and_signs() -> None:
    table = {"offset_lu.bass": 1.5, "tilt.drums.high_hz": 5_000.0, "reverb.decay_s": 2.4, "tilt.music.low_db": -1.0}
    page = mixer_cards.card_page(mixer("m", style={"how": "set, not trained", "name": "dark", "table": table}), [])
    assert page["style_facts"] == [("How", "set, not trained"), ("Name", "dark")]
    assert page["style_table"] == [
        ("Offset, bass", "+1.5 LU"),
        ("Tilt, drums, high", "5 000 Hz"),
        ("Reverb, decay", "2.4 s"),
        ("Tilt, music, low", "−1 dB"),
    ]


# ---- figures -----------------------------------------------------------------------------------------------------


def test_a_mean_with_its_interval_is_drawn_on_a_scale_from_nought_with_the_best_row_first() -> None:
    metrics = {
        "faders_up": {"level_lu": {"mean": 4.0, "low": 3.0, "high": 5.0}},
        "left_out_by_song": {"level_lu": {"mean": 2.0, "low": 1.0, "high": 2.5}},
    }
    own = mixer("rough-mix", metrics=metrics)
    (figure,) = card_figures.figures(own, [*RULES[:1], own])
    assert (figure.title, figure.unit, figure.zero) == ("Level of each stem", "LU", None)
    assert [(row.label, row.own) for row in figure.rows] == [("Song left out", True), ("Faders up", False)]
    assert (figure.rows[0].start, figure.rows[0].at, figure.rows[0].end) == (0.2, 0.4, 0.5)


def test_a_tower_stands_beside_its_rule_and_the_difference_has_a_figure_of_its_own() -> None:
    level = {
        "unit": "LU",
        "trained": INTERVAL,
        "base": {"mean": 2.5, "low": 2.3, "high": 2.7},
        "difference": {"mean": -0.1, "low": -0.3, "high": 0.1},
    }
    net = mixer("console-net", metrics={"left_out_artists": {"how": "By features", "songs": 25, "level": level}})
    errors, differences = card_figures.figures(net, [net])
    assert [(row.label, row.own) for row in errors.rows] == [("Console net", True), ("Its rule alone", False)]
    assert [row.label for row in differences.rows] == ["Trained − rule"]
    assert (differences.title, differences.unit) == ("Level of each stem, difference", "LU")
    assert differences.zero == pytest.approx(0.75)
    assert differences.rows[0].at == pytest.approx(0.5)
    assert card_figures.notes(net.card) == ["Artists left out.", "By features.", "25 songs."]


@pytest.mark.parametrize("nonsense", [None, [], "much", {"level": {"mean": 1.0}}, {"level": {**INTERVAL, "low": None}}])
def test_what_is_no_interval_is_not_drawn(nonsense: Any) -> None:
    assert card_figures.figures(mixer("m", metrics=nonsense), []) == []


def test_a_number_that_is_none_is_not_drawn() -> None:
    assert card_figures.figures(mixer("m", metrics={"level": {**INTERVAL, "high": float("nan")}}), []) == []


def test_a_measure_that_nobody_knows_keeps_its_own_name_and_unit() -> None:
    (figure,) = card_figures.figures(mixer("m", metrics={"smear_ms": INTERVAL}), [])
    assert (figure.title, figure.unit) == ("Smear", "ms")


def test_distances_to_a_reference_and_the_shares_that_are_gone_are_not_drawn_on_one_scale() -> None:
    measured = {"level_lu": INTERVAL, "dynamics_db": INTERVAL}
    gone = {"level_lu": {"mean": 93.0, "low": 74.0, "high": 112.0}}
    other = {"level_lu": {"mean": 82.0, "low": 55.0, "high": 107.0}}
    metrics = {
        "unseen songs, makers left out": {
            "same song": {"distance": measured, "less than rough-mix, percent": gone},
            "another song": {"songs": 32, "distance": measured, "less than rough-mix, percent": other},
        },
        "generated songs": {"same song": {"songs": 6, "distance": measured}},
    }
    net = mixer("reference-net", metrics=metrics)
    loudness, dynamics, nearer = card_figures.figures(net, [*RULES, net])
    assert (loudness.title, loudness.unit) == ("Loudness, off the reference", "LU")
    assert [row.label for row in loudness.rows] == [
        "Recorded, same song", "Recorded, another song", "Generated, same song"
    ]  # fmt: skip
    assert (dynamics.title, dynamics.more_is_better) == ("Dynamics, off the reference", False)
    assert (nearer.title, nearer.unit) == ("Loudness, nearer to the reference than Rough mix", "%")
    assert nearer.more_is_better
    assert [(row.label, row.mean) for row in nearer.rows] == [
        ("Recorded, same song", 93.0), ("Recorded, another song", 82.0)
    ]  # fmt: skip
    assert card_figures.notes(net.card) == ["Recorded: 32 songs.", "Generated: 6 songs."]


def test_a_style_says_that_its_figures_are_those_of_the_mixer_that_it_styles() -> None:
    metrics = {"left_out_artists": {"level": {"unit": "LU", "trained": INTERVAL, "base": INTERVAL}}}
    base = mixer("console-net", metrics=metrics)
    dark = mixer("console-net-dark", family="console-net", metrics=metrics, recipe={"operator": "style"})
    (figure,) = card_figures.figures(dark, [base, dark])
    assert {row.label for row in figure.rows} == {"Console net", "Its rule alone"}
    assert card_figures.notes(dark.card)[0] == "Measured without its style, which is set by hand."
    assert card_figures.notes(base.card) == ["Artists left out."]
