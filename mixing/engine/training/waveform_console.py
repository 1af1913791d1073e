"""From a network's corrections to the sound of each strip, with gradients, and how far that is from a person's.

The knobs are those of :func:`mixing.engine.mixers.assemble.assemble` before it rounds them to what a person reads, for
decisions without compressors, room and style. So groups and master do nothing and the strips' sum is the mix. The
errors are the measures of :mod:`mixing.engine.training.measures` with a gradient.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import torch
from torch import Tensor

from mixing.engine.audio.mel import band_powers, mel_triangles
from mixing.engine.console.differentiable import effects
from mixing.engine.console.differentiable.loudness import integrated_lufs
from mixing.engine.console.differentiable.tensors import Knobs
from mixing.engine.console.parameters import HighPass
from mixing.engine.mixers.channels import (
    LARGEST_GIVEN_BACK_LU,
    LARGEST_TRIM_DB,
    LOWEST_FADER_DB,
    WORKING_LUFS,
)
from mixing.engine.mixers.eq_response import k_weights
from mixing.engine.mixers.interface import AudioFeatures
from mixing.engine.mixers.networks.decide import LARGEST_GAIN_DB, LARGEST_IMBALANCE, LOWEST_HIGH_PASS_HZ, Base
from mixing.engine.training.losses import eq_response_db, high_pass_response_db
from mixing.engine.training.measures import BAND_RANGE_DB, STFT_FLOOR_DB, WINDOWS, MixSound, StemSound

ERRORS: Final = ("level_lu", "eq_db", "pan", "mrstft", "width", "bands_db")
_HIGHEST_HIGH_PASS_HZ: Final = 1_000.0
_LEAST_KEPT: Final = 0.01
_LEAST_OF_A_SIDE: Final = 1e-4
_SPECTRUM_SAMPLES: Final = 4_096
_MIX_LUFS: Final = -23.0
_PEAKS: Final = ("peak_1", "peak_2", "peak_3")

Corrections = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Rows:
    """What is known of a degraded song's stems before anything is corrected; ``(stems, …)`` each, all stereo.

    Parameters
    ----------
    level_lu, imbalance, gains_db, freqs_hz, q, high_pass_hz : Tensor
        What the base decided; see :class:`~mixing.engine.mixers.networks.decide.Base`.
    trim_db : Tensor
        What brings each stem to the working loudness.
    sound_width, sound_imbalance : Tensor
        As measured on the stem.
    weighted : Tensor
        Its K-weighted power in each band, ``(stems, BANDS)``.
    """

    level_lu: Tensor
    imbalance: Tensor
    gains_db: Tensor
    freqs_hz: Tensor
    q: Tensor
    high_pass_hz: Tensor
    trim_db: Tensor
    sound_width: Tensor
    sound_imbalance: Tensor
    weighted: Tensor

    @classmethod
    def of(cls, base: Base, stems: Sequence[AudioFeatures], *, device: str = "cpu") -> Self:
        """The rows of stereo stems that sound, in the base's order."""

        def tensor(values: object) -> Tensor:
            return torch.tensor(np.asarray(values, dtype=np.float32), device=device)

        loudness = np.array([audio.loudness_lufs for audio in stems], dtype=np.float64)
        weighted = 10.0 ** (np.array([audio.spectrum_db for audio in stems]) / 10.0) * k_weights()
        return cls(
            level_lu=tensor(base.level_lu),
            imbalance=tensor(base.imbalance),
            gains_db=tensor(base.gains_db),
            freqs_hz=tensor(base.freqs_hz),
            q=tensor(base.q),
            high_pass_hz=tensor(base.high_pass_hz),
            trim_db=tensor(np.clip(WORKING_LUFS - loudness, -LARGEST_TRIM_DB, LARGEST_TRIM_DB)),
            sound_width=tensor([audio.width for audio in stems]),
            sound_imbalance=tensor([audio.imbalance for audio in stems]),
            weighted=tensor(weighted / weighted.sum(axis=1, keepdims=True)),
        )


