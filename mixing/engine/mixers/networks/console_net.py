"""A tower for each decision, each a set network of its own, so that towers can change places between two mixers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor, nn

from mixing.engine.mixers.features_matrix import COLUMNS, columns_for, mirrored
from mixing.engine.mixers.networks.batch import LABELS, Batch
from mixing.engine.mixers.networks.outcome_towers import OutcomeTowers
from mixing.engine.mixers.networks.towers import SetTower, Standardise

LEVEL_LU: Final = 4.0
EQ_DB: Final = 6.0
IMBALANCE: Final = 0.8
WIDTH_OCTAVES: Final = 0.5
HIGH_PASS_OCTAVES: Final = 2.0
"""The largest corrections of the base's level, of each band's gain, of the energies' imbalance, and so on."""
BANDS_OF_EQ: Final = 5
TONE: Final = (*[EQ_DB] * BANDS_OF_EQ, HIGH_PASS_OCTAVES)
"""Bounds of all that shapes the tone."""


def named(level: Tensor, tone: Tensor, imbalance: Tensor, width: Tensor) -> dict[str, Tensor]:
    """The corrections of :func:`mixing.engine.mixers.networks.decide.corrected` by name."""
    return {
        "level": level,
        "eq": tone[..., :BANDS_OF_EQ],
        "high_pass": tone[..., BANDS_OF_EQ],
        "imbalance": imbalance,
        "width": width,
    }


class ConsoleNet(nn.Module):
    """Towers level, eq and pan_width; the outputs correct what the rough mix decides.

    ``pan_width`` looks at the song and at its mirror image: what it says about left is what it would say about right.
    Where ``outcomes`` gives their size, the towers dynamics, space, groups and master stand beside: they correct what
    the formulas make of wishes, whoever wishes, and have no part in :meth:`forward`.
    """

    mirror: Tensor

    def __init__(self, *, hidden: int, style: int, outcomes: int | None = None) -> None:
        super().__init__()
        self.features = Standardise(COLUMNS)
        bounds = {
            "level": torch.tensor([LEVEL_LU]),
            "eq": torch.tensor(TONE),
            "pan_width": torch.tensor([IMBALANCE, WIDTH_OCTAVES]),
        }
        self.towers = nn.ModuleDict(
            {
                name: SetTower(inputs=len(columns_for(name)) + LABELS, hidden=hidden, style=style, bounds=bound)
                for name, bound in bounds.items()
            }
        )
        self.register_buffer("mirror", torch.from_numpy(mirrored()), persistent=False)
        self.outcomes = None if outcomes is None else OutcomeTowers(hidden=outcomes)

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Corrections by name, each ``(sessions, stems)``, and ``eq`` with five bands; see :func:`named`."""
        labels = batch.labels()
        stems, mirror_image = self.features(batch.values), self.features(batch.values * self.mirror)

        def tower(name: str, values: Tensor) -> Tensor:
            seen = torch.cat([values[..., columns_for(name)], labels], dim=-1)
            decided: Tensor = self.towers[name](seen, batch.groups, batch.heard, batch.style)
            return decided

        here, there = tower("pan_width", stems), tower("pan_width", mirror_image)
        return named(
            level=tower("level", stems)[..., 0],
            tone=tower("eq", stems),
            imbalance=(here[..., 0] - there[..., 0]) / 2.0,
            width=(here[..., 1] + there[..., 1]) / 2.0,
        )

    def blocks(self) -> Mapping[str, nn.Module]:
        """What is trained on human balances and stopped by itself, under the names of the card's towers."""
        return dict(self.towers.items())
