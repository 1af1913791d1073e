"""The format's units. Values are written with 34 digits, more than a float holds, so that they come back unchanged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal, DecimalException
from typing import Final

from mixing.engine.console.parameters import OFF_DB
from mixing.engine.errors import MixFailed

_WORKING: Final = Context(prec=50)
_WRITTEN: Final = Context(prec=34)
_LONGEST_NUMBER: Final = 400


@dataclass(frozen=True, slots=True)
class Unit:
    """How a knob is told: the format's name of the unit, and the way there and back in decimals.

    Parameters
    ----------
    name : str
        As the attribute ``unit`` has it.
    there, back : Callable[[Decimal], Decimal]
        From the knob's own unit to the format's, and back.
    also : Mapping[str, Callable[[Decimal], Decimal]]
        Other units in which programs tell the same knob: the unit's name to the way back.
    """

    name: str
    there: Callable[[Decimal], Decimal] = lambda value: value
    back: Callable[[Decimal], Decimal] = lambda value: value
    also: Mapping[str, Callable[[Decimal], Decimal]] = field(default_factory=dict)

    def known(self, name: str | None) -> bool:
        """Whether a knob that is told in the unit ``name`` can be read."""
        return name == self.name or name in self.also

    def write(self, value: float) -> str:
        """The attribute ``value`` for a knob."""
        told = _WRITTEN.plus(self.there(Decimal(repr(value))))
        return format(told, "f") if told else "0"

    def read(self, text: str, name: str | None = None) -> float:
        """The knob for an attribute ``value`` that is told in the unit ``name``, this one if it is left out.

        Raises
        ------
        MixFailed
            ``invalid_project`` if it is no finite number.
        """
        back = self.also.get(name or self.name, self.back)
        try:
            told = Decimal(text if len(text) <= _LONGEST_NUMBER else "none")
            value = float(back(told)) if told.is_finite() else None
        except (DecimalException, OverflowError):
            value = None
        if value is None:
            raise MixFailed("invalid_project", f"{text[:40]!r} is not a number.")
        return value


def _gain(level_db: Decimal) -> Decimal:
    if level_db <= Decimal(repr(OFF_DB)):
        return Decimal(0)
    return _WORKING.power(Decimal(10), _WORKING.divide(level_db, Decimal(20)))


def _level_db(gain: Decimal) -> Decimal:
    if gain <= 0:
        return Decimal(repr(OFF_DB))
    return _WORKING.multiply(Decimal(20), _WORKING.log10(gain))


def _percent(ratio: Decimal) -> Decimal:
    """The share of each decibel above the threshold that is taken away: 4:1 is 75 %."""
    return _WORKING.multiply(Decimal(100), _WORKING.subtract(Decimal(1), _WORKING.divide(Decimal(1), ratio)))


def _ratio(percent: Decimal) -> Decimal:
    kept = _WORKING.subtract(Decimal(1), _WORKING.divide(percent, Decimal(100)))
    return _WORKING.divide(Decimal(1), kept)


def _pitch_hz(semitones: Decimal) -> Decimal:
    """The frequency of a MIDI note number, with 69 for 440 Hz."""
    octaves = _WORKING.divide(_WORKING.subtract(semitones, Decimal(69)), Decimal(12))
    return _WORKING.multiply(Decimal(440), _WORKING.power(Decimal(2), octaves))


def _or_off(level_db: Decimal) -> Decimal:
    """The format's faders go further down than the console's, which is off from there."""
    return max(level_db, Decimal(repr(OFF_DB)))


DECIBEL: Final = Unit("decibel", also={"linear": _level_db})
HERTZ: Final = Unit("hertz", also={"semitones": _pitch_hz})
"""Bitwig tells the frequencies of an equaliser as pitches; both are in the format."""
LINEAR: Final = Unit("linear")
NORMALIZED: Final = Unit("normalized")
SECONDS: Final = Unit("seconds")
MS_IN_SECONDS: Final = Unit(
    "seconds", lambda ms: _WORKING.scaleb(ms, Decimal(-3)), lambda s: _WORKING.scaleb(s, Decimal(3))
)
LEVEL: Final = Unit("linear", _gain, lambda gain: _or_off(_level_db(gain)), also={"decibel": _or_off})
"""A level in dB as a factor; off is 0."""
PAN: Final = Unit(
    "normalized",
    lambda pan: _WORKING.divide(_WORKING.add(pan, Decimal(1)), Decimal(2)),
    lambda place: _WORKING.subtract(_WORKING.multiply(place, Decimal(2)), Decimal(1)),
)
RATIO: Final = Unit("percent", _percent, _ratio, also={"linear": lambda ratio: ratio})
