"""Mel bands, and the excerpts of a log-mel spectrogram that are kept beside a recording."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.mixers.interface import BANDS, MOST_WINDOWS, WINDOW_FRAMES, MelWindows

LOWEST_HZ: Final = 30.0
HIGHEST_HZ: Final = 16000.0
CELL_FLOOR_DB: Final = -80.0
"""Mel cells this far under the loudest count as this far under it: below is noise that nobody hears."""
_MOST_SIDE_DB: Final = 40.0
"""How far the side may stand above the mid before its own level counts: channels of opposite polarity have no mid."""


def mel_triangles(freqs_hz: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Triangles of height 1 that overlap by half, evenly spaced on the mel scale 2595 log10(1 + f / 700).

    Each bin belongs to a falling and a rising triangle.

    Returns
    -------
    tuple[NDArray[np.float32], NDArray[np.int64]]
        Each bin's weight in the rising triangle, the rest being that in the falling one; and the first bin of each
        rise, ``BANDS + 2`` numbers: the bins from ``edges[i]`` to ``edges[i + 1]`` rise in band i and fall in band
        i - 1.
    """
    corners = np.linspace(_mel(np.array(LOWEST_HZ)), _mel(np.array(HIGHEST_HZ)), BANDS + 2)
    position = (_mel(freqs_hz) - corners[0]) / (corners[1] - corners[0])
    edges = np.searchsorted(position, np.arange(BANDS + 2, dtype=np.float64))
    return (position - np.floor(position)).astype(np.float32), edges.astype(np.int64)


def band_powers(
    powers: NDArray[np.float64], weights: NDArray[np.float32], edges: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The mel bands of a whole spectrum of shape ``(bins,)``."""
    bands = np.zeros(BANDS)
    for rising in range(BANDS + 1):
        span = slice(edges[rising], edges[rising + 1])
        if rising < BANDS:
            bands[rising] += float(weights[span] @ powers[span])
        if rising > 0:
            bands[rising - 1] += float((1.0 - weights[span]) @ powers[span])
    return bands


def excerpts(cells: NDArray[np.float32], active: NDArray[np.bool_]) -> MelWindows:
    """The loudest stretch of each sixth of the part that sounds; a part without any sound has none.

    Parameters
    ----------
    cells : NDArray[np.float32]
        Powers, shape ``(1, frames, BANDS)`` of mono, or ``(2, frames, BANDS)``: mid and side.
    active : NDArray[np.bool_]
        Which frames sound.
    """
    starts = _starts(cells.sum(axis=(0, 2), dtype=np.float64), active)
    loudest = float(cells[0].max(initial=0.0))
    if cells.shape[0] == 2:
        loudest = max(loudest, float(cells[1].max(initial=0.0)) * 10.0 ** (-_MOST_SIDE_DB / 10.0))
    shape = (len(starts), WINDOW_FRAMES, BANDS)
    planes = np.full((2, *shape), CELL_FLOOR_DB, dtype=np.float32)
    for index, start in enumerate(starts if loudest > 0.0 else ()):
        stretch = cells[:, start : start + WINDOW_FRAMES]
        planes[: cells.shape[0], index, : stretch.shape[1]] = relative_db(stretch, loudest)
    mid_db, side_db = planes.astype(np.float16).astype(np.float32)
    return MelWindows(mid_db, side_db)


def relative_db(cells: NDArray[np.float32], loudest: float) -> NDArray[np.float32]:
    """Cells in dB relative to ``loudest``, at least CELL_FLOOR_DB."""
    if loudest <= 0.0:
        return np.full(cells.shape, CELL_FLOOR_DB, dtype=np.float32)
    floor = np.float32(loudest * 10.0 ** (CELL_FLOOR_DB / 10.0))
    level_db = np.float32(10.0) * np.log10(np.maximum(cells, floor) / np.float32(loudest))
    return np.asarray(np.maximum(level_db, np.float32(CELL_FLOOR_DB)), dtype=np.float32)


def _starts(power: NDArray[np.float64], active: NDArray[np.bool_]) -> list[int]:
    """The first frame of each excerpt."""
    sounding = np.flatnonzero(active)
    if not sounding.size:
        return []
    first, end = int(sounding[0]), int(sounding[-1]) + 1
    parts = min(MOST_WINDOWS, max(1, (end - first) // WINDOW_FRAMES))
    sums = np.concatenate(([0.0], np.cumsum(power)))
    starts = []
    for part in range(parts):
        low, high = first + (end - first) * part // parts, first + (end - first) * (part + 1) // parts
        if not active[low:high].any():
            continue
        places = np.arange(low, max(low, high - WINDOW_FRAMES) + 1)
        loudness = sums[np.minimum(places + WINDOW_FRAMES, high)] - sums[places]
        starts.append(int(places[np.argmax(loudness)]))
    return starts


def _mel(freqs_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(2595.0 * np.log10(1.0 + freqs_hz / 700.0))
