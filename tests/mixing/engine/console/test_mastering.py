"""The second pass: the limiter against the readable one, and the rounding to 24 bit."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mixing.engine.console import limiter, master_kernels
from mixing.engine.console.lanes import BLOCK_FRAMES
from mixing.engine.console.mastering import Scratch, _MasterStage, block_lengths
from mixing.engine.console.parameters import Limiter, Master

RATE = 44_100


def mastered(audio: NDArray[np.float32], master: Master, folder: Path, gain_db: float = 0.0) -> NDArray[np.float64]:
    """All blocks of the stage, gain applied, before the rounding."""
    frames = audio.shape[1]
    answer = np.zeros(audio.shape)
    with (folder / "scratch").open("w+b") as file:
        scratch = Scratch(file, frames)
        for start in range(0, frames, 5_000):
            part = np.ascontiguousarray(audio[:, start : start + 5_000])
            scratch.append(part, part.shape[1])
        stage = _MasterStage(scratch, master, gain_db, RATE)
        start = 0
        for count in block_lengths(frames):
            block = np.zeros((2, BLOCK_FRAMES + 32), np.float32)
            stage.next_block(block, count)
            answer[:, start : start + count] = stage.factor * block[:, :count].astype(np.float64)
            start += count
    return answer


def torture(frames: int) -> NDArray[np.float32]:
    """A quarter of the rate at 45 degrees in bursts, noise, single peaks, silence."""
    rng = np.random.default_rng(1)
    audio = 0.2 * rng.uniform(-1, 1, (2, frames))
    audio[:, 3_000:4_000] = np.sin(np.pi / 2 * np.arange(1_000) + np.pi / 4)
    audio[0, 12_000] = 1.9
    audio[1, 16_383:16_385] = (-1.5, 1.5)
    audio[:, 20_000:24_000] += 1.2 * rng.uniform(-1, 1, (2, 4_000))
    audio[:, 30_000:70_000] = 0.0
    return audio.astype(np.float32)


@pytest.mark.parametrize(
    "settings",
    [
        Limiter(on=True),
        Limiter(on=True, lookahead_ms=0.5, release_ms=5.0),
        Limiter(on=True, lookahead_ms=10.0, release_ms=1_000.0),
        Limiter(on=True, lookahead_samples=101),
    ],
)
@pytest.mark.parametrize("gain_db", [0.0, 6.0])
def test_the_limiter_is_the_readable_one(tmp_path: Path, settings: Limiter, gain_db: float) -> None:
    audio = torture(90_001)
    master = Master(limiter=settings, ceiling_dbtp=-1.0)

    fast = mastered(audio, master, tmp_path, gain_db)
    slow = limiter.process_reference(10 ** (gain_db / 20) * audio.astype(np.float64), settings, -1.0, RATE)

    assert 10 * np.log10(np.mean((fast - slow) ** 2) / np.mean(slow**2)) <= -120.0
    assert np.abs(slow).max() < 0.9 < np.abs(audio).max()


def test_what_stays_below_the_ceiling_comes_out_as_it_went_in(tmp_path: Path) -> None:
    audio = (0.3 * torture(40_000) / 1.9).astype(np.float32)

    assert np.array_equal(mastered(audio, Master(limiter=Limiter(on=True)), tmp_path), audio)
    assert np.array_equal(mastered(audio, Master(), tmp_path), audio)


def test_after_a_peak_the_samples_are_again_those_that_came_in(tmp_path: Path) -> None:
    audio = np.zeros((2, 10 * BLOCK_FRAMES), np.float32)
    audio[:] = 0.1
    audio[0, 5] = 1.5

    limited = mastered(audio, Master(limiter=Limiter(on=True, release_ms=5.0)), tmp_path)

    assert np.abs(limited[:, :100] - audio[:, :100]).max() > 0.01
    assert np.array_equal(limited[:, 5 * BLOCK_FRAMES :], audio[:, 5 * BLOCK_FRAMES :])


# ---- 24 bit ----------------------------------------------------------------------------------------------------------


def rounded(samples: list[list[float]], gain: float = 1.0) -> tuple[NDArray[np.float32], bytes, int]:
    mix = np.zeros((2, 32), np.float32)
    frames = len(samples[0])
    mix[:, :frames] = samples
    packed = np.zeros(32 * 6 + 128, np.uint8)
    held = master_kernels.to_24_bit(mix, frames, np.float32(gain), packed)
    return mix[:, :frames], packed[: 6 * frames].tobytes(), held


def test_rounding_to_24_bit_goes_to_the_nearest_step_and_holds_at_full_scale() -> None:
    step = 2.0**-23
    mix, packed, held = rounded(
        [[0.0, 0.4 * step, 0.6 * step, 1.0, 2.0], [-0.6 * step, 1 - step, -1.0, -1.0 - 2 * step, -9.0]]
    )

    top = 1.0 - step
    assert mix.tolist() == [[0.0, 0.0, step, top, top], [-step, top, -1.0, -1.0, -1.0]]
    assert held == 4
    steps = np.rint(mix.T.reshape(-1) * 2**23).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3]
    assert packed == steps.tobytes()


def test_the_gain_comes_before_the_rounding() -> None:
    mix, _, held = rounded([[0.5, 0.25], [-0.5, 0.0]], 0.5)

    assert held == 0
    assert mix.tolist() == [[0.25, 0.125], [-0.25, 0.0]]


def test_behind_the_end_of_the_song_the_scratch_is_silent(tmp_path: Path) -> None:
    """The limiter reads ahead into a buffer that still holds what was played before."""
    with (tmp_path / "scratch").open("w+b") as file:
        scratch = Scratch(file, 10)
        scratch.append(np.full((2, 10), 0.5, np.float32), 10)
        sides = np.ones((2, 16), np.float32)
        scratch.read((sides[0], sides[1]), 4, 12)

    assert sides.tolist() == [[0.5] * 6 + [0.0] * 6 + [1.0] * 4] * 2
