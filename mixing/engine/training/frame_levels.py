"""What falls together: the stems' 50 ms frames side by side in time, as the mel desk takes a sample of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.mixers.interface import SessionFeatures, StemFeatures

FLOOR_DB: Final = -120.0
HEARD_DB: Final = 50.0
"""Frames in which the stems together are further than this below their loudest frame are pauses; see AudioFeatures."""
_GOLDEN: Final = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class Together:
    """Frames of a session's stems at the same moments, each stem brought to a gated loudness of 0 LUFS.

    Parameters
    ----------
    peaks_db, levels_db : NDArray[np.float64]
        Shape ``(stems, count)``: largest sample, and power of the channels added; FLOOR_DB where a stem is silent.
    """

    peaks_db: NDArray[np.float64]
    levels_db: NDArray[np.float64]


def together(session: SessionFeatures, count: int) -> Together | None:
    """``count`` moments spread over the part that sounds; None where the frames of a stem that sounds were not kept."""
    frames = [_frames_of(stem) for stem in session.stems]
    if any(own is None and _sounds(stem) for own, stem in zip(frames, session.stems, strict=True)):
        return None
    longest = max((own.shape[1] for own in frames if own is not None), default=0)
    if not longest:
        return None
    both = np.full((len(frames), 2, longest), FLOOR_DB)
    for own, into in zip(frames, both, strict=True):
        if own is not None:
            into[:, : own.shape[1]] = own
    power = (10.0 ** (both[:, 0] / 10.0)).sum(axis=0)
    heard = np.flatnonzero(power > power.max() * 10.0 ** (-HEARD_DB / 10.0))
    taken = both[:, :, heard[_places(len(heard), count)]]
    return Together(taken[:, 1], taken[:, 0])


def _frames_of(stem: StemFeatures) -> NDArray[np.float64] | None:
    """Level and peak relative to the stem's loudness, ``(2, frames)``."""
    loudness = stem.audio.loudness_lufs
    if not _sounds(stem) or loudness is None or stem.mel is None or stem.mel.frames_db is None:
        return None
    frames: NDArray[np.float64] = stem.mel.frames_db.astype(np.float64) - loudness
    frames[0] += 10.0 * np.log10(stem.audio.channels)
    return np.maximum(frames, FLOOR_DB)


def _sounds(stem: StemFeatures) -> bool:
    return stem.audio.loudness_lufs is not None and bool(stem.audio.spectrum_db)


def _places(length: int, count: int) -> NDArray[np.int64]:
    """One place in each of ``count`` equal stretches, never at the same beat: the golden ratio has no rhythm."""
    stretches = np.arange(count)
    inside = (stretches * _GOLDEN) % 1.0
    return np.minimum(((stretches + inside) * length / count).astype(np.int64), length - 1)
