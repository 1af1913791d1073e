"""``manage.py evaluate_reference``: from a folder of songs to two tables and a report, or to a sentence."""

from __future__ import annotations

import json
import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mixing.engine.mixers import checkpoint
from mixing.engine.mixers.registry import MODELS
from mixing.engine.training import reference
from tests.mixing.engine.training.songs import two_stems, write_song


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(reference, "BATCH", 1)
    monkeypatch.setattr(reference, "CONSOLES", 1)
    for song, artist in (("night", "Ann"), ("day", "Bo")):
        write_song(tmp_path / "data" / song, two_stems(), {"artist": artist, "licence": "CC0-1.0"})
    return tmp_path / "data"


def evaluated(data: Path, *arguments: str) -> str:
    out = StringIO()
    always = ["--data", str(data), "--cache", str(data.parent / "cache"), "--consoles", "1"]
    call_command("evaluate_reference", *always, *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_songs_that_the_shipped_net_never_heard_are_mixed_by_it_and_told_in_a_table(data: Path) -> None:
    target, models = data.parent / "out.json", data.parent / "models"
    models.mkdir()
    for suffix in (".json", ".safetensors"):
        shutil.copy(MODELS / f"reference-net{suffix}", models)
    told = evaluated(data, "--songs", "night", "--json", str(target), "--record", str(models))
    found = json.loads(target.read_text(encoding="utf-8"))
    assert "## Recorded songs" in told
    assert "| search |" in told
    assert list(found["kinds"]) == ["real"]
    assert [song["id"] for song in found["kinds"]["real"]["songs"]] == ["night"]
    assert found["kinds"]["real"]["conclusion"]
    card, shipped = (checkpoint.read_card(folder / "reference-net.json") for folder in (models, MODELS))
    kept = card.metrics["unseen songs, makers left out"]["same song"]
    assert kept["distance"] == found["kinds"]["real"]["rows"]["same song"]["mixers"]["reference-net"]
    assert card.sha256 == shipped.sha256


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--songs", "noon"], "There is no song called noon in the data"),
        (["--folds", "1"], "--folds is a number from 2 to 50"),
        (["--steps", "0"], "--steps is a number from 1"),
        (["--songs", ","], "--songs names none"),
        (["--json", "no/such/place/out.json"], "There is no folder"),
        (["--record", "no/such/place"], "There is no checkpoint file reference-net.json"),
    ],
)
def test_what_cannot_be_evaluated_is_said_in_a_sentence(data: Path, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        evaluated(data, *arguments)
