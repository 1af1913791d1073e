"""What an EQ does to a loudness, against filtered sound and values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mixing.engine.console.parameters import Eq, HighPass, HighShelf, LowShelf, Peak
from mixing.engine.mixers.eq_response import (
    band_response_db,
    k_weights,
    loudness_change_lu,
    power_change_db,
    response_db,
)
from mixing.engine.mixers.interface import BANDS, band_centres_hz

FLAT = (-10.0,) * BANDS


def test_a_peak_lifts_its_centre_by_its_gain_and_shelves_lift_their_ends() -> None:
    eq = Eq(peak_2=Peak(gain_db=5.0, freq_hz=1_000.0))
    assert response_db(eq, [1_000.0]) == pytest.approx([5.0], abs=1e-6)
    shelves = Eq(low_shelf=LowShelf(gain_db=4.0), high_shelf=HighShelf(gain_db=-6.0, freq_hz=4_000.0))
    assert response_db(shelves, [20.0, 20_000.0]) == pytest.approx([4.0, -6.0], abs=0.15)


def test_one_band_changes_as_the_filter_does_there() -> None:
    only = tuple(0.0 if band == 20 else -200.0 for band in range(BANDS))
    eq = Eq(peak_2=Peak(gain_db=-7.0, freq_hz=band_centres_hz()[20]))
    assert loudness_change_lu(only, eq) == pytest.approx(-7.0, abs=0.01)
    assert power_change_db(only, eq) == pytest.approx(-7.0, abs=0.01)


def test_two_bands_count_by_their_k_weighted_power() -> None:
    two = tuple(0.0 if band in (1, 20) else -200.0 for band in range(BANDS))
    eq = Eq(high_pass=HighPass(on=True, freq_hz=band_centres_hz()[1]))
    # The lower band falls to a half, the upper stays; their weights are 0.891 and 2.388 (-0.50 and 3.78 dB).
    expected = 10 * math.log10((0.891 / 2 + 2.388) / (0.891 + 2.388))
    assert loudness_change_lu(two, eq) == pytest.approx(expected, abs=0.02)
    assert k_weights()[[1, 20]] == pytest.approx([0.891, 2.388], rel=0.015)


def test_a_neutral_eq_and_silence_change_nothing() -> None:
    assert loudness_change_lu(FLAT, Eq()) == 0.0
    assert loudness_change_lu((), Eq(low_shelf=LowShelf(gain_db=9.0))) == 0.0
    assert not np.any(band_response_db(Eq()))
