from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from mixing.engine.mixers.card_schema import schema
from mixing.engine.mixers.registry import MODELS
from tests.mixing.engine.mixers.checkpoints import card

PUBLISHED = Path(__file__).resolve().parents[4] / "docs" / "checkpoint-card.schema.json"
CARDS = [path for path in sorted(MODELS.glob("*.json")) if path.with_suffix(".safetensors").exists()]
LEARNED = ("console-net", "deep-sets", "spectrogram-cnn")


def errors(text: str) -> list[str]:
    return [error.message for error in Draft202012Validator(schema()).iter_errors(json.loads(text))]


def test_the_published_schema_is_the_programs() -> None:
    Draft202012Validator.check_schema(schema())
    assert json.loads(PUBLISHED.read_text()) == schema()


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_every_card_that_ships_follows_it(path: Path) -> None:
    assert errors(path.read_text()) == []


@pytest.mark.parametrize("key", LEARNED)
def test_a_card_that_ships_says_what_it_learned_from_and_how_it_does(key: str) -> None:
    shipped = json.loads((MODELS / f"{key}.json").read_text())
    assert len(shipped["data"]["songs"]) >= 20
    assert all(song["licence"] not in ("", "unknown") for song in shipped["data"]["songs"])
    assert "train_mixer" in shipped["recipe"]["command"]
    assert {"level", "eq", "pan_width"} <= set(shipped["metrics"]["left_out_artists"])
    assert {"float32", "float16", "int8"} <= set(shipped["quantisation"])
    for name, how in shipped["towers"].items():
        beside_rule = shipped["metrics"]["left_out_artists"][name]["difference"]["mean"]
        assert how == ("trained" if beside_rule < 0 else "rule")


@pytest.mark.parametrize("name", ["open", "dense", "dark", "wide"])
def test_a_style_says_that_it_was_set_and_whose_child_it_is(name: str) -> None:
    ancestor, style = (json.loads((MODELS / f"console-net{end}.json").read_text()) for end in ("", f"-{name}"))
    assert style["parents"] == [ancestor["sha256"]]
    assert style["style"]["how"] == "set, not trained"
    assert style["style"]["table"]


@pytest.mark.parametrize("changes", [{"key": "Two Words"}, {"towers": {"level": "guessed"}}, {"parents": ["abc"]}])
def test_a_card_that_says_something_else_does_not(changes: dict[str, object]) -> None:
    written = json.loads(card(bytes=1).to_json())
    assert errors(json.dumps(written)) == []
    assert errors(json.dumps({**written, **changes})) != []
