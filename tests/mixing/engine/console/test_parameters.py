"""The console as data: every knob keeps its range, its name and its value."""

import dataclasses
import json
import math
from typing import Any

import pytest
from hypothesis import given

from mixing.engine.console.parameters import ConsoleParameters, Eq, Peak, Strip
from mixing.engine.errors import ParameterError
from tests.mixing.engine.console.strategies import consoles

CONSOLE = ConsoleParameters(strips=(Strip(stem="Kick", group="drums"), Strip(stem="Lead.1", group="vocals")))


def knobs_of(node: Any, prefix: str) -> list[tuple[str, dataclasses.Field[Any]]]:
    """Path and field of every knob, switch and optional value under a node, by its dataclasses."""
    found = []
    for item in dataclasses.fields(node):
        value = getattr(node, item.name)
        if dataclasses.is_dataclass(value):
            found += knobs_of(value, f"{prefix}{item.name}.")
        elif item.metadata:
            found.append((f"{prefix}{item.name}", item))
    return found


KNOBS = [*knobs_of(CONSOLE, ""), *(knob for s in CONSOLE.strips for knob in knobs_of(s, f"strips.{s.stem}."))]
LEVELS = [(path, item) for path, item in KNOBS if "low" in item.metadata]
SWITCHES = [path for path, item in KNOBS if "low" not in item.metadata]
by_level = pytest.mark.parametrize(("path", "item"), LEVELS, ids=[path for path, _ in LEVELS])


@given(console=consoles())
def test_a_console_comes_back_from_json_as_it_was(console: ConsoleParameters) -> None:
    assert ConsoleParameters.from_dict(json.loads(json.dumps(console.to_dict()))) == console


@given(console=consoles())
def test_a_console_comes_back_from_its_paths_as_it_was(console: ConsoleParameters) -> None:
    neutral = ConsoleParameters(strips=tuple(Strip(stem=strip.stem) for strip in console.strips))

    assert neutral.with_values(console.flatten()) == console


@by_level
def test_a_level_takes_both_ends_of_its_range(path: str, item: dataclasses.Field[Any]) -> None:
    for end in (item.metadata["low"], item.metadata["high"]):
        assert CONSOLE.with_values({path: end}).flatten()[path] == end


@by_level
def test_a_level_refuses_what_is_no_level_by_its_full_path(path: str, item: dataclasses.Field[Any]) -> None:
    low, high = item.metadata["low"], item.metadata["high"]
    below = low - 1 if "samples" in path else math.nextafter(low, -math.inf)
    above = high + 1 if "samples" in path else math.nextafter(high, math.inf)
    for value in (below, above, math.nan, -math.inf, 10**400, "0", True, {"value": 0.0}):
        with pytest.raises(ParameterError) as refusal:
            CONSOLE.with_values({path: value})  # type: ignore[dict-item]

        assert refusal.value.field == path
        assert refusal.value.code == "invalid_parameter"
        assert path in refusal.value.message


@pytest.mark.parametrize("path", SWITCHES)
@pytest.mark.parametrize("value", [0, 1, 1.0, "true", None])
def test_a_switch_takes_true_and_false_only(path: str, value: Any) -> None:
    with pytest.raises(ParameterError) as refusal:
        CONSOLE.with_values({path: value})

    assert refusal.value.field == path


@by_level
def test_only_what_is_optional_may_be_absent(path: str, item: dataclasses.Field[Any]) -> None:
    if item.metadata.get("optional"):
        assert CONSOLE.with_values({path: None}).flatten()[path] is None
        return
    with pytest.raises(ParameterError) as refusal:
        CONSOLE.with_values({path: None})
    assert refusal.value.field == path


@pytest.mark.parametrize(
    "path",
    [
        "strips.Kick.fader",
        "strips.Kick.eq",
        "strips.Kick.stem",
        "strips.Snare.fader_db",
        "strips.Kick.eq.peak_1.gain_db.more",
        "strips",
        "master.",
        "",
        "reverb.decay_s.x",
    ],
)
def test_a_path_that_leads_to_no_knob_is_refused_by_its_name(path: str) -> None:
    with pytest.raises(ParameterError) as refusal:
        CONSOLE.with_values({path: 0.0})

    assert refusal.value.field == path


