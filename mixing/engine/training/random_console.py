"""Random consoles that a person might have set: what the reference net is asked to find back.

Every continuous knob of strips, groups, buses and master is drawn. The draws are those of someone with taste and a
mood: balances scatter around the rough mix, tone is tilted more often than notched, low and leading stems stay near the
centre, effects are seasoning.
"""

from __future__ import annotations

import hashlib
import math
from typing import Final

import numpy as np

from mixing.engine.console.parameters import (
    OFF_DB,
    Compressor,
    ConsoleParameters,
    Delay,
    Eq,
    GroupBus,
    Groups,
    HighPass,
    HighShelf,
    Limiter,
    LowShelf,
    Master,
    Peak,
    Reverb,
    Sends,
    Strip,
)
from mixing.engine.mixers.interface import SessionFeatures, StemFeatures
from mixing.engine.mixers.rules import rough_levels_lu
from mixing.engine.roles import GROUPS, Role, group_of

RANDOM_CONSOLE_VERSION: Final = 2
"""Changes whenever the same seed gives another console."""
LEVEL_LU: Final = 4.0
"""Standard deviation of a stem's loudness around the rough mix's."""
TARGET_LUFS: Final = (-23.0, -8.0)
CENTRED: Final[frozenset[Role]] = frozenset({"kick", "snare", "bass", "lead_vocal", "drums"})
WORKING_LUFS: Final = -23.0
"""The loudness that trims bring each stem to."""
_MIX_HEADROOM_DB: Final = 17.0
"""The sum of faders around 0 dB behind trims to WORKING_LUFS peaks about this far above it."""


def random_console(session: SessionFeatures, seed: int) -> ConsoleParameters:
    """A console for a session, the same for the same seed and stem names.

    Parameters
    ----------
    session : SessionFeatures
        Loudness, peaks and roles of its stems decide what the draws are centred on.
    seed : int
        0 or more.

    Returns
    -------
    ConsoleParameters
        At the session's rate, with limiter and a target between -23 and -8 LUFS.
    """
    names = "\0".join(stem.name for stem in session.stems)
    digest = hashlib.sha256(f"{RANDOM_CONSOLE_VERSION}\0{seed}\0{names}".encode()).digest()
    rng = np.random.default_rng(np.frombuffer(digest, dtype=np.uint32))
    # One console in three is nearly what the rules would do, one in three far from it.
    mood = float(rng.choice((0.5, 1.0, 1.4)))
    group_lu = {group: float(rng.normal(0.0, 2.0 * mood)) for group in GROUPS}
    rough = rough_levels_lu(session)
    levels = {
        stem.name: rough[stem.name] + group_lu[group_of(stem.role)] + float(rng.normal(0.0, LEVEL_LU * mood))
        for stem in session.stems
        if stem.name in rough
    }
    loudest = max(levels.values(), default=0.0)
    wet = float(rng.uniform(0.0, 1.0))
    strips = tuple(
        _strip(rng, stem, levels.get(stem.name, loudest) - loudest, mood=mood, wet=wet) for stem in session.stems
    )
    console = ConsoleParameters(
        strips=strips,
        groups=Groups(**{group: _group(rng, mood) for group in GROUPS}),
        reverb=random_reverb(rng),
        delay=random_delay(rng),
        master=_master(rng, mood),
    )
    return console.at_rate(session.sample_rate)


def _strip(rng: np.random.Generator, stem: StemFeatures, fader_db: float, *, mood: float, wet: float) -> Strip:
    audio = stem.audio
    trim_db = 0.0 if audio.loudness_lufs is None else min(40.0, max(-40.0, WORKING_LUFS - audio.loudness_lufs))
    centred = stem.role in CENTRED
    pan = float(rng.normal(0.0, 0.04)) if centred else float(rng.uniform(-0.9, 0.9))
    compressor = _compressor(rng, _loud_peak_db(stem) + trim_db, likely=0.45)
    return Strip(
        stem=stem.name,
        group=group_of(stem.role),
        trim_db=round(trim_db, 2),
        eq=random_eq(rng, 3.0 * mood, high_pass_hz=min(250.0, 0.1 * audio.centroid_hz)),
        compressor=compressor,
        fader_db=round(max(-60.0, fader_db), 2),
        pan=round(min(1.0, max(-1.0, pan * min(1.0, mood))), 3),
        width=round(float(rng.uniform(0.2, 1.7)), 3),
        sends=Sends(
            reverb_db=_send(rng, likely=0.6 * wet + 0.1, low_db=-26.0, high_db=-8.0 if not centred else -14.0),
            delay_db=_send(rng, likely=0.25 * wet, low_db=-28.0, high_db=-14.0),
        ),
    )