@dataclass(frozen=True, slots=True)
class Strips:
    """Knobs of the strips, ``(stems,)`` each; ``gain_db`` is trim and fader together."""

    eq: Knobs
    high_pass_on: Tensor
    pan: Tensor
    width: Tensor
    gain_db: Tensor


def strips(rows: Rows, corrections: Corrections) -> Strips:
    """The strips that stand for a base with these corrections; what is absent stays the base's.

    Parameters
    ----------
    corrections : Corrections
        As :func:`mixing.engine.mixers.networks.decide.corrected` takes them, ``(stems,)``, ``eq`` ``(stems, 5)``.
    """
    nothing = torch.zeros_like(rows.level_lu)
    gains_db = (rows.gains_db + corrections.get("eq", nothing[:, None])).clamp(-LARGEST_GAIN_DB, LARGEST_GAIN_DB)
    high_pass_hz = rows.high_pass_hz * 2.0 ** corrections.get("high_pass", nothing)
    high_pass_hz = high_pass_hz.clamp(max=_HIGHEST_HIGH_PASS_HZ)
    width = (2.0 ** corrections.get("width", nothing)).clamp(max=2.0)
    wanted = rows.imbalance + corrections.get("imbalance", nothing)
    pan = _pan_towards(rows, wanted, width)
    level_lu = rows.level_lu + corrections.get("level", nothing)
    taken_lu = -_eq_change_lu(rows, gains_db, high_pass_hz) - _image_change_lu(rows, pan, width)
    fader_db = level_lu + taken_lu.clamp(-LARGEST_GIVEN_BACK_LU, LARGEST_GIVEN_BACK_LU)
    fader_db = (fader_db - fader_db.max()).clamp(min=LOWEST_FADER_DB)
    on = high_pass_hz >= LOWEST_HIGH_PASS_HZ
    return Strips(_eq(rows, gains_db, high_pass_hz), on, pan, width, rows.trim_db + fader_db)


def play(sound: Tensor, console: Strips, *, sample_rate: int) -> Tensor:
    """``(stems, 2, samples)`` through their strips, the same shape; its sum over stems is the mix."""
    signal = effects.equalise(sound, console.eq, console.high_pass_on, sample_rate)
    placed = effects.place(signal, console.pan, console.width)
    return placed * effects.linear(console.gain_db)[:, None, None]


# ---- knobs -----------------------------------------------------------------------------------------------------------


def _eq(rows: Rows, gains_db: Tensor, high_pass_hz: Tensor) -> Knobs:
    columns = {
        "high_pass.freq_hz": high_pass_hz.clamp(min=LOWEST_HIGH_PASS_HZ),
        "high_pass.q": torch.full_like(high_pass_hz, HighPass().q),
        "low_shelf.gain_db": gains_db[:, 0],
        "low_shelf.freq_hz": rows.freqs_hz[:, 0],
        "high_shelf.gain_db": gains_db[:, 4],
        "high_shelf.freq_hz": rows.freqs_hz[:, 4],
    }
    for place, name in enumerate(_PEAKS, start=1):
        columns[f"{name}.gain_db"] = gains_db[:, place]
        columns[f"{name}.freq_hz"] = rows.freqs_hz[:, place]
        columns[f"{name}.q"] = rows.q[:, place - 1]
    return Knobs(torch.stack(list(columns.values()), dim=-1), tuple(columns))


def _sides(rows: Rows, pan: Tensor, width: Tensor) -> tuple[Tensor, Tensor]:
    """Those of :func:`mixing.engine.mixers.image.sides` for stereo stems."""
    common = (1.0 - rows.sound_width) / 2.0 + width * width * rows.sound_width / 2.0
    apart = width * rows.sound_imbalance / 2.0
    left, right = (common - apart).clamp(min=0.0), (common + apart).clamp(min=0.0)
    return left * (1.0 - pan).clamp(max=1.0) ** 2, right * (1.0 + pan).clamp(max=1.0) ** 2


