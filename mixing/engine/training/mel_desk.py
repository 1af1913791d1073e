"""A mixing desk that knows sounds by their features alone: stems and settings in, the features of the mix out.

What the console does to waveforms is done here to powers in mel bands, as 2×2 covariances of left and right, and to a
sample of 50 ms frames (:mod:`mixing.engine.training.desk_frames`): gains, the EQ's exact response, the strip's matrix,
reverb and delay as added diffuse energy, compressors by their static curves on the frames' peaks, the gain towards a
loudness, the limiter as a ceiling. All of it is differentiable and takes batches, so that a net can be trained through
it and a search can try many consoles at once. It assumes that stems are unrelated: powers add. Shapes: ``N`` mixes,
``S`` stems, ``BANDS`` bands, ``MOMENTS`` frames.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mixing.engine.mixers.eq_response import RATE, k_weights
from mixing.engine.mixers.interface import PEAK_PERCENTILES, band_centres_hz
from mixing.engine.training.desk_frames import (
    Curves,
    Moments,
    Shares,
    changes,
    decibels,
    kept,
    limited,
    linear,
    met,
    quantiles,
    reductions,
    wide_gains,
    wide_powers,
)

SILENT_DB: Final = -120.0
_TINY: Final = 1e-12
_LOUDNESS_OFFSET_DB: Final = -0.691
GATED_ABOVE_MEAN_LU: Final = 0.35
"""By how much the gated loudness of a mix lies above that of its mean power: pauses and fades do not count."""
PEAKS_OF_NOISE: Final = 10.0
"""The peak power of 50 ms of something diffuse over its mean power."""
PEAKS_MEET_DB: Final = 1.3
"""By how much the peaks of true mixes lie above the sum of the stems' peak powers: hits fall together."""
PEAKS_RELAX_DB: Final = (0.0, -0.9, -0.9, -0.6, 0.25, 0.6)
"""What the middle of the peaks' distribution lies lower in true mixes than in the sampled frames."""
CREST_SLOPE: Final = 0.82
CREST_OFFSET_DB: Final = 0.85
"""The crest of true mixes over that of the sampled frames. This and the other constants here were fitted to mixes of
the songs whose weights may ship, by consoles like those that the reference net sets; on 112 mixes of other songs the
crest is then 0.5 dB off, and the upper peaks 0.7 to 1.0 dB. To fit them anew to 400 mixes gains nothing there."""
STRIPS: Final = (0.945, 0.835)
GROUP_BUSES: Final = (0.925, 0.75)
MASTER: Final = (0.76, 0.94)
"""Of each layer's compressors: what the envelope remembers, that is, which share of the reduction is the mean one,
whatever the frame; and how much of it reaches the peaks, the attack letting the rest through."""
MOST_LIMITED_DB: Final = 6.0
"""The gain stops where the limiter would take more than this of the largest peak: ``mastering.MOST_LIMITING_DB``."""
LARGEST_PEAK_DB: Final = 2.0
"""How far the largest peak of a mix lies above that of the sampled frames, the loudest moments among them."""
_K_WEIGHTS: Final = torch.tensor(k_weights(), dtype=torch.float32)
_SURE_DB: Final = 0.7
"""How softly the gain comes to rest there: the largest peak is not known to the decibel."""


@dataclass(frozen=True, slots=True)
class StemSounds:
    """The stems of ``N`` sessions, each brought to a gated loudness of 0 LUFS; absent and silent ones have no power.

    Parameters
    ----------
    covariance : Tensor
        ``(N, S, BANDS, 3)``: mean powers LL, RR and the product LR over the whole recording; mono is all in LL.
    peaks_db, levels_db : Tensor
        ``(N, S, MOMENTS)``: largest sample and power of a sample of 50 ms frames, SILENT_DB where the stem rests.
    bands : Tensor
        ``(N, S, MOMENTS, W)``: that power in each of FRAME_BANDS, not in dB.
    mono : Tensor
        ``(N, S)``, 1 or 0.
    groups : Tensor
        ``(N, S, 4)``: 1 for the group that the stem feeds.
    """

    covariance: Tensor
    peaks_db: Tensor
    levels_db: Tensor
    bands: Tensor
    mono: Tensor
    groups: Tensor


