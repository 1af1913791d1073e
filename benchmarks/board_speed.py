"""How long a board of a million votes takes, beside evalica and openskill.

    .venv/bin/python -m benchmarks.board_speed [--votes 1000000] [--runs 5] [--json FILE]

A million votes of 20,000 voters on 2,000 songs between 100 contenders. Ours fits Davidson's model with covariates, a
tie term for each song and two-way clustered intervals; evalica's Newman gives scores alone, openskill one update a vote
(on a part of the votes, scaled up, since it is plain Python). All in processor seconds of one process.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tournament.engine.davidson import A_WINS, B_WINS, Votes, fit
from tournament.engine.simulation import World, simulate

OPENSKILL_VOTES = 20_000


def cpu_s(work: Callable[[], object], runs: int) -> float:
    """The median of processor seconds."""
    seconds = []
    for _ in range(runs):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def evalica_newman(votes: Votes) -> Callable[[], object]:
    import evalica

    said = {A_WINS: evalica.Winner.X, B_WINS: evalica.Winner.Y}
    a, b = votes.a.tolist(), votes.b.tolist()
    winners = [said.get(int(outcome), evalica.Winner.Draw) for outcome in votes.outcome]
    return lambda: evalica.newman(a, b, winners)


def openskill_updates(votes: Votes, count: int) -> Callable[[], object]:
    from openskill.models import BradleyTerryFull

    model = BradleyTerryFull()
    ranks = {A_WINS: [1, 2], B_WINS: [2, 1]}
    rows = [
        (int(a), int(b), ranks.get(int(outcome), [1, 1]))
        for a, b, outcome in zip(votes.a[:count], votes.b[:count], votes.outcome[:count], strict=True)
    ]

    def update() -> None:
        ratings = [model.rating() for _ in range(votes.contenders)]
        for a, b, rank in rows:
            [[ratings[a]], [ratings[b]]] = model.rate([[ratings[a]], [ratings[b]]], ranks=rank)

    return update


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--votes", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    votes = simulate(World(contenders=100, votes=options.votes, voters=20_000, songs=2_000), 1).votes
    found: dict[str, Any] = {
        "votes": options.votes,
        "refit_cpu_s": cpu_s(lambda: fit(votes, reference=0), options.runs),
    }
    if importlib.util.find_spec("evalica"):
        found["evalica_cpu_s"] = cpu_s(evalica_newman(votes), options.runs)
    if importlib.util.find_spec("openskill"):
        count = min(OPENSKILL_VOTES, options.votes)
        found["openskill_cpu_s"] = cpu_s(openskill_updates(votes, count), 1) * options.votes / count
    text = json.dumps({name: round(value, 3) for name, value in found.items()}, indent=2)
    if options.json:
        options.json.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
