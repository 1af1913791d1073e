"""The fit of the rough mix, on made-up songs whose truth is known."""

from __future__ import annotations

import dataclasses
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from numpy.typing import NDArray

from mixing.engine.console.parameters import Eq, HighShelf
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.eq_response import band_response_db
from mixing.engine.mixers.interface import BANDS, Intent, SessionFeatures
from mixing.engine.mixers.rough_fit import PRIOR, from_card, load, shipped
from mixing.engine.mixers.rules import FadersUp, RoughMix, rough_eq
from mixing.engine.roles import Role
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.examples import Example
from mixing.engine.training.fit_rules import (
    Choices,
    Fitted,
    artist_of,
    choices_of,
    equal_loudness_errors,
    errors_of,
    fit_levels,
    fit_rules,
    fit_tone,
    left_out,
    mean_over_songs,
)
from mixing.engine.training.rough_card import card_of
from mixing.management.commands.fit_rules import written
from tests.mixing.engine.mixers.sessions import session, stem

OLD = Path(__file__).parents[1] / "mixers" / "old_format" / "rough-mix.json"
LEVELS: dict[Role, float] = {"lead_vocal": 4.0, "synth": 3.0, "bass": -1.0, "pad": -6.0}
FALLS_DB: dict[Role, float] = {"lead_vocal": -20.0, "synth": -12.0, "bass": -40.0, "pad": -30.0}
TONES = {role: tuple(np.linspace(0.0, fall_db, BANDS).tolist()) for role, fall_db in FALLS_DB.items()}


def song(number: int, *, makers: int = 4, noise: float = 1.0) -> Example:
    """A song in which every role has its level and its tone, give or take, degraded by gain, shelf and pan."""
    rng = random.Random(number)
    human, degraded = [], []
    for role, level in LEVELS.items():
        loudness, gain_db = -20.0 + level + noise * rng.uniform(-1, 1), rng.uniform(-12, 12)
        off = band_response_db(Eq(high_shelf=HighShelf(gain_db=rng.uniform(-9, 9), freq_hz=4_000.0)))
        usual = np.array(TONES[role]) + noise * np.array([rng.uniform(-1, 1) for _ in range(BANDS)])
        shared: dict[str, Any] = {"channels": 2, "width": 0.2}
        human.append(stem(role, role, loudness_lufs=loudness, spectrum_db=tuple(usual.tolist()), **shared))
        degraded.append(
            stem(
                role,
                role,
                loudness_lufs=loudness + gain_db,
                spectrum_db=tuple((usual + off).tolist()),
                imbalance=rng.uniform(-0.6, 0.6),
                **shared,
            )
        )
    entry = SongEntry(
        id=f"song {number}",
        folder=Path(),
        title=f"Title {number}",
        artist=f"maker {number % makers}",
        licence="CC0-1.0",
        weights_may_ship=True,
        human_balance="sum",
        stems=(),
    )
    return Example(song=entry, seed=0, degraded=session(*degraded), human=session(*human))


@cache
def songs(count: int = 12) -> tuple[Example, ...]:
    return tuple(song(number) for number in range(count))


@cache
def fitted() -> Fitted:
    return fit_rules(songs())


def test_a_weak_ridge_finds_the_levels_and_a_strong_one_stays_with_the_prior() -> None:
    levels = fit_levels(songs(), ridge=0.01).offsets_lu
    for role, level in LEVELS.items():
        assert levels[role] - levels["bass"] == pytest.approx(level - LEVELS["bass"], abs=0.8)
    prior = fit_levels(songs(), ridge=1e12)
    assert prior.offsets_lu == pytest.approx(dict(PRIOR.levels.offsets_lu), abs=1e-6)
    assert prior.flux_lu_per_db == pytest.approx(PRIOR.levels.flux_lu_per_db)


def test_roles_that_no_song_has_keep_their_prior() -> None:
    levels = fit_levels(songs(), ridge=60.0).offsets_lu
    assert levels["kick"] == pytest.approx(PRIOR.levels.offsets_lu["kick"])


