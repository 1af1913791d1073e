"""``manage.py scheduler``: run what comes round by the clock until told to stop."""

from __future__ import annotations

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from aimixer_site.ops import schedule


class Command(BaseCommand):
    requires_system_checks = []
    help = "Runs periodic tasks (settings.PERIODIC) until SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        schedule.run(schedule.tasks(), stop)
