"""What is known of a mixer, in the order and the words of its page. What a card does not tell is not made up here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mixing.card_figures import figures, notes
from mixing.engine.mixers.styles import STYLES
from mixing.forms import is_variant
from mixing.formulas import formula
from mixing.models import Mixer

RECOMMENDED: Final = ("console-net", "rough-mix")
"""The first of these that is there is chosen unless the musician chooses."""
GROUPS: Final = (
    ("learned", "Trained", "Learned from mixes that people made."),
    ("matching", "By a reference", "Bring your stems near a recording that you name."),
    ("rules", "Rules", "Every decision can be read. The anchors of the arena."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A mixer in the list to choose from."""

    mixer: Mixer
    recommended: bool
    variants: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class ChoiceGroup:
    """Mixers of one kind."""

    key: str
    title: str
    sentence: str
    choices: list[Choice] = field(default_factory=list)


def kind_of(mixer: Mixer) -> str:
    """``learned``, ``matching`` or ``rules``."""
    if mixer.needs_reference or mixer.family in ("reference-net", "search"):
        return "matching"
    return "learned" if mixer.sha256 else "rules"


def recommended(mixers: Sequence[Mixer]) -> Mixer | None:
    """Who is chosen where nobody chooses."""
    by_key = {mixer.key: mixer for mixer in mixers}
    return next((by_key[key] for key in RECOMMENDED if key in by_key), mixers[-1] if mixers else None)


def grouped(mixers: Sequence[Mixer]) -> list[ChoiceGroup]:
    """The mixers by kind; styles of a mixer are part of its choice, and not choices of their own."""
    first = recommended(mixers)
    groups = {key: ChoiceGroup(key=key, title=title, sentence=sentence) for key, title, sentence in GROUPS}
    for mixer in mixers:
        if is_variant(mixer, mixers):
            continue
        variants = tuple(name for name in STYLES if any(each.key == f"{mixer.key}-{name}" for each in mixers))
        groups[kind_of(mixer)].choices.append(Choice(mixer=mixer, recommended=mixer == first, variants=variants))
    for group in groups.values():
        group.choices.sort(key=lambda choice: not choice.recommended)
    return [group for group in groups.values() if group.choices]


def card_page(mixer: Mixer, mixers: Sequence[Mixer]) -> dict[str, Any]:
    """Everything that the page of one mixer shows."""
    card = mixer.card
    return {
        "mixer": mixer,
        "kind": kind_of(mixer),
        "formula": formula(mixer.key),
        "songs": _songs(card),
        "data_facts": _facts(card.get("data"), skip=("songs",)),
        "figures": figures(mixer, mixers),
        "notes": notes(card),
        "towers": [
            (_TOWERS.get(name, _words(name)), state) for name, state in sorted(_mapping(card.get("towers")).items())
        ],
        "style_facts": _facts(card.get("style")),
        "style_table": _table(_mapping(card.get("style")).get("table")),
        "precisions": _precisions(card),
        "recipe": _facts(card.get("recipe")),
        "architecture": _facts(card.get("architecture")),
        "parents": [str(parent) for parent in card.get("parents", [])],
        "bytes": card.get("bytes"),
        "precision": card.get("precision", ""),
        "engine_version": card.get("engine_version"),
        "variants": [other for other in mixers if is_variant(other, mixers) and other.family == mixer.key],
        "base": next((each for each in mixers if each.key == mixer.family and each.key != mixer.key), None),
    }


def _songs(card: Mapping[str, Any]) -> list[dict[str, str]]:
    songs = _mapping(card.get("data")).get("songs", [])
    if not isinstance(songs, list):
        return []
    names = ("title", "artist", "licence")
    return [{name: str(song.get(name) or "") for name in names} for song in songs if isinstance(song, Mapping)]


def _precisions(card: Mapping[str, Any]) -> dict[str, Any]:
    """The table of quantisation: its columns, and a row for each precision."""
    rows = {name: row for name, row in _mapping(card.get("quantisation")).items() if isinstance(row, Mapping)}
    hidden = {"sha256", "file"}
    columns = [name for name in dict.fromkeys(name for row in rows.values() for name in row) if name not in hidden]
    return {
        "columns": [_words(name) for name in columns],
        "rows": [
            {"name": name, "used": name == card.get("precision"), "cells": [_said(row.get(each)) for each in columns]}
            for name, row in rows.items()
        ],
    }


def _facts(values: object, skip: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """The plain entries of an object in words; what is deeper is left to the card itself."""
    return [
        (_words(name), _said(value))
        for name, value in _mapping(values).items()
        if name not in skip and not isinstance(value, Mapping | list) and value not in (None, "")
    ]


def _table(values: object) -> list[tuple[str, str]]:
    """A flat table such as a style's: ``offset_lu.bass`` of 1.5 is ``Offset, bass`` and ``+1.5 LU``."""
    rows = []
    for name, value in _mapping(values).items():
        parts = [part.rpartition("_") for part in str(name).split(".")]
        unit = next((_UNITS[end] for start, _, end in parts if start and end in _UNITS), "")
        words = ", ".join(start if start and end in _UNITS else f"{start}{dash}{end}" for start, dash, end in parts)
        sign = "+" if unit in ("LU", "dB") and isinstance(value, float) and value > 0 else ""
        rows.append((_words(words).replace("_", " "), f"{sign}{_said(value)} {unit}".strip()))
    return rows


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


_TOWERS: Final = {
    "eq": "Tone",
    "pan_width": "Place and width",
    "sends": "Space",
    "groups": "Groups",
    "master": "Master",
}
_UNITS: Final = {
    "ms": "ms", "s": "s", "db": "dB", "lu": "LU", "bytes": "bytes", "hz": "Hz", "jnd": "JND", "lufs": "LUFS",
}  # fmt: skip


def _words(name: str) -> str:
    """``load_time_ms`` is ``Load time (ms)``."""
    parts = str(name).replace("-", " ").split("_")
    unit = _UNITS.get(parts[-1]) if len(parts) > 1 else None
    words = " ".join(parts[:-1] if unit else parts).strip()
    return f"{words[:1].upper()}{words[1:]}" + (f" ({unit})" if unit else "")


def _said(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        shown = f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}".replace(",", " ")
        return shown.replace("-", "−")
    if isinstance(value, int):
        return f"{value:,}".replace(",", " ")
    return str(value)
