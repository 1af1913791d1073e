"""Checkpoints of fresh, small networks whose heads say something, as training would have made them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mixing.engine.mixers.checkpoint import STYLE_TABLE, STYLE_VECTOR, Card, Tensors
from mixing.engine.mixers.interface import ANALYSIS_VERSION
from mixing.engine.mixers.learned import LearnedMixer, listening
from mixing.engine.mixers.networks.families import PLANS, TOWERS, build_network, tensors_of
from mixing.engine.mixers.style_table import numbers_of

SIZES = {
    "console-net": {"hidden": 8, "style": 4},
    "deep-sets": {"hidden": 8, "style": 4},
    "spectrogram-cnn": {"hidden": 8, "channels": 4, "style": 4},
}
FAMILIES = tuple(PLANS)


def outspoken(family: str, seed: int = 1) -> Tensors:
    """Tensors whose heads and styles have been moved away from zero."""
    torch.manual_seed(seed)
    network = build_network(family, SIZES[family])
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "head" in name or "turn" in name or "offsets" in name:
                parameter.normal_(std=0.5)
    style = {STYLE_VECTOR: np.zeros(4, dtype=np.float32), STYLE_TABLE: numbers_of(None)}
    return {**tensors_of(network), **style}


def card(family: str = "console-net", **changes: Any) -> Card:
    values: dict[str, Any] = {
        "key": family,
        "family": family,
        "title": "A net",
        "summary": "For tests.",
        "architecture": SIZES[family],
        "sha256": "0" * 64,
        "bytes": 0,
        "precision": "float32",
        "engine_version": ANALYSIS_VERSION,
        "towers": dict.fromkeys(TOWERS, "trained"),
    }
    return Card(**{**values, **changes})


def mixer(family: str, seed: int = 1, **changes: Any) -> LearnedMixer:
    return LearnedMixer.in_memory(card(family, **changes), outspoken(family, seed), listening)
