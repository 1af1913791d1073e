"""Writing a project: tracks in their groups, effects, master, and the stems as clips from the song's beginning."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from mixing.engine.console.gain import linear
from mixing.engine.console.parameters import (
    Compressor,
    ConsoleParameters,
    Delay,
    Eq,
    GroupBus,
    Limiter,
    Master,
    Reverb,
    Strip,
)
from mixing.engine.console.sources import StemSource, refuse_mismatch
from mixing.engine.errors import Cancelled, MixFailed
from mixing.engine.export.archive import entry_names, new_archive
from mixing.engine.export.dawproject import layout
from mixing.engine.export.dawproject.units import DECIBEL, LEVEL, LINEAR, PAN, Unit
from mixing.engine.export.session import Session, SessionStem
from mixing.engine.roles import GROUPS

APPLICATION: Final = ("AI Mixer", "1")
_LOUDEST: Final = "4"
"""+12 dB as a factor, rounded up: as far as a fader of the console goes."""


def write_dawproject(
    session: Session,
    sources: Sequence[StemSource],
    output: Path,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Write a mix as a DAWproject: ``project.xml``, ``metadata.xml`` and the stems as they are.

    Volume, pan, mute, solo, sends, equaliser, compressor and limiter are the format's own elements in its own units.
    The gain towards the loudness, as the session's report has it, is the master's volume, or drives the limiter where
    that is on.

    Parameters
    ----------
    session : Session
        The console and what is known about the stems.
    sources : Sequence[StemSource]
        The canonical file of each stem.
    output : Path
        Appears when it is whole, or not at all.

    Raises
    ------
    MixFailed
        If stems and strips do not belong together, or a name holds characters that XML cannot hold.
    Cancelled
        If ``cancelled`` said so; nothing is left behind.
    """
    refuse_mismatch(sources, session.parameters)
    paths = {source.name: source.path for source in sources}
    files = {
        name: f"{layout.AUDIO_FOLDER}/{file}"
        for name, file in entry_names([strip.stem for strip in session.parameters.strips]).items()
    }
    project, metadata = _text(_Project(session, files).element()), _text(_metadata(session))
    total = max(1, sum(path.stat().st_size for path in paths.values()))
    done = 0

    def wrote(count: int) -> None:
        nonlocal done
        if cancelled is not None and cancelled():
            raise Cancelled
        done += count
        if progress is not None:
            progress(min(1.0, done / total))

    with new_archive(output) as archive:
        archive.add_text(layout.METADATA_FILE, metadata)
        archive.add_text(layout.PROJECT_FILE, project)
        for name, file in files.items():
            archive.add_file(file, paths[name], wrote)


def _metadata(session: Session) -> ET.Element:
    root = ET.Element("MetaData")
    words = {
        "Title": session.title,
        "Artist": session.artist,
        "Copyright": session.licence,
        "Comment": session.credit,
    }
    for tag, text in words.items():
        if text:
            ET.SubElement(root, tag).text = text
    return root


def _text(root: ET.Element) -> str:
    for element in root.iter():
        for text in (*element.attrib.values(), element.text or ""):
            if not all(_fits_xml(char) for char in text):
                raise MixFailed(
                    "unwritable_name", f"The name {text!r} holds characters that no project can hold; change it."
                )
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _fits_xml(char: str) -> bool:
    code = ord(char)
    return char in "\t\n\r" or (0x20 <= code < 0xD800) or (0xE000 <= code < 0xFFFE) or code > 0xFFFF


