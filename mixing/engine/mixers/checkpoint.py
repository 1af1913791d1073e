"""Trained mixers on disk: tensors in ``<key>.safetensors``, and beside them ``<key>.json``, the card.

The card pins the tensors by their sha256, so that a mix can say what made it. Nothing that a checkpoint holds is ever
executed: tensors are numbers, the card is JSON. Files of older formats are read through the converters below.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as parse_tensors
from safetensors.numpy import save as pack_tensors

from mixing.engine.errors import MixFailed
from mixing.engine.mixers.precision import Precision, pack, unpack
from mixing.engine.mixers.style_table import numbers_of

FORMAT_VERSION: Final = 1
SUFFIX: Final = ".safetensors"
LARGEST_BYTES: Final = 64 << 20
"""Far above any mixer; a file beyond it is none, and is not read into memory."""
STYLE_TABLE: Final = "style.table"
STYLE_VECTOR: Final = "style.vector"
SET_BY_HAND: Final = "set, not trained"

Tensors: TypeAlias = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is known of a checkpoint, as plain JSON values (``docs/checkpoint-card.schema.json``).

    Parameters
    ----------
    key, family, title, summary : str
        What it is called; ``key`` is unique among the mixers of an installation.
    architecture : Mapping[str, int]
        The sizes of the network, by which its family builds it.
    sha256, bytes : str, int
        Of the tensors' file.
    precision : Precision
        How the file holds the tensors.
    parents : tuple[str, ...]
        sha256 of the checkpoints that it comes from; none for one that was trained from the start.
    recipe : Mapping[str, Any]
        What makes it again: command, seed, steps.
    data : Mapping[str, Any]
        The songs it learned from, with title, maker and licence.
    metrics : Mapping[str, Any]
        How it does on songs it never heard.
    towers : Mapping[str, str]
        By decision: ``trained``, or ``rule`` where the rule was no worse on unseen songs and decides.
    style : Mapping[str, Any]
        The style table; ``how`` says that it was set and not trained.
    quantisation : Mapping[str, Any]
        By precision: size, load time, latency, and the error of its parameters.
    engine_version : int
        Of the analysis that it listens with.
    """

    key: str
    family: str
    title: str
    summary: str
    architecture: Mapping[str, int]
    sha256: str
    bytes: int
    precision: Precision
    engine_version: int
    parents: tuple[str, ...] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    towers: Mapping[str, str] = field(default_factory=dict)
    style: Mapping[str, Any] = field(default_factory=dict)
    quantisation: Mapping[str, Any] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        """Readable and stable: the same card gives the same bytes."""
        values = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        return json.dumps(values, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A card and the tensors that it pins, as float32 whatever the file's precision."""

    card: Card
    tensors: Tensors

    def expect(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Refuse tensors that do not fit a network of these shapes.

        Raises
        ------
        MixFailed
            ``checkpoint_foreign``, which names the first tensor that differs.
        """
        for name in sorted({*shapes, *self.tensors}):
            found = self.tensors[name].shape if name in self.tensors else None
            if found != shapes.get(name):
                raise MixFailed(
                    "checkpoint_foreign",
                    f"The checkpoint {self.card.key} is of another shape: {name} is {found}, not {shapes.get(name)}.",
                    field=name,
                )


def sha256_of(data: bytes) -> str:
    """Hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def save(
    folder: Path, card: Card, tensors: Tensors, *, precision: Precision = "float32", name: str | None = None
) -> Card:
    """Write ``<name>.safetensors`` and its card into ``folder``, the same bytes for the same content.

    Parameters
    ----------
    card : Card
        ``sha256``, ``bytes`` and ``precision`` are filled in.
    name : str | None
        Of the files; the card's key unless told.

    Returns
    -------
    Card
        As written. Each file appears whole or not at all, the tensors first.
    """
    data = pack_tensors(pack(tensors, precision))
    written = dataclasses.replace(card, sha256=sha256_of(data), bytes=len(data), precision=precision)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name or card.key}{SUFFIX}"
    _write(path, data)
    _write(path.with_suffix(".json"), written.to_json().encode())
    return written


def load(path: Path) -> Checkpoint:
    """Read a checkpoint by its ``.safetensors`` or ``.json`` file.

    Raises
    ------
    MixFailed
        ``checkpoint_missing``, ``checkpoint_format`` (of a format that this program does not know),
        ``checkpoint_broken`` (not a checkpoint) or ``checkpoint_tampered`` (not the tensors that the card pins).
    """
    raw = _raw_card(path.with_suffix(".json"))
    card = _card(raw, path)
    data = _bytes_of(path.with_suffix(SUFFIX))
    if sha256_of(data) != card.sha256:
        raise MixFailed(
            "checkpoint_tampered",
            f"The weights of {card.key} are not those that its card describes; install the checkpoint again.",
            field=card.key,
        )
    try:
        tensors: Tensors = unpack(parse_tensors(data))
    except (SafetensorError, ValueError, KeyError) as error:
        raise _broken(path, str(error)) from error
    for version in range(_version(raw, path), FORMAT_VERSION):
        tensors = _CONVERTERS[version].tensors(tensors)
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise _broken(path, "it holds numbers that are none")
    return Checkpoint(card=card, tensors=tensors)


def read_card(path: Path) -> Card:
    """The card alone; raises what :func:`load` does about a card."""
    return _card(_raw_card(path), path)


# ---- older formats ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Converter:
    """From one format version to the next."""

    card: Callable[[dict[str, Any]], dict[str, Any]]
    tensors: Callable[[Tensors], Tensors]


def _card_from_0(raw: dict[str, Any]) -> dict[str, Any]:
    """Format 0 called the hash ``hash``, listed songs by name only, knew float32 alone and no styles."""
    card = {name: value for name, value in raw.items() if name not in ("hash", "songs")}
    songs = [{"id": name, "title": name, "artist": "", "licence": "unknown"} for name in raw.get("songs", [])]
    return {
        **card,
        "format_version": 1,
        "sha256": raw.get("hash"),
        "precision": "float32",
        "data": {"songs": songs},
        "style": {},
    }


def _tensors_from_0(tensors: Tensors) -> Tensors:
    """Format 0 wrote ``net.`` before every name, and knew neither styles nor shares: nothing asked, everything kept."""
    named = {name.removeprefix("net."): tensor for name, tensor in tensors.items()}
    heads = [name.removesuffix("head.bias") for name in named if name.endswith("head.bias")]
    turns = [tensor for name, tensor in named.items() if name.endswith("film.turn.weight")]
    axes = turns[0].shape[1] if turns else 0
    return {
        **named,
        **{f"{prefix}share": np.ones(1, dtype=np.float32) for prefix in heads},
        STYLE_VECTOR: np.zeros(axes, dtype=np.float32),
        STYLE_TABLE: numbers_of(None),
    }


_CONVERTERS: Final = {0: _Converter(_card_from_0, _tensors_from_0)}


# ---- reading ---------------------------------------------------------------------------------------------------------

_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "key": str, "family": str, "title": str, "summary": str, "sha256": str, "bytes": int, "engine_version": int,
    "format_version": int, "precision": str, "architecture": dict, "recipe": dict, "data": dict, "metrics": dict,
    "towers": dict, "style": dict, "quantisation": dict, "parents": (list, tuple),
}  # fmt: skip


