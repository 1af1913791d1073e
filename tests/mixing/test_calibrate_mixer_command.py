"""``manage.py calibrate_mixer`` and ``train_mixer --outcomes``: what they say, write and refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from mixing.engine.mixers import checkpoint
from mixing.engine.mixers.networks.outcome_towers import OUTCOMES
from mixing.engine.training import outcome_shipping, shipping
from mixing.engine.training.corpus import SongEntry
from tests.mixing.engine.mixers.checkpoints import card, outspoken
from tests.mixing.engine.training.lessons import entry
from tests.mixing.engine.training.test_shipping import calibrated_towers


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three songs on which every tower halves its formula's errors, but for the master's, which doubles them."""

    def found(lessons: object, entries: list[SongEntry], recipe: object) -> dict[str, Any]:
        def errors(tower: str, size: float) -> dict[str, tuple[float, float]]:
            factor = 2.0 if tower == "master" else 0.5
            return {"base": (size, 2.0 * size), "trained": (factor * size, factor * 2.0 * size)}

        songs = [song.id for song in entries]
        return {name: {song: errors(name, 1.0 + place) for place, song in enumerate(songs)} for name in OUTCOMES}

    monkeypatch.setattr(shipping, "shippable", lambda data: [entry(place) for place in range(3)])
    monkeypatch.setattr(outcome_shipping, "lessons_for", lambda *args, **rest: None)
    monkeypatch.setattr(outcome_shipping, "judged", found)


@pytest.mark.usefixtures("judged")
def test_it_tells_what_is_off_and_writes_everything(tmp_path: Path, capsys: Any) -> None:
    call_command("calibrate_mixer", "--data", tmp_path, "--json", tmp_path / "out.json")
    told = capsys.readouterr().out
    assert "| dynamics | reduction, dB | 2.00 [" in told
    assert "| space | echoes, LU | 4.00 [" in told
    written = json.loads((tmp_path / "out.json").read_text())
    assert {name: tower["says"] for name, tower in written["towers"].items()} == {
        "dynamics": "trained", "space": "trained", "groups": "trained", "master": "rule"
    }  # fmt: skip
    assert written["towers"]["dynamics"]["reduction_db"]["difference"]["mean"] == pytest.approx(-1.0)
    assert written["songs"]["song2"]["master"] == {"base": [3.0, 6.0], "trained": [6.0, 12.0]}


def test_it_asks_for_songs_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no folder"):
        call_command("calibrate_mixer", "--data", tmp_path / "nowhere")


def test_the_towers_alone_are_trained_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = checkpoint.save(tmp_path, card(), outspoken("console-net"))
    monkeypatch.setattr(shipping, "shippable", lambda data: [])
    monkeypatch.setattr(shipping, "calibrated", lambda *args, **rest: calibrated_towers())
    call_command("train_mixer", "--family", "console-net", "--outcomes", "--data", tmp_path, "--output", tmp_path)
    now = checkpoint.load(tmp_path / "console-net.safetensors")
    assert now.card.architecture["outcomes"] == 4
    assert now.card.sha256 != kept.sha256
    before = outspoken("console-net")
    assert all((now.tensors[name] == before[name]).all() for name in before)


def test_only_the_console_net_has_such_towers(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Only console-net"):
        call_command("train_mixer", "--family", "deep-sets", "--outcomes", "--data", tmp_path)
