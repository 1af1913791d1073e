"""A console in words and numbers, as a page shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mixing.engine.console.parameters import (
    OFF_DB,
    Compressor,
    ConsoleParameters,
    Eq,
    GroupBus,
    HighShelf,
    LowShelf,
    Peak,
    Strip,
)
from mixing.engine.mixers.styles import STYLES
from mixing.engine.roles import GROUPS
from mixing.models import Mix

_SMALLEST_DB = 0.05
_SMALLEST_PAN = 0.005

_PRESENCES = {"lead": "in front", "background": "in the background"}

_HELD_BY = {
    "target": "It reaches the loudness that was asked for.",
    "ceiling": "The peaks stopped it at the ceiling, so it is quieter than what was asked for.",
    "none": "Its level was left as it came.",
}


@dataclass(frozen=True, slots=True)
class StripReading:
    """One row of the table of strips."""

    stem: str
    role: str
    group: str
    level: str
    pan: str
    eq: str
    dynamics: str
    space: str


@dataclass(frozen=True, slots=True)
class BusReading:
    """What a group, a room or the master does; only those that do something are told."""

    name: str
    words: str


def strips(mix: Mix, roles: dict[str, str]) -> list[StripReading]:
    """The strips of a finished mix, in the console's order; ``roles`` gives a stem's role by its name."""
    if mix.parameters is None:
        return []
    console = ConsoleParameters.from_dict(mix.parameters)
    return [
        StripReading(
            stem=strip.stem,
            role=roles.get(strip.stem, "").replace("_", " "),
            group=strip.group,
            level=level(strip),
            pan=pan(strip.pan),
            eq=eq(strip.eq),
            dynamics=dynamics(strip.compressor),
            space=space(strip),
        )
        for strip in console.strips
    ]


def buses(mix: Mix) -> list[BusReading]:
    """The groups, the rooms that something is sent to, and the master of a finished mix."""
    if mix.parameters is None:
        return []
    console = ConsoleParameters.from_dict(mix.parameters)
    rows = [(name.capitalize(), _bus(getattr(console.groups, name))) for name in GROUPS]
    if any(strip.sends.reverb_db > OFF_DB for strip in console.strips):
        reverb = console.reverb
        rows.append(
            (
                "Reverb",
                [
                    f"{reverb.decay_s:.1f} s",
                    f"after {reverb.predelay_ms:.0f} ms",
                    f"dark above {hertz(reverb.damping_hz)}",
                ],
            )
        )
    if any(strip.sends.delay_db > OFF_DB for strip in console.strips):
        rows.append(("Delay", [f"{console.delay.time_ms:.0f} ms", f"{console.delay.feedback * 100:.0f} % comes back"]))
    master = console.master
    limiter = ["limiter"] if master.limiter.on else []
    rows.append(("Master", [*_tone(master.eq), *_tamed(master.compressor), *limiter]))
    return [BusReading(name, ", ".join(words)) for name, words in rows if words]


def report(mix: Mix) -> dict[str, Any] | None:
    """What was measured on a finished mix, and a sentence on what held its level."""
    if mix.report is None:
        return None
    measured: dict[str, Any] = dict(mix.report)
    return measured | {
        "loudness_text": _measured(measured["loudness_lufs"], "LUFS"),
        "true_peak_text": _measured(measured["true_peak_dbtp"], "dBTP"),
        "gain_text": decibels(measured["gain_db"]),
        "held_by_text": _HELD_BY[measured["held_by"]],
    }


def wishes(mix: Mix) -> list[str]:
    """What was asked for, beside the mixer; nothing where all was left to it."""
    intent = mix.intent
    words = []
    if style := STYLES.get(intent.get("style") or ""):
        words.append(style.title)
    if intent.get("target_lufs") is not None:
        words.append(_measured(intent["target_lufs"], "LUFS"))
    if mix.reference_name:
        words.append(f"like “{mix.reference_name}”")
    for name, wish in intent.get("stems", {}).items():
        parts = [_PRESENCES.get(wish.get("presence", ""), "")]
        parts.append("" if wish.get("pan") is None else pan(wish["pan"]))
        parts.append("" if wish.get("space") is None else f"space {wish['space'] * 100:.0f} %")
        if said := [part for part in parts if part]:
            words.append(f"{name} {', '.join(said)}")
    if locks := len(intent.get("locks", {})):
        words.append("1 knob locked" if locks == 1 else f"{locks} knobs locked")
    return words


def level(strip: Strip) -> str:
    """Trim and fader together, since that is how loud the strip is played."""
    if strip.mute or strip.fader_db <= OFF_DB:
        return "off"
    return decibels(strip.trim_db + strip.fader_db)


def pan(position: float) -> str:
    """``L 30``, ``C`` or ``R 30``, in hundredths of the way."""
    if abs(position) < _SMALLEST_PAN:
        return "C"
    return f"{'L' if position < 0 else 'R'} {abs(position) * 100:.0f}"


def eq(settings: Eq) -> str:
    """The bands that do something."""
    words = [f"high-pass {hertz(settings.high_pass.freq_hz)}"] if settings.high_pass.on else []
    bands: Iterable[LowShelf | Peak | HighShelf] = (
        settings.low_shelf,
        settings.peak_1,
        settings.peak_2,
        settings.peak_3,
        settings.high_shelf,
    )
    words += [
        f"{decibels(band.gain_db)} {_PLACES[type(band)]} {hertz(band.freq_hz)}"
        for band in bands
        if abs(band.gain_db) >= _SMALLEST_DB
    ]
    return ", ".join(words) or "flat"


def dynamics(compressor: Compressor) -> str:
    """``3:1 over −18.0 dB``, or nothing."""
    return ", ".join(_tamed(compressor))


def space(strip: Strip) -> str:
    """What is sent to the rooms, or nothing."""
    sent = (("reverb", strip.sends.reverb_db), ("delay", strip.sends.delay_db))
    return ", ".join(f"{name} {decibels(level_db)}" for name, level_db in sent if level_db > OFF_DB)


def _bus(bus: GroupBus) -> list[str]:
    gain = [decibels(bus.gain_db)] if abs(bus.gain_db) >= _SMALLEST_DB else []
    return [*gain, *_tone(bus.eq), *_tamed(bus.compressor)]


def _tone(settings: Eq) -> list[str]:
    words = eq(settings)
    return [] if words == "flat" else [words]


def _tamed(compressor: Compressor) -> list[str]:
    if not compressor.on or compressor.ratio <= 1.0:
        return []
    return [f"{compressor.ratio:.1f}:1 over {decibels(compressor.threshold_db)}"]


def decibels(value: float) -> str:
    """With a sign, a true minus and one decimal."""
    rounded = round(value, 1)
    sign = "−" if rounded < 0 else "+" if rounded > 0 else ""
    return f"{sign}{abs(rounded):.1f} dB"


def hertz(value: float) -> str:
    """``80 Hz``, ``2.5 kHz``."""
    return f"{value:.0f} Hz" if round(value) < 1000 else f"{value / 1000:.3g} kHz"


_PLACES: dict[type, str] = {LowShelf: "below", Peak: "at", HighShelf: "above"}


def _measured(value: float | None, unit: str) -> str:
    if value is None:
        return "silent"
    return f"{'−' if round(value, 1) < 0 else ''}{abs(value):.1f} {unit}"
