"""The search of the family search: generations of consoles, judged by the mel desk all at once."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.engine.mixers.decisions import Decisions
from mixing.engine.mixers.interface import AudioFeatures, Intent, SessionFeatures
from mixing.engine.mixers.networks.reference_knobs import (
    GROUP_KNOBS,
    MASTER_KNOBS,
    STEM_KNOBS,
    Knobs,
    decisions_of_knobs,
)
from mixing.engine.mixers.networks.reference_net import Task, mixed_cost, task_of, without_denormals
from mixing.engine.roles import GROUPS
from mixing.engine.training.desk_inputs import sounds

GENERATIONS: Final = 60
POPULATION: Final = 32
BOUND: Final = 1.6
"""Largest knob number before its tanh: 92 % of each knob's reach."""
FIRST_STEP: Final = 0.35
SEED: Final = 1


def nearest(session: SessionFeatures, intent: Intent, reference: AudioFeatures, rough: Decisions) -> Decisions:
    """The decisions whose predicted mix is nearest to the reference, within a fixed number of tries.

    Stems are taken by name, so that the same tries fall to the same stems in whatever order they come.
    """
    session = dataclasses.replace(session, stems=tuple(sorted(session.stems, key=lambda stem: stem.name)))
    stems = len(session.stems)
    if not any(map(sounds, session.stems)):
        return rough
    torch.set_num_threads(1)
    with without_denormals(), torch.no_grad():
        task = task_of([session] * POPULATION, [reference] * POPULATION, [rough] * POPULATION, [intent] * POPULATION)
        best = _evolved(task, stems)
        return decisions_of_knobs(session, rough, task[1], _knobs(np.repeat(best[None], POPULATION, axis=0), stems))


def _evolved(task: Task, stems: int) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cma tells that it can draw no plots
        import cma  # type: ignore[import-untyped]
    size = stems * STEM_KNOBS + len(GROUPS) * GROUP_KNOBS + MASTER_KNOBS
    options = {"seed": SEED, "popsize": POPULATION, "CMA_diagonal": True, "bounds": [-BOUND, BOUND], "verbose": -9}
    strategy = cma.CMAEvolutionStrategy(np.zeros(size), FIRST_STEP, options)
    best, least = np.zeros(size), float(_costs(task, np.zeros((POPULATION, size)), stems)[0])
    for _ in range(GENERATIONS):
        tried = np.array(strategy.ask())
        costs = _costs(task, tried, stems)
        strategy.tell(list(tried), costs.tolist())
        if costs.min() < least:
            best, least = tried[int(costs.argmin())], float(costs.min())
    return best


def _costs(task: Task, tried: NDArray[np.float64], stems: int) -> NDArray[np.float64]:
    return mixed_cost(*task, _knobs(tried, stems)).double().numpy()


def _knobs(tried: NDArray[np.float64], stems: int) -> Knobs:
    numbers = torch.from_numpy(tried).float()
    sizes = [stems * STEM_KNOBS, len(GROUPS) * GROUP_KNOBS, MASTER_KNOBS]
    each, groups, master = torch.split(numbers, sizes, dim=1)
    return Knobs(each.reshape(-1, stems, STEM_KNOBS), groups.reshape(-1, len(GROUPS), GROUP_KNOBS), master)