class _Project:
    """Builds the tree; each element that can be referred to gets an id of its own."""

    def __init__(self, session: Session, files: Mapping[str, str]) -> None:
        self._session = session
        self._files = files
        self._numbers = itertools.count(1)
        self._master_id = self._id()
        self._effect_ids = {name: self._id() for name in layout.EFFECTS}
        self._track_ids = {strip.stem: self._id() for strip in session.parameters.strips}

    def element(self) -> ET.Element:
        root = ET.Element("Project", version=layout.FORMAT_VERSION)
        ET.SubElement(root, "Application", name=APPLICATION[0], version=APPLICATION[1])
        transport = ET.SubElement(root, "Transport")
        ET.SubElement(transport, "Tempo", unit="bpm", value="120", id=self._id(), name="Tempo")
        ET.SubElement(transport, "TimeSignature", denominator="4", numerator="4", id=self._id())
        self._add_structure(ET.SubElement(root, "Structure"), self._session.parameters)
        self._add_arrangement(ET.SubElement(root, "Arrangement", id=self._id()))
        return root

    def _id(self) -> str:
        return f"id{next(self._numbers)}"

    # ---- tracks and channels -----------------------------------------------------------------------------------------

    def _add_structure(self, structure: ET.Element, parameters: ConsoleParameters) -> None:
        for name in GROUPS:
            bus: GroupBus = getattr(parameters.groups, name)
            strips = [strip for strip in parameters.strips if strip.group == name]
            if strips or bus != GroupBus():
                self._add_group(structure, name, bus, strips)
        self._add_effect(structure, "reverb", parameters.reverb)
        self._add_effect(structure, "delay", parameters.delay)
        self._add_master(structure, parameters)

    def _add_group(self, structure: ET.Element, name: str, bus: GroupBus, strips: list[Strip]) -> None:
        track = self._track(structure, name.capitalize(), "tracks")
        channel = self._channel(track, "submix", destination=self._master_id)
        devices = ET.SubElement(channel, "Devices")
        self._add_equaliser(devices, bus.eq)
        self._add_compressor(devices, bus.compressor)
        self._add_volume(channel, bus.gain_db)
        for strip in strips:
            self._add_strip(track, strip, destination=channel.attrib["id"])

    def _add_strip(self, group: ET.Element, strip: Strip, *, destination: str) -> None:
        track = self._track(group, strip.stem, "audio", uid=self._track_ids[strip.stem])
        channel = self._channel(track, "regular", destination=destination, solo=strip.solo)
        devices = ET.SubElement(channel, "Devices")
        self._add_equaliser(devices, strip.eq, trim_db=strip.trim_db)
        self._add_compressor(devices, strip.compressor)
        if strip.width != 1.0:
            device = self._device(devices, "BuiltinDevice", layout.WIDTH, {layout.WIDTH: (strip.width, LINEAR)})
            self._add_switch(device, "Enabled", True)
        self._add_switch(channel, "Mute", strip.mute)
        self._add_real(channel, "Pan", strip.pan, PAN, name="Pan", max="1", min="0")
        self._add_sends(channel, strip)
        self._add_volume(channel, strip.fader_db)

    def _add_sends(self, channel: ET.Element, strip: Strip) -> None:
        levels = {"reverb": strip.sends.reverb_db, "delay": strip.sends.delay_db}
        if not any(linear(level) for level in levels.values()):
            return
        sends = ET.SubElement(channel, "Sends")
        for effect, level_db in levels.items():
            if linear(level_db):
                send = ET.SubElement(sends, "Send", destination=self._effect_ids[effect], type="post", id=self._id())
                self._add_volume(send, level_db)

    def _add_effect(self, structure: ET.Element, effect: str, bus: Reverb | Delay) -> None:
        title, knobs, lengths = layout.EFFECTS[effect]
        track = self._track(structure, title, "audio")
        channel = self._channel(track, "effect", destination=self._master_id, uid=self._effect_ids[effect])
        devices = ET.SubElement(channel, "Devices")
        values = {name: (getattr(bus, field), unit) for name, (field, unit) in knobs.items()}
        device = self._device(devices, "BuiltinDevice", title, values, _lengths(bus, lengths))
        self._add_switch(device, "Enabled", True)
        self._add_volume(channel, bus.return_db)

    def _add_master(self, structure: ET.Element, parameters: ConsoleParameters) -> None:
        master = parameters.master
        gain_db = float(self._session.report.get("gain_db") or 0.0)
        track = self._track(structure, layout.MASTER, "audio")
        channel = self._channel(track, "master", uid=self._master_id)
        devices = ET.SubElement(channel, "Devices")
        self._add_equaliser(devices, master.eq)
        self._add_compressor(devices, master.compressor)
        self._add_loudness(devices, parameters)
        self._add_limiter(devices, master, gain_db if master.limiter.on else 0.0)
        self._add_real(channel, "Volume", 0.0 if master.limiter.on else gain_db, LEVEL, name="Volume")

    def _track(self, parent: ET.Element, name: str, content: str, *, uid: str | None = None) -> ET.Element:
        return ET.SubElement(parent, "Track", contentType=content, loaded="true", id=uid or self._id(), name=name)

    def _channel(
        self, track: ET.Element, role: str, *, destination: str = "", uid: str | None = None, solo: bool = False
    ) -> ET.Element:
        attributes = {"audioChannels": "2", "role": role, "solo": _word(solo), "id": uid or self._id()}
        if destination:
            attributes["destination"] = destination
        return ET.SubElement(track, "Channel", attributes)

    # ---- devices -----------------------------------------------------------------------------------------------------

    def _add_equaliser(self, devices: ET.Element, eq: Eq, *, trim_db: float = 0.0) -> None:
        if eq == Eq() and trim_db == 0.0:
            return
        device = self._device(devices, "Equalizer", "Equalizer")
        self._add_switch(device, "Enabled", True)
        for kind, field, knobs in layout.BANDS:
            node = getattr(eq, field)
            band = ET.SubElement(device, "Band", type=kind, order=layout.BIQUAD_ORDER)
            for tag, (knob, unit) in knobs.items():
                self._add_real(band, tag, getattr(node, knob), unit)
            if "Q" not in knobs:
                self._add_real(band, "Q", layout.SHELF_Q, LINEAR)
            self._add_switch(band, "Enabled", node.on if field == "high_pass" else True)
        self._add_real(device, "InputGain", trim_db, DECIBEL, name="Trim")

    def _add_compressor(self, devices: ET.Element, compressor: Compressor) -> None:
        if compressor == Compressor():
            return
        values = {name: (getattr(compressor, knob), u) for name, (knob, u) in layout.COMPRESSOR_PARAMETERS.items()}
        device = self._device(devices, "Compressor", "Compressor", values)
        self._add_switch(device, "Enabled", compressor.on)
        for tag, (knob, unit) in layout.COMPRESSOR.items():
            self._add_real(device, tag, getattr(compressor, knob), unit)
            if tag == "Attack":
                self._add_switch(device, "AutoMakeup", False)

    def _add_limiter(self, devices: ET.Element, master: Master, gain_db: float) -> None:
        limiter: Limiter = master.limiter
        values = {name: (getattr(limiter, knob), u) for name, (knob, u) in layout.LIMITER_PARAMETERS.items()}
        device = self._device(devices, "Limiter", "Limiter", values, _lengths(limiter, layout.LIMITER_LENGTHS))
        self._add_switch(device, "Enabled", limiter.on)
        self._add_real(device, "InputGain", gain_db, DECIBEL)
        for tag, (knob, unit) in layout.LIMITER.items():
            self._add_real(device, tag, getattr(limiter, knob), unit)
        self._add_real(device, "Threshold", master.ceiling_dbtp, DECIBEL)

    def _add_loudness(self, devices: ET.Element, parameters: ConsoleParameters) -> None:
        """What no other program has a place for: the loudness that was asked for, and the rate of the lengths."""
        target, rate = parameters.master.target_lufs, parameters.sample_rate
        if target is None and rate is None:
            return
        values = {} if target is None else {layout.TARGET: (target, DECIBEL)}
        lengths = {} if rate is None else {layout.SAMPLE_RATE: rate}
        device = self._device(devices, "BuiltinDevice", layout.LOUDNESS, values, lengths)
        self._add_switch(device, "Enabled", True)

    def _device(
        self,
        devices: ET.Element,
        tag: str,
        name: str,
        values: Mapping[str, tuple[float, Unit]] | None = None,
        whole: Mapping[str, int] | None = None,
    ) -> ET.Element:
        device = ET.SubElement(
            devices, tag, deviceName=name, deviceRole="audioFX", loaded="true", id=self._id(), name=name
        )
        if values or whole:
            parameters = ET.SubElement(device, "Parameters")
            for label, (value, unit) in (values or {}).items():
                self._add_real(parameters, "RealParameter", value, unit, name=label)
            for label, count in (whole or {}).items():
                ET.SubElement(parameters, "IntegerParameter", value=str(count), id=self._id(), name=label)
        return device

    def _add_volume(self, parent: ET.Element, level_db: float) -> None:
        self._add_real(parent, "Volume", level_db, LEVEL, name="Volume", max=_LOUDEST, min="0")

    def _add_real(self, parent: ET.Element, tag: str, value: float, unit: Unit, **more: str) -> None:
        ET.SubElement(parent, tag, {"unit": unit.name, "value": unit.write(value), "id": self._id(), **more})

    def _add_switch(self, parent: ET.Element, tag: str, on: bool) -> None:
        ET.SubElement(parent, tag, value=_word(on), id=self._id(), name=tag)

    # ---- clips -------------------------------------------------------------------------------------------------------

    def _add_arrangement(self, arrangement: ET.Element) -> None:
        """One clip a stem, in the console's order."""
        lanes = ET.SubElement(arrangement, "Lanes", timeUnit="seconds", id=self._id())
        known = {stem.name: stem for stem in self._session.stems}
        for name, track in self._track_ids.items():
            lane = ET.SubElement(lanes, "Lanes", track=track, id=self._id())
            self._add_clip(ET.SubElement(lane, "Clips", id=self._id()), known[name])

    def _add_clip(self, clips: ET.Element, stem: SessionStem) -> None:
        duration = repr(stem.frames / self._session.sample_rate)
        clip = ET.SubElement(
            clips, "Clip", time="0", duration=duration, contentTimeUnit="seconds", playStart="0", name=stem.name
        )
        audio = ET.SubElement(
            clip,
            "Audio",
            channels=str(stem.channels),
            sampleRate=str(self._session.sample_rate),
            duration=duration,
            timeUnit="seconds",
            id=self._id(),
        )
        ET.SubElement(audio, "File", path=self._files[stem.name])


def _word(on: bool) -> str:
    return "true" if on else "false"


def _lengths(node: Any, fields: Mapping[str, str]) -> dict[str, int]:
    found = {name: getattr(node, field) for name, field in fields.items()}
    return {name: count for name, count in found.items() if count is not None}
