"""When a gate's pass rate moves: people should look at the gate before they believe it."""

from __future__ import annotations

import math
from typing import Final

LARGEST_MOVE: Final = 4.0
"""Standard deviations beyond which a gate is looked at."""
FEWEST_JUDGED: Final = 30


def alarm(passed_before: int, judged_before: int, passed_now: int, judged_now: int) -> float | None:
    """How many standard deviations a gate's pass rate fell or rose against before; None where either is under 30.

    A two-proportion z. Beyond ±4 people should look at the gate and not at the voters.
    """
    if min(judged_before, judged_now) < FEWEST_JUDGED:
        return None
    pooled = (passed_before + passed_now) / (judged_before + judged_now)
    spread = math.sqrt(max(pooled * (1 - pooled) * (1 / judged_before + 1 / judged_now), 1e-12))
    return (passed_now / judged_now - passed_before / judged_before) / spread
