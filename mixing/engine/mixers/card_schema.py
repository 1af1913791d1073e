"""The JSON Schema of a checkpoint's card, published as ``docs/checkpoint-card.schema.json``."""

from __future__ import annotations

from typing import Any, Final, get_args

from mixing.engine.mixers.checkpoint import FORMAT_VERSION, LARGEST_BYTES
from mixing.engine.mixers.precision import Precision

_SHA256: Final = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_TEXT: Final = {"type": "string", "minLength": 1}
_NUMBER: Final = {"type": "number", "minimum": 0}


def schema() -> dict[str, Any]:
    """A JSON Schema (2020-12) of what ``Card.to_json`` writes."""
    properties = {
        "format_version": {"const": FORMAT_VERSION},
        "key": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"},
        "family": _TEXT,
        "title": _TEXT,
        "summary": {"type": "string"},
        "architecture": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}},
        "sha256": _SHA256,
        "bytes": {"type": "integer", "minimum": 1, "maximum": LARGEST_BYTES},
        "precision": {"enum": list(get_args(Precision))},
        "engine_version": {"type": "integer", "minimum": 1},
        "parents": {"type": "array", "items": _SHA256},
        "recipe": {"type": "object"},
        "data": {"type": "object", "properties": {"songs": {"type": "array", "items": _song()}}},
        "metrics": {"type": "object"},
        "towers": {"type": "object", "additionalProperties": {"enum": ["trained", "rule"]}},
        "style": {"type": "object"},
        "quantisation": {"type": "object", "additionalProperties": _row()},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Checkpoint card",
        "description": "What is known of a trained mixer; it pins the tensors beside it by their sha256.",
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def _song() -> dict[str, Any]:
    names = ("id", "title", "artist", "licence")
    return {
        "type": "object",
        "description": "A song that it learned from.",
        "properties": {name: {"type": "string"} for name in names},
        "required": list(names),
    }


def _row() -> dict[str, Any]:
    numbers = ("load_ms", "latency_ms", "level_db", "eq_db", "pan", "just_noticed")
    newer = ("width", "reduction_db", "send_db")
    return {
        "type": "object",
        "description": "One precision beside float32; just_noticed is a share of 1 dB, and of 0.1 for pan and width.",
        "properties": {
            "file": _TEXT,
            "sha256": _SHA256,
            "bytes": {"type": "integer", "minimum": 1},
            **dict.fromkeys((*numbers, *newer), _NUMBER),
        },
        "required": ["file", "sha256", "bytes", *numbers],
        "additionalProperties": False,
    }
