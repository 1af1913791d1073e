"""Small sessions on disk, written by libsndfile itself and not by the project's own writer."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from mixing.engine.console.sources import StemSource

RATE = 44_100


def noise(channels: int, frames: int, *, seed: int = 1, level: float = 0.1) -> NDArray[np.float64]:
    """White noise on the steps of 24-bit audio, ``(channels, frames)``, peaks at ``level``."""
    audio = np.random.default_rng(seed).uniform(-level, level, (channels, frames))
    return np.rint(audio * 2**23) / 2**23


def write(
    folder: Path, stems: Mapping[str, NDArray[np.float64]], *, rate: int = RATE, subtype: str = "PCM_24"
) -> list[StemSource]:
    """One WAV a stem, in the order of the mapping."""
    sources = []
    for name, audio in stems.items():
        path = folder / f"{name}.wav"
        sf.write(path, on_steps(audio) if subtype == "PCM_24" else audio.T.astype(np.float32), rate, subtype=subtype)
        sources.append(StemSource(name, path))
    return sources


def on_steps(audio: NDArray[np.float64]) -> NDArray[np.int32]:
    """24-bit steps in the upper bits of int32, ``(frames, channels)``: libsndfile writes these exactly."""
    return np.clip(np.rint(audio.T * 2**23), -(2**23), 2**23 - 1).astype(np.int32) << 8


def read(path: Path) -> NDArray[np.float64]:
    """A whole file as ``(channels, frames)``, full scale at 1."""
    return sf.read(path, dtype="int32", always_2d=True)[0].T / 2**31
