"""``manage.py evaluate_mixer``: how far mixers are from what people set, on songs with a known balance."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mixing.engine.errors import EngineError, MixFailed
from mixing.engine.mixers.interface import Mixer
from mixing.engine.mixers.registry import all_mixers, mixer
from mixing.engine.training.corpus import SongEntry, read_corpus

CACHE = Path("var/training")
MOST_SEEDS = 100


def seeds_of(text: str) -> tuple[int, ...]:
    """``0-4``, ``3`` or ``0,2,5``: whole numbers from 0, at most MOST_SEEDS of them."""
    try:
        seeds: list[int] = []
        for part in text.split(","):
            first, dash, last = part.partition("-")
            begin, end = int(first), int(last) if dash else int(first)
            if not 0 <= begin <= end or end - begin >= MOST_SEEDS:
                raise ValueError(part)
            seeds += range(begin, end + 1)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} are no seeds; write 0-4, or 0,2,5.") from None
    if len(set(seeds)) > MOST_SEEDS:
        raise ArgumentTypeError(f"At most {MOST_SEEDS} seeds can be asked for at once.")
    return tuple(sorted(set(seeds)))


class Command(BaseCommand):
    help = (
        "Degrade songs in known ways, let mixers restore them, and tell what is left wrong: level, EQ and pan of each "
        "stem, and the sum. DIR holds one folder of stems for each song, perhaps with a song.json."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="DIR/<song>/<stem files>.")
        parser.add_argument("--mixers", metavar="KEYS", help="Who mixes, with commas; every mixer unless said.")
        parser.add_argument("--seeds", metavar="SEEDS", type=seeds_of, default=(0, 1, 2, 3, 4), help="0-4 unless said.")
        parser.add_argument("--songs", metavar="IDS", help="Only these songs, with commas.")
        parser.add_argument("--json", metavar="FILE", type=Path, help="Write everything that was measured.")
        parser.add_argument("--plots", metavar="DIR", type=Path, help="Write the figures as SVG into this folder.")
        parser.add_argument("--cache", metavar="DIR", type=Path, default=CACHE, help=f"Features; {CACHE} unless said.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = self._evaluate(options)
            _write(found, options)
        except EngineError as error:
            raise CommandError(error.message) from None
        except OSError as error:
            raise CommandError(f"{error.filename or options['data']}: {error.strerror or error}.") from None

    def _evaluate(self, options: dict[str, Any]) -> dict[str, Any]:
        # Measuring loads numba, which only this command and workers need.
        from mixing.engine.training.evaluate import evaluate, report
        from mixing.engine.training.tables import markdown_tables

        mixers = mixers_of_keys(options["mixers"])
        entries = chosen(read_corpus(options["data"]), options["songs"])
        refuse_closed(options["json"])
        outcome = evaluate(entries, lambda _: mixers, options["seeds"], cache=options["cache"], tell=self._tell)
        found = report(outcome, options["seeds"], data=str(options["data"]))
        self.stdout.write(markdown_tables(found))
        self.stdout.write("\n" + "\n".join([*found["remarks"], *found["conclusion"]]))
        return found

    def _tell(self, entry: SongEntry) -> None:
        self.stderr.write(f"{entry.id}: {entry.title}, {len(entry.stems)} stems")


def mixers_of_keys(keys: str | None) -> Sequence[Mixer]:
    """The mixers of ``a,b,c``, each once, in that order."""
    if keys is None:
        return all_mixers()
    return [mixer(key) for key in dict.fromkeys(part.strip() for part in keys.split(",") if part.strip())]


def chosen(entries: list[SongEntry], ids: str | None) -> list[SongEntry]:
    """The songs of ``a,b,c``, or all."""
    if ids is None:
        return entries
    wanted = [part.strip() for part in ids.split(",") if part.strip()]
    known = {entry.id: entry for entry in entries}
    for name in wanted:
        if name not in known:
            raise MixFailed("unknown_song", f"There is no song {name!r} in the data; it has {', '.join(known)}.")
    return [known[name] for name in dict.fromkeys(wanted)]


def refuse_closed(path: Path | None) -> None:
    """Ask for a folder before the work and not after it."""
    if path is not None and not path.resolve().parent.is_dir():
        raise MixFailed("no_folder", f"There is no folder {path.parent} to write {path.name} into.", field=str(path))


def _write(found: dict[str, Any], options: dict[str, Any]) -> None:
    from mixing.engine.training.tables import figures

    if options["json"] is not None:
        text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        options["json"].write_text(text, encoding="utf-8")
    if options["plots"] is not None:
        options["plots"].mkdir(parents=True, exist_ok=True)
        for measure, svg in figures(found).items():
            (options["plots"] / f"evaluation-{measure.partition('_')[0]}.svg").write_text(svg, encoding="utf-8")
