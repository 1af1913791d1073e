"""The one-pole low-pass that takes the treble out of what comes back, in the delay and in the reverb."""

from __future__ import annotations

import math
from typing import Final

SHORTEST: Final = 16
"""Feedback never returns sooner than this many samples, so that sixteen can be computed at once."""


def pole(power: float, freq_hz: float, sample_rate: int) -> float:
    """The pole ``a`` of ``y = (1 - a) x + a y'`` that lets a share of the power pass at one frequency.

    From (1 - a)^2 / (1 - 2 a cos w + a^2) = ``power`` with w = 2 π ``freq_hz`` / ``sample_rate``; exact, since the
    frequency is not warped. Everything passes at 0 Hz.

    Parameters
    ----------
    power : float
        Above 0 and below 1; 1/2 is the corner of -3.01 dB.
    freq_hz : float
        Above 0 and below half the sample rate.
    sample_rate : int
        Samples per second.

    Returns
    -------
    float
        Above 0 and below 1.
    """
    middle = 1.0 - power * math.cos(2.0 * math.pi * freq_hz / sample_rate)
    rest = 1.0 - power
    # The smaller root of rest a^2 - 2 middle a + rest = 0, in the form that loses no digits.
    return rest / (middle + math.sqrt(middle * middle - rest * rest))


def kept_or_computed(samples: int | None, ms: float, sample_rate: int) -> int:
    """A length in samples: the one that the console keeps, or its milliseconds at this rate, halves rounded up."""
    return math.floor(ms * sample_rate / 1000 + 0.5) if samples is None else samples
