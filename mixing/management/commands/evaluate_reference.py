"""``manage.py evaluate_reference``: how near to a reference's sound mixers come, on songs that they never heard."""

from __future__ import annotations

import dataclasses
import json
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from mixing.engine.errors import EngineError, MixFailed
from mixing.engine.mixers import checkpoint
from mixing.engine.mixers.interface import Mixer
from mixing.engine.mixers.registry import mixer
from mixing.engine.training.corpus import SongEntry, read_corpus
from mixing.management.commands.evaluate_mixer import refuse_closed

CACHE: Final = Path("var/training")
FOLDS: Final = 4
OTHERS: Final = ("rough-mix", "search")
KINDS: Final[Mapping[str, str]] = {"real": "Recorded songs", "generated": "Generated songs"}
IN_CARD: Final[Mapping[str, str]] = {
    "real": "unseen songs, makers left out", "generated": "generated songs"
}  # fmt: skip
GENERATED_FROM: Final = 90_000
"""The first seed of generated songs for judging: far from those that anything learns from."""
LONGEST: Final = 5_000


class Command(BaseCommand):
    help = (
        "Mix each song's first half towards the sound of its second half under a random console, and towards another "
        "song, and measure what is left between them: bands, loudness, width, dynamics. Songs that the shipped "
        "reference net has learned from are mixed by one that was trained without them and their makers."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="DIR/<song>/<stem files>.")
        parser.add_argument("--songs", metavar="IDS", help="Only these songs, with commas.")
        parser.add_argument("--folds", metavar="N", type=int, default=FOLDS, help=f"{FOLDS} unless said.")
        parser.add_argument("--seed", metavar="N", type=int, default=0, help="Of the folds' training.")
        parser.add_argument("--steps", metavar="N", type=int, help="Of the folds' training; those of what ships.")
        parser.add_argument("--consoles", metavar="N", type=int, default=2, help="References of each kind a song; 2.")
        parser.add_argument(
            "--generated", metavar="N", type=int, default=0, help="Also N generated songs, in a table of their own."
        )
        parser.add_argument("--record", metavar="DIR", type=Path, help="Also tell it in the card of the net in DIR.")
        parser.add_argument("--json", metavar="FILE", type=Path, help="Write everything that was measured.")
        parser.add_argument("--cache", metavar="DIR", type=Path, default=CACHE, help=f"Features; {CACHE} unless said.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            _refuse_contradictions(options)
            refuse_closed(options["json"])
            if options["record"] is not None:
                checkpoint.read_card(options["record"] / "reference-net.json")
            songs = _chosen(read_corpus(options["data"]), options["songs"])
            report: dict[str, Any] = {"kinds": {"real": self._judged(songs, options)}}
            if options["generated"]:
                report["kinds"]["generated"] = self._judged(_generated(options), options)
            report |= {name: options[name] for name in ("folds", "seed", "steps", "consoles")}
            if options["json"] is not None:
                options["json"].write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
            if options["record"] is not None:
                record_in(options["record"], report["kinds"])
        except EngineError as error:
            raise CommandError(error.message) from None
        except OSError as error:
            raise CommandError(f"{error.filename or options['data']}: {error.strerror or error}.") from None
        self.stdout.write("\n\n".join(_shown(kind, told) for kind, told in report["kinds"].items()))

    def _judged(self, songs: list[SongEntry], options: dict[str, Any]) -> dict[str, Any]:
        # What learns and renders is imported here: a web process lists commands as well.
        from mixing.engine.training import reference_evaluation as evaluation

        mixers = self._mixers(songs, options)
        seeds = range(evaluation.FIRST_SEED, evaluation.FIRST_SEED + options["consoles"])
        found = evaluation.evaluate_reference(songs, lambda song: mixers[song.id], seeds=seeds, tell=self._tell_song)
        compared = (evaluation.WITHOUT_REFERENCE, "rough-mix")
        told = evaluation.summary(found, against=(*compared, "search"))
        return {
            **told,
            "conclusion": evaluation.conclusions(told, against=compared),
            "songs": [dataclasses.asdict(song) for song in found],
            "seeds": list(seeds),
        }

    def _mixers(self, songs: list[SongEntry], options: dict[str, Any]) -> Mapping[str, Mapping[str, Mixer]]:
        from mixing.engine.training.reference import STEPS, unseen_nets
        from mixing.engine.training.reference_evaluation import WITHOUT_REFERENCE

        options["steps"] = options["steps"] or STEPS
        nets = unseen_nets(
            songs,
            shipped=mixer("reference-net"),
            folds=options["folds"],
            seed=options["seed"],
            steps=options["steps"],
            cache=options["cache"],
            tell=self.stderr.write,
        )
        others = {key: mixer(key) for key in OTHERS}
        return {song.id: {"reference-net": net, WITHOUT_REFERENCE: net, **others} for song, net in nets}

    def _tell_song(self, song: SongEntry) -> None:
        self.stderr.write(f"Mixing {song.title}")


def record_in(models: Path, kinds: Mapping[str, Mapping[str, Any]]) -> None:
    """Write each kind's distances into the card of the reference net in a folder."""
    from mixing.engine.training.reference import record
    from mixing.engine.training.reference_evaluation import card_metrics

    record(models, {IN_CARD[kind]: card_metrics(told) for kind, told in kinds.items()})


def _shown(kind: str, told: Mapping[str, Any]) -> str:
    from mixing.engine.training.reference_evaluation import table

    return "\n".join([f"## {KINDS[kind]}", "", table(told), "", *told["conclusion"]])


def _generated(options: dict[str, Any]) -> list[SongEntry]:
    from mixing.engine.training.generated import generated_corpus

    return generated_corpus(options["generated"], GENERATED_FROM, options["cache"] / "judged")


def _refuse_contradictions(options: dict[str, Any]) -> None:
    for name, least, most in (
        ("folds", 2, 50),
        ("consoles", 1, 50),
        ("generated", 0, 1_000),
        ("steps", 1, LONGEST),
    ):
        if options[name] is not None and not least <= options[name] <= most:
            raise MixFailed("bad_number", f"--{name} is a number from {least} to {most}.", field=name)


def _chosen(songs: Sequence[SongEntry], ids: str | None) -> list[SongEntry]:
    if ids is None:
        return list(songs)
    wanted = {part.strip() for part in ids.split(",") if part.strip()}
    if not wanted:
        raise MixFailed("nobody_named", "--songs names none: name some, with commas, or leave it out.", field="songs")
    unknown = wanted - {song.id for song in songs}
    if unknown:
        raise MixFailed("no_songs", f"There is no song called {sorted(unknown)[0]} in the data.", field="songs")
    return [song for song in songs if song.id in wanted]
