"""The session as JSON: it says everything, keeps its schema and comes back the same."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from mixing.engine.console import schema as console_schema
from mixing.engine.console.parameters import ConsoleParameters, Strip
from mixing.engine.errors import MixFailed, ParameterError
from mixing.engine.export.session import (
    CONSOLE_SCHEMA_FILE,
    Session,
    SessionStem,
    parameters_sha256,
    read_session,
    schema,
)
from tests.mixing.engine.console.strategies import consoles

BESIDE = Registry().with_resource(CONSOLE_SCHEMA_FILE, Resource.from_contents(console_schema.schema()))
VALIDATOR = Draft202012Validator(schema(), registry=BESIDE)


def session(parameters: ConsoleParameters | None = None) -> Session:
    console = parameters or ConsoleParameters(strips=(Strip(stem="Bass.wav", group="bass", fader_db=-3.3),))
    stems = tuple(
        SessionStem(name=strip.stem, role="bass", channels=1, frames=441, sha256="ab" * 32) for strip in console.strips
    )
    return Session(
        title="Nördlich",
        licence="CC0-1.0",
        mixer="Rough mix",
        mixer_version="1",
        sample_rate=44_100,
        stems=stems,
        parameters=console,
        report={"loudness_lufs": -14.0, "gain_db": 2.5},
    )


@settings(max_examples=25, deadline=None)
@given(console=consoles())
def test_it_comes_back_with_every_digit(console: ConsoleParameters) -> None:
    assert read_session(session(console).to_json()) == session(console)


@settings(max_examples=10, deadline=None)
@given(console=consoles())
def test_it_keeps_its_schema(console: ConsoleParameters) -> None:
    Draft202012Validator.check_schema(schema())
    data = json.loads(session(console).to_json())
    VALIDATOR.validate(data)
    assert not VALIDATOR.is_valid(data | {"parameters": {"strips": 3}})
    assert not VALIDATOR.is_valid(data | {"parameters_sha256": "no hash"})


def test_its_hash_is_that_of_the_console_whatever_the_order_of_its_keys() -> None:
    assert parameters_sha256({"b": 1, "a": [1.5, None]}) == parameters_sha256({"a": [1.5, None], "b": 1})
    # sha256 of {"a":1}
    assert parameters_sha256({"a": 1}) == "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"


def test_a_console_that_was_changed_behind_its_hash_is_refused() -> None:
    data = session().to_dict()
    data["parameters"]["strips"][0]["fader_db"] = -6.0
    with pytest.raises(MixFailed) as refused:
        read_session(json.dumps(data))
    assert refused.value.code == "invalid_session"
    data["parameters"]["strips"][0]["fader_db"] = 400.0
    with pytest.raises(ParameterError):
        read_session(json.dumps(data))


@pytest.mark.parametrize("change", [{"format": "other"}, {"version": 2}, {"stems": []}, {"stems": 3}, {"report": None}])
def test_what_is_no_session_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(MixFailed) as refused:
        read_session(json.dumps({**session().to_dict(), **change}))
    assert refused.value.code == "invalid_session"
    with pytest.raises(MixFailed):
        read_session("[" * 100_000)


def test_a_stem_without_a_strip_is_refused() -> None:
    stranger = replace(session().stems[0], name="Other.wav")
    with pytest.raises(MixFailed, match="belong together"):
        read_session(replace(session(), stems=(stranger,)).to_json())
