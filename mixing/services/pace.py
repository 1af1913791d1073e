"""How often a run speaks: what watchers hear, when the row's heartbeat is due, and how long it will still take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_EVENTS_PER_S = 4
PERCENT_EVERY_S = 0.34
"""A little slower than the limit, so that a new stage can be told at once."""
HEARTBEAT_EVERY_S = 2.0
LOOK_EVERY_S = 0.5
SMALLEST_STEP_PERCENT = 0.1
_ETA_AFTER_S = 1.0
_ETA_AFTER_FRACTION = 0.02
_ETA_KEEPS = 0.7


@dataclass(frozen=True, slots=True)
class News:
    """A change that watchers should see."""

    percent: float
    stage: str
    eta_s: float | None


@dataclass(slots=True)
class Pace:
    """Decides for one attempt; ``clock`` gives seconds that never go back."""

    clock: Callable[[], float] = time.monotonic
    _fraction: float = 0.0
    _stage: str = ""
    _told_percent: float = 0.0
    _told_stage: str = ""
    _told_at: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS_PER_S))
    _eta_s: float | None = None
    _eta_at: float = 0.0
    _started_at: float = field(init=False)
    _wrote_at: float = field(init=False)
    _looked_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._started_at = self._wrote_at = self._looked_at = self.clock()

    def news(self, fraction: float, stage: str | None = None) -> News | None:
        """Take in how far the work is; what watchers should hear now, if anything. The fraction never falls."""
        self._fraction = max(self._fraction, min(fraction, 1.0))
        self._stage = stage or self._stage
        now = self.clock()
        if not self._is_due(now):
            return None
        self._told_at.append(now)
        self._told_percent, self._told_stage = 100.0 * self._fraction, self._stage
        return News(self._told_percent, self._stage, self._to_go_s(now))

    def wrote(self) -> None:
        """The row was written, and with it the heartbeat."""
        self._wrote_at = self._looked_at = self.clock()

    def heartbeat_is_due(self) -> bool:
        """Whether the row has not been written for so long that somebody could take it for abandoned."""
        return self.clock() - self._wrote_at >= HEARTBEAT_EVERY_S

    def look_is_due(self) -> bool:
        """Whether it is time to look for a wish to cancel."""
        now = self.clock()
        if now - self._looked_at < LOOK_EVERY_S:
            return False
        self._looked_at = now
        return True

    def _is_due(self, now: float) -> bool:
        if len(self._told_at) == MOST_EVENTS_PER_S and now - self._told_at[0] < 1.0:
            return False
        if self._stage != self._told_stage:
            return True
        moved = 100.0 * self._fraction - self._told_percent >= SMALLEST_STEP_PERCENT
        return moved and (not self._told_at or now - self._told_at[-1] >= PERCENT_EVERY_S)

    def _to_go_s(self, now: float) -> float | None:
        """Elapsed time scaled by what is left, smoothed; None at the start, when it would be a guess."""
        elapsed_s = now - self._started_at
        if elapsed_s < _ETA_AFTER_S or self._fraction < _ETA_AFTER_FRACTION:
            return None
        raw_s = elapsed_s * (1.0 - self._fraction) / self._fraction
        if self._eta_s is not None:
            expected_s = max(self._eta_s - (now - self._eta_at), 0.0)
            raw_s = _ETA_KEEPS * expected_s + (1.0 - _ETA_KEEPS) * raw_s
        self._eta_s, self._eta_at = raw_s, now
        return raw_s
