"""From a stranger's file to a canonical stem: decoded, checked, resampled, written, analysed, in one pass."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from mixing.engine.audio.analysis import Analyser
from mixing.engine.audio.decode import decode_blocks
from mixing.engine.audio.encode import WavSubtype, WavWriter
from mixing.engine.audio.peaks import PeakBuilder
from mixing.engine.audio.probe import STANDARD_LIMITS, Limits, ProbedAudio, family_rate, probe
from mixing.engine.audio.whole_file import whole_file
from mixing.engine.errors import Cancelled
from mixing.engine.mixers.interface import AudioFeatures, MelWindows

RESAMPLER_QUALITY: Final = "VHQ"
_INTEGER_SUBTYPES: Final[dict[str, WavSubtype]] = {
    "PCM_S8": "PCM_16",
    "PCM_U8": "PCM_16",
    "PCM_16": "PCM_16",
    "PCM_24": "PCM_24",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestedStem:
    """What became of a file.

    Parameters
    ----------
    sample_rate, channels, frames, duration_s
        Of the canonical file, which is a WAV of PCM_16, PCM_24 or FLOAT.
    sha256 : str
        Of the canonical file's bytes.
    features : AudioFeatures
        Measured on the canonical samples.
    mel : MelWindows
        Excerpts of their spectrogram.
    peaks : bytes
        In the format of :mod:`mixing.engine.audio.peaks`.
    original_sample_rate : int
        In Hz, before resampling.
    original_format : str
        For people, such as ``FLAC, PCM_24``.
    """

    sample_rate: int
    channels: int
    frames: int
    duration_s: float
    sha256: str
    features: AudioFeatures
    mel: MelWindows
    peaks: bytes
    original_sample_rate: int
    original_format: str


def ingest(
    source: Path,
    destination: Path,
    *,
    name: str,
    sample_rate: int | None,
    limits: Limits = STANDARD_LIMITS,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> IngestedStem:
    """Turn a file into a canonical stem in one streaming pass.

    Integer PCM of up to 24 bits that need not be resampled is kept bit by bit; anything else becomes float32. Apart
    from 320 bytes for each 50 ms of spectrum, memory does not grow with the sound.

    Parameters
    ----------
    source : Path
        Any file at all.
    destination : Path
        The canonical WAV; it appears when it is whole, or not at all.
    name : str
        What the musician calls the file, for the sentences of errors.
    sample_rate : int | None
        The session's rate in Hz; None takes 44100 or 48000, whichever the file's own rate belongs to.
    limits : Limits
        What a stem may be at most.
    progress, cancelled
        Told 0 to 1, and asked whether to stop, between blocks.

    Raises
    ------
    AudioRejected
        See :func:`mixing.engine.audio.decode.decode_blocks`.
    Cancelled
        If ``cancelled`` says so.
    """
    found = probe(source, name=name, limits=limits)
    rate = family_rate(found.sample_rate) if sample_rate is None else sample_rate
    analyser, peaks = Analyser(rate, found.channels), PeakBuilder(rate, found.channels)
    blocks = _watched(decode_blocks(source, name=name, limits=limits), found, progress, cancelled)
    if rate != found.sample_rate:
        blocks = _resampled(blocks, found, rate)
    with whole_file(destination) as partial:
        subtype = canonical_subtype(found, rate)
        with WavWriter(partial, sample_rate=rate, channels=found.channels, subtype=subtype, dither=False) as wav:
            for block in blocks:
                wav.write(block)
                analyser.push(block)
                peaks.push(block)
        stem = IngestedStem(
            sample_rate=rate,
            channels=found.channels,
            frames=wav.frames,
            duration_s=wav.frames / rate,
            sha256=_sha256(partial),
            features=analyser.finish(),
            mel=analyser.mel_windows(),
            peaks=peaks.to_bytes(),
            original_sample_rate=found.sample_rate,
            original_format=f"{found.format}, {found.subtype}",
        )
    if progress is not None:
        progress(1.0)
    return stem


def canonical_subtype(found: ProbedAudio, sample_rate: int) -> WavSubtype:
    """How the canonical file stores samples: as the integers that they were, or as float32."""
    if sample_rate != found.sample_rate:
        return "FLOAT"
    return _INTEGER_SUBTYPES.get(found.subtype, "FLOAT")


def _watched(
    blocks: Iterator[NDArray[np.float32]],
    found: ProbedAudio,
    progress: Callable[[float], None] | None,
    cancelled: Callable[[], bool] | None,
) -> Iterator[NDArray[np.float32]]:
    frames = 0
    for block in blocks:
        if cancelled is not None and cancelled():
            raise Cancelled
        yield block
        frames += block.shape[1]
        if progress is not None and found.claimed_frames is not None:
            progress(min(0.99, frames / found.claimed_frames))


def _resampled(
    blocks: Iterator[NDArray[np.float32]], found: ProbedAudio, sample_rate: int
) -> Iterator[NDArray[np.float32]]:
    stream = soxr.ResampleStream(
        found.sample_rate, sample_rate, found.channels, dtype="float32", quality=RESAMPLER_QUALITY
    )
    for block in blocks:
        yield _planar(stream.resample_chunk(np.ascontiguousarray(block.T)))
    yield _planar(stream.resample_chunk(np.empty((0, found.channels), dtype=np.float32), last=True))


def _planar(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(samples.T)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
