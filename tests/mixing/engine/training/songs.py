"""Small songs on disk: tones and noise that anybody can tell apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

RATE = 44100


def tone(freq_hz: float, *, seconds: float = 2.0, level: float = 0.2, channels: int = 1) -> NDArray[np.float32]:
    """A decaying tone that starts anew every half second, shape ``(channels, samples)``."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    sound = level * np.sin(2 * np.pi * freq_hz * time_s) * np.exp(-3 * (time_s % 0.5))
    return np.repeat(sound[np.newaxis].astype(np.float32), channels, axis=0)


def noise(seed: int, *, seconds: float = 2.0, level: float = 0.1, channels: int = 2) -> NDArray[np.float32]:
    """Unrelated noise in each channel."""
    rng = np.random.default_rng(seed)
    return (level * rng.standard_normal((channels, round(seconds * RATE)))).astype(np.float32)


def write_song(folder: Path, stems: dict[str, NDArray[np.float32]], card: dict[str, Any] | None = None) -> Path:
    """Write stems, and a ``song.json`` unless ``card`` is None; ``card`` without "stems" lists all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, samples in stems.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        sf.write(folder / name, samples.T, RATE, subtype="FLOAT" if name.endswith(".wav") else None)
    if card is not None:
        listed = [{"file": name} for name in stems if not name.startswith("_")]
        (folder / "song.json").write_text(json.dumps({"stems": listed} | card), encoding="utf-8")
    return folder


def two_stems(seconds: float = 2.0) -> dict[str, NDArray[np.float32]]:
    """A mono bass and stereo drums."""
    return {"Bass.wav": tone(110.0, seconds=seconds), "Drums.wav": noise(1, seconds=seconds)}
