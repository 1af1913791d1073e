"""Reading a project back into a console. What a workstation has changed in the format's own elements counts."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.errors import MixFailed
from mixing.engine.export.dawproject import layout
from mixing.engine.export.dawproject.units import DECIBEL, LEVEL, LINEAR, PAN, Unit
from mixing.engine.roles import GROUPS

_LARGEST_TEXT: Final = 16 << 20
_DEEPEST: Final = 64


@dataclass(frozen=True, slots=True)
class DawProject:
    """What a project holds.

    Parameters
    ----------
    parameters : ConsoleParameters
        The console.
    audio : Mapping[str, str]
        For each stem the name of its file in the ZIP.
    gain_db : float
        The gain towards the loudness: the master's volume and what drives the limiter.
    title, artist, licence, comment : str
        Of the metadata; empty where absent.
    """

    parameters: ConsoleParameters
    audio: Mapping[str, str]
    gain_db: float
    title: str
    artist: str
    licence: str
    comment: str


def read_dawproject(path: Path) -> DawProject:
    """Read a project that :func:`~mixing.engine.export.dawproject.write_dawproject` wrote, changed or not.

    Raises
    ------
    MixFailed
        ``invalid_project`` if it is no such project.
    ParameterError
        If a value lies outside of its knob's range.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            project, metadata = (_tree(archive, name) for name in (layout.PROJECT_FILE, layout.METADATA_FILE))
    except (zipfile.BadZipFile, KeyError, OSError, RuntimeError, NotImplementedError):
        raise _invalid("it is not a DAWproject file") from None
    console = _Console(project)
    words = {tag: (metadata.findtext(tag) or "") for tag in ("Title", "Artist", "Copyright", "Comment")}
    return DawProject(console.parameters(), console.audio, console.gain_db(), *words.values())


class _NoDoctype(ET.TreeBuilder):
    """Refuses a document type, and with it every entity, before anything is expanded; and trees of endless depth."""

    depth = 0

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise _invalid("its XML has a document type")

    def start(self, tag: str, attrs: dict[Any, Any], /) -> ET.Element:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _invalid("its XML is too deep")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ET.Element:
        self.depth -= 1
        return super().end(tag)


def _tree(archive: zipfile.ZipFile, name: str) -> ET.Element:
    with archive.open(name) as file:
        content = file.read(_LARGEST_TEXT + 1)
    if len(content) > _LARGEST_TEXT:
        raise _invalid(f"{name} is too large")
    parser = ET.XMLParser(target=_NoDoctype())  # noqa: S314 - it refuses document types, and its size is bounded
    try:
        parser.feed(content)
        root: ET.Element = parser.close()
    except ET.ParseError as error:
        raise _invalid(f"{name} is not XML ({error})") from None
    return root


