"""What version 2 of the analysis adds, against values computed by hand."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from mixing.engine.audio.analysis import Analyser, analyse_array
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import BANDS, WINDOW_FRAMES, MelWindows, band_centres_hz
from tests.mixing.engine.audio.sounds import noise, silence, sine

RATE = 44100


def band_of(freq_hz: float) -> int:
    return int(np.argmin(np.abs(np.array(band_centres_hz()) - freq_hz)))


def test_the_side_of_a_band_is_beside_the_sum_of_all_and_mono_has_none() -> None:
    # Equal powers: 200 Hz in the middle, 5 kHz of opposite polarity. Each is half of the sum.
    middle, apart = sine(200, 2, level_dbfs=-20), sine(5000, 2, level_dbfs=-20)
    found, _ = analyse_array(np.concatenate((middle + apart, middle - apart)), RATE)
    side = 10 ** (np.array(found.side_db) / 10)
    assert 10 * np.log10(side.sum()) == pytest.approx(-3.01, abs=0.1)
    assert int(np.argmax(side)) == band_of(5000)
    assert found.side_db[band_of(200)] < -60
    for alike in (middle, np.concatenate((middle, middle))):
        assert analyse_array(alike, RATE)[0].side_db == (-120.0,) * BANDS


def test_each_band_has_its_own_balance() -> None:
    low, high = sine(200, 2, level_dbfs=-20), sine(5000, 2, level_dbfs=-20)
    found, _ = analyse_array(np.concatenate((2 * low, low + high)), RATE)
    # Energies 4 and 1 at 200 Hz, 0 and 1 at 5 kHz.
    assert found.band_imbalance[band_of(200)] == pytest.approx(-0.6, abs=1e-3)
    assert found.band_imbalance[band_of(5000)] == pytest.approx(1.0, abs=1e-3)
    assert analyse_array(low, RATE)[0].band_imbalance == (0.0,) * BANDS


def test_peaks_are_percentiles_over_the_frames_that_sound() -> None:
    # Nine frames in ten at -20 dBFS, one at 0; and silence, which does not count.
    level = np.repeat(np.where(np.arange(200) % 10 == 0, 1.0, 0.1), 2205).astype(np.float32)
    sound = np.concatenate((sine(1000, 10) * level, silence(5, channels=1)), axis=1)
    found = analyse_array(np.concatenate((0.5 * sound, sound)), RATE)[0].peak_percentiles_dbfs
    assert found[:4] == pytest.approx((-20.0,) * 4, abs=0.05)
    assert found[4:] == pytest.approx((0.0, 0.0), abs=0.05)


def test_bands_vary_by_the_deviation_of_their_levels() -> None:
    # Half of the time 20 dB quieter: a deviation of 10 dB in every band, beside that of noise itself.
    steps = np.repeat(np.where(np.arange(20) % 2 == 0, 1.0, 0.1), RATE).astype(np.float32)
    steady, stepping = (analyse_array(noise(20) * gain, RATE)[0].variation_db for gain in (1.0, steps))
    assert np.sqrt(np.array(stepping) ** 2 - np.array(steady) ** 2) == pytest.approx(np.full(BANDS, 10.0), abs=0.7)


def test_windows_are_the_loudest_stretches_in_order_and_relative_to_the_loudest_cell() -> None:
    # 23.2 s sound, of which 3.2 s in the third sixth, 7.7 to 11.6 s, are 20 dB louder.
    quiet, loud = noise(12, level=0.01), noise(3.2, level=0.1)
    sound = np.concatenate((silence(2), quiet[:, : 8 * RATE], loud, quiet, silence(2)), axis=1)
    mel = analyse_array(sound, RATE)[1]
    assert mel.mid_db.shape == (6, WINDOW_FRAMES, BANDS)
    assert mel.mid_db.max() == 0.0
    levels = mel.mid_db.mean(axis=(1, 2))
    assert int(np.argmax(levels)) == 2
    assert levels[2] - np.median(levels) == pytest.approx(20.0, abs=1.0)
    assert np.abs(mel.mid_db - mel.side_db).mean() < 8, "unrelated channels have as much side as mid"


def test_a_short_sound_has_one_window_filled_up_with_silence_and_silence_none() -> None:
    mel = analyse_array(noise(1.0, channels=1), RATE)[1]
    assert mel.mid_db.shape[0] == 1
    assert (mel.mid_db[0, 20:] == -80).all()
    assert (mel.mid_db[0, 1:20] > -80).all()
    assert (mel.side_db == -80).all()
    features, none = analyse_array(silence(2), RATE)
    assert len(none) == 0
    assert {features.side_db, features.band_imbalance, features.variation_db, features.peak_percentiles_dbfs} == {()}


def test_windows_come_back_from_a_file_as_they_were_and_do_not_depend_on_blocks(tmp_path: Path) -> None:
    sound = noise(7.3)
    mel = analyse_array(sound, RATE)[1]
    analyser = Analyser(RATE, 2)
    for start in range(0, sound.shape[1], 1777):
        analyser.push(sound[:, start : start + 1777])
    analyser.finish()
    assert analyser.mel_windows() == mel
    mel.save(tmp_path / "a.npz")
    mel.save(tmp_path / "b.npz")
    assert MelWindows.load(tmp_path / "a.npz") == mel
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with pytest.raises(MixFailed, match="analysed again"):
        MelWindows.load(tmp_path / "missing.npz")


def test_the_level_and_the_peak_of_every_frame_are_kept_with_the_windows(tmp_path: Path) -> None:
    # Half a second of nothing, then a square wave at -20 dBFS on both sides: level and peak are -20 in ten frames.
    samples = np.zeros((2, RATE), dtype=np.float32)
    samples[:, RATE // 2 :] = 0.1 * np.sign(sine(441, 1, level_dbfs=0)[:, : RATE - RATE // 2])
    frames_db = analyse_array(samples, RATE)[1].frames_db
    assert frames_db is not None
    assert frames_db.shape == (10, 20)
    assert (frames_db[:, :10] == -120).all()
    np.testing.assert_allclose(frames_db[:2, 11:], -20.0, atol=0.1)
    # The wide bands share the power: eight ninths of a square wave are its first partial, here in the third of them.
    np.testing.assert_allclose(10.0 * np.log10((10.0 ** (frames_db[2:, 12:] / 10.0)).sum(axis=0)), -20.0, atol=0.1)
    np.testing.assert_allclose(frames_db[4, 12:], -20.0 + 10.0 * np.log10(8 / np.pi**2), atol=0.3)


def test_windows_of_before_frames_were_kept_are_still_read(tmp_path: Path) -> None:
    mel = analyse_array(noise(3.3), RATE)[1]
    old = dataclasses.replace(mel, frames_db=None)
    old.save(tmp_path / "old.npz")
    assert MelWindows.load(tmp_path / "old.npz") == old
    assert old != mel
    with pytest.raises(ValueError, match="shape"):
        dataclasses.replace(mel, frames_db=np.zeros(3, dtype=np.float32))
