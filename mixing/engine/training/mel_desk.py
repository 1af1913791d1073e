"""A mixing desk that knows sounds by their features alone: stems and settings in, the features of the mix out.

What the console does to waveforms is done here to powers in mel bands, as 2×2 covariances of left and right, and to a
sample of 50 ms frames: gains, the EQ's exact response, the strip's matrix, reverb and delay as added diffuse energy,
compressors by their static curves on the frames' peaks, the gain towards a loudness, the limiter as a ceiling. All of
it is differentiable and takes batches, so that a net can be trained through it and a search can try many consoles at
once. It assumes that stems are unrelated: powers add. Shapes: ``N`` mixes, ``S`` stems, ``BANDS`` bands, ``FRAMES``
frames.
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

FRAMES: Final = 128
SILENT_DB: Final = -120.0
_TINY: Final = 1e-12
_LOUDNESS_OFFSET_DB: Final = -0.691
LIMITER_KNEE_DB: Final = 0.6
"""How softly a peak comes to rest at the ceiling: at the ceiling itself, half of this is taken."""
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
"""The crest of true mixes over that of the sampled frames. This and the other constants here were fitted to 300 mixes
of the songs whose weights may ship, by consoles like those that the reference net sets; on 84 mixes of other songs the
crest is then 1.0 dB off, and the upper peaks 1.0 to 1.1 dB."""
STRIPS: Final = (0.945, 0.835)
GROUP_BUSES: Final = (0.925, 0.75)
MASTER: Final = (0.76, 0.94)
"""Of each layer's compressors: what the envelope remembers, that is, which share of the reduction is the mean one,
whatever the frame; and how much of it reaches the peaks, the attack letting the rest through."""
MOST_LIMITED_DB: Final = 6.0
"""The gain stops where the limiter would take more than this of the largest peak: ``mastering.MOST_LIMITING_DB``."""
LARGEST_PEAK_DB: Final = (1.4, 0.15)
"""How far the largest peak of a mix lies above the 99th percentile of its frames' peaks, and by how much more for each
decibel between that and the 95th."""
_SURE_DB: Final = 1.5
"""How softly the gain comes to rest there: the largest peak is not known to the decibel."""


Shares = tuple[float, float]


@dataclass(frozen=True, slots=True)
class StemSounds:
    """The stems of ``N`` sessions, each brought to a gated loudness of 0 LUFS; absent and silent ones have no power.

    Parameters
    ----------
    covariance : Tensor
        ``(N, S, BANDS, 3)``: mean powers LL, RR and the product LR over the whole recording; mono is all in LL.
    peaks_db, levels_db : Tensor
        ``(N, S, FRAMES)``: largest sample and power of a sample of 50 ms frames, SILENT_DB where the stem rests.
    mono : Tensor
        ``(N, S)``, 1 or 0.
    groups : Tensor
        ``(N, S, 4)``: 1 for the group that the stem feeds.
    """

    covariance: Tensor
    peaks_db: Tensor
    levels_db: Tensor
    mono: Tensor
    groups: Tensor


@dataclass(frozen=True, slots=True)
class Curves:
    """Compressors by their static curves; ``slope`` 0 is off.

    ``threshold_db`` is in dBFS, or, where ``relative`` is set, above the 95th percentile of the peaks that come in.
    """

    threshold_db: Tensor
    slope: Tensor
    knee_db: Tensor
    makeup_db: Tensor
    relative: bool = False


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


def linear(level_db: Tensor) -> Tensor:
    """Power of a level in dB."""
    return torch.exp(level_db * (math.log(10.0) / 10.0))


def decibels(power: Tensor) -> Tensor:
    """Level of a power, not below -120 dB."""
    return 10.0 * torch.log10(power + _TINY)


def mix(stems: StemSounds, settings: Settings) -> MixSound:
    """Play the stems through the desk; see the module's text for what is modelled."""
    covariance, levels, peaks = _strips(stems, settings)
    dry = _to_groups(stems, covariance, levels, peaks)
    returned = _returns(covariance, settings)
    gains = linear(settings.group_db[..., None] + settings.group_eq_db)
    sums, frames, peak_frames = _shaped(*dry, gains, settings.group_curves, GROUP_BUSES)
    if settings.audible:
        given_back = (_loudness(dry[0]) + _TINY) / (_loudness(sums) + _TINY)
        sums, frames = sums * given_back[..., None, None], frames * given_back[..., None]
        peak_frames = peak_frames * given_back[..., None, None]
    # What is returned has no hits of its own: it lies under all frames alike.
    wet = _powers(returned).sum(dim=-1)
    return _mastered(
        sums.sum(dim=1) + returned,
        frames.sum(dim=1) + wet[:, None],
        peak_frames.sum(dim=1) + (PEAKS_OF_NOISE / 2.0 * wet)[:, None, None],
        settings,
    )


