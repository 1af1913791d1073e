"""Two children of one ancestor, made up: each with a style of its own and weights that moved a little."""

from __future__ import annotations

import dataclasses

import numpy as np

from mixing.engine.mixers.checkpoint import STYLE_TABLE, STYLE_VECTOR, Checkpoint, Tensors, sha256_of
from mixing.engine.mixers.precision import pack
from mixing.engine.mixers.style_table import described, numbers_of
from mixing.engine.mixers.styles import STYLES
from tests.mixing.engine.mixers import checkpoints

VECTORS = {"dark": (0.0, -0.5, 0.0, 0.0), "wide": (0.0, 0.5, 0.0, 0.5)}


def pinned(tensors: Tensors, **changes) -> Checkpoint:
    from safetensors.numpy import save

    data = save(pack(tensors, "float32"))
    card = checkpoints.card(**{"sha256": sha256_of(data), "bytes": len(data), **changes})
    return Checkpoint(card=card, tensors=tensors)


def ancestor(family: str = "console-net", seed: int = 1) -> Checkpoint:
    songs = {"songs": [{"id": "one", "title": "One", "artist": "A", "licence": "CC0-1.0"}]}
    return pinned(checkpoints.outspoken(family, seed), family=family, data=songs)


def child(of: Checkpoint, style: str) -> Checkpoint:
    table = numbers_of(STYLES[style])
    random = np.random.default_rng(len(style) + ord(style[0]))
    tensors = {
        name: (tensor + 0.01 * tensor.std() * random.normal(size=tensor.shape)).astype(np.float32)
        for name, tensor in of.tensors.items()
    }
    tensors |= {STYLE_TABLE: table, STYLE_VECTOR: np.array(VECTORS[style], dtype=np.float32)}
    made = pinned(tensors, family=of.card.family, parents=(of.card.sha256,), key=style, title=style)
    style_card = {"how": "set, not trained", "table": described(table)}
    songs = {"songs": [*of.card.data["songs"], {"id": style, "title": style, "artist": "B", "licence": "CC0-1.0"}]}
    return dataclasses.replace(made, card=dataclasses.replace(made.card, style=style_card, data=songs))


def pair() -> tuple[Checkpoint, Checkpoint]:
    first = ancestor()
    return child(first, "dark"), child(first, "wide")


def finder(*known: Checkpoint):
    return {each.card.sha256: each for each in known}.__getitem__
