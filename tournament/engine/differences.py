"""What two consoles did differently with the same stems, in a musician's words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from mixing.engine.console.differences import heard_level_db, place, title, tone_db, typical_reduction_db
from mixing.engine.console.parameters import OFF_DB, Compressor, ConsoleParameters, Eq, Strip

LEAST_LEVEL_DB: Final = 1.0
LEAST_PAN: Final = 0.15
LEAST_TONE_DB: Final = 1.0
LEAST_WIDTH: Final = 0.25
LEAST_REDUCTION_DB: Final = 1.0
LEAST_SEND_DB: Final = 3.0
MOST: Final = 5

_BANDS: Final = (
    ("low end", 40.0, 150.0),
    ("low mids", 150.0, 500.0),
    ("mids", 500.0, 2_000.0),
    ("presence", 2_000.0, 6_000.0),
    ("air", 6_000.0, 16_000.0),
)
_POINTS: Final = 9
_UNHEARD_SEND_DB: Final = -30.0
"""An effect this far below its strip is hardly heard: one that is off counts as lying there."""


class _Fact(NamedTuple):
    """A sentence, and by how many times the least difference worth a word it is large."""

    size: float
    text: str


def differences(a: ConsoleParameters, b: ConsoleParameters, *, sample_rate: int, most: int = MOST) -> tuple[str, ...]:
    """The largest differences between two consoles of one session, the largest first.

    Levels are trim + fader + group in dB, relative to the mean of all stems that sound in both mixes, since the
    clips are heard at one loudness. Tone is the mean difference of the two equalisers' responses over a band, their
    low cuts left out: those are told by themselves and last, since they mostly take away what is not there. Compression
    is the mean reduction of levels from -40 to 0 dBFS; an effect is its send and return, relative to its strip.

    Parameters
    ----------
    a, b : ConsoleParameters
        What stood on side A and on side B.
    sample_rate : int
        Of the session, in Hz; the equalisers' responses depend on it.
    most : int
        At most so many sentences.

    Returns
    -------
    tuple[str, ...]
        Such as ``Vocals: 1.5 dB louder in A``. Empty where nothing differs by 1 dB or 15 % of the way to one side.
    """
    of_b = {strip.stem: strip for strip in b.strips}
    pairs = [(strip, of_b[strip.stem]) for strip in a.strips if strip.stem in of_b]
    facts = [
        *_levels(a, b, pairs),
        *(fact for strip_a, strip_b in pairs for fact in _placing(strip_a, strip_b)),
        *_tones(a, b, pairs, sample_rate),
        *_effects(a, b, pairs),
    ]
    return tuple(fact.text for fact in sorted(facts, key=lambda fact: -fact.size)[:most])


def _levels(a: ConsoleParameters, b: ConsoleParameters, pairs: list[tuple[Strip, Strip]]) -> Iterator[_Fact]:
    levels = [(strip_a.stem, heard_level_db(a, strip_a), heard_level_db(b, strip_b)) for strip_a, strip_b in pairs]
    both = [(in_a, in_b) for _, in_a, in_b in levels if in_a is not None and in_b is not None]
    common_db = math.fsum(in_a - in_b for in_a, in_b in both) / len(both) if both else 0.0
    for stem, in_a, in_b in levels:
        if in_a is None and in_b is None:
            continue
        if in_a is None or in_b is None:
            yield _Fact(100.0, f"{title(stem)}: silent in {'A' if in_a is None else 'B'}")
            continue
        louder_db = in_a - in_b - common_db
        if abs(louder_db) >= LEAST_LEVEL_DB:
            side = "A" if louder_db > 0 else "B"
            yield _Fact(abs(louder_db) / LEAST_LEVEL_DB, f"{title(stem)}: {abs(louder_db):.1f} dB louder in {side}")


def _placing(a: Strip, b: Strip) -> Iterator[_Fact]:
    if abs(a.pan - b.pan) >= LEAST_PAN:
        text = f"{title(a.stem)}: {place(a.pan)} in A, {place(b.pan)} in B"
        yield _Fact(abs(a.pan - b.pan) / LEAST_PAN, text)
    if abs(a.width - b.width) >= LEAST_WIDTH:
        side = "A" if a.width > b.width else "B"
        yield _Fact(abs(a.width - b.width) / LEAST_WIDTH, f"{title(a.stem)}: wider in {side}")


def _tones(
    a: ConsoleParameters, b: ConsoleParameters, pairs: list[tuple[Strip, Strip]], sample_rate: int
) -> Iterator[_Fact]:
    for strip_a, strip_b in pairs:
        if heard_level_db(a, strip_a) is None or heard_level_db(b, strip_b) is None:
            continue
        eqs_a = (strip_a.eq, getattr(a.groups, strip_a.group).eq)
        eqs_b = (strip_b.eq, getattr(b.groups, strip_b.group).eq)
        yield from _tone(title(strip_a.stem), eqs_a, eqs_b, sample_rate)
        yield from _low_cut(title(strip_a.stem), strip_a.eq, strip_b.eq)
    yield from _tone("The whole mix", (a.master.eq,), (b.master.eq,), sample_rate)


def _tone(name: str, eqs_a: Sequence[Eq], eqs_b: Sequence[Eq], sample_rate: int) -> Iterator[_Fact]:
    """The band in which two chains of equalisers differ most, if it is worth a word."""
    if eqs_a == eqs_b:
        return
    gaps = [
        (float(tone_db(eqs_b, eqs_a, np.geomspace(low_hz, high_hz, _POINTS), sample_rate).mean()), band)
        for band, low_hz, high_hz in _BANDS
    ]
    gap_db, band = max(gaps, key=lambda gap: abs(gap[0]))
    if abs(gap_db) >= LEAST_TONE_DB:
        text = f"{name}: {abs(gap_db):.1f} dB more {band} in {'A' if gap_db > 0 else 'B'}"
        yield _Fact(abs(gap_db) / LEAST_TONE_DB, text)


def _low_cut(name: str, a: Eq, b: Eq) -> Iterator[_Fact]:
    """A low cut that one of them has, or that lies an octave higher in one of them."""
    in_a, in_b = (f"{eq.high_pass.freq_hz:.0f} Hz" if eq.high_pass.on else None for eq in (a, b))
    if in_a and in_b:
        if abs(math.log2(a.high_pass.freq_hz / b.high_pass.freq_hz)) >= 1.0:
            yield _Fact(1.0, f"{name}: low cut at {in_a} in A, at {in_b} in B")
    elif in_a or in_b:
        yield _Fact(1.0, f"{name}: low cut at {in_a or in_b} in {'A' if in_a else 'B'} alone")


def _effects(a: ConsoleParameters, b: ConsoleParameters, pairs: list[tuple[Strip, Strip]]) -> Iterator[_Fact]:
    for strip_a, strip_b in pairs:
        if heard_level_db(a, strip_a) is None or heard_level_db(b, strip_b) is None:
            continue
        name = title(strip_a.stem)
        yield from _compression(name, strip_a.compressor, strip_b.compressor)
        for effect in ("reverb", "delay"):
            in_a, in_b = (
                _wet_db(getattr(strip.sends, f"{effect}_db"), getattr(console, effect).return_db)
                for console, strip in ((a, strip_a), (b, strip_b))
            )
            yield from _wetness(name, effect, in_a, in_b)
    yield from _compression("The whole mix", a.master.compressor, b.master.compressor)


def _compression(name: str, a: Compressor, b: Compressor) -> Iterator[_Fact]:
    more_db = typical_reduction_db(a) - typical_reduction_db(b)
    if abs(more_db) >= LEAST_REDUCTION_DB:
        yield _Fact(abs(more_db) / LEAST_REDUCTION_DB, f"{name}: compressed more in {'A' if more_db > 0 else 'B'}")


def _wet_db(send_db: float, return_db: float) -> float:
    """The level of an effect relative to its strip."""
    return _UNHEARD_SEND_DB if OFF_DB in (send_db, return_db) else max(send_db + return_db, _UNHEARD_SEND_DB)


def _wetness(name: str, effect: str, a_db: float, b_db: float) -> Iterator[_Fact]:
    if abs(a_db - b_db) >= LEAST_SEND_DB:
        side = "A" if a_db > b_db else "B"
        alone = _UNHEARD_SEND_DB in (a_db, b_db)
        text = f"{name}: {effect} in {side} alone" if alone else f"{name}: more {effect} in {side}"
        yield _Fact(abs(a_db - b_db) / LEAST_SEND_DB, text)
