"""A pyramid of peaks, from which a browser draws a waveform at any zoom.

Format AMPK, version 1, little endian::

    magic "AMPK" | uint16 version | uint16 levels | uint32 sample_rate | uint64 frames
    for each level:  uint32 samples_per_bin | uint32 bins
    for each level:  int8 minimum[bins] | int8 maximum[bins] | uint8 rms[bins]

127 is full scale in the minima and maxima, 255 in the RMS. Only a bin that reached full scale holds 127 or -128, so
that clipping shows; all others stay within 126. Channels are folded: the lower minimum, the higher maximum, the RMS
of all.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAGIC: Final = b"AMPK"
VERSION: Final = 1
FINEST_BIN: Final = 256
ZOOM_STEP: Final = 4
COARSEST_BINS: Final = 512
FULL_SCALE: Final = 0.9999
_MOST_PIECES: Final = 256
_HEADER: Final = struct.Struct("<4sHHIQ")
_LEVEL: Final = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class PeakLevel:
    """One zoom level: minima and maxima (int8) and RMS (uint8), each of shape ``(bins,)``."""

    samples_per_bin: int
    minimum: NDArray[np.int8]
    maximum: NDArray[np.int8]
    rms: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PeakPyramid:
    """What :meth:`PeakBuilder.to_bytes` wrote, finest level first."""

    sample_rate: int
    frames: int
    levels: tuple[PeakLevel, ...]


class PeakBuilder:
    """Collects the peaks of a stream; any division into blocks gives the same bytes.

    Parameters
    ----------
    sample_rate : int
        In Hz; written into the header, so that a page can draw a time axis.
    channels : int
        1 or more.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self.sample_rate = sample_rate
        self.channels = channels
        self.frames = 0
        self._open = np.empty((channels, 0), dtype=np.float32)
        self._minimum: list[NDArray[np.float32]] = []
        self._maximum: list[NDArray[np.float32]] = []
        self._energy: list[NDArray[np.float64]] = []

    def push(self, block: NDArray[np.float32]) -> None:
        """Take the next samples, float32 of shape ``(channels, samples)``, any number of them."""
        if block.ndim != 2 or block.shape[0] != self.channels:
            raise ValueError(f"A block has the shape ({self.channels}, samples), not {block.shape}.")
        self.frames += block.shape[1]
        if self._open.shape[1]:
            missing = FINEST_BIN - self._open.shape[1]
            self._open = np.concatenate((self._open, block[:, :missing]), axis=1)
            block = block[:, missing:]
            if self._open.shape[1] < FINEST_BIN:
                return
            self._collect(self._open)
        whole = block.shape[1] - block.shape[1] % FINEST_BIN
        if whole:
            self._collect(np.ascontiguousarray(block, dtype=np.float32)[:, :whole])
        self._open = block[:, whole:].astype(np.float32, copy=True)

    def to_bytes(self) -> bytes:
        """The pyramid of all that was pushed so far."""
        return _written(self.sample_rate, self.frames, self._levels())

    def _collect(self, samples: NDArray[np.float32]) -> None:
        # Pages read peaks and never fold them: they do without the compiler.
        from mixing.engine.audio.peak_kernels import fold

        bins = samples.shape[1] // FINEST_BIN
        minimum, maximum, energy = np.empty(bins, np.float32), np.empty(bins, np.float32), np.empty(bins)
        fold(samples, FINEST_BIN, minimum, maximum, energy)
        self._minimum.append(minimum)
        self._maximum.append(maximum)
        self._energy.append(energy)
        if len(self._energy) == _MOST_PIECES:
            for pieces in (self._minimum, self._maximum, self._energy):
                pieces[:] = [np.concatenate(pieces)]

    def _finest(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]]:
        minima, maxima, energies = list(self._minimum), list(self._maximum), list(self._energy)
        if self._open.shape[1]:
            minima.append(self._open.min(keepdims=True)[0])
            maxima.append(self._open.max(keepdims=True)[0])
            energies.append(_energies(self._open[:, np.newaxis, :]))
        if not minima:
            return np.empty(0, np.float32), np.empty(0, np.float32), np.empty(0)
        return np.concatenate(minima), np.concatenate(maxima), np.concatenate(energies)

    def _levels(self) -> list[PeakLevel]:
        minimum, maximum, energy = self._finest()
        samples_per_bin = FINEST_BIN
        levels = [self._quantised(samples_per_bin, minimum, maximum, energy)]
        while minimum.size > COARSEST_BINS:
            starts = np.arange(0, minimum.size, ZOOM_STEP)
            minimum = np.minimum.reduceat(minimum, starts)
            maximum = np.maximum.reduceat(maximum, starts)
            energy = np.add.reduceat(energy, starts)
            samples_per_bin *= ZOOM_STEP
            levels.append(self._quantised(samples_per_bin, minimum, maximum, energy))
        return levels

    def _quantised(
        self,
        samples_per_bin: int,
        minimum: NDArray[np.float32],
        maximum: NDArray[np.float32],
        energy: NDArray[np.float64],
    ) -> PeakLevel:
        counts = np.full(minimum.size, samples_per_bin)
        if counts.size:
            counts[-1] = self.frames - samples_per_bin * (counts.size - 1)
        rms = np.sqrt(energy / (counts * self.channels))
        return PeakLevel(
            samples_per_bin=samples_per_bin,
            minimum=np.where(minimum <= -FULL_SCALE, -128, _within(minimum)).astype(np.int8),
            maximum=np.where(maximum >= FULL_SCALE, 127, _within(maximum)).astype(np.int8),
            rms=np.clip(np.rint(rms * 255.0), 0, 255).astype(np.uint8),
        )


