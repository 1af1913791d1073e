"""Give up attempts whose worker is gone, and queue again what Redis forgot; the scheduler does this all the time."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from mixing.services.jobs import reap


class Command(BaseCommand):
    help = "Requeue or fail jobs whose worker is gone, and queue again what Redis forgot."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{reap()} jobs touched")
