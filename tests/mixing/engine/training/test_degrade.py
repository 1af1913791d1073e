"""Known degradations: their ranges, and what they do to sound."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mixing.engine.console.eq import process_reference, response_db
from mixing.engine.console.parameters import Eq, HighShelf, LowShelf, Peak
from mixing.engine.training.degrade import Degradation, degrade, draw_degradation, in_the_mix
from tests.mixing.engine.training.songs import RATE, noise, tone

DRAWN = [draw_degradation(seed, song="night", stem="Bass.wav") for seed in range(300)]


def test_a_degradation_follows_from_seed_song_and_stem_alone() -> None:
    assert draw_degradation(3, song="night", stem="Bass.wav") == DRAWN[3]
    others = [
        draw_degradation(4, song="night", stem="Bass.wav"),
        draw_degradation(3, song="day", stem="Bass.wav"),
        draw_degradation(3, song="night", stem="Drums.wav"),
    ]
    assert all(other != DRAWN[3] for other in others)


def test_the_same_seed_gives_these_numbers_on_every_machine() -> None:
    assert DRAWN[0].gain_db == pytest.approx(1.1087570699547022, abs=1e-9)


def test_draws_fill_their_ranges_evenly() -> None:
    for values, limit in (
        ([each.gain_db for each in DRAWN], 12.0),
        ([each.eq.low_shelf.gain_db for each in DRAWN], 9.0),
        ([each.eq.high_shelf.gain_db for each in DRAWN], 9.0),
        ([each.eq.peak_1.gain_db for each in DRAWN], 6.0),
        ([each.pan for each in DRAWN], 0.6),
    ):
        assert max(map(abs, values)) <= limit
        # A uniform draw has the standard deviation limit/√3; 300 of them come within 10 % of it.
        assert np.std(values) == pytest.approx(limit / math.sqrt(3), rel=0.1)
        assert abs(np.mean(values)) < 0.12 * limit
    assert all(each.eq.peak_2.gain_db == each.eq.peak_3.gain_db == 0.0 for each in DRAWN)
    assert not any(each.eq.high_pass.on for each in DRAWN)


def test_gain_and_pan_of_a_mono_stem_are_those_of_the_console() -> None:
    sound = tone(440.0)
    heard = degrade(sound, RATE, Degradation(gain_db=6.0, pan=0.5))
    # Constant power: sin(67.5°) = 0.92388 to the right, cos = 0.38268 to the left; 6 dB are 1.99526.
    np.testing.assert_allclose(heard[0], 1.99526 * 0.38268 * sound[0], atol=1e-5)
    np.testing.assert_allclose(heard[1], 1.99526 * 0.92388 * sound[0], atol=1e-5)


def test_the_pan_of_a_stereo_stem_is_a_balance() -> None:
    sound = noise(1)
    heard = degrade(sound, RATE, Degradation(pan=-0.4))
    np.testing.assert_allclose(heard[0], sound[0], atol=1e-7)
    np.testing.assert_allclose(heard[1], 0.6 * sound[1], atol=1e-7)


def test_filters_are_the_consoles_own_to_the_sample() -> None:
    eq = Eq(
        low_shelf=LowShelf(gain_db=7.0, freq_hz=150.0),
        peak_1=Peak(gain_db=-5.0, freq_hz=900.0, q=1.2),
        high_shelf=HighShelf(gain_db=-8.0, freq_hz=5_000.0),
    )
    sound = noise(2, seconds=0.2)
    np.testing.assert_allclose(degrade(sound, RATE, Degradation(eq=eq)), process_reference(sound, eq, RATE), atol=1e-6)


def test_a_tone_rises_by_what_the_filters_response_says() -> None:
    eq = Eq(low_shelf=LowShelf(gain_db=-9.0, freq_hz=200.0))
    time_s = np.arange(RATE) / RATE
    sound = (0.1 * np.sin(2 * np.pi * 100.0 * time_s))[np.newaxis].astype(np.float32)
    heard = degrade(sound, RATE, Degradation(eq=eq))
    rise_db = 20 * math.log10(np.std(heard[0, RATE // 2 :]) / np.std(sound[0, RATE // 2 :]))
    assert rise_db == pytest.approx(float(response_db(eq, [100.0], RATE)[0]) - 3.0103, abs=0.01)


def test_silence_stays_silence_and_nothing_is_clipped() -> None:
    assert not degrade(np.zeros((2, 1000), dtype=np.float32), RATE, DRAWN[0]).any()
    loud = degrade(noise(3, level=1.0), RATE, Degradation(gain_db=12.0))
    assert np.abs(loud).max() > 5.0


def test_a_mono_stem_stands_on_both_sides_of_the_sum() -> None:
    sound = tone(100.0)
    np.testing.assert_array_equal(in_the_mix(sound), np.vstack((sound, sound)))
    stereo = noise(1)
    assert in_the_mix(stereo) is stereo
