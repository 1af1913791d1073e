"""``manage.py simulate_arena``."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command


def test_it_writes_the_figures_as_json(tmp_path: Path) -> None:
    call_command(
        "simulate_arena", seeds=2, contenders=5, votes=600, voters=40, songs=10, json=str(tmp_path / "out.json"),
        stdout=io.StringIO(),
    )  # fmt: skip

    figures = json.loads((tmp_path / "out.json").read_text())
    assert {"coverage_95", "scale", "rank_correlation", "rank_correlation_evalica"} <= figures.keys()
    assert {"rigging_shift", "rigging_half_interval"} <= figures.keys()
    assert 0.5 <= figures["coverage_95"] <= 1.0
    assert figures["rank_correlation_evalica"] is not None


def test_it_says_the_figures_in_words() -> None:
    out = io.StringIO()

    call_command("simulate_arena", seeds=1, contenders=5, votes=600, voters=40, songs=10, stdout=out)

    assert "Intervals that hold the truth" in out.getvalue()


@pytest.mark.parametrize("wrong", [{"seeds": 0}, {"contenders": 2}, {"ties": 1.0}, {"pushing_share": -0.1}])
def test_an_arena_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(CommandError):
        call_command("simulate_arena", **{"seeds": 1, **wrong})
