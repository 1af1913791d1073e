"""What a number of songs allows one to conclude, and what not, in sentences that are computed and not composed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from mixing.engine.training.bootstrap import (
    Interval,
    bootstrap_mean,
    detectable_difference,
    paired_difference,
    songs_needed,
    spread,
)


class Judged(NamedTuple):
    """A measure that is spoken of: its word, unit and digits, and a difference that one would like to find."""

    word: str
    unit: str
    digits: int
    wanted: float

    def signed(self, value: float) -> str:
        """Such as ``+0.31``, and never a signed zero."""
        return f"{round(value, self.digits) + 0.0:+.{self.digits}f}"

    def plain(self, value: float) -> str:
        """Such as ``0.31 LU``."""
        return f"{value:.{self.digits}f}{self.unit}"


JUDGED: Final[Mapping[str, Judged]] = {
    "level_lu": Judged("level", " LU", 2, 0.3),
    "eq_db": Judged("EQ", " dB", 3, 0.1),
    "pan": Judged("pan", "", 3, 0.03),
}
LEAST_SONGS: Final = 5
"""With fewer, no interval can be trusted: resampling them only repeats them."""

Errors = Mapping[str, float]

_BASES: Final[Mapping[str, frozenset[str]]] = {
    "equal-loudness": frozenset({"faders-up", "equal-loudness"}),
    "rough-mix": frozenset({"faders-up", "equal-loudness", "rough-mix"}),
}
"""Beside whom mixers are put, and who is not put there."""


def conclusions(mixers: Mapping[str, Sequence[Errors]], artists: Sequence[str], vocals: Sequence[bool]) -> list[str]:
    """Sentences about each mixer beside the rules, then about the songs themselves.

    Parameters
    ----------
    mixers : Mapping[str, Sequence[Mapping[str, float]]]
        By key: the errors on each song, in one order; an empty one where a mixer has none.
    artists : Sequence[str]
        Whose each song is.
    vocals : Sequence[bool]
        Whether each song has any.
    """
    sentences = [_evidence(artists, vocals)]
    if len(artists) < LEAST_SONGS:
        sentences.append(
            f"{_songs(len(artists))} cannot carry an interval: take these numbers for examples, not for a result."
        )
        return sentences
    for base, anchors in _BASES.items():
        for key in mixers:
            if base in mixers and key not in anchors:
                sentences += _beside(key, base, mixers, artists)
    return sentences


def _evidence(artists: Sequence[str], vocals: Sequence[bool]) -> str:
    counted = Counter(artists).most_common(1)[0]
    largest = f", {counted[1]} of them by {counted[0]}" if counted[1] > 1 else ""
    return (
        f"{_songs(len(artists))} by {len(set(artists))} maker{'s' * (len(set(artists)) != 1)}{largest}; "
        f"{sum(vocals)} with vocals. What holds here holds for songs like these."
    )


def _beside(key: str, base: str, mixers: Mapping[str, Sequence[Errors]], artists: Sequence[str]) -> list[str]:
    sentences = []
    for measure, judged in JUDGED.items():
        places = [
            place
            for place, (own, other) in enumerate(zip(mixers[key], mixers[base], strict=True))
            if measure in own and measure in other
        ]
        if len(places) < LEAST_SONGS:
            continue
        own = [mixers[key][place][measure] for place in places]
        other = [mixers[base][place][measure] for place in places]
        if _same(own, other, judged):
            sentences.append(f"{key} sets {judged.word} as {base} does.")
            continue
        sentences.append(_compared(key, base, judged, own, other, [artists[place] for place in places]))
    return sentences


def _compared(
    key: str, base: str, judged: Judged, own: Sequence[float], other: Sequence[float], artists: Sequence[str]
) -> str:
    found = paired_difference(own, other)
    shown = f"{judged.signed(found.mean)}{judged.unit} {_interval(found, judged)}"
    if found.clear_of_zero:
        verdict = "better" if found.high < 0.0 else "worse"
        sentence = f"{key} is {verdict} than {base} in {judged.word}: {shown}."
        by_maker = bootstrap_mean([a - b for a, b in zip(own, other, strict=True)], clusters=artists)
        if not by_maker.clear_of_zero:
            sentence += f" Drawn by maker the interval reaches zero {_interval(by_maker, judged)}."
        return sentence
    varies = spread(own, other)
    least = detectable_difference(varies, len(own))
    return (
        f"{key} and {base} cannot be told apart in {judged.word}: {shown}. At most "
        f"{judged.plain(max(found.high, 0.0))} worse; these songs would show a true difference of "
        f"{judged.plain(least)}, {_beyond(varies, least, judged)}."
    )


def _same(own: Sequence[float], other: Sequence[float], judged: Judged) -> bool:
    """Whether they differ by less than the last digit on average, as where a decision was left to the rule."""
    return sum(abs(a - b) for a, b in zip(own, other, strict=True)) / len(own) < 10.0**-judged.digits


def _interval(found: Interval, judged: Judged) -> str:
    return f"[{judged.signed(found.low)}, {judged.signed(found.high)}]"


def _beyond(varies: float, least: float, judged: Judged) -> str:
    if least <= judged.wanted:
        return "and a smaller one stays open"
    return f"and {judged.wanted:g}{judged.unit} would take {songs_needed(varies, judged.wanted)} songs"


def _songs(count: int) -> str:
    return "One song" if count == 1 else f"{count} songs"
