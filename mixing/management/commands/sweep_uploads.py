"""Delete uploads that were given up and files that no row names; the scheduler does this every hour."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from mixing.services.uploads import sweep


class Command(BaseCommand):
    help = "Delete expired uploads and files that no row names."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{sweep()} deleted")
