"""Towers that correct the formulas for wished outcomes: networks over sets of stems, as those of ``towers``.

``dynamics`` corrects the compressors of stems, ``space`` what their sends bring back, ``groups`` and ``master`` the
compressors of sums, whose members are pooled. Each starts at zero and is bounded, so that an untrained one leaves the
formula alone, and a mutated one cannot run away from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from mixing.engine.mixers.dynamics import Correction
from mixing.engine.mixers.networks.towers import pooled
from mixing.engine.mixers.outcomes import (
    ASKED_COLUMNS,
    MEMBER_COLUMNS,
    SOUND_COLUMNS,
    SPACE_COLUMNS,
    AskedBus,
    AskedSound,
    AskedSpace,
    Member,
    asked_row,
)
from mixing.engine.roles import GROUPS, Group

THRESHOLD_DB: Final = 10.0
LOSS_LU: Final = 3.0
RETURN_LU: Final = 6.0
"""The largest corrections of a threshold, of the loudness that a compressor takes, and of what a room gives back."""
OUTCOMES: Final = ("dynamics", "space", "groups", "master")
PREFIX: Final = "outcomes."
"""Of the tensors in a checkpoint."""
_POWER_COLUMN: Final = 2


class StemOutcomes(nn.Module):
    """Stem → token; tokens pooled over the song and the stem's group; both together → corrections of the stem."""

    bounds: Tensor
    share: Tensor

    def __init__(self, *, inputs: int, hidden: int, bounds: Sequence[float]) -> None:
        super().__init__()
        self.enter = nn.Linear(inputs, hidden)
        self.enter_norm = nn.LayerNorm(hidden)
        self.token = nn.Linear(hidden, hidden)
        self.mix = nn.Linear(4 * hidden, hidden)
        self.mix_norm = nn.LayerNorm(hidden)
        self.head = _silent_head(hidden, len(bounds))
        self.register_buffer("bounds", torch.tensor(bounds), persistent=False)
        self.register_buffer("share", torch.ones(1))

    def forward(self, stems: Tensor, groups: Tensor, heard: Tensor) -> Tensor:
        """``(batch, stems, inputs)``, group places and mask ``(batch, stems)`` → ``(batch, stems, outputs)``."""
        tokens = nn.functional.gelu(self.token(nn.functional.gelu(self.enter_norm(self.enter(stems)))))
        together = torch.cat([tokens, *pooled(tokens, groups, heard)], dim=-1)
        hidden = nn.functional.gelu(self.mix_norm(self.mix(together)))
        decided: Tensor = torch.tanh(self.head(hidden)) * self.bounds * self.share * heard.unsqueeze(-1)
        return decided


class BusOutcomes(nn.Module):
    """Stem → token; the tokens of a bus's members pooled, evenly and by power; with its wish → its corrections."""

    bounds: Tensor
    share: Tensor

    def __init__(self, *, hidden: int, bounds: Sequence[float]) -> None:
        super().__init__()
        self.enter = nn.Linear(SOUND_COLUMNS + MEMBER_COLUMNS, hidden)
        self.enter_norm = nn.LayerNorm(hidden)
        self.token = nn.Linear(hidden, hidden)
        self.mix = nn.Linear(2 * hidden + ASKED_COLUMNS + len(GROUPS) + 1, hidden)
        self.mix_norm = nn.LayerNorm(hidden)
        self.head = _silent_head(hidden, len(bounds))
        self.register_buffer("bounds", torch.tensor(bounds), persistent=False)
        self.register_buffer("share", torch.ones(1))

    def forward(self, stems: Tensor, member_of: Tensor, asked: Tensor) -> Tensor:
        """What buses sum and are asked.

        Parameters
        ----------
        stems : Tensor
            ``(batch, stems, SOUND_COLUMNS + MEMBER_COLUMNS)``.
        member_of : Tensor
            ``(batch, buses, stems)``, 1 for a member.
        asked : Tensor
            ``(batch, buses, ASKED_COLUMNS + 5)``: the wish, and which bus it is.

        Returns
        -------
        Tensor
            ``(batch, buses, outputs)``.
        """
        tokens = nn.functional.gelu(self.token(nn.functional.gelu(self.enter_norm(self.enter(stems)))))
        power = 10.0 ** (0.8 * stems[..., SOUND_COLUMNS + _POWER_COLUMN]).unsqueeze(1)
        together = torch.cat([_mean(tokens, member_of), _mean(tokens, member_of * power), asked], dim=-1)
        hidden = nn.functional.gelu(self.mix_norm(self.mix(together)))
        fed = member_of.amax(dim=-1, keepdim=True)
        decided: Tensor = torch.tanh(self.head(hidden)) * self.bounds * self.share * fed
        return decided


