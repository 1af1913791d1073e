"""The hybrid: the weighted average of two checkpoints of one ancestor, style table and style vector included."""

from __future__ import annotations

import numpy as np

from mixing.engine.breeding.kinship import refuse_strangers
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.checkpoint import Checkpoint, Tensors


def average(mother: Checkpoint, father: Checkpoint, *, share: float) -> Tensors:
    """(1 - share) of the mother plus share of the father, tensor by tensor.

    Children of one ancestor lie near each other, so that the way between them is a way between their sounds (linear
    mode connectivity; Wortsman et al., "Model soups", 2022).

    Parameters
    ----------
    mother, father : Checkpoint
        Relatives of one architecture; see :func:`mixing.engine.breeding.kinship.are_related`.
    share : float
        0 to 1: 0 is the mother, 1 the father, 0.5 the midpoint.

    Returns
    -------
    Tensors
        float32, computed in float64, the same bits for the same parents and share.

    Raises
    ------
    MixFailed
        ``not_related``, or ``invalid_recipe`` for a share beyond its range.
    """
    refuse_strangers(mother, father)
    if not 0.0 <= share <= 1.0:  # a NaN fails this too
        raise MixFailed("invalid_recipe", f"The father's share is {share:g}; it goes from 0 to 1.", field="share")
    return {
        name: np.asarray(
            (1.0 - share) * mother.tensors[name].astype(np.float64) + share * father.tensors[name], dtype=np.float32
        )
        for name in sorted(mother.tensors)
    }
