import numpy as np
import pytest
import soundfile as sf

from mixing.engine.errors import Cancelled, MixFailed
from tournament.engine.spectra import _HOPS_AT_ONCE, BANDS, find_region, measure_spectra

RATE = 44_100


def spectra(hops, seed=1):
    return np.random.default_rng(seed).uniform(0.5, 2.0, (hops, 2 * BANDS)).astype(np.float32)


def test_it_finds_the_passage_in_which_the_balance_of_bands_differs():
    a = spectra(1200)
    b = a.copy()
    b[700:900, 10:30] *= 4.0
    start, difference = find_region(a, b, window_hops=200)
    assert start == pytest.approx(700, abs=3)
    # 20 of 64 bands differ by 6 dB: a standard deviation near 6.02 * sqrt(20/64 * 44/64) = 2.8 dB, weights aside.
    assert difference == pytest.approx(2.8, abs=0.3)


def test_a_difference_in_level_counts_for_nothing():
    a = spectra(600)
    b = a * 7.0
    b[100:120, :8] *= 1.2
    assert 70 <= find_region(a, b, window_hops=50)[0] <= 100
    assert find_region(a, a * 7.0, window_hops=50)[1] == pytest.approx(0.0, abs=1e-3)


def test_another_contrast_between_two_passages_is_a_difference():
    a = spectra(600)
    b = a.copy()
    b[300:] *= 4.0
    start, difference = find_region(a, b, window_hops=100)
    # Half of the window is 6 dB louder than the other half: 3 dB to either side of the mean.
    assert start == pytest.approx(250, abs=10)
    assert difference == pytest.approx(3.0, abs=0.1)


def test_a_move_from_side_to_side_is_a_difference():
    a = spectra(400)
    b = np.roll(a, BANDS, axis=1)
    b[:200] = a[:200]
    assert find_region(a, b, window_hops=100)[0] >= 195


def test_passages_in_which_one_of_them_pauses_are_passed_over():
    a = spectra(600)
    b = a.copy()
    b[:300] *= 1e-9
    b[400:500, :20] *= 1.5
    start, _ = find_region(a, b, window_hops=100)
    assert 300 <= start <= 450


def test_a_region_that_is_longer_than_the_song_is_the_song():
    a = spectra(80)
    assert find_region(a, spectra(90, seed=2), window_hops=240)[0] == 0


def test_a_silent_mix_is_refused():
    with pytest.raises(MixFailed) as caught:
        find_region(spectra(50), np.zeros((50, 2 * BANDS), np.float32), window_hops=20)
    assert caught.value.code == "silent_mix"


def test_mixes_that_never_sound_together_are_refused():
    a, b = spectra(100), spectra(100)
    a[:50] = 0.0
    b[50:] = 0.0
    with pytest.raises(MixFailed) as caught:
        find_region(a, b, window_hops=40)
    assert caught.value.code == "never_together"


def test_a_sine_lies_in_its_own_band_and_on_its_own_side(tmp_path):
    t = np.arange(RATE) / RATE
    sf.write(tmp_path / "sine.wav", np.stack((np.sin(2 * np.pi * 1000 * t), np.zeros(RATE)), axis=1), RATE)
    powers = measure_spectra(tmp_path / "sine.wav")
    assert powers.shape == (10, 2 * BANDS)
    # 1000 Hz is 1000 mel; 30 Hz is 47 mel and the centres lie 106.9 mel apart: the ninth lies at 1009 mel.
    assert int(np.argmax(powers[5])) == 8
    assert powers[5, BANDS:].max() == 0.0


def test_a_mono_mix_is_on_both_sides_and_what_is_left_over_is_left_out(tmp_path):
    noise = np.random.default_rng(3).uniform(-0.5, 0.5, RATE + 1234)
    sf.write(tmp_path / "mono.wav", noise, RATE)
    powers = measure_spectra(tmp_path / "mono.wav")
    assert powers.shape == (10, 2 * BANDS)
    assert np.array_equal(powers[:, :BANDS], powers[:, BANDS:])


def test_it_stops_between_blocks_when_asked(tmp_path):
    sf.write(tmp_path / "noise.wav", np.zeros(RATE), RATE)
    with pytest.raises(Cancelled):
        measure_spectra(tmp_path / "noise.wav", cancelled=lambda: True)


@pytest.mark.parametrize("rest_frames", [1, RATE // 10 - 1])
def test_a_last_block_without_a_whole_hop_is_left_out(tmp_path, rest_frames):
    path = tmp_path / "mix.wav"
    frames = _HOPS_AT_ONCE * (RATE // 10) + rest_frames
    sf.write(path, np.random.default_rng(2).normal(0, 0.1, (frames, 2)), RATE, subtype="PCM_16")
    assert measure_spectra(path).shape == (_HOPS_AT_ONCE, 2 * BANDS)
