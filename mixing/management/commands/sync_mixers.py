"""Write the registry's mixers into the database; runs at every start."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from mixing.services.mixers import sync_mixers


class Command(BaseCommand):
    help = "Write a row for each mixer of this version; those that are gone become inactive."

    def handle(self, *args: Any, **options: Any) -> None:
        rows = sync_mixers()
        self.stdout.write(f"{len(rows)} mixers: {', '.join(row.key for row in rows)}")
