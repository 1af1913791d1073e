"""Random sessions: stems, and consoles with every knob somewhere in its range."""

import dataclasses
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.engine.console.parameters import ConsoleParameters, Strip, hints_of
from mixing.engine.roles import GROUPS

RATE = 44_100


def anywhere(cls: type[Any], rng: np.random.Generator, **given: Any) -> Any:
    """A node with each knob drawn evenly from its range and each switch thrown, but for what is given."""
    values = dict(given)
    hints = hints_of(cls)
    for item in dataclasses.fields(cls):
        hint, meta = hints[item.name], item.metadata
        if item.name in values or item.name in ("mute", "solo", "stem", "group"):
            continue
        if dataclasses.is_dataclass(hint):
            values[item.name] = anywhere(hint, rng)  # type: ignore[arg-type]
        elif hint is bool:
            values[item.name] = bool(rng.random() < 0.7)
        elif hint is float:
            values[item.name] = float(rng.uniform(meta["low"], meta["high"]))
    return cls(**values)


def session(seed: int, *, frames: int = 12_000) -> tuple[dict[str, NDArray[np.float64]], ConsoleParameters]:
    """One to five stems, mono and stereo, bursts of noise and a low tone, with levels that reach the dynamics."""
    rng = np.random.default_rng(seed)
    stems, strips = {}, []
    for index in range(rng.integers(1, 6)):
        name = f"stem {index}"
        shape = int(rng.integers(1, 3)), frames
        tone = np.sin(np.arange(frames) * rng.uniform(0.005, 0.3))
        audio = (rng.normal(size=shape) + tone) * (np.arange(frames) % 4_000 < rng.integers(1_000, 4_001))
        stems[name] = audio * 10 ** (rng.uniform(-40, -6) / 20)
        low_levels = {"trim_db": rng.uniform(-12, 12), "fader_db": rng.uniform(-40, 12)}
        strips.append(anywhere(Strip, rng, stem=name, group=GROUPS[rng.integers(4)], **low_levels))
    console = anywhere(ConsoleParameters, rng, strips=tuple(strips), sample_rate=None, version=1)
    short = {"delay.time_ms": float(rng.uniform(10, 40)), "reverb.predelay_ms": float(rng.uniform(0, 30))}
    return stems, console.with_values(short).at_rate(RATE)


def tensors(stems: dict[str, NDArray[np.float64]], dtype: torch.dtype = torch.float32) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(audio, dtype=dtype) for name, audio in stems.items()}


def residual_db(found: torch.Tensor, expected: NDArray[np.float64]) -> float:
    """Energy of the difference over the energy of what was expected."""
    difference = found.detach().double().numpy() - expected
    return float(10 * np.log10((difference**2).sum() / (expected**2).sum() + 1e-30))