@dataclass(frozen=True, slots=True)
class Settings:
    """What the desk's knobs stand at.

    Parameters
    ----------
    strip_eq_db, group_eq_db, master_eq_db : Tensor
        ``(N, S, BANDS)``, ``(N, 4, BANDS)``, ``(N, BANDS)``: responses at the band centres.
    input_db, fader_db : Tensor
        ``(N, S)``: gain before and behind the strip's compressor, upon stems at 0 LUFS.
    pan, width, reverb_db, delay_db : Tensor
        ``(N, S)``; sends as power gains in dB.
    reverb_return_db, delay_return_db : Tensor
        ``(N, BANDS)``: energy that comes back of what was sent, both sides together.
    group_db : Tensor
        ``(N, 4)``.
    strip_curves, group_curves, master_curve : Curves
        ``(N, S)``, ``(N, 4)``, ``(N,)``.
    target_lufs, ceiling_db : Tensor
        ``(N,)``.
    audible : bool
        As :mod:`mixing.engine.mixers.decisions` means it: ``fader_db`` is the loudness behind the whole strip, groups
        keep their loudness whatever their EQ and compressor do, and ``reverb_db`` and ``delay_db`` are the loudness of
        what comes back beside the dry sound.
    """

    strip_eq_db: Tensor
    input_db: Tensor
    strip_curves: Curves
    fader_db: Tensor
    pan: Tensor
    width: Tensor
    reverb_db: Tensor
    delay_db: Tensor
    reverb_return_db: Tensor
    delay_return_db: Tensor
    group_db: Tensor
    group_eq_db: Tensor
    group_curves: Curves
    master_eq_db: Tensor
    master_curve: Curves
    target_lufs: Tensor
    ceiling_db: Tensor
    audible: bool = False


@dataclass(frozen=True, slots=True)
class MixSound:
    """The features of ``N`` mixes, as ``AudioFeatures`` has them.

    ``spectrum_db``, ``side_db``, ``band_imbalance`` are ``(N, BANDS)``, ``width``, ``imbalance``, ``crest_db``,
    ``loudness_lufs`` are ``(N,)``, ``peaks_db`` is ``(N, 6)``: the peak percentiles above the loudness.
    ``limited_db`` is what the limiter takes of the loudest frames, ``(N,)``; None where nobody knows.
    """

    spectrum_db: Tensor
    side_db: Tensor
    band_imbalance: Tensor
    width: Tensor
    imbalance: Tensor
    crest_db: Tensor
    peaks_db: Tensor
    loudness_lufs: Tensor
    limited_db: Tensor | None = None


def mix(stems: StemSounds, settings: Settings) -> MixSound:
    """Play the stems through the desk; see the module's text for what is modelled."""
    covariance, moments = _strips(stems, settings)
    dry = torch.einsum("nsg,nsbk->ngbk", stems.groups, covariance)
    returned = _returns(covariance, settings)
    gains = linear(settings.group_db[..., None] + settings.group_eq_db)
    sums, grouped = _shaped(dry, _grouped(stems.groups, moments), gains, settings.group_curves, GROUP_BUSES)
    if settings.audible:
        given_back = (_loudness(dry) + _TINY) / (_loudness(sums) + _TINY)
        sums, grouped = sums * given_back[..., None, None], grouped.louder(given_back)
    return _mastered(sums.sum(dim=1) + returned, _summed(grouped, returned), settings)


def _strips(stems: StemSounds, settings: Settings) -> tuple[Tensor, Moments]:
    """Covariances ``(N, S, BANDS, 3)`` and moments ``(N, S)``."""
    eq, gain = linear(settings.strip_eq_db), linear(settings.input_db)
    bands = stems.bands * wide_gains(_powers(stems.covariance), eq)[..., None, :]
    level, peak = changes(stems.bands, bands)
    levels_db = stems.levels_db + decibels(level) + settings.input_db[..., None]
    peaks_db = stems.peaks_db + decibels(peak) + settings.input_db[..., None]
    slow_db, fast_db = reductions(peaks_db, levels_db, settings.strip_curves, STRIPS)
    shaped = stems.covariance * (eq * (gain * kept(levels_db, slow_db))[..., None])[..., None]
    placed = _placed(shaped, _matrices(settings.pan, settings.width, stems.mono))
    sides, both = placed[..., :2].sum(dim=-2), _powers(shaped).sum(dim=-1)
    loudest = torch.maximum(shaped[..., 0].sum(dim=-1), shaped[..., 1].sum(dim=-1))
    moments = Moments(
        linear(levels_db - slow_db)[..., None, :] * (sides / (both + _TINY)[..., None])[..., None],
        linear(peaks_db - fast_db)[..., None, :] * (sides / (loudest + _TINY)[..., None])[..., None],
        bands * (linear(-slow_db) * (gain * sides.sum(dim=-1) / (both + _TINY))[..., None])[..., None],
    )
    moved = linear(settings.fader_db)
    if settings.audible:
        moved = moved * (_loudness(stems.covariance) + _TINY) / (_loudness(placed) + _TINY)
    else:
        moved = moved * linear(settings.strip_curves.makeup_db)
    return placed * moved[..., None, None], moments.louder(moved)


