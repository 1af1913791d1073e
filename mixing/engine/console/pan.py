"""Where a strip stands between left and right: one matrix from its channels to the bus."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def matrix(*, pan: float, width: float, channels: int) -> NDArray[np.float64]:
    """The gains from a strip's channels (columns) to left and right (rows).

    A mono stem is panned at constant power: ``cos`` and ``sin`` of (pan + 1) π/4, -3.01 dB on both sides at the
    centre; it has no side signal, so that ``width`` does not touch it. A stereo stem first gets its side signal
    (L - R)/2 multiplied by ``width`` and is then balanced: left by min(1, 1 - pan), right by min(1, 1 + pan).

    Parameters
    ----------
    pan : float
        -1 left, 0 centre, 1 right.
    width : float
        0 folds a stereo stem to mono, 1 leaves it, 2 doubles its side signal.
    channels : int
        1 or 2.

    Returns
    -------
    NDArray[np.float64]
        Shape ``(2, channels)``.
    """
    if channels == 1:
        return np.array([[_constant_power(-pan)], [_constant_power(pan)]])
    same, other = (1.0 + width) / 2.0, (1.0 - width) / 2.0
    left, right = min(1.0, 1.0 - pan), min(1.0, 1.0 + pan)
    return np.array([[left * same, left * other], [right * other, right * same]])


def _constant_power(towards: float) -> float:
    """The gain of the side that ``towards`` = 1 points at; the far side is exactly silent."""
    return 0.0 if towards <= -1.0 else math.cos((1.0 - towards) * math.pi / 4.0)
