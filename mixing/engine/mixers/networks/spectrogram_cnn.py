"""A small convolutional network over log-mel windows of each stem: it sees sounds in time, and no measured feature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor, nn

from mixing.engine.mixers.networks.batch import LABELS, Batch
from mixing.engine.mixers.networks.console_net import IMBALANCE, LEVEL_LU, TONE, WIDTH_OCTAVES, named
from mixing.engine.mixers.networks.towers import SetTower

_SUMMED: Final = 2
"""Numbers beside the picture: the energies' imbalance, which mid and side power do not tell, and its size."""
_IMBALANCE_COLUMN: Final = "imbalance"


class SpectrogramCnn(nn.Module):
    """Four strided convolutions (GroupNorm), mean and maximum over windows and time, then one set network.

    Frequency is kept as a channel at the end, so that the network knows where in the spectrum something is.
    """

    def __init__(self, *, hidden: int, channels: int, style: int, imbalance_column: int) -> None:
        super().__init__()
        self.imbalance_column = imbalance_column
        steps = [(2, channels), (channels, channels), (channels, 2 * channels), (2 * channels, 2 * channels)]
        self.look = nn.Sequential(
            *[
                layer
                for before, after in steps
                for layer in (
                    nn.Conv2d(before, after, 3, stride=2, padding=1),
                    nn.GroupNorm(4, after),
                    nn.ReLU(),
                )
            ]
        )
        self.squeeze = nn.Linear(2 * 2 * channels * 3, hidden)
        bounds = torch.tensor([LEVEL_LU, *TONE, IMBALANCE, WIDTH_OCTAVES])
        self.decide = SetTower(inputs=hidden + _SUMMED + LABELS, hidden=hidden, style=style, bounds=bounds)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """See :meth:`ConsoleNet.forward`."""
        if batch.mel is None:
            raise ValueError("This network looks at spectrograms, and the batch has none.")
        seen = self._seen(batch.mel)
        here, there = self._decide(batch, seen, 1.0), self._decide(batch, seen, -1.0)
        even, odd = (here + there) / 2.0, (here - there) / 2.0
        return named(level=even[..., 0], tone=even[..., 1:-2], imbalance=odd[..., -2], width=even[..., -1])

    def blocks(self) -> Mapping[str, nn.Module]:
        """The whole network is one block."""
        return {"all": self}

    def _seen(self, mel: Tensor) -> Tensor:
        """``(sessions, stems, windows, 2, bands, frames)`` → ``(sessions, stems, hidden)``."""
        sessions, stems, windows = mel.shape[:3]
        maps = self.look(mel.flatten(0, 2) / 2.0 + 1.0)  # about -1 to 1
        maps = maps.reshape(sessions, stems, windows, *maps.shape[1:])
        steady, moving = maps.mean(dim=(2, 5)), maps.amax(dim=(2, 5))
        hidden: Tensor = self.squeeze(torch.cat([steady, moving], dim=2).flatten(2))
        return nn.functional.gelu(hidden)

    def _decide(self, batch: Batch, seen: Tensor, side: float) -> Tensor:
        lean = batch.values[..., self.imbalance_column, None]
        stems = torch.cat([seen, side * 2.0 * lean, lean.abs(), batch.labels()], dim=-1)
        decided: Tensor = self.decide(stems, batch.groups, batch.heard, batch.style)
        return decided
