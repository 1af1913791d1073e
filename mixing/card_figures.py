"""What was measured on a mixer, as its card tells it: means with their intervals, laid out to be drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from mixing.models import Mixer

Numbers: TypeAlias = tuple[float, float, float]
"""A mean and the ends of its interval."""

_MEASURES: Final[Mapping[str, tuple[str, str]]] = {
    "level": ("Level of each stem", "LU"),
    "eq": ("Tone of each stem", "dB"),
    "pan": ("Place of each stem", "(R − L) / (R + L)"),
    "pan_width": ("Place of each stem", "(R − L) / (R + L)"),
    "bands": ("Tone of the mix", "dB"),
    "loudness": ("Loudness of the mix", "LU"),
    "mrstft": ("Spectrogram of the mix", ""),
    "crest": ("Crest of the mix", "dB"),
    "width": ("Width of the mix", ""),
    "imbalance": ("Left and right of the mix", ""),
    "dynamics": ("Dynamics", "dB"),
    "space": ("Reverb and echoes", "LU"),
    "groups": ("Compression of groups", "dB"),
    "master": ("Compression of the mix", "dB"),
}
_BESIDE_REFERENCE: Final[Mapping[str, str]] = {
    "bands": "Tone",
    "mid": "Tone of the middle",
    "side": "Tone of the sides",
    "level": "Loudness",
    "width": "Width",
    "dynamics": "Dynamics",
    "loudness_range": "Loudness range",
}
"""What is compared of a mix and the reference that it goes by."""
_UNIT_ENDINGS: Final = {"_lu": "LU", "_db": "dB", "_ms": "ms", "_s": "s"}
_PLACES: Final[Mapping[str, str]] = {"unseen songs, makers left out": "recorded", "generated songs": "generated"}
"""Parts of a card that hold all of its measures, each of other songs."""
_WORDS: Final[Mapping[str, str]] = {
    **_PLACES,
    "base": "its rule alone",
    "prior_alone": "its prior alone",
    "left_out_artists": "artists left out",
    "left_out_by_song": "song left out",
    "left_out_by_maker": "maker left out",
    "leave_one_song_out": "song left out",
    "leave_one_artist_out": "artist left out",
}
_OTHERS: Final = {"base", "prior_alone"}
_UNSAID: Final = {"trained", "difference", "distance"}
_PERCENT: Final = ", percent"
"""Ends the name of a share that a mixer takes away of another's distance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean with its interval, and where it lies on the scale that all rows of its figure share (0 to 1)."""

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
    """One measure, lower being better unless told; ``zero`` is where nought lies, None at the left edge."""

    title: str
    unit: str
    rows: tuple[Interval, ...]
    zero: float | None
    more_is_better: bool = False


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A mean in a card: of which measure, under which names, whether it is a difference of two."""

    measure: str
    names: tuple[str, ...]
    unit: str
    numbers: Numbers

    @property
    def is_difference(self) -> bool:
        return "difference" in self.names or any("_minus_" in name for name in self.names)

    @property
    def beside(self) -> str:
        """Of whose distance to a reference it tells how many per cent are gone; empty where it does not."""
        found = (name for name in self.names if name.endswith(_PERCENT))
        return next(found, "").removeprefix("less than ").removesuffix(_PERCENT)

    @property
    def is_share(self) -> bool:
        """Whether it tells how much of another's distance is gone."""
        return bool(self.beside)

    @property
    def kind(self) -> int:
        """Errors, differences of them, and shares are drawn apart, in this order."""
        return 2 if self.is_share else int(self.is_difference)

    def title(self, titles: Mapping[str, str]) -> tuple[str, str]:
        """Of its figure, and the unit."""
        title, unit = _title(self.measure)
        known = _BESIDE_REFERENCE.get(_plain(self.measure), title)
        if self.is_share:
            return f"{known}, nearer to the reference than {_word(self.beside, titles)}", "%"
        if "distance" in self.names:
            return f"{known}, off the reference", unit
        return f"{title}, difference" if self.is_difference else title, self.unit or unit


def figures(mixer: Mixer, mixers: Sequence[Mixer]) -> list[Figure]:
    """One figure for each measure of the card, and one more where it holds differences to something else."""
    titles = {each.key: each.title for each in mixers}
    own = titles.get(mixer.family, mixer.title) if _is_style(mixer.card) else mixer.title
    by_figure: dict[tuple[str, int, str], list[_Leaf]] = {}
    for leaf in _leaves(mixer.card.get("metrics")):
        by_figure.setdefault((leaf.measure, leaf.kind, leaf.beside), []).append(leaf)
    drawn = []
    shared = _shared(leaf for leaves in by_figure.values() for leaf in leaves)
    for _, leaves in sorted(by_figure.items(), key=lambda item: item[0][1]):
        rows = [(_label(leaf, shared, own, titles), _is_own(leaf, mixer, titles), leaf.numbers) for leaf in leaves]
        drawn.append(_figure(*leaves[0].title(titles), rows, more_is_better=leaves[0].is_share))
    return drawn


