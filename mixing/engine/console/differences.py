"""What changed between two consoles of one session, in a musician's words: ``Vocals +1.5 dB, less 300 Hz``.

The words follow what is heard and not which knob was turned: two bands that trade places, a trim that takes back what a
fader gave, a group without a stem or a reverb that nothing is sent to are no change.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.compressor import reduction_db
from mixing.engine.console.eq import response_db
from mixing.engine.console.parameters import (
    OFF_DB,
    Compressor,
    ConsoleParameters,
    Delay,
    Eq,
    GroupBus,
    HighPass,
    Master,
    Reverb,
    Strip,
)
from mixing.engine.roles import GROUPS, Group

LEAST_LEVEL_DB: Final = 0.1
LEAST_TONE_DB: Final = 0.5
LEAST_PAN: Final = 0.05
LEAST_WIDTH: Final = 0.1
LEAST_REDUCTION_DB: Final = 0.5
LEAST_RATIO: Final = 1.2
"""Times, frequencies and shares are told from a fifth more, or a fifth less, on."""
MOST_TONES: Final = 3
LITTLE_TONE_DB: Final = 1.5
MUCH_TONE_DB: Final = 8.0

_GRID_HZ: Final = np.geomspace(30.0, 18_000.0, 240)
_HALF: Final = 0.5
_LASTS: Final = 0.75
_LEVELS_DB: Final = np.arange(-40.0, 0.1, 4.0)


def changes(
    before: ConsoleParameters,
    after: ConsoleParameters,
    *,
    sample_rate: int,
    channels: Mapping[str, int] | None = None,
) -> tuple[str, ...]:
    """What was changed, a line for each strip, group, effect and the master that sounds otherwise, in that order.

    Parameters
    ----------
    before, after : ConsoleParameters
        Two consoles of one session; strips belong together by their stem.
    sample_rate : int
        Of the session, in Hz; the equalisers' responses depend on it.
    channels : Mapping[str, int] | None
        Of each stem, by its name: a mono stem has no width. Where a stem is not told of, it counts as stereo.

    Returns
    -------
    tuple[str, ...]
        Such as ``Vocals +1.5 dB, less 300 Hz``; empty where nothing is worth a word.
    """
    old = {strip.stem: strip for strip in before.strips}
    new = {strip.stem: strip for strip in after.strips}
    parts = [
        (
            title(strip.stem),
            _strip(before, after, old[strip.stem], strip, sample_rate, (channels or {}).get(strip.stem)),
        )
        for strip in after.strips
        if strip.stem in old
    ]
    for name in GROUPS:
        if all(_is_played(console, name) for console in (before, after)):
            buses = getattr(before.groups, name), getattr(after.groups, name)
            parts.append((f"{name.capitalize()} group", _group(*buses, sample_rate)))
    if all(_is_fed(console, "reverb") for console in (before, after)):
        parts.append(("Reverb", _reverb(before.reverb, after.reverb)))
    if all(_is_fed(console, "delay") for console in (before, after)):
        parts.append(("Delay", _delay(before.delay, after.delay)))
    parts.append(("The whole mix", _master(before.master, after.master, sample_rate)))
    lines = [f"{name} {', '.join(words)}" for name, said in parts if (words := list(said))]
    added = [f"{title(stem)} added" for stem in new if stem not in old]
    removed = [f"{title(stem)} removed" for stem in old if stem not in new]
    return (*lines, *added, *removed)


def heard_level_db(console: ConsoleParameters, strip: Strip) -> float | None:
    """Trim, fader and group in dB; None for a stem that is not heard."""
    group_db = getattr(console.groups, strip.group).gain_db
    if group_db <= OFF_DB or not _plays(console, strip):
        return None
    return float(strip.trim_db + strip.fader_db + group_db)


def place(pan: float) -> str:
    """A place in the panorama, such as ``30 % left``."""
    percent = round(abs(pan) * 100)
    if not percent:
        return "in the centre"
    return f"{percent} % {'left' if pan < 0 else 'right'}"


def title(stem: str) -> str:
    """The stem's name without a file's ending."""
    path = PurePath(stem)
    ending = path.suffix[1:]
    return path.stem if 1 <= len(ending) <= 4 and ending.isalnum() and not ending.isdigit() else stem


def typical_reduction_db(compressor: Compressor) -> float:
    """What a compressor takes on average from levels between -40 and 0 dBFS; nothing while it is off."""
    return float(np.mean(reduction_db(_LEVELS_DB, compressor))) if compressor.on else 0.0


def tone_db(
    before: Sequence[Eq], after: Sequence[Eq], freqs_hz: NDArray[np.float64], sample_rate: int
) -> NDArray[np.float64]:
    """What a chain of equalisers gives more than another at each frequency, in dB, their low cuts left out."""

    def chain(eqs: Sequence[Eq]) -> NDArray[np.float64]:
        shaped = [response_db(dataclasses.replace(eq, high_pass=HighPass()), freqs_hz, sample_rate) for eq in eqs]
        return np.sum(shaped, axis=0) if shaped else np.zeros(freqs_hz.shape)

    return np.asarray(chain(after) - chain(before))


# ---- the parts of the console ----------------------------------------------------------------------------------------


def _is_off(strip: Strip) -> bool:
    return strip.mute or strip.fader_db <= OFF_DB


def _plays(console: ConsoleParameters, strip: Strip) -> bool:
    """Whether a strip plays into its group."""
    return not _is_off(strip) and (strip.solo or not any(other.solo for other in console.strips))


def _is_played(console: ConsoleParameters, group: Group) -> bool:
    return any(strip.group == group and _plays(console, strip) for strip in console.strips)


def _is_fed(console: ConsoleParameters, effect: Literal["reverb", "delay"]) -> bool:
    return any(
        getattr(strip.sends, f"{effect}_db") > OFF_DB and heard_level_db(console, strip) is not None
        for strip in console.strips
    )


def _strip(
    console_before: ConsoleParameters,
    console_after: ConsoleParameters,
    before: Strip,
    after: Strip,
    sample_rate: int,
    channels: int | None,
) -> Iterator[str]:
    """What the solo of another strip or its group's fader silences is told there, once, and not for each strip."""
    if before.solo != after.solo:
        yield "soloed" if after.solo else "no longer soloed"
    was, now = heard_level_db(console_before, before), heard_level_db(console_after, after)
    if was is not None and _is_off(after):
        yield "silent"
    if now is not None and _is_off(before):
        yield "heard again"
    if was is None or now is None:
        return
    makeup_db = _makeup_change_db(before.compressor, after.compressor)
    yield from _level(before.trim_db + before.fader_db, after.trim_db + after.fader_db + makeup_db)
    yield from _eq(before.eq, after.eq, sample_rate)
    yield from _dynamics(before.compressor, after.compressor)
    if abs(after.pan - before.pan) >= LEAST_PAN:
        yield "panned to the centre" if round(after.pan, 2) == 0.0 else f"panned {place(after.pan)}"
    if channels != 1 and abs(after.width - before.width) >= LEAST_WIDTH:
        yield "wider" if after.width > before.width else "narrower"
    yield from _send("reverb", before.sends.reverb_db, after.sends.reverb_db)
    yield from _send("delay", before.sends.delay_db, after.sends.delay_db)
    if before.group != after.group:
        yield f"moved to {after.group}"


