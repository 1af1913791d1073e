"""DAWproject as it is written: the structure of the published schema, and what programs ask for beside it."""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import soundfile as sf

from mixing.engine.console.parameters import (
    ConsoleParameters,
    Strip,
)
from mixing.engine.errors import Cancelled, MixFailed
from mixing.engine.export.dawproject import read_dawproject, write_dawproject
from tests.mixing.engine.export.projects import files, full_console, project_of, written

# What may stand in each element, in this order, and its attributes: after the format's published schema, version 1.0.
REFERABLE = {"id", "name", "color", "comment"}
REAL = (), {"max", "min", "unit", "value", "parameterID"} | REFERABLE, {"unit"}
SWITCH = (), {"value", "parameterID"} | REFERABLE, set()
DEVICE = ("Parameters", "Enabled", "State")
DEVICE_ATTRIBUTES = {"deviceID", "deviceName", "deviceRole", "deviceVendor", "loaded"} | REFERABLE
DEVICE_NEEDS = {"deviceName", "deviceRole"}
SCHEMA: dict[str, tuple[tuple[str, ...], set[str], set[str]]] = {
    "Project": (("Application", "Transport", "Structure", "Arrangement", "Scenes"), {"version"}, {"version"}),
    "Application": ((), {"name", "version"}, {"name", "version"}),
    "Transport": (("Tempo", "TimeSignature"), set(), set()),
    "TimeSignature": ((), {"numerator", "denominator", "parameterID"} | REFERABLE, {"numerator", "denominator"}),
    "Structure": (("Track",), set(), set()),
    "Track": (("Channel", "Track"), {"contentType", "loaded"} | REFERABLE, set()),
    "Channel": (
        ("Devices", "Mute", "Pan", "Sends", "Volume"),
        {"audioChannels", "destination", "role", "solo"} | REFERABLE,
        set(),
    ),
    "Sends": (("Send",), set(), set()),
    "Send": (("Enable", "Pan", "Volume"), {"destination", "type"} | REFERABLE, set()),
    "BuiltinDevice": (DEVICE, DEVICE_ATTRIBUTES, DEVICE_NEEDS),
    "Equalizer": ((*DEVICE, "Band", "InputGain", "OutputGain"), DEVICE_ATTRIBUTES, DEVICE_NEEDS),
    "Compressor": (
        (*DEVICE, "Attack", "AutoMakeup", "InputGain", "OutputGain", "Ratio", "Release", "Threshold"),
        DEVICE_ATTRIBUTES,
        DEVICE_NEEDS,
    ),
    "Limiter": (
        (*DEVICE, "Attack", "InputGain", "OutputGain", "Release", "Threshold"),
        DEVICE_ATTRIBUTES,
        DEVICE_NEEDS,
    ),
    "Band": (("Freq", "Gain", "Q", "Enabled"), {"type", "order"}, {"type"}),
    "Arrangement": (("Lanes",), REFERABLE, set()),
    "Clips": (("Clip",), {"timeUnit", "track"} | REFERABLE, set()),
    "Clip": (
        ("Audio",),
        {"time", "duration", "contentTimeUnit", "playStart", "playStop", "name", "color", "comment"},
        {"time"},
    ),
    "Audio": (
        ("File",),
        {"algorithm", "channels", "sampleRate", "duration", "timeUnit", "track"} | REFERABLE,
        {"channels", "sampleRate", "duration"},
    ),
    "File": ((), {"path", "external"}, {"path"}),
    "IntegerParameter": ((), {"max", "min", "value", "parameterID"} | REFERABLE, set()),
    **dict.fromkeys(
        (
            "RealParameter", "Tempo", "Pan", "Volume", "Freq", "Gain", "Q", "InputGain", "OutputGain", "Attack",
            "Release", "Ratio", "Threshold",
        ),
        REAL,
    ),
    **dict.fromkeys(("Mute", "Enabled", "AutoMakeup", "Enable"), SWITCH),
}  # fmt: skip
ANY_ORDER = {
    "Devices": {"BuiltinDevice", "Equalizer", "Compressor", "Limiter"},
    "Parameters": {"RealParameter", "IntegerParameter"},
    "Lanes": {"Lanes", "Clips"},
}
VALUES = {
    "unit": {"linear", "normalized", "percent", "decibel", "hertz", "semitones", "seconds", "beats", "bpm"},
    "role": {"regular", "master", "effect", "submix", "vca"},
    "contentType": {"audio", "tracks"},
    "deviceRole": {"audioFX"},
    "timeUnit": {"seconds"},
    "type": {"pre", "post", "highPass", "highShelf", "lowShelf", "bell"},
}


