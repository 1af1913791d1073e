"""Networks over sets of stems: any number, in any order; LayerNorm, since blending weights of BatchNorm goes badly."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from mixing.engine.roles import GROUPS

_FAR: Final = -1e4
"""Stands for minus infinity in a maximum over stems; a set of none gives 0 instead."""


class Standardise(nn.Module):
    """Columns brought to mean 0 and deviation 1 of the training songs, and bounded: an odd sound cannot shout."""

    mean: Tensor
    scale: Tensor

    def __init__(self, columns: int, bound: float = 4.0) -> None:
        super().__init__()
        self.bound = bound
        self.register_buffer("mean", torch.zeros(columns))
        self.register_buffer("scale", torch.ones(columns))

    def forward(self, values: Tensor) -> Tensor:
        """``(…, columns)`` to the same shape."""
        return ((values - self.mean) / self.scale).clamp(-self.bound, self.bound)

    def fit(self, values: Tensor) -> None:
        """Take mean and deviation from ``(rows, columns)``; a column that never moves counts as it is."""
        deviation = values.std(dim=0, correction=0)
        self.mean.copy_(values.mean(dim=0))
        self.scale.copy_(torch.where(deviation > 1e-3, deviation, torch.ones_like(deviation)))


class Film(nn.Module):
    """A style vector scales and shifts hidden channels; the zero vector leaves them alone."""

    def __init__(self, style: int, channels: int) -> None:
        super().__init__()
        self.turn = nn.Linear(style, 2 * channels, bias=False)
        nn.init.zeros_(self.turn.weight)

    def forward(self, hidden: Tensor, style: Tensor) -> Tensor:
        """``(batch, stems, channels)`` by ``(batch, style)``."""
        scale, shift = self.turn(style).unsqueeze(1).chunk(2, dim=-1)
        turned: Tensor = hidden * (1.0 + scale) + shift
        return turned


class SetTower(nn.Module):
    """Stem → token; tokens pooled over the song and the stem's group; both together → outputs of the stem.

    The outputs are ``bound`` · ``share`` · tanh of a head that starts at zero, so that an untrained tower corrects
    nothing. ``share`` is 1 while it learns; less afterwards shrinks what it learned from few songs towards the base.

    Parameters
    ----------
    inputs : int
        Columns of a stem.
    bounds : Tensor
        Shape ``(outputs,)``, the largest size of each.
    """

    bounds: Tensor
    share: Tensor

    def __init__(self, *, inputs: int, hidden: int, style: int, bounds: Tensor) -> None:
        super().__init__()
        self.enter = nn.Linear(inputs, hidden)
        self.enter_norm = nn.LayerNorm(hidden)
        self.film = Film(style, hidden)
        self.token = nn.Linear(hidden, hidden)
        self.mix = nn.Linear(4 * hidden, hidden)
        self.mix_norm = nn.LayerNorm(hidden)
        self.head = nn.Linear(hidden, len(bounds))
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.register_buffer("bounds", bounds, persistent=False)
        self.register_buffer("share", torch.ones(1))

    def forward(self, stems: Tensor, groups: Tensor, heard: Tensor, style: Tensor) -> Tensor:
        """``(batch, stems, inputs)``, group places and mask ``(batch, stems)`` → ``(batch, stems, outputs)``."""
        tokens = self.tokens(stems, style)
        together = torch.cat([tokens, *pooled(tokens, groups, heard)], dim=-1)
        hidden = nn.functional.gelu(self.mix_norm(self.mix(together)))
        decided: Tensor = torch.tanh(self.head(hidden)) * self.bounds * self.share * heard.unsqueeze(-1)
        return decided

    def tokens(self, stems: Tensor, style: Tensor) -> Tensor:
        """Each stem by itself: ``(batch, stems, hidden)``."""
        hidden = nn.functional.gelu(self.film(self.enter_norm(self.enter(stems)), style))
        token: Tensor = nn.functional.gelu(self.token(hidden))
        return token


def pooled(tokens: Tensor, groups: Tensor, heard: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """For every stem: the song's mean, its maximum, and the mean of the stem's group; each ``(batch, stems, …)``."""
    mask = heard.unsqueeze(-1)
    count = mask.sum(dim=1, keepdim=True).clamp(min=1.0)
    mean = (tokens * mask).sum(dim=1, keepdim=True) / count
    largest = torch.where(mask > 0, tokens, _FAR).amax(dim=1, keepdim=True).clamp(min=_FAR / 2)
    largest = torch.where(largest > _FAR / 2, largest, torch.zeros_like(largest))
    members = nn.functional.one_hot(groups, len(GROUPS)).to(tokens.dtype) * mask
    sums = torch.einsum("bsg,bsh->bgh", members, tokens)
    means = sums / members.sum(dim=1).clamp(min=1.0).unsqueeze(-1)
    of_group = torch.einsum("bsg,bgh->bsh", members, means)
    return mean.expand_as(tokens), largest.expand_as(tokens), of_group
