"""DAWproject: the structure that the published schema asks for, and no parameter that comes back changed."""

from __future__ import annotations

import io
import math
import unicodedata
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import soundfile as sf
from hypothesis import HealthCheck, given, settings

from mixing.engine.console.parameters import (
    Compressor,
    ConsoleParameters,
    Eq,
    GroupBus,
    Groups,
    HighPass,
    Limiter,
    Master,
    Peak,
    Sends,
    Strip,
)
from mixing.engine.console.sources import StemSource
from mixing.engine.errors import Cancelled, MixFailed
from mixing.engine.export.dawproject import read_dawproject, write_dawproject
from mixing.engine.export.session import Session, SessionStem
from tests.mixing.engine.console.sessions import RATE, noise, write
from tests.mixing.engine.console.strategies import consoles

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


def full_console() -> ConsoleParameters:
    compressor = Compressor(on=True, threshold_db=-21.3, ratio=3.7, attack_ms=0.7, release_ms=123.4, knee_db=5.1)
    eq = Eq(high_pass=HighPass(on=True, freq_hz=33.3), peak_2=Peak(gain_db=-2.7, freq_hz=777.7, q=0.9))
    return ConsoleParameters(
        strips=(
            Strip(
                stem="Vox “lead” & <co>.wav",
                group="vocals",
                trim_db=1.1,
                eq=eq,
                compressor=compressor,
                fader_db=-3.3,
                pan=-0.123,
                width=1.3,
                sends=Sends(reverb_db=-12.7),
            ),
            Strip(stem="Kick.wav", group="drums", mute=True, fader_db=-90.0),
            Strip(stem="Bass.wav", group="bass", solo=True),
        ),
        groups=Groups(drums=GroupBus(gain_db=-1.7, eq=eq, compressor=compressor), vocals=GroupBus(gain_db=0.1)),
        master=Master(eq=eq, compressor=compressor, target_lufs=-13.9, limiter=Limiter(on=True)),
    ).at_rate(RATE)


def files(folder: Path, parameters: ConsoleParameters, gain_db: float = 2.2) -> tuple[Session, list[StemSource]]:
    short = noise(1, 441)
    sources = [
        StemSource(strip.stem, write(folder, {str(index): short})[0].path)
        for index, strip in enumerate(parameters.strips)
    ]
    stems = tuple(
        SessionStem(name=source.name, role="other", channels=1, frames=441, sha256="0" * 64) for source in sources
    )
    session = Session(
        title="Dawn", artist="Någon", mixer="Rough mix", mixer_version="3", sample_rate=RATE, stems=stems,
        parameters=parameters, report={"gain_db": gain_db},
    )  # fmt: skip
    return session, sources


def written(folder: Path, parameters: ConsoleParameters) -> Path:
    session, sources = files(folder, parameters)
    write_dawproject(session, sources, folder / "song.dawproject")
    return folder / "song.dawproject"


def project_of(path: Path) -> ET.Element:
    with zipfile.ZipFile(path) as archive:
        return ET.fromstring(archive.read("project.xml"))  # noqa: S314 - written by the test itself


def with_project(path: Path, project: str | bytes) -> Path:
    """The same file with another project.xml."""
    changed = path.with_name("changed.dawproject")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(changed, "w") as after:
        for name in before.namelist():
            after.writestr(name, project if name == "project.xml" else before.read(name))
    return changed


def test_it_has_the_structure_of_the_published_schema(tmp_path: Path) -> None:
    project = project_of(written(tmp_path, full_console()))
    assert_fits_the_schema(project)
    ids = [element.get("id") for element in project.iter() if element.get("id")]
    assert len(set(ids)) == len(ids)
    for element in project.iter():
        for name in ("destination", "track"):
            assert element.get(name) is None or element.get(name) in ids


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
