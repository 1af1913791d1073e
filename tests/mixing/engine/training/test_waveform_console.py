from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mixing.engine.audio.analysis import analyse_array
from mixing.engine.console.parameters import ConsoleParameters, Eq, HighPass, HighShelf, LowShelf, Peak, Strip
from mixing.engine.mixers.assemble import assemble
from mixing.engine.mixers.features_matrix import heard
from mixing.engine.mixers.interface import AudioFeatures, Intent, SessionFeatures
from mixing.engine.mixers.networks.decide import base_of, corrected
from mixing.engine.mixers.rules import rough_decisions
from mixing.engine.training.made_up import sessions
from mixing.engine.training.measures import mix_errors, mix_sound, stem_errors, stem_sound
from mixing.engine.training.strips import processed
from mixing.engine.training.waveform_console import ERRORS, Rows, Strips, Wanted, errors, play, strips
from tests.mixing.engine.training.songs import RATE, noise, tone

torch.set_num_threads(1)


def rows_of(session: SessionFeatures) -> Rows:
    return Rows.of(base_of(session, rough_decisions(session)), [stem.audio for stem in heard(session)])


def correction(stems: int, seed: int = 1) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return {
        "level": 3.0 * torch.randn(stems),
        "eq": 4.0 * torch.randn(stems, 5),
        "high_pass": torch.randn(stems),
        "imbalance": 0.4 * torch.randn(stems),
        "width": 0.3 * torch.randn(stems),
    }


def console_of(found: Strips) -> ConsoleParameters:
    """The console with exactly these knobs."""
    eq, made = found.eq, []
    for row in range(len(found.pan)):

        def knob(name: str, row: int = row) -> float:
            return float(eq[name][row])

        def peak(name: str) -> Peak:
            return Peak(gain_db=knob(f"{name}.gain_db"), freq_hz=knob(f"{name}.freq_hz"), q=knob(f"{name}.q"))

        made.append(
            Strip(
                stem=str(row),
                eq=Eq(
                    high_pass=HighPass(on=bool(found.high_pass_on[row]), freq_hz=knob("high_pass.freq_hz")),
                    low_shelf=LowShelf(gain_db=knob("low_shelf.gain_db"), freq_hz=knob("low_shelf.freq_hz")),
                    peak_1=peak("peak_1"),
                    peak_2=peak("peak_2"),
                    peak_3=peak("peak_3"),
                    high_shelf=HighShelf(gain_db=knob("high_shelf.gain_db"), freq_hz=knob("high_shelf.freq_hz")),
                ),
                fader_db=float(found.gain_db[row]),
                pan=float(found.pan[row]),
                width=float(found.width[row]),
            )
        )
    return ConsoleParameters(strips=tuple(made))


def features(samples: NDArray[np.float32]) -> AudioFeatures:
    return analyse_array(samples, RATE)[0]


def band() -> list[NDArray[np.float32]]:
    """Three stereo stems of a second."""
    return [
        tone(110.0, seconds=1.0, channels=2),
        noise(1, seconds=1.0),
        noise(2, seconds=1.0) * np.array([[0.3], [1.0]], dtype=np.float32) + tone(880.0, seconds=1.0, channels=2),
    ]


def session_of(sounds: list[NDArray[np.float32]]) -> SessionFeatures:
    (made,) = sessions(1, stems=len(sounds))
    stems = [
        dataclasses.replace(stem, audio=features(sound), mel=None)
        for stem, sound in zip(made.stems, sounds, strict=True)
    ]
    return SessionFeatures(sample_rate=RATE, stems=tuple(stems))