def _grouped(feeds: Tensor, moments: Moments) -> Moments:
    """The stems' moments as those of the groups that they feed, ``(N, 4)``."""
    inside = feeds[..., None, None]
    return Moments(
        torch.einsum("nsg,nscf->ngcf", feeds, moments.levels),
        met(inside * moments.peaks[:, :, None], inside * moments.levels[:, :, None], dim=1),
        torch.einsum("nsg,nsfw->ngfw", feeds, moments.bands),
    )


def _summed(groups: Moments, returned: Tensor) -> Moments:
    """All groups, ``(N,)``; what is returned has no hits of its own: it lies under all moments alike."""
    wet = _powers(returned)
    side = wet.sum(dim=-1)[:, None, None] / 2.0
    return Moments(
        groups.levels.sum(dim=1) + side,
        met(groups.peaks, groups.levels, dim=1) + PEAKS_OF_NOISE * side,
        groups.bands.sum(dim=1) + wide_powers(wet)[:, None],
    )


def _shaped(
    covariance: Tensor, moments: Moments, gains: Tensor, curves: Curves, shares: Shares
) -> tuple[Tensor, Moments]:
    """EQ, with power gains ``(..., BANDS)``, and compressor of groups or master."""
    moments = moments.equalised(wide_gains(_powers(covariance), gains))
    moments, left = moments.compressed(curves, shares)
    return covariance * (gains * (left * linear(curves.makeup_db))[..., None])[..., None], moments


def _mastered(covariance: Tensor, moments: Moments, settings: Settings) -> MixSound:
    gains = linear(settings.master_eq_db)
    covariance, moments = _shaped(covariance, moments, gains, settings.master_curve, MASTER)
    mean_lufs = decibels(_loudness(covariance)) + _LOUDNESS_OFFSET_DB
    gain_db = settings.target_lufs - mean_lufs - GATED_ABOVE_MEAN_LU
    peaks_db = decibels(moments.peaks.amax(dim=-2)) + PEAKS_MEET_DB
    levels_db = decibels(moments.levels.sum(dim=-2))
    # The limiter takes loudness, which more gain gives back, as far as it may.
    taken = kept(levels_db, limited(peaks_db + (gain_db - settings.ceiling_db)[:, None]))
    gain_db = gain_db - decibels(taken)
    largest_db = peaks_db.amax(dim=-1) + LARGEST_PEAK_DB
    short_db = _SURE_DB * functional.softplus((gain_db + largest_db - settings.ceiling_db - MOST_LIMITED_DB) / _SURE_DB)
    gain_db = gain_db - short_db
    limited_db = limited(peaks_db + (gain_db - settings.ceiling_db)[:, None])
    loudness_lufs = settings.target_lufs - short_db
    powers = _powers(covariance)
    total = powers.sum(dim=-1, keepdim=True) + _TINY
    side = (powers / 2.0 - covariance[..., 2]).clamp(min=0.0)
    difference = covariance[..., 1] - covariance[..., 0]
    crest = quantiles(levels_db - limited_db, (95, 50))
    peaks = quantiles(peaks_db - limited_db, PEAK_PERCENTILES) + torch.as_tensor(PEAKS_RELAX_DB)
    return MixSound(
        spectrum_db=decibels(powers / total),
        side_db=decibels(side / total),
        band_imbalance=difference / (powers + _TINY),
        width=side.sum(dim=-1) / total[:, 0],
        imbalance=difference.sum(dim=-1) / total[:, 0],
        crest_db=CREST_OFFSET_DB + CREST_SLOPE * (crest[:, 0] - crest[:, 1]),
        peaks_db=peaks + (gain_db - loudness_lufs)[:, None],
        limited_db=quantiles(limited_db, (99,))[:, 0],
        loudness_lufs=loudness_lufs,
    )


# ---- the parts -------------------------------------------------------------------------------------------------------


def _powers(covariance: Tensor) -> Tensor:
    return covariance[..., :2].sum(dim=-1)


def _loudness(covariance: Tensor) -> Tensor:
    """K-weighted power of ``(..., BANDS, 3)``."""
    return _powers(covariance) @ _K_WEIGHTS.to(covariance.device)


