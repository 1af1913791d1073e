"""``manage.py recompute_board EXPORT``: the boards of an export, computed anew, beside what was published."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tournament.engine import recompute


class Command(BaseCommand):
    help = "Compute the boards of an export anew; ends with 1 where one differs from what was published."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("export", metavar="EXPORT")

    def handle(self, *args: Any, **options: Any) -> None:
        status = recompute.main([options["export"]])
        if status:
            sys.exit(status)
