"""The three rules, against levels worked out by hand."""

from __future__ import annotations

import random

import pytest

from mixing.engine.console.parameters import ConsoleParameters, Strip
from mixing.engine.errors import MixFailed, ParameterError
from mixing.engine.mixers.interface import Intent, Mixer, StemIntent
from mixing.engine.mixers.rules import EqualLoudness, FadersUp, RoughMix
from mixing.engine.roles import group_of
from tests.mixing.engine.mixers.sessions import SILENCE, random_session, session, sound, stem, strips

RULES: tuple[Mixer, ...] = (FadersUp(), EqualLoudness(), RoughMix())
every_mixer = pytest.mark.parametrize("mixer", RULES, ids=lambda mixer: mixer.key)


# ---- all of them -----------------------------------------------------------------------------------------------------


@every_mixer
@pytest.mark.parametrize("count", [1, 2, 3, 8, 32, 64])
def test_any_number_of_stems_gets_a_strip_each_in_order_and_within_bounds(mixer: Mixer, count: int) -> None:
    for seed in range(5):
        given = random_session(count, seed)
        console = mixer.predict(given, Intent())
        assert [strip.stem for strip in console.strips] == [each.name for each in given.stems]
        assert [strip.group for strip in console.strips] == [group_of(each.role) for each in given.stems]
        assert all(-60.0 <= strip.fader_db <= 0.0 for strip in console.strips)
        assert all(abs(strip.trim_db) <= 30.0 for strip in console.strips)
        assert ConsoleParameters.from_dict(console.to_dict()) == console


@every_mixer
def test_the_same_session_gets_the_same_console_and_order_does_not_matter(mixer: Mixer) -> None:
    for seed in range(5):
        given = random_session(24, seed)
        shuffled = list(given.stems)
        random.Random(seed).shuffle(shuffled)
        assert mixer.predict(given, Intent()) == mixer.predict(given, Intent())
        assert strips(mixer, given) == strips(mixer, session(*shuffled))


@every_mixer
def test_a_silent_stem_stays_at_zero_and_moves_nothing(mixer: Mixer) -> None:
    loud = stem("Vox", "lead_vocal", loudness_lufs=-18.0)
    bass = stem("Bass", "bass", loudness_lufs=-30.0)
    alone = strips(mixer, session(loud, bass))
    beside = strips(mixer, session(loud, stem("Empty", "bass", SILENCE), bass))
    assert (beside["Empty"].trim_db, beside["Empty"].fader_db, beside["Empty"].pan) == (0.0, 0.0, 0.0)
    assert not beside["Empty"].eq.high_pass.on
    assert {name: beside[name] for name in alone} == alone


@every_mixer
def test_a_session_of_silence_gets_a_neutral_console(mixer: Mixer) -> None:
    console = mixer.predict(session(stem("a", "kick", SILENCE), stem("b", "other", SILENCE)), Intent())
    assert [(strip.trim_db, strip.fader_db, strip.pan) for strip in console.strips] == [(0.0, 0.0, 0.0)] * 2


@every_mixer
def test_nobody_compresses_or_adds_room_unasked_and_the_limiter_watches_the_peaks(mixer: Mixer) -> None:
    console = mixer.predict(random_session(32, 7), Intent())
    assert not any(strip.compressor.on or strip.mute or strip.solo for strip in console.strips)
    assert all((strip.sends.reverb_db, strip.sends.delay_db) == (-90.0, -90.0) for strip in console.strips)
    assert console.master.limiter.on
    assert not console.master.compressor.on
    assert not any(getattr(console.groups, name).compressor.on for name in ("drums", "bass", "vocals", "music"))


@every_mixer
def test_the_target_is_the_wish_then_the_reference_then_minus_fourteen(mixer: Mixer) -> None:
    given = session(stem("a"))
    reference = sound(loudness_lufs=-9.5)

    def target(intent: Intent) -> float | None:
        return mixer.predict(given, intent).master.target_lufs

    assert target(Intent()) == -14.0
    assert target(Intent(reference=reference)) == -9.5
    assert target(Intent(reference=reference, target_lufs=-20.0)) == -20.0
    assert target(Intent(reference=SILENCE)) == -14.0
    assert target(Intent(reference=sound(loudness_lufs=-60.0))) == -40.0
    assert target(Intent(reference=sound(loudness_lufs=-1.0))) == -5.0


@every_mixer
def test_presence_moves_a_stem_three_up_and_four_down_against_the_rest(mixer: Mixer) -> None:
    given = session(stem("a"), stem("b"), stem("c"))
    intent = Intent(stems={"a": StemIntent(presence="lead"), "b": StemIntent(presence="background")})
    wished = strips(mixer, given, intent)
    assert wished["a"].fader_db - wished["c"].fader_db == pytest.approx(3.0)
    assert wished["b"].fader_db - wished["c"].fader_db == pytest.approx(-4.0)


