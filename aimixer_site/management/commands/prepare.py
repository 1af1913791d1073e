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
    help = "Brings the database up to date, writes the mixers' cards and makes the demo song. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        for folder in (settings.MEDIA_ROOT, settings.STATIC_ROOT):
            Path(folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        self._migrate()
        from mixing.services.mixers import sync_mixers

        sync_mixers()
        if settings.DEMO:
            self._install_demo()

    def _migrate(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self._say("Preparing the database.")
            call_command("migrate", interactive=False, verbosity=0)

    def _install_demo(self) -> None:
        from mixing.services.demo import install_demo

        install_demo()

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
