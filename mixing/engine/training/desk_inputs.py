"""What the mel desk takes: sessions as sounds, and a real console as settings."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mixing.engine.console import delay as delays
from mixing.engine.console import reverb as reverbs
from mixing.engine.console.parameters import OFF_DB, Compressor, ConsoleParameters, Delay, Eq, Reverb, Strip
from mixing.engine.mixers.eq_response import RATE, band_response_db, k_weights
from mixing.engine.mixers.interface import (
    BANDS,
    FRAME_BANDS,
    PEAK_PERCENTILES,
    AudioFeatures,
    SessionFeatures,
    StemFeatures,
    band_centres_hz,
)
from mixing.engine.roles import GROUPS, group_of
from mixing.engine.training.desk_frames import FRAMES, HITS, MOMENTS, Curves
from mixing.engine.training.frame_levels import Together, together, wide_bands
from mixing.engine.training.mel_desk import SILENT_DB, Settings, StemSounds

MUTED_DB: Final = -150.0
SETTLES_BELOW_DB: Final = 6.5
"""A compressor's envelope settles at a level this far below the peaks; see :mod:`mixing.engine.mixers.dynamics`."""
TOGETHER: Final = 0.25
"""Correlation of the stems' loud moments: a band plays together. Chosen for the crests of true mixes."""
DUTY_WEIGHTS: Final = (-1.5305, 0.6774, -0.1053, 0.2803, 0.0271, -0.0893, 0.0843, 0.1761)
"""See :func:`duty_db`."""


def sounds_of(sessions: Sequence[SessionFeatures], *, stems: int | None = None) -> StemSounds:
    """The stems of some sessions as one batch, padded to ``stems`` or to the longest of them.

    Their frames are those of the same moments where they were kept, and else drawn from what is known of each stem.
    """
    most = max(len(session.stems) for session in sessions) if stems is None else stems
    shape = (len(sessions), most)
    covariance = np.zeros((*shape, BANDS, 3), dtype=np.float32)
    peaks_db, levels_db = (np.full((*shape, MOMENTS), SILENT_DB, dtype=np.float32) for _ in range(2))
    bands = np.zeros((*shape, MOMENTS, len(FRAME_BANDS)), dtype=np.float32)
    mono = np.ones(shape, dtype=np.float32)
    groups = np.zeros((*shape, len(GROUPS)), dtype=np.float32)
    for row, session in enumerate(sessions):
        count = len(session.stems)
        heard = together(session, FRAMES, hits=HITS) or _drawn(session)
        peaks_db[row, :count], levels_db[row, :count] = heard.peaks_db, heard.levels_db
        bands[row, :count] = heard.bands
        for column, stem in enumerate(session.stems):
            groups[row, column, GROUPS.index(group_of(stem.role))] = 1.0
            mono[row, column] = float(stem.audio.channels == 1)
            if sounds(stem):
                covariance[row, column] = _covariance(stem.audio)
    return StemSounds(*(torch.from_numpy(each) for each in (covariance, peaks_db, levels_db, bands, mono, groups)))


def sounds(stem: StemFeatures) -> bool:
    """Whether there is anything to hear and to know of a stem."""
    return stem.audio.loudness_lufs is not None and bool(stem.audio.spectrum_db)


def duty_inputs(audio: AudioFeatures) -> NDArray[np.float64]:
    """What is known about how steadily a recording sounds, for :func:`duty_db`."""
    peaks = np.asarray(audio.peak_percentiles_dbfs) - (audio.loudness_lufs or 0.0)
    activity_db = 10.0 * np.log10(max(audio.activity, 1e-3))
    spread = peaks[4] - peaks[2]
    loud_db = (audio.short_term_max_lufs or audio.loudness_lufs or 0.0) - (audio.loudness_lufs or 0.0)
    frames_db = 10.0 * np.log10(max(audio.activity, 1e-3) * _mean_power(audio))
    return np.array([1.0, activity_db, min(spread, 30.0), min(audio.flux_db, 10.0), min(audio.crest_db, 40.0),
                     min(audio.loudness_range_lu or 0.0, 30.0), min(loud_db, 12.0), frames_db])  # fmt: skip


def duty_db(audio: AudioFeatures) -> float:
    """K-weighted mean power of a whole recording beside that of its gated loudness, in dB: pauses take from it.

    The gate of BS.1770-4 leaves pauses out, and the features do not say how many; a linear fit to the stems of the
    corpus tells it from the activity and the shape of the peaks' distribution.
    """
    return float(np.clip(duty_inputs(audio) @ np.array(DUTY_WEIGHTS), -25.0, 0.5))


