"""A finished mix as one JSON file: the stems by name, role and hash, the whole console, and what was measured."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mixing.engine.console import schema as console_schema
from mixing.engine.console.parameters import SAMPLE_RATES, ConsoleParameters
from mixing.engine.errors import MixFailed
from mixing.engine.roles import ROLES, Role

FORMAT: Final = "aimixer-session"
VERSION: Final = 1
CONSOLE_SCHEMA_FILE: Final = "console-parameters.schema.json"
_SHA256: Final = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStem:
    """A stem as it was mixed: its name on the console, and the canonical file by its hash."""

    name: str
    role: Role
    channels: int
    frames: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One mix of one song.

    Parameters
    ----------
    title, artist, licence : str
        Of the song; all but the title may be empty.
    sample_rate : int
        44100 or 48000.
    mixer, mixer_version : str
        Who set the console, in words.
    stems : tuple[SessionStem, ...]
        One for each strip.
    parameters : ConsoleParameters
        The whole console.
    report : Mapping[str, Any]
        What was measured on the mix, as ``RenderReport.to_dict`` writes it; may be empty.
    """

    title: str
    sample_rate: int
    stems: tuple[SessionStem, ...]
    parameters: ConsoleParameters
    artist: str = ""
    licence: str = ""
    mixer: str = ""
    mixer_version: str = ""
    report: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def credit(self) -> str:
        """Who mixed it, in words for a tag; empty where nobody is named."""
        version = f", version {self.mixer_version}" if self.mixer_version else ""
        return f"Mixed by {self.mixer}{version}" if self.mixer else ""

    def to_json(self) -> str:
        """The file, in UTF-8 text with indents; numbers keep every digit."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, in the order of the file."""
        parameters = self.parameters.to_dict()
        return {
            "format": FORMAT,
            "version": VERSION,
            "title": self.title,
            "artist": self.artist,
            "licence": self.licence,
            "mixer": self.mixer,
            "mixer_version": self.mixer_version,
            "sample_rate": self.sample_rate,
            "stems": [dataclasses.asdict(stem) for stem in self.stems],
            "parameters": parameters,
            "parameters_sha256": parameters_sha256(parameters),
            "report": dict(self.report),
        }


def parameters_sha256(parameters: Mapping[str, Any]) -> str:
    """The hash of a console: of its JSON with sorted keys and without spaces."""
    text = json.dumps(parameters, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_session(text: str) -> Session:
    """Read what :meth:`Session.to_json` wrote.

    Raises
    ------
    MixFailed
        ``invalid_session`` if it is not such a file, of another version, or its console was changed without its hash.
    ParameterError
        If a knob is out of its range.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise _invalid("it is not JSON") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise _invalid("it was not written by AI Mixer")
    if data.get("version") != VERSION:
        raise _invalid(f"it is of version {data.get('version')!r} and this program knows {VERSION}")
    parameters = ConsoleParameters.from_dict(data.get("parameters"))
    if data.get("parameters_sha256") != parameters_sha256(parameters.to_dict()):
        raise _invalid("its console is not the one that its hash names")
    try:
        stems = tuple(SessionStem(**stem) for stem in data["stems"])
        words = {name: str(data[name]) for name in ("title", "artist", "licence", "mixer", "mixer_version")}
        report = dict(data["report"])
    except (KeyError, TypeError, ValueError):
        raise _invalid("its stems or its report are missing") from None
    if {stem.name for stem in stems} != {strip.stem for strip in parameters.strips}:
        raise _invalid("its stems and its strips do not belong together")
    return Session(sample_rate=data.get("sample_rate", 0), stems=stems, parameters=parameters, report=report, **words)


def schema() -> dict[str, Any]:
    """A JSON Schema (2020-12) of the file; for the console's part it refers to that of the console beside it."""
    text = {"type": "string"}
    stem = {
        "name": {"type": "string", "minLength": 1, "description": "The strip's stem."},
        "role": {"enum": list(ROLES)},
        "channels": {"enum": [1, 2]},
        "frames": {"type": "integer", "minimum": 0},
        "sha256": _SHA256,
    }
    properties: dict[str, Any] = {
        "format": {"const": FORMAT},
        "version": {"const": VERSION},
        **dict.fromkeys(("title", "artist", "licence", "mixer", "mixer_version"), text),
        "sample_rate": {"enum": list(SAMPLE_RATES)},
        "stems": {"type": "array", "items": _closed(stem)},
        "parameters": {"$ref": CONSOLE_SCHEMA_FILE},
        "parameters_sha256": _SHA256,
        "report": {"type": "object", "description": "What was measured on the mix; empty where nothing was."},
    }
    return {"$schema": console_schema.DRAFT, "title": "AI Mixer session", **_closed(properties)}


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _invalid(what: str) -> MixFailed:
    return MixFailed("invalid_session", f"This session cannot be used: {what}.")