def _matrices(pan: Tensor, width: Tensor, mono: Tensor) -> Tensor:
    """The strip's matrix (:func:`mixing.engine.console.pan.matrix`), ``(N, S, 2, 2)``."""
    angle = (pan + 1.0) * (math.pi / 4.0)
    same, other = (1.0 + width) / 2.0, (1.0 - width) / 2.0
    left, right = (1.0 - pan).clamp(max=1.0), (1.0 + pan).clamp(max=1.0)
    nothing = torch.zeros_like(pan)
    single = torch.stack((torch.cos(angle), nothing, torch.sin(angle), nothing), dim=-1)
    double = torch.stack((left * same, left * other, right * other, right * same), dim=-1)
    return torch.where(mono[..., None] > 0.5, single, double).reshape(*pan.shape, 2, 2)


def _placed(covariance: Tensor, matrices: Tensor) -> Tensor:
    left, right, both = covariance.unbind(dim=-1)
    (a, b), (c, d) = (row[..., None, :].unbind(dim=-1) for row in matrices.unbind(dim=-2))
    return torch.stack(
        (
            a * a * left + 2.0 * a * b * both + b * b * right,
            c * c * left + 2.0 * c * d * both + d * d * right,
            a * c * left + (a * d + b * c) * both + b * d * right,
        ),
        dim=-1,
    )


def _returns(covariance: Tensor, settings: Settings) -> Tensor:
    """What reverb and delay add, ``(N, BANDS, 3)``.

    The reverb gives both sides half of what both were sent; the delay's echoes of the fold to mono begin left and are
    weaker on the right by what one more round takes, which is little enough to call them equal. Neither relates left
    to right.
    """
    reverb, delay = linear(settings.reverb_db), linear(settings.delay_db)
    if settings.audible:
        dry = _loudness(covariance) + _TINY
        reverb = reverb * dry / (_loudness(covariance * linear(settings.reverb_return_db)[:, None, :, None]) + _TINY)
        delay = delay * 2.0 * dry / (_loudness(covariance * linear(settings.delay_return_db)[:, None, :, None]) + _TINY)
    sent = torch.einsum("ns,nsbk->nbk", reverb, covariance)
    echoed = torch.einsum("ns,nsbk->nbk", delay, covariance)
    diffuse = _powers(sent) / 2.0 * linear(settings.reverb_return_db)
    folded = (_powers(echoed) + 2.0 * echoed[..., 2]).clamp(min=0.0) / 4.0
    side = diffuse + folded / 2.0 * linear(settings.delay_return_db)
    return torch.stack((side, side, torch.zeros_like(side)), dim=-1)


def eq_response_db(gains_db: Tensor, freqs_hz: Tensor, q: Tensor) -> Tensor:
    """Low shelf, three peaks, high shelf of the RBJ cookbook at the band centres, in dB.

    Parameters
    ----------
    gains_db, freqs_hz : Tensor
        ``(..., 5)``.
    q : Tensor
        ``(..., 3)`` of the peaks.

    Returns
    -------
    Tensor
        ``(..., BANDS)``, exact at 48 kHz: the analogue prototypes on the bilinear transform's frequencies.
    """
    centres = torch.as_tensor(np.tan(np.pi * np.array(band_centres_hz()) / RATE), dtype=gains_db.dtype)
    x2 = (centres.to(gains_db.device) / torch.tan(math.pi * freqs_hz / RATE)[..., None]) ** 2
    a = torch.exp(gains_db * (math.log(10.0) / 40.0))[..., None]
    low, high = 2.0 * a[..., 0, :] * x2[..., 0, :], 2.0 * a[..., 4, :] * x2[..., 4, :]
    a0, x0, a4, x4 = a[..., 0, :], x2[..., 0, :], a[..., 4, :], x2[..., 4, :]
    shelf_low = a0 * a0 * ((a0 - x0) ** 2 + low) / ((1.0 - a0 * x0) ** 2 + low)
    shelf_high = a4 * a4 * ((1.0 - a4 * x4) ** 2 + high) / ((a4 - x4) ** 2 + high)
    ap, xp, qp = a[..., 1:4, :], x2[..., 1:4, :], q[..., None]
    peaks = ((1.0 - xp) ** 2 + xp * (ap / qp) ** 2) / ((1.0 - xp) ** 2 + xp / (ap * qp) ** 2)
    return decibels(shelf_low) + decibels(shelf_high) + decibels(peaks).sum(dim=-2)