def _mean_power(audio: AudioFeatures) -> float:
    """Mean power of the frames' peaks over that of the loudness."""
    peaks_db = np.asarray(audio.peak_percentiles_dbfs) - (audio.loudness_lufs or 0.0)
    return float(np.mean(10.0 ** (np.interp(np.arange(2.5, 100.0, 5.0), PEAK_PERCENTILES, peaks_db) / 10.0)))


def _covariance(audio: AudioFeatures) -> NDArray[np.float64]:
    power = 10.0 ** (np.asarray(audio.spectrum_db) / 10.0)
    power *= 10.0 ** ((duty_db(audio) + 0.691) / 10.0) / float((power * k_weights()).sum())
    if audio.channels == 1:
        return np.stack((power, np.zeros(BANDS), np.zeros(BANDS)), axis=-1)
    tilt = np.asarray(audio.band_imbalance)
    side = 10.0 ** ((np.asarray(audio.side_db) - np.asarray(audio.spectrum_db)) / 10.0) * power
    return np.stack((power * (1.0 - tilt) / 2.0, power * (1.0 + tilt) / 2.0, power / 2.0 - side), axis=-1)


def _drawn(session: SessionFeatures) -> Together:
    """Frames of a session whose own were not kept."""
    peaks_db, levels_db = (np.full((len(session.stems), FRAMES), SILENT_DB) for _ in range(2))
    shares = np.zeros((len(session.stems), 1, len(FRAME_BANDS)))
    for place, stem in enumerate(session.stems):
        if sounds(stem):
            peaks_db[place], levels_db[place] = _frames(stem.audio)
            shares[place] = wide_bands(stem.audio.spectrum_db)
    hits = np.argsort(-(10.0 ** (peaks_db / 10.0)).sum(axis=0), kind="stable")[:HITS]
    places = np.concatenate((np.arange(FRAMES), hits))
    levels_db = levels_db[:, places]
    return Together(peaks_db[:, places], levels_db, 10.0 ** (levels_db[..., None] / 10.0) * shares)