def test_spectra_come_near_those_of_their_roles_and_are_shrunk() -> None:
    tone = fit_tone(songs(), 1.0)

    def slope(role: Role) -> float:
        return tone.spectra_db[role][0] - tone.spectra_db[role][-1]

    assert 30.0 < slope("bass") < 40.0
    assert 12.0 < slope("synth") < slope("pad") < slope("bass")
    # A role without a stem takes after its group: synths and pads here.
    assert slope("synth") < slope("piano") < slope("pad")


def test_an_equaliser_is_undone_further_where_the_sounds_of_a_role_do_not_differ_like_one() -> None:
    """The same high shelf, in songs whose stems of a role differ by such shelves and in songs where they do not."""
    shelf = band_response_db(Eq(high_shelf=HighShelf(gain_db=8.0, freq_hz=4_500.0)))

    def undone(varied: bool) -> float:
        rng = random.Random(5)
        shapes = [tilted(each, shelf * rng.uniform(-1.5, 1.5) if varied else 0.0 * shelf) for each in songs()]
        tone = fit_tone(shapes, 1.0)
        return -float(np.array(tone.gains_per_db[-1]) @ shelf)

    assert -8.0 < undone(False) < 2 * undone(True) < 0.0


def tilted(example: Example, by_db: NDArray[np.float64]) -> Example:
    stems = [
        dataclasses.replace(
            each,
            audio=dataclasses.replace(
                each.audio, spectrum_db=tuple((np.array(each.audio.spectrum_db) + by_db).tolist())
            ),
        )
        for each in example.human.stems
    ]
    return dataclasses.replace(example, human=session(*stems))


def test_the_fit_restores_better_than_prior_and_equal_loudness_on_makers_it_never_heard() -> None:
    by_artist = {measure: mean_over_songs(errors) for measure, errors in fitted().by_artist.items()}
    prior = {measure: mean_over_songs(errors) for measure, errors in errors_of(PRIOR, songs()).items()}
    faders_up = {measure: mean_over_songs(errors) for measure, errors in errors_of(None, songs()).items()}
    assert by_artist["level_lu"] < prior["level_lu"] < faders_up["level_lu"]
    assert by_artist["level_lu"] < mean_over_songs(equal_loudness_errors(songs()))
    assert by_artist["eq_db"] < 0.8 * faders_up["eq_db"]
    assert by_artist["pan"] < 0.5 * faders_up["pan"]


def test_what_is_left_out_is_never_known() -> None:
    known: list[set[str]] = []

    def remember(examples: Any) -> Any:
        known.append({artist_of(example) for example in examples})
        return PRIOR

    errors = left_out(songs(), artist_of, remember)
    assert sorted(map(sorted, known)) == sorted(
        sorted({f"maker {n}" for n in range(4)} - {f"maker {left}"}) for left in range(4)
    )
    assert set(errors["pan"]) == {f"song {number}" for number in range(12)}


def test_only_degraded_features_are_asked() -> None:
    example = songs()[0]
    blind = dataclasses.replace(example, human=louder(example.human))
    fit = fitted().fit
    assert RoughMix(fit).predict(blind.degraded, Intent()) == RoughMix(fit).predict(example.degraded, Intent())
    assert errors_of(fit, [blind])["level_lu"] != errors_of(fit, [example])["level_lu"]


def louder(human: SessionFeatures) -> SessionFeatures:
    first, *rest = human.stems
    audio = dataclasses.replace(first.audio, loudness_lufs=-3.0)
    return dataclasses.replace(human, stems=(dataclasses.replace(first, audio=audio), *rest))


def test_songs_of_two_makers_are_too_few() -> None:
    with pytest.raises(MixFailed) as caught:
        fit_rules([song(number, makers=2) for number in range(4)])
    assert caught.value.code == "too_few_songs"


