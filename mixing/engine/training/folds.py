"""How a network does on songs that it has not heard, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mixing.engine.training.loop import ERRORS, Recipe, advance, evaluate, start
from mixing.engine.training.prepared import Prepared

SongErrors = Mapping[str, Mapping[str, float]]


def left_out_errors(
    family: str,
    known: Sequence[Prepared],
    unknown: Sequence[Prepared],
    recipe: Recipe,
    *,
    shares: Sequence[float] = (1.0,),
    every: int = 20,
    device: str = "cpu",
) -> dict[float, dict[int, SongErrors]]:
    """Errors on unknown songs while a network learns from known ones: by share of its corrections, step and song.

    Step 0, and share 0, are the base that is corrected.
    """
    found: dict[float, dict[int, SongErrors]] = {share: {} for share in shares}
    run = start(family, known, recipe, device=device)
    for step in range(0, run.last + 1, every):
        advance(run, known, until=step)
        for share in shares:
            found[share][step] = evaluate(run.network, unknown, share=share)
    return found


def mean_errors(errors: SongErrors) -> dict[str, float]:
    """The mean over songs of each error."""
    return {name: float(np.mean([song[name] for song in errors.values()])) for name in ERRORS}
