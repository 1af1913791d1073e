"""``manage.py import_library DIR``: songs of the house out of folders of stems."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mixing.engine.errors import EngineError


class Command(BaseCommand):
    help = "Make a house song of each folder of stems in DIR, or of DIR itself. Songs that are there already stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path, help="One song, or one folder for each song.")
        parser.add_argument("--licence", metavar="TEXT", default="", help="Of songs whose song.json names none.")

    def handle(self, *args: Any, **options: Any) -> None:
        from tournament.services.library import import_folder, song_folders

        try:
            folders = song_folders(options["folder"])
        except EngineError as error:
            raise CommandError(error.message) from None
        refused = 0
        for folder in folders:
            result = import_folder(folder, licence=options["licence"])
            if result.song is None:
                refused += 1
                self.stderr.write(f"{folder.name}: {result.problem}")
                continue
            state = f"imported, {result.song.stems.count()} stems" if result.is_new else "is there already"
            self.stdout.write(f"{folder.name}: {state} (“{result.song.title}”, {result.song.licence})")
        if refused:
            raise CommandError(f"{refused} of {len(folders)} songs were not imported; the others are there.")
