"""Tone, width, punch and movement of a clip, each beside a number that was worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tournament.engine.clip_sound import differences, measure_sound

RATE = 44_100
TIME_S = np.arange(4 * RATE) / RATE


def sine(freq_hz: float, amplitude: float = 0.1) -> NDArray[np.float64]:
    return amplitude * np.sin(2 * np.pi * freq_hz * TIME_S)


def measured(left: NDArray[np.float64], right: NDArray[np.float64] | None = None) -> dict[str, float]:
    clip = np.stack([left, left if right is None else right]).astype(np.float32)
    return measure_sound(clip, sample_rate=RATE, loudness_lufs=-14.0, true_peak_dbtp=-3.0)


def test_bands_are_told_relative_to_the_whole() -> None:
    told = measured(sine(100.0) + sine(1_000.0))
    assert told["low_end"] == pytest.approx(-3.01, abs=0.01)
    assert told["mids"] == pytest.approx(-3.01, abs=0.01)
    assert told["air"] == pytest.approx(-60.0, abs=0.01)


def test_a_louder_copy_has_the_same_tone_width_and_movement() -> None:
    music = sine(100.0) + sine(700.0) * (1 + 0.5 * np.sin(2 * np.pi * 0.5 * TIME_S)) + sine(5_000.0, 0.02)
    once, twice = measured(music, 0.7 * music), measured(2 * music, 1.4 * music)
    assert once == pytest.approx(twice, abs=1e-3)


def test_width_is_the_power_of_the_sides_over_that_of_the_middle() -> None:
    assert measured(sine(300.0))["width"] == -60.0
    assert measured(sine(300.0), sine(900.0))["width"] == pytest.approx(0.0, abs=0.01)
    # L = 1, R = 0.5: sides 0.5, middle 1.5, which is 20 log10(1/3).
    assert measured(sine(300.0), sine(300.0, 0.05))["width"] == pytest.approx(-9.54, abs=0.01)


def test_punch_is_the_peak_above_the_loudness() -> None:
    assert measured(sine(300.0))["punch"] == pytest.approx(11.0)


def test_movement_is_how_far_loud_and_quiet_moments_lie_apart() -> None:
    still = measured(sine(300.0))["movement"]
    steps = np.where(TIME_S < 2.0, 1.0, 0.5)
    assert still == pytest.approx(0.0, abs=0.1)
    assert measured(sine(300.0) * steps)["movement"] == pytest.approx(6.02, abs=0.05)
    # Silence is no quiet moment.
    assert measured(sine(300.0) * (TIME_S < 2.0))["movement"] == pytest.approx(0.0, abs=0.1)


def test_silence_and_a_moment_of_sound_are_measured_without_complaint() -> None:
    assert measured(0 * TIME_S)["movement"] == 0.0
    assert set(measured(sine(300.0)[:100])) == set(measured(sine(300.0)))


def test_what_differs_is_told_with_its_side_and_its_amount() -> None:
    bright = measured(sine(100.0) + sine(3_000.0))
    dark = measured(sine(100.0) + sine(3_000.0, 0.05))
    told = {each.key: each for each in differences(bright, dark)}
    presence = told["presence"]
    # Of 1 + 1 a half is presence, of 1 + 1/4 a fifth: 10 log10(0.5 / 0.2).
    assert (presence.side, presence.is_heard) == ("a", True)
    assert presence.amount_db == pytest.approx(3.98, abs=0.01)
    assert presence.text == "A has 4.0 dB more presence (2000 to 6000 Hz)"
    assert told["low_end"].side == "b"
    assert not told["width"].is_heard


def test_the_sides_change_with_the_clips() -> None:
    one, other = measured(sine(100.0) + sine(3_000.0)), measured(sine(100.0) + sine(3_000.0, 0.05))
    forth, back = differences(one, other), differences(other, one)
    assert [each.amount_db for each in forth] == [-each.amount_db for each in back]


def test_one_clip_twice_differs_in_nothing() -> None:
    told = measured(sine(100.0))
    assert not any(each.is_heard for each in differences(told, told))


def test_what_was_not_measured_is_left_out() -> None:
    assert differences({}, {"width": 1.0}) == ()
    assert [each.key for each in differences({"width": 1.0}, {"width": 3.0, "punch": 1.0})] == ["width"]