def assert_fits_the_schema(element: ET.Element) -> None:
    tags = [child.tag for child in element]
    if element.tag in ANY_ORDER:
        assert set(tags) <= ANY_ORDER[element.tag]
    else:
        children, attributes, needed = SCHEMA[element.tag]
        assert [children.index(tag) for tag in tags] == sorted(children.index(tag) for tag in tags), element.tag
        assert needed <= set(element.attrib) <= attributes, (element.tag, element.attrib)
    for name, value in element.attrib.items():
        assert name not in VALUES or value in VALUES[name], (element.tag, name, value)
        if name in {"value", "time", "duration"} and element.tag not in {"Mute", "Enabled", "AutoMakeup"}:
            assert math.isfinite(float(value))
    for child in element:
        assert_fits_the_schema(child)


def test_it_has_the_structure_of_the_published_schema(tmp_path: Path) -> None:
    project = project_of(written(tmp_path, full_console()))
    assert_fits_the_schema(project)
    ids = [element.get("id") for element in project.iter() if element.get("id")]
    assert len(set(ids)) == len(ids)
    for element in project.iter():
        for name in ("destination", "track"):
            assert element.get(name) is None or element.get(name) in ids


def test_other_programs_find_the_units_that_the_format_asks_for(tmp_path: Path) -> None:
    project = project_of(written(tmp_path, full_console()))
    track = project.find(".//Track[@name='Vox “lead” & <co>.wav']")
    assert track is not None

    def value(path: str) -> tuple[str, float]:
        element = track.find(path)
        assert element is not None
        return element.get("unit", ""), float(element.get("value", "nan"))

    assert value("Channel/Volume") == ("linear", pytest.approx(10 ** (-3.3 / 20)))
    assert value("Channel/Pan") == ("normalized", pytest.approx((1 - 0.123) / 2))
    assert value("Channel/Devices/Compressor/Attack") == ("seconds", pytest.approx(0.0007))
    # 3.7:1 takes 1 - 1/3.7 of each decibel.
    assert value("Channel/Devices/Compressor/Ratio") == ("percent", pytest.approx(72.97297297))
    assert value("Channel/Devices/Equalizer/InputGain") == ("decibel", 1.1)
    automatic = track.find("Channel/Devices/Compressor/AutoMakeup")
    assert automatic is not None
    assert automatic.get("value") == "false"
    assert value("Channel/Devices/Equalizer/Band[@type='highPass']/Freq") == ("hertz", 33.3)
    assert value("Channel/Sends/Send/Volume") == ("linear", pytest.approx(10 ** (-12.7 / 20)))
    muted = project.find(".//Track[@name='Kick.wav']/Channel/Mute")
    assert muted is not None
    assert muted.get("value") == "true"
    # With the limiter on, the gain towards the loudness drives it, and the volume behind it stays.
    master = project.find("Structure/Track/Channel[@role='master']")
    assert master is not None
    assert master.find("Devices/Limiter/InputGain").get("value") == "2.2"  # type: ignore[union-attr]
    assert master.find("Volume").get("value") == "1"  # type: ignore[union-attr]


