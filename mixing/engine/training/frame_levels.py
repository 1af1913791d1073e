"""What falls together: the stems' 50 ms frames side by side in time, as the mel desk takes a sample of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.mixers.interface import FRAME_BANDS, SessionFeatures, StemFeatures

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
        Shape ``(stems, moments)``: largest sample, and power of the channels added; FLOOR_DB where a stem is silent.
    bands : NDArray[np.float64]
        Shape ``(stems, moments, len(FRAME_BANDS))``: how that power is divided among the wide bands, not in dB.
    """

    peaks_db: NDArray[np.float64]
    levels_db: NDArray[np.float64]
    bands: NDArray[np.float64]


def together(session: SessionFeatures, count: int, *, hits: int = 0) -> Together | None:
    """``count`` moments spread over the part that sounds, then those ``hits`` whose peaks add up to most.

    None where the frames of a stem that sounds were not kept.
    """
    frames = [_frames_of(stem) for stem in session.stems]
    if any(own is None and _sounds(stem) for own, stem in zip(frames, session.stems, strict=True)):
        return None
    longest = max((own.shape[1] for own in frames if own is not None), default=0)
    if not longest:
        return None
    rows = np.full((len(frames), 2 + len(FRAME_BANDS), longest), FLOOR_DB)
    for own, into in zip(frames, rows, strict=True):
        if own is not None:
            into[:, : own.shape[1]] = own
    power = _linear(rows[:, 0]).sum(axis=0)
    heard = np.flatnonzero(power > power.max() * 10.0 ** (-HEARD_DB / 10.0))
    loudest = np.argsort(-_linear(rows[:, 1][:, heard]).sum(axis=0), kind="stable")
    places = np.concatenate((_places(len(heard), count), np.resize(loudest[:hits], hits)))
    taken = rows[:, :, heard[places]]
    return Together(taken[:, 1], taken[:, 0], _linear(taken[:, 2:]).transpose(0, 2, 1))


def wide_bands(spectrum_db: Sequence[float]) -> NDArray[np.float64]:
    """The share of each of FRAME_BANDS in a whole spectrum."""
    powers = np.add.reduceat(_linear(np.asarray(spectrum_db, dtype=np.float64)), np.cumsum((0, *FRAME_BANDS[:-1])))
    return np.asarray(powers / powers.sum())


def _frames_of(stem: StemFeatures) -> NDArray[np.float64] | None:
    """Level, peak and wide bands relative to the stem's loudness, ``(2 + len(FRAME_BANDS), frames)``.

    Where the bands were not kept, every frame is taken to sound as the whole stem does.
    """
    loudness = stem.audio.loudness_lufs
    if not _sounds(stem) or loudness is None or stem.mel is None or stem.mel.frames_db is None:
        return None
    frames: NDArray[np.float64] = stem.mel.frames_db.astype(np.float64) - loudness
    if len(frames) == 2:
        shares_db = 10.0 * np.log10(np.maximum(wide_bands(stem.audio.spectrum_db), 1e-12))
        frames = np.vstack((frames, frames[0] + shares_db[:, None]))
    channels_db = 10.0 * np.log10(stem.audio.channels)
    frames[0] += channels_db
    frames[2:] += channels_db
    return np.maximum(frames, FLOOR_DB)


def _linear(level_db: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(10.0 ** (level_db / 10.0))


def _sounds(stem: StemFeatures) -> bool:
    return stem.audio.loudness_lufs is not None and bool(stem.audio.spectrum_db)


def _places(length: int, count: int) -> NDArray[np.int64]:
    """One place in each of ``count`` equal stretches, never at the same beat: the golden ratio has no rhythm."""
    stretches = np.arange(count)
    inside = (stretches * _GOLDEN) % 1.0
    return np.minimum(((stretches + inside) * length / count).astype(np.int64), length - 1)
