"""Decisions become knobs, and whatever an effect takes of the loudness is given back."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from mixing.engine.console.parameters import (
    Compressor,
    ConsoleParameters,
    Eq,
    HighPass,
    HighShelf,
    LowShelf,
    Peak,
    Sends,
    Strip,
)
from mixing.engine.mixers import dynamics, image
from mixing.engine.mixers.assemble import assemble
from mixing.engine.mixers.decisions import Decisions, GroupDecision, MasterDecision, StemDecision
from mixing.engine.mixers.eq_response import loudness_change_lu
from mixing.engine.mixers.interface import Intent, SessionFeatures, StemIntent
from mixing.engine.mixers.rules import RoughMix
from mixing.engine.mixers.styles import STYLES
from tests.mixing.engine.mixers.sessions import FLAT, random_session, session, sound, stem

GIVEN = session(stem("a", "synth"), stem("b", "bass"))


def assembled(of: SessionFeatures = GIVEN, intent: Intent | None = None, **decided: StemDecision) -> ConsoleParameters:
    return assemble(of, intent or Intent(), Decisions(stems=decided))


def strip(console: ConsoleParameters, name: str) -> Strip:
    return next(each for each in console.strips if each.stem == name)


def apart(console: ConsoleParameters) -> float:
    return strip(console, "a").fader_db - strip(console, "b").fader_db


@pytest.mark.parametrize(
    "eq",
    [
        Eq(low_shelf=LowShelf(gain_db=9.0, freq_hz=400.0)),
        Eq(high_shelf=HighShelf(gain_db=-8.0, freq_hz=2_000.0)),
        Eq(peak_2=Peak(gain_db=5.0), high_pass=HighPass(on=True, freq_hz=300.0)),
    ],
)
def test_what_an_eq_changes_of_the_loudness_the_fader_gives_back(eq: Eq) -> None:
    console = assembled(a=StemDecision(level_lu=2.0, eq=eq))
    assert apart(console) == pytest.approx(2.0 - loudness_change_lu(FLAT, eq), abs=0.011)
    assert abs(apart(console) - 2.0) > 0.2


def test_a_narrowed_stem_is_lifted_by_what_its_sides_had() -> None:
    given = session(stem("a", channels=2, width=0.5), stem("b"))
    # Half of the energy is in the sides, which a width of 0 takes: 3.01 dB.
    assert apart(assembled(given, a=StemDecision(width=0.0))) == pytest.approx(3.01, abs=0.011)


def test_a_wished_reduction_compresses_the_trimmed_stem_and_leaves_the_fader_alone() -> None:
    given = session(stem("a", "bass", loudness_lufs=-33.0), stem("b", "bass"))
    console = assembled(given, a=StemDecision(gain_reduction_db=4.0))
    peaks = tuple(level + 10.0 for level in given.stems[0].audio.peak_percentiles_dbfs)
    assert strip(console, "a").compressor == dynamics.set_for(4.0, dynamics.BY_ROLE["bass"], peaks)
    assert apart(console) == pytest.approx(0.0, abs=0.02)


def test_an_explicit_compressor_and_sends_are_taken_as_they_are() -> None:
    compressor = Compressor(on=True, threshold_db=-30.0, ratio=6.0, makeup_db=1.0)
    sends = Sends(reverb_db=-12.0)
    console = assembled(a=StemDecision(compressor=compressor, sends=sends))
    assert strip(console, "a").compressor == compressor
    assert strip(console, "a").sends == sends
    character = dynamics.BY_ROLE["synth"]
    taken = dynamics.loss_lu(compressor, GIVEN.stems[0].audio.peak_percentiles_dbfs, character) - 1.0
    assert apart(console) == pytest.approx(taken, abs=0.011)
    assert abs(taken) > 0.5


def test_a_groups_tone_does_not_move_its_loudness_and_its_compressor_meets_its_own_peaks() -> None:
    eq = Eq(low_shelf=LowShelf(gain_db=9.0, freq_hz=300.0))
    decisions = Decisions(
        stems={},
        groups={"bass": GroupDecision(eq=eq, gain_reduction_db=3.0)},
        master=MasterDecision(gain_reduction_db=2.0),
    )
    console = assemble(GIVEN, Intent(), decisions)
    bass = console.groups.bass
    assert bass.gain_db == pytest.approx(-loudness_change_lu(FLAT, eq), abs=0.02)
    assert bass.compressor.on
    assert console.master.compressor.on
    assert console.groups.music.gain_db == 0.0
    louder = dataclasses.replace(decisions, stems={"b": StemDecision(level_lu=0.0), "a": StemDecision(level_lu=10.0)})
    assert assemble(GIVEN, Intent(), louder).groups.bass.compressor.threshold_db < bass.compressor.threshold_db - 9.0


def test_a_wish_for_space_is_a_reverb_that_much_below_the_dry_sound() -> None:
    def send(space: float) -> float:
        return strip(assembled(intent=Intent(stems={"a": StemIntent(space=space)})), "a").sends.reverb_db

    assert send(0.0) == -90.0
    # From -26 LU to -4 LU beside the dry sound.
    assert send(1.0) - send(0.5) == pytest.approx(11.0, abs=0.011)
    wet = StemDecision(sends=Sends(reverb_db=-3.0))
    assert strip(assembled(intent=Intent(stems={"a": StemIntent(space=0.0)}), a=wet), "a").sends.reverb_db == -90.0


def test_echoes_keep_the_songs_time() -> None:
    timed = dataclasses.replace(GIVEN, tempo_bpm=90.0)
    assert assembled(timed, a=StemDecision(delay_lu=-15.0)).delay.time_ms == 500.0
    assert assembled(timed).delay.time_ms == 375.0
    assert assembled(GIVEN, a=StemDecision(delay_lu=-15.0)).delay.time_ms == 375.0


# ---- styles ----------------------------------------------------------------------------------------------------------


def test_every_style_has_words_for_musicians() -> None:
    assert {"open", "dense", "dark", "wide"} <= set(STYLES)
    assert all(style.title and style.sentence.endswith(".") for style in STYLES.values())


@pytest.mark.parametrize("name", list(STYLES))
@pytest.mark.parametrize("count", [1, 7, 64])
def test_every_style_suits_any_session_and_keeps_the_locks(name: str, count: int) -> None:
    given = random_session(count, count)
    locks = {"master.target_lufs": -9.0, "groups.drums.gain_db": -3.0}
    console = RoughMix().predict(given, Intent(style=name, locks=locks))
    assert ConsoleParameters.from_dict(console.to_dict()) == console
    assert (console.master.target_lufs, console.groups.drums.gain_db) == (-9.0, -3.0)


def test_the_intents_style_goes_before_the_mixers_own() -> None:
    own = assemble(GIVEN, Intent(), Decisions(stems={}), default_style="dark")
    asked = assemble(GIVEN, Intent(style="wide"), Decisions(stems={}), default_style="dark")
    assert own == assemble(GIVEN, Intent(style="dark"), Decisions(stems={}))
    assert asked == assemble(GIVEN, Intent(style="wide"), Decisions(stems={}))
    assert own != asked


def test_the_styles_are_what_they_say() -> None:
    voice: dict[str, Any] = {"channels": 2, "width": 0.2}
    given = session(
        stem("v", "lead_vocal", **voice), stem("s", "synth", **voice), stem("d", "drums"), stem("b", "bass")
    )
    mixes = {name: RoughMix().predict(given, Intent(style=name)) for name in STYLES}
    assert not any(each.compressor.on for each in mixes["open"].strips)
    assert all(each.compressor.on for each in mixes["dense"].strips)
    assert mixes["dense"].master.compressor.on
    assert (
        mixes["dark"].groups.music.eq.high_shelf.gain_db < -2.0 < 2.0 < mixes["wide"].groups.music.eq.high_shelf.gain_db
    )
    assert strip(mixes["wide"], "s").width > 1.3 > 1.0 > strip(mixes["dense"], "s").width
    assert strip(mixes["wide"], "v").width == 1.0
    reverb = {name: strip(mix, "s").sends.reverb_db for name, mix in mixes.items()}
    assert reverb["wide"] > reverb["dark"] > reverb["open"] > reverb["dense"] == -90.0


def test_a_style_spreads_where_stems_stand_and_not_what_brings_them_back() -> None:
    leaning = sound(channels=2, width=0.2, imbalance=0.5)
    given = session(stem("s", "synth", leaning), stem("k", "keys", leaning), stem("b", "bass"))
    back = image.centring_pan(leaning)
    beside = image.pan_towards(leaning, 0.4)
    decided = Decisions(stems={"s": StemDecision(pan=back), "k": StemDecision(pan=beside)})
    for name, factor in (("wide", 1.5), ("dense", 0.85)):
        mix = assemble(given, Intent(style=name), decided)
        places = {
            each.stem: image.imbalance(leaning, pan=each.pan, width=each.width)
            for each in mix.strips
            if each.stem != "b"
        }
        assert places == pytest.approx({"s": 0.0, "k": 0.4 * factor}, abs=2e-3)


def test_a_style_leaves_a_mono_stem_and_its_wishes_alone() -> None:
    wished = Intent(style="wide", stems={"a": StemIntent(pan=-0.4, space=0.0)})
    answer = strip(RoughMix().predict(session(stem("a", "synth", sound()), stem("b")), wished), "a")
    assert (answer.pan, answer.sends.reverb_db) == (-0.4, -90.0)
