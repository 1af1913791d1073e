"""``manage.py evaluate_mixer``: how far mixers are from what people set, on songs with a known balance."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.core.management.base import BaseCommand, CommandError

from mixing.engine.errors import EngineError, MixFailed
from mixing.engine.mixers.interface import Mixer
from mixing.engine.mixers.registry import all_mixers, mixer
from mixing.engine.training.corpus import SongEntry, read_corpus

if TYPE_CHECKING:
    from mixing.engine.training.leave_out import Train

Answer = tuple[dict[str, Any], str, dict[str, str]]

CACHE: Final = Path("var/training")
GENERATED_FROM: Final = 90_000
"""The first seed of generated songs for judging: far from those that anything learns from."""
_INNERMOST: Final = re.compile(r"\{[^{}\[\]]*\}|\[[^{}\[\]\"]*\]")
MOST: Final = 1_000
MOST_SEEDS: Final = 100


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
        parser.add_argument(
            "--mixers", metavar="KEYS", help="Who mixes, with commas; unless said, every mixer that needs no reference."
        )
        parser.add_argument("--seeds", metavar="SEEDS", type=seeds_of, default=(0, 1, 2, 3, 4), help="0-4 unless said.")
        parser.add_argument("--songs", metavar="IDS", help="Only these songs, with commas.")
        parser.add_argument("--json", metavar="FILE", type=Path, help="Write everything that was measured.")
        parser.add_argument("--plots", metavar="DIR", type=Path, help="Write the figures as SVG into this folder.")
        parser.add_argument(
            "--leave-out",
            choices=("song", "artist"),
            help="Make the mixers anew for each song, without it or without all songs of its artist.",
        )
        parser.add_argument(
            "--folds", metavar="N", type=int, help="Leave out in N parts; unless said, each song or artist by itself."
        )
        parser.add_argument(
            "--generated", metavar="N", type=int, default=0, help="Also judge N generated songs, in rows of their own."
        )
        parser.add_argument("--styles", action="store_true", help="Tell how often the mixers are told apart instead.")
        parser.add_argument("--curve", action="store_true", help="Tell the error over the number of songs instead.")
        parser.add_argument("--draws", metavar="N", type=int, default=3, help="Draws of songs for the curve; 3.")
        parser.add_argument("--cache", metavar="DIR", type=Path, default=CACHE, help=f"Features; {CACHE} unless said.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            refuse_closed(options["json"])
            found, told, drawn = self._answer(options)
            _write(found, drawn, options)
        except EngineError as error:
            raise CommandError(error.message) from None
        except OSError as error:
            raise CommandError(f"{error.filename or options['data']}: {error.strerror or error}.") from None
        self.stdout.write(told)

    def _answer(self, options: dict[str, Any]) -> Answer:
        """What was asked for: as JSON values, as text, and as figures by name."""
        # Measuring loads numba, and training torch, which only this command and workers need.
        from mixing.engine.training.generated import generated_corpus

        _refuse_contradictions(options)
        entries = chosen(read_corpus(options["data"]), options["songs"])
        entries += generated_corpus(options["generated"], GENERATED_FROM, options["cache"] / "judged")
        if options["styles"]:
            return self._styles(entries, options)
        if options["curve"]:
            return self._curve(entries, options)
        return self._evaluation(entries, options)

    def _evaluation(self, entries: list[SongEntry], options: dict[str, Any]) -> Answer:
        from mixing.engine.training.evaluate import evaluate, remarks_on, report
        from mixing.engine.training.leave_out import left_out_mixers
        from mixing.engine.training.tables import figures, markdown_tables

        split, cache = options["leave_out"], options["cache"]
        if split is None:
            mixers = mixers_of_keys(options["mixers"])
            outcome = evaluate(entries, lambda _: mixers, options["seeds"], cache=cache, tell=self._tell)
            more = remarks_on(mixers, outcome.songs)
            outcome = dataclasses.replace(outcome, remarks=(*outcome.remarks, *more))
        else:
            made = left_out_mixers(
                entries, split, _trainers(options), cache=cache, folds=options["folds"], tell=self._say
            )
            outcome = evaluate(entries, made, options["seeds"], cache=cache, tell=self._tell)
        found = report(outcome, options["seeds"], data=options["data"].as_posix(), split=split or "none")
        told = "\n\n".join([markdown_tables(found), "\n".join([*found["remarks"], *found["conclusion"]])])
        return found, told, {f"evaluation-{measure.partition('_')[0]}": svg for measure, svg in figures(found).items()}

    def _styles(self, entries: list[SongEntry], options: dict[str, Any]) -> Answer:
        from mixing.engine.training.evaluate import songs_known_to
        from mixing.engine.training.style_matrix import style_matrix
        from mixing.engine.training.tables import matrix_figure, matrix_table

        mixers = mixers_of_keys(options["mixers"])
        known = frozenset[str]().union(*map(songs_known_to, mixers))
        unseen = [entry for entry in entries if entry.id not in known]
        if not unseen:
            raise MixFailed("all_known", "These mixers have learnt from every song of the data: bring other songs.")
        found = style_matrix(unseen, mixers, seed=options["seeds"][0], cache=options["cache"], tell=self._tell)
        return found, matrix_table(found), {"styles": matrix_figure(found)}

    def _curve(self, entries: list[SongEntry], options: dict[str, Any]) -> Answer:
        from mixing.engine.training.songs_curve import curve_figures, songs_curve
        from mixing.engine.training.tables import curve_table

        found = songs_curve(
            [entry for entry in entries if entry.kind == "real"],
            _trainers(options),
            draws=options["draws"],
            seeds=options["seeds"],
            cache=options["cache"],
            tell=self._say,
        )
        return found, curve_table(found), curve_figures(found)

    def _say(self, line: str) -> None:
        self.stderr.write(line)

    def _tell(self, entry: SongEntry) -> None:
        self.stderr.write(f"{entry.id}: {entry.title}, {len(entry.stems)} stems")


def mixers_of_keys(keys: str | None) -> Sequence[Mixer]:
    """The mixers of ``a,b,c``, each once, in that order; unless said, all but those that need a reference.

    Checkpoints that are one mixer, such as its precisions, are told apart by the beginning of their hashes.
    """
    if keys is None:
        return [each for each in all_mixers() if not getattr(each, "needs_reference", False)]
    found: dict[str, Mixer] = {}
    for each in {id(each): each for each in map(mixer, _parts(keys))}.values():
        named = each
        if each.key in found:
            named = copy.copy(each)
            named.key = f"{each.key} {each.version}"
        found[named.key] = named
    return list(found.values())


def chosen(entries: list[SongEntry], ids: str | None) -> list[SongEntry]:
    """The songs of ``a,b,c``, or all."""
    if ids is None:
        return entries
    wanted = _parts(ids)
    known = {entry.id: entry for entry in entries}
    for name in wanted:
        if name not in known:
            raise MixFailed("unknown_song", f"There is no song {name!r} in the data; it has {', '.join(known)}.")
    return [known[name] for name in wanted]


def refuse_closed(path: Path | None) -> None:
    """Ask for a folder before the work and not after it."""
    if path is not None and not path.resolve().parent.is_dir():
        raise MixFailed("no_folder", f"There is no folder {path.parent} to write {path.name} into.", field=str(path))


def _parts(text: str) -> list[str]:
    """``a, b,a`` is a and b."""
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _trainers(options: dict[str, Any]) -> dict[str, Train]:
    from mixing.engine.training.leave_out import RULES, trainer

    keys = RULES if options["mixers"] is None else _parts(options["mixers"])
    return {key: trainer(key) for key in keys}


def _refuse_contradictions(options: dict[str, Any]) -> None:
    modes = [name for name in ("leave_out", "styles", "curve") if options[name]]
    if len(modes) > 1:
        flags = " and ".join("--" + name.replace("_", "-") for name in modes)
        raise MixFailed("contradiction", f"{flags} are different questions; ask one at a time.")
    for name, least in (("folds", 2), ("draws", 1), ("generated", 0)):
        if options[name] is not None and not least <= options[name] <= MOST:
            raise MixFailed("out_of_range", f"--{name} goes from {least} to {MOST}.", field=name)
    for name in ("mixers", "songs"):
        if options[name] is not None and not _parts(options[name]):
            raise MixFailed(
                "nobody_named", f"--{name} names none: name some, with commas, or leave it out.", field=name
            )


def written(found: dict[str, Any]) -> str:
    """The report as text, each innermost row on one line, so that it is small and a change can be read."""
    text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    return _INNERMOST.sub(lambda row: " ".join(row.group().split()), text)


def _write(found: dict[str, Any], figures: dict[str, str], options: dict[str, Any]) -> None:
    if options["json"] is not None:
        options["json"].write_text(written(found), encoding="utf-8")
    if options["plots"] is not None:
        options["plots"].mkdir(parents=True, exist_ok=True)
        for name, svg in figures.items():
            (options["plots"] / f"{name}.svg").write_text(svg, encoding="utf-8")
