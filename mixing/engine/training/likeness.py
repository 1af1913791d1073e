"""How far a mix is from a reference's sound: as the evaluation tells it, and as training and search lower it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mixing.engine.mixers.interface import AudioFeatures
from mixing.engine.training.desk_frames import decibels, linear
from mixing.engine.training.mel_desk import MixSound

HEARD_DB: Final = 50.0
"""Bands further than this below the reference's loudest are not compared: nobody hears what is there."""
SIDE_FLOOR_DB: Final = -55.0
"""Side signals below this, relative to the whole, count as this: a mono mix has no side to compare."""
LOUD_PERCENTILES: Final = slice(2, 6)
"""Of ``peak_percentiles_dbfs``: the median and above; the quiet end tells of pauses."""
WIDTH_DB: Final = 25.0
IMBALANCE_DB: Final = 6.0
SIDE_WEIGHT: Final = 0.6
DYNAMICS_WEIGHT: Final = 3.0
_SMOOTH_DB: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """Between two recordings; 0 is alike.

    Parameters
    ----------
    bands_db : float
        Mean of ``mid_db`` and ``side_db``.
    mid_db, side_db : float
        Mean absolute difference of the mel bands of mid and side, relative to the whole power, where the reference is
        within HEARD_DB of its loudest band.
    level_lu : float
        Difference of integrated loudness.
    width : float
        Difference of the side's share of the energy.
    dynamics_db : float
        Mean of the difference in crest and of that of the peak percentiles (50, 75, 95, 99) above the loudness.
    loudness_range_lu : float
    """

    bands_db: float
    mid_db: float
    side_db: float
    level_lu: float
    width: float
    dynamics_db: float
    loudness_range_lu: float


def distance(mix: AudioFeatures, reference: AudioFeatures) -> Distance | None:
    """How far a mix is from a reference; None where one of them is silent."""
    if not mix.spectrum_db or not reference.spectrum_db:
        return None
    mix_loudness, reference_loudness = mix.loudness_lufs or 0.0, reference.loudness_lufs or 0.0
    spectrum = np.asarray(reference.spectrum_db)
    heard = spectrum > spectrum.max() - HEARD_DB
    mid_db = float(np.abs(_mid_db(mix) - _mid_db(reference))[heard].mean())
    sides = [np.maximum(each.side_db, SIDE_FLOOR_DB) for each in (mix, reference)]
    side_db = float(np.abs(sides[0] - sides[1])[heard].mean())
    peaks = [
        np.asarray(each.peak_percentiles_dbfs)[LOUD_PERCENTILES] - loudness
        for each, loudness in ((mix, mix_loudness), (reference, reference_loudness))
    ]
    crest_db = abs(mix.crest_db - reference.crest_db)
    return Distance(
        bands_db=(mid_db + side_db) / 2.0,
        mid_db=mid_db,
        side_db=side_db,
        level_lu=abs(mix_loudness - reference_loudness),
        width=abs(mix.width - reference.width),
        dynamics_db=(crest_db + float(np.abs(peaks[0] - peaks[1]).mean())) / 2.0,
        loudness_range_lu=abs((mix.loudness_range_lu or 0.0) - (reference.loudness_range_lu or 0.0)),
    )


def _mid_db(audio: AudioFeatures) -> NDArray[np.float64]:
    mid = 10.0 ** (np.asarray(audio.spectrum_db) / 10.0) - 10.0 ** (np.asarray(audio.side_db) / 10.0)
    return np.asarray(10.0 * np.log10(np.maximum(mid, 1e-8)))


def heard_as(references: Sequence[AudioFeatures]) -> MixSound:
    """Recordings as the mel desk tells a mix; none of them silent."""

    def column(values: Sequence[object] | NDArray[np.float64]) -> Tensor:
        return torch.tensor(np.array(values), dtype=torch.float32)

    loudness = np.array([each.loudness_lufs or 0.0 for each in references])
    return MixSound(
        spectrum_db=column([each.spectrum_db for each in references]),
        side_db=column([each.side_db for each in references]),
        band_imbalance=column([each.band_imbalance for each in references]),
        width=column([each.width for each in references]),
        imbalance=column([each.imbalance for each in references]),
        crest_db=column([each.crest_db for each in references]),
        peaks_db=column([each.peak_percentiles_dbfs for each in references]) - column(loudness)[:, None],
        loudness_lufs=column(loudness),
    )


def differences(mix: MixSound, reference: MixSound) -> Tensor:
    """What differs, weighted as it is heard: ``(N, 130)`` in about decibels, mix minus reference.

    Forty bands of mid, of side and of imbalance, then width, overall imbalance, crest, six peak percentiles, loudness.
    """
    heard = torch.sigmoid((reference.spectrum_db - reference.spectrum_db.amax(-1, keepdim=True) + HEARD_DB) / 3.0)
    heard = heard / heard.mean(dim=-1, keepdim=True)
    floor = 10.0 ** (SIDE_FLOOR_DB / 10.0)
    mids = [decibels((linear(each.spectrum_db) - linear(each.side_db)).clamp(min=1e-8)) for each in (mix, reference)]
    sides = [decibels(linear(each.side_db) + floor) for each in (mix, reference)]
    peaks = mix.peaks_db - reference.peaks_db
    return torch.cat(
        (
            heard * (mids[0] - mids[1]),
            SIDE_WEIGHT * heard * (sides[0] - sides[1]),
            IMBALANCE_DB * heard * (mix.band_imbalance - reference.band_imbalance),
            WIDTH_DB * (mix.width - reference.width)[:, None],
            2.0 * IMBALANCE_DB * (mix.imbalance - reference.imbalance)[:, None],
            (mix.crest_db - reference.crest_db)[:, None],
            peaks * torch.tensor([0.0, 0.2, 1.0, 1.0, 1.0, 1.0]),
            (mix.loudness_lufs - reference.loudness_lufs)[:, None],
        ),
        dim=-1,
    )


PARTS: Final = (40, 40, 40, 1, 1, 1, 6, 1)
WEIGHTS: Final = (1.0, 1.0, 0.5, 1.0, 0.3, DYNAMICS_WEIGHT, DYNAMICS_WEIGHT, 2.0)


def unlikeness(found: Tensor) -> Tensor:
    """One number for each mix, ``(N,)``, from :func:`differences`: smooth absolute means of its parts, weighted."""
    size = torch.sqrt(found * found + _SMOOTH_DB**2) - _SMOOTH_DB
    means = [part.mean(dim=-1) for part in torch.split(size, list(PARTS), dim=-1)]
    return torch.stack([weight * mean for weight, mean in zip(WEIGHTS, means, strict=True)]).sum(dim=0)