def test_a_card_holds_prior_and_data_apart_and_gives_the_fit_back(tmp_path: Path) -> None:
    card = card_of(fitted(), songs(), data="songs", seeds=[0])
    path = tmp_path / "rough-mix.json"
    path.write_text(written(card), encoding="utf-8")
    assert json.loads(path.read_text()) == json.loads(json.dumps(card))
    fit, sha256 = load(path)
    assert len(sha256) == 64
    assert fit.levels.offsets_lu == pytest.approx(dict(fitted().fit.levels.offsets_lu), abs=1e-4)
    assert card["prior"]["offsets_lu"]["kick"] == 1.4
    assert card["data"]["songs"][0] == {
        "id": "song 0", "title": "Title 0", "artist": "maker 0", "licence": "CC0-1.0",
    }  # fmt: skip
    low, mean, high = (card["metrics"]["left_out_by_maker"]["level_lu"][name] for name in ("low", "mean", "high"))
    assert low <= mean <= high


def test_a_card_of_the_first_format_still_loads_with_the_same_tones_and_a_share_told_as_a_deviation() -> None:
    """``old_format/rough-mix.json`` was written by the program that knew format 1, and so were these gains."""
    fit, _ = load(OLD)
    falling = tuple(np.linspace(0.0, -60.0, BANDS).tolist())
    eqs = [rough_eq(stem("a", role, spectrum_db=falling), fit) for role in ("lead_vocal", "other")]
    gains = [[b.gain_db for b in (eq.low_shelf, eq.peak_1, eq.peak_2, eq.peak_3, eq.high_shelf)] for eq in eqs]
    assert gains == [[-2.4, 0.16, 0.23, -0.46, 1.56], [-0.44, -0.13, -0.04, 0.11, 0.63]]
    assert fit.tone is not None
    assert fit.tone.song_stems is None
    # 0.2012 = left² / (left² + 12² / 3)
    assert fit.levels.left_lu == pytest.approx((48 * 0.2012 / 0.7988) ** 0.5)
    assert fit.levels.offsets_lu["kick"] == 1.2255
    choices = choices_of(json.loads(OLD.read_text(encoding="utf-8")))
    assert choices == Choices(ridge=60.0, left_lu=fit.levels.left_lu, strength=0.9, left_alone_db=7.0)


@pytest.mark.parametrize("share", [1.0, -0.1, "much"])
def test_a_card_of_the_first_format_with_an_impossible_share_is_refused(share: object) -> None:
    card = json.loads(OLD.read_text(encoding="utf-8"))
    card["level"]["came_share"] = share
    with pytest.raises(ValueError, match=r"share|number"):
        from_card(card)


@pytest.mark.parametrize(
    "damage", ["{", "{}", '{"format_version": 1, "key": "rough-mix"}', '{"format_version": 3, "key": "rough-mix"}']
)
def test_a_damaged_card_is_refused_in_words(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "rough-mix.json"
    path.write_text(damage)
    with pytest.raises(MixFailed, match=r"rough-mix\.json.*restore it") as caught:
        load(path)
    assert caught.value.code == "rough_mix_card"


def test_the_card_that_ships_says_what_it_was_fitted_on_and_beats_the_prior() -> None:
    card = json.loads((Path(__file__).parents[4] / "models" / "rough-mix.json").read_text(encoding="utf-8"))
    assert from_card(card) == shipped()[0]
    assert all(song["licence"] and song["id"] for song in card["data"]["songs"])
    assert card["metrics"]["left_out_by_maker_minus_prior_alone"]["level_lu"]["high"] < 0.0
    assert card["metrics"]["left_out_by_maker"]["eq_db"]["mean"] < card["metrics"]["faders_up"]["eq_db"]["mean"]
    assert RoughMix().version != FadersUp().version


def test_songs_that_may_not_be_published_are_not_fitted_on(tmp_path: Path) -> None:
    folder = tmp_path / "songs" / "one"
    folder.mkdir(parents=True)
    stems = [{"file": "a.wav", "role": "bass"}]
    song_file = {"licence": "CC-BY-NC-4.0", "human_balance": "sum", "stems": stems}
    (folder / "song.json").write_text(json.dumps(song_file))
    (folder / "a.wav").write_bytes(b"never read")
    with pytest.raises(CommandError, match="licence under which a fit may be published"):
        call_command("fit_rules", data=tmp_path / "songs", output=tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()
