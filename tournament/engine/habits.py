"""Gates that look at how somebody votes and not at what they say: pace, listening, and company.

Each says *pass*, *fail* or *could not tell*, like those of :mod:`tournament.engine.integrity`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from tournament.engine.integrity import FEWEST_VOTES, Judgement

AT_THE_FLOOR_S: Final = 11.5
"""A vote takes ten seconds of listening at least; this leaves a second and a half to make up one's mind."""
LARGEST_SHARE_AT_THE_FLOOR: Final = 0.9
SMALLEST_SPREAD_S: Final = 0.25
"""Between the quarters of somebody's times: people are never as even as this, programs are."""
LISTENED_AT_LEAST: Final = 0.8
"""Of the seconds that were heard of a battle, how much of that time lies after the vote before it."""
LARGEST_SHARE_OVERLAPPED: Final = 0.2
FEWEST_OVERLAPPED: Final = 5


def speed_gate(decided_after_s: Sequence[float]) -> Judgement:
    """Whether votes come as fast as the rules allow, or as evenly as a clock. ``measure`` is the median in seconds.

    Parameters
    ----------
    decided_after_s : Sequence[float]
        From the first sound to the vote, for each vote of one voter.
    """
    if len(decided_after_s) < FEWEST_VOTES:
        return _few("speed", f"{len(decided_after_s)} timed votes are few.")
    times = np.asarray(decided_after_s, dtype=np.float64)
    lower, median, upper = (float(value) for value in np.quantile(times, (0.25, 0.5, 0.75)))
    at_the_floor = float((times < AT_THE_FLOOR_S).mean())
    failed = at_the_floor > LARGEST_SHARE_AT_THE_FLOOR or upper - lower < SMALLEST_SPREAD_S
    text = (
        f"Decides after {median:.1f} s, half of the time between {lower:.1f} and {upper:.1f} s; "
        f"{at_the_floor:.0%} of {times.size} votes within {AT_THE_FLOOR_S:g} s."
    )
    return Judgement(gate="speed", verdict="fail" if failed else "pass", measure=median, text=text)


def overlap_gate(cast_at_s: Sequence[float], heard_s: Sequence[float]) -> Judgement:
    """Whether somebody listens to several battles at once. ``measure`` is the share of votes that overlap.

    Whoever heard 20 seconds of a battle and voted 5 seconds after the vote before it cannot have listened to both one
    after the other. Somebody who opens two battles and votes on both at the end does so now and then; a program does
    all the time.

    Parameters
    ----------
    cast_at_s : Sequence[float]
        When each vote of one voter was cast, in seconds of any clock, in any order.
    heard_s : Sequence[float]
        How much was played of each battle, in the same order.
    """
    if len(cast_at_s) < FEWEST_VOTES:
        return _few("overlap", f"{len(cast_at_s)} votes are few.")
    order = np.argsort(np.asarray(cast_at_s), kind="stable")
    gaps = np.diff(np.asarray(cast_at_s, dtype=np.float64)[order])
    overlapped = int((gaps < LISTENED_AT_LEAST * np.asarray(heard_s, dtype=np.float64)[order][1:]).sum())
    share = overlapped / len(cast_at_s)
    failed = overlapped >= FEWEST_OVERLAPPED and share > LARGEST_SHARE_OVERLAPPED
    return Judgement(
        gate="overlap",
        verdict="fail" if failed else "pass",
        measure=share,
        text=f"{overlapped} of {len(cast_at_s)} battles were listened to while another was.",
    )


def shared_gate(others: int, together: Judgement | None) -> Judgement:
    """Whether accounts on one network and browser push a contender together, where each alone shows too little.

    Sharing alone is no offence: households and studios do. ``measure`` is that of the judgement of all together.

    Parameters
    ----------
    others : int
        Accounts that this one shares both with.
    together : Judgement | None
        Of the push gate over the votes of all of them as if they were one voter's.
    """
    if not others or together is None:
        return Judgement(gate="shared", verdict="pass", measure=None, text="Nobody else on this network and browser.")
    company = f"{others} other {'account' if others == 1 else 'accounts'} on this network and browser. "
    return Judgement(
        gate="shared", verdict=together.verdict, measure=together.measure, text=f"{company}Together: {together.text}"
    )


def _few(gate: str, text: str) -> Judgement:
    return Judgement(gate=gate, verdict="could_not_tell", measure=None, text=text)
