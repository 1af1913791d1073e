"""What the level that a stem came with tells about where it belongs."""

from __future__ import annotations

import math
from typing import Final

GAIN_DB: Final = 12.0
"""A recording's gain is taken to be anything up to this, either way, and all of it alike."""
LARGEST_CAME_LU: Final = 20.0
"""A stem that came this far from its place tells no more than that: further out its recording was at fault."""


def believed_lu(apart_lu: float, stems: int, left_lu: float) -> float:
    """How far from the rule's level a stem is believed to belong, in LU.

    Where stems belong lies around the rule's level with the deviation ``left_lu``. They came with gains of up to
    GAIN_DB: one that came near its place says little, for all gains are alike, and one that came further away than any
    gain moves it was meant there. That is the mean of a normal distribution cut off at both sides,
    (left² / s) (φ(a) - φ(b)) / (Φ(b) - Φ(a)) with a, b = (apart ∓ GAIN_DB) / s, and s² = left² + GAIN_DB² / (3 n): the
    mean gain of the n stems, by which a song's mean is off, counts too.

    Parameters
    ----------
    apart_lu : float
        The level that it came with minus the rule's, both around the song's mean.
    stems : int
        How many stems the song has, at least one.
    left_lu : float
        What the rule leaves open; at 0 it is always right.
    """
    if left_lu <= 0.0:
        return 0.0
    apart = min(abs(apart_lu), LARGEST_CAME_LU)
    spread = math.sqrt(left_lu**2 + GAIN_DB**2 / (3 * stems))
    near, far = (apart - GAIN_DB) / spread, (apart + GAIN_DB) / spread
    within = 0.5 * (math.erfc(near / math.sqrt(2.0)) - math.erfc(far / math.sqrt(2.0)))
    # Where next to nothing is left open, the nearer end is all that can be.
    meant = spread * (_density(near) - _density(far)) / within if within > 0.0 else apart - GAIN_DB
    return math.copysign(meant * (left_lu / spread) ** 2, apart_lu)


def _density(value: float) -> float:
    return math.exp(-0.5 * value**2) / math.sqrt(2.0 * math.pi)
