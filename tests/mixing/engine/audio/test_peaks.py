"""The pyramid of peaks, byte by byte."""

from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np
import pytest

from mixing.engine.audio.peaks import PeakBuilder, PeakPyramid, read, reduced
from tests.mixing.engine.audio.sounds import noise, silence


def pyramid(sound: np.ndarray, rate: int = 44100) -> PeakPyramid:
    builder = PeakBuilder(rate, sound.shape[0])
    builder.push(sound)
    return read(builder.to_bytes())


def test_the_bytes_are_what_the_format_says() -> None:
    sound = np.zeros((1, 300), dtype=np.float32)
    sound[0, :256] = 0.5
    sound[0, 256:] = -0.25
    builder = PeakBuilder(48000, 1)
    builder.push(sound)
    expected = b"AMPK" + struct.pack("<HHIQII", 1, 1, 48000, 300, 256, 2)
    expected += struct.pack("2b2b2B", 64, -32, 64, -32, 128, 64)
    assert builder.to_bytes() == expected


def test_each_level_holds_four_bins_of_the_one_below_until_512_are_enough() -> None:
    levels = pyramid(noise(30)).levels
    assert [level.samples_per_bin for level in levels] == [256, 1024, 4096]
    assert [level.minimum.size for level in levels] == [5168, 1292, 323]
    for fine, coarse in pairwise(levels):
        starts = np.arange(0, fine.minimum.size, 4)
        assert np.array_equal(coarse.minimum, np.minimum.reduceat(fine.minimum, starts))
        assert np.array_equal(coarse.maximum, np.maximum.reduceat(fine.maximum, starts))


def test_only_a_bin_that_reached_full_scale_shows_as_clipped() -> None:
    sound = np.zeros((1, 256 * 4), dtype=np.float32)
    sound[0, [0, 1]] = 0.9998, -0.9998
    sound[0, [256, 257]] = 1.0, -1.0
    sound[0, [512, 513]] = 3.0, -3.0
    level = pyramid(sound).levels[0]
    assert level.maximum.tolist() == [126, 127, 127, 0]
    assert level.minimum.tolist() == [-126, -128, -128, 0]


def test_stereo_is_folded_into_the_outermost_peaks_and_the_rms_of_both() -> None:
    sound = np.zeros((2, 256), dtype=np.float32)
    sound[0] = 0.6
    sound[1] = -0.2
    level = pyramid(sound).levels[0]
    assert (level.maximum[0], level.minimum[0]) == (76, -25)
    assert level.rms[0] == round(255 * np.sqrt((0.36 + 0.04) / 2))


def test_the_last_bin_is_averaged_over_the_samples_that_it_has() -> None:
    assert pyramid(np.full((2, 260), 0.5, dtype=np.float32)).levels[0].rms.tolist() == [128, 128]


def test_rate_and_length_are_kept_and_a_sound_of_no_samples_has_one_empty_level() -> None:
    empty = pyramid(silence(0), rate=96000)
    assert (empty.sample_rate, empty.frames, len(empty.levels)) == (96000, 0, 1)
    assert empty.levels[0].minimum.size == 0


def test_asking_in_the_middle_does_not_disturb_the_peaks() -> None:
    sound = noise(0.1)
    builder = PeakBuilder(44100, 2)
    builder.push(sound[:, :1000])
    builder.to_bytes()
    builder.push(sound[:, 1000:])
    whole = PeakBuilder(44100, 2)
    whole.push(sound)
    assert builder.to_bytes() == whole.to_bytes()


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b"RIFF" + b[4:], lambda b: b[:-1], lambda b: b + b"\0"])
def test_it_refuses_bytes_that_are_no_whole_peaks(damage: object) -> None:
    builder = PeakBuilder(44100, 2)
    builder.push(noise(1))
    with pytest.raises(ValueError, match="peaks"):
        read(damage(builder.to_bytes()))  # type: ignore[operator]


def test_it_refuses_another_version() -> None:
    data = bytearray(PeakBuilder(44100, 1).to_bytes())
    data[4] = 9
    with pytest.raises(ValueError, match="version 9"):
        read(bytes(data))


def test_it_can_be_reduced_to_its_coarse_levels() -> None:
    builder = PeakBuilder(44_100, 1)
    builder.push(np.full((1, 1_000_000), 0.5, dtype=np.float32))
    whole = read(builder.to_bytes())
    assert [level.minimum.size for level in whole.levels] == [3907, 977, 245]
    small = read(reduced(builder.to_bytes(), most_bins=1000))
    assert [level.samples_per_bin for level in small.levels] == [1024, 4096]
    assert small.frames == 1_000_000
    assert [level.minimum.size for level in read(reduced(builder.to_bytes(), most_bins=1)).levels] == [245]
