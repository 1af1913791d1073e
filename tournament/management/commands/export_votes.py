"""``manage.py export_votes FILE``: votes, boards and their rules, pseudonymous."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tournament.services import ratings


class Command(BaseCommand):
    help = "Write all votes and boards to a file, pseudonymous (docs/votes.schema.json); recompute_board reads it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            boards = ratings.write_open_data(path)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
        for board in boards:
            self.stdout.write(f"{board.board}: {board.votes_count} votes, sha256 {board.votes_sha256}")
        if not boards:
            self.stdout.write("There are no votes yet.")
