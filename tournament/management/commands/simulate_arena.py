"""``manage.py simulate_arena``: arenas whose truth is known, and whether the board finds it."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tournament.engine.davidson import A_WINS, B_WINS
from tournament.engine.design import Floats
from tournament.engine.simulation import Arena, World
from tournament.engine.trial_of_board import Peer, put_on_trial

MOST_SEEDS = 100_000


class Command(BaseCommand):
    help = "Draw arenas with known strengths, habits and cheats, and compare the board with the truth."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        world = World()
        parser.add_argument("--seeds", type=int, default=200, help="How many arenas; 200 unless said.")
        for name in ("contenders", "votes", "voters", "songs"):
            parser.add_argument(f"--{name}", type=int, default=getattr(world, name))
        parser.add_argument("--ties", type=float, default=world.ties, help="The share of ties, 0 to 0.9.")
        parser.add_argument("--pushing-share", type=float, default=0.05, help="Voters who push one contender.")
        parser.add_argument(
            "--json", metavar="FILE", nargs="?", const="-", help="Write the figures as JSON, to the screen or a file."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        figures = dataclasses.asdict(
            put_on_trial(
                _world(options), range(options["seeds"]), pushing_share=options["pushing_share"], peer=evalica_newman()
            )
        )
        figures["rank_correlation_evalica"] = figures.pop("rank_correlation_peer")
        if options["json"] is None:
            self.stdout.write("\n".join(_lines(figures)))
            return
        text = json.dumps(figures, indent=2)
        if options["json"] != "-":
            Path(options["json"]).write_text(text + "\n", encoding="utf-8")
        self.stdout.write(text)


def evalica_newman() -> Peer | None:
    """evalica's Newman method, ties as half-wins, where evalica is installed; it is no requirement of the site."""
    if importlib.util.find_spec("evalica") is None:
        return None
    import evalica
    import numpy as np

    def strengths(arena: Arena) -> Floats:
        votes = arena.votes
        said = {A_WINS: evalica.Winner.X, B_WINS: evalica.Winner.Y}
        winners = [said.get(int(outcome), evalica.Winner.Draw) for outcome in votes.outcome]
        scores = evalica.newman(votes.a.tolist(), votes.b.tolist(), winners).scores
        return np.array([scores[contender] for contender in range(votes.contenders)])

    return strengths


def _world(options: dict[str, Any]) -> World:
    if not 1 <= options["seeds"] <= MOST_SEEDS:
        raise CommandError(f"--seeds goes from 1 to {MOST_SEEDS}.")
    if options["contenders"] < 3 or min(options["votes"], options["voters"], options["songs"]) < 2:
        raise CommandError("An arena needs three contenders and two votes, voters and songs.")
    if not 0.0 <= options["ties"] <= 0.9 or not 0.0 <= options["pushing_share"] <= 0.5:
        raise CommandError("--ties goes from 0 to 0.9 and --pushing-share from 0 to 0.5.")
    return World(**{name: options[name] for name in ("contenders", "votes", "voters", "songs", "ties")})


def _lines(figures: dict[str, Any]) -> list[str]:
    peer = figures["rank_correlation_evalica"]
    beside = "" if peer is None else f" (evalica {peer:.4f})"
    shift, unguarded = figures["rigging_shift"], figures["rigging_shift_unguarded"]
    return [
        f"{figures['seeds']} arenas",
        f"  Intervals that hold the truth  {figures['coverage_95']:.1%} (unclustered {figures['coverage_plain']:.1%})",
        f"  Scale                          {figures['scale']:.3f}",
        f"  Rank correlation               {figures['rank_correlation']:.4f}{beside}",
        f"  A pushed contender rises by    {shift:.3f} logits (unguarded {unguarded:.3f})",
        f"  Half of its interval           {figures['rigging_half_interval']:.3f} logits",
    ]
