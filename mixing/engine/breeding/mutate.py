"""The mutant: a checkpoint moved a little at random, so little by construction that it still is a mixer.

Measured beforehand: noise of 0.03 to 0.1 of a tensor's own deviation stays musical, 0.3 is noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.errors import MixFailed
from mixing.engine.mixers.checkpoint import STYLE_TABLE, STYLE_VECTOR, Checkpoint, Tensors
from mixing.engine.mixers.style_table import COLUMNS, DRY_LU

LEAST_SIZE: Final = 0.03
LARGEST_SIZE: Final = 0.1
CLIPPED_AT: Final = 3.0
"""Deviations beyond which a draw counts as this: no single number runs away."""
VECTOR_STEP: Final = 0.25
LARGEST_VECTOR: Final = 1.0
"""Style axes were trained from -1 to 1."""
_MEASURED: Final = ("features.",)
"""What was measured on songs, and is no decision."""
_STEPS: Final[Mapping[str, float]] = {
    "offset_lu": 1.5, "low_db": 1.5, "presence_db": 1.5, "high_db": 1.5, "gain_reduction_db": 1.5,
    "group_reduction_db": 1.0, "master_reduction_db": 1.0, "width": 0.2, "reverb_lu": 3.0, "delay_lu": 3.0,
}  # fmt: skip
"""The largest step of each kind of number in the style table; corners and rooms keep theirs."""
_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "offset_lu": (-12.0, 12.0), "low_db": (-12.0, 12.0), "presence_db": (-12.0, 12.0), "high_db": (-12.0, 12.0),
    "gain_reduction_db": (0.0, 15.0), "group_reduction_db": (0.0, 15.0), "master_reduction_db": (0.0, 15.0),
    "width": (0.0, 2.0), "reverb_lu": (DRY_LU, 0.0), "delay_lu": (DRY_LU, 0.0),
}  # fmt: skip


def mutated(parent: Checkpoint, *, size: float, seed: int) -> Tensors:
    """A neighbour of a checkpoint: noise on its weights, steps in its style.

    Each number of a weight tensor moves by ``size`` times the tensor's standard deviation times a normal draw clipped
    at 3; each number of the style table by at most its kind's step, uniformly, and stays in its range; each axis of
    the style vector by at most 0.25, and stays within -1 to 1. A stem that the style leaves dry stays dry.

    Parameters
    ----------
    parent : Checkpoint
    size : float
        0.03 to 0.1.
    seed : int
        At least 0; the same seed gives the same bits.

    Raises
    ------
    MixFailed
        ``invalid_recipe`` for a size or seed beyond its range.
    """
    if not LEAST_SIZE <= size <= LARGEST_SIZE:
        raise MixFailed(
            "invalid_recipe",
            f"A mutation of {size:g} is out of bounds; it goes from {LEAST_SIZE:g} to {LARGEST_SIZE:g}.",
            field="size",
        )
    if seed < 0:
        raise MixFailed("invalid_recipe", "A seed is a whole number of at least 0.", field="seed")
    random = np.random.Generator(np.random.PCG64(seed))
    return {name: _moved(name, parent.tensors[name], size, random) for name in sorted(parent.tensors)}


def _moved(name: str, tensor: NDArray[np.float32], size: float, random: np.random.Generator) -> NDArray[np.float32]:
    if name == STYLE_TABLE:
        return _stepped_table(tensor, random)
    if name == STYLE_VECTOR:
        step = random.uniform(-VECTOR_STEP, VECTOR_STEP, tensor.shape)
        return np.clip(tensor + step, -LARGEST_VECTOR, LARGEST_VECTOR).astype(np.float32)
    if name.startswith(_MEASURED):
        return tensor.copy()
    noise = np.clip(random.standard_normal(tensor.shape), -CLIPPED_AT, CLIPPED_AT)
    return np.asarray(tensor + size * float(np.std(tensor, dtype=np.float64)) * noise, dtype=np.float32)


def _stepped_table(table: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    draws = random.uniform(-1.0, 1.0, len(COLUMNS))
    moved = table.astype(np.float64)
    for place, (column, draw) in enumerate(zip(COLUMNS, draws, strict=True)):
        kind = _kind(column)
        if kind is None or (kind in ("reverb_lu", "delay_lu") and moved[place] <= DRY_LU):
            continue
        low, high = _RANGES[kind]
        moved[place] = min(high, max(low, moved[place] + draw * _STEPS[kind]))
    return moved.astype(np.float32)


def _kind(column: str) -> str | None:
    """``offset_lu.kick`` is an ``offset_lu``, ``tilt.drums.low_db`` a ``low_db``; None for what keeps its place."""
    first, last = column.split(".")[0], column.split(".")[-1]
    return first if first in _STEPS else last if last in _STEPS else None
