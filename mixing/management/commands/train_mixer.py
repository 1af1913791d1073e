"""``manage.py train_mixer``: train a family on songs with a known balance and write its checkpoint and card."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from mixing.engine.errors import EngineError, MixFailed
from mixing.engine.mixers.checkpoint import Card

FAMILIES: Final[Mapping[str, int]] = {
    "console-net": 200,
    "deep-sets": 260,
    "spectrogram-cnn": 100,
    "reference-net": 400,
}
"""Each with the latest step at which it may stop, unless told; the first three have learned by heart before it."""
WITH_REFERENCE: Final = "reference-net"
CACHE: Final = Path("var/training")
RUNS: Final = Path("var/runs")
LONGEST: Final = 5_000
LONGEST_ON_SOUND: Final = 1_000


class Command(BaseCommand):
    help = (
        "Train a family on songs with a known balance whose weights may be published. When to stop is chosen on "
        "artists that are left out; the card is written by the run."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--family", required=True, choices=list(FAMILIES))
        parser.add_argument("--data", metavar="DIR", type=Path, help="DIR/<song>/<stem files>, each with a song.json.")
        parser.add_argument("--output", metavar="DIR", type=Path, default=Path("models"), help="models unless said.")
        parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
        parser.add_argument("--seed", metavar="N", type=int, default=0, help="0 unless said.")
        parser.add_argument("--seeds", metavar="N", type=int, default=8, help="Degradations of each song; 8.")
        parser.add_argument("--steps", metavar="N", type=int, help="The latest step to stop at.")
        parser.add_argument("--resume", action="store_true", help="Go on where the last run of this family stopped.")
        parser.add_argument("--styles", action="store_true", help="Only write the styles of console-net's checkpoint.")
        parser.add_argument(
            "--outcomes",
            action="store_true",
            help="Only train the towers of console-net's checkpoint that bring compressors and rooms to a wish.",
        )
        parser.add_argument(
            "--waveform-steps",
            metavar="N",
            type=int,
            default=0,
            help="Fine-tune console-net on sound for up to N steps, kept only where left-out artists show that it "
            "helps; 0, which is none, unless said.",
        )
        parser.add_argument("--cache", metavar="DIR", type=Path, default=CACHE, help=f"Features; {CACHE} unless said.")
        parser.add_argument("--runs", metavar="DIR", type=Path, default=RUNS, help=f"For TensorBoard; {RUNS}.")

    def handle(self, *args: Any, **options: Any) -> None:
        from mixing.engine.training.shipping import STYLED, Order, train, train_outcomes, write_styles

        try:
            _refuse_waveform_steps(options, STYLED)
            if options["outcomes"]:
                _refuse_without_wishes(options["family"], STYLED)
                order = _order(options)
                kept = {name: order[name] for name in ("cache", "seed")}
                cards = [train_outcomes(order["data"], order["output"], **kept, tell=self.stderr.write)]
            elif options["styles"]:
                _refuse_style_of(options["family"], STYLED)
                command = f"manage.py train_mixer --family {STYLED} --styles"
                cards = write_styles(options["output"], command=command)
            elif options["family"] == WITH_REFERENCE:
                cards = [_train_reference(options, self.stderr.write)]
            else:
                cards = [train(Order(**_order(options)), self.stderr.write)]
        except EngineError as error:
            raise CommandError(error.message) from None
        except OSError as error:
            raise CommandError(f"{error.filename or options['output']}: {error.strerror or error}.") from None
        for card in cards:
            self.stdout.write(f"{card.key}: {card.bytes} bytes, sha256 {card.sha256}, {dict(card.towers)}")


def _train_reference(options: dict[str, Any], tell: Callable[[str], None]) -> Card:
    """The reference net makes its own targets: ``--seeds`` is not for it, and ``--resume`` is refused."""
    from mixing.engine.training.corpus import read_corpus
    from mixing.engine.training.reference import train

    order = _order(options)
    if order["resume"]:
        raise MixFailed(
            "no_resume",
            f"{WITH_REFERENCE} is trained in minutes and keeps nothing to go on from; leave --resume out.",
            field="resume",
        )
    return train(
        read_corpus(order["data"]),
        order["output"],
        cache=order["cache"],
        seed=order["seed"],
        steps=order["most_steps"],
        command=f"manage.py train_mixer --family {WITH_REFERENCE} --data {order['data'].as_posix()} "
        f"--seed {order['seed']} --steps {order['most_steps']}",
        tell=tell,
    )


def _order(options: dict[str, Any]) -> dict[str, Any]:
    if options["data"] is None:
        raise MixFailed("no_folder", "Say with --data where the songs are.", field="data")
    if options["steps"] is None:
        options["steps"] = FAMILIES[options["family"]]
    for name, highest in (("steps", LONGEST), ("seeds", 64)):
        if not 1 <= options[name] <= highest:
            raise MixFailed("bad_number", f"--{name} is a number from 1 to {highest}.", field=name)
    if options["device"] == "cuda":
        _refuse_without_gpu()
    told = ("family", "data", "output", "device", "seed", "seeds", "resume", "cache", "runs", "waveform_steps")
    command = (
        f"manage.py train_mixer --family {options['family']} --data {options['data'].as_posix()} "
        f"--seed {options['seed']} --seeds {options['seeds']} --steps {options['steps']}"
    )
    if options["waveform_steps"]:
        command += f" --waveform-steps {options['waveform_steps']}"
    return {**{name: options[name] for name in told}, "most_steps": options["steps"], "command": command}


def _refuse_style_of(family: str, styled: str) -> None:
    if family != styled:
        raise MixFailed("no_styles", f"Only {styled} has styles.", field="family")


def _refuse_without_wishes(family: str, styled: str) -> None:
    if family != styled:
        raise MixFailed("no_outcomes", f"Only {styled} has towers that bring compressors to a wish.", field="family")


def _refuse_waveform_steps(options: dict[str, Any], styled: str) -> None:
    steps = options["waveform_steps"]
    if not 0 <= steps <= LONGEST_ON_SOUND:
        raise MixFailed(
            "bad_number", f"--waveform-steps is a number from 0 to {LONGEST_ON_SOUND}.", field="waveform_steps"
        )
    if steps and options["family"] != styled:
        raise MixFailed(
            "no_waveform_stage",
            f"Only {styled} is fine-tuned on sound; leave --waveform-steps out for {options['family']}.",
            field="waveform_steps",
        )
    if steps and (options["styles"] or options["outcomes"]):
        raise MixFailed(
            "no_waveform_stage",
            "--styles and --outcomes leave the towers for level, EQ and place as they are; leave --waveform-steps out.",
            field="waveform_steps",
        )


def _refuse_without_gpu() -> None:
    import torch

    if not torch.cuda.is_available():
        raise MixFailed("no_gpu", "There is no GPU that torch can use here; leave --device out.", field="device")
