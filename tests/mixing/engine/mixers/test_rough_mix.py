"""The rough mix: levels, tone and place, worked out by hand."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mixing.engine.console.parameters import Eq, HighShelf, LowShelf
from mixing.engine.mixers.came import believed_lu
from mixing.engine.mixers.eq_response import band_response_db, loudness_change_lu
from mixing.engine.mixers.interface import Intent, StemFeatures, StemIntent
from mixing.engine.mixers.rough_fit import PRIOR, Tone, shipped
from mixing.engine.mixers.rules import RoughMix, rough_eq, rough_eqs, rough_pan
from mixing.engine.roles import ROLES, Role
from tests.mixing.engine.mixers.sessions import FLAT, SILENCE, random_session, session, sound, stem, strips

RUMBLE = (0.0,) + (-60.0,) * (len(FLAT) - 1)


# ---- levels ----------------------------------------------------------------------------------------------------------


def with_levels(**changes: Any) -> RoughMix:
    return RoughMix(dataclasses.replace(PRIOR, levels=dataclasses.replace(PRIOR.levels, **changes)))


def test_the_prior_sets_alike_sounds_by_the_offsets_of_their_roles() -> None:
    roles = ("lead_vocal", "kick", "bass", "backing_vocal", "electric_guitar", "pad", "brass")
    answer = strips(RoughMix(PRIOR), session(*(stem(r, r) for r in roles)))
    faders = {name: strip.fader_db for name, strip in answer.items()}
    level = {name: fader - faders["bass"] for name, fader in faders.items()}
    expected = {
        "lead_vocal": 3.4, "kick": 2.2, "bass": 0.0, "backing_vocal": -1.5, "electric_guitar": 2.2, "pad": 1.0,
        "brass": 1.7,
    }  # fmt: skip
    assert level == pytest.approx(expected, abs=0.25)  # the high-passes' losses are within these
    assert max(faders.values()) == 0.0


def test_the_three_slopes_are_those_of_the_prior() -> None:
    base = stem("base")
    for changes, expected in (
        ({"centroid_hz": 4_000.0}, 2 * -1.42),
        ({"crest_db": 30.0}, 20 * -0.07),
        ({"flux_db": 3.0}, 2 * -0.51),
    ):
        answer = strips(RoughMix(PRIOR), session(base, stem("other", **changes)))
        assert answer["other"].fader_db - answer["base"].fader_db == pytest.approx(expected, abs=0.011)


def test_flux_beyond_what_music_has_weighs_no_more() -> None:
    given = session(stem("busy", flux_db=10.0), stem("hits in silence", flux_db=34.0), stem("base", flux_db=0.0))
    answer = strips(RoughMix(PRIOR), given)
    assert answer["hits in silence"].fader_db == answer["busy"].fader_db
    assert answer["busy"].fader_db - answer["base"].fader_db == pytest.approx(-5.1, abs=0.011)


def test_a_stem_that_came_further_from_its_place_than_a_gain_moves_it_is_believed() -> None:
    def apart(loudness_lufs: float) -> float:
        answer = strips(with_levels(left_lu=4.0), session(stem("a", loudness_lufs=loudness_lufs), stem("b")))
        return answer["a"].fader_db - answer["b"].fader_db

    assert apart(-23.0) == 0.0
    # Each is 20 LU off its place. Beside 4² LU² of its own stand 12² / (3 · 2) of the mean gain, 40 LU² in all, cut off
    # at (20 - 12) / √40: √40 · 0.179253 / 0.102952, of which 16 / 40 are its own, up for one and down for the other.
    assert apart(17.0) == pytest.approx(8.81, abs=0.011)
    # Further out it is the recording.
    assert apart(-103.0) == apart(-63.0) == pytest.approx(-8.81, abs=0.011)


def test_a_fit_moves_what_the_shipped_card_says() -> None:
    levels = shipped()[0].levels
    answer = strips(RoughMix(), session(stem("v", "lead_vocal"), stem("f", "fx")))
    place = (levels.offsets_lu["lead_vocal"] - levels.offsets_lu["fx"]) / 2
    loss = {name: loudness_change_lu(FLAT, strip.eq) for name, strip in answer.items()}
    fader = {name: answer[name].fader_db + loss[name] for name in answer}
    # Both came alike, so that each came that far from its place.
    expected = 2 * (place + believed_lu(-place, 2, levels.left_lu))
    assert fader["v"] - fader["f"] == pytest.approx(expected, abs=0.02)


def test_without_role_labels_the_sound_alone_decides() -> None:
    given = random_session(16, 3)
    unlabelled = session(*(dataclasses.replace(each, role="other") for each in given.stems))
    answer = strips(RoughMix(), unlabelled)
    assert len({strip.fader_db for strip in answer.values()}) > 8
    assert not any(strip.eq.high_pass.on for strip in answer.values())


def test_no_sound_is_so_odd_that_it_is_buried() -> None:
    odd = stem("odd", "fx", centroid_hz=20_000.0, crest_db=90.0, flux_db=60.0)
    answer = strips(RoughMix(), session(odd, *(stem(f"{n}", "drums", centroid_hz=50.0) for n in range(9))))
    assert answer["odd"].fader_db >= -24.0


def test_a_stem_that_is_hardly_there_is_not_dragged_up() -> None:
    answer = strips(RoughMix(), session(stem("hiss", loudness_lufs=-68.0), stem("song")))
    assert answer["hiss"].trim_db == 30.0


@pytest.mark.parametrize(
    ("count", "expected"), [(1, [0.0]), (2, [-0.7, 0.7]), (3, [-0.7, 0.0, 0.7]), (4, [-0.7, -0.233, 0.233, 0.7])]
)
def test_doubles_of_a_role_stand_symmetrically_by_name(count: int, expected: list[float]) -> None:
    given = session(*(stem(f"Gtr {n}", "electric_guitar") for n in reversed(range(count))), stem("Vox", "lead_vocal"))
    answer = strips(RoughMix(), given)
    assert [answer[f"Gtr {n}"].pan for n in range(count)] == expected
    assert answer["Vox"].pan == 0.0


def test_left_and_right_by_name_are_left_and_right() -> None:
    answer = strips(RoughMix(), session(stem("OH R", "cymbals"), stem("OH L", "cymbals")))
    assert (answer["OH L"].pan, answer["OH R"].pan) == (-0.6, 0.6)


@pytest.mark.parametrize("role", ["kick", "snare", "bass", "lead_vocal", "drums", "other"])
def test_what_carries_the_song_stays_in_the_middle_however_often_it_comes(role: str) -> None:
    assert role in ROLES
    answer = strips(RoughMix(), session(*(stem(f"{n}", role) for n in range(3))))
    assert {strip.pan for strip in answer.values()} == {0.0}


def test_balanced_stereo_stems_and_those_on_one_side_keep_their_own_image() -> None:
    wide = [stem(f"Gtr {n}", "electric_guitar", channels=2, width=0.4) for n in range(2)]
    one_sided = stem("Gtr 3", "electric_guitar", channels=2, width=0.5, imbalance=1.0)
    dual_mono = [stem(f"BGV {n}", "backing_vocal", channels=2, width=0.0) for n in range(2)]
    answer = strips(RoughMix(), session(*wide, one_sided, *dual_mono))
    assert [answer[f"Gtr {n}"].pan for n in (0, 1, 3)] == [0.0, 0.0, 0.0]
    assert [answer[f"BGV {n}"].pan for n in (0, 1)] == [-0.5, 0.5]


def test_a_wished_pan_leaves_the_other_double_where_it_was() -> None:
    given = session(stem("Gtr 1", "electric_guitar"), stem("Gtr 2", "electric_guitar"))
    answer = strips(RoughMix(), given, Intent(stems={"Gtr 1": StemIntent(pan=-1.0)}))
    assert (answer["Gtr 1"].pan, answer["Gtr 2"].pan) == (-1.0, 0.7)


def test_the_prior_takes_rumble_by_role_and_leaves_drums_and_the_unknown_alone() -> None:
    answer = strips(RoughMix(PRIOR), session(*(stem(role, role) for role in ROLES)))
    corners = {name: strip.eq.high_pass.freq_hz for name, strip in answer.items() if strip.eq.high_pass.on}
    assert set(ROLES) - set(corners) == {"drums", "other"}
    assert (corners["lead_vocal"], corners["bass"], corners["kick"]) == (80.0, 30.0, 30.0)


def test_where_the_spectra_of_roles_are_known_only_rumble_is_taken() -> None:
    usual = spectrum_of("lead_vocal")
    rumbling = tuple(level + (16.0 if band == 0 else 0.0) for band, level in enumerate(usual))
    answer = strips(
        RoughMix(),
        session(
            stem("clean", "lead_vocal", spectrum_db=usual),
            stem("rumbling", "lead_vocal", spectrum_db=rumbling),
            stem("bass", "bass", spectrum_db=spectrum_of("bass")),
        ),
    )
    assert {name: strip.eq.high_pass.on for name, strip in answer.items()} == {
        "clean": False, "rumbling": True, "bass": True,
    }  # fmt: skip


# ---- tone and place --------------------------------------------------------------------------------------------------


def spectrum_of(role: Role) -> tuple[float, ...]:
    tone = shipped()[0].tone
    assert tone is not None
    return tone.spectra_db[role]


def test_a_stem_that_sounds_as_its_role_does_is_not_equalised() -> None:
    eq = rough_eq(stem("Vox", "lead_vocal", spectrum_db=spectrum_of("lead_vocal")))
    assert max(abs(gain) for gain in gains_of(eq)) <= 0.3


@pytest.mark.parametrize(
    "lift",
    [
        Eq(high_shelf=HighShelf(gain_db=8.0, freq_hz=4_000.0)),
        Eq(high_shelf=HighShelf(gain_db=-8.0, freq_hz=4_000.0)),
        Eq(low_shelf=LowShelf(gain_db=8.0, freq_hz=250.0)),
    ],
)
def test_a_tone_that_is_off_is_brought_part_of_the_way_back(lift: Eq) -> None:
    usual = np.array(spectrum_of("synth"))
    off = usual + band_response_db(lift)
    after = off + band_response_db(rough_eq(stem("Synth", "synth", spectrum_db=tuple(off.tolist()))))

    def apart(levels: NDArray[np.float64]) -> float:
        return float(np.abs((levels - usual) - (levels - usual).mean()).mean())

    assert 0.2 * apart(off) < apart(after) < 0.98 * apart(off)


def gains_of(eq: Eq) -> list[float]:
    return [band.gain_db for band in (eq.low_shelf, eq.peak_1, eq.peak_2, eq.peak_3, eq.high_shelf)]


def test_what_the_other_stems_lack_too_is_the_sound_of_the_song() -> None:
    """Each gain is half of what the lowest band lacks, and with two stems whose share counts two thirds are shared."""
    lowest = (0.5,) + (0.0,) * (len(FLAT) - 1)
    tone = Tone(
        spectra_db=dict.fromkeys(ROLES, (0.0,) * len(FLAT)),
        gains_per_db=(lowest,) * 5,
        unknown_gains_per_db=((0.0,) * len(FLAT),) * 5,
        strength=1.0,
        range_db=80.0,
        song_stems=1.0,
    )
    fit = dataclasses.replace(PRIOR, tone=tone)

    def lacking(name: str, lacks_db: float) -> StemFeatures:
        spectrum = (-lacks_db * len(FLAT) / (len(FLAT) - 1),) + (0.0,) * (len(FLAT) - 1)
        return stem(name, "synth", spectrum_db=spectrum)

    alone = rough_eqs(session(lacking("a", 6.0)), fit)
    assert gains_of(alone["a"]) == [3.0] * 5
    both = rough_eqs(session(lacking("a", 6.0), lacking("b", 6.0)), fit)
    assert gains_of(both["a"]) == gains_of(both["b"]) == [1.5] * 5
    # 6 dB less (6 + 0) / (2 + 1), and nothing less (6 + 6) / (2 + 1).
    three = rough_eqs(
        session(lacking("a", 6.0), lacking("b", 6.0), lacking("c", 0.0), stem("s", "synth", SILENCE)), fit
    )
    assert [gains_of(three[name])[0] for name in "abc"] == [2.0, 2.0, -2.0]
    by_itself = dataclasses.replace(fit, tone=dataclasses.replace(tone, song_stems=None))
    assert gains_of(rough_eqs(session(lacking("a", 6.0), lacking("b", 6.0)), by_itself)["a"]) == [3.0] * 5


def test_no_correction_passes_six_decibels() -> None:
    fit = shipped()[0]
    assert fit.tone is not None
    eager = dataclasses.replace(fit, tone=dataclasses.replace(fit.tone, strength=30.0))
    eq = rough_eq(stem("Odd", "lead_vocal", spectrum_db=(0.0,) * 3 + (-70.0,) * (len(FLAT) - 3)), eager)
    assert max(abs(gain) for gain in gains_of(eq)) == 6.0


def test_an_unknown_stem_is_equalised_less_than_one_whose_role_is_known() -> None:
    bright = tuple((np.array(spectrum_of("bass")) + np.linspace(-8.0, 8.0, len(FLAT))).tolist())

    def moved(role: Role) -> float:
        return float(np.abs(band_response_db(rough_eq(stem("a", role, spectrum_db=bright)))).max())

    assert moved("other") < moved("bass")


def test_an_imbalance_of_up_to_seven_decibels_is_undone_and_of_a_larger_one_that_much() -> None:
    # 4 dB to the right: the right side is turned down by 4 dB, 1 - 10^(-4/20).
    four, ten = ((ratio - 1) / (ratio + 1) for ratio in (10**0.4, 10.0))
    fit = dataclasses.replace(PRIOR, left_alone_db=7.0)
    assert rough_pan(sound(channels=2, width=0.5, imbalance=four), fit) == pytest.approx(-0.369, abs=1e-3)
    assert rough_pan(sound(channels=2, width=0.5, imbalance=-four), fit) == pytest.approx(0.369, abs=1e-3)
    assert rough_pan(sound(channels=2, width=0.5, imbalance=ten), fit) == pytest.approx(-0.553, abs=1e-3)
    assert rough_pan(sound(channels=2, width=0.5, imbalance=1.0), fit) == 0.0
    assert rough_pan(sound(), fit) == 0.0


def test_a_high_pass_never_takes_the_sound_itself() -> None:
    answer = strips(RoughMix(PRIOR), session(stem("Boom", "hihat", spectrum_db=RUMBLE), stem("Hat", "hihat")))
    assert answer["Hat"].eq.high_pass.freq_hz == 250.0
    assert not answer["Boom"].eq.high_pass.on or answer["Boom"].eq.high_pass.freq_hz < 70.0


def test_every_pair_of_roles_keeps_its_order_among_alike_sounds() -> None:
    """The prior's order, loudest first, comes out of every two-stem session."""
    order = ["lead_vocal", "drums", "keys", "electric_guitar", "other", "synth", "bass", "strings", "fx"]
    for louder, softer in itertools.combinations(order, 2):
        answer = strips(RoughMix(PRIOR), session(stem("l", louder), stem("s", softer)))
        assert answer["l"].fader_db > answer["s"].fader_db, (louder, softer)
