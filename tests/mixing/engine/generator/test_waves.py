from __future__ import annotations

import numpy as np
import pytest

from mixing.engine.generator.waves import (
    decay,
    filtered_table,
    harmonic_table,
    hertz,
    partials,
    read_table,
    ringing,
    seconds,
    soften_ends,
)

RATE = 44100


def test_concert_pitch_is_440_hz_and_an_octave_doubles():
    assert hertz(69) == 440.0
    assert hertz(81) == 880.0


def test_a_low_pass_takes_a_harmonic_at_its_corner_down_to_its_quality():
    amplitudes = partials("saw", 100.0, RATE, cutoff_hz=200.0, resonance=0.5)
    assert amplitudes[1] == pytest.approx(0.5 * 0.5)


def test_a_square_has_odd_harmonics_only():
    amplitudes = partials("square", 100.0, RATE, cutoff_hz=1e9)
    assert amplitudes[:4] == pytest.approx([1.0, 0.0, 1.0 / 3.0, 0.0], abs=1e-9)


def test_a_table_reads_back_the_sum_of_its_sines():
    phase = np.linspace(0.0, 3.0, 1000)
    table = harmonic_table(np.array([1.0, 0.5]))
    expected = np.sin(2 * np.pi * phase) + 0.5 * np.sin(4 * np.pi * phase)
    assert read_table(table, table, phase, 0.3) == pytest.approx(expected, abs=1e-5)


def test_a_high_saw_does_not_alias():
    frequency = 3000.0
    table = filtered_table("saw", frequency, RATE, 1e9)
    wave = read_table(table, table, frequency * seconds(RATE, RATE), 0.0)
    power = np.abs(np.fft.rfft(wave * np.hanning(RATE))) ** 2
    bins = np.arange(len(power))
    near_harmonic = np.minimum(bins % 3000, 3000 - bins % 3000) < 4
    assert 10 * np.log10(power[~near_harmonic].sum() / power[near_harmonic].sum()) < -55


def test_ringing_partials_are_exactly_decaying_sines():
    t = seconds(3000, RATE)
    expected = 0.7 * np.sin(2 * np.pi * (500 * t + 0.1)) * np.exp(-t / 0.05) + 0.2 * np.sin(
        2 * np.pi * 1234 * t
    ) * np.exp(-t)
    rung = ringing(
        np.array([500.0, 1234.0]), np.array([0.05, 1.0]), np.array([0.7, 0.2]), np.array([0.1, 0]), 3000, RATE
    )
    assert rung == pytest.approx(expected, abs=1e-9)


def test_fades_begin_and_end_at_zero_and_leave_the_middle():
    shaped = soften_ends(np.ones((2, 1000)), RATE, attack_s=0.001, release_s=0.002)
    assert shaped[:, 0] == pytest.approx(0.0)
    assert shaped[:, -1] == pytest.approx(0.0)
    assert np.all(shaped[:, 44:912] == 1.0)


def test_a_decay_falls_by_its_time_constant():
    envelope = decay(RATE, RATE, 0.1)
    assert envelope[round(0.2 * RATE)] / envelope[round(0.1 * RATE)] == pytest.approx(np.exp(-1))
    assert envelope[-1] == 0.0
