"""How much loudness a high-pass takes from a stem, predicted from its measured spectrum."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mixing.engine.console.parameters import HighPass
from mixing.engine.mixers.interface import band_centres_hz

_SHELF_HZ, _SHELF_Q, _SHELF_GAIN, _SHELF_MIDDLE = 1_681.974, 0.70718, 1.58486, 1.25872
_RLB_HZ, _RLB_Q = 38.13547, 0.50033
"""Corners of the two filters of BS.1770-4's K-weighting."""


def high_pass_loss_lu(spectrum_db: Sequence[float], high_pass: HighPass) -> float:
    """Loudness that a stem loses in a high-pass, in LU, zero or more.

    Parameters
    ----------
    spectrum_db : Sequence[float]
        ``AudioFeatures.spectrum_db``; empty for silence, which loses nothing.
    high_pass : HighPass
        The filter; one that is off loses nothing.

    The RBJ filter and the K-weighting stand for their analogue prototypes, which they follow far below Nyquist.
    """
    if not high_pass.on or not spectrum_db:
        return 0.0
    weighted = [
        10 ** (level / 10) * _k_weight(freq_hz) for level, freq_hz in zip(spectrum_db, band_centres_hz(), strict=True)
    ]
    kept = math.fsum(
        power * _high_pass_power(freq_hz, high_pass.freq_hz, high_pass.q)
        for power, freq_hz in zip(weighted, band_centres_hz(), strict=True)
    )
    return max(0.0, 10 * math.log10(math.fsum(weighted) / max(kept, 1e-12 * math.fsum(weighted))))


def _high_pass_power(freq_hz: float, corner_hz: float, q: float) -> float:
    """|H|² of a second-order high-pass."""
    ratio = (freq_hz / corner_hz) ** 2
    return ratio**2 / ((1 - ratio) ** 2 + ratio / q**2)


def _k_weight(freq_hz: float) -> float:
    """|H|² of the K-weighting: a high-pass and a shelf of 4 dB."""
    ratio = (freq_hz / _SHELF_HZ) ** 2
    shelf = ((1 - _SHELF_GAIN * ratio) ** 2 + _SHELF_MIDDLE**2 * ratio / _SHELF_Q**2) / (
        (1 - ratio) ** 2 + ratio / _SHELF_Q**2
    )
    return shelf * _high_pass_power(freq_hz, _RLB_HZ, _RLB_Q)
