"""Whether two songs are the same recording: constellations of spectral peaks, whatever their level, cut or coding.

After A. Wang, *An industrial-strength audio search algorithm*, ISMIR 2003: pairs of peaks (two frequencies and the time
between them) that occur in both songs at one common distance in time. Found are copies with another gain, another
balance of the stems, other cuts and lossy coding; not found are copies with another pitch or tempo.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.fft
import scipy.ndimage
import soxr
from numpy.typing import NDArray

from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.recordings import AS_IT_IS, read_stem, session_rate, start_of

_RATE: Final = 11025
_WINDOW: Final = 1024
_HOP: Final = 256
_LOWEST_BIN: Final = 20
_HIGHEST_BIN: Final = 400
"""215 Hz to 4.3 kHz: what every coding keeps."""
_AROUND: Final = (25, 15)
"""A peak is the largest of as many frames and bins."""
_PEAK_RANGE_DB: Final = 60.0
_SILENCE_DB: Final = -100.0
_PARTNERS: Final = 5
_MOST_APART: Final = 127
_LISTEN_S: Final = 120.0

SHARED_AT_LEAST: Final = 0.015
"""The share of pairs at one common distance from which on two songs count as one recording.

Among 32 real songs, different ones shared 0.003 at most, and the same ones, cut, noisy and with every stem degraded,
0.036 at least.
"""
_MATCHES_AT_LEAST: Final = 16
"""Fewer than that happen by chance."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Pairs of peaks: their number in ``pairs``, sorted, and the frame of the first peak in ``frames``."""

    pairs: NDArray[np.int64]
    frames: NDArray[np.int64]


def fingerprint_of(entry: SongEntry) -> Fingerprint:
    """Of the sum of a song's stems, from the stretch that training hears on, two minutes at most."""
    rate, start_s = session_rate(entry), start_of(entry, AS_IT_IS)
    total = np.zeros(0, dtype=np.float32)
    for stem in entry.stems:
        heard = read_stem(stem.path, rate, start_s=start_s)[:, : round(_LISTEN_S * rate)].mean(axis=0)
        longer, shorter = (total, heard) if total.size >= heard.size else (heard, total)
        total = longer.copy()
        total[: shorter.size] += shorter
    return fingerprint(total, rate)


def fingerprint(samples: NDArray[np.float32], sample_rate: int) -> Fingerprint:
    """Of mono sound, shape ``(samples,)``."""
    heard = soxr.resample(samples, sample_rate, _RATE)
    if heard.size < _WINDOW:
        return Fingerprint(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    frames = np.lib.stride_tricks.sliding_window_view(heard, _WINDOW)[::_HOP]
    power = np.abs(scipy.fft.rfft(frames * np.hanning(_WINDOW).astype(np.float32), axis=1)) ** 2
    level_db = 10.0 * np.log10(power[:, _LOWEST_BIN:_HIGHEST_BIN] + 1e-20)
    largest = scipy.ndimage.maximum_filter(level_db, size=_AROUND, mode="nearest")
    audible = level_db > max(float(level_db.max()) - _PEAK_RANGE_DB, _SILENCE_DB)
    at, bins = np.nonzero((level_db == largest) & audible)
    return _pairs(at.astype(np.int64), bins.astype(np.int64))


def shared(one: Fingerprint, other: Fingerprint) -> float:
    """The share of pairs that both have at one common distance in time, 0 to 1, of the song that has fewer."""
    first = np.searchsorted(other.pairs, one.pairs, side="left")
    last = np.searchsorted(other.pairs, one.pairs, side="right")
    counts = last - first
    if not counts.any():
        return 0.0
    here = np.repeat(one.frames, counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    distances = other.frames[np.repeat(first, counts) + within] - here
    occurrences = np.bincount(distances - distances.min() + 1, minlength=3)
    # A cut that falls between two frames spreads one distance over two neighbours.
    matches = int((occurrences[1:] + occurrences[:-1]).max())
    return min(1.0, matches / min(one.pairs.size, other.pairs.size)) if matches >= _MATCHES_AT_LEAST else 0.0


def _pairs(at: NDArray[np.int64], bins: NDArray[np.int64]) -> Fingerprint:
    """Each peak with the few that follow it."""
    pairs, frames = [], []
    for step in range(1, _PARTNERS + 1):
        apart = at[step:] - at[:-step]
        near = (apart > 0) & (apart <= _MOST_APART)
        pairs.append(((bins[:-step] * 512 + bins[step:]) * 128 + apart)[near])
        frames.append(at[:-step][near])
    found, when = np.concatenate(pairs), np.concatenate(frames)
    order = np.argsort(found, kind="stable")
    return Fingerprint(found[order], when[order])