@pytest.mark.parametrize("which", [(), ("level",), ("eq", "high_pass"), ("imbalance", "width"), None])
def test_its_knobs_are_those_of_the_console_that_ships(which: tuple[str, ...] | None) -> None:
    """But for what is rounded so that a person can read it, and for bands too flat to be heard."""
    session = sessions(1, seed=3)[0]
    every = correction(len(session.stems))
    own = {name: values for name, values in every.items() if which is None or name in which}
    found = strips(rows_of(session), own)
    decided = corrected(session, rough_decisions(session), {name: values.numpy() for name, values in own.items()})
    console = assemble(session, Intent(), decided)
    by_name = {strip.stem: strip for strip in console.strips}
    for row, stem in enumerate(heard(session)):
        strip = by_name[stem.name]
        assert float(found.gain_db[row]) == pytest.approx(strip.trim_db + strip.fader_db, abs=0.06)
        assert float(found.pan[row]) == pytest.approx(strip.pan, abs=2e-3)
        assert float(found.width[row]) == pytest.approx(strip.width, abs=2e-3)
        assert bool(found.high_pass_on[row]) == strip.eq.high_pass.on
        if strip.eq.high_pass.on:
            assert float(found.eq["high_pass.freq_hz"][row]) == pytest.approx(strip.eq.high_pass.freq_hz, abs=0.1)
        for name in ("low_shelf", "peak_1", "peak_2", "peak_3", "high_shelf"):
            assert float(found.eq[f"{name}.gain_db"][row]) == pytest.approx(getattr(strip.eq, name).gain_db, abs=0.051)


@pytest.mark.parametrize("corrects", [False, True])
def test_its_mix_is_the_renderers(corrects: bool) -> None:
    sounds = band()
    found = strips(rows_of(session_of(sounds)), correction(3) if corrects else {})
    mix = play(torch.from_numpy(np.stack(sounds)), found, sample_rate=RATE).sum(dim=0).numpy()
    rendered = processed(sounds, console_of(found), RATE).mix
    left = 10.0 * np.log10(np.square(mix - rendered).sum() / np.square(rendered).sum())
    assert left < -90.0


def test_its_errors_are_the_measures() -> None:
    person, found = band(), [0.5 * sound for sound in band()]
    found[0] = (2.0 * found[0] + 0.01 * noise(5, seconds=1.0)).astype(np.float32)
    human_mix, mix = (mix_sound(np.sum(stems, axis=0), RATE) for stems in (person, found))
    assert human_mix is not None
    assert mix is not None
    human = [stem_sound(sound, RATE) for sound in person]
    own = errors(torch.from_numpy(np.stack(found)), Wanted.of(human, human_mix), sample_rate=RATE)
    told = stem_errors(human, [stem_sound(sound, RATE) for sound in found]) | mix_errors(human_mix, mix)
    assert set(own) == set(ERRORS)
    for name in ERRORS:
        assert float(own[name]) == pytest.approx(told[name], rel=2e-3, abs=2e-4)


def test_a_stem_that_is_six_decibels_up_among_two_is_three_off_its_place() -> None:
    quiet, loud = noise(1, seconds=1.0), noise(2, seconds=1.0)
    human_mix = mix_sound(quiet + loud, RATE)
    assert human_mix is not None
    wanted = Wanted.of([stem_sound(quiet, RATE), stem_sound(loud, RATE)], human_mix)
    found = errors(torch.from_numpy(np.stack([quiet, 10.0**0.3 * loud])), wanted, sample_rate=RATE)
    assert float(found["level_lu"]) == pytest.approx(3.0, abs=1e-3)
    assert float(found["eq_db"]) == pytest.approx(0.0, abs=1e-3)


def test_a_stem_that_is_silent_in_the_stretch_is_not_compared() -> None:
    silent = np.zeros((2, RATE), dtype=np.float32)
    sounds = [noise(1, seconds=1.0), silent]
    human_mix = mix_sound(sounds[0], RATE)
    assert human_mix is not None
    wanted = Wanted.of([stem_sound(sound, RATE) for sound in sounds], human_mix)
    found = errors(torch.from_numpy(np.stack(sounds)), wanted, sample_rate=RATE)
    assert all(float(value) == pytest.approx(0.0, abs=1e-3) for value in found.values())


def test_an_open_high_pass_has_a_gradient_and_one_that_is_off_has_none() -> None:
    sounds = band()
    rows = dataclasses.replace(rows_of(session_of(sounds)), high_pass_hz=torch.tensor([0.0, 60.0, 60.0]))
    octaves = torch.tensor([1.0, 0.5, -3.0], requires_grad=True)
    stems = play(torch.from_numpy(np.stack(sounds)), strips(rows, {"high_pass": octaves}), sample_rate=RATE)
    stems.square().sum(dim=(1, 2)).log().sum().backward()
    assert octaves.grad is not None
    assert octaves.grad[1] != 0.0
    assert octaves.grad[0] == octaves.grad[2] == 0.0
