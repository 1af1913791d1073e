"""The loudness that a high-pass takes, against values worked out by hand."""

from __future__ import annotations

import math

import pytest

from mixing.engine.console.parameters import HighPass
from mixing.engine.mixers.interface import BANDS, band_centres_hz
from mixing.engine.mixers.low_end import high_pass_loss_lu


def only_band(index: int) -> tuple[float, ...]:
    return tuple(0.0 if band == index else -200.0 for band in range(BANDS))


def test_a_sound_at_the_corner_of_a_butterworth_high_pass_loses_three_decibels() -> None:
    corner = band_centres_hz()[3]
    assert high_pass_loss_lu(only_band(3), HighPass(on=True, freq_hz=corner)) == pytest.approx(3.01, abs=0.01)


def test_a_sound_an_octave_below_the_corner_loses_twelve_decibels_and_a_little() -> None:
    corner = 2 * band_centres_hz()[2]
    # |H|² = r²/(1 + r²) with r = (1/2)² for Butterworth: 1/17.
    assert high_pass_loss_lu(only_band(2), HighPass(on=True, freq_hz=corner)) == pytest.approx(12.30, abs=0.01)


def test_two_bands_lose_by_their_k_weighted_shares() -> None:
    low, high = band_centres_hz()[1], band_centres_hz()[20]
    spectrum = tuple(0.0 if band in (1, 20) else -200.0 for band in range(BANDS))
    # The response of BS.1770-4's published 48 kHz coefficients: -0.50 dB at 150.4 Hz, +3.78 dB at 2927 Hz.
    weights = {low: 10 ** (-0.50 / 10), high: 10 ** (3.78 / 10)}
    ratio = (low / 400.0) ** 2
    kept = weights[low] * ratio**2 / (1 + ratio**2) + weights[high]
    expected = -10 * math.log10(kept / sum(weights.values()))
    assert high_pass_loss_lu(spectrum, HighPass(on=True, freq_hz=400.0)) == pytest.approx(expected, abs=0.02)


def test_silence_and_a_filter_that_is_off_lose_nothing() -> None:
    assert high_pass_loss_lu((), HighPass(on=True, freq_hz=500.0)) == 0.0
    assert high_pass_loss_lu(only_band(0), HighPass(on=False, freq_hz=500.0)) == 0.0
