"""``manage.py evaluate_reference``: how near to a reference's sound mixers come, on songs that they never heard."""

from __future__ import annotations

import dataclasses
import json
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mixing.engine.errors import EngineError, MixFailed
from mixing.engine.mixers.interface import Mixer
from mixing.engine.mixers.registry import mixer
from mixing.engine.training.corpus import SongEntry, read_corpus

CACHE = Path("var/training")
FOLDS = 4
OTHERS = ("rough-mix", "search")


class Command(BaseCommand):
    help = (
        "Mix each song's first half towards the sound of its second half under a random console, and towards another "
        "song, and measure what is left between them: bands, loudness, width, dynamics. Songs that the shipped "
        "reference net has learned from are mixed by one that was trained without them."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="DIR/<song>/<stem files>.")
        parser.add_argument("--songs", metavar="IDS", help="Only these songs, with commas.")
        parser.add_argument("--folds", metavar="N", type=int, default=FOLDS, help=f"{FOLDS} unless said.")
        parser.add_argument("--seed", metavar="N", type=int, default=0, help="Of the folds' training.")
        parser.add_argument("--consoles", metavar="N", type=int, default=2, help="References of each kind a song; 2.")
        parser.add_argument("--json", metavar="FILE", type=Path, help="Write everything that was measured.")
        parser.add_argument("--cache", metavar="DIR", type=Path, default=CACHE, help=f"Features; {CACHE} unless said.")

    def handle(self, *args: Any, **options: Any) -> None:
        # What learns and renders is imported here: a web process lists commands as well.
        from mixing.engine.training import reference_evaluation as evaluation

        try:
            songs = _chosen(read_corpus(options["data"]), options["songs"])
            mixers = self._mixers(songs, options)
            seeds = range(evaluation.FIRST_SEED, evaluation.FIRST_SEED + max(1, options["consoles"]))
            found = evaluation.evaluate_reference(
                songs, lambda song: mixers[song.id], seeds=seeds, tell=self._tell_song
            )
        except EngineError as error:
            raise CommandError(error.message) from None
        told = evaluation.summary(found, against=(evaluation.WITHOUT_REFERENCE, "rough-mix", "search"))
        if options["json"] is not None:
            report = {**told, "songs": [dataclasses.asdict(song) for song in found], "seeds": list(seeds)}
            options["json"].write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        self.stdout.write(evaluation.table(told))

    def _mixers(self, songs: list[SongEntry], options: dict[str, Any]) -> Mapping[str, Mapping[str, Mixer]]:
        from mixing.engine.training.reference import unseen_nets
        from mixing.engine.training.reference_evaluation import WITHOUT_REFERENCE

        nets = unseen_nets(
            songs,
            shipped=mixer("reference-net"),
            folds=options["folds"],
            seed=options["seed"],
            cache=options["cache"],
            tell=self.stderr.write,
        )
        others = {key: mixer(key) for key in OTHERS}
        return {song.id: {"reference-net": net, WITHOUT_REFERENCE: net, **others} for song, net in nets}

    def _tell_song(self, song: SongEntry) -> None:
        self.stderr.write(f"Mixing {song.title}")


def _chosen(songs: list[SongEntry], ids: str | None) -> list[SongEntry]:
    if ids is None:
        return songs
    wanted = {part.strip() for part in ids.split(",")}
    unknown = wanted - {song.id for song in songs}
    if unknown:
        raise MixFailed("no_songs", f"There is no song called {sorted(unknown)[0]} in the data.", field="songs")
    return [song for song in songs if song.id in wanted]
