"""The published schema says of a tree what the console itself says of it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from mixing.engine.console.parameters import ConsoleParameters, Strip
from mixing.engine.console.schema import schema
from mixing.engine.errors import ParameterError
from tests.mixing.engine.console.strategies import consoles

VALIDATOR = Draft202012Validator(schema())


def test_it_is_a_schema_and_plain_json() -> None:
    Draft202012Validator.check_schema(schema())

    assert json.loads(json.dumps(schema())) == schema()


@given(console=consoles())
@settings(max_examples=30, deadline=None)
def test_every_console_is_valid(console: ConsoleParameters) -> None:
    VALIDATOR.validate(json.loads(json.dumps(console.to_dict())))


@pytest.mark.parametrize(
    "tree",
    [
        {},
        [],
        {"strips": [{}]},
        {"strips": [{"stem": ""}]},
        {"strips": [{"stem": "Kick", "group": "choir"}]},
        {"strips": [{"stem": "Kick", "volume": 0}]},
        {"strips": [{"stem": "Kick", "fader_db": 12.1}]},
        {"strips": [{"stem": "Kick", "fader_db": "0"}]},
        {"strips": [{"stem": "Kick", "fader_db": None}]},
        {"strips": [{"stem": "Kick", "fader_db": True}]},
        {"strips": [{"stem": "Kick", "mute": 1}]},
        {"strips": [{"stem": "Kick", "eq": {"peak_4": {}}}]},
        {"strips": [{"stem": "Kick", "eq": {"peak_3": {"q": 0.1}}}]},
        {"strips": [], "delay": {"time_samples": 1.5}},
        {"strips": [], "master": {"target_lufs": -4.9}},
        {"strips": [], "version": 2},
        {"strips": [], "sample_rate": 96_000},
    ],
)
def test_what_the_console_refuses_the_schema_refuses(tree: Any) -> None:
    with pytest.raises(ParameterError):
        ConsoleParameters.from_dict(tree)

    assert not VALIDATOR.is_valid(tree)


@pytest.mark.parametrize(
    "tree",
    [{"strips": []}, {"strips": [{"stem": "Kick"}], "master": {"target_lufs": None, "ceiling_dbtp": 0}}],
)
def test_what_the_console_takes_the_schema_takes(tree: Any) -> None:
    ConsoleParameters.from_dict(tree)

    VALIDATOR.validate(tree)


def test_the_defaults_are_those_of_a_fresh_console() -> None:
    def defaults(node: dict[str, Any]) -> Any:
        return {
            name: defaults(part) if part.get("type") == "object" else part.get("default")
            for name, part in node["properties"].items()
        }

    tree = ConsoleParameters(strips=(Strip(stem="Kick"),)).to_dict()
    strip = schema()["properties"]["strips"]["items"]

    assert defaults(strip) == {**tree["strips"][0], "stem": None}
    assert defaults(schema()) == {**tree, "strips": None}


def test_a_knob_says_its_unit_and_what_it_does() -> None:
    knob = schema()["properties"]["strips"]["items"]["properties"]["trim_db"]

    assert knob == {
        "type": "number",
        "minimum": -48.0,
        "maximum": 48.0,
        "default": 0.0,
        "description": "Gain before the EQ.",
        "x-unit": "dB",
    }
