"""``manage.py quantize_mixer``: a checkpoint in fewer bits, and what that changes."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from mixing.engine.errors import EngineError, MixFailed
from mixing.engine.mixers.precision import Precision

PRECISIONS: Final[Mapping[str, Precision]] = {"f16": "float16", "int8": "int8"}
SESSIONS: Final = 8


class Command(BaseCommand):
    help = (
        "Write a mixer's checkpoint as float16 or int8 beside it, and record in its card the size, the times, and how "
        "far the console moves. The same mixer: another sha256, and no further entry in any list."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", metavar="KEY", help="A trained mixer, such as console-net.")
        parser.add_argument("--to", choices=sorted(PRECISIONS), required=True)
        parser.add_argument("--models", metavar="DIR", type=Path, default=Path("models"), help="models unless said.")

    def handle(self, *args: Any, **options: Any) -> None:
        from mixing.engine.training.made_up import references, sessions
        from mixing.engine.training.quantize import measure, record, write_variant

        models, key = options["models"], options["key"]
        precision: Precision = PRECISIONS[options["to"]]
        try:
            _refuse_what_was_not_trained(models, key)
            write_variant(models, key, precision)
            played = sessions(SESSIONS), references(SESSIONS)
            rows = {
                "float32": measure(models, key, "float32", *played),
                precision: measure(models, key, precision, *played),
            }
            record(models, key, rows)
        except EngineError as error:
            raise CommandError(error.message) from None
        except OSError as error:
            raise CommandError(f"{error.filename or models}: {error.strerror or error}.") from None
        for name, row in rows.items():
            self.stdout.write(
                f"{name:8} {row.bytes:>8} bytes, loads in {row.load_ms:.1f} ms, {row.latency_ms:.1f} ms for 8 stems; "
                f"moves levels by {row.level_db:.3f} dB, bands by {row.eq_db:.3f} dB, pans by {row.pan:.3f}, widths by "
                f"{row.width:.3f}, compression by {row.reduction_db:.3f} dB, sends by {row.send_db:.3f} dB: "
                f"{row.just_noticed:.2f} of what is just noticed"
            )


def _refuse_what_was_not_trained(models: Path, key: str) -> None:
    if not (models / f"{key}.safetensors").is_file() or "/" in key:
        raise MixFailed("not_trained", f"{models} holds no checkpoint called {key!r}.", field="key")
