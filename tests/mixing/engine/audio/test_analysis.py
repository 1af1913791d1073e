"""Features against values computed by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mixing.engine.audio.analysis import Analyser, analyse
from mixing.engine.audio.mel import HIGHEST_HZ, LOWEST_HZ
from mixing.engine.errors import Cancelled
from mixing.engine.mixers.interface import BANDS, AudioFeatures
from tests.mixing.engine.audio.sounds import noise, silence, sine, write


def features(sound: np.ndarray, rate: int = 44100) -> AudioFeatures:
    analyser = Analyser(rate, sound.shape[0])
    analyser.push(sound)
    return analyser.finish()


def mel_centres_hz() -> np.ndarray:
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (LOWEST_HZ, HIGHEST_HZ))
    return 700 * (10 ** (np.linspace(low, high, BANDS + 2)[1:-1] / 2595) - 1)


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
def test_a_sine_has_its_own_frequency_as_centroid_and_its_own_band(rate: int) -> None:
    found = features(sine(1000, 2, level_dbfs=-10, rate=rate), rate)
    assert found.centroid_hz == pytest.approx(1000, rel=0.01)
    assert int(np.argmax(found.spectrum_db)) == int(np.argmin(np.abs(mel_centres_hz() - 1000)))
    assert found.loudness_lufs == pytest.approx(-13.01, abs=0.1)
    assert found.true_peak_dbtp == pytest.approx(-10.0, abs=0.1)


def test_the_centroid_is_weighted_as_the_ear_weighs() -> None:
    # Equal powers at 200 Hz and 5 kHz, where K-weighting has about -0.2 and +3.9 dB.
    found = features(sine(200, 3, level_dbfs=-12) + sine(5000, 3, level_dbfs=-12))
    low, high = 10 ** (-0.2 / 10), 10 ** (3.9 / 10)
    assert found.centroid_hz == pytest.approx((200 * low + 5000 * high) / (low + high), rel=0.02)


def test_the_spectrum_is_relative_to_its_sum_and_follows_the_bandwidth_for_white_noise() -> None:
    quiet, loud = (features(noise(10, level=level)).spectrum_db for level in (0.01, 0.1))
    assert quiet == pytest.approx(loud, abs=1e-3)
    assert 10 * np.log10(np.sum(10 ** (np.array(loud) / 10))) == pytest.approx(0.0, abs=1e-3)
    centres = mel_centres_hz()
    octave_up = int(np.argmin(np.abs(centres - 2 * (centres[20] + 700) + 700)))
    assert loud[octave_up] - loud[20] == pytest.approx(
        10 * np.log10((centres[octave_up] + 700) / (centres[20] + 700)), abs=0.2
    )


def test_width_and_imbalance_are_energies_of_the_channels() -> None:
    left, right = noise(2, channels=1, seed=1), noise(2, channels=1, seed=2)
    assert features(np.concatenate((left, left))).width == pytest.approx(0.0, abs=1e-6)
    assert features(np.concatenate((left, -left))).width == pytest.approx(1.0, abs=1e-6)
    assert features(np.concatenate((left, right))).width == pytest.approx(0.5, abs=0.01)
    only_right = features(np.concatenate((0 * left, left)))
    assert (only_right.width, only_right.imbalance) == (pytest.approx(0.5), pytest.approx(1.0))
    # Amplitudes 2 and 1 are energies 4 and 1.
    assert features(np.concatenate((left * 2, left))).imbalance == pytest.approx(-0.6, abs=1e-5)
    assert (features(left).width, features(left).imbalance) == (0.0, 0.0)


def test_activity_is_the_share_of_frames_that_sound() -> None:
    half = np.concatenate((noise(2), silence(6)), axis=1)
    assert features(half).activity == pytest.approx(0.25)
    assert features(noise(2)).activity == 1.0
    far_below = np.concatenate((noise(2, level=0.3), noise(2, level=0.3) * 10 ** (-52 / 20)), axis=1)
    assert features(far_below).activity == pytest.approx(0.5)


def test_a_steady_tone_has_no_crest_and_hits_have_the_height_of_the_hits() -> None:
    assert features(sine(1000, 5)).crest_db == pytest.approx(0.0, abs=0.05)
    # One 50 ms frame in ten is 20 dB louder: the median is the quiet level, the 95th percentile the loud one.
    levels = np.repeat(np.where(np.arange(200) % 10 == 0, 1.0, 0.1), 2205).astype(np.float32)
    assert features(sine(1000, 10) * levels).crest_db == pytest.approx(20.0, abs=0.1)


def test_a_last_frame_that_is_cut_short_has_the_level_of_what_is_there() -> None:
    assert features(sine(1000, 0.08)).crest_db == pytest.approx(0.0, abs=0.05)


def test_flux_is_the_mean_rise_of_the_bands() -> None:
    assert features(sine(1000, 5)).flux_db < 0.1
    # Noise that steps up by 20 dB once a second and falls again rises by 20 dB in one frame of twenty.
    steady = features(noise(20, level=0.01)).flux_db
    steps = np.repeat(np.where(np.arange(40) % 2 == 0, 0.1, 1.0), 22050).astype(np.float32)
    stepping = features(noise(20, level=0.1)[:, : steps.size] * steps).flux_db
    assert stepping - steady == pytest.approx(20.0 / 20, abs=0.25)


def test_features_other_than_level_do_not_depend_on_level() -> None:
    sound = noise(3, level=0.1) * np.repeat(np.float32([1, 0.2, 0.6]), 44100)
    loud, quiet = features(sound), features(sound * np.float32(0.25))
    assert quiet.loudness_lufs == pytest.approx(loud.loudness_lufs - 12.04, abs=0.01)
    for name in ("crest_db", "centroid_hz", "flux_db", "width", "imbalance", "activity"):
        assert getattr(quiet, name) == pytest.approx(getattr(loud, name), rel=1e-3)


@pytest.mark.parametrize("channels", [1, 2])
def test_silence_has_no_loudness_no_peak_and_no_spectrum(channels: int) -> None:
    found = features(silence(2, channels=channels))
    assert (found.loudness_lufs, found.true_peak_dbtp, found.spectrum_db) == (None, None, ())
    assert (found.crest_db, found.centroid_hz, found.flux_db, found.activity, found.width) == (0.0, 0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("seconds", [0.1, 0.12, 0.3, 0.99, 1.0, 1.01])
def test_short_sounds_have_finite_features(seconds: float) -> None:
    found = features(noise(seconds))
    values = [v for v in found.to_dict().values() if isinstance(v, float)] + list(found.spectrum_db)
    assert np.isfinite(values).all()
    assert found.duration_s == pytest.approx(seconds)
    assert found.activity == 1.0
    assert len(found.spectrum_db) == BANDS
    assert AudioFeatures.from_dict(found.to_dict()) == found


def test_a_reference_file_is_measured_at_its_own_rate_with_progress(tmp_path: Path) -> None:
    told: list[float] = []
    path = write(tmp_path / "reference.flac", sine(1000, 5, level_dbfs=-20, rate=96000, channels=2), rate=96000)
    found = analyse(path, name="reference", progress=told.append)
    assert found.loudness_lufs == pytest.approx(-20.0, abs=0.1)
    assert told == sorted(told)
    assert told[-1] == 1.0
    with pytest.raises(Cancelled):
        analyse(path, name="reference", cancelled=lambda: True)


def test_it_refuses_a_block_of_another_shape() -> None:
    with pytest.raises(ValueError, match="shape"):
        Analyser(44100, 2).push(silence(1, channels=1))
