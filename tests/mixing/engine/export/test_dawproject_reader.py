"""DAWproject as it is read: no parameter that comes back changed, what others wrote, and what is refused."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings

from mixing.engine.console.parameters import (
    ConsoleParameters,
    HighPass,
    Peak,
)
from mixing.engine.errors import MixFailed
from mixing.engine.export.dawproject import read_dawproject
from tests.mixing.engine.console.strategies import consoles
from tests.mixing.engine.export.projects import full_console, project_of, with_project, written
from tests.mixing.engine.export.test_dawproject_writer import assert_fits_the_schema


def test_every_parameter_comes_back_unchanged(tmp_path: Path) -> None:
    found = read_dawproject(written(tmp_path, full_console()))
    assert found.parameters == full_console()
    assert found.gain_db == pytest.approx(2.2, abs=1e-15)
    assert (found.title, found.artist, found.comment) == ("Dawn", "Någon", "Mixed by Rough mix, version 3")
    assert list(found.audio) == [strip.stem for strip in full_console().strips]


def sensible(console: ConsoleParameters) -> ConsoleParameters:
    """Values so near to zero that nothing could tell them from it become zero; names get characters that XML knows."""
    knobs = {path: 0.0 for path, value in console.flatten().items() if isinstance(value, float) and abs(value) < 1e-12}
    console = console.with_values(knobs)
    names = ["".join(char for char in strip.stem if unicodedata.category(char)[0] != "C") for strip in console.strips]
    strips = (
        replace(strip, stem=f"{index} {name}")
        for index, (strip, name) in enumerate(zip(console.strips, names, strict=True))
    )
    return replace(console, strips=tuple(strips))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(console=consoles())
def test_any_console_comes_back_with_every_digit(tmp_path: Path, console: ConsoleParameters) -> None:
    console = sensible(console)
    path = written(tmp_path, console) if console.strips else None
    if path is not None:
        assert read_dawproject(path).parameters == console
        assert_fits_the_schema(project_of(path))


def test_what_another_program_has_changed_counts(tmp_path: Path) -> None:
    path = written(tmp_path, full_console())
    project = project_of(path)
    channel = project.find(".//Track[@name='Bass.wav']/Channel")
    assert channel is not None
    channel.find("Volume").set("value", "0.500000")  # type: ignore[union-attr]
    channel.find("Pan").set("value", "0.750000")  # type: ignore[union-attr]
    found = read_dawproject(with_project(path, ET.tostring(project))).parameters
    expected = full_console().with_values(
        {"strips.Bass.wav.fader_db": 20 * math.log10(0.5), "strips.Bass.wav.pan": 0.5}
    )
    assert found == expected


@pytest.mark.parametrize(
    ("element", "unit", "value", "knob", "expected"),
    [
        ("Devices/Equalizer/Band[@type='highPass']/Freq", "semitones", "57", "eq.high_pass.freq_hz", 220.0),
        ("Volume", "decibel", "-7.5", "fader_db", -7.5),
        ("Volume", "decibel", "-120", "fader_db", -90.0),
        ("Volume", "linear", "0.000001", "fader_db", -90.0),
        ("Devices/Compressor/Ratio", "linear", "2.5", "compressor.ratio", 2.5),
        ("Devices/Compressor/Threshold", "linear", "0.1", "compressor.threshold_db", -20.0),
    ],
)
def test_a_knob_may_be_told_in_another_unit_of_the_format(
    tmp_path: Path, element: str, unit: str, value: str, knob: str, expected: float
) -> None:
    path = written(tmp_path, full_console())
    project = project_of(path)
    found = project.find(f".//Track[@name='Vox “lead” & <co>.wav']/Channel/{element}")
    assert found is not None
    found.attrib.update(unit=unit, value=value)
    told = read_dawproject(with_project(path, ET.tostring(project))).parameters
    assert told.flatten()[f"strips.Vox “lead” & <co>.wav.{knob}"] == pytest.approx(expected, abs=1e-12)


def test_a_band_that_another_program_has_switched_off_does_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, full_console())
    project = project_of(path)
    for band in project.findall(".//Track[@name='Drums']/Channel/Devices/Equalizer/Band"):
        band.find("Enabled").set("value", "false")  # type: ignore[union-attr]
    drums = read_dawproject(with_project(path, ET.tostring(project))).parameters.groups.drums
    assert drums.eq.high_pass == HighPass(on=False, freq_hz=33.3)
    assert drums.eq.peak_2 == Peak(gain_db=0.0, freq_hz=777.7, q=0.9)


def test_two_tracks_of_one_name_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, full_console())
    text = ET.tostring(project_of(path)).decode().replace('name="Kick.wav"', 'name="Bass.wav"')
    with pytest.raises(MixFailed, match="two of its tracks have the same name"):
        read_dawproject(with_project(path, text))


BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><Project version="1.0">&c;</Project>'


@pytest.mark.parametrize(
    "project",
    [
        BOMB,
        BOMB.decode().encode("utf-16"),
        b"<Project version='1.0'>",
        b"<Project version='1.0'/>",
        b"<Project version='2.0'><Structure/></Project>",
        b"<Project version='1.0'>" + b"<a>" * 100_000,
        b"<Project version='1.0'>" + b" " * (17 << 20) + b"</Project>",
        "a channel less",
        "a unit",
        "no number",
        "no such track",
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_no_project_of_ours_is_refused_with_a_sentence(tmp_path: Path, project: str | bytes) -> None:
    path = written(tmp_path, full_console())
    text = ET.tostring(project_of(path)).decode()
    changes = {
        "a channel less": ('role="master"', 'role="vca"'),
        "a unit": ('unit="normalized"', 'unit="semitones"'),
        "no number": ('unit="hertz" value="', 'unit="hertz" value="x'),
        "no such track": ('<Lanes track="', '<Lanes track="x'),
    }
    if isinstance(project, str):
        before, after = changes[project]
        assert before in text
        project = text.replace(before, after)
    with pytest.raises(MixFailed) as refused:
        read_dawproject(with_project(path, project))
    assert refused.value.code == "invalid_project"


@pytest.mark.parametrize(
    ("before", "inside", "words"),
    [
        ('<!DOCTYPE Project [<!ENTITY a "b">]>', "", "document type"),
        ("", "<a>" * 70 + "</a>" * 70, "too deep"),
        ("", " " * (17 << 20), "too large"),
    ],
)
def test_a_project_that_is_whole_but_for_this_is_refused(tmp_path: Path, before: str, inside: str, words: str) -> None:
    path = written(tmp_path, full_console())
    text = ET.tostring(project_of(path)).decode()
    with pytest.raises(MixFailed, match=words):
        read_dawproject(with_project(path, before + text.replace("</Project>", f"{inside}</Project>")))


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"PK nothing")
    with pytest.raises(MixFailed) as refused:
        read_dawproject(tmp_path / "a")
    assert refused.value.code == "invalid_project"
