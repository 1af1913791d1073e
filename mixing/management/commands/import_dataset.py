"""``manage.py import_dataset``: a public collection of multitracks becomes folders of stems, each with its licence."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mixing.engine.errors import EngineError
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.importers import LAYOUTS, detect, entries
from mixing.engine.training.importers.place import check, place


class Command(BaseCommand):
    help = (
        "List and check the songs of a multitrack collection; with --into, bring them into folders of stems with "
        "song.json, as training and evaluation read them."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, help="The collection, as it was unpacked.")
        parser.add_argument("--layout", choices=list(LAYOUTS), help="How it lies on disk; detected unless said.")
        parser.add_argument("--into", metavar="DIR", type=Path, help="Where the songs go; only listed unless said.")
        parser.add_argument("--copy", action="store_true", help="Copy the files rather than make hard links to them.")
        parser.add_argument(
            "--licence", metavar="TEXT", help="The songs' licence, for layouts whose files carry none: CC-BY-4.0."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            songs = entries(options["folder"], layout=options["layout"], licence=options["licence"])
        except EngineError as error:
            raise CommandError(error.message) from None
        except OSError as error:
            raise CommandError(f"{error.filename or options['folder']}: {error.strerror or error}.") from None
        key = options["layout"] or detect(options["folder"])
        self.stdout.write(f"{options['folder']}: {len(songs)} songs in the layout of {LAYOUTS[str(key)].NAME}")
        refused = [song for song in songs if not self._brought(song, options["into"], link=not options["copy"])]
        self.stdout.write(_summary(songs, refused, options["into"]))
        if refused:
            raise CommandError(f"{len(refused)} of {len(songs)} songs cannot be used; the reasons are above.")

    def _brought(self, song: SongEntry, into: Path | None, *, link: bool) -> bool:
        """Check a song, bring it where one is asked to, and say what became of it in a line."""
        try:
            check(song)
            placed = place(song, into, link=link) if into is not None else None
        except EngineError as error:
            self.stderr.write(f"  {song.id}: {error.message}")
            return False
        except OSError as error:
            self.stderr.write(f"  {song.id}: {error.filename or ''} {error.strerror or error}.")
            return False
        there = ", was there already" if into is not None and placed is None else ""
        self.stdout.write(f"  {song.id}: {_described(song)}{there}")
        return True


def _described(song: SongEntry) -> str:
    balance = {"sum": "sum is the balance", "file": "balance in the mix file", None: "raw tracks"}[song.human_balance]
    ships = "weights may ship" if song.weights_may_ship else "weights stay in the house"
    return f"{len(song.stems)} stems, {balance}, {song.artist or 'artist unknown'}, {song.licence} ({ships})"


def _summary(songs: list[SongEntry], refused: list[SongEntry], into: Path | None) -> str:
    usable = [song for song in songs if song not in refused]
    ship = sum(song.weights_may_ship for song in usable)
    where = f"in {into}" if into is not None else "listed; say --into DIR to bring them"
    return f"{len(usable)} songs {where}; weights trained on {ship} of them may be published."
