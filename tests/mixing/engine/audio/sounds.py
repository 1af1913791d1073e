"""Sounds by formula, float32 of shape ``(channels, samples)``, and files made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

RATE = 44100


def sine(
    freq_hz: float,
    seconds: float,
    *,
    level_dbfs: float = 0.0,
    rate: int = RATE,
    channels: int = 1,
    phase_deg: float = 0.0,
) -> NDArray[np.float32]:
    angle = 2.0 * np.pi * freq_hz * np.arange(round(seconds * rate)) / rate + np.radians(phase_deg)
    return np.tile((10.0 ** (level_dbfs / 20.0) * np.sin(angle)).astype(np.float32), (channels, 1))


def noise(
    seconds: float, *, rate: int = RATE, channels: int = 2, level: float = 0.1, seed: int = 1
) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).standard_normal((channels, round(seconds * rate)))
    return np.clip(drawn * level, -1.0, 1.0).astype(np.float32)


def silence(seconds: float, *, rate: int = RATE, channels: int = 2) -> NDArray[np.float32]:
    return np.zeros((channels, round(seconds * rate)), dtype=np.float32)


def faded(sound: NDArray[np.float32], samples: int = 441) -> NDArray[np.float32]:
    """Without the click of a sudden start, whose true peak is its own."""
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(samples) / samples)).astype(np.float32)
    shaped = sound.copy()
    shaped[:, :samples] *= ramp
    shaped[:, -samples:] *= ramp[::-1]
    return shaped


def write(
    path: Path, sound: NDArray[np.float32], *, rate: int = RATE, subtype: str | None = None, form: str | None = None
) -> Path:
    sf.write(path, sound.T, rate, subtype=subtype, format=form)
    return path


def with_flac_length(path: Path, frames: int) -> Path:
    """The FLAC file with another number of samples in its header: 36 bits at the end of eight bytes."""
    content = bytearray(path.read_bytes())
    fields = int.from_bytes(content[18:26], "big")
    content[18:26] = (fields >> 36 << 36 | frames).to_bytes(8, "big")
    path.write_bytes(content)
    return path


def cut_off(path: Path, keep: float = 0.5) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    return path
