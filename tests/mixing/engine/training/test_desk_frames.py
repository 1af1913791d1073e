"""Frames on their way through the mel desk, against sums worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from mixing.engine.mixers.interface import BANDS, FRAME_BANDS
from mixing.engine.training.desk_frames import (
    FRAMES,
    HITS,
    MOMENTS,
    Curves,
    Moments,
    changes,
    decibels,
    met,
    quantiles,
    wide_gains,
)

WIDE = len(FRAME_BANDS)


def bass_and_hiss() -> Moments:
    """Bass throughout, and on every fourth frame as much again at the top."""
    bands = torch.zeros(1, MOMENTS, WIDE)
    bands[..., 0] = 1.0
    bands[:, ::4, -1] = 1.0
    power = bands.sum(dim=-1)[:, None].expand(-1, 2, -1) / 2.0
    return Moments(power, 4.0 * power, bands)


def test_an_equaliser_moves_each_frame_by_what_it_finds_there() -> None:
    gains = torch.ones(1, WIDE)
    gains[:, -1] = 100.0
    before, after = bass_and_hiss(), bass_and_hiss().equalised(gains)
    rise_db = decibels(after.levels) - decibels(before.levels)
    assert rise_db[0, 0, ::4].tolist() == pytest.approx([10.0 * math.log10(101 / 2)] * (MOMENTS // 4), abs=1e-4)
    assert rise_db[0, 0, 1::4].abs().max() < 1e-5


def test_peaks_follow_halfway_between_powers_and_amplitudes() -> None:
    before, after = torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0, 100.0]])
    level, peak = changes(before, after)
    assert level.item() == pytest.approx(101 / 2)
    amplitude = (1.0 + 10.0) / 2.0
    assert peak.item() == pytest.approx(amplitude * math.sqrt(101 / 2))


@pytest.mark.parametrize(
    ("peak", "wanted", "why"),
    [
        (100.0, 200.0, "hits that are far above their mean power hardly meet: powers add"),
        (1.0, 4.0, "square waves meet at once: amplitudes add"),
        (3.0, 9.68, "between them the sum is as noise is: 2.2 times its own level"),
    ],
)
def test_how_peaks_of_two_sounds_meet(peak: float, wanted: float, why: str) -> None:
    peaks, levels = torch.full((2, 1), peak), torch.ones(2, 1)
    assert met(peaks, levels, dim=0).item() == pytest.approx(wanted, rel=1e-3), why


def test_hits_tell_of_the_largest_peak_and_move_no_percentile() -> None:
    values = torch.cat((torch.arange(float(FRAMES)), torch.full((HITS,), 1e3)))
    assert quantiles(values, (0, 50, 99)).tolist() == pytest.approx([0.0, 63.5, 125.73])
    loud = Moments(values.expand(1, 2, -1), values.expand(1, 2, -1), values[None, :, None] * torch.ones(WIDE))
    none = torch.zeros(1)
    off = Curves(threshold_db=none, slope=none, knee_db=none, makeup_db=none)
    behind, kept = loud.compressed(off, (0.9, 0.8))
    assert kept.item() == pytest.approx(1.0)
    assert behind.peaks.amax().item() == pytest.approx(1e3)


def test_a_wide_bands_gain_is_that_of_the_power_in_it() -> None:
    gains = torch.ones(BANDS)
    gains[1] = 4.0  # bands 1 and 2 make the second wide one
    powers = torch.zeros(BANDS)
    powers[1:3] = torch.tensor([3.0, 1.0])
    wide = wide_gains(powers, gains)
    assert FRAME_BANDS[:2] == (1, 2)
    assert wide[1].item() == pytest.approx((3.0 * 4.0 + 1.0) / 4.0, rel=1e-5)
    assert wide[5].item() == pytest.approx(1.0)
