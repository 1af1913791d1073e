"""What a person has heard of a battle, from what their player reports, as far as it can have happened.

A player reports, every two seconds or so, which stretches of each side sounded since its last report. A report is held
against the clock: nobody hears more seconds than have passed, since the last report and since the ballot was handed
out. What is left over is cut off, from the end of what was reported, and not refused: networks stutter, and a lost
report must cost nobody their vote.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Range = tuple[float, float]
Side = Literal["a", "b"]

LEAST_SIDE_S: Final = 5.0
LEAST_COMMON_S: Final = 3.0
LEAST_SWITCHES: Final = 1
GRACE_S: Final = 1.0
"""How far a report may run ahead of the server's clock: buffers, and rounding."""
MOST_RANGES: Final = 200
_LONGEST_S: Final = 1e6


class ListeningError(ValueError):
    """A report that no player of ours sends; ``field`` names the part."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What has been heard so far.

    Parameters
    ----------
    a, b : tuple[Range, ...]
        Stretches of each side's clip in seconds, sorted, without overlap.
    a_s, b_s : float
        Seconds that sounded, repetitions included.
    switches : int
        How often the sides were exchanged.
    """

    a: tuple[Range, ...] = ()
    b: tuple[Range, ...] = ()
    a_s: float = 0.0
    b_s: float = 0.0
    switches: int = 0

    @property
    def common_s(self) -> float:
        """Seconds of the clip that were heard on both sides."""
        return length(intersection(self.a, self.b))


def checked_ranges(field: str, data: object, duration_s: float) -> tuple[Range, ...]:
    """Ranges as a report gives them, ``[[from, to], ...]``, clipped to the clip; ListeningError where they are none."""
    if not isinstance(data, list | tuple) or len(data) > MOST_RANGES:
        raise ListeningError(field, f"{field} is a list of up to {MOST_RANGES} stretches.")
    ranges = []
    for entry in data:
        if not isinstance(entry, list | tuple) or len(entry) != 2 or not all(map(_is_second, entry)):
            raise ListeningError(field, f"{field} holds stretches of the clip, as [from, to] in seconds.")
        start, end = (min(duration_s, max(0.0, float(value))) for value in entry)
        if end > start:
            ranges.append((start, end))
    return tuple(ranges)


def _is_second(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LONGEST_S


def heard_more(
    before: Heard, a: Sequence[Range], b: Sequence[Range], switches: int, *, elapsed_s: float, open_s: float
) -> Heard:
    """Add a report to what was heard before.

    Parameters
    ----------
    a, b : Sequence[Range]
        What sounded since the last report, from :func:`checked_ranges`.
    switches : int
        Since the last report; no more than four a second count.
    elapsed_s : float
        Since the last report, or since the ballot was handed out, by the server's clock.
    open_s : float
        Since the ballot was handed out. Many small reports, each with its grace, add up to no more than that.
    """
    left_s = open_s - before.a_s - before.b_s
    room = max(0.0, min(max(0.0, elapsed_s), left_s) + GRACE_S)
    new_a, used = _cut(a, room)
    new_b, also = _cut(b, room - used)
    return Heard(
        a=union((*before.a, *new_a)),
        b=union((*before.b, *new_b)),
        a_s=before.a_s + used,
        b_s=before.b_s + also,
        switches=before.switches + max(0, min(switches, math.ceil(4 * room))),
    )


def least(duration_s: float) -> tuple[float, float, int]:
    """Seconds of each side, seconds heard on both, and switches, that a vote on a clip of this length needs.

    A clip shorter than what must be heard of a side needs to be heard nine tenths, and half of it on both sides.
    """
    return min(LEAST_SIDE_S, 0.9 * duration_s), min(LEAST_COMMON_S, 0.5 * duration_s), LEAST_SWITCHES


def missing(heard: Heard, duration_s: float) -> tuple[Literal["a", "b", "common", "switch"], float] | None:
    """What a vote still lacks and how much of it (seconds, or switches), or None where enough was heard."""
    side_s, common_s, switches = least(duration_s)
    if heard.a_s < side_s:
        return "a", side_s - heard.a_s
    if heard.b_s < side_s:
        return "b", side_s - heard.b_s
    if heard.switches < switches:
        return "switch", float(switches - heard.switches)
    if heard.common_s < common_s:
        return "common", common_s - heard.common_s
    return None


# ---- ranges ----------------------------------------------------------------------------------------------------------


def union(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The same stretches, sorted and merged where they touch."""
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif end > start:
            merged.append((start, end))
    return tuple(merged)


def intersection(one: Sequence[Range], other: Sequence[Range]) -> tuple[Range, ...]:
    """What lies in both; each without overlap in itself."""
    common = [
        (max(start, begin), min(end, close))
        for start, end in one
        for begin, close in other
        if start < close and begin < end
    ]
    return union(common)


def length(ranges: Iterable[Range]) -> float:
    """Their seconds, each range for itself."""
    return math.fsum(end - start for start, end in ranges)


def _cut(ranges: Sequence[Range], room_s: float) -> tuple[list[Range], float]:
    """As many of the ranges, in their order, as there is room for; and how much that is."""
    kept: list[Range] = []
    used = 0.0
    for start, end in ranges:
        took = min(end - start, room_s - used)
        if took <= 0.0:
            break
        kept.append((start, start + took))
        used += took
    return kept, used