def _group(before: GroupBus, after: GroupBus, sample_rate: int) -> Iterator[str]:
    if OFF_DB in (before.gain_db, after.gain_db):
        if before.gain_db != after.gain_db:
            yield "off" if after.gain_db == OFF_DB else "on again"
        return
    yield from _level(before.gain_db, after.gain_db + _makeup_change_db(before.compressor, after.compressor))
    yield from _eq(before.eq, after.eq, sample_rate)
    yield from _dynamics(before.compressor, after.compressor)


def _reverb(before: Reverb, after: Reverb) -> Iterator[str]:
    yield from _return(before.return_db, after.return_db)
    if _apart(before.decay_s, after.decay_s):
        yield f"{after.decay_s:.1f} s long instead of {before.decay_s:.1f} s"
    yield from _brightness(before.damping_hz, after.damping_hz)
    if abs(before.predelay_ms - after.predelay_ms) >= 1.0:
        yield f"predelay {after.predelay_ms:.0f} ms instead of {before.predelay_ms:.0f} ms"


def _delay(before: Delay, after: Delay) -> Iterator[str]:
    yield from _return(before.return_db, after.return_db)
    if abs(before.time_ms - after.time_ms) >= 1.0:
        yield f"every {after.time_ms:.0f} ms instead of {before.time_ms:.0f} ms"
    if abs(before.feedback - after.feedback) >= 0.02:
        yield "more repeats" if after.feedback > before.feedback else "fewer repeats"
    yield from _brightness(before.damping_hz, after.damping_hz)


