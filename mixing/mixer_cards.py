"""What is known of a mixer, in the order and the words of its page. What a card does not tell is not made up here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

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
_MEASURES: Final[Mapping[str, tuple[str, str]]] = {
    "level_lu": ("Level of each stem", "LU"),
    "eq_db": ("Tone of each stem", "dB"),
    "pan": ("Place of each stem", ""),
    "mrstft": ("Spectrogram of the mix", ""),
    "loudness_lu": ("Loudness of the mix", "LU"),
    "crest_db": ("Crest of the mix", "dB"),
    "width": ("Width of the mix", ""),
    "imbalance": ("Balance of left and right", ""),
    "band_db": ("Tone of the mix", "dB"),
}
_TRAILS: Final[Mapping[str, str]] = {
    "leave_one_song_out": "Songs that it has never heard",
    "leave_one_artist_out": "Artists that it has never heard",
    "generated": "Generated songs",
}


Numbers: TypeAlias = tuple[float, float, float]
"""A mean and the ends of its interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean with its interval, placed on the scale that all rows of its figure share (0 to 1)."""

    label: str
    own: bool
    mean: float
    low: float
    high: float
    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measure of several mixers, lower being better."""

    title: str
    unit: str
    rows: tuple[Interval, ...]
    lowest: float
    largest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Figures that were measured on the same songs."""

    title: str
    figures: tuple[Figure, ...]


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
        "trials": trials(mixer, mixers),
        "towers": [(_words(name), state) for name, state in sorted(_mapping(card.get("towers")).items())],
        "style_facts": _facts(card.get("style")),
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


def trials(mixer: Mixer, mixers: Iterable[Mixer]) -> list[Trial]:
    """What was measured on this mixer, beside what was measured in the same way on the others."""
    own = dict(_intervals(mixer.card.get("metrics")))
    others = [(each, dict(_intervals(each.card.get("metrics")))) for each in mixers if each.key != mixer.key]
    by_trail: dict[tuple[str, ...], list[Figure]] = {}
    for path, numbers in own.items():
        rows = [(mixer.title, True, numbers)]
        rows += [(each.title, False, found[path]) for each, found in others if path in found]
        title, unit = _MEASURES.get(path[-1], (_words(path[-1]), ""))
        by_trail.setdefault(path[:-1], []).append(_figure(title, unit, rows))
    return [Trial(title=_trail(trail), figures=tuple(figures)) for trail, figures in by_trail.items()]


def _figure(title: str, unit: str, rows: Sequence[tuple[str, bool, Numbers]]) -> Figure:
    """Rows from the best to the worst, on one scale that begins at zero or below."""
    lowest = min(0.0, *(numbers[1] for _, _, numbers in rows))
    largest = max(max(numbers) for _, _, numbers in rows)
    span = (largest - lowest) or 1.0
    placed = (
        Interval(
            label=label,
            own=own,
            mean=mean,
            low=low,
            high=high,
            at=(mean - lowest) / span,
            start=(low - lowest) / span,
            end=(high - lowest) / span,
        )
        for label, own, (mean, low, high) in sorted(rows, key=lambda row: row[2])
    )
    return Figure(title=title, unit=unit, rows=tuple(placed), lowest=lowest, largest=largest)


def _intervals(metrics: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Numbers]]:
    """Every mean with its interval in a card's metrics, by where it stands."""
    if not isinstance(metrics, Mapping):
        return
    numbers = [metrics.get(name) for name in ("mean", "low", "high")]
    if path and all(isinstance(value, int | float) and math.isfinite(value) for value in numbers):
        mean, low, high = (float(value) for value in numbers if value is not None)
        yield path, (mean, low, high)
        return
    for name, value in metrics.items():
        yield from _intervals(value, (*path, str(name)))


def _trail(path: tuple[str, ...]) -> str:
    return ", ".join(_TRAILS.get(part, _words(part)) for part in path) or "Songs that it has never heard"


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


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


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
        return f"{value:.3g}".replace("-", "−")
    if isinstance(value, int):
        return f"{value:,}".replace(",", " ")
    return str(value)
