"""Keeps a handful of child processes alive, and takes them all down with it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from aimixer_site.ops.process import die_with_parent

log = structlog.get_logger("aimixer.supervisor")

_BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
_SETTLED_AFTER_S = 60.0


@dataclass
class Child:
    """A process to keep alive. ``restarts`` counts deaths in a row: a minute of life forgives them."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    started_at: float = field(default=0.0, repr=False)
    due_at: float = field(default=0.0, repr=False)

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def ensure(self) -> None:
        """Starts it, or starts it again once its pause is over."""
        if self.process is not None:
            if self.process.poll() is None:
                return
            self._mourn(self.process.returncode)
        if time.monotonic() >= self.due_at:
            self.started_at = time.monotonic()
            self.process = self.start()

    def _mourn(self, code: int) -> None:
        self.process = None
        if time.monotonic() - self.started_at > _SETTLED_AFTER_S:
            self.restarts = 0
        pause_s = _BACKOFF_S[min(self.restarts, len(_BACKOFF_S) - 1)]
        self.restarts += 1
        self.due_at = time.monotonic() + pause_s
        log.warning("process_ended", process_name=self.name, exit_code=code, restart_in_s=pause_s)


def stop(children: Iterable[Child], *, grace_s: float) -> None:
    """Asks all of them to end, waits, and ends those that did not."""
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + grace_s
    for process in running:
        try:
            process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def python(*arguments: str, folder: Path, name: str) -> subprocess.Popen[bytes]:
    """A Python process of this site. It has a session of its own, so that Ctrl-C reaches the parent alone."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter, our own words
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "AIMIXER_PROCESS": name},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - the parent has one thread
    )