def _master(before: Master, after: Master, sample_rate: int) -> Iterator[str]:
    yield from _target(before.target_lufs, after.target_lufs)
    if before.target_lufs is None and after.target_lufs is None:
        yield from _level(0.0, _makeup_change_db(before.compressor, after.compressor))
    yield from _eq(before.eq, after.eq, sample_rate)
    yield from _dynamics(before.compressor, after.compressor)
    if before.limiter.on != after.limiter.on:
        yield "limited" if after.limiter.on else "no longer limited"
    yield from _ceiling(before, after)


def _ceiling(before: Master, after: Master) -> Iterator[str]:
    """Without a limiter and a target, nothing minds the ceiling."""
    minded, minds = (master.limiter.on or master.target_lufs is not None for master in (before, after))
    if minds and abs(before.ceiling_dbtp - after.ceiling_dbtp) >= LEAST_LEVEL_DB:
        instead = f" instead of {_number(before.ceiling_dbtp)} dBTP" if minded else ""
        yield f"ceiling at {_number(after.ceiling_dbtp)} dBTP{instead}"


def _target(before_lufs: float | None, after_lufs: float | None) -> Iterator[str]:
    if after_lufs is None:
        if before_lufs is not None:
            yield "at its own level"
    elif before_lufs is None:
        yield f"at {_number(after_lufs)} LUFS"
    elif abs(after_lufs - before_lufs) >= LEAST_LEVEL_DB:
        yield f"at {_number(after_lufs)} LUFS instead of {_number(before_lufs)} LUFS"


# ---- the words -------------------------------------------------------------------------------------------------------


def _level(before_db: float, after_db: float) -> Iterator[str]:
    if abs(after_db - before_db) >= LEAST_LEVEL_DB:
        yield f"{_number(after_db - before_db, sign='+')} dB"


def _number(value: float, *, sign: str = "-") -> str:
    """One digit behind the point, with a minus as long as a plus."""
    return f"{value:{sign}.1f}".replace("-", "−")


def _makeup_change_db(before: Compressor, after: Compressor) -> float:
    """What a compressor's makeup adds to a level; where it is switched, makeup mostly gives back what is taken."""
    return after.makeup_db - before.makeup_db if before.on and after.on else 0.0


def _send(name: str, before_db: float, after_db: float) -> Iterator[str]:
    if before_db == after_db:
        return
    if OFF_DB in (before_db, after_db):
        yield f"no {name}" if after_db == OFF_DB else f"with {name}"
    elif abs(after_db - before_db) >= LEAST_LEVEL_DB:
        yield f"{'more' if after_db > before_db else 'less'} {name} ({next(_level(before_db, after_db))})"


def _return(before_db: float, after_db: float) -> Iterator[str]:
    if OFF_DB in (before_db, after_db):
        if before_db != after_db:
            yield "off" if after_db == OFF_DB else "on again"
        return
    yield from _level(before_db, after_db)


def _brightness(before_hz: float, after_hz: float) -> Iterator[str]:
    if _apart(before_hz, after_hz):
        yield "brighter" if after_hz > before_hz else "darker"


def _dynamics(before: Compressor, after: Compressor) -> Iterator[str]:
    if before.on != after.on:
        makeup_db = after.makeup_db if after.on else -before.makeup_db
        makeup = "".join(f" (makeup {level})" for level in _level(0.0, makeup_db))
        yield f"{'compressed' if after.on else 'no longer compressed'}{makeup}"
    if not (before.on and after.on):
        return
    more_db = typical_reduction_db(after) - typical_reduction_db(before)
    if abs(more_db) >= LEAST_REDUCTION_DB:
        yield "compressed more" if more_db > 0 else "compressed less"
    for name in ("attack", "release"):
        was, now = getattr(before, f"{name}_ms"), getattr(after, f"{name}_ms")
        if _apart(was, now):
            yield f"{'slower' if now > was else 'faster'} {name}"


def _apart(before: float, after: float) -> bool:
    return max(before, after) >= LEAST_RATIO * min(before, after)


def _eq(before: Eq, after: Eq, sample_rate: int) -> Iterator[str]:
    gaps_db = tone_db([before], [after], _GRID_HZ, sample_rate)
    yield from (_tone(gaps_db, *told) for told in sorted(_told(gaps_db).items()))
    yield from _low_cut(before.high_pass, after.high_pass)