def test_a_band_says_its_slope_and_its_q_so_that_no_program_takes_its_own(tmp_path: Path) -> None:
    project = project_of(written(tmp_path, full_console()))
    bands = project.findall(".//Track[@name='Drums']/Channel/Devices/Equalizer/Band")
    told = [
        (band.get("type"), band.get("order"), round(float(band.find("Q").get("value", "nan")), 4))  # type: ignore[union-attr]
        for band in bands
    ]
    assert told == [
        ("highPass", "2", 0.7071),
        ("lowShelf", "2", 0.7071),
        ("bell", "2", 1.0),
        ("bell", "2", 0.9),
        ("bell", "2", 1.0),
        ("highShelf", "2", 0.7071),
    ]


def test_nothing_that_programs_ask_for_is_left_out_because_the_schema_allows_it(tmp_path: Path) -> None:
    """Cubase loads nothing without a tempo, and no track without its content; Bitwig drops what is not loaded."""
    project = project_of(written(tmp_path, ConsoleParameters(strips=(Strip(stem="x"),))))
    transport = project.find("Transport")
    assert transport is not None
    assert [child.tag for child in transport] == ["Tempo", "TimeSignature"]
    assert {(track.get("contentType"), track.get("loaded")) for track in project.iter("Track")} == {
        ("tracks", "true"),
        ("audio", "true"),
    }
    assert [channel.get("role") for channel in project.iter("Channel")] == [
        "submix",
        "regular",
        "effect",
        "effect",
        "master",
    ]
    assert {channel.get("audioChannels") for channel in project.iter("Channel")} == {"2"}
    channels = {channel.get("id"): channel.get("role") for channel in project.iter("Channel")}
    routes = [(channel.get("role"), channels.get(channel.get("destination"))) for channel in project.iter("Channel")]
    assert routes == [
        ("submix", "master"),
        ("regular", "submix"),
        ("effect", "master"),
        ("effect", "master"),
        ("master", None),
    ]


def test_groups_hold_their_tracks_and_effects_are_fed(tmp_path: Path) -> None:
    project = project_of(written(tmp_path, full_console()))
    group = project.find("Structure/Track[@name='Vocals']")
    assert group is not None
    channel, track = group.find("Channel"), group.find("Track/Channel")
    assert channel is not None
    assert track is not None
    assert channel.get("role") == "submix"
    assert track.get("destination") == channel.get("id")
    reverb = project.find("Structure/Track[@name='Reverb']/Channel[@role='effect']")
    send = track.find("Sends/Send")
    assert reverb is not None
    assert send is not None
    assert (send.get("destination"), send.get("type")) == (reverb.get("id"), "post")


def test_its_clips_are_the_stems_from_the_beginning_byte_by_byte(tmp_path: Path) -> None:
    session, sources = files(tmp_path, full_console())
    heard: list[float] = []
    write_dawproject(session, sources, tmp_path / "a.dawproject", progress=heard.append)
    found = read_dawproject(tmp_path / "a.dawproject")
    with zipfile.ZipFile(tmp_path / "a.dawproject") as archive:
        assert archive.testzip() is None
        assert archive.namelist()[:2] == ["metadata.xml", "project.xml"]
        for source in sources:
            content = archive.read(found.audio[source.name])
            assert content == source.path.read_bytes()
            assert sf.info(io.BytesIO(content)).frames == 441
    clips = project_of(tmp_path / "a.dawproject").findall(".//Clip")
    assert {(clip.get("time"), clip.get("duration")) for clip in clips} == {("0", "0.01")}
    assert heard[-1] == 1.0


def test_the_same_session_is_the_same_bytes(tmp_path: Path) -> None:
    session, sources = files(tmp_path, full_console())
    for name in ("a", "b"):
        write_dawproject(session, sources, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_name_that_no_xml_can_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MixFailed) as refused:
        written(tmp_path, ConsoleParameters(strips=(Strip(stem="a\x01"),)))
    assert refused.value.code == "unwritable_name"


def test_a_cancelled_project_leaves_nothing(tmp_path: Path) -> None:
    session, sources = files(tmp_path, full_console())
    before = sorted(tmp_path.iterdir())
    with pytest.raises(Cancelled):
        write_dawproject(session, sources, tmp_path / "a.dawproject", cancelled=lambda: True)
    assert sorted(tmp_path.iterdir()) == before
