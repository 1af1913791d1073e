"""Where a stem stands, from what was measured on it: energies of left and right behind width and pan."""

from __future__ import annotations

import math
from typing import Final

from mixing.engine.mixers.interface import AudioFeatures

_LEAST_KEPT = 0.01
"""At least this share of the energy is taken to remain: a balance away from a stem's only side is its end."""
LARGEST_IMBALANCE: Final = 0.98
"""No stem is sent to one side alone."""


def sides(audio: AudioFeatures, *, pan: float = 0.0, width: float = 1.0) -> tuple[float, float]:
    """Energies of left and right behind the strip's width and pan, as shares of the stem's energy before them.

    With M = (L + R)/2 and S = (L - R)/2 the width makes L = M + wS, R = M - wS. From the measured width (the side's
    share) and imbalance follow the energies of M and of S and their product, and with these both sides exactly; the
    balance then takes (1 - |pan|)² of the side that it turns away from. A mono stem is panned at constant power.
    """
    if audio.channels == 1:
        angle = (pan + 1.0) * math.pi / 4.0
        return math.cos(angle) ** 2, math.sin(angle) ** 2
    common = (1.0 - audio.width) / 2.0 + width * width * audio.width / 2.0
    apart = width * audio.imbalance / 2.0
    left, right = max(0.0, common - apart), max(0.0, common + apart)
    return left * min(1.0, 1.0 - pan) ** 2, right * min(1.0, 1.0 + pan) ** 2


def loudness_change_lu(audio: AudioFeatures, *, pan: float = 0.0, width: float = 1.0) -> float:
    """By how much width and pan change the stem's loudness, in LU; not below -20."""
    if audio.channels == 1 or (pan == 0.0 and width == 1.0):
        return 0.0
    return 10.0 * math.log10(max(sum(sides(audio, pan=pan, width=width)), _LEAST_KEPT))


def imbalance(audio: AudioFeatures, *, pan: float = 0.0, width: float = 1.0) -> float:
    """(R - L) / (R + L) of the energies behind width and pan; 0 where nothing is left."""
    left, right = sides(audio, pan=pan, width=width)
    return (right - left) / (right + left) if left + right > 0.0 else 0.0


def centring_pan(audio: AudioFeatures, *, width: float = 1.0) -> float:
    """The pan that makes both sides equally strong, -1 to 1: 0 for mono, and the loud side is turned down."""
    if audio.channels == 1:
        return 0.0
    left, right = sides(audio, width=width)
    if left <= 0.0 or right <= 0.0:
        return 0.0  # one side alone can only be silenced by a balance, never brought to the other
    return math.sqrt(left / right) - 1.0 if left < right else 1.0 - math.sqrt(right / left)


def pan_towards(audio: AudioFeatures, wanted: float, *, width: float = 1.0) -> float:
    """The pan that gives a stem this imbalance of its energies; 0 where one side is silent and stays so."""
    wanted = min(LARGEST_IMBALANCE, max(-LARGEST_IMBALANCE, wanted))
    if audio.channels == 1:
        return 2.0 * math.asin(wanted) / math.pi
    left, right = sides(audio, width=width)
    if min(left, right) <= 1e-4 * max(left, right):
        return 0.0
    ratio = (1.0 + wanted) / (1.0 - wanted) * left / right
    return 1.0 - ratio**-0.5 if ratio > 1.0 else math.sqrt(ratio) - 1.0
