"""From a network's corrections to decisions: numbers around a base that a person could have set."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.parameters import Eq, HighPass
from mixing.engine.mixers import image
from mixing.engine.mixers.decisions import Decisions, StemDecision
from mixing.engine.mixers.features_matrix import heard
from mixing.engine.mixers.image import pan_towards
from mixing.engine.mixers.interface import AudioFeatures, SessionFeatures

LARGEST_GAIN_DB: Final = 12.0
LARGEST_IMBALANCE: Final = image.LARGEST_IMBALANCE
LOWEST_HIGH_PASS_HZ: Final = 25.0
"""A high-pass that is moved below this is off: there is nothing left for it to take."""
_BANDS_OF_EQ: Final = ("low_shelf", "peak_1", "peak_2", "peak_3", "high_shelf")

Corrections = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Base:
    """What is corrected, for the stems of :func:`~mixing.engine.mixers.features_matrix.heard`, as arrays.

    Parameters
    ----------
    level_lu, imbalance : NDArray[np.float32]
        Shape ``(stems,)``; the imbalance is what the base's pan makes of the stem's energies.
    gains_db, freqs_hz : NDArray[np.float32]
        Shape ``(stems, 5)``: low shelf, three peaks, high shelf.
    q : NDArray[np.float32]
        Shape ``(stems, 3)``, of the peaks.
    high_pass_hz : NDArray[np.float32]
        Shape ``(stems,)``: the corner of the high-pass, 0 where it is off.
    """

    level_lu: NDArray[np.float32]
    imbalance: NDArray[np.float32]
    gains_db: NDArray[np.float32]
    freqs_hz: NDArray[np.float32]
    q: NDArray[np.float32]
    high_pass_hz: NDArray[np.float32]


def equally_loud(session: SessionFeatures) -> Decisions:
    """Every stem at the song's mean, flat, and brought to the middle: the base of a network without a rule."""
    return Decisions(
        stems={stem.name: StemDecision(pan=image.centring_pan(stem.audio)) for stem in heard(session)},
    )


def base_of(session: SessionFeatures, decisions: Decisions) -> Base:
    """The base's arrays; an empty session has rows of none."""
    stems = heard(session)
    decided = [decisions.stems.get(stem.name, StemDecision()) for stem in stems]

    def rows(values: Sequence[object], *shape: int) -> NDArray[np.float32]:
        return np.array(values, dtype=np.float32).reshape(len(stems), *shape)

    return Base(
        level_lu=rows([each.level_lu for each in decided]),
        imbalance=rows([_imbalance(stem.audio, each) for stem, each in zip(stems, decided, strict=True)]),
        gains_db=rows([[getattr(each.eq, band).gain_db for band in _BANDS_OF_EQ] for each in decided], 5),
        freqs_hz=rows([[getattr(each.eq, band).freq_hz for band in _BANDS_OF_EQ] for each in decided], 5),
        q=rows([[each.eq.peak_1.q, each.eq.peak_2.q, each.eq.peak_3.q] for each in decided], 3),
        high_pass_hz=rows([each.eq.high_pass.freq_hz if each.eq.high_pass.on else 0.0 for each in decided]),
    )


def corrected(session: SessionFeatures, decisions: Decisions, corrections: Corrections) -> Decisions:
    """The base's decisions with its level, EQ, high-pass, place and width corrected; what is absent stays.

    Parameters
    ----------
    corrections : Corrections
        ``level`` in LU, ``eq`` in dB, ``high_pass`` in octaves, ``imbalance``, ``width`` in octaves; rows in the order
        of :func:`~mixing.engine.mixers.features_matrix.heard`.
    """
    stems = dict(decisions.stems)
    for row, stem in enumerate(heard(session)):
        own = {name: values[row] for name, values in corrections.items()}
        stems[stem.name] = _corrected(stem.audio, stems.get(stem.name, StemDecision()), own)
    return dataclasses.replace(decisions, stems=stems)


def _corrected(audio: AudioFeatures, base: StemDecision, own: Mapping[str, NDArray[np.float32]]) -> StemDecision:
    changed = base
    if "level" in own:
        changed = dataclasses.replace(changed, level_lu=base.level_lu + float(own["level"]))
    if "eq" in own:
        changed = dataclasses.replace(changed, eq=_eq(base.eq, own["eq"]))
    if "high_pass" in own:
        changed = dataclasses.replace(changed, eq=_moved_high_pass(changed.eq, float(own["high_pass"])))
    if "width" in own and audio.channels == 2:
        changed = dataclasses.replace(changed, width=min(2.0, base.width * 2.0 ** float(own["width"])))
    if "imbalance" in own:
        wanted = _imbalance(audio, base) + float(own["imbalance"])
        changed = dataclasses.replace(changed, pan=pan_towards(audio, wanted, width=changed.width))
    return changed


def _eq(base: Eq, gains_db: NDArray[np.float32]) -> Eq:
    changes = {}
    for name, gain_db in zip(_BANDS_OF_EQ, gains_db.tolist(), strict=True):
        band = getattr(base, name)
        gain_db = min(LARGEST_GAIN_DB, max(-LARGEST_GAIN_DB, band.gain_db + gain_db))
        changes[name] = dataclasses.replace(band, gain_db=gain_db)
    return dataclasses.replace(base, **changes)


def _moved_high_pass(eq: Eq, octaves: float) -> Eq:
    freq_hz = min(1_000.0, eq.high_pass.freq_hz * 2.0**octaves)
    if not eq.high_pass.on or freq_hz < LOWEST_HIGH_PASS_HZ:
        return dataclasses.replace(eq, high_pass=HighPass())
    return dataclasses.replace(eq, high_pass=dataclasses.replace(eq.high_pass, freq_hz=freq_hz))


def _imbalance(audio: AudioFeatures, decision: StemDecision) -> float:
    return image.imbalance(audio, pan=decision.pan, width=decision.width)
