"""A console that is broken on purpose, so that whoever listens hears it: the anchor of hidden trials.

Both halves of what it does are mistakes that no mixer makes: the lead sinks, and everything else shouts where the ear
is keenest. Loudness is matched afterwards as for any clip, so that neither half can be heard as mere level.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

from mixing.engine.console.parameters import OFF_DB, ConsoleParameters, Eq, Peak, Strip
from mixing.engine.roles import Role

LEAD_DOWN_DB: Final = 18.0
SHOUT: Final = Peak(gain_db=12.0, freq_hz=3_000.0, q=0.7)
"""Near 3 kHz the ear is most sensitive (ISO 226)."""
_LEADS: Final[tuple[Role, ...]] = (
    "lead_vocal", "backing_vocal", "electric_guitar", "acoustic_guitar", "piano", "keys", "synth", "strings", "brass",
    "woodwind", "bass",
)  # fmt: skip
"""Who leads, the first that a song has."""


def broken(console: ConsoleParameters, roles: Mapping[str, Role]) -> ConsoleParameters:
    """The same console with the lead 18 dB down and 12 dB more of everything else at 3 kHz.

    Parameters
    ----------
    console : ConsoleParameters
        As a mixer set it; unchanged.
    roles : Mapping[str, Role]
        By stem. A stem that is absent counts as any other.

    Returns
    -------
    ConsoleParameters
        Whose values all lie in their ranges. Where a song has no lead, its first stem sinks.
    """
    lead = _lead(console, roles)
    strips = tuple(_sunk(strip) if strip.stem == lead else _shouting(strip) for strip in console.strips)
    return dataclasses.replace(console, strips=strips)


def _lead(console: ConsoleParameters, roles: Mapping[str, Role]) -> str:
    stems = [strip.stem for strip in console.strips]
    ranks = {role: rank for rank, role in enumerate(_LEADS)}
    return min(stems, key=lambda stem: ranks.get(roles.get(stem, "other"), len(ranks)))


def _sunk(strip: Strip) -> Strip:
    return dataclasses.replace(strip, fader_db=max(OFF_DB, strip.fader_db - LEAD_DOWN_DB))


def _shouting(strip: Strip) -> Strip:
    eq: Eq = dataclasses.replace(strip.eq, peak_3=SHOUT)
    return dataclasses.replace(strip, eq=eq)
