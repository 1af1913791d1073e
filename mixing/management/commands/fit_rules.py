"""``manage.py fit_rules``: fit the rough mix to songs with a known balance and write its card."""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.core.management.base import BaseCommand, CommandError

from mixing.engine.audio.whole_file import whole_file
from mixing.engine.errors import EngineError, MixFailed

if TYPE_CHECKING:
    from mixing.engine.training.corpus import SongEntry

CACHE: Final = Path("var/training")
MOST_SEEDS: Final = 20
_WRAPPED_ROW: Final = re.compile(r"\[[-\d.,\se]+\]")


class Command(BaseCommand):
    help = (
        "Fit the rough mix to songs with a known balance whose weights may be published, shrunk towards its prior, and "
        "write its card. DIR holds one folder of stems for each song, with a song.json."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="DIR/<song>/<stem files>.")
        parser.add_argument("--output", metavar="FILE", type=Path, required=True, help="models/rough-mix.json ships.")
        parser.add_argument("--seeds", metavar="N", type=int, default=5, help="Degradations of each song; 5.")
        parser.add_argument("--cache", metavar="DIR", type=Path, default=CACHE, help=f"Features; {CACHE} unless said.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            card = self._fitted(options)
            with whole_file(options["output"]) as unfinished:
                unfinished.write_text(written(card), encoding="utf-8")
        except EngineError as error:
            raise CommandError(error.message) from None
        except OSError as error:
            raise CommandError(f"{error.filename or options['output']}: {error.strerror or error}.") from None
        self.stdout.write(_summary(card))

    def _fitted(self, options: dict[str, Any]) -> dict[str, Any]:
        # Measuring loads numba, which only this command and workers need.
        from mixing.engine.training.corpus import read_corpus, with_human_balance
        from mixing.engine.training.examples import examples
        from mixing.engine.training.fit_rules import fit_rules
        from mixing.engine.training.rough_card import card_of

        if not 1 <= options["seeds"] <= MOST_SEEDS:
            raise MixFailed("bad_seeds", f"--seeds is a number from 1 to {MOST_SEEDS}.", field="seeds")
        seeds = range(options["seeds"])
        entries = [entry for entry in with_human_balance(read_corpus(options["data"])) if entry.weights_may_ship]
        if not entries:
            raise MixFailed(
                "too_few_songs",
                f"No song of {options['data']} has both a person's balance and a licence under which a fit may be "
                "published; song.json says so with human_balance and weights_may_ship.",
            )
        found = list(examples(entries, seeds, cache=options["cache"], mel=False, progress=self._tell))
        fitted = fit_rules(found, self.stderr.write)
        return card_of(fitted, found, data=options["data"].as_posix(), seeds=seeds)

    def _tell(self, entry: SongEntry) -> None:
        self.stderr.write(f"{entry.id}: {entry.title}, {len(entry.stems)} stems, {entry.licence}")


def written(card: dict[str, Any]) -> str:
    """The card as text: one line for each row of numbers, so that a change can be read."""
    return _WRAPPED_ROW.sub(
        lambda row: " ".join(row.group().split()).replace("[ ", "[").replace(" ]", "]"),
        json.dumps(card, indent=1, ensure_ascii=False) + "\n",
    )


def _summary(card: dict[str, Any]) -> str:
    names = {
        "faders_up": "faders up",
        "equal_loudness": "equal loudness",
        "prior_alone": "prior alone",
        "left_out_by_song": "fitted, song left out",
        "left_out_by_maker": "fitted, maker left out",
    }
    lines = [f"{card['metrics']['songs']} songs of {card['metrics']['makers']} makers"]
    for name, title in names.items():
        shown = (
            f"{measure} {value['mean']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
            for measure, value in card["metrics"][name].items()
        )
        lines.append(f"  {title:24}{'  '.join(shown)}")
    return "\n".join(lines)
