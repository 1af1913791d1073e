"""Which voters to trust, from what they voted: three answers, *pass*, *fail* and *could not tell*.

Nothing here deletes a vote. A voter who fails is left out of the board until people have looked, and the board is
computed anew; a gate that begins to fail far more people than before raises an alarm, since a broken gate looks exactly
like an attack.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import scipy.stats

from tournament.engine.davidson import A_WINS, B_WINS, TIED, Fit, Votes, expected
from tournament.engine.design import Floats, Indices

Verdict = Literal["pass", "fail", "could_not_tell"]

TASTE_SD: Final = 0.5
"""How far, in logits, an honest voter's liking of one contender may stand from everyone's."""
FEWEST_VOTES: Final = 10
FEWEST_MEETINGS: Final = 5
LARGEST_PUSH: Final = 3.0
LARGEST_CONTRADICTION: Final = 4.0
LARGEST_SIDE_BIAS: Final = 4.0
FEWEST_TRIALS: Final = 4
SUREST_TO_FAIL: Final = 0.01
"""A voter of this small chance of being a careful one fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What one gate says of one voter.

    ``measure`` is how many standard deviations the voter stands away from what an honest one would show; None where
    there was too little to measure.
    """

    gate: str
    verdict: Verdict
    measure: float | None
    text: str


def judge_voters(votes: Votes, found: Fit) -> dict[int, tuple[Judgement, ...]]:
    """Every voter's judgements by three gates: side, contradiction and push; see the functions for each."""
    said = expected(votes, found)
    order = np.argsort(votes.voter, kind="stable")
    voters, starts = np.unique(votes.voter[order], return_index=True)
    return {
        int(voter): (
            side_gate(votes.outcome[rows]),
            contradiction_gate(said.lead[rows], said.surprise[rows], said.variance[rows]),
            push_gate(votes.a[rows], votes.b[rows], said.surprise[rows], said.variance[rows], votes.contenders),
        )
        for voter, rows in zip(voters, np.split(order, starts[1:]), strict=True)
    }


def verdict_of(judgements: tuple[Judgement, ...]) -> Verdict:
    """Fail if any gate fails; pass if one could tell and none fails."""
    verdicts = {judgement.verdict for judgement in judgements}
    if "fail" in verdicts:
        return "fail"
    return "pass" if "pass" in verdicts else "could_not_tell"


def weights(votes: Votes, judged: dict[int, tuple[Judgement, ...]]) -> Floats:
    """The votes' weights, with those of failing voters at zero."""
    failing = np.array([voter for voter, said in judged.items() if verdict_of(said) == "fail"], dtype=np.int64)
    return np.asarray(np.where(np.isin(votes.voter, failing), 0.0, votes.weight))


def side_gate(outcome: Indices) -> Judgement:
    """Whether a voter names one side far more often than a coin would, whatever is played there."""
    a, b = int((outcome == A_WINS).sum()), int((outcome == B_WINS).sum())
    if a + b < FEWEST_VOTES:
        return Judgement(gate="side", verdict="could_not_tell", measure=None, text=f"{a + b} decisive votes are few.")
    bias = (a - b) / math.sqrt(a + b)
    failed = abs(bias) > LARGEST_SIDE_BIAS
    text = f"A {a} times, B {b} times."
    return Judgement(gate="side", verdict="fail" if failed else "pass", measure=bias, text=text)


def contradiction_gate(lead: Floats, surprise: Floats, variance: Floats) -> Judgement:
    """Whether a voter contradicts everyone else: surprised against the lead, most where the board is sure.

    The score test of the slope of outcomes over expected leads; an honest voter's is around zero, a contrarian's large.
    """
    if surprise.size < FEWEST_VOTES:
        return Judgement(
            gate="contradiction", verdict="could_not_tell", measure=None, text=f"{surprise.size} votes are few."
        )
    measure = -float(lead @ surprise) / math.sqrt(float(lead**2 @ variance) + 1e-12)
    return Judgement(
        gate="contradiction",
        verdict="fail" if measure > LARGEST_CONTRADICTION else "pass",
        measure=measure,
        text=f"Against the board by {measure:+.1f} standard deviations in {surprise.size} votes.",
    )


def push_gate(a: Indices, b: Indices, surprise: Floats, variance: Floats, contenders: int) -> Judgement:
    """Whether a voter pushes one contender: wins where it stands far beyond what taste explains.

    For each contender the surprises in its favour are summed; their variance is that of chance, plus that of a liking
    of ``TASTE_SD`` logits.
    """
    towards = np.bincount(a, surprise, contenders) - np.bincount(b, surprise, contenders)
    chance = np.bincount(a, variance, contenders) + np.bincount(b, variance, contenders)
    met = np.bincount(a, minlength=contenders) + np.bincount(b, minlength=contenders)
    measures = np.where(met >= FEWEST_MEETINGS, towards / np.sqrt(chance + (TASTE_SD * chance) ** 2 + 1e-12), -np.inf)
    worst = int(np.argmax(measures))
    if not np.isfinite(measures[worst]):
        return Judgement(gate="push", verdict="could_not_tell", measure=None, text="No contender was met often enough.")
    measure = float(measures[worst])
    return Judgement(
        gate="push",
        verdict="fail" if measure > LARGEST_PUSH else "pass",
        measure=measure,
        text=f"Contender {worst} is favoured by {measure:+.1f} standard deviations in {int(met[worst])} meetings.",
    )


def trial_gate(gate: str, right: int, trials: int, *, careful: float) -> Judgement:
    """Hidden trials: how often a voter was right where a careful one is right with probability ``careful``.

    An A = A trial is right when no winner is named, a swapped repeat when it is answered as before, an anchor when the
    broken side loses.
    """
    if trials < FEWEST_TRIALS:
        return Judgement(gate=gate, verdict="could_not_tell", measure=None, text=f"{trials} trials are few.")
    chance = float(scipy.stats.binom.cdf(right, trials, careful))
    return Judgement(
        gate=gate,
        verdict="fail" if chance < SUREST_TO_FAIL else "pass",
        measure=float(scipy.stats.norm.ppf(min(max(chance, 1e-12), 1 - 1e-12))),
        text=f"{right} of {trials} right.",
    )


def effective_voters(votes: Votes) -> float:
    """(Σ w)² / Σ w² of the weights of each voter's votes: how many equally busy voters would be as good."""
    cast = np.bincount(votes.voter, votes.weight) if len(votes) else np.zeros(1)
    return float(cast.sum() ** 2 / max(float(cast @ cast), 1e-300))


def share_of_ties(votes: Votes) -> float:
    """The share of rated votes that named no winner."""
    return float((votes.outcome == TIED).mean()) if len(votes) else 0.0