class _Console:
    """Finds the console's knobs in the tree."""

    def __init__(self, project: ET.Element) -> None:
        structure = project.find("Structure")
        if project.tag != "Project" or structure is None:
            raise _invalid("it has no structure")
        if project.get("version") != layout.FORMAT_VERSION:
            raise _invalid(f"it is of version {project.get('version')!r} and 1.0 is known")
        self._tracks = {track.get("id", ""): track for track in structure.iter("Track")}
        self._groups = {name: self._group_track(structure, name) for name in GROUPS}
        self._effects = {name: self._effect_channel(structure, layout.EFFECTS[name][0]) for name in layout.EFFECTS}
        self._master = _only(structure.findall("Track/Channel[@role='master']"), "master channel")
        self._lanes = list(self._clips(project))
        self.audio = {self._name(track): file for track, file in self._lanes}
        if len(self.audio) != len(self._lanes):
            raise _invalid("two of its tracks have the same name")

    def parameters(self) -> ConsoleParameters:
        tree: dict[str, Any] = {
            "strips": [self._strip(self._tracks[track]) for track, _ in self._lanes],
            "groups": {name: self._bus(track) for name, track in self._groups.items() if track is not None},
            "master": self._master_bus(),
        }
        for name, channel in self._effects.items():
            if channel is not None:
                tree[name] = self._effect(name, channel)
        device = _device(self._master, "BuiltinDevice", layout.LOUDNESS)
        rate = _whole(device, layout.SAMPLE_RATE)
        return ConsoleParameters.from_dict(tree | ({} if rate is None else {"sample_rate": rate}))

    def gain_db(self) -> float:
        volume = _real(self._master, "Volume", LEVEL)
        driven = _real(_device(self._master, "Limiter"), "InputGain", DECIBEL)
        return (volume or 0.0) + (driven or 0.0)

    def _strip(self, track: ET.Element) -> dict[str, Any]:
        channel = _channel(track)
        eq = _device(channel, "Equalizer")
        width = _real(_device(channel, "BuiltinDevice", layout.WIDTH), layout.WIDTH, LINEAR, parameter=True)
        return {
            "stem": track.get("name", ""),
            "group": self._group_of(track),
            "mute": _switch(channel, "Mute") or False,
            "solo": channel.get("solo") == "true",
            **_present(trim_db=_real(eq, "InputGain", DECIBEL), width=width),
            **_dynamics(channel),
            **_present(fader_db=_real(channel, "Volume", LEVEL), pan=_real(channel, "Pan", PAN)),
            "sends": self._sends(channel),
        }

    def _sends(self, channel: ET.Element) -> dict[str, float]:
        names = {bus.get("id"): name for name, bus in self._effects.items() if bus is not None}
        levels = {}
        for send in channel.findall("Sends/Send"):
            level, name = _real(send, "Volume", LEVEL), names.get(send.get("destination"))
            if name is not None and level is not None:
                levels[f"{name}_db"] = level
        return levels

    def _bus(self, track: ET.Element) -> dict[str, Any]:
        channel = _channel(track)
        return {**_dynamics(channel), **_present(gain_db=_real(channel, "Volume", LEVEL))}

    def _effect(self, name: str, channel: ET.Element) -> dict[str, Any]:
        title, knobs, lengths = layout.EFFECTS[name]
        device = _device(channel, "BuiltinDevice", title)
        return {
            **_reals(device, knobs, parameter=True),
            **_present(**{field: _whole(device, label) for label, field in lengths.items()}),
            **_present(return_db=_real(channel, "Volume", LEVEL)),
        }

    def _master_bus(self) -> dict[str, Any]:
        limiter = _device(self._master, "Limiter")
        loudness = _device(self._master, "BuiltinDevice", layout.LOUDNESS)
        return {
            **_dynamics(self._master),
            **_present(
                target_lufs=_real(loudness, layout.TARGET, DECIBEL, parameter=True),
                ceiling_dbtp=_real(limiter, "Threshold", DECIBEL),
            ),
            "limiter": {
                **_present(on=_switch(limiter, "Enabled")),
                **_reals(limiter, layout.LIMITER),
                **_reals(limiter, layout.LIMITER_PARAMETERS, parameter=True),
                **_present(**{field: _whole(limiter, label) for label, field in layout.LIMITER_LENGTHS.items()}),
            },
        }

    # ---- where things are --------------------------------------------------------------------------------------------

    def _clips(self, project: ET.Element) -> Iterator[tuple[str, str]]:
        """The track and the file of each clip, in the arrangement's order."""
        for lane in project.findall("Arrangement/Lanes/Lanes"):
            track, file = lane.get("track", ""), lane.find("Clips/Clip/Audio/File")
            if track not in self._tracks or file is None or not file.get("path"):
                raise _invalid("a clip belongs to no track or has no file")
            yield track, file.get("path", "")

    def _name(self, track: str) -> str:
        return self._tracks[track].get("name", "")

    def _group_of(self, track: ET.Element) -> str:
        for name, group in self._groups.items():
            if group is not None and track in group.findall("Track"):
                return name
        raise _invalid(f"the track “{track.get('name', '')}” is in none of the groups {', '.join(GROUPS)}")

    @staticmethod
    def _group_track(structure: ET.Element, name: str) -> ET.Element | None:
        found = [
            track
            for track in structure.findall("Track[@contentType='tracks']")
            if track.get("name") == name.capitalize()
        ]
        return _only(found, f"group {name}") if found else None

    @staticmethod
    def _effect_channel(structure: ET.Element, title: str) -> ET.Element | None:
        found = [
            channel
            for track in structure.findall("Track")
            if track.get("name") == title
            for channel in track.findall("Channel[@role='effect']")
        ]
        return _only(found, title) if found else None


