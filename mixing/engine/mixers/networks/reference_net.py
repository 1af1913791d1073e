"""The network that turns knobs towards a reference: it listens to the difference, corrects, and listens again.

One round: the mel desk predicts what the mix sounds like as the knobs stand, and which way it would get better; a
permutation-equivariant set network sees each stem, the knobs, what the reference has more or less of, and that way, and
moves them all. Every correction is bounded and starts at the rough mix: without a reference nothing is moved.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from mixing.engine.errors import MixFailed
from mixing.engine.mixers.assemble import DEFAULT_TARGET_LUFS
from mixing.engine.mixers.checkpoint import Card, Checkpoint, Tensors
from mixing.engine.mixers.decisions import Decisions
from mixing.engine.mixers.interface import BANDS, PEAK_PERCENTILES, AudioFeatures, Intent, SessionFeatures
from mixing.engine.mixers.networks.reference_knobs import (
    GROUP_KNOBS,
    MASTER_KNOBS,
    STEM_KNOBS,
    Base,
    Knobs,
    base_of,
    decisions_of_knobs,
    settings_of_knobs,
)
from mixing.engine.mixers.rules import rough_decisions
from mixing.engine.roles import GROUPS
from mixing.engine.training.desk_frames import decibels, usual
from mixing.engine.training.desk_inputs import sounds, sounds_of
from mixing.engine.training.likeness import PARTS, differences, heard_as, unlikeness
from mixing.engine.training.mel_desk import MixSound, StemSounds, mix

SIZES: Final[Mapping[str, int]] = {"hidden": 96, "rounds": 4}
DIFFERENCES: Final = sum(PARTS)
SOUND: Final = 2 * BANDS + 10
"""Of each stem: its share of the mix in each band, its side in each band, and ten numbers."""
LARGEST_MOVE: Final = 1.0
"""The most that one round may add to a knob's number before its tanh."""
MOST_LIMITED_DB: Final = 5.0
STRAIN: Final = 0.4
PRIOR: Final = 0.004
"""What a knob's distance from the rough mix costs, squared: of two ways to a sound, the shorter one."""


@dataclass(frozen=True, slots=True)
class Felt:
    """How the knobs stand.

    Parameters
    ----------
    differences : Tensor
        :func:`~mixing.engine.training.likeness.differences` to the reference.
    cost : Tensor
        ``(N,)``: unlikeness and strain.
    slopes : Knobs
        Where the cost rises with each knob.
    """

    differences: Tensor
    cost: Tensor
    slopes: Knobs

    def squeezed(self) -> Knobs:
        """The slopes, logarithmically, of about -1 to 1."""
        return Knobs(*(torch.sign(slope) * torch.log1p(slope.abs() * 30.0) / 3.0 for slope in self.slopes.all()))