def _strips(stems: StemSounds, settings: Settings) -> tuple[Tensor, Tensor, Tensor]:
    """Covariances ``(N, S, BANDS, 3)``, frame powers ``(N, S, FRAMES)`` and peak powers ``(N, S, 2, FRAMES)``."""
    before = _powers(stems.covariance).sum(dim=-1)
    shaped = stems.covariance * linear(settings.strip_eq_db)[..., None]
    change_db = decibels(_powers(shaped).sum(dim=-1) / (before + _TINY) + _TINY) + settings.input_db
    peaks_db, levels_db = stems.peaks_db + change_db[..., None], stems.levels_db + change_db[..., None]
    slow_db, fast_db = _reductions(peaks_db, levels_db, settings.strip_curves, STRIPS)
    kept = _kept(levels_db, slow_db)
    shaped = shaped * (linear(settings.input_db) * kept)[..., None, None]
    placed = _placed(shaped, _matrices(settings.pan, settings.width, stems.mono))
    moved_db = settings.fader_db * (0.0 if settings.audible else 1.0) + settings.strip_curves.makeup_db
    placed = placed * linear(moved_db)[..., None, None]
    sides = placed[..., :2].sum(dim=-2)
    loudest = torch.maximum(shaped[..., 0].sum(dim=-1), shaped[..., 1].sum(dim=-1))
    both = _powers(shaped).sum(dim=-1)
    levels = linear(levels_db - slow_db) * (sides.sum(dim=-1) / (both + _TINY))[..., None]
    peaks = linear(peaks_db - fast_db)[..., None, :] * (sides / (loudest + _TINY)[..., None]).unsqueeze(-1)
    if settings.audible:
        back = linear(settings.fader_db) * (_loudness(stems.covariance) + _TINY) / (_loudness(placed) + _TINY)
        return placed * back[..., None, None], levels * back[..., None], peaks * back[..., None, None]
    return placed, levels, peaks