def notes(card: Mapping[str, Any]) -> list[str]:
    """How it was measured, in the card's own words; what all figures have in common comes first."""
    shared = [f"{_sentence(_word(name, {}))}." for name in sorted(_shared(_leaves(card.get("metrics"))))]
    styled = ["Measured without its style, which is set by hand."] if card.get("metrics") and _is_style(card) else []
    return list(dict.fromkeys([*styled, *shared, *_notes(card.get("metrics"), "")]))


def _is_style(card: Mapping[str, Any]) -> bool:
    """Whether it is another mixer's networks under a table, with that mixer's figures on its card."""
    recipe = card.get("recipe")
    return isinstance(recipe, Mapping) and recipe.get("operator") == "style"


def _shared(leaves: Iterable[_Leaf]) -> set[str]:
    """The names under which every mean of a card stands: they need not be said with each."""
    found = [set(leaf.names) for leaf in leaves]
    return set.intersection(*found) if found else set()


def _figure(
    title: str, unit: str, rows: Sequence[tuple[str, bool, Numbers]], *, more_is_better: bool = False
) -> Figure:
    """Rows from the best to the worst, on one scale that holds nought."""
    lowest = min(0.0, *(min(numbers) for _, _, numbers in rows))
    largest = max(0.0, *(max(numbers) for _, _, numbers in rows))
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
        for label, own, (mean, low, high) in sorted(rows, key=lambda row: row[2], reverse=more_is_better)
    )
    zero = -lowest / span if lowest < 0 else None
    return Figure(title=title, unit=unit, rows=tuple(placed), zero=zero, more_is_better=more_is_better)


def _leaves(metrics: object, names: tuple[str, ...] = (), unit: str = "") -> Iterator[_Leaf]:
    """Every mean with its interval, wherever it stands in a card's metrics."""
    if not isinstance(metrics, Mapping):
        return
    numbers = [metrics.get(name) for name in ("mean", "low", "high")]
    if names and all(isinstance(value, int | float) and math.isfinite(value) for value in numbers):
        mean, low, high = (float(value) for value in numbers if value is not None)
        measure = next((name for name in names if _plain(name) in _MEASURES), names[-1])
        yield _Leaf(measure, tuple(name for name in names if name != measure), unit, (mean, low, high))
        return
    said = metrics.get("unit")
    for name, value in metrics.items():
        yield from _leaves(value, (*names, str(name)), said if isinstance(said, str) else unit)


def _notes(metrics: object, place: str) -> Iterator[str]:
    """``place`` is where in the card that is, where figures name it."""
    if not isinstance(metrics, Mapping):
        return
    counted = [f"{metrics[name]} {name}" for name in ("songs", "makers", "seeds") if isinstance(metrics.get(name), int)]
    how = metrics.get("how")
    if isinstance(how, str) and how:
        yield how if how.endswith(".") else f"{how}."
    if counted:
        yield f"{place}{', '.join(counted)}."
    for name, value in metrics.items():
        said = _PLACES.get(str(name))
        yield from _notes(value, f"{_sentence(said)}: " if said else place)


def _plain(measure: str) -> str:
    """``level_lu`` is the measure ``level``."""
    for ending in _UNIT_ENDINGS:
        measure = measure.removesuffix(ending)
    return measure


def _title(measure: str) -> tuple[str, str]:
    known = _MEASURES.get(_plain(measure))
    if known is not None:
        return known
    unit = next((unit for ending, unit in _UNIT_ENDINGS.items() if measure.endswith(ending)), "")
    return _sentence(_plain(measure)), unit


def _is_own(leaf: _Leaf, mixer: Mixer, titles: Mapping[str, str]) -> bool:
    names = {name.replace("_", "-") for name in leaf.names}
    return not (_OTHERS & set(leaf.names) or (names & set(titles)) - {mixer.key})


def _label(leaf: _Leaf, shared: set[str], own: str, titles: Mapping[str, str]) -> str:
    words = []
    for name in leaf.names:
        if name in _UNSAID or name in shared or name.endswith(_PERCENT):
            continue
        if "_minus_" in name:
            words.append(" − ".join(_word(part, titles) for part in name.split("_minus_")))
        else:
            words.append(_word(name, titles))
    if "difference" in leaf.names:
        words.append("trained − rule")
    return _sentence(", ".join(words)) if words else own


def _word(name: str, titles: Mapping[str, str]) -> str:
    return titles.get(name.replace("_", "-")) or _WORDS.get(name, name.replace("_", " "))


def _sentence(words: str) -> str:
    words = words.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
