"""Decoding a stranger's file: in blocks, with everything counted and nothing believed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from mixing.engine.audio.probe import (
    MISSING_S,
    STANDARD_LIMITS,
    Limits,
    ProbedAudio,
    opened,
    probe,
    rejected,
    spoken_duration,
    too_long,
    truncated,
)

LARGEST_SAMPLE: Final = 100.0
"""40 dB above full scale; beyond it a float file was scaled as integers, and squares would leave float32."""
_READ_AHEAD_BYTES: Final = 65536


def decode_blocks(
    path: Path,
    *,
    name: str,
    limits: Limits = STANDARD_LIMITS,
    block_frames: int = 65536,
) -> Iterator[NDArray[np.float32]]:
    """Decode a file as float32 blocks of shape ``(channels, samples)``, full scale at 1.

    Only the last block may be shorter than ``block_frames``. Memory does not grow with what a header claims.

    Raises
    ------
    AudioRejected
        What :func:`mixing.engine.audio.probe.probe` raises, and ``too_long``, ``truncated``, ``damaged``,
        ``longer_than_promised``, ``not_finite``, ``far_above_full_scale``, ``too_short``.
    """
    claim = probe(path, name=name, limits=limits)
    most_frames = int(limits.max_seconds * claim.sample_rate)
    frames = 0
    with opened(path, name=name) as (sound, descriptor):
        while True:
            block, ended = _next_block(sound, block_frames, claim)
            frames += block.shape[1]
            if frames > most_frames:
                raise too_long(name, frames / claim.sample_rate, limits)
            _refuse_values(block, frames, claim.sample_rate, name)
            if block.shape[1]:
                yield block
            if ended:
                break
        unread_bytes = os.fstat(descriptor).st_size - os.lseek(descriptor, 0, os.SEEK_CUR)
    _refuse_length(claim, frames, unread_bytes, name, limits)


def _next_block(sound: sf.SoundFile, frames: int, claim: ProbedAudio) -> tuple[NDArray[np.float32], bool]:
    """The next block, and whether it is the last.

    At the unexpected end of a FLAC stream libsndfile writes what it has and then reports an error without a count. The
    buffer is therefore filled with NaN, which no FLAC can hold: what was overwritten is what was decoded.
    """
    buffer = np.full((frames, claim.channels), np.nan, dtype=np.float32)
    try:
        decoded = sound.read(frames, out=buffer)
    except sf.SoundFileError:
        untouched = np.isnan(buffer).any(axis=1)
        count = int(untouched.argmax()) if untouched.any() else frames
        return np.ascontiguousarray(buffer[:count].T), True
    return np.ascontiguousarray(decoded.T), decoded.shape[0] < frames


def _refuse_values(block: NDArray[np.float32], frames: int, sample_rate: int, name: str) -> None:
    if not block.size:
        return
    # NaN is neither above nor below anything, so it fails this test as infinity does.
    if block.max() <= LARGEST_SAMPLE and block.min() >= -LARGEST_SAMPLE:
        return
    finite = np.isfinite(block)
    if not finite.all():
        at_s = (frames - block.shape[1] + int((~finite).any(axis=0).argmax())) / sample_rate
        raise rejected(
            "not_finite",
            name,
            f"holds values that are no numbers (NaN or infinity), first at {spoken_duration(at_s)}. "
            "A plug-in probably failed while it was exported; export it again.",
        )
    over_db = 20.0 * np.log10(np.abs(block).max())
    raise rejected(
        "far_above_full_scale",
        name,
        f"holds values {over_db:.0f} dB above full scale. Export it as 24-bit WAV, or as float with full scale at 1.0.",
    )


def _refuse_length(claim: ProbedAudio, frames: int, unread_bytes: int, name: str, limits: Limits) -> None:
    seconds = frames / claim.sample_rate
    if claim.claimed_frames is not None and claim.claimed_frames - frames > MISSING_S * claim.sample_rate:
        raise truncated(name, claim.claimed_frames / claim.sample_rate, seconds)
    if claim.format == "FLAC" and unread_bytes > _READ_AHEAD_BYTES:
        if claim.claimed_frames is None:
            raise rejected(
                "damaged",
                name,
                f"is damaged: after {spoken_duration(seconds)} it cannot be read further. Export it again.",
            )
        raise rejected(
            "longer_than_promised",
            name,
            f"says that it lasts {spoken_duration(seconds)}, but more sound follows: its header is "
            "wrong. Export it again.",
        )
    if seconds < limits.min_seconds:
        raise rejected(
            "too_short",
            name,
            f"lasts only {spoken_duration(seconds)}; a stem lasts at least "
            f"{spoken_duration(limits.min_seconds)}. Export the whole part.",
        )
