"""``manage.py fit_roles``: fit the table by which a stem's role is guessed from its sound."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mixing.engine.audio.whole_file import whole_file
from mixing.engine.errors import EngineError


class Command(BaseCommand):
    help = "Fit the table that guesses a stem's role from its sound, and say how it does on songs left out of the fit."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="Songs: DIR/<song>/<stems>.")
        parser.add_argument("--generated", metavar="N", type=int, default=24, help="Songs of the generator as well.")
        parser.add_argument("--seed", metavar="N", type=int, default=5_000, help="The first of their seeds.")
        parser.add_argument(
            "--output", metavar="FILE", type=Path, help="Where the table goes; its own place unless said."
        )
        parser.add_argument("--cache", metavar="DIR", type=Path, help="What was measured; var/training/roles.")

    def handle(self, *args: Any, **options: Any) -> None:
        from mixing.engine.role_sound import TABLE
        from mixing.engine.training.corpus import read_corpus
        from mixing.engine.training.fit_roles import fitted, generated_stems, labelled_stems

        cache = options["cache"] or Path(settings.BASE_DIR) / "var" / "training" / "roles"
        try:
            stems = labelled_stems(read_corpus(options["data"]), cache, tell=self.stdout.write)
            stems += generated_stems(options["generated"], options["seed"])
            found = fitted(stems, {"generated": options["generated"], "seed": options["seed"]})
        except (EngineError, ValueError) as error:
            raise CommandError(str(error)) from None
        with whole_file(options["output"] or TABLE) as unfinished:
            unfinished.write_text(_laid_out(found), encoding="utf-8")
        for split in ("songs_left_out", "artists_left_out"):
            self.stdout.write(f"{split}: {found[split]['stems']} stems")
            for row in found[split]["by_confidence"]:
                self.stdout.write(
                    f"  from {row['confidence']:.1f}: speaks about {row['speaks']:.0%}, "
                    f"role right {row['role_right']:.0%}, "
                    f"group right {row['group_right']:.0%}"
                )
        self.stdout.write(f"It speaks from a confidence of {found['table']['confidence']}.")


def _laid_out(found: dict[str, Any]) -> str:
    """JSON whose lists of numbers stand on one line each."""
    table = found.pop("table")
    weights = ",\n".join(f"   {json.dumps(role)}: {json.dumps(row)}" for role, row in table.pop("weights").items())
    head = json.dumps(found, indent=1, ensure_ascii=False)[:-2]
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in table.items())
    found["table"] = table
    return f'{head},\n "table": {{\n{rows},\n  "weights": {{\n{weights}\n  }}\n }}\n}}\n'
