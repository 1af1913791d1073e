"""Loudness range after EBU Tech 3342: how far the quiet and the loud passages of a programme lie apart."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

ABSOLUTE_GATE_LUFS: Final = -70.0
RELATIVE_GATE_LU: Final = -20.0
QUIET_PERCENT: Final = 10.0
LOUD_PERCENT: Final = 95.0
RING_OUT_S: Final = 1.5
"""Silence that a file is taken to end in, so that its last passage counts as much as the others."""


def range_lu(short_term_lufs: NDArray[np.float64]) -> float | None:
    """The distance between the 10th and the 95th percentile of what passes both gates, in LU.

    Percentiles are the nearest ranks, as in the standard's own example, and not interpolated.

    Parameters
    ----------
    short_term_lufs : NDArray[np.float64]
        Loudness of windows of 3 s that overlap by at least 2 s; -inf for silence.

    Returns
    -------
    float | None
        None where nothing passes the absolute gate of -70 LUFS.
    """
    loud = short_term_lufs[short_term_lufs >= ABSOLUTE_GATE_LUFS]
    if not loud.size:
        return None
    mean_lufs = 10.0 * np.log10(np.mean(10.0 ** (loud / 10.0)))
    counted = np.sort(loud[loud >= mean_lufs + RELATIVE_GATE_LU])
    quiet, loudest = (_ranked(counted, percent) for percent in (QUIET_PERCENT, LOUD_PERCENT))
    return loudest - quiet


def _ranked(ascending: NDArray[np.float64], percent: float) -> float:
    return float(ascending[int((ascending.size - 1) * percent / 100.0 + 0.5)])