def _loud_peak_db(stem: StemFeatures) -> float:
    return stem.audio.peak_percentiles_dbfs[4] if stem.audio.peak_percentiles_dbfs else -12.0


def _send(rng: np.random.Generator, *, likely: float, low_db: float, high_db: float) -> float:
    level_db = float(rng.uniform(low_db, high_db))
    return round(level_db, 2) if rng.random() < likely else OFF_DB


def random_eq(rng: np.random.Generator, deviation_db: float, *, high_pass_hz: float = 0.0) -> Eq:
    """Shelves and peaks with normal gains, frequencies evenly drawn on a logarithmic scale."""
    gains = np.clip(rng.normal(0.0, deviation_db, 5) * (1.0, 0.7, 0.7, 0.7, 1.0), -15.0, 15.0).round(2).tolist()
    peaks = [
        Peak(gain_db=gain, freq_hz=_between(rng, low, high), q=_between(rng, 0.5, 2.0))
        for gain, (low, high) in zip(gains[1:4], ((150.0, 600.0), (600.0, 2_500.0), (2_500.0, 8_000.0)), strict=True)
    ]
    cut_hz = _between(rng, 0.5, 1.5) * high_pass_hz
    return Eq(
        high_pass=HighPass(on=bool(rng.random() < 0.4) and cut_hz >= 16.0, freq_hz=max(16.0, cut_hz)),
        low_shelf=LowShelf(gain_db=gains[0], freq_hz=_between(rng, 80.0, 300.0)),
        peak_1=peaks[0],
        peak_2=peaks[1],
        peak_3=peaks[2],
        high_shelf=HighShelf(gain_db=gains[4], freq_hz=_between(rng, 2_500.0, 10_000.0)),
    )


def _compressor(rng: np.random.Generator, loud_peak_db: float, *, likely: float) -> Compressor:
    """One that works on the loud moments, its makeup near what it takes of them."""
    on = bool(rng.random() < likely)
    under_db, ratio = float(rng.uniform(2.0, 18.0)), _between(rng, 1.5, 8.0)
    taken_db = under_db * (1.0 - 1.0 / ratio)
    return Compressor(
        on=on,
        threshold_db=round(min(0.0, max(-60.0, loud_peak_db - under_db)), 2),
        ratio=ratio,
        attack_ms=_between(rng, 1.0, 60.0),
        release_ms=_between(rng, 40.0, 400.0),
        knee_db=round(float(rng.uniform(0.0, 12.0)), 2),
        makeup_db=round(0.6 * taken_db, 2),
    )


def _group(rng: np.random.Generator, mood: float) -> GroupBus:
    return GroupBus(
        gain_db=round(float(rng.normal(0.0, 1.0)), 2),
        eq=random_eq(rng, 1.5 * mood),
        compressor=_compressor(rng, WORKING_LUFS + _MIX_HEADROOM_DB - 4.0, likely=0.5),
    )


def random_reverb(rng: np.random.Generator) -> Reverb:
    """A room from half a second to four."""
    return Reverb(
        decay_s=_between(rng, 0.5, 4.0),
        damping_hz=_between(rng, 2_000.0, 12_000.0),
        predelay_ms=round(float(rng.uniform(0.0, 60.0)), 1),
        return_db=round(float(rng.uniform(-3.0, 3.0)), 2),
    )


def random_delay(rng: np.random.Generator) -> Delay:
    """Echoes that can be told from each other."""
    return Delay(
        time_ms=round(float(rng.uniform(120.0, 600.0)), 1),
        feedback=round(float(rng.uniform(0.1, 0.5)), 3),
        damping_hz=_between(rng, 2_000.0, 10_000.0),
        return_db=round(float(rng.uniform(-3.0, 3.0)), 2),
    )


def _master(rng: np.random.Generator, mood: float) -> Master:
    return Master(
        eq=random_eq(rng, 2.5 * mood),
        compressor=_compressor(rng, WORKING_LUFS + _MIX_HEADROOM_DB, likely=0.65),
        target_lufs=round(float(rng.uniform(*TARGET_LUFS)), 2),
        ceiling_dbtp=-1.0,
        limiter=Limiter(on=True, release_ms=_between(rng, 40.0, 300.0), lookahead_ms=2.0),
    )


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    return round(math.exp(float(rng.uniform(math.log(low), math.log(high)))), 4)
