"""What a mix sounds like from moment to moment: a sample of 50 ms frames on its way through the mel desk.

Each frame knows its level, its largest sample and how its power is divided among FRAME_BANDS, so that an equaliser
moves hits and what lies between them by what it finds in each. Shapes: ``F`` frames, ``W`` wide bands; everything
before them is whatever is mixed at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Final

import torch
from torch import Tensor

from mixing.engine.mixers.interface import BANDS, FRAME_BANDS

FRAMES: Final = 128
"""Moments that stand for the whole."""
HITS: Final = 16
"""The loudest moments of all come behind them: they alone tell of the largest peak."""
MOMENTS: Final = FRAMES + HITS
LIMITER_KNEE_DB: Final = 0.6
"""How softly a peak comes to rest at the ceiling: at the ceiling itself, half of this is taken."""
PEAKS_MEET: Final = 2.2
"""Peaks of several sounds are taken to meet as their powers add; where those sounds have low peaks for their power,
as square waves have, the sum has peaks of this amplitude over its own, if all peaks together are as high as that."""
_TINY: Final = 1e-12
_LEAST: Final = 1e-14

Shares = tuple[float, float]


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
class Moments:
    """Frames of some sounds, as powers.

    Parameters
    ----------
    levels, peaks : Tensor
        ``(..., 2, F)`` of left and right: mean power, and the largest sample squared.
    bands : Tensor
        ``(..., F, W)``: power of both sides in each wide band.
    """

    levels: Tensor
    peaks: Tensor
    bands: Tensor

    def louder(self, gain: Tensor) -> Moments:
        """With a power gain ``(...)``."""
        return Moments(
            self.levels * gain[..., None, None], self.peaks * gain[..., None, None], self.bands * gain[..., None, None]
        )

    def equalised(self, gains: Tensor) -> Moments:
        """With power gains ``(..., W)`` of the wide bands."""
        bands = self.bands * gains[..., None, :]
        level, peak = changes(self.bands, bands)
        return Moments(self.levels * level[..., None, :], self.peaks * peak[..., None, :], bands)

    def compressed(self, curves: Curves, shares: Shares) -> tuple[Moments, Tensor]:
        """Behind compressors ``(...)``, makeup included; and the share of the power that they leave."""
        levels_db = decibels(self.levels.sum(dim=-2))
        slow_db, fast_db = reductions(decibels(self.peaks.amax(dim=-2)), levels_db, curves, shares)
        makeup_db = curves.makeup_db[..., None]
        gain, peak_gain = linear(makeup_db - slow_db), linear(makeup_db - fast_db)
        moments = Moments(
            self.levels * gain[..., None, :], self.peaks * peak_gain[..., None, :], self.bands * gain[..., None]
        )
        return moments, kept(levels_db, slow_db)


def linear(level_db: Tensor) -> Tensor:
    """Power of a level in dB."""
    return torch.exp(level_db * (math.log(10.0) / 10.0))


def decibels(power: Tensor) -> Tensor:
    """Level of a power, not below -120 dB."""
    return 10.0 * torch.log10(power + _TINY)


def wide_gains(powers: Tensor, gains: Tensor) -> Tensor:
    """Power gains ``(..., W)`` of the wide bands of a sound with these powers, ``(..., BANDS)`` like the gains."""
    powers = powers + _TINY
    return wide_powers(powers * gains) / wide_powers(powers)


def wide_powers(powers: Tensor) -> Tensor:
    """``(..., BANDS)`` as ``(..., W)``."""
    return powers @ _MEMBERS.to(powers.device)


def changes(before: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    """By which power gains levels and peaks follow when bands ``(..., F, W)`` change.

    A peak lies between the sum of the bands' powers and that of their amplitudes: short hits are high for their power.
    """
    level = (after.sum(dim=-1) + _LEAST) / (before.sum(dim=-1) + _LEAST)
    amplitude = (after + _LEAST).sqrt().sum(dim=-1) / (before + _LEAST).sqrt().sum(dim=-1)
    return level, amplitude * level.sqrt()


def met(peaks: Tensor, levels: Tensor, dim: int) -> Tensor:
    """The peaks of sums over ``dim``, of which peaks and mean powers are known: as unrelated hits, or as PEAKS_MEET."""
    peaks = peaks.clamp(min=_TINY)
    all_at_once = peaks.sqrt().sum(dim=dim).square()
    of_the_sum = PEAKS_MEET**2 * levels.sum(dim=dim)
    return torch.maximum(peaks.sum(dim=dim), torch.minimum(all_at_once, of_the_sum))


def usual(values: Tensor) -> Tensor:
    """Without the hits, which stand for themselves alone."""
    return values[..., :FRAMES]


def quantiles(values: Tensor, percents: tuple[int, ...]) -> Tensor:
    """Percentiles of ``(..., F)``, the hits left out: ``(..., percents)``."""
    below, above, share = _places(percents)
    ordered = usual(values).sort(dim=-1).values
    return torch.lerp(ordered[..., below], ordered[..., above], share.to(values.device))


def reductions(peaks_db: Tensor, levels_db: Tensor, curves: Curves, shares: Shares) -> tuple[Tensor, Tensor]:
    """Reduction in dB of each frame's power and of its peak."""
    threshold_db = curves.threshold_db
    if curves.relative:
        threshold_db = threshold_db + quantiles(peaks_db, (95,))[..., 0]
    over = peaks_db - threshold_db[..., None]
    half = curves.knee_db[..., None] / 2.0
    into = torch.minimum((over + half).clamp(min=0.0), 2.0 * half)
    wanted = curves.slope[..., None] * (into * into / (4.0 * half + 1e-6) + (over - half).clamp(min=0.0))
    weight = torch.softmax(usual(levels_db) * (math.log(10.0) / 20.0), dim=-1)
    mean = (usual(wanted) * weight).sum(dim=-1, keepdim=True)
    remembered, reaches_peaks = shares
    slow = (1.0 - remembered) * wanted + remembered * torch.minimum(mean, wanted + 12.0)
    return slow, reaches_peaks * slow


def limited(over_db: Tensor) -> Tensor:
    """What the limiter takes of peaks that stand this far over its ceiling."""
    return (over_db + torch.sqrt(over_db * over_db + LIMITER_KNEE_DB**2)) / 2.0


def kept(levels_db: Tensor, reduction_db: Tensor) -> Tensor:
    """Share of the power that a compressor leaves."""
    powers = linear(usual(levels_db)) + _TINY
    return (powers * linear(-usual(reduction_db))).sum(dim=-1) / powers.sum(dim=-1)


@cache
def _places(percents: tuple[int, ...]) -> tuple[list[int], list[int], Tensor]:
    """Between which two of FRAMES values in order each percentile lies, and how near to the upper one."""
    places = [percent / 100.0 * (FRAMES - 1) for percent in percents]
    below = [math.floor(place) for place in places]
    shares = torch.tensor([place - under for place, under in zip(places, below, strict=True)])
    return below, [min(under + 1, FRAMES - 1) for under in below], shares


def _members() -> list[list[float]]:
    """``(BANDS, W)``: 1 where a mel band belongs to a wide one."""
    wide_of = [wide for wide, count in enumerate(FRAME_BANDS) for _ in range(count)]
    return [[float(wide_of[band] == wide) for wide in range(len(FRAME_BANDS))] for band in range(BANDS)]


_MEMBERS: Final = torch.tensor(_members())