def _frames(audio: AudioFeatures) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Peaks and powers of FRAMES frames, in an order that depends on the sound alone."""
    count = max(1, round(audio.activity * FRAMES))
    percent = (np.arange(count) + 0.5) / count * 100.0
    known = np.asarray(audio.peak_percentiles_dbfs) - (audio.loudness_lufs or 0.0)
    peaks = np.interp(percent, PEAK_PERCENTILES, known)
    spread = max(float(known[4] - known[2]), 0.5)
    scale = min(2.0, max(0.5, audio.crest_db / spread))
    levels = known[2] + (peaks - known[2]) * scale
    total = float(_covariance(audio)[..., :2].sum())
    levels += 10.0 * np.log10(total * FRAMES / np.sum(10.0 ** (levels / 10.0)))
    digest = hashlib.sha256(np.round((*audio.spectrum_db, *audio.peak_percentiles_dbfs), 3).tobytes()).digest()
    own = np.random.default_rng(np.frombuffer(digest, dtype=np.uint32)).standard_normal(FRAMES)
    shared = np.random.default_rng(0).standard_normal(FRAMES)
    score = math.sqrt(TOGETHER) * shared + math.sqrt(1.0 - TOGETHER) * own
    # The loudest frames fall where the score is highest, and the stem rests where it is lowest.
    places = np.argsort(score)[FRAMES - count :]
    out = np.full((2, FRAMES), SILENT_DB)
    out[0, places], out[1, places] = peaks, levels
    return out[0], out[1]


# ---- a real console --------------------------------------------------------------------------------------------------


def settings_of(session: SessionFeatures, consoles: Sequence[ConsoleParameters]) -> Settings:
    """The settings of some consoles of one session, for ``sounds_of([session] * len(consoles))``."""
    names = [stem.name for stem in session.stems]
    lufs = [stem.audio.loudness_lufs if sounds(stem) else MUTED_DB for stem in session.stems]
    strips = [[{strip.stem: strip for strip in console.strips}[name] for name in names] for console in consoles]
    buses = [[getattr(console.groups, group) for group in GROUPS] for console in consoles]

    def of_strips(value: Callable[[Strip], float]) -> Tensor:
        return torch.tensor([[value(strip) for strip in row] for row in strips], dtype=torch.float32)

    heard = torch.tensor([[_heard(console, strip) for strip in row] for console, row in zip(consoles, strips,
                                                                                           strict=True)])  # fmt: skip
    return Settings(
        strip_eq_db=_responses([[strip.eq for strip in row] for row in strips]),
        input_db=of_strips(lambda strip: strip.trim_db) + torch.tensor([lufs], dtype=torch.float32),
        strip_curves=_curves([[strip.compressor for strip in row] for row in strips]),
        fader_db=torch.where(heard, of_strips(lambda strip: strip.fader_db), MUTED_DB),
        pan=of_strips(lambda strip: strip.pan),
        width=of_strips(lambda strip: strip.width),
        reverb_db=of_strips(lambda strip: strip.sends.reverb_db if strip.sends.reverb_db > OFF_DB else MUTED_DB),
        delay_db=of_strips(lambda strip: strip.sends.delay_db if strip.sends.delay_db > OFF_DB else MUTED_DB),
        reverb_return_db=_stack([reverb_return_db(console.reverb) for console in consoles]),
        delay_return_db=_stack([delay_return_db(console.delay) for console in consoles]),
        group_db=torch.tensor([[bus.gain_db for bus in row] for row in buses], dtype=torch.float32),
        group_eq_db=_responses([[bus.eq for bus in row] for row in buses]),
        group_curves=_curves([[bus.compressor for bus in row] for row in buses]),
        master_eq_db=_responses([[console.master.eq for console in consoles]])[0],
        master_curve=_curve([console.master.compressor for console in consoles]),
        target_lufs=torch.tensor([console.master.target_lufs or -14.0 for console in consoles]),
        ceiling_db=torch.tensor([console.master.ceiling_dbtp for console in consoles]),
    )


def reverb_return_db(reverb: Reverb) -> NDArray[np.float64]:
    """Energy that a reverb gives back of what it is sent in each band, in dB; see ``space.reverb_change_lu``."""
    design = reverbs.design(reverb, RATE)
    cosines = np.cos(2.0 * np.pi * np.asarray(band_centres_hz()) / RATE)[:, None]
    kept = (design.gains**2 / (1.0 - 2.0 * design.poles * cosines + design.poles**2)).mean(axis=1)
    returned = np.maximum(design.level**2 * kept / (1.0 - kept), 1e-12)
    return np.asarray(_bus_db(reverb.return_db) + 10.0 * np.log10(returned))


def delay_return_db(delay: Delay) -> NDArray[np.float64]:
    """Energy of a delay's echoes over that of the fold to mono in each band, in dB; see ``space.delay_change_lu``."""
    design = delays.design(delay, RATE)
    cosines = np.cos(2.0 * np.pi * np.asarray(band_centres_hz()) / RATE)
    low_pass = (1.0 - design.pole) ** 2 / (1.0 - 2.0 * design.pole * cosines + design.pole**2)
    return np.asarray(_bus_db(delay.return_db) - 10.0 * np.log10(1.0 - design.feedback**2 * low_pass))


def _bus_db(return_db: float) -> float:
    return return_db if return_db > OFF_DB else MUTED_DB


def _heard(console: ConsoleParameters, strip: Strip) -> bool:
    soloed = any(other.solo for other in console.strips)
    return not strip.mute and strip.fader_db > OFF_DB and (strip.solo or not soloed)


def _responses(eqs: Sequence[Sequence[Eq]]) -> Tensor:
    return torch.tensor(np.array([[band_response_db(eq) for eq in row] for row in eqs]), dtype=torch.float32)


def _curves(rows: Sequence[Sequence[Compressor]]) -> Curves:
    curves = [_curve(row) for row in rows]
    return Curves(
        threshold_db=torch.stack([curve.threshold_db for curve in curves]),
        slope=torch.stack([curve.slope for curve in curves]),
        knee_db=torch.stack([curve.knee_db for curve in curves]),
        makeup_db=torch.stack([curve.makeup_db for curve in curves]),
    )


def _curve(compressors: Sequence[Compressor]) -> Curves:
    values = [
        (
            c.threshold_db + SETTLES_BELOW_DB,
            1.0 - 1.0 / c.ratio if c.on else 0.0,
            c.knee_db,
            c.makeup_db if c.on else 0.0,
        )
        for c in compressors
    ]
    threshold_db, slope, knee_db, makeup_db = torch.tensor(values, dtype=torch.float32).unbind(dim=-1)
    return Curves(threshold_db, slope, knee_db, makeup_db)


def _stack(rows: Sequence[NDArray[np.float64]]) -> Tensor:
    return torch.tensor(np.array(rows), dtype=torch.float32)
