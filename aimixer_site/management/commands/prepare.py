"""``manage.py prepare``: bring the database up to date, write the mixers' cards, make the demo song."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


class Command(BaseCommand):
    requires_system_checks = []
    help = "Brings the database up to date, writes the mixers' cards and makes the demo song. Safe to run again."

    shown_percent = 0

    def handle(self, *args: Any, **options: Any) -> None:
        for folder in (settings.MEDIA_ROOT, settings.STATIC_ROOT):
            Path(folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        self._migrate()
        from mixing.models import Song
        from mixing.services.mixers import sync_mixers

        sync_mixers()
        # Asked here first: the generator alone takes seconds to import, and every start would pay for it.
        if settings.DEMO and not Song.objects.filter(owner=None).exists():
            self._install_demo()

    def _migrate(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self._say("Preparing the database.")
            call_command("migrate", interactive=False, verbosity=0)

    def _install_demo(self) -> None:
        from mixing.services.demo import install_demo

        install_demo(self._show_progress)
        if self.shown_percent:
            self._say("The demo song is ready.")

    def _show_progress(self, fraction: float) -> None:
        """A line at the start and at every quarter: this lasts some seconds, once."""
        if not self.shown_percent:
            self._say("Composing and rendering the demo song.")
            self.shown_percent = 1
        elif int(fraction * 100) >= self.shown_percent // 25 * 25 + 25 and fraction < 1:
            self.shown_percent = int(fraction * 100)
            self._say(f"  {self.shown_percent} %")

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