class OutcomeTowers(nn.Module):
    """The four towers by name."""

    def __init__(self, *, hidden: int) -> None:
        super().__init__()
        compressor = (THRESHOLD_DB, LOSS_LU)
        self.dynamics = StemOutcomes(inputs=SOUND_COLUMNS + ASKED_COLUMNS, hidden=hidden, bounds=compressor)
        self.space = StemOutcomes(inputs=SOUND_COLUMNS + SPACE_COLUMNS, hidden=hidden, bounds=(RETURN_LU, RETURN_LU))
        self.groups = BusOutcomes(hidden=hidden, bounds=compressor)
        self.master = BusOutcomes(hidden=hidden, bounds=compressor)


class Playing:
    """Towers at work, as :class:`~mixing.engine.mixers.outcomes.Outcomes`; those that are not named keep silent."""

    def __init__(self, towers: OutcomeTowers, trained: Iterable[str]) -> None:
        self._towers = towers.eval()
        self._trained = frozenset(trained)

    def compressors(self, stems: Mapping[str, AskedSound]) -> Mapping[str, Correction]:
        """See :class:`~mixing.engine.mixers.outcomes.Outcomes`."""
        if "dynamics" not in self._trained:
            return {}
        rows = [np.concatenate([each.sound, asked_row(each.asked)]) for each in stems.values()]
        answers = self._of_stems(self._towers.dynamics, rows, [each.group for each in stems.values()])
        return {name: _correction(row) for name, row in zip(stems, answers, strict=True)}

    def sends(self, stems: Mapping[str, AskedSpace]) -> Mapping[str, tuple[float, float]]:
        """See :class:`~mixing.engine.mixers.outcomes.Outcomes`."""
        if "space" not in self._trained or not stems:
            return {}
        rows = [np.concatenate([each.sound, each.space]) for each in stems.values()]
        answers = self._of_stems(self._towers.space, rows, [each.group for each in stems.values()])
        return {name: (row[0], row[1]) for name, row in zip(stems, answers, strict=True)}

    def groups(self, members: Mapping[str, Member], buses: Mapping[Group, AskedBus]) -> Mapping[Group, Correction]:
        """See :class:`~mixing.engine.mixers.outcomes.Outcomes`."""
        if "groups" not in self._trained or not members:
            return {}
        answers = self._of_buses(self._towers.groups, members, list(buses.values()))
        return {group: _correction(row) for group, row in zip(buses, answers, strict=True)}

    def master(self, members: Mapping[str, Member], bus: AskedBus) -> Correction:
        """See :class:`~mixing.engine.mixers.outcomes.Outcomes`."""
        if "master" not in self._trained or not members:
            return Correction()
        return _correction(self._of_buses(self._towers.master, members, [bus])[0])

    @staticmethod
    def _of_stems(tower: StemOutcomes, rows: Sequence[np.ndarray], groups: Sequence[int]) -> list[list[float]]:
        with torch.inference_mode():
            answers: Tensor = tower(
                torch.from_numpy(np.array(rows))[None], torch.tensor([groups]), torch.ones(1, len(rows))
            )
        return list(answers[0].tolist())

    @staticmethod
    def _of_buses(tower: BusOutcomes, members: Mapping[str, Member], buses: Sequence[AskedBus]) -> list[list[float]]:
        rows = np.array([np.concatenate([each.sound, each.member]) for each in members.values()])
        member_of = torch.tensor([[float(name in bus.members) for name in members] for bus in buses])
        asked = np.array([bus_row(bus) for bus in buses])
        with torch.inference_mode():
            answers: Tensor = tower(torch.from_numpy(rows)[None], member_of[None], torch.from_numpy(asked)[None])
        return list(answers[0].tolist())


def bus_row(bus: AskedBus) -> np.ndarray:
    """The wish of a bus, and which one it is: ``(ASKED_COLUMNS + 5,)``."""
    place = np.zeros(len(GROUPS) + 1, dtype=np.float32)
    place[bus.place] = 1.0
    return np.concatenate([asked_row(bus.asked), place])


def _correction(row: Sequence[float]) -> Correction:
    return Correction(threshold_db=row[0], loss_lu=row[1])


def _silent_head(hidden: int, outputs: int) -> nn.Linear:
    head = nn.Linear(hidden, outputs)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return head


def _mean(tokens: Tensor, weights: Tensor) -> Tensor:
    """The weighted mean of the members' tokens, ``(batch, buses, hidden)``; 0 where nobody is fed."""
    total = weights.sum(dim=-1, keepdim=True)
    return torch.einsum("bns,bsh->bnh", weights, tokens) / total.clamp(min=1e-12)
