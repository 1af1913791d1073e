"""One shared encoder, summed over the stems, and all decisions read off it: the plainest network over a set."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mixing.engine.mixers.features_matrix import COLUMNS, mirrored
from mixing.engine.mixers.networks.batch import LABELS, Batch
from mixing.engine.mixers.networks.console_net import IMBALANCE, LEVEL_LU, TONE, WIDTH_OCTAVES, named
from mixing.engine.mixers.networks.towers import Film, Standardise


class DeepSets(nn.Module):
    """φ of each stem, the sum over the song scaled by √n, ρ of both together; levels start from equal loudness.

    Its level is an offset of each label, learned here and started at the published ones, plus what the encoder hears.
    """

    mirror: Tensor
    bounds: Tensor
    share: Tensor

    def __init__(self, *, hidden: int, style: int) -> None:
        super().__init__()
        self.features = Standardise(COLUMNS)
        self.encoder = nn.Sequential(
            nn.Linear(COLUMNS + LABELS, hidden), nn.LayerNorm(hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()
        )
        self.film = Film(style, hidden)
        self.decide = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.LayerNorm(hidden), nn.ReLU())
        bounds = torch.tensor([2.0 * LEVEL_LU, *TONE, IMBALANCE, WIDTH_OCTAVES])
        self.head = nn.Linear(hidden, len(bounds))
        self.offsets = nn.Linear(LABELS, 1, bias=False)
        for start in (self.head.weight, self.head.bias, self.offsets.weight):
            nn.init.zeros_(start)
        self.register_buffer("share", torch.ones(1))
        self.register_buffer("bounds", bounds, persistent=False)
        self.register_buffer("mirror", torch.from_numpy(mirrored()), persistent=False)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """See :meth:`ConsoleNet.forward`; the level is around the song's mean and corrects equal loudness."""
        labels = batch.labels()
        here = self._read(batch, batch.values, labels)
        there = self._read(batch, batch.values * self.mirror, labels)
        even, odd = (here + there) / 2.0, (here - there) / 2.0
        return named(
            level=even[..., 0] + self.offsets(labels)[..., 0] * self.share * batch.heard,
            tone=even[..., 1:-2],
            imbalance=odd[..., -2],
            width=even[..., -1],
        )

    def blocks(self) -> Mapping[str, nn.Module]:
        """The whole network is one block: its decisions share everything."""
        return {"all": self}

    def _read(self, batch: Batch, values: Tensor, labels: Tensor) -> Tensor:
        mask = batch.heard.unsqueeze(-1)
        tokens = self.film(self.encoder(torch.cat([self.features(values), labels], dim=-1)), batch.style) * mask
        song = tokens.sum(dim=1, keepdim=True) / mask.sum(dim=1, keepdim=True).clamp(min=1.0).sqrt()
        hidden = self.decide(torch.cat([tokens, song.expand_as(tokens)], dim=-1))
        decided: Tensor = torch.tanh(self.head(hidden)) * self.bounds * self.share * mask
        return decided
