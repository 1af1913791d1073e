"""Work that comes round by the clock. Each task is safe to run twice, so several schedulers do no harm."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

import structlog
from django.conf import settings
from django.db import close_old_connections
from django.utils.module_loading import import_string

log = structlog.get_logger("aimixer.schedule")


@dataclass
class Task:
    """A function and when it is due next, in seconds of the monotonic clock."""

    name: str
    call: Callable[[], object]
    every_s: float
    due_at: float = 0.0


def tasks() -> list[Task]:
    """What ``settings.PERIODIC`` names; all are due at once."""
    return [Task(name, import_string(name), every_s) for name, every_s in settings.PERIODIC.items()]


def run(planned: list[Task], stop: Event) -> None:
    """Runs tasks as they fall due until ``stop`` is set. A task that fails is logged and waits for its next time."""
    while not stop.is_set():
        for task in planned:
            if task.due_at <= time.monotonic() and not stop.is_set():
                _run_one(task)
        stop.wait(max(0.0, min(task.due_at for task in planned) - time.monotonic()))


def _run_one(task: Task) -> None:
    close_old_connections()
    try:
        task.call()
    except Exception:
        log.exception("periodic_task_failed", task=task.name)
    finally:
        close_old_connections()
        task.due_at = time.monotonic() + task.every_s
