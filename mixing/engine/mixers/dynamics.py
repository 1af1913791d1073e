"""From a wished gain reduction to a compressor: threshold by the stem's own peaks, times by its role, level kept.

A stem's peaks are the percentiles of ``AudioFeatures.peak_percentiles_dbfs``; between them the levels are taken to be
spread evenly. The reduction of a real compressor stays behind its static curve, since the envelope needs time:
``FOLLOWED`` is the share of it that was measured.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.compressor import reduction_db
from mixing.engine.console.parameters import Compressor
from mixing.engine.mixers.interface import PEAK_PERCENTILES
from mixing.engine.roles import Group, Role

LEAST_REDUCTION_DB: Final = 0.25
"""A wish for less is a wish for none: nobody hears it, and a compressor that is off costs nothing."""
LARGEST_REDUCTION_DB: Final = 15.0
FOLLOWED: Final = 0.8
_LOUD: Final = PEAK_PERCENTILES.index(95)
_SHARES: Final = np.arange(2.5, 100.0, 5.0)

_HITS: Final = Compressor(on=True, ratio=4.0, attack_ms=12.0, release_ms=90.0, knee_db=6.0)
_KIT: Final = Compressor(on=True, ratio=3.0, attack_ms=15.0, release_ms=120.0, knee_db=6.0)
_BASS: Final = Compressor(on=True, ratio=4.0, attack_ms=15.0, release_ms=150.0, knee_db=6.0)
_VOICE: Final = Compressor(on=True, ratio=3.0, attack_ms=6.0, release_ms=120.0, knee_db=8.0)
_PLUCKED: Final = Compressor(on=True, ratio=3.0, attack_ms=15.0, release_ms=150.0, knee_db=6.0)
_SUSTAINED: Final = Compressor(on=True, ratio=2.0, attack_ms=30.0, release_ms=300.0, knee_db=10.0)
BY_ROLE: Final[Mapping[Role, Compressor]] = {
    "kick": _HITS, "snare": _HITS, "toms": _HITS, "drums": _KIT, "percussion": _KIT, "hihat": _KIT, "cymbals": _KIT,
    "bass": _BASS, "lead_vocal": _VOICE, "backing_vocal": _VOICE, "electric_guitar": _PLUCKED,
    "acoustic_guitar": _PLUCKED, "piano": _PLUCKED, "keys": _PLUCKED, "synth": _PLUCKED, "pad": _SUSTAINED,
    "strings": _SUSTAINED, "brass": _SUSTAINED, "woodwind": _SUSTAINED, "fx": _SUSTAINED, "other": _PLUCKED,
}  # fmt: skip
"""Hits keep their first milliseconds, voices are caught early, what is sustained is held gently."""
BY_GROUP: Final[Mapping[Group, Compressor]] = {
    "drums": Compressor(on=True, ratio=2.0, attack_ms=30.0, release_ms=120.0, knee_db=8.0),
    "bass": Compressor(on=True, ratio=2.0, attack_ms=25.0, release_ms=180.0, knee_db=8.0),
    "vocals": Compressor(on=True, ratio=2.0, attack_ms=15.0, release_ms=150.0, knee_db=8.0),
    "music": Compressor(on=True, ratio=2.0, attack_ms=30.0, release_ms=200.0, knee_db=8.0),
}
ON_MASTER: Final = Compressor(on=True, ratio=2.0, attack_ms=30.0, release_ms=200.0, knee_db=10.0)


def set_for(wanted_db: float, character: Compressor, peaks_dbfs: Sequence[float]) -> Compressor:
    """The compressor of this character that turns the loud moments down by ``wanted_db`` and keeps the loudness.

    Parameters
    ----------
    wanted_db : float
        Reduction at the 95th percentile of the peaks, in dB; off below LEAST_REDUCTION_DB.
    character : Compressor
        Ratio, times and knee.
    peaks_dbfs : Sequence[float]
        ``peak_percentiles_dbfs`` as they reach the compressor; empty for silence, which needs none.
    """
    if wanted_db < LEAST_REDUCTION_DB or not peaks_dbfs:
        return Compressor()
    wanted_db = min(wanted_db, LARGEST_REDUCTION_DB) / FOLLOWED
    threshold_db = peaks_dbfs[_LOUD] - _over_db(wanted_db, character)
    placed = dataclasses.replace(character, threshold_db=round(min(0.0, max(-60.0, threshold_db)), 2))
    makeup_db = min(24.0, loss_lu(placed, peaks_dbfs))
    return dataclasses.replace(placed, makeup_db=round(makeup_db, 2) + 0.0)


def loss_lu(compressor: Compressor, peaks_dbfs: Sequence[float]) -> float:
    """The loudness that a compressor takes from a sound with these peaks, makeup not counted; 0 or more."""
    if not compressor.on or not peaks_dbfs:
        return 0.0
    levels_db = np.interp(_SHARES, PEAK_PERCENTILES, peaks_dbfs)
    power = 10.0 ** ((levels_db - levels_db.max()) / 10.0)
    kept = power * 10.0 ** (-FOLLOWED * reduction_db(levels_db, compressor) / 10.0)
    return 10.0 * math.log10(math.fsum(power) / math.fsum(kept))


def peaks_behind(compressor: Compressor, peaks_dbfs: Sequence[float]) -> tuple[float, ...]:
    """The percentiles of the peaks behind a compressor, makeup included."""
    if not compressor.on or not peaks_dbfs:
        return tuple(peaks_dbfs)
    levels_db = np.asarray(peaks_dbfs, dtype=np.float64)
    behind: NDArray[np.float64] = levels_db - FOLLOWED * reduction_db(levels_db, compressor) + compressor.makeup_db
    return tuple(behind.tolist())


def peaks_of_sum(parts: Iterable[Sequence[float]]) -> tuple[float, ...]:
    """The percentiles of the peaks of a sum of unrelated sounds: the powers of the same percentiles, added."""
    sounding = [part for part in parts if part]
    if not sounding:
        return ()
    columns = zip(*sounding, strict=True)
    return tuple(10.0 * math.log10(math.fsum(10.0 ** (level / 10.0) for level in column)) for column in columns)


def _over_db(wanted_db: float, character: Compressor) -> float:
    """How far above the threshold a level stands whose static reduction is ``wanted_db``: the curve, inverted."""
    slope, knee_db = 1.0 - 1.0 / character.ratio, character.knee_db
    if wanted_db >= slope * knee_db / 2.0:
        return wanted_db / slope
    return math.sqrt(2.0 * knee_db * wanted_db / slope) - knee_db / 2.0
