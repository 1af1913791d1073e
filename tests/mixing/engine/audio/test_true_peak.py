"""True peak where samples do not show it."""

from __future__ import annotations

import numpy as np
import pytest

from mixing.engine.audio.true_peak import TAPS, TruePeakMeter, interpolator
from tests.mixing.engine.audio.ebu_signals import hidden_burst, hidden_burst_at_4_fs, steady_peaks
from tests.mixing.engine.audio.sounds import faded, noise, silence, sine


def dbtp(sound: np.ndarray) -> float | None:
    meter = TruePeakMeter(sound.shape[0])
    meter.push(sound)
    return meter.dbtp()


@pytest.mark.parametrize(
    ("part_of_rate", "phase_deg", "amplitude", "expected"),
    [
        pytest.param(4, 0.0, 0.5, -6.0, id="case 15"),
        pytest.param(4, 45.0, 0.5, -6.0, id="case 16"),
        pytest.param(6, 60.0, 0.5, -6.0, id="case 17"),
        pytest.param(8, 67.5, 0.5, -6.0, id="case 18"),
        pytest.param(4, 45.0, 1.41, 3.0, id="case 19"),
    ],
)
def test_it_passes_the_steady_cases_of_tech_3341(
    part_of_rate: int, phase_deg: float, amplitude: float, expected: float
) -> None:
    measured = dbtp(steady_peaks(part_of_rate, phase_deg, amplitude))
    assert measured is not None
    assert expected - 0.4 <= measured <= expected + 0.2


@pytest.mark.parametrize("offset", [pytest.param(offset, id=f"case {20 + offset}") for offset in range(4)])
def test_it_passes_the_cases_of_tech_3341_with_a_peak_hidden_in_one_period(offset: int) -> None:
    measured = dbtp(hidden_burst(offset))
    assert measured is not None
    assert -0.4 <= measured <= 0.2
    assert measured == pytest.approx(20 * np.log10(np.abs(hidden_burst_at_4_fs()).max()), abs=0.02)


def test_one_of_the_hidden_peaks_is_2_db_above_every_sample() -> None:
    assert min(20 * np.log10(np.abs(hidden_burst(offset)).max()) for offset in range(4)) < -2.0


def test_a_sine_whose_samples_all_miss_its_top_reads_3_db_above_them() -> None:
    sound = faded(sine(11025, 1, phase_deg=45))
    assert np.abs(sound).max() == pytest.approx(np.sqrt(0.5), abs=1e-4)
    assert dbtp(sound) == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("freq_hz", [997.0, 7919.0, 15013.0, 18013.0, 20011.0])
def test_a_full_scale_sine_reads_0_dbtp_up_to_20_khz(freq_hz: float) -> None:
    # The phase between sine and samples wanders, so that some top falls on one of the four positions.
    assert dbtp(faded(sine(freq_hz, 1))) == pytest.approx(0.0, abs=0.2)


def test_every_phase_passes_a_constant_unchanged() -> None:
    assert interpolator().sum(axis=1) == pytest.approx(np.ones(3), abs=1e-6)
    assert interpolator()[0] == pytest.approx(interpolator()[2][::-1])
    assert TAPS >= 24


def test_a_peak_behind_the_last_sample_and_across_blocks_is_found() -> None:
    click = np.zeros((1, 64), dtype=np.float32)
    click[0, -2:] = 1.0
    whole = dbtp(np.concatenate((click, np.zeros_like(click)), axis=1))
    assert whole is not None
    assert whole > 1.0
    assert dbtp(click) == whole
    parts = TruePeakMeter(1)
    parts.push(click[:, :-1])
    parts.push(click[:, -1:])
    assert parts.dbtp() == whole


def test_skipping_quiet_passages_never_changes_the_answer() -> None:
    sound = noise(0.5, level=0.2)
    sound[:, 3000:] *= np.float32(0.4)
    line = np.concatenate((np.zeros((2, TAPS - 1)), sound, np.zeros((2, TAPS - 1))), axis=1)
    between = [
        np.abs(np.convolve(channel, phase[::-1].astype(np.float64), "valid")).max()
        for channel in line
        for phase in interpolator()
    ]
    assert dbtp(sound) == pytest.approx(20 * np.log10(max(*between, np.abs(sound).max())), abs=1e-4)


def test_asking_in_the_middle_does_not_disturb_the_measurement() -> None:
    sound = noise(0.2)
    meter = TruePeakMeter(2)
    meter.push(sound[:, :4000])
    meter.dbtp()
    meter.push(sound[:, 4000:])
    assert meter.dbtp() == dbtp(sound)


def test_the_loudest_channel_counts_and_silence_has_no_peak() -> None:
    sound = silence(0.5)
    assert dbtp(sound) is None
    sound[1, 5000:10000] = sine(100, 5000 / 44100, level_dbfs=-12)[0]
    assert dbtp(faded(sound)) == pytest.approx(-12.0, abs=0.3)


def test_it_refuses_a_block_of_another_shape() -> None:
    with pytest.raises(ValueError, match="shape"):
        TruePeakMeter(2).push(silence(1, channels=1))
    with pytest.raises(ValueError, match="at least one channel"):
        TruePeakMeter(0)