@every_mixer
def test_a_wished_pan_is_kept(mixer: Mixer) -> None:
    given = session(stem("a", "electric_guitar"), stem("b", "electric_guitar"))
    wished = strips(mixer, given, Intent(stems={"a": StemIntent(pan=0.9), "b": StemIntent(pan=0.0)}))
    assert (wished["a"].pan, wished["b"].pan) == (0.9, 0.0)


@every_mixer
def test_locks_stand_above_everything(mixer: Mixer) -> None:
    given = session(stem("Vox.wav", "lead_vocal"), stem("b"))
    locks = {
        "strips.Vox.wav.fader_db": -33.0,
        "strips.Vox.wav.pan": -1.0,
        "master.target_lufs": None,
        "strips.b.mute": True,
        "groups.vocals.gain_db": -2.0,
        "delay.time_ms": 500.0,
    }
    intent = Intent(locks=locks, target_lufs=-10.0, stems={"Vox.wav": StemIntent(presence="lead", pan=1.0)})
    flat = mixer.predict(given, intent).flatten()
    assert {path: flat[path] for path in locks} == locks
    assert flat["delay.time_samples"] == 22_050


@every_mixer
def test_a_lock_on_a_length_in_samples_outlasts_the_computed_one(mixer: Mixer) -> None:
    flat = mixer.predict(session(stem("a")), Intent(locks={"reverb.predelay_samples": 77})).flatten()
    assert flat["reverb.predelay_samples"] == 77


@every_mixer
@pytest.mark.parametrize(("path", "value"), [("strips.nobody.pan", 0.0), ("master.volume", 1.0), ("strips.a.pan", 2.0)])
def test_a_lock_on_no_knob_or_beyond_its_range_is_refused_by_its_path(mixer: Mixer, path: str, value: float) -> None:
    with pytest.raises(ParameterError) as caught:
        mixer.predict(session(stem("a")), Intent(locks={path: value}))
    assert caught.value.field == path


@every_mixer
@pytest.mark.parametrize(
    ("intent", "code", "field"),
    [
        (Intent(style="dub"), "unknown_style", "style"),
        (Intent(stems={"b": StemIntent()}), "unknown_stem", "stems.b"),
    ],
)
def test_a_wish_for_what_is_not_there_is_refused_by_name(mixer: Mixer, intent: Intent, code: str, field: str) -> None:
    with pytest.raises(MixFailed) as caught:
        mixer.predict(session(stem("a")), intent)
    assert (caught.value.code, caught.value.field) == (code, field)


@every_mixer
def test_a_wish_for_no_space_at_all_is_what_a_dry_mixer_gives(mixer: Mixer) -> None:
    given = session(stem("a"))
    assert mixer.predict(given, Intent(stems={"a": StemIntent(space=0.0)})) == mixer.predict(given, Intent())


@every_mixer
def test_the_lengths_in_samples_belong_to_the_sessions_rate(mixer: Mixer) -> None:
    console = mixer.predict(session(stem("a"), sample_rate=48_000), Intent())
    assert console.sample_rate == 48_000
    assert console.reverb.predelay_samples == 960


# ---- faders up -------------------------------------------------------------------------------------------------------


def test_faders_up_is_a_neutral_console_with_a_target() -> None:
    given = session(stem("a", "kick", loudness_lufs=-8.0), stem("b", "lead_vocal", loudness_lufs=-40.0))
    console = FadersUp().predict(given, Intent())
    neutral = ConsoleParameters(strips=(Strip(stem="a", group="drums"), Strip(stem="b", group="vocals")))
    assert console == neutral.with_values({"master.target_lufs": -14.0, "master.limiter.on": True}).at_rate(44_100)


# ---- equal loudness --------------------------------------------------------------------------------------------------


def test_equal_loudness_trims_every_stem_to_the_same_level_and_leaves_the_faders_up() -> None:
    given = session(
        stem("loud", loudness_lufs=-8.0), stem("quiet", loudness_lufs=-40.5), stem("noise", loudness_lufs=-65.0)
    )
    answer = strips(EqualLoudness(), given)
    assert {name: strip.trim_db for name, strip in answer.items()} == {"loud": -15.0, "quiet": 17.5, "noise": 30.0}
    assert {strip.fader_db for strip in answer.values()} == {0.0}


def test_what_a_balance_takes_from_a_stereo_stem_is_given_back_by_the_faders() -> None:
    given = session(stem("wide", channels=2, width=0.5), stem("mono"))
    answer = strips(EqualLoudness(), given, Intent(stems={"wide": StemIntent(pan=0.5), "mono": StemIntent(pan=0.5)}))
    # The left half of the energy falls to a quarter: 0.5 + 0.5 / 4 = 0.625, that is -2.04 dB.
    assert answer["wide"].fader_db - answer["mono"].fader_db == pytest.approx(2.04, abs=0.011)