class ReferenceNet(nn.Module):
    """The same weights in each round, and a learned length of step for each.

    Parameters
    ----------
    hidden : int
    rounds : int
    """

    def __init__(self, *, hidden: int, rounds: int) -> None:
        super().__init__()
        self.rounds = rounds
        self.difference = nn.Sequential(nn.Linear(DIFFERENCES + 2 * MASTER_KNOBS, hidden), nn.GELU(),
                                        nn.Linear(hidden, hidden))  # fmt: skip
        self.stem = nn.Sequential(
            nn.Linear(SOUND + 2 * STEM_KNOBS + len(GROUPS) + hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, hidden),
            nn.GELU(),
        )
        self.to_stem = _head(3 * hidden, hidden, STEM_KNOBS)
        self.to_group = _head(3 * hidden + 2 * GROUP_KNOBS + len(GROUPS), hidden, GROUP_KNOBS)
        self.to_master = _head(3 * hidden, hidden, MASTER_KNOBS)
        steps = torch.linspace(math.log(0.3), math.log(0.1), rounds)[:, None]
        self.log_step = nn.Parameter(steps.expand(-1, STEM_KNOBS + GROUP_KNOBS + MASTER_KNOBS).clone())

    def forward(self, stems: StemSounds, base: Base, reference: MixSound) -> list[Knobs]:
        """The knobs after each round, the neutral ones first."""
        return self.listened(stems, base, reference)[0]

    def listened(self, stems: StemSounds, base: Base, reference: MixSound) -> tuple[list[Knobs], list[Felt]]:
        """The knobs after each round, the neutral ones first, and what was felt at all but the last of them."""
        told = told_of(stems, base)
        heard = (stems.covariance[..., 0].sum(-1) + stems.covariance[..., 1].sum(-1) > 0.0).float()
        knobs, felts = [base.neutral()], []
        for length in self.log_step.exp():
            felts.append(felt(stems, base, reference, knobs[-1]))
            knobs.append(self._moved(told, stems.groups, heard, knobs[-1], felts[-1], length))
        return knobs, felts

    def _moved(self, told: Tensor, groups: Tensor, heard: Tensor, knobs: Knobs, felt: Felt, length: Tensor) -> Knobs:
        found = torch.sign(felt.differences) * torch.log1p(felt.differences.abs())
        slopes = felt.squeezed()
        wanted = self.difference(torch.cat((found, knobs.master, slopes.master), dim=-1))
        spread = wanted[:, None].expand(-1, told.shape[1], -1)
        each = self.stem(torch.cat((told, knobs.stems, slopes.stems, groups, spread), dim=-1)) * heard[..., None]
        count = heard.sum(dim=1, keepdim=True).clamp(min=1.0)
        mean, most = each.sum(dim=1) / count, each.amax(dim=1)
        around = torch.cat((mean, wanted), dim=-1)
        stem = self.to_stem(torch.cat((each, around[:, None].expand(-1, told.shape[1], -1)), dim=-1))
        fed = groups * heard[..., None]
        inside = torch.einsum("nsg,nsh->ngh", fed, each) / fed.sum(dim=1).clamp(min=1.0)[..., None]
        names = torch.eye(len(GROUPS)).expand(len(told), -1, -1)
        wide = around[:, None].expand(-1, len(GROUPS), -1)
        group = self.to_group(torch.cat((inside, wide, knobs.groups, slopes.groups, names), dim=-1))
        master = self.to_master(torch.cat((mean, most, wanted), dim=-1))
        lengths = torch.split(length, [STEM_KNOBS, GROUP_KNOBS, MASTER_KNOBS])
        return Knobs(
            *(
                before + LARGEST_MOVE * torch.tanh(move) - length * torch.tanh(slope)
                for before, move, slope, length in zip(
                    knobs.all(), (stem, group, master), slopes.all(), lengths, strict=True
                )
            )
        )


def build(sizes: Mapping[str, int]) -> ReferenceNet:
    """A fresh network of a card's sizes, seeded by torch's generator; ``checkpoint_foreign`` beyond reason."""
    if set(sizes) != set(SIZES) or not all(type(size) is int and 1 <= size <= 512 for size in sizes.values()):
        raise MixFailed(
            "checkpoint_foreign", f"These are no sizes of a reference-net: {dict(sizes)}.", field="architecture"
        )
    return ReferenceNet(hidden=sizes["hidden"], rounds=sizes["rounds"])


def told_of(stems: StemSounds, base: Base) -> Tensor:
    """What the network is told of each stem, ``(N, S, SOUND)``."""
    powers = stems.covariance[..., 0] + stems.covariance[..., 1]
    side = (powers / 2.0 - stems.covariance[..., 2]).clamp(min=0.0) * (1.0 - stems.mono[..., None])
    level = torch.exp(base.level_lu * 0.2302585)
    inside = powers * level[..., None]
    share = decibels(inside / (inside.sum(dim=1, keepdim=True) + 1e-12)).clamp(min=-40.0)
    width_db = decibels(side / (powers + 1e-12)).clamp(min=-40.0)
    sorted_db = usual(stems.peaks_db).sort(dim=-1).values
    places = [round(percent / 100 * (sorted_db.shape[-1] - 1)) for percent in PEAK_PERCENTILES]
    rest = torch.stack((stems.mono, base.pan_reach, base.pan, base.level_lu.clamp(min=-20.0) / 10.0), dim=-1)
    return torch.cat(
        (share / 20.0 + 1.0, width_db / 20.0 + 1.0, sorted_db[..., places].clamp(min=-40.0) / 20.0, rest), -1
    )


