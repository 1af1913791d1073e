"""Levels in decibels as factors."""

from __future__ import annotations

from mixing.engine.console.parameters import OFF_DB


def linear(level_db: float) -> float:
    """The factor of a level: 10^(dB/20), and exactly 0 at -90 dB, where a fader is off.

    Parameters
    ----------
    level_db : float
        Level in dB; ``OFF_DB`` and everything below it is off.
    """
    return 0.0 if level_db <= OFF_DB else float(10.0 ** (level_db / 20.0))
