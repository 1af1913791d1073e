"""What compressors and rooms do to a sound in memory, measured: by how much, at which knob, at what cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.audio.loudness import LoudnessMeter
from mixing.engine.console.desk import Desk
from mixing.engine.console.parameters import (
    OFF_DB,
    Compressor,
    ConsoleParameters,
    Delay,
    GroupBus,
    Groups,
    Reverb,
    Sends,
    Strip,
)
from mixing.engine.mixers import dynamics
from mixing.engine.mixers.dynamics import Character
from mixing.engine.roles import GROUPS, Group
from mixing.engine.training.strips import Sound, through_strips

Values = NDArray[np.float64]

UNDER_DB: Final = (0.0, 3.0, 6.0, 9.0, 12.0, 16.0, 20.0, 25.0, 30.0, 36.0)
"""How far under the loud peaks the thresholds lie at which a compressor is measured."""
_BROUGHT_TO_DBFS: Final = -6.0
"""Where the loud peaks stand while that is measured, so that every threshold is one that the console has."""
_FRAME_S: Final = 0.05
_GATE_DBFS: Final = -60.0
_GATE_RANGE_DB: Final = 50.0
_FEWEST_FRAMES: Final = 12
"""A sound that lasts for less than this says nothing about its loud moments."""
_HEARD: Final = 1e-9
"""Power of a sample below which no gain can be read off it."""
_MONO_DB: Final = 3.0103
"""Gives back what the middle takes of a mono stem, so that both sides are the stem itself."""


@dataclass(frozen=True, slots=True)
class LoudMoments:
    """The 50 ms frames whose peaks reach the 95th percentile of those that sound, and that percentile."""

    starts: NDArray[np.int64]
    samples: int
    peak_dbfs: float


def loud_moments(sound: Sound, sample_rate: int) -> LoudMoments | None:
    """The loud moments of ``(2, samples)``; None where too little sounds to speak of any."""
    hop = sample_rate // round(1.0 / _FRAME_S)
    count = sound.shape[1] // hop
    framed = sound[:, : count * hop].reshape(2, count, hop)
    peaks_db = 20.0 * np.log10(np.maximum(np.abs(framed).max(axis=(0, 2)), 1e-10))
    level_db = 10.0 * np.log10(np.maximum(np.square(framed, dtype=np.float64).mean(axis=(0, 2)), 1e-20))
    active = level_db > max(_GATE_DBFS, float(level_db.max(initial=-200.0)) - _GATE_RANGE_DB)
    if active.sum() < _FEWEST_FRAMES:
        return None
    loud_db = float(np.percentile(peaks_db[active], 95))
    return LoudMoments(np.flatnonzero(active & (peaks_db >= loud_db)) * hop, hop, loud_db)


def reduction_db(before: Sound, after: Sound, moments: LoudMoments) -> float:
    """The gain reduction that a meter shows at the loud moments: the largest of each, on average, in dB."""
    places = moments.starts[:, None] + np.arange(moments.samples)
    powers = np.square(before[:, places], dtype=np.float64).sum(axis=0)
    kept = np.square(after[:, places], dtype=np.float64).sum(axis=0)
    taken = np.where(powers > _HEARD, 10.0 * np.log10(np.maximum(powers, 1e-20) / np.maximum(kept, 1e-20)), 0.0)
    return float(taken.max(axis=1).mean())


def loudness_lufs(sound: Sound, sample_rate: int) -> float:
    """Integrated loudness of ``(2, samples)``; not a number for silence."""
    meter = LoudnessMeter(sample_rate, 2)
    meter.push(sound)
    found = meter.integrated_lufs()
    return float("nan") if found is None else found


def curve(sound: Sound, character: Character, sample_rate: int) -> Values:
    """A compressor of this character on a sound: thresholds in dBFS, reductions in dB, losses in LU.

    Returns
    -------
    NDArray[np.float64]
        ``(3, len(UNDER_DB))``; not numbers where too little sounds.
    """
    moments = loud_moments(sound, sample_rate)
    if moments is None:
        return np.full((3, len(UNDER_DB)), np.nan)
    raised_db = _BROUGHT_TO_DBFS - moments.peak_dbfs
    raised = sound * np.float32(10.0 ** (raised_db / 20.0))
    thresholds = _BROUGHT_TO_DBFS - np.array(UNDER_DB)
    compressors = [
        replace(character.compressor, on=True, threshold_db=float(level), makeup_db=0.0) for level in thresholds
    ]
    strips = [Strip(stem="bus", compressor=each) for each in compressors]
    results = through_strips([raised] * len(strips), strips, sample_rate)
    loudness = loudness_lufs(raised, sample_rate)
    return np.array(
        [
            thresholds - raised_db,
            [reduction_db(raised, result, moments) for result in results],
            [loudness - loudness_lufs(result, sample_rate) for result in results],
        ]
    )


def behind_eq(sound: Sound, strip: Strip, sample_rate: int) -> Sound:
    """A stem as it reaches its compressor, a mono one on both sides: ``(2, samples)``."""
    alone = Strip(stem="bus", trim_db=strip.trim_db, eq=strip.eq, fader_db=_MONO_DB if len(sound) == 1 else 0.0)
    return through_strips([sound], [alone], sample_rate)[0]


def group_sums(sounds: Mapping[str, Sound], console: ConsoleParameters, sample_rate: int) -> dict[Group, Sound]:
    """What reaches the compressor of each group that is fed."""
    outputs = through_strips([sounds[strip.stem] for strip in console.strips], console.strips, sample_rate)
    fed: dict[Group, Sound] = {}
    for group in GROUPS:
        members = [each for strip, each in zip(console.strips, outputs, strict=True) if strip.group == group]
        if members:
            total = np.asarray(np.sum(members, axis=0, dtype=np.float64), dtype=np.float32)
            eq = getattr(console.groups, group).eq
            fed[group] = through_strips([total], [Strip(stem="bus", eq=eq)], sample_rate)[0]
    return fed


def before_master(sounds: Mapping[str, Sound], console: ConsoleParameters, sample_rate: int) -> Sound:
    """What reaches the master's compressor: groups and returns, behind the master's EQ."""
    off = replace(console, master=replace(console.master, compressor=Compressor()))
    return _played(sounds, off, sample_rate)


def returns_lu(sound: Sound, strip: Strip, reverb: Reverb, delay: Delay, sample_rate: int) -> tuple[float, float]:
    """Loudness of a stem's reverb, and of its echoes, beside the stem behind its strip, sent and returned at 0 dB.

    The stretch is played twice and measured the second time, when the room is as full as it gets.
    """
    twice = np.concatenate((sound, sound), axis=1)
    alone = replace(strip, fader_db=0.0, sends=Sends())
    desk = ConsoleParameters(
        strips=(alone,), groups=_OPEN, reverb=replace(reverb, return_db=0.0), delay=replace(delay, return_db=0.0)
    ).at_rate(sample_rate)
    dry = _played({strip.stem: twice}, desk, sample_rate)
    second = slice(sound.shape[1], None)
    dry_lufs = loudness_lufs(np.ascontiguousarray(dry[:, second]), sample_rate)
    found = []
    for sends in (Sends(reverb_db=0.0), Sends(delay_db=0.0)):
        wet = _played({strip.stem: twice}, replace(desk, strips=(replace(alone, sends=sends),)), sample_rate) - dry
        found.append(loudness_lufs(np.ascontiguousarray(wet[:, second]), sample_rate) - dry_lufs)
    return found[0], found[1]


_OPEN: Final = Groups(**{group: GroupBus() for group in GROUPS})


def _played(sounds: Mapping[str, Sound], console: ConsoleParameters, sample_rate: int) -> Sound:
    heard = [strip for strip in console.strips if strip.fader_db > OFF_DB]
    samples = next(iter(sounds.values())).shape[1]
    desk = Desk(
        replace(console, strips=tuple(heard)),
        {strip.stem: sounds[strip.stem].shape[0] for strip in heard},
        sample_rate=sample_rate,
    )
    return desk.process({strip.stem: sounds[strip.stem] for strip in heard}, samples)


def stem_curve(sound: Sound, strip: Strip, character: Character, sample_rate: int) -> Values:
    """:func:`curve` of a stem where its strip would compress it."""
    return curve(behind_eq(sound, strip, sample_rate), character, sample_rate)


def bus_curves(sounds: Mapping[str, Sound], console: ConsoleParameters, sample_rate: int) -> Values:
    """:func:`curve` of the four groups and of the mix: ``(5, 3, len(UNDER_DB))``; not numbers where none is fed."""
    found = np.full((len(GROUPS) + 1, 3, len(UNDER_DB)), np.nan)
    for group, total in group_sums(sounds, console, sample_rate).items():
        found[GROUPS.index(group)] = curve(total, dynamics.BY_GROUP[group], sample_rate)
    found[-1] = curve(before_master(sounds, console, sample_rate), dynamics.ON_MASTER, sample_rate)
    return found


def achieved(curves: Values, threshold_db: Sequence[float] | Values) -> tuple[Values, Values]:
    """Reduction and loss, ``(rows,)`` each, at thresholds ``(rows,)`` between those of the curves ``(rows, 3, …)``."""
    rows = [
        (np.interp(-wanted, -each[0], each[1]), np.interp(-wanted, -each[0], each[2]))
        for each, wanted in zip(curves, np.asarray(threshold_db), strict=True)
    ]
    found = np.array(rows).reshape(-1, 2)
    return found[:, 0], found[:, 1]
