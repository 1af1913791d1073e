"""From a wished reduction to a compressor, against curves worked out by hand."""

from __future__ import annotations

import math

import pytest

from mixing.engine.console.compressor import reduction_db
from mixing.engine.console.parameters import Compressor
from mixing.engine.mixers import dynamics

PEAKS = (-30.0, -22.0, -17.0, -12.0, -8.0, -6.5)
LOUD = -8.0


@pytest.mark.parametrize("wanted_db", [0.5, 2.0, 4.0, 9.0])
@pytest.mark.parametrize("character", [*dynamics.BY_ROLE.values(), dynamics.ON_MASTER])
def test_the_curve_reduces_the_loud_moments_by_what_was_wished(wanted_db: float, character: dynamics.Character) -> None:
    compressor = dynamics.set_for(wanted_db, character, PEAKS)
    assert compressor.on
    reached_db = character.reach * reduction_db(LOUD - character.below_peaks_db, compressor)
    assert reached_db == pytest.approx(wanted_db, abs=0.02)


def test_a_wish_for_next_to_nothing_and_silence_need_no_compressor() -> None:
    assert dynamics.set_for(0.2, dynamics.ON_MASTER, PEAKS) == Compressor()
    assert dynamics.set_for(6.0, dynamics.ON_MASTER, ()) == Compressor()


def test_a_louder_stem_gets_a_higher_threshold_and_the_same_makeup() -> None:
    soft = dynamics.set_for(4.0, dynamics.BY_ROLE["bass"], tuple(level - 12.0 for level in PEAKS))
    loud = dynamics.set_for(4.0, dynamics.BY_ROLE["bass"], PEAKS)
    assert loud.threshold_db - soft.threshold_db == pytest.approx(12.0, abs=0.011)
    assert loud.makeup_db == soft.makeup_db > 1.0


def test_the_makeup_is_the_loudness_that_a_steady_sound_loses() -> None:
    # 9 dB over a threshold of -20 dBFS at 3:1 without a knee: 6 dB less, and nothing else ever sounds.
    compressor = Compressor(on=True, threshold_db=-20.0, ratio=3.0, knee_db=0.0)
    whole = dynamics.Character(compressor=compressor, below_peaks_db=6.0, reach=1.0)
    assert dynamics.loss_lu(compressor, (-5.0,) * 6, whole) == pytest.approx(6.0)
    assert dynamics.loss_lu(compressor, (-40.0,) * 6, whole) == 0.0
    assert dynamics.peaks_behind(compressor, (-5.0,) * 6, whole) == pytest.approx((-11.0,) * 6)


def test_an_envelope_that_comes_to_half_of_its_curve_takes_half() -> None:
    compressor = Compressor(on=True, threshold_db=-20.0, ratio=3.0, knee_db=0.0)
    half = dynamics.Character(compressor=compressor, below_peaks_db=6.0, reach=0.5)
    assert dynamics.loss_lu(compressor, (-5.0,) * 6, half) == pytest.approx(3.0)
    assert dynamics.peaks_behind(compressor, (-5.0,) * 6, half) == pytest.approx((-8.0,) * 6)


def test_a_correction_moves_the_threshold_and_the_makeup_and_not_what_is_reckoned_with() -> None:
    asked = dynamics.Asked(wanted_db=4.0, character=dynamics.BY_ROLE["bass"], peaks_dbfs=PEAKS)
    plain = dynamics.placed(asked)
    moved = dynamics.placed(asked, dynamics.Correction(threshold_db=-2.0, loss_lu=0.5))
    assert moved.compressor.threshold_db == pytest.approx(plain.compressor.threshold_db - 2.0)
    assert moved.compressor.makeup_db == pytest.approx(plain.compressor.makeup_db + 0.5, abs=0.011)
    assert moved.loss_lu == pytest.approx(plain.loss_lu + 0.5)
    assert moved.nominal.threshold_db == plain.compressor.threshold_db


def test_no_correction_leaves_the_range_of_the_knobs() -> None:
    asked = dynamics.Asked(wanted_db=8.0, character=dynamics.ON_MASTER, peaks_dbfs=PEAKS)
    low = dynamics.placed(asked, dynamics.Correction(threshold_db=-90.0, loss_lu=-50.0))
    high = dynamics.placed(asked, dynamics.Correction(threshold_db=90.0, loss_lu=50.0))
    assert (low.compressor.threshold_db, low.compressor.makeup_db) == (-60.0, 0.0)
    assert (high.compressor.threshold_db, high.compressor.makeup_db) == (0.0, 24.0)


def test_two_equal_unrelated_sounds_peak_three_decibels_higher() -> None:
    total = dynamics.peaks_of_sum([PEAKS, PEAKS, ()])
    assert total == pytest.approx(tuple(level + 10 * math.log10(2) for level in PEAKS))
    assert dynamics.peaks_of_sum([()]) == ()