def _pan_towards(rows: Rows, wanted: Tensor, width: Tensor) -> Tensor:
    """That of :func:`mixing.engine.mixers.networks.decide.pan_towards` for stereo stems."""
    wanted = wanted.clamp(-LARGEST_IMBALANCE, LARGEST_IMBALANCE)
    left, right = _sides(rows, torch.zeros_like(wanted), width)
    one_sided = torch.minimum(left, right) <= _LEAST_OF_A_SIDE * torch.maximum(left, right)
    here, there = torch.where(one_sided, 1.0, left), torch.where(one_sided, 1.0, right)
    ratio = (1.0 + wanted) / (1.0 - wanted) * here / there
    pan = torch.where(ratio > 1.0, 1.0 - ratio**-0.5, ratio**0.5 - 1.0)
    return torch.where(one_sided, torch.zeros_like(pan), pan)


def _eq_change_lu(rows: Rows, gains_db: Tensor, high_pass_hz: Tensor) -> Tensor:
    response = eq_response_db(gains_db, rows.freqs_hz, rows.q)
    response = response + high_pass_response_db(high_pass_hz, LOWEST_HIGH_PASS_HZ)
    return 10.0 * torch.log10((rows.weighted * 10.0 ** (response / 10.0)).sum(dim=-1).clamp(min=1e-12))


def _image_change_lu(rows: Rows, pan: Tensor, width: Tensor) -> Tensor:
    left, right = _sides(rows, pan, width)
    return 10.0 * torch.log10((left + right).clamp(min=_LEAST_KEPT))


# ---- how far from the person's ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person made of the same stretch.

    Parameters
    ----------
    heard : Tensor
        Whether each stem sounds in the stretch, ``(stems,)``.
    level_lu, imbalance : Tensor
        ``(stems,)``; whatever where a stem is not heard.
    bands_db : Tensor
        ``(stems, BANDS)``.
    mix_width, mix_bands_db : Tensor
        A number, and ``(BANDS,)``.
    spectra : tuple[Tensor, ...]
        Magnitudes of mid and side of the mix at -23 LUFS, ``(2, bins, frames)``, for each of WINDOWS.
    """

    heard: Tensor
    level_lu: Tensor
    imbalance: Tensor
    bands_db: Tensor
    mix_width: Tensor
    mix_bands_db: Tensor
    spectra: tuple[Tensor, ...]

    @classmethod
    def of(cls, stems: Sequence[StemSound], mix: MixSound, *, device: str = "cpu") -> Self:
        """What was measured of a person's stems, in the order of the rows, and of their mix."""

        def tensor(values: object) -> Tensor:
            return torch.tensor(np.asarray(values, dtype=np.float32), device=device)

        return cls(
            heard=torch.tensor([stem.loudness_lufs is not None for stem in stems], device=device),
            level_lu=tensor([stem.loudness_lufs or 0.0 for stem in stems]),
            imbalance=tensor([stem.imbalance for stem in stems]),
            bands_db=tensor([stem.bands_db for stem in stems]),
            mix_width=tensor(mix.width),
            mix_bands_db=tensor(mix.bands_db),
            spectra=tuple(tensor(spectra.transpose(0, 2, 1)) for spectra in mix.spectra),
        )


def errors(stems: Tensor, wanted: Wanted, *, sample_rate: int) -> dict[str, Tensor]:
    """ERRORS of one song, each a number: the measures of :mod:`mixing.engine.training.measures` of the same names.

    Parameters
    ----------
    stems : Tensor
        ``(stems, 2, samples)``: :func:`play`.
    """
    rows = [row for row, is_heard in enumerate(wanted.heard.tolist()) if is_heard]
    own = stems[rows]
    loudness = torch.stack([integrated_lufs(stem, sample_rate) for stem in own])
    found = {
        "level_lu": _around_mean(loudness - wanted.level_lu[rows]).abs().mean(),
        "eq_db": _band_error_db(bands_db(own, sample_rate), wanted.bands_db[rows]).mean(),
        "pan": (_imbalance(own) - wanted.imbalance[rows]).abs().mean(),
    }
    mix = stems.sum(dim=0)
    mix = mix * 10.0 ** ((_MIX_LUFS - integrated_lufs(mix, sample_rate)) / 20.0)
    middle = torch.stack((mix[0] + mix[1], mix[0] - mix[1])) * math.sqrt(0.5)
    mid, side = middle.square().sum(dim=-1)
    return found | {
        "mrstft": _spectral_distance(middle, wanted.spectra),
        "width": (side / (mid + side) - wanted.mix_width).abs(),
        "bands_db": _band_error_db(bands_db(mix[None], sample_rate), wanted.mix_bands_db[None]).mean(),
    }


