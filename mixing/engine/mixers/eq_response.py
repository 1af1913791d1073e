"""What an equaliser does to a sound of which only the spectrum is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mixing.engine.console import eq as console_eq
from mixing.engine.console.parameters import Eq
from mixing.engine.mixers.interface import BANDS, band_centres_hz

RATE: Final = 48_000
"""The rate at which responses are computed; at 44.1 kHz they differ by hundredths of a decibel below 10 kHz."""

_SHELF_HZ, _SHELF_Q, _SHELF_GAIN, _SHELF_MIDDLE = 1_681.974, 0.70718, 1.58486, 1.25872
_RLB_HZ, _RLB_Q = 38.13547, 0.50033
"""Corners of the two filters of BS.1770-4's K-weighting, which stand here for their analogue prototypes."""


def response_db(eq: Eq, freqs_hz: ArrayLike) -> NDArray[np.float64]:
    """The gain of an EQ in dB at each frequency in Hz, exactly as the console filters at 48 kHz."""
    return console_eq.response_db(eq, freqs_hz, RATE)


def band_response_db(eq: Eq) -> NDArray[np.float64]:
    """The gain of an EQ in dB at the centre of each band of ``spectrum_db``, ``(BANDS,)``."""
    return response_db(eq, band_centres_hz()) if sections_on(eq) else np.zeros(BANDS)


def sections_on(eq: Eq) -> bool:
    """Whether an EQ changes anything."""
    bands = (eq.low_shelf, eq.peak_1, eq.peak_2, eq.peak_3, eq.high_shelf)
    return eq.high_pass.on or any(band.gain_db for band in bands)


def loudness_change_lu(spectrum_db: Sequence[float], eq: Eq) -> float:
    """By how much an EQ changes the loudness of a sound with this spectrum, in LU.

    Parameters
    ----------
    spectrum_db : Sequence[float]
        ``AudioFeatures.spectrum_db``; empty for silence, which nothing changes.
    """
    return _change_db(spectrum_db, eq, k_weights())


def power_change_db(spectrum_db: Sequence[float], eq: Eq) -> float:
    """By how much an EQ changes the power, and about as much the peaks, of a sound with this spectrum, in dB."""
    return _change_db(spectrum_db, eq, np.ones(BANDS))


@cache
def k_weights() -> NDArray[np.float64]:
    """|H|² of the K-weighting at the centre of each band: a high-pass and a shelf of 4 dB; ``(BANDS,)``."""
    return np.array([_k_weight(freq_hz) for freq_hz in band_centres_hz()])


def _change_db(spectrum_db: Sequence[float], eq: Eq, weights: NDArray[np.float64]) -> float:
    if not spectrum_db or not sections_on(eq):
        return 0.0
    weighted = 10.0 ** (np.asarray(spectrum_db, dtype=np.float64) / 10.0) * weights
    kept = weighted * 10.0 ** (band_response_db(eq) / 10.0)
    # Exact sums, so that neither the number of threads nor the order of anything shows in a fader.
    return 10.0 * math.log10(max(math.fsum(kept) / math.fsum(weighted), 1e-12))


def _high_pass_power(freq_hz: float, corner_hz: float, q: float) -> float:
    """|H|² of a second-order high-pass."""
    ratio = (freq_hz / corner_hz) ** 2
    return ratio**2 / ((1 - ratio) ** 2 + ratio / q**2)


def _k_weight(freq_hz: float) -> float:
    ratio = (freq_hz / _SHELF_HZ) ** 2
    shelf = ((1 - _SHELF_GAIN * ratio) ** 2 + _SHELF_MIDDLE**2 * ratio / _SHELF_Q**2) / (
        (1 - ratio) ** 2 + ratio / _SHELF_Q**2
    )
    return shelf * _high_pass_power(freq_hz, _RLB_HZ, _RLB_Q)
