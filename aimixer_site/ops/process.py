"""What a process asks of the kernel."""

from __future__ import annotations

import ctypes
import os
import signal

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """The kernel ends the calling process when its parent dies, however that happens. For a child, right after fork."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0))