def _raw_card(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(_bytes_of(path))
    except (ValueError, RecursionError) as error:
        raise _broken(path, "its card is not JSON") from error
    if not isinstance(raw, dict):
        raise _broken(path, "its card is not an object")
    return raw


def _version(raw: Mapping[str, Any], path: Path) -> int:
    version = raw.get("format_version")
    if type(version) is not int or (version != FORMAT_VERSION and version not in _CONVERTERS):
        raise MixFailed(
            "checkpoint_format",
            f"{path.name} is a checkpoint of format {version!r}; this program knows formats up to {FORMAT_VERSION}.",
            field=path.name,
        )
    return version


def _card(raw: dict[str, Any], path: Path) -> Card:
    for version in range(_version(raw, path), FORMAT_VERSION):
        raw = _CONVERTERS[version].card(raw)
    unknown = set(raw) - {item.name for item in dataclasses.fields(Card)}
    if unknown:
        raise _broken(path, f"its card has the unknown entry {sorted(unknown)[0]!r}")
    for name, value in raw.items():
        if not isinstance(value, _TYPES[name]) or isinstance(value, bool):
            raise _broken(path, f"{name} in its card is {type(value).__name__}")
    if raw.get("precision") not in get_args(Precision):
        raise _broken(path, "its card names no precision that this program knows")
    try:
        return Card(**{**raw, "parents": tuple(raw.get("parents", ()))})
    except TypeError as error:
        raise _broken(path, "its card is incomplete") from error


def _bytes_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise _broken(path, "it is larger than any mixer")
        return path.read_bytes()
    except OSError as error:
        raise MixFailed(
            "checkpoint_missing", f"There is no checkpoint file {path.name} that can be read.", field=path.name
        ) from error


def _broken(path: Path, what: str) -> MixFailed:
    return MixFailed("checkpoint_broken", f"{path.name} is no usable checkpoint: {what}.", field=path.name)


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)