def _told(gaps_db: NDArray[np.float64]) -> dict[int, list[int]]:
    """The hills that are told, each with those that its shelf covers and that are higher; lower ones go with it."""
    told: dict[int, list[int]] = {}
    for hill in sorted(_hills(gaps_db), key=lambda hill: -abs(gaps_db[hill]))[:MOST_TONES]:
        if any(hill in _shelf(gaps_db, other) for other in told):
            continue
        covered = [other for other in told if other in _shelf(gaps_db, hill)]
        told = {other: inner for other, inner in told.items() if other not in covered} | {hill: covered}
    return told


def _tone(gaps_db: NDArray[np.float64], hill: int, covered: list[int]) -> str:
    size_db = abs(float(gaps_db[hill]))
    grade = "a little " if size_db < LITTLE_TONE_DB else "much " if size_db >= MUCH_TONE_DB else ""
    special = "".join(f", especially {_hertz(float(_GRID_HZ[other]))}" for other in sorted(covered))
    return f"{grade}{'more' if gaps_db[hill] > 0 else 'less'} {_where(gaps_db, hill)}{special}"


def _hills(gaps_db: NDArray[np.float64]) -> Iterator[int]:
    """The tops of the stretches in which one of them has more, where they are worth a word."""
    sides = np.sign(gaps_db) * (np.abs(gaps_db) >= LEAST_TONE_DB)
    edges = [0, *(np.flatnonzero(np.diff(sides)) + 1).tolist(), len(gaps_db)]
    for start, stop in itertools.pairwise(edges):
        if sides[start]:
            stretch = np.abs(gaps_db[start:stop])
            yield from (start + top for top in range(len(stretch)) if _stands_out(stretch, top))


def _stands_out(stretch: NDArray[np.float64], top: int) -> bool:
    """Whether a valley of at least the least difference lies between this and whatever is higher, on both sides."""
    left, right = stretch[top::-1], stretch[top:]
    # Of equals, the first is the top.
    higher_left, higher_right = np.flatnonzero(left[1:] >= left[0]) + 1, np.flatnonzero(right > right[0])
    return all(
        not higher.size or stretch[top] - side[: higher[0]].min() >= LEAST_TONE_DB
        for side, higher in ((left, higher_left), (right, higher_right))
    )


def _where(gaps_db: NDArray[np.float64], hill: int) -> str:
    """``300 Hz`` for a peak; for a shelf that lasts to the end of hearing, from where it has half of its height."""
    shelf = _shelf(gaps_db, hill)
    if not shelf:
        return _hertz(float(_GRID_HZ[hill]))
    below = shelf.start == 0
    # The foot lies between the last point of the shelf and the next one, which has less than half.
    foot = shelf.stop - 1 if below else shelf.start - 1
    shares, freqs_hz = (gaps_db / gaps_db[hill])[foot : foot + 2], _GRID_HZ[foot : foot + 2]
    order = slice(None, None, -1) if below else slice(None)
    foot_hz = float(np.interp(_HALF, shares[order], freqs_hz[order]))
    return f"{'below' if below else 'above'} {_hertz(foot_hz)}"


def _shelf(gaps_db: NDArray[np.float64], hill: int) -> range:
    """The points that a shelf with this top covers, up to an end of hearing; empty for a peak.

    Seen towards its own end, a shelf begins at half of its height and behind its top never falls far from it again.
    """
    shares = gaps_db / gaps_db[hill]
    if shares[: hill + 1].min() >= _LASTS and (less := np.flatnonzero(shares[hill:] < _HALF)).size:
        return range(hill + int(less[0]))
    if shares[hill:].min() >= _LASTS and (less := np.flatnonzero(shares[:hill] < _HALF)).size:
        return range(int(less[-1]) + 1, len(shares))
    return range(0)


def _low_cut(before: HighPass, after: HighPass) -> Iterator[str]:
    if before.on != after.on:
        yield f"low cut at {_hertz(after.freq_hz)}" if after.on else "no low cut"
    elif after.on and _apart(before.freq_hz, after.freq_hz):
        yield f"low cut at {_hertz(after.freq_hz)} instead of {_hertz(before.freq_hz)}"


def _hertz(freq_hz: float) -> str:
    """Two digits, as people say it: ``300 Hz``, ``4.2 kHz``."""
    digits = 1 - math.floor(math.log10(freq_hz))
    rounded = round(freq_hz, digits)
    return f"{rounded:.0f} Hz" if rounded < 1_000 else f"{rounded / 1_000:g} kHz"
