"""A style's table as a row of numbers, as it stands in a checkpoint, so that it can be bred and pinned with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.parameters import Delay, Reverb
from mixing.engine.mixers.styles import Style, Tilt
from mixing.engine.roles import GROUPS, ROLES, Group, Role, group_of

DRY_LU: Final = -60.0
"""Stands for a stem without reverb or echoes: further away than anybody hears."""
_HEARD_LU: Final = -40.0
_TILT: Final = ("low_db", "low_hz", "presence_db", "high_db", "high_hz")
_FREQUENCIES: Final[Mapping[str, tuple[float, float]]] = {"low_hz": (30.0, 500.0), "high_hz": (1_500.0, 18_000.0)}
_REVERB: Final = ("decay_s", "damping_hz", "predelay_ms")
_DELAY: Final = ("feedback", "damping_hz")


def _columns() -> tuple[str, ...]:
    names = [f"offset_lu.{role}" for role in ROLES]
    names += [f"tilt.{group}.{part}" for group in GROUPS for part in _TILT]
    names += [f"gain_reduction_db.{group}" for group in GROUPS]
    names += [f"group_reduction_db.{group}" for group in GROUPS]
    names += ["width", "master_reduction_db"]
    names += [f"master_tilt.{part}" for part in _TILT]
    names += [f"reverb_lu.{role}" for role in ROLES]
    names += [f"delay_lu.{role}" for role in ROLES]
    names += [f"reverb.{part}" for part in _REVERB] + [f"delay.{part}" for part in _DELAY]
    return tuple(names)


COLUMNS: Final = _columns()
"""What each number of the table is; a room of 0 s and an echo of 0 feedback and damping leave the mixer's own."""


def numbers_of(style: Style | None) -> NDArray[np.float32]:
    """The table of a style, ``(len(COLUMNS),)``; None gives one that changes nothing."""
    style = style or Style(title="", sentence="")
    values: dict[str, float] = {}
    for role in ROLES:
        values[f"offset_lu.{role}"] = style.offsets_lu.get(role, 0.0)
        values[f"reverb_lu.{role}"] = max(DRY_LU, _by_role(style.reverb_lu, role, DRY_LU))
        values[f"delay_lu.{role}"] = max(DRY_LU, _by_role(style.delay_lu, role, DRY_LU))
    for group in GROUPS:
        values |= _tilt_numbers(f"tilt.{group}.", style.tilt.get(group, Tilt()))
        values[f"gain_reduction_db.{group}"] = style.gain_reduction_db.get(group, 0.0)
        values[f"group_reduction_db.{group}"] = style.group_reduction_db.get(group, 0.0)
    values |= _tilt_numbers("master_tilt.", style.master_tilt)
    values |= {name: getattr(style, name) for name in ("width", "master_reduction_db")}
    for room, parts in ((style.reverb, _REVERB), (style.delay, _DELAY)):
        prefix = "reverb." if parts is _REVERB else "delay."
        values |= {prefix + part: 0.0 if room is None else getattr(room, part) for part in parts}
    return np.array([values[name] for name in COLUMNS], dtype=np.float32)


def style_of(numbers: NDArray[np.float32] | Sequence[float], *, title: str = "") -> Style:
    """The style that a table describes, every number brought into its range: a mutated table is still a style."""
    values = dict(zip(COLUMNS, (float(np.float32(number)) for number in numbers), strict=True))

    def group_table(prefix: str) -> dict[Group, float]:
        return {group: _between(values[f"{prefix}.{group}"], 0.0, 15.0) for group in GROUPS}

    reverb = {part: values[f"reverb.{part}"] for part in _REVERB}
    delay = {part: values[f"delay.{part}"] for part in _DELAY}
    return Style(
        title=title,
        sentence="",
        offsets_lu={role: _between(values[f"offset_lu.{role}"], -12.0, 12.0) for role in ROLES},
        tilt={group: _tilt(values, f"tilt.{group}.") for group in GROUPS},
        width=_between(values["width"], 0.0, 2.0),
        gain_reduction_db=group_table("gain_reduction_db"),
        group_reduction_db=group_table("group_reduction_db"),
        master_reduction_db=_between(values["master_reduction_db"], 0.0, 15.0),
        master_tilt=_tilt(values, "master_tilt."),
        reverb_lu=_wet(values, "reverb_lu."),
        delay_lu=_wet(values, "delay_lu."),
        reverb=_reverb(reverb) if any(reverb.values()) else None,
        delay=_delay(delay) if any(delay.values()) else None,
    )


def described(numbers: NDArray[np.float32]) -> dict[str, Any]:
    """The numbers that differ from a table that changes nothing, by name, for a card."""
    return {
        name: round(float(number), 3)
        for name, number, neutral in zip(COLUMNS, numbers, numbers_of(None), strict=True)
        if number != neutral
    }


def _by_role(table: Mapping[str, float], role: Role, otherwise: float) -> float:
    """The rule of ``styles``: a role's entry, or its group's, which kick and bass never take."""
    if role in table:
        return table[role]
    return otherwise if role in ("kick", "bass") else table.get(group_of(role), otherwise)


def _tilt_numbers(prefix: str, tilt: Tilt) -> dict[str, float]:
    return {prefix + part: getattr(tilt, part) for part in _TILT}


def _tilt(values: Mapping[str, float], prefix: str) -> Tilt:
    parts = {}
    for part in _TILT:
        low, high = _FREQUENCIES.get(part, (-12.0, 12.0))
        parts[part] = _between(values[prefix + part], low, high)
    return Tilt(**parts)


def _wet(values: Mapping[str, float], prefix: str) -> dict[str, float]:
    wet: dict[str, float] = {
        role: min(0.0, values[prefix + role]) for role in ROLES if values[prefix + role] > _HEARD_LU
    }
    # A role that is dry says so where the entry of its group, which has the name of a role, would speak for it.
    dry: dict[str, float] = {role: 2.0 * DRY_LU for role in ROLES if role not in wet and group_of(role) in wet}
    return {**wet, **dry}


def _reverb(parts: Mapping[str, float]) -> Reverb:
    return Reverb(
        decay_s=_between(parts["decay_s"], 0.2, 12.0),
        damping_hz=_between(parts["damping_hz"], 500.0, 20_000.0),
        predelay_ms=_between(parts["predelay_ms"], 0.0, 250.0),
    )


def _delay(parts: Mapping[str, float]) -> Delay:
    return Delay(
        feedback=_between(parts["feedback"], 0.0, 0.9), damping_hz=_between(parts["damping_hz"], 500.0, 20_000.0)
    )


def _between(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))
