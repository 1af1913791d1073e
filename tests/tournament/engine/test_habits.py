"""Pace, listening and company: people pass, programs do not, and few votes tell nothing."""

from __future__ import annotations

import numpy as np
import pytest

from tournament.engine.habits import overlap_gate, shared_gate, speed_gate
from tournament.engine.integrity import Judgement


def human_times(count: int = 60, median_s: float = 25.0) -> list[float]:
    return list(median_s * np.exp(np.random.default_rng(1).normal(0.0, 0.4, count)))


@pytest.mark.parametrize("median_s", [15.0, 25.0, 60.0])
def test_people_pass_however_quick_they_are(median_s: float) -> None:
    said = speed_gate(human_times(median_s=median_s))
    assert said.verdict == "pass"
    assert said.measure == pytest.approx(median_s, rel=0.15)


def test_as_fast_as_the_rules_allow_every_time_fails() -> None:
    assert speed_gate([10.2, 10.9, 11.1, 10.5] * 5).verdict == "fail"
    assert speed_gate([10.2, 10.9, 11.1, 10.5] * 5 + [30.0] * 3).verdict == "pass"


def test_as_even_as_a_clock_fails() -> None:
    assert speed_gate([30.0, 30.1, 30.05, 29.95, 30.1] * 4).verdict == "fail"


def test_few_votes_tell_nothing() -> None:
    assert speed_gate([10.0] * 9).verdict == "could_not_tell"
    assert overlap_gate([0.0] * 9, [20.0] * 9).verdict == "could_not_tell"


def test_one_battle_after_the_other_is_how_people_listen() -> None:
    cast = [30.0 * n for n in range(20)]
    said = overlap_gate(cast[::-1], [22.0] * 20)
    assert (said.verdict, said.measure) == ("pass", 0.0)


def test_two_battles_open_now_and_then_are_no_offence() -> None:
    cast = [40.0 * n for n in range(20)]
    cast[6], cast[12] = cast[5] + 3.0, cast[11] + 3.0
    assert overlap_gate(cast, [22.0] * 20).verdict == "pass"


def test_listening_to_many_battles_at_once_fails() -> None:
    """Four at a time, voted on within six seconds of one another: three of four overlap."""
    cast = [100.0 * (n // 4) + 2.0 * (n % 4) for n in range(40)]
    said = overlap_gate(cast, [22.0] * 40)
    assert (said.verdict, said.measure) == ("fail", 0.75)


def test_sharing_a_network_is_no_offence_and_pushing_together_is() -> None:
    def together(verdict: str) -> Judgement:
        return Judgement(gate="push", verdict=verdict, measure=3.4, text="x is favoured.")  # type: ignore[arg-type]

    assert shared_gate(0, None).verdict == "pass"
    assert shared_gate(3, together("pass")).verdict == "pass"
    assert shared_gate(1, together("could_not_tell")).verdict == "could_not_tell"
    found = shared_gate(3, together("fail"))
    assert (found.gate, found.verdict, found.measure) == ("shared", "fail", 3.4)
    assert found.text == "3 other accounts on this network and browser. Together: x is favoured."
