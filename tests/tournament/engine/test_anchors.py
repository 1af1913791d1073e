import numpy as np
import pytest

from mixing.engine.audio.encode import WavWriter
from mixing.engine.console.parameters import OFF_DB, ConsoleParameters, Eq, Peak, Strip
from mixing.engine.console.renderer import render
from mixing.engine.console.sources import StemSource
from tournament.engine.anchors import broken
from tournament.engine.clips import LEAST_DIFFERENCE_DB, cut_pair

RATE = 44_100
ROLES = {"Voice": "lead_vocal", "Bass": "bass", "Hats": "hihat"}


def console(**lead):
    return ConsoleParameters(
        strips=(Strip(stem="Bass"), Strip(stem="Voice", **lead), Strip(stem="Hats", eq=Eq(peak_1=Peak(gain_db=2.0)))),
        sample_rate=RATE,
    )


def test_the_lead_sinks_and_the_others_shout_and_nothing_else_changes():
    before = console(fader_db=-3.0)
    changed = {
        path: (value, broken(before, ROLES).flatten()[path])
        for path, value in before.flatten().items()
        if value != broken(before, ROLES).flatten()[path]
    }
    assert changed["strips.Voice.fader_db"] == (-3.0, -21.0)
    shouts = {f"strips.{stem}.eq.peak_3.{knob}" for stem in ("Bass", "Hats") for knob in ("gain_db", "freq_hz", "q")}
    assert set(changed) == {"strips.Voice.fader_db", *shouts}
    assert changed["strips.Hats.eq.peak_3.gain_db"] == (0.0, 12.0)
    assert changed["strips.Hats.eq.peak_3.freq_hz"][1] == 3_000.0


def test_a_fader_that_is_down_stays_on_its_scale():
    sunk = broken(console(fader_db=OFF_DB + 5.0), ROLES)
    assert sunk.flatten()["strips.Voice.fader_db"] == OFF_DB


@pytest.mark.parametrize(
    ("roles", "lead"),
    [({"Bass": "bass", "Hats": "piano"}, "Hats"), ({}, "Bass"), ({"Voice": "fx", "Hats": "hihat"}, "Bass")],
)
def test_a_song_without_a_singer_has_another_lead(roles, lead):
    faders = {strip.stem: strip.fader_db for strip in broken(console(), roles).strips}
    assert {stem for stem, fader_db in faders.items() if fader_db < 0} == {lead}


def test_it_is_far_from_the_mix_that_it_was_made_of(tmp_path):
    t = np.arange(4 * RATE) / RATE
    noise = np.random.default_rng(3).normal(size=t.size)
    sounds = {
        "Bass": 0.3 * np.sin(2 * np.pi * 80 * t) + 0.02 * noise,
        "Voice": 0.2 * np.sign(np.sin(2 * np.pi * 300 * t)),
        "Hats": 0.05 * noise * (np.sin(2 * np.pi * 4 * t) > 0),
    }
    for name, sound in sounds.items():
        with WavWriter(tmp_path / f"{name}.wav", sample_rate=RATE, channels=1) as wav:
            wav.write(sound[np.newaxis].astype(np.float32))
    stems = [StemSource(name, tmp_path / f"{name}.wav") for name in sounds]
    for name, setting in (("sound", console()), ("broken", broken(console(), ROLES))):
        render(stems, setting, sample_rate=RATE, output=tmp_path / f"{name}.mix.wav", scratch_dir=tmp_path)
    pair = cut_pair(
        tmp_path / "sound.mix.wav", tmp_path / "broken.mix.wav", clip_a=tmp_path / "a.wav", clip_b=tmp_path / "b.wav"
    )
    assert pair.difference_db > 10 * LEAST_DIFFERENCE_DB
