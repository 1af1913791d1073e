"""What a number of songs allows one to conclude, and what not, in sentences that are computed and not composed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from mixing.engine.training.bootstrap import (
    bootstrap_mean,
    detectable_difference,
    paired_difference,
    songs_needed,
    spread,
)

JUDGED: Final[Mapping[str, tuple[str, str, float]]] = {
    "level_lu": ("level", " LU", 0.3),
    "eq_db": ("EQ", " dB", 0.1),
    "pan": ("pan", "", 0.03),
}
"""The measures that are spoken of: a word, the unit, and a difference that one would like to be able to find."""
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
    for measure, (word, unit, wanted) in JUDGED.items():
        places = [
            place
            for place, (own, other) in enumerate(zip(mixers[key], mixers[base], strict=True))
            if measure in own and measure in other
        ]
        if len(places) < LEAST_SONGS:
            continue
        own = [mixers[key][place][measure] for place in places]
        other = [mixers[base][place][measure] for place in places]
        if own == other:
            sentences.append(f"{key} sets {word} as {base} does.")
            continue
        sentences.append(_compared(key, base, word, unit, wanted, own, other, [artists[place] for place in places]))
    return sentences


def _compared(
    key: str,
    base: str,
    word: str,
    unit: str,
    wanted: float,
    own: Sequence[float],
    other: Sequence[float],
    artists: Sequence[str],
) -> str:
    found = paired_difference(own, other)
    by_maker = bootstrap_mean([a - b for a, b in zip(own, other, strict=True)], clusters=artists)
    shown = f"{found.mean:+.2f}{unit} [{found.low:+.2f}, {found.high:+.2f}]"
    if found.clear_of_zero:
        verdict = "better" if found.high < 0.0 else "worse"
        sentence = f"{key} is {verdict} than {base} in {word}: {shown}."
        if not by_maker.clear_of_zero:
            sentence += f" Drawn by maker the interval reaches zero [{by_maker.low:+.2f}, {by_maker.high:+.2f}]."
        return sentence
    varies = spread(own, other)
    least = detectable_difference(varies, len(own))
    return (
        f"{key} and {base} cannot be told apart in {word}: {shown}. At most {max(found.high, 0.0):.2f}{unit} worse; "
        f"these songs would show a true difference of {least:.2f}{unit}, and {wanted:g}{unit} would take "
        f"{songs_needed(varies, wanted)} songs."
    )


def _songs(count: int) -> str:
    return "One song" if count == 1 else f"{count} songs"
