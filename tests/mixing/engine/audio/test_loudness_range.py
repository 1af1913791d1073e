"""Loudness range: the standard's signals, a second implementation, and ranks counted by hand."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest

from mixing.engine.audio.loudness import LoudnessMeter
from mixing.engine.audio.loudness_range import range_lu
from tests.mixing.engine.audio.ebu_signals import tone
from tests.mixing.engine.audio.sounds import noise


def measured(sound: np.ndarray, rate: int = 48000) -> float | None:
    meter = LoudnessMeter(rate, sound.shape[0])
    meter.push(sound)
    return meter.loudness_range_lu()


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param([(-20, 20), (-30, 20)], 10.0, id="case 1"),
        pytest.param([(-20, 20), (-15, 20)], 5.0, id="case 2"),
        pytest.param([(-40, 20), (-20, 20)], 20.0, id="case 3"),
        pytest.param([(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], 15.0, id="case 4"),
    ],
)
def test_it_passes_the_cases_of_tech_3342(parts: list[tuple[float, float]], expected: float) -> None:
    # The standard allows 1 LU; the levels of these tones are exact.
    assert measured(tone(*parts)) == pytest.approx(expected, abs=0.05)


def test_it_lies_between_the_10th_and_the_95th_percentile_by_rank() -> None:
    # 101 values, 0.1 LU apart: number 10 is -29.0, number 95 is -20.5.
    values = np.random.default_rng(1).permutation(np.linspace(-30.0, -20.0, 101))
    assert range_lu(values) == pytest.approx(8.5)
    # Of four values the ranks 0.3 and 2.85 are the first and the last.
    assert range_lu(np.array([-21.0, -24.0, -20.0, -22.0])) == pytest.approx(4.0)


def test_a_passage_20_lu_under_the_mean_does_not_count() -> None:
    loud, quiet = np.full(50, -20.0), np.full(50, -42.9)
    # The mean of both powers is -22.99 LUFS, and the gate lies at -42.99.
    assert range_lu(np.concatenate((loud, quiet))) == pytest.approx(22.9)
    assert range_lu(np.concatenate((loud, quiet - 0.2))) == pytest.approx(0.0)


def test_what_lies_below_the_absolute_gate_does_not_move_the_relative_one() -> None:
    values = np.concatenate((np.full(50, -51.0), np.full(50, -68.0)))
    assert range_lu(values) == pytest.approx(17.0)
    assert range_lu(np.concatenate((values, np.full(10_000, -70.1), np.full(10_000, -np.inf)))) == pytest.approx(17.0)
    assert range_lu(np.full(9, -70.1)) is None


@pytest.mark.parametrize("rate", [44100, 48000])
def test_it_agrees_with_pyloudnorm_on_noise_that_swells_and_falls(rate: int) -> None:
    levels = np.random.default_rng(3).uniform(-45.0, -8.0, 61)
    gain = 10.0 ** (np.interp(np.arange(60 * rate), np.arange(61) * rate, levels) / 20.0)
    sound = (noise(60, rate=rate, level=0.3) * gain).astype(np.float32)
    other = pyloudnorm.Meter(rate, filter_class="DeMan").loudness_range(sound.T.astype(np.float64))
    # It moves its windows by 90 ms and interpolates between ranks.
    assert other > 8.0
    assert measured(sound, rate) == pytest.approx(other, abs=0.1)


def test_a_sound_shorter_than_three_seconds_has_no_range() -> None:
    assert measured(tone((-20, 2.95))) is None
    assert measured(tone((-20, 3.0))) is not None


def test_the_end_counts_as_if_silence_followed() -> None:
    # 3 s alone: 17 windows, the last 16 of which reach into 0.1 to 1.6 s of silence. Ranks 2 and 15 of 0 to 16 are
    # those with 1.4 and 0.1 s of it: 16/30 and 29/30 of the power.
    expected = 10 * np.log10(29 / 16)
    assert measured(tone((-20, 3.0))) == pytest.approx(expected, abs=0.01)