def _to_groups(stems: StemSounds, covariance: Tensor, levels: Tensor, peaks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    feeds = stems.groups
    return (
        torch.einsum("nsg,nsbk->ngbk", feeds, covariance),
        torch.einsum("nsg,nsf->ngf", feeds, levels),
        torch.einsum("nsg,nscf->ngcf", feeds, peaks),
    )


def _shaped(
    covariance: Tensor, levels: Tensor, peaks: Tensor, gains: Tensor, curves: Curves, shares: Shares
) -> tuple[Tensor, Tensor, Tensor]:
    """EQ and compressor of groups or master on ``(..., BANDS, 3)``, ``(..., FRAMES)`` and ``(..., 2, FRAMES)``."""
    before = _powers(covariance).sum(dim=-1)
    covariance = covariance * gains[..., None]
    change = _powers(covariance).sum(dim=-1) / (before + _TINY)
    levels, peaks = levels * change[..., None], peaks * change[..., None, None]
    levels_db = decibels(levels)
    slow_db, fast_db = _reductions(decibels(peaks.amax(dim=-2)), levels_db, curves, shares)
    moved_db = curves.makeup_db[..., None]
    covariance = covariance * (_kept(levels_db, slow_db) * linear(curves.makeup_db))[..., None, None]
    return covariance, levels * linear(moved_db - slow_db), peaks * linear(moved_db - fast_db)[..., None, :]


def _mastered(covariance: Tensor, levels: Tensor, peaks: Tensor, settings: Settings) -> MixSound:
    gains = linear(settings.master_eq_db)
    covariance, levels, peaks = _shaped(covariance, levels, peaks, gains, settings.master_curve, MASTER)
    mean_lufs = decibels(_loudness(covariance)) + _LOUDNESS_OFFSET_DB
    gain_db = settings.target_lufs - mean_lufs - GATED_ABOVE_MEAN_LU
    peaks_db = decibels(peaks.amax(dim=-2)) + PEAKS_MEET_DB
    levels_db = decibels(levels)
    # The limiter takes loudness, which more gain gives back, as far as it may.
    taken = _kept(levels_db, _limited(peaks_db + (gain_db - settings.ceiling_db)[:, None]))
    gain_db = gain_db - decibels(taken)
    high = _quantiles(peaks_db, (95, 99))
    largest_db = high[:, 1] + LARGEST_PEAK_DB[0] + LARGEST_PEAK_DB[1] * (high[:, 1] - high[:, 0])
    short_db = _SURE_DB * functional.softplus((gain_db + largest_db - settings.ceiling_db - MOST_LIMITED_DB) / _SURE_DB)
    gain_db = gain_db - short_db
    limited_db = _limited(peaks_db + (gain_db - settings.ceiling_db)[:, None])
    peaks_db, levels_db = peaks_db + gain_db[:, None], levels_db + gain_db[:, None] - limited_db
    loudness_lufs = settings.target_lufs - short_db
    powers = _powers(covariance)
    total = powers.sum(dim=-1, keepdim=True) + _TINY
    side = (powers / 2.0 - covariance[..., 2]).clamp(min=0.0)
    difference = covariance[..., 1] - covariance[..., 0]
    crest = _quantiles(levels_db, (95, 50))
    return MixSound(
        spectrum_db=decibels(powers / total),
        side_db=decibels(side / total),
        band_imbalance=difference / (powers + _TINY),
        width=side.sum(dim=-1) / total[:, 0],
        imbalance=difference.sum(dim=-1) / total[:, 0],
        crest_db=CREST_OFFSET_DB + CREST_SLOPE * (crest[:, 0] - crest[:, 1]),
        peaks_db=_quantiles(peaks_db - limited_db, PEAK_PERCENTILES)
        + torch.as_tensor(PEAKS_RELAX_DB)
        - loudness_lufs[:, None],
        limited_db=_quantiles(limited_db, (99,))[:, 0],
        loudness_lufs=loudness_lufs,
    )


# ---- the parts -------------------------------------------------------------------------------------------------------


def _powers(covariance: Tensor) -> Tensor:
    return covariance[..., 0] + covariance[..., 1]


def _loudness(covariance: Tensor) -> Tensor:
    """K-weighted power of ``(..., BANDS, 3)``."""
    weights = torch.as_tensor(k_weights(), dtype=covariance.dtype, device=covariance.device)
    return (_powers(covariance) * weights).sum(dim=-1)


def _quantiles(values: Tensor, percents: tuple[int, ...]) -> Tensor:
    ordered = values.sort(dim=-1).values
    places = torch.tensor([percent / 100.0 * (FRAMES - 1) for percent in percents], device=values.device)
    below = places.floor().long()
    share = (places - below).to(values.dtype)
    upper = ordered[..., (below + 1).clamp(max=FRAMES - 1)]
    return ordered[..., below] * (1.0 - share) + upper * share


def _reductions(peaks_db: Tensor, levels_db: Tensor, curves: Curves, shares: Shares) -> tuple[Tensor, Tensor]:
    """Reduction in dB of each frame's power and of its peak."""
    threshold_db = curves.threshold_db
    if curves.relative:
        threshold_db = threshold_db + _quantiles(peaks_db, (95,))[..., 0]
    over = peaks_db - threshold_db[..., None]
    half = curves.knee_db[..., None] / 2.0
    into = torch.minimum((over + half).clamp(min=0.0), 2.0 * half)
    wanted = curves.slope[..., None] * (into * into / (4.0 * half + 1e-6) + (over - half).clamp(min=0.0))
    weight = torch.softmax(levels_db * (math.log(10.0) / 20.0), dim=-1)
    mean = (wanted * weight).sum(dim=-1, keepdim=True)
    remembered, reaches_peaks = shares
    slow = (1.0 - remembered) * wanted + remembered * torch.minimum(mean, wanted + 12.0)
    return slow, reaches_peaks * slow


def _limited(over_db: Tensor) -> Tensor:
    """What the limiter takes of peaks that stand this far over its ceiling."""
    return (over_db + torch.sqrt(over_db * over_db + LIMITER_KNEE_DB**2)) / 2.0


def _kept(levels_db: Tensor, reduction_db: Tensor) -> Tensor:
    """Share of the power that a compressor leaves."""
    powers = linear(levels_db) + _TINY
    return (powers * linear(-reduction_db)).sum(dim=-1) / powers.sum(dim=-1)


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
