"""The console as data: one frozen tree of physical units, version 1.

It is the single truth for the mixers, the renderer, the editor's knobs, the API and the exports. Each knob carries
its unit, its range and a sentence; a value outside of its range, a NaN or an unknown name is refused by its path,
such as ``strips.Vocals.fader_db``. A default-constructed node is *neutral*: it changes nothing.

The lowest value of a level in dB that can be closed (``fader_db``, sends, returns: -90) means *off*, exactly silent.
Lengths in samples (``predelay_samples``, ``time_samples``) are computed once, by :meth:`ConsoleParameters.at_rate`,
and kept, since languages round halves differently.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar, get_type_hints

from mixing.engine.errors import ParameterError
from mixing.engine.roles import GROUPS, Group

VERSION: Final = 1
OFF_DB: Final = -90.0
SAMPLE_RATES: Final = (44_100, 48_000)
_TOO_LONG_TO_SHOW: Final = 1e15

T = TypeVar("T")
Value: TypeAlias = float | int | bool | str | None


def knob(default: float, low: float, high: float, unit: str, help: str) -> Any:  # noqa: A002 - it is the field's help
    """A continuous knob: its neutral value, its closed range and its unit."""
    return field(default=default, metadata={"low": low, "high": high, "unit": unit, "help": help})


def switch(help: str) -> Any:  # noqa: A002
    """A switch, off by default."""
    return field(default=False, metadata={"help": help})


def optional(low: float, high: float, unit: str, help: str) -> Any:  # noqa: A002
    """A value that may be absent."""
    return field(default=None, metadata={"low": low, "high": high, "unit": unit, "help": help, "optional": True})


class Node:
    """A part of the console; subclasses are frozen dataclasses whose fields are knobs, switches or nodes."""

    __slots__ = ()

    def __post_init__(self) -> None:
        hints = hints_of(type(self))
        for item in dataclasses.fields(self):  # type: ignore[arg-type]
            if dataclasses.is_dataclass(hints[item.name]):
                if not isinstance(getattr(self, item.name), hints[item.name]):
                    raise ParameterError(item.name, f"{item.name} is a part of the console, not a value.")
            elif item.metadata:
                value = _checked(item.name, getattr(self, item.name), hints[item.name], item.metadata)
                object.__setattr__(self, item.name, value)


_HINTS: dict[type, dict[str, Any]] = {}


def hints_of(cls: type) -> dict[str, Any]:
    """The type of each field of a node, by name, evaluated once."""
    if cls not in _HINTS:
        _HINTS[cls] = get_type_hints(cls)
    return _HINTS[cls]


def _checked(name: str, value: object, hint: Any, meta: Mapping[str, Any]) -> Value:
    if hint is bool:
        if not isinstance(value, bool):
            raise ParameterError(name, f"{name} is a switch: it takes true or false, not {value!r}.")
        return value
    if value is None and meta.get("optional"):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ParameterError(name, f"{name} takes a number, not {value!r}.")
    # A whole number of JSON may be too large for a float, so that only floats are asked whether they are finite.
    if isinstance(value, float) and not math.isfinite(value):
        raise ParameterError(name, f"{name} must be a finite number.")
    if not meta["low"] <= value <= meta["high"]:
        shown = f"{value:g}" if abs(value) < _TOO_LONG_TO_SHOW else "far"
        raise ParameterError(
            name, f"{name} is {shown} {meta['unit']}; it goes from {meta['low']:g} to {meta['high']:g}."
        )
    if hint is int or hint == int | None:
        if value != int(value):
            raise ParameterError(name, f"{name} takes a whole number, not {value!r}.")
        return int(value)
    return float(value)


# ---- effects ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class HighPass(Node):
    """RBJ high-pass, 12 dB per octave, linear Q."""

    on: bool = switch("Whether the high-pass is in the path.")
    freq_hz: float = knob(80.0, 16.0, 1_000.0, "Hz", "Corner frequency.")
    q: float = knob(math.sqrt(0.5), 0.3, 4.0, "", "Linear Q; 0.707 is Butterworth.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LowShelf(Node):
    """RBJ low shelf with S = 1."""

    gain_db: float = knob(0.0, -18.0, 18.0, "dB", "Gain below the corner.")
    freq_hz: float = knob(120.0, 30.0, 500.0, "Hz", "Corner frequency.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak(Node):
    """RBJ peaking filter, linear Q."""

    gain_db: float = knob(0.0, -18.0, 18.0, "dB", "Gain at the centre.")
    freq_hz: float = knob(1_000.0, 30.0, 18_000.0, "Hz", "Centre frequency.")
    q: float = knob(1.0, 0.2, 12.0, "", "Linear Q.")


@dataclass(frozen=True, slots=True, kw_only=True)
class HighShelf(Node):
    """RBJ high shelf with S = 1."""

    gain_db: float = knob(0.0, -18.0, 18.0, "dB", "Gain above the corner.")
    freq_hz: float = knob(8_000.0, 1_500.0, 18_000.0, "Hz", "Corner frequency.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Eq(Node):
    """High-pass, low shelf, three peaks and high shelf, in that order."""

    high_pass: HighPass = HighPass()
    low_shelf: LowShelf = LowShelf()
    peak_1: Peak = Peak(freq_hz=250.0)
    peak_2: Peak = Peak(freq_hz=1_000.0)
    peak_3: Peak = Peak(freq_hz=4_000.0)
    high_shelf: HighShelf = HighShelf()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressor(Node):
    """Feed-forward compressor, quadratic knee centred on the threshold, one-pole envelope on the reduction in dB."""

    on: bool = switch("Whether the compressor is in the path.")
    threshold_db: float = knob(-18.0, -60.0, 0.0, "dBFS", "Level above which gain is reduced.")
    ratio: float = knob(2.0, 1.0, 20.0, ":1", "Input change for 1 dB of output change above the knee.")
    attack_ms: float = knob(10.0, 0.1, 250.0, "ms", "Time constant while the reduction rises.")
    release_ms: float = knob(100.0, 5.0, 2_500.0, "ms", "Time constant while the reduction falls.")
    knee_db: float = knob(6.0, 0.0, 24.0, "dB", "Width of the soft knee.")
    makeup_db: float = knob(0.0, -12.0, 24.0, "dB", "Gain after the compressor.")


# ---- strips, groups, buses, master -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Sends(Node):
    """Post-fader, post-pan levels into the two effect buses."""

    reverb_db: float = knob(OFF_DB, OFF_DB, 12.0, "dB", "Send to the reverb; -90 is off.")
    delay_db: float = knob(OFF_DB, OFF_DB, 12.0, "dB", "Send to the delay; -90 is off.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip(Node):
    """One stem's channel: trim, EQ, compressor, fader, pan and width, sends."""

    stem: str
    group: Group = "music"
    mute: bool = switch("The user's mute.")
    solo: bool = switch("The user's solo: while any strip is soloed, the others are silent.")
    trim_db: float = knob(0.0, -48.0, 48.0, "dB", "Gain before the EQ.")
    eq: Eq = Eq()
    compressor: Compressor = Compressor()
    fader_db: float = knob(0.0, OFF_DB, 12.0, "dB", "Level after the compressor; -90 is off.")
    pan: float = knob(0.0, -1.0, 1.0, "", "-1 left, 0 centre, 1 right: constant power for mono, balance for stereo.")
    width: float = knob(1.0, 0.0, 2.0, "", "Gain of the side signal of a stereo stem: 0 mono, 1 as it is.")
    sends: Sends = Sends()

    def __post_init__(self) -> None:
        Node.__post_init__(self)
        if not isinstance(self.stem, str) or not self.stem:
            raise ParameterError("stem", "A strip needs the name of its stem.")
        if self.group not in GROUPS:
            raise ParameterError("group", f"group is {self.group!r}; it is one of {', '.join(GROUPS)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupBus(Node):
    """A group of strips: gain, EQ and compressor on their sum."""

    gain_db: float = knob(0.0, OFF_DB, 12.0, "dB", "Level of the group; -90 is off.")
    eq: Eq = Eq()
    compressor: Compressor = Compressor()


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups(Node):
    """The four groups of the console."""

    drums: GroupBus = GroupBus()
    bass: GroupBus = GroupBus()
    vocals: GroupBus = GroupBus()
    music: GroupBus = GroupBus()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverb(Node):
    """Stereo algorithmic reverb on a bus."""

    decay_s: float = knob(1.8, 0.2, 12.0, "s", "Time in which the tail falls by 60 dB.")
    damping_hz: float = knob(6_000.0, 500.0, 20_000.0, "Hz", "Corner above which the tail dies sooner.")
    predelay_ms: float = knob(20.0, 0.0, 250.0, "ms", "Delay before the reverb.")
    predelay_samples: int | None = optional(0, 12_000, "samples", "predelay_ms at the session's rate, kept.")
    return_db: float = knob(0.0, OFF_DB, 12.0, "dB", "Level of the bus into the master; -90 is off.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay(Node):
    """Ping-pong delay on a bus."""

    time_ms: float = knob(375.0, 10.0, 2_000.0, "ms", "Time from side to side.")
    time_samples: int | None = optional(0, 96_000, "samples", "time_ms at the session's rate, kept.")
    feedback: float = knob(0.35, 0.0, 0.95, "", "Share that comes back.")
    damping_hz: float = knob(6_000.0, 500.0, 20_000.0, "Hz", "Low-pass corner in the feedback path.")
    return_db: float = knob(0.0, OFF_DB, 12.0, "dB", "Level of the bus into the master; -90 is off.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limiter(Node):
    """True-peak limiter, four times oversampled, with look-ahead."""

    on: bool = switch("Whether the limiter is in the path.")
    release_ms: float = knob(100.0, 5.0, 1_000.0, "ms", "Time constant of recovery.")
    lookahead_ms: float = knob(2.0, 0.5, 10.0, "ms", "How early the gain starts to fall.")
    lookahead_samples: int | None = optional(0, 480, "samples", "lookahead_ms at the session's rate, kept.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Master(Node):
    """The sum of groups and returns: EQ, bus compressor, one gain towards a loudness, limiter, ceiling."""

    eq: Eq = Eq()
    compressor: Compressor = Compressor()
    target_lufs: float | None = optional(-40.0, -5.0, "LUFS", "Integrated loudness to reach; absent leaves the level.")
    ceiling_dbtp: float = knob(-1.0, -12.0, 0.0, "dBTP", "True peak that the gain towards the target may not pass.")
    limiter: Limiter = Limiter()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleParameters(Node):
    """The whole console of one mix, at one sample rate.

    Parameters
    ----------
    strips : tuple[Strip, ...]
        One for each stem, with unique ``stem`` names, in the session's order.
    sample_rate : int | None
        44100 or 48000 once lengths in samples have been computed by :meth:`at_rate`.

    Raises
    ------
    ParameterError
        If a value is out of range, not finite, of the wrong type, or unknown; ``field`` is the knob's path.
    """

    strips: tuple[Strip, ...]
    groups: Groups = Groups()
    reverb: Reverb = Reverb()
    delay: Delay = Delay()
    master: Master = Master()
    sample_rate: int | None = None
    version: int = VERSION

    def __post_init__(self) -> None:
        Node.__post_init__(self)
        if type(self.version) is not int or self.version != VERSION:
            raise ParameterError(
                "version", f"This console is of version {self.version!r}; this program knows {VERSION}."
            )
        if self.sample_rate is not None and (type(self.sample_rate) is not int or self.sample_rate not in SAMPLE_RATES):
            raise ParameterError("sample_rate", "sample_rate is 44100 or 48000.")
        object.__setattr__(self, "strips", tuple(self.strips))
        if not all(isinstance(strip, Strip) for strip in self.strips):
            raise ParameterError("strips", "strips holds one strip for each stem, and nothing else.")
        names = [strip.stem for strip in self.strips]
        if len(set(names)) != len(names):
            raise ParameterError("strips", "Two strips have the same stem.")

    def at_rate(self, sample_rate: int) -> ConsoleParameters:
        """The same console with its lengths in samples computed for ``sample_rate`` and kept."""

        def samples(ms: float) -> int:
            return math.floor(ms * sample_rate / 1000 + 0.5)

        limiter = self.master.limiter
        return dataclasses.replace(
            self,
            sample_rate=sample_rate,
            reverb=dataclasses.replace(self.reverb, predelay_samples=samples(self.reverb.predelay_ms)),
            delay=dataclasses.replace(self.delay, time_samples=samples(self.delay.time_ms)),
            master=dataclasses.replace(
                self.master,
                limiter=dataclasses.replace(limiter, lookahead_samples=samples(limiter.lookahead_ms)),
            ),
        )

    # ---- JSON --------------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """A tree of plain JSON values; strips are a list, in order."""
        tree = dataclasses.asdict(self)
        tree["strips"] = list(tree["strips"])
        return tree

    @classmethod
    def from_dict(cls, data: object) -> ConsoleParameters:
        """Read what :meth:`to_dict` wrote; absent knobs are neutral, unknown ones are refused by name."""
        root = _mapping(data, "")
        if "strips" not in root or not isinstance(root["strips"], list | tuple):
            raise ParameterError("strips", "strips must be a list, one entry for each stem.")
        strips = tuple(_read_strip(entry, index) for index, entry in enumerate(root["strips"]))
        rest = {name: value for name, value in root.items() if name != "strips"}
        return _read(cls, rest, "", strips=strips)

    # ---- paths -------------------------------------------------------------------------------------------------------

    def flatten(self) -> dict[str, Value]:
        """Every value by its path, such as ``strips.Vocals.eq.peak_1.gain_db``, in a fixed order."""
        flat: dict[str, Value] = {}
        for strip in self.strips:
            flat.update(_flatten(strip, f"strips.{strip.stem}.", skip=("stem",)))
        flat.update(_flatten(self, "", skip=("strips",)))
        return flat

    def with_values(self, values: Mapping[str, Value]) -> ConsoleParameters:
        """The same console with the knobs at ``values`` (path to value), each validated; unknown paths are refused."""
        tree = self.to_dict()
        by_stem = {strip["stem"]: strip for strip in tree["strips"]}
        for path, value in values.items():
            node, name = _locate(tree, by_stem, path)
            node[name] = value
        return ConsoleParameters.from_dict(tree)


def _locate(tree: dict[str, Any], by_stem: dict[str, dict[str, Any]], path: str) -> tuple[dict[str, Any], str]:
    """The node that holds the knob of a path, and the knob's name there; a stem's own name may hold dots."""
    starts = [(tree, path)]
    if path.startswith("strips."):
        tail = path.removeprefix("strips.")
        starts = [(by_stem[s], tail.removeprefix(f"{s}.")) for s in by_stem if tail.startswith(f"{s}.")]
        if not starts:
            raise ParameterError(path, f"There is no strip for {path}.")
    for node, rest in starts:
        *parents, name = rest.split(".")
        for parent in parents:
            node = node[parent] if isinstance(node.get(parent), dict) else {}
        if name in node and not isinstance(node[name], dict | list) and name != "stem":
            return node, name
    raise ParameterError(path, f"There is no knob called {path}.")


def _flatten(node: Any, prefix: str, *, skip: tuple[str, ...] = ()) -> Iterator[tuple[str, Value]]:
    for item in dataclasses.fields(node):
        if item.name in skip:
            continue
        value = getattr(node, item.name)
        if dataclasses.is_dataclass(value):
            yield from _flatten(value, f"{prefix}{item.name}.")
        else:
            yield f"{prefix}{item.name}", value


def _mapping(data: object, path: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise ParameterError(path or "parameters", f"{path or 'The parameters'} must be an object.")
    return data


def _read_strip(entry: object, index: int) -> Strip:
    mapping = _mapping(entry, f"strips.{index}")
    name = mapping.get("stem")
    if not isinstance(name, str) or not name:
        raise ParameterError(f"strips.{index}.stem", "A strip needs the name of its stem.")
    return _read(Strip, mapping, f"strips.{name}.")


def _read(
    cls: type[T], data: Mapping[str, Any], prefix: str, neutral: Mapping[str, Any] | None = None, **ready: Any
) -> T:
    """Build a node; a knob that is absent takes its value in ``neutral``: each peak has a frequency of its own."""
    hints = hints_of(cls)
    unknown = [name for name in data if name not in hints]
    if unknown:
        raise ParameterError(f"{prefix}{unknown[0]}", f"There is no knob called {prefix}{unknown[0]}.")
    values = dict(neutral or {})
    for name, value in data.items():
        if dataclasses.is_dataclass(hints[name]):
            path = f"{prefix}{name}"
            value = _read(hints[name], _mapping(value, path), f"{path}.", _default_part(cls, name))
        values[name] = value
    try:
        return cls(**values, **ready)
    except ParameterError as error:
        path = f"{prefix}{error.field}"
        raise ParameterError(path, error.message.replace(str(error.field), path, 1)) from None


def _default_part(cls: type, name: str) -> dict[str, Any]:
    """The fields of the node that stands at ``name`` in a fresh ``cls``."""
    part: Any = next(item.default for item in dataclasses.fields(cls) if item.name == name)
    return {item.name: getattr(part, item.name) for item in dataclasses.fields(part)}
