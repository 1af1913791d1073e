"""What a compressor and a room really do, on sounds whose answer is known."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from mixing.engine.audio.analysis import analyse_array
from mixing.engine.console.compressor import reduction_db as static_db
from mixing.engine.console.parameters import Compressor, ConsoleParameters, Delay, Reverb, Strip
from mixing.engine.mixers import dynamics, space
from mixing.engine.training import outcome_measures as measures
from mixing.engine.training.strips import through_strips

RATE = 44_100
SQUARE = dynamics.Character(
    compressor=Compressor(on=True, ratio=2.0, attack_ms=1.0, release_ms=50.0, knee_db=0.0),
    below_peaks_db=0.0,
    reach=1.0,
)


def square(seconds: float = 2.0, level: float = 0.25) -> np.ndarray:
    """A square wave: its level is its peak, so that an envelope comes to what the static curve says."""
    wave = np.where(np.arange(int(seconds * RATE)) // 50 % 2, level, -level)
    return np.repeat(wave[None], 2, axis=0).astype(np.float32)


def noise(seconds: float, seed: int = 1) -> np.ndarray:
    """Noise without much above the bands that the analysis knows."""
    white = np.random.default_rng(seed).standard_normal((2, int(seconds * RATE) + 15))
    return (0.1 * sliding_window_view(white, 16, axis=1).mean(axis=-1)).astype(np.float32)


def test_a_steady_wave_is_reduced_by_the_static_curve_and_loses_as_much() -> None:
    thresholds, reductions, losses = measures.curve(square(), SQUARE, RATE)
    peak_db = 20.0 * math.log10(0.25)
    assert thresholds == pytest.approx(peak_db - np.array(measures.UNDER_DB), abs=1e-3)
    expected = [
        float(static_db(peak_db, dataclasses.replace(SQUARE.compressor, threshold_db=max(-60.0, level))))
        for level in thresholds
    ]
    assert reductions == pytest.approx(expected, abs=0.05)
    assert losses == pytest.approx(expected, abs=0.1)


def test_the_reduction_is_that_of_the_loud_moments_and_not_of_the_rest() -> None:
    sound = square(4.0, 0.02)
    loud = slice(2 * RATE, 2 * RATE + RATE // 4)
    sound[:, loud] *= 20.0
    threshold_db = 20.0 * math.log10(0.4) - 12.0
    compressor = dataclasses.replace(SQUARE.compressor, threshold_db=threshold_db)
    after = through_strips([sound], [Strip(stem="a", compressor=compressor)], RATE)[0]
    moments = measures.loud_moments(sound, RATE)
    assert moments is not None
    assert moments.peak_dbfs == pytest.approx(20.0 * math.log10(0.4), abs=0.01)
    assert measures.reduction_db(sound, after, moments) == pytest.approx(6.0, abs=0.1)


def test_silence_and_a_single_click_have_no_loud_moments() -> None:
    assert measures.loud_moments(np.zeros((2, RATE), dtype=np.float32), RATE) is None
    click = np.zeros((2, RATE), dtype=np.float32)
    click[:, 100] = 1.0
    assert np.isnan(measures.curve(click, SQUARE, RATE)).all()


def test_a_mono_stem_is_compressed_as_it_is_and_not_as_the_middle_leaves_it() -> None:
    mono = square()[:1]
    assert np.abs(measures.behind_eq(mono, Strip(stem="a"), RATE)).max() == pytest.approx(0.25, rel=1e-4)


def test_a_room_answers_noise_about_as_loud_as_its_formula_says() -> None:
    sound = noise(2.0)
    reverb, delay = Reverb(decay_s=0.5, damping_hz=9_000.0), Delay(time_ms=100.0, feedback=0.0)
    strip = Strip(stem="a", trim_db=-6.0, fader_db=-20.0)
    room_lu, echo_lu = measures.returns_lu(sound, strip, reverb, delay, RATE)
    predicted_lu = space.reverb_change_lu(analyse_array(sound, RATE)[0].spectrum_db, reverb)
    assert room_lu == pytest.approx(predicted_lu, abs=0.6)
    assert room_lu < -0.3
    # Two unrelated sides folded to mono keep a quarter of their energy, which the one echo plays on one side.
    assert echo_lu == pytest.approx(10.0 * math.log10(0.25), abs=0.2)


def test_the_buses_are_measured_where_something_feeds_them() -> None:
    console = ConsoleParameters(strips=(Strip(stem="a", group="bass"), Strip(stem="b", group="music"))).at_rate(RATE)
    curves = measures.bus_curves({"a": square(1.0), "b": noise(1.0)}, console, RATE)
    heard = [not np.isnan(curve).any() for curve in curves]
    assert heard == [False, True, False, True, True]