def bands_db(stems: Tensor, sample_rate: int) -> Tensor:
    """Mean power of both channels in the mel bands in dB, ``(stems, 2, samples)`` → ``(stems, BANDS)``."""
    padded = torch.nn.functional.pad(stems, (0, max(0, _SPECTRUM_SAMPLES - stems.shape[-1])))
    frames = padded.unfold(-1, _SPECTRUM_SAMPLES, 2 * _SPECTRUM_SAMPLES)
    window = torch.hann_window(_SPECTRUM_SAMPLES, dtype=stems.dtype, device=stems.device)
    spectra = torch.view_as_real(torch.fft.rfft(frames * window))
    powers = spectra.square().sum(dim=-1).mean(dim=(1, 2))
    triangles = torch.from_numpy(_triangles(sample_rate)).to(powers)
    return 10.0 * torch.log10((powers @ triangles).clamp(min=1e-20))


def _spectral_distance(middle: Tensor, human: Sequence[Tensor]) -> Tensor:
    """Multi-resolution STFT of mid and side: Yamamoto, Song and Kim, ICASSP 2020; Steinmetz, Bryan and Reiss, 2022."""
    distances = []
    for window, wanted in zip(WINDOWS, human, strict=True):
        padded = torch.nn.functional.pad(middle, (0, max(0, window - middle.shape[-1])))
        shape = torch.hann_window(window, dtype=middle.dtype, device=middle.device)
        spectra = torch.stft(padded, window, window // 2, window=shape, center=False, return_complex=True).abs()
        floor = wanted.max() * 10.0 ** (STFT_FLOOR_DB / 20.0)
        convergence = torch.linalg.vector_norm(spectra - wanted) / torch.linalg.vector_norm(wanted).clamp(min=1e-20)
        ratio = torch.log(spectra.clamp(min=floor) / wanted.clamp(min=floor))
        distances.append(convergence + ratio.abs().mean())
    return torch.stack(distances).mean()


def _band_error_db(found_db: Tensor, human_db: Tensor) -> Tensor:
    """``(rows, BANDS)`` → ``(rows,)``: mean |difference| over the bands that count, its mean removed."""
    counts = (human_db > human_db.amax(dim=-1, keepdim=True) - BAND_RANGE_DB).to(found_db.dtype)
    number = counts.sum(dim=-1, keepdim=True)
    difference = found_db - human_db
    mean = (difference * counts).sum(dim=-1, keepdim=True) / number
    return ((difference - mean).abs() * counts).sum(dim=-1) / number[:, 0]


def _imbalance(stems: Tensor) -> Tensor:
    left, right = stems.square().sum(dim=-1).unbind(dim=1)
    return (right - left) / (left + right).clamp(min=1e-20)


def _around_mean(values: Tensor) -> Tensor:
    return values - values.mean()


@functools.lru_cache(maxsize=4)
def _triangles(sample_rate: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """What each bin adds to each band, ``(bins, BANDS)``."""
    bins = _SPECTRUM_SAMPLES // 2 + 1
    weights, edges = mel_triangles(np.arange(bins, dtype=np.float64) * (sample_rate / _SPECTRUM_SAMPLES))
    return np.stack([band_powers(row, weights, edges) for row in np.eye(bins)])
