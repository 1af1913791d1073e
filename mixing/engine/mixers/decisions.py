"""What a mixer decides, in audible units: how loud, how bright, how wide, how tight, how far away.

Mixers answer these and leave the knobs to :func:`mixing.engine.mixers.assemble.assemble`, so that styles, wishes,
targets and locks mean the same whichever mixer set the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mixing.engine.console.parameters import Compressor, Delay, Eq, Reverb, Sends
from mixing.engine.roles import Group

_FLAT: Final = Eq()
_ROOM: Final = Reverb()
_ECHO: Final = Delay()


@dataclass(frozen=True, slots=True, kw_only=True)
class StemDecision:
    """What is wanted of one stem; a default-constructed one leaves it at the song's mean, flat, centred and dry.

    Parameters
    ----------
    level_lu : float
        Loudness of the stem behind its whole strip, in LU around the song's mean.
    eq : Eq
        The strip's equaliser; what it changes of the loudness is predicted and given back by the fader.
    pan, width : float
        As the strip has them; what they take of the loudness is given back too.
    gain_reduction_db : float
        By how much a compressor turns the loud moments down, 0 for none: the largest reduction that a meter shows in
        the 50 ms whose peaks reach the 95th percentile, on average. Threshold, ratio, times and makeup follow from the
        role and the stem's peaks, and from a network where one knows better.
    compressor : Compressor | None
        The compressor itself instead, its threshold against the trimmed stem; what it takes is given back by the fader.
    reverb_lu, delay_lu : float | None
        Loudness of the stem's reverb, or of its echoes, beside its dry sound, in LU; None is dry.
    sends : Sends | None
        The sends themselves instead.
    """

    level_lu: float = 0.0
    eq: Eq = _FLAT
    pan: float = 0.0
    width: float = 1.0
    gain_reduction_db: float = 0.0
    compressor: Compressor | None = None
    reverb_lu: float | None = None
    delay_lu: float | None = None
    sends: Sends | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDecision:
    """What is wanted of a group's sum: glue and tone; its loudness stays what the stems make of it."""

    gain_reduction_db: float = 0.0
    eq: Eq = _FLAT
    compressor: Compressor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterDecision:
    """What is wanted of the whole mix; its loudness is the intent's."""

    gain_reduction_db: float = 0.0
    eq: Eq = _FLAT
    compressor: Compressor | None = None


_UNTOUCHED: Final = MasterDecision()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """All that a mixer decides about a song.

    Parameters
    ----------
    stems : Mapping[str, StemDecision]
        By stem name; silent stems may be absent, and an absent stem that sounds takes the default decision.
    groups : Mapping[Group, GroupDecision]
        Absent groups are left alone.
    reverb, delay : Reverb, Delay
        The buses; what their ``return_db`` takes is made up for by the sends.
    """

    stems: Mapping[str, StemDecision]
    groups: Mapping[Group, GroupDecision] = field(default_factory=dict)
    reverb: Reverb = _ROOM
    delay: Delay = _ECHO
    master: MasterDecision = _UNTOUCHED
