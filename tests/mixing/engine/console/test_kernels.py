"""The compiled loops against the readable ones, and what they do at the edge of the numbers."""

import itertools
import platform

import numpy as np
import pytest
from numpy.typing import NDArray

from mixing.engine.console import kernels
from mixing.engine.console.eq import process_reference, sections
from mixing.engine.console.parameters import Eq, HighPass, HighShelf, LowShelf, Peak

EVERY_BAND = Eq(
    high_pass=HighPass(on=True, freq_hz=16.0, q=4.0),
    low_shelf=LowShelf(gain_db=18.0, freq_hz=30.0),
    peak_1=Peak(gain_db=-18.0, freq_hz=30.0, q=12.0),
    peak_2=Peak(gain_db=12.0, freq_hz=1_000.0, q=0.2),
    peak_3=Peak(gain_db=6.0, freq_hz=18_000.0, q=12.0),
    high_shelf=HighShelf(gain_db=-18.0, freq_hz=1_500.0),
)


class Line:
    """One strip's kernel with its memory, straight through to the bus."""

    def __init__(self, eq: Eq, channels: int, gain: float = 1.0) -> None:
        self.sections = sections(eq, 44_100)
        self.state = np.zeros((channels, len(self.sections), 4))
        self.matrix = np.eye(2)[:, :channels].copy()
        self.gain = gain
        self.answer = -1

    def play(self, audio: NDArray[np.float32]) -> NDArray[np.float64]:
        frames = audio.shape[1]
        bus, scratch = np.zeros((2, frames)), np.empty((2, frames))
        interleaved = np.ascontiguousarray(audio.T)
        self.answer = kernels.strip_block(interleaved, self.gain, self.sections, self.state, self.matrix, scratch, bus)
        return bus[: audio.shape[0]]


def noise(channels: int, frames: int, seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(-1, 1, (channels, frames)).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 2])
def test_the_fast_filter_is_the_readable_one(channels: int) -> None:
    audio = noise(channels, 20_000)

    fast = Line(EVERY_BAND, channels).play(audio)
    slow = process_reference(audio, EVERY_BAND, 44_100)

    residual_db = 10 * np.log10(np.mean((fast - slow) ** 2) / np.mean(slow**2) + 1e-30)
    assert residual_db <= -200.0
    assert np.std(slow) > 0.1


def test_two_sides_do_not_hear_each_other() -> None:
    audio = noise(2, 4_000)
    audio[1] = 0.0

    played = Line(EVERY_BAND, 2).play(audio)

    assert not played[1].any()
    assert np.array_equal(played[0], Line(EVERY_BAND, 1).play(audio[:1])[0])


def test_any_cutting_into_blocks_gives_the_same_samples() -> None:
    audio = noise(2, 5_000)
    line = Line(EVERY_BAND, 2, gain=0.7)

    cuts = [0, 1, 2, 17, 1_000, 1_001, 4_999, 5_000]
    pieces = [line.play(audio[:, start:stop]) for start, stop in itertools.pairwise(cuts)]

    assert np.array_equal(np.concatenate(pieces, axis=1), Line(EVERY_BAND, 2, gain=0.7).play(audio))


def test_memory_falls_to_exact_rest_after_the_sound_and_never_lingers_among_subnormal_numbers() -> None:
    line = Line(EVERY_BAND, 2)
    line.play(noise(2, 1_000))
    silence = np.zeros((2, 44_100), dtype=np.float32)
    tiny = np.finfo(np.float64).tiny

    for _ in range(600):
        line.play(silence)
        left = np.abs(line.state[line.state != 0.0])
        assert not left.size or left.min() >= tiny
        if line.answer == kernels.SILENT:
            break

    assert line.answer == kernels.SILENT
    assert not line.state.any()


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64", "aarch64", "arm64"), reason="no switch for it here")
def test_inside_of_a_kernel_subnormal_numbers_count_as_zero() -> None:
    quiet = np.full((1, 3), 1e-37, np.float32)

    assert Line(Eq(), 1, gain=1e-265).play(quiet) == pytest.approx(1e-302, rel=1e-6, abs=0.0)
    assert not Line(Eq(), 1, gain=1e-275).play(quiet).any()


def test_the_callers_own_arithmetic_keeps_its_subnormal_numbers() -> None:
    Line(EVERY_BAND, 2).play(noise(2, 100))

    assert np.float64(5e-324) * np.float64(1.0) == 5e-324
    assert np.float64(2.3e-308) / np.float64(4.0) > 0.0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [0, 50, 99])
def test_a_block_with_a_sample_that_is_no_number_is_reported_and_left_out(bad: float, at: int) -> None:
    audio = noise(2, 100)
    audio[1, at] = bad
    line = Line(EVERY_BAND, 2)

    assert not line.play(audio).any()
    assert line.answer == kernels.NOT_FINITE
    assert not line.state.any()


def test_rounding_to_24_bit_goes_to_the_nearest_step_and_holds_at_full_scale() -> None:
    step = 2.0**-23
    mix = np.array(
        [[0.0, 0.4 * step, 0.6 * step, 1.0, 2.0], [-0.6 * step, 1 - step, -1.0, -1.0 - step, -9.0]], np.float32
    )

    held = kernels.to_24_bit(mix, 1.0)

    top = 1.0 - step
    assert mix.tolist() == [[0.0, 0.0, step, top, top], [-step, top, -1.0, -1.0, -1.0]]
    assert held == 4


def test_the_gain_comes_before_the_rounding() -> None:
    mix = np.array([[0.5, 0.25], [-0.5, 0.0]], np.float32)

    assert kernels.to_24_bit(mix, 0.5) == 0
    assert mix.tolist() == [[0.25, 0.125], [-0.25, 0.0]]


def test_a_sum_that_does_not_fit_into_a_file_is_reported() -> None:
    bus = np.full((2, 4), 1e39)
    rest = sections(Eq(), 44_100)

    assert kernels.master_block(bus, 4, rest, np.zeros((2, 0, 4)), np.empty((2, 4), np.float32)) == kernels.NOT_FINITE
