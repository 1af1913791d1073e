"""``manage.py calibrate_mixer``: how near compressors and rooms come to what was wished, by formula and by tower."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mixing.engine.errors import EngineError
from mixing.management.commands.evaluate_mixer import CACHE, refuse_closed, written


class Command(BaseCommand):
    help = (
        "Play songs through random consoles and measure what compressors and rooms really do: how far the formulas, "
        "and console-net's towers that correct them, are from a wish on songs of makers that the towers never heard."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="DIR/<song>/<stem files>.")
        parser.add_argument("--json", metavar="FILE", type=Path, help="Write everything that was measured.")
        parser.add_argument("--cache", metavar="DIR", type=Path, default=CACHE, help=f"Measures; {CACHE} unless said.")

    def handle(self, *args: Any, **options: Any) -> None:
        from mixing.engine.training.outcome_shipping import markdown_table, report
        from mixing.engine.training.shipping import shippable

        try:
            refuse_closed(options["json"])
            entries = shippable(options["data"])
            found = report(entries, cache=options["cache"], data=options["data"].as_posix(), tell=self.stderr.write)
            if options["json"] is not None:
                options["json"].write_text(written(found), encoding="utf-8")
        except EngineError as error:
            raise CommandError(error.message) from None
        except OSError as error:
            raise CommandError(f"{error.filename or options['data']}: {error.strerror or error}.") from None
        self.stdout.write(markdown_table(found))