def test_names_with_dots_that_look_like_paths_are_told_apart() -> None:
    console = ConsoleParameters(strips=(Strip(stem="Kick"), Strip(stem="Kick.eq"), Strip(stem="Kick.eq.peak_1")))

    changed = console.with_values(
        {"strips.Kick.eq.peak_1.gain_db": 3.0, "strips.Kick.eq.pan": 0.5, "strips.Kick.eq.peak_1.fader_db": -6.0}
    )

    kick, kick_eq, peak = changed.strips
    assert kick == Strip(stem="Kick", eq=Eq(peak_1=Peak(gain_db=3.0, freq_hz=250.0)))
    assert kick_eq == Strip(stem="Kick.eq", pan=0.5)
    assert peak == Strip(stem="Kick.eq.peak_1", fader_db=-6.0)


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        ({"strips": [{"stem": "Kick", "pan": 2.0}]}, "strips.Kick.pan"),
        ({"strips": [{"stem": "Kick", "eq": {"peak_1": {"gain_db": 99}}}]}, "strips.Kick.eq.peak_1.gain_db"),
        ({"strips": [{"stem": "Kick", "eq": None}]}, "strips.Kick.eq"),
        ({"strips": [{"stem": "Kick", "group": "choir"}]}, "strips.Kick.group"),
        ({"strips": [{"stem": "Kick", "group": ["drums"]}]}, "strips.Kick.group"),
        ({"strips": [{"stem": "Kick", "volume": 1}]}, "strips.Kick.volume"),
        ({"strips": [{"pan": 0}]}, "strips.0.stem"),
        ({"strips": ["Kick"]}, "strips.0"),
        ({"strips": {"Kick": {}}}, "strips"),
        ({}, "strips"),
        ({"strips": [{"stem": "Kick"}, {"stem": "Kick"}]}, "strips"),
        ({"strips": [], "master": {"limiter": {"on": 1}}}, "master.limiter.on"),
        ({"strips": [], "master": {"glue": {}}}, "master.glue"),
        ({"strips": [], "version": 2}, "version"),
        ({"strips": [], "version": True}, "version"),
        ({"strips": [], "sample_rate": 96_000}, "sample_rate"),
        ({"strips": [], "sample_rate": 44_100.0}, "sample_rate"),
        ([], "parameters"),
    ],
)
def test_json_that_is_no_console_is_refused_where_it_goes_wrong(tree: Any, path: str) -> None:
    with pytest.raises(ParameterError) as refusal:
        ConsoleParameters.from_dict(tree)

    assert refusal.value.field == path


def test_a_knob_that_is_absent_takes_the_value_of_a_fresh_console() -> None:
    peaks = {"peak_1": {"gain_db": 3.0}, "peak_3": {"q": 2.0}}

    console = ConsoleParameters.from_dict({"strips": [{"stem": "Kick", "eq": peaks}], "master": {"eq": peaks}})

    expected = Eq(peak_1=Peak(gain_db=3.0, freq_hz=250.0), peak_3=Peak(q=2.0, freq_hz=4_000.0))
    assert console.strips[0].eq == expected
    assert console.master.eq == expected
    assert console.groups == ConsoleParameters(strips=()).groups


def test_a_part_cannot_stand_where_another_belongs() -> None:
    with pytest.raises(ParameterError) as refusal:
        Strip(stem="Kick", eq=Peak())  # type: ignore[arg-type]
    assert refusal.value.field == "eq"

    with pytest.raises(ParameterError):
        ConsoleParameters(strips=("Kick",))  # type: ignore[arg-type]


def test_lengths_are_computed_once_at_the_rate_and_kept() -> None:
    # 375 ms at 44 100 Hz is 16 537.5 samples: halves go up, in every language.
    console = CONSOLE.at_rate(44_100)

    assert console.delay.time_samples == 16_538
    assert console.reverb.predelay_samples == 882
    assert console.master.limiter.lookahead_samples == 88
    assert console.sample_rate == 44_100
    assert ConsoleParameters.from_dict(console.to_dict()) == console


def test_a_fresh_console_is_neutral() -> None:
    flat = CONSOLE.flatten()

    assert all(value in (0.0, None, False) for path, value in flat.items() if path.endswith(("gain_db", ".on", "mute")))
    assert flat["strips.Kick.fader_db"] == 0.0
    assert flat["strips.Kick.width"] == 1.0
    assert flat["strips.Lead.1.sends.reverb_db"] == -90.0
    assert flat["master.target_lufs"] is None