# ---- elements to values; what is absent is None, and the knob stays neutral ------------------------------------------


def _dynamics(channel: ET.Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    eq, compressor = _device(channel, "Equalizer"), _device(channel, "Compressor")
    if eq is not None:
        found["eq"] = _bands(eq)
    if compressor is not None:
        found["compressor"] = {
            **_present(on=_switch(compressor, "Enabled")),
            **_reals(compressor, layout.COMPRESSOR),
            **_reals(compressor, layout.COMPRESSOR_PARAMETERS, parameter=True),
        }
    return found


def _bands(eq: ET.Element) -> dict[str, Any]:
    waiting = {kind: [band for band in eq.findall("Band") if band.get("type") == kind] for kind, _, _ in layout.BANDS}
    found: dict[str, Any] = {}
    for kind, field, knobs in layout.BANDS:
        if not waiting[kind]:
            continue
        band = waiting[kind].pop(0)
        found[field] = _reals(band, knobs)
        on = _switch(band, "Enabled")
        if field == "high_pass":
            found[field]["on"] = on is not False
        elif on is False:
            found[field]["gain_db"] = 0.0
    return found


def _channel(track: ET.Element) -> ET.Element:
    return _only(track.findall("Channel"), f"channel of {track.get('name', '')}")


def _device(channel: ET.Element, tag: str, name: str | None = None) -> ET.Element | None:
    found = [device for device in channel.findall(f"Devices/{tag}") if name in (None, device.get("deviceName"))]
    return found[0] if found else None


def _reals(parent: ET.Element | None, knobs: layout.Knobs, *, parameter: bool = False) -> dict[str, Any]:
    return _present(**{field: _real(parent, tag, unit, parameter=parameter) for tag, (field, unit) in knobs.items()})


def _real(parent: ET.Element | None, tag: str, unit: Unit, *, parameter: bool = False) -> float | None:
    element = _found(parent, tag, "RealParameter" if parameter else None)
    if element is None or element.get("value") is None:
        return None
    told_in = element.get("unit")
    if not unit.known(told_in):
        raise _invalid(f"{tag} is told in {told_in!r} and not in {unit.name!r}")
    return unit.read(element.get("value", ""), told_in)


def _whole(parent: ET.Element | None, label: str) -> int | None:
    element = _found(parent, label, "IntegerParameter")
    if element is None:
        return None
    text = element.get("value", "")
    if not text.isascii() or not text.isdecimal() or len(text) > 12:
        raise _invalid(f"{label} is not a whole number")
    return int(text)


def _found(parent: ET.Element | None, tag: str, parameter: str | None) -> ET.Element | None:
    if parent is None:
        return None
    if parameter is None:
        return parent.find(tag)
    return next((each for each in parent.findall(f"Parameters/{parameter}") if each.get("name") == tag), None)


def _switch(parent: ET.Element | None, tag: str) -> bool | None:
    element = None if parent is None else parent.find(tag)
    return None if element is None else element.get("value") == "true"


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _only(found: list[ET.Element], what: str) -> ET.Element:
    if len(found) != 1:
        raise _invalid(f"it has {len(found)} times what it needs once: {what}")
    return found[0]


def _invalid(what: str) -> MixFailed:
    return MixFailed("invalid_project", f"This project cannot be read: {what}.")
