"""Loudness against the published test signals, a second implementation, and numbers computed by hand."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest

from mixing.engine.audio.loudness import LoudnessMeter, k_weighting
from tests.mixing.engine.audio import ebu_signals as ebu
from tests.mixing.engine.audio.ebu_signals import tone
from tests.mixing.engine.audio.sounds import noise, silence, sine


def measured(sound: np.ndarray, rate: int = 48000) -> LoudnessMeter:
    meter = LoudnessMeter(rate, sound.shape[0])
    meter.push(sound)
    return meter


def test_the_filters_have_the_coefficients_that_the_standard_prints_for_48_khz() -> None:
    shelf, low_cut = k_weighting(48000)
    assert shelf == pytest.approx(
        (1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585), abs=2e-12
    )
    assert low_cut == pytest.approx((1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621), abs=2e-12)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000, 192000])
def test_a_full_scale_sine_of_997_hz_in_one_channel_is_minus_3_01_lufs_at_any_rate(rate: int) -> None:
    assert measured(sine(997, 4, rate=rate), rate).integrated_lufs() == pytest.approx(-3.01, abs=0.05)


def test_the_same_sound_in_both_channels_is_3_db_louder_than_in_one() -> None:
    mono, stereo = noise(2, channels=1), np.tile(noise(2, channels=1), (2, 1))
    quieter, louder = measured(mono, 44100).integrated_lufs(), measured(stereo, 44100).integrated_lufs()
    assert louder - quieter == pytest.approx(10 * np.log10(2), abs=1e-6)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param([(-23, 20)], -23.0, id="case 1"),
        pytest.param([(-33, 20)], -33.0, id="case 2"),
        pytest.param([(-36, 10), (-23, 60), (-36, 10)], -23.0, id="case 3"),
        pytest.param([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0, id="case 4"),
        pytest.param([(-26, 20), (-20, 20.1), (-26, 20)], -23.0, id="case 5"),
    ],
)
def test_it_passes_the_integrated_cases_of_tech_3341(parts: list[tuple[float, float]], expected: float) -> None:
    assert measured(tone(*parts)).integrated_lufs() == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(("quiet", "expected"), [(-35, -25.63), (-37, -20.0)])
def test_what_lies_10_lu_under_the_mean_counts_and_what_lies_lower_does_not(quiet: float, expected: float) -> None:
    """A quarter at -20 and the rest at -35 have a mean of -25.63, their gate is at -35.63; with -37 at -35.77."""
    assert measured(tone((-20, 8), (quiet, 24))).integrated_lufs() == pytest.approx(expected, abs=0.1)


def test_it_passes_case_6_of_tech_3341_with_five_channels() -> None:
    # By hand: 2 * 10^-2.8 + 10^-2.4 + 2 * 1.41 * 10^-3.0 = 0.00997; a sine's power is half of that, -23.0 LUFS.
    assert measured(ebu.five_channels()).integrated_lufs() == pytest.approx(-23.0, abs=0.1)


def test_the_surround_channels_count_1_41_times() -> None:
    wave = sine(1000, 4, rate=48000)
    heard = [np.zeros((5, wave.shape[1]), np.float32) for _ in range(5)]
    for channel, sound in enumerate(heard):
        sound[channel] = wave[0]
    alone = measured(wave).integrated_lufs()
    assert alone is not None
    above = [measured(sound).integrated_lufs() - alone for sound in heard]
    assert above == pytest.approx([0.0, 0.0, 0.0, 10 * np.log10(1.41), 10 * np.log10(1.41)], abs=1e-9)


@pytest.mark.parametrize("level", [-23.0, -33.0], ids=["case 1", "case 2"])
def test_it_passes_the_steady_momentary_and_short_term_cases_of_tech_3341(level: float) -> None:
    meter = measured(tone((level, 20)))
    assert meter.momentary_max_lufs() == pytest.approx(level, abs=0.1)
    assert meter.short_term_max_lufs() == pytest.approx(level, abs=0.1)
    assert meter.momentary_lufs()[6:] == pytest.approx(np.full(191, level), abs=0.1)


def test_it_passes_case_9_of_tech_3341_short_term_after_three_seconds() -> None:
    values = measured(tone(*[(-20, 1.34), (-30, 1.66)] * 5)).short_term_lufs()
    assert values.size == 121
    assert values == pytest.approx(np.full(121, -23.0), abs=0.1)


def test_it_passes_case_12_of_tech_3341_momentary_after_one_second() -> None:
    values = measured(tone(*[(-20, 0.18), (-30, 0.22)] * 25)).momentary_lufs()
    assert values.size == 97
    assert values[6:] == pytest.approx(np.full(91, -23.0), abs=0.1)


def test_it_passes_cases_10_and_13_of_tech_3341_wherever_a_file_begins_to_sound() -> None:
    short_term = [measured(ebu.short_term_burst(number)).short_term_max_lufs() for number in range(20)]
    assert short_term == pytest.approx([-23.0] * 20, abs=0.1)
    momentary = [measured(ebu.momentary_burst(number)).momentary_max_lufs() for number in range(20)]
    assert momentary == pytest.approx([-23.0] * 20, abs=0.1)


def test_it_passes_cases_11_and_14_of_tech_3341_while_the_sound_goes_on() -> None:
    short_term, momentary = LoudnessMeter(48000, 2), LoudnessMeter(48000, 2)
    for number in range(20):
        short_term.push(ebu.rising_short_term_burst(number))
        assert short_term.short_term_max_lufs() == pytest.approx(-38.0 + number, abs=0.1)
        momentary.push(ebu.rising_momentary_burst(number))
        assert momentary.momentary_max_lufs() == pytest.approx(-38.0 + number, abs=0.1)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 96000])
def test_the_loudest_moments_are_those_of_all_windows_that_begin_every_10_ms(rate: int) -> None:
    sound = np.concatenate((noise(2.03, rate=rate, level=0.02), noise(5.37, rate=rate, seed=2)), axis=1)
    sound[:, : 3 * rate] *= np.linspace(0.1, 2.0, 3 * rate, dtype=np.float32)
    loudest = -np.inf
    for late in range(10):
        shifted = LoudnessMeter(rate, 2)
        # A silent start moves the grid of the 100 ms windows, and nothing else.
        shifted.push(np.zeros((2, round(late * rate / 100)), np.float32))
        shifted.push(sound)
        loudest = max(loudest, shifted.short_term_lufs().max())
        assert shifted.momentary_max_lufs() == pytest.approx(measured(sound, rate).momentary_max_lufs(), abs=0.01)
    assert measured(sound, rate).short_term_max_lufs() == pytest.approx(loudest, abs=0.01)


def test_a_loud_beginning_is_forgotten_by_no_window_and_leaves_no_rounding() -> None:
    meter = LoudnessMeter(48000, 1)
    meter.push(sine(1000, 0.2, rate=48000))
    assert meter.momentary_max_lufs() is None
    meter.push(silence(0.2, rate=48000, channels=1))
    at_once = meter.momentary_max_lufs()
    assert at_once == pytest.approx(-3.01 - 3.01, abs=0.05)
    assert meter.short_term_max_lufs() is None
    meter.push(silence(20, rate=48000, channels=1))
    assert meter.momentary_max_lufs() == at_once
    assert meter.short_term_max_lufs() == pytest.approx(-3.01 + 10 * np.log10(0.2 / 3), abs=0.05)
    assert meter._sums[:2].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("rate", [44100, 48000])
def test_it_agrees_with_pyloudnorm_on_noise_with_pauses(rate: int) -> None:
    sound = np.concatenate(
        (noise(5, rate=rate), silence(3, rate=rate), noise(4, rate=rate, level=0.004, seed=2), noise(2, rate=rate)),
        axis=1,
    )
    other = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(sound.T.astype(np.float64))
    assert measured(sound, rate).integrated_lufs() == pytest.approx(other, abs=0.005)


def test_it_agrees_with_pyloudnorm_on_five_channels() -> None:
    sound = noise(6, rate=48000, channels=5) * np.float32([[0.1], [1.0], [0.3], [2.0], [0.5]])
    other = pyloudnorm.Meter(48000, filter_class="DeMan").integrated_loudness(sound.T.astype(np.float64))
    assert measured(sound).integrated_lufs() == pytest.approx(other, abs=1e-6)


def test_silence_has_no_loudness() -> None:
    meter = measured(silence(5))
    assert meter.integrated_lufs() is None
    assert meter.momentary_max_lufs() is None
    assert meter.short_term_max_lufs() is None
    assert meter.loudness_range_lu() is None
    assert np.all(np.isneginf(meter.short_term_lufs()))


def test_a_sound_below_the_absolute_gate_has_no_integrated_loudness() -> None:
    assert measured(tone((-71, 5))).integrated_lufs() is None
    assert measured(tone((-69, 5))).integrated_lufs() == pytest.approx(-69.0, abs=0.1)


def test_a_hit_shorter_than_a_gating_block_is_measured_over_its_own_length() -> None:
    assert measured(sine(1000, 0.25, rate=48000, channels=2, level_dbfs=-23)).integrated_lufs() == pytest.approx(
        -23.0, abs=0.1
    )
    assert measured(silence(0)).integrated_lufs() is None


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_the_filters_never_ring_out_into_denormal_numbers(channels: int) -> None:
    meter = measured(noise(1, rate=48000, channels=channels))
    for _ in range(100):
        meter.push(silence(0.1, rate=48000, channels=channels))
        kept = np.abs(meter._state[meter._state != 0.0])
        assert np.all(kept > np.finfo(np.float64).tiny)
    assert not meter._state.any()


def test_it_refuses_what_it_cannot_measure() -> None:
    with pytest.raises(ValueError, match="1, 2 or 5 channels"):
        LoudnessMeter(48000, 6)
    with pytest.raises(ValueError, match="8000"):
        LoudnessMeter(4000, 1)
    with pytest.raises(ValueError, match="shape"):
        LoudnessMeter(48000, 2).push(silence(1, channels=1))
