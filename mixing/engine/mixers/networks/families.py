"""The three families that correct a base: how each network is built from a card's sizes, and how it plays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, cast

import torch
from torch import Tensor, nn

from mixing.engine.errors import MixFailed
from mixing.engine.mixers.checkpoint import STYLE_TABLE, STYLE_VECTOR, Card, Checkpoint, Tensors
from mixing.engine.mixers.decisions import Decisions
from mixing.engine.mixers.features_matrix import IMBALANCE_COLUMN
from mixing.engine.mixers.interface import SessionFeatures
from mixing.engine.mixers.networks.batch import STYLE_AXES, Batch, batch_of_session
from mixing.engine.mixers.networks.console_net import ConsoleNet
from mixing.engine.mixers.networks.decide import corrected, equally_loud
from mixing.engine.mixers.networks.deep_sets import DeepSets
from mixing.engine.mixers.networks.outcome_towers import OUTCOMES, Playing
from mixing.engine.mixers.networks.spectrogram_cnn import SpectrogramCnn
from mixing.engine.mixers.outcomes import Outcomes
from mixing.engine.mixers.rules import rough_decisions
from mixing.engine.mixers.style_table import COLUMNS as STYLE_COLUMNS

TOWERS: Final = ("level", "eq", "pan_width")
DECIDED_BY: Final[Mapping[str, str]] = {
    "level": "level", "eq": "eq", "high_pass": "eq", "imbalance": "pan_width", "width": "pan_width",
}  # fmt: skip
"""Which of the card's towers each correction belongs to."""

DecideBase = Callable[[SessionFeatures], Decisions]


class Corrector(Protocol):
    """What every network of these families is, beside an ``nn.Module``."""

    def __call__(self, batch: Batch) -> dict[str, Tensor]: ...

    def blocks(self) -> Mapping[str, nn.Module]: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """A family: its network by the sizes of a card, its usual sizes, what it corrects, whether it needs pictures.

    ``beside`` names the sizes of what an older checkpoint does without.
    """

    network: Callable[[Mapping[str, int]], nn.Module]
    sizes: Mapping[str, int]
    base: DecideBase
    with_mel: bool = False
    beside: frozenset[str] = frozenset()


_STYLE: Final = len(STYLE_AXES)
PLANS: Final[Mapping[str, Plan]] = {
    "console-net": Plan(
        lambda sizes: ConsoleNet(hidden=sizes["hidden"], style=sizes["style"], outcomes=sizes.get("outcomes")),
        {"hidden": 48, "style": _STYLE},
        rough_decisions,
        beside=frozenset({"outcomes"}),
    ),
    "deep-sets": Plan(
        lambda sizes: DeepSets(hidden=sizes["hidden"], style=sizes["style"]),
        {"hidden": 64, "style": _STYLE},
        equally_loud,
    ),
    "spectrogram-cnn": Plan(
        lambda sizes: SpectrogramCnn(
            hidden=sizes["hidden"],
            channels=sizes["channels"],
            style=sizes["style"],
            imbalance_column=IMBALANCE_COLUMN,
        ),
        {"hidden": 48, "channels": 12, "style": _STYLE},
        rough_decisions,
        with_mel=True,
    ),
}


def build_network(family: str, sizes: Mapping[str, int]) -> nn.Module:
    """A fresh network, seeded by torch's generator; sizes beyond reason are refused.

    Raises
    ------
    MixFailed
        ``checkpoint_foreign``.
    """
    plan = PLANS[family]
    named = set(sizes) - plan.beside == set(plan.sizes)
    if not named or not all(type(size) is int and 1 <= size <= 1_024 for size in sizes.values()):
        raise MixFailed("checkpoint_foreign", f"These are no sizes of a {family}: {dict(sizes)}.", field="architecture")
    return plan.network(sizes)


def tensors_of(network: nn.Module) -> Tensors:
    """The network's tensors by name, as numpy arrays."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in network.state_dict().items()}


def load_tensors(network: nn.Module, checkpoint: Checkpoint) -> None:
    """Put a checkpoint's tensors into its network; ``checkpoint_foreign`` if they do not fit."""
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    style = checkpoint.card.architecture["style"]
    checkpoint.expect({**shapes, STYLE_VECTOR: (style,), STYLE_TABLE: (len(STYLE_COLUMNS),)})
    network.load_state_dict({name: torch.from_numpy(checkpoint.tensors[name].copy()) for name in shapes})


class Player:
    """A loaded network that decides about sessions; one thread, no gradients, the same answer each time.

    Parameters
    ----------
    base : DecideBase | None
        What is corrected; None is the family's.
    """

    def __init__(self, card: Card, tensors: Tensors, *, base: DecideBase | None = None) -> None:
        torch.set_num_threads(1)
        plan = PLANS[card.family]
        network = build_network(card.family, card.architecture)
        load_tensors(network, Checkpoint(card=card, tensors=tensors))
        network.eval()
        self._network = cast(Corrector, network)
        self._base = base or plan.base
        self._with_mel = plan.with_mel
        self._trained = {name for name, tower in DECIDED_BY.items() if card.towers.get(tower) == "trained"}
        self._style = torch.from_numpy(tensors[STYLE_VECTOR].copy())
        beside = getattr(network, "outcomes", None)
        trained = [name for name in OUTCOMES if card.towers.get(name) == "trained"]
        self.outcomes: Outcomes | None = Playing(beside, trained) if beside is not None and trained else None
        """Who corrects the formulas for wishes; None leaves them alone."""

    def decide(self, session: SessionFeatures) -> Decisions:
        """The base's decisions, corrected by the towers that the card calls trained."""
        decisions = self._base(session)
        with torch.inference_mode():
            batch, names = batch_of_session(session, self._style, with_mel=self._with_mel)
            corrections = self._network(batch) if names and self._trained else {}
        rows = {name: values[0].numpy() for name, values in corrections.items() if name in self._trained}
        return corrected(session, decisions, rows)