class Player:
    """A loaded network that mixes towards references; one thread, the same answer each time."""

    def __init__(self, card: Card, tensors: Tensors) -> None:
        torch.set_num_threads(1)
        network = build(card.architecture)
        shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
        Checkpoint(card=card, tensors=tensors).expect(shapes)
        network.load_state_dict({name: torch.from_numpy(tensors[name].copy()) for name in shapes})
        network.eval()
        self._network = network

    def decide(self, session: SessionFeatures) -> Decisions:
        """Without a reference: the rough mix."""
        return rough_decisions(session)

    def decide_towards(self, session: SessionFeatures, intent: Intent) -> Decisions:
        """What brings the session near the intent's reference; the rough mix where there is none, or it is silent."""
        decisions = rough_decisions(session)
        if intent.reference is None or not intent.reference.spectrum_db or not any(map(sounds, session.stems)):
            return decisions
        with without_denormals(), torch.no_grad():
            task = task_of([session], [intent.reference], [decisions], [intent])
            knobs = self._network(*task)[-1]
            return decisions_of_knobs(session, decisions, task[1], knobs)


Task = tuple[StemSounds, Base, MixSound]


def task_of(
    sessions: Sequence[SessionFeatures],
    references: Sequence[AudioFeatures],
    decisions: Sequence[Decisions],
    intents: Sequence[Intent] | None = None,
) -> Task:
    """Stems, what is corrected, and the sound to reach, as the network takes them."""
    wanted = intents or [Intent()] * len(sessions)
    targets = [
        intent.target_lufs or min(-5.0, max(-40.0, reference.loudness_lufs or DEFAULT_TARGET_LUFS))
        for intent, reference in zip(wanted, references, strict=True)
    ]
    return sounds_of(sessions), base_of(sessions, decisions, targets, wanted), heard_as(references)


@contextmanager
def without_denormals() -> Iterator[None]:
    """Vanishing powers count as none on this thread, which is three times as fast."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def cost(felt: Felt, knobs: Knobs) -> Tensor:
    """Unlikeness as these knobs stand and the price of the way there, ``(N,)``; its gradient is that of the mix.

    What was felt knows the slope of the unlikeness, so that nothing needs to be mixed a second time.
    """
    pairs = zip(felt.slopes.all(), knobs.all(), strict=True)
    leaning = torch.stack([(slope * values).flatten(1).sum(dim=1) for slope, values in pairs]).sum(dim=0)
    return felt.cost + (leaning - leaning.detach()) + _price(knobs)


def mixed_cost(stems: StemSounds, base: Base, reference: MixSound, knobs: Knobs) -> Tensor:
    """Unlikeness and the price of the way there, ``(N,)``, for those who ask for no slopes."""
    heard = mix(stems, settings_of_knobs(base, knobs))
    return unlikeness(differences(heard, reference)) + strain(heard) + _price(knobs)


def _price(knobs: Knobs) -> Tensor:
    return PRIOR * torch.stack([(values**2).flatten(1).sum(dim=1) for values in knobs.all()]).sum(dim=0)


def strain(heard: MixSound) -> Tensor:
    """The price of a limiter that works harder than MOST_LIMITED_DB, ``(N,)``: the mix would miss its loudness."""
    if heard.limited_db is None:
        return torch.zeros_like(heard.width)
    return STRAIN * (heard.limited_db - MOST_LIMITED_DB).clamp(min=0.0)


def felt(stems: StemSounds, base: Base, reference: MixSound, knobs: Knobs) -> Felt:
    """What is heard as the knobs stand."""
    with torch.enable_grad():
        turned = [values.detach().requires_grad_() for values in knobs.all()]
        heard = mix(stems, settings_of_knobs(base, Knobs(*turned)))
        found = differences(heard, reference)
        costs = unlikeness(found) + strain(heard)
        slopes = torch.autograd.grad(costs.sum(), turned)
    return Felt(found.detach(), costs.detach(), Knobs(*slopes))


def _head(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Two layers, the last of which begins at zero: an untrained net leaves everything as it is."""
    last = nn.Linear(hidden, outputs)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), last)
