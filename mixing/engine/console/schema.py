"""The JSON Schema of a console's parameters, read off the dataclasses that are their single truth."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from mixing.engine.console import parameters
from mixing.engine.console.parameters import SAMPLE_RATES, VERSION, ConsoleParameters, Node, Strip
from mixing.engine.roles import GROUPS

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """A JSON Schema (2020-12) of what :meth:`ConsoleParameters.to_dict` writes and ``from_dict`` reads.

    Each knob has its range, its neutral value as ``default``, its sentence as ``description`` and its unit as
    ``x-unit``. That the stems' names are unique stands in no schema: ``from_dict`` checks it.
    """
    return {
        "$schema": DRAFT,
        "title": "Console parameters",
        **_node(ConsoleParameters(strips=())),
        "required": ["strips"],
    }


def _node(fresh: Node) -> dict[str, Any]:
    hints = parameters.hints_of(type(fresh))
    properties = {
        item.name: _STRUCTURE.get(item.name) or _property(getattr(fresh, item.name), hints[item.name], item.metadata)
        for item in dataclasses.fields(fresh)  # type: ignore[arg-type]
    }
    return {
        "type": "object",
        "description": (type(fresh).__doc__ or "").split("\n", 1)[0],
        "properties": properties,
        "additionalProperties": False,
    }


def _property(neutral: Any, hint: Any, meta: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(neutral, Node):
        return _node(neutral)
    if hint is bool:
        return {"type": "boolean", "default": neutral, "description": meta["help"]}
    number = "integer" if hint == int | None else "number"
    return {
        "type": [number, "null"] if meta.get("optional") else number,
        "minimum": meta["low"],
        "maximum": meta["high"],
        "default": neutral,
        "description": meta["help"],
        "x-unit": meta["unit"],
    }


_STRUCTURE: Final[dict[str, dict[str, Any]]] = {
    "stem": {"type": "string", "minLength": 1, "description": "The stem's name, unique in the session."},
    "group": {"enum": list(GROUPS), "default": "music", "description": "The group that the strip feeds."},
    "sample_rate": {"enum": [None, *SAMPLE_RATES], "default": None, "description": "Rate of the lengths in samples."},
    "version": {"const": VERSION, "default": VERSION, "description": "Version of the tree."},
}
_STRUCTURE["strips"] = {
    "type": "array",
    "items": {**_node(Strip(stem="any")), "required": ["stem"]},
    "description": "One strip for each stem, in the session's order.",
}
