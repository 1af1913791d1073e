"""Guess a stem's role from its sound, where its name says nothing.

A softmax regression over twenty-odd readable numbers of the analysis: a coarse spectrum, how much it moves, how much
hits stand out, how wide it is. It answers only where it is confident. Its table lies beside this module and says what
it was fitted on; ``manage.py fit_roles`` writes it anew.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from mixing.engine import role_names
from mixing.engine.mixers.interface import BANDS, AudioFeatures
from mixing.engine.roles import Role

TABLE: Final = Path(__file__).with_suffix(".json")
GROUPED_BANDS: Final = 4
"""Mel bands that are averaged into one number of the coarse spectrum."""
_SPECTRUM_FLOOR_DB: Final = -50.0
_LARGEST_FLUX_DB: Final = 12.0

INPUTS: Final = (
    *(f"spectrum_{group}" for group in range(BANDS // GROUPED_BANDS)),
    *(f"variation_{group}" for group in range(BANDS // GROUPED_BANDS)),
    "crest_db", "flux_db", "activity", "centroid_octaves", "width", "peak_spread_db", "loudness_range_lu",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RoleTable:
    """What was fitted: ``scores = bias + weights @ (inputs - mean) / scale``, a row for each of ``roles``."""

    roles: tuple[Role, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    confidence: float
    """The least probability with which the table speaks."""

    def probabilities(self, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shape ``(stems, roles)`` for inputs of shape ``(stems, INPUTS)``."""
        scores = self.bias + ((inputs - self.mean) / self.scale) @ self.weights.T
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, four digits of each number."""
        return {
            "roles": list(self.roles),
            "inputs": list(INPUTS),
            "confidence": self.confidence,
            "mean": _rounded(self.mean),
            "scale": _rounded(self.scale),
            "bias": _rounded(self.bias),
            "weights": {role: _rounded(row) for role, row in zip(self.roles, self.weights, strict=True)},
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> RoleTable:
        """Read what :meth:`to_dict` wrote."""
        if data["inputs"] != list(INPUTS):
            raise ValueError("The table was fitted on other inputs; fit it anew.")
        roles = tuple(cast(Role, role) for role in data["roles"])
        arrays = {name: np.array(data[name], dtype=np.float64) for name in ("mean", "scale", "bias")}
        weights = np.array([data["weights"][role] for role in roles], dtype=np.float64)
        return cls(roles=roles, weights=weights, confidence=float(data["confidence"]), **arrays)


def guess_role(name: str, features: AudioFeatures) -> Role:
    """What the name says; where it says nothing, what the sound says; ``other`` where neither does."""
    told = role_names.guess_role(name)
    return told if told != "other" else role_by_sound(features)


def role_by_sound(features: AudioFeatures) -> Role:
    """The role that a stem sounds like; ``other`` for silence and where the table is not confident."""
    inputs = inputs_of(features)
    if inputs is None:
        return "other"
    table = shipped_table()
    [likely] = table.probabilities(inputs[None])
    best = int(np.argmax(likely))
    return table.roles[best] if likely[best] >= table.confidence else "other"


def inputs_of(features: AudioFeatures) -> NDArray[np.float64] | None:
    """INPUTS of one stem, none of which depends on its level; None for silence."""
    if not features.spectrum_db:
        return None
    spectrum_db = np.maximum(np.array(features.spectrum_db), _SPECTRUM_FLOOR_DB)
    peaks = features.peak_percentiles_dbfs
    return np.array(
        [
            *spectrum_db.reshape(-1, GROUPED_BANDS).mean(axis=1),
            *np.array(features.variation_db).reshape(-1, GROUPED_BANDS).mean(axis=1),
            min(features.crest_db, 40.0),
            min(features.flux_db, _LARGEST_FLUX_DB),
            features.activity,
            math.log2(max(features.centroid_hz, 20.0)),
            features.width,
            min(peaks[4] - peaks[2], 40.0),
            min(features.loudness_range_lu or 0.0, 30.0),
        ]
    )


@cache
def shipped_table() -> RoleTable:
    """The table beside this module."""
    return RoleTable.from_dict(json.loads(TABLE.read_text(encoding="utf-8"))["table"])


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 4) for value in values]