def read(data: bytes) -> PeakPyramid:
    """Read what :meth:`PeakBuilder.to_bytes` wrote; anything else raises ``ValueError``."""
    if len(data) < _HEADER.size or data[:4] != MAGIC:
        raise ValueError("These bytes are no peaks.")
    _, version, count, sample_rate, frames = _HEADER.unpack_from(data)
    if version != VERSION:
        raise ValueError(f"Peaks of version {version} cannot be read; this is version {VERSION}.")
    start = _HEADER.size + count * _LEVEL.size
    sizes = list(_LEVEL.iter_unpack(data[_HEADER.size : start])) if len(data) >= start else []
    if len(data) != start + 3 * sum(bins for _, bins in sizes):
        raise ValueError("These peaks are cut off or too long.")
    levels = []
    for samples_per_bin, bins in sizes:
        levels.append(
            PeakLevel(
                samples_per_bin=samples_per_bin,
                minimum=np.frombuffer(data, np.int8, bins, start),
                maximum=np.frombuffer(data, np.int8, bins, start + bins),
                rms=np.frombuffer(data, np.uint8, bins, start + 2 * bins),
            )
        )
        start += 3 * bins
    return PeakPyramid(sample_rate=sample_rate, frames=frames, levels=tuple(levels))


def reduced(data: bytes, *, most_bins: int) -> bytes:
    """The same peaks without the levels that have more than ``most_bins`` bins; the coarsest one always stays."""
    pyramid = read(data)
    kept = [level for level in pyramid.levels if level.minimum.size <= most_bins] or list(pyramid.levels[-1:])
    return _written(pyramid.sample_rate, pyramid.frames, kept)


def _written(sample_rate: int, frames: int, levels: list[PeakLevel]) -> bytes:
    head = _HEADER.pack(MAGIC, VERSION, len(levels), sample_rate, frames)
    sizes = b"".join(_LEVEL.pack(level.samples_per_bin, level.minimum.size) for level in levels)
    planes = b"".join(plane.tobytes() for level in levels for plane in (level.minimum, level.maximum, level.rms))
    return head + sizes + planes


def _energies(bins: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sum of squares over channels and samples of ``(channels, bins, samples)``."""
    each = np.einsum("cbs,cbs->cb", bins, bins)
    return np.asarray(each.sum(axis=0, dtype=np.float64))


def _within(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.clip(np.rint(values * np.float32(127.0)), -126, 126), dtype=np.float32)
