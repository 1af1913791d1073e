"""Voters who deserve trust, voters who do not, and those of whom nobody can tell."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tournament.engine import integrity
from tournament.engine.alarms import alarm
from tournament.engine.davidson import A_WINS, B_WINS, TIED, fit
from tournament.engine.simulation import World, simulate


def busy_arena(seed: int = 1) -> integrity.Votes:
    return simulate(World(contenders=8, votes=4_000, voters=40, activity_sd=0.1), seed).votes


def verdicts(votes: integrity.Votes) -> dict[int, str]:
    judged = integrity.judge_voters(votes, fit(votes, reference=0))
    return {voter: integrity.verdict_of(said) for voter, said in judged.items()}


def test_honest_voters_pass() -> None:
    said = list(verdicts(busy_arena()).values())

    assert len(said) == 40
    assert said.count("pass") >= 38


def test_a_voter_who_always_names_side_a_fails() -> None:
    votes = busy_arena()
    outcome = np.where(votes.voter == 7, A_WINS, votes.outcome)

    assert verdicts(dataclasses.replace(votes, outcome=outcome))[7] == "fail"


def test_a_voter_who_always_says_the_opposite_fails() -> None:
    votes = simulate(World(contenders=8, votes=4_000, voters=40, activity_sd=0.1, strength_sd=1.5), 1).votes
    opposite = np.array([B_WINS, A_WINS, TIED])[votes.outcome]
    outcome = np.where(votes.voter == 7, opposite, votes.outcome)

    judged = integrity.judge_voters(
        dataclasses.replace(votes, outcome=outcome), fit(dataclasses.replace(votes, outcome=outcome), reference=0)
    )

    assert [each.verdict for each in judged[7] if each.gate == "contradiction"] == ["fail"]


def test_a_voter_who_pushes_one_contender_fails_and_its_gate_names_it() -> None:
    votes = busy_arena()
    mine = votes.voter == 7
    outcome = np.where(mine & (votes.a == 3), A_WINS, np.where(mine & (votes.b == 3), B_WINS, votes.outcome))
    pushed = dataclasses.replace(votes, outcome=outcome)

    judged = integrity.judge_voters(pushed, fit(pushed, reference=0))

    [push] = [each for each in judged[7] if each.gate == "push"]
    assert push.verdict == "fail"
    assert "Contender 3" in push.text


def test_of_a_newcomer_nobody_can_tell() -> None:
    votes = busy_arena()
    newcomer = dataclasses.replace(votes, voter=np.where(np.arange(4_000) < 3, 99, votes.voter))

    assert verdicts(newcomer)[99] == "could_not_tell"


def test_failing_voters_weigh_nothing_and_are_not_deleted() -> None:
    votes = busy_arena()
    failed = integrity.Judgement(gate="side", verdict="fail", measure=5.0, text="")
    passed = dataclasses.replace(failed, verdict="pass")

    weight = integrity.weights(votes, {7: (passed, failed), 8: (passed,)})

    assert weight.size == 4_000
    assert (weight[votes.voter == 7] == 0.0).all()
    assert (weight[votes.voter != 7] == 1.0).all()


@pytest.mark.parametrize(("right", "trials", "verdict"), [(9, 10, "pass"), (3, 10, "fail"), (0, 3, "could_not_tell")])
def test_hidden_trials_tell_the_careful_from_the_careless(right: int, trials: int, verdict: str) -> None:
    assert integrity.trial_gate("anchor", right, trials, careful=0.9).verdict == verdict


def test_a_gate_that_begins_to_fail_everyone_raises_an_alarm() -> None:
    assert alarm(95, 100, 94, 100) == pytest.approx(-0.31, abs=0.05)
    fallen = alarm(95, 100, 20, 100)
    assert fallen is not None
    assert fallen < -8
    assert alarm(9, 10, 0, 10) is None


def test_effective_voters_count_the_busy_once() -> None:
    votes = busy_arena()
    one = dataclasses.replace(votes, voter=np.zeros(4_000, dtype=np.int64))

    assert integrity.effective_voters(one) == pytest.approx(1.0)
    assert 35 < integrity.effective_voters(votes) <= 40
