"""``manage.py worker inference|ingest``: work on one queue until told to stop."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from aimixer_site.ops.process import cores

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class Command(BaseCommand):
    requires_system_checks = []
    help = "Works on one queue until SIGTERM; the job at hand is finished first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("queue", choices=["inference", "ingest"])
        parser.add_argument("--max-jobs", type=int, help="Stop after so many jobs.")

    def handle(self, *args: Any, **options: Any) -> None:
        # Numeric libraries read these once, when they are first imported. A forking worker must hold no threads.
        threads = str(cores()) if options["queue"] == "inference" else "1"
        for name in _THREADS:
            os.environ.setdefault(name, threads)
        from aimixer_site.ops import worker

        worker.run(options["queue"], max_jobs=options["max_jobs"])
