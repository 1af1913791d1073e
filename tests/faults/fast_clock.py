"""A clock that runs :data:`TIMES` as fast as the real one; the same in every process, and across restarts."""

from __future__ import annotations

import time
from datetime import UTC, datetime

TIMES = 200.0
START_S = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
"""Where both clocks showed the same."""


def now() -> datetime:
    return datetime.fromtimestamp(START_S + (time.time() - START_S) * TIMES, tz=UTC)


def real_s(seconds: float) -> float:
    """How long one waits for so many seconds of this clock."""
    return seconds / TIMES
