"""Loudness in torch against the streaming meter."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from mixing.engine.audio.loudness import LoudnessMeter
from mixing.engine.console.differentiable.console import master_output
from mixing.engine.console.differentiable.loudness import integrated_lufs
from mixing.engine.console.differentiable.tensors import ConsoleTensors
from mixing.engine.console.parameters import ConsoleParameters, Master

RATE = 48_000


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def metered(audio: torch.Tensor) -> float:
    meter = LoudnessMeter(RATE, audio.shape[0])
    meter.push(audio.detach().float().numpy())
    return meter.integrated_lufs() or -math.inf


def test_a_sine_of_997_hz_in_one_channel_reads_three_below_full_scale() -> None:
    sine = torch.sin(2 * math.pi * 997.0 / RATE * torch.arange(RATE, dtype=torch.float64))

    assert float(integrated_lufs(torch.stack((sine, 0 * sine)), RATE)) == pytest.approx(-3.01, abs=0.01)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gated_loudness_is_what_the_meter_says(channels: int, dtype: torch.dtype) -> None:
    rng = np.random.default_rng(0)
    steps = np.repeat(10.0 ** (rng.uniform(-80, -10, 12) / 20), RATE // 4)
    audio = torch.tensor(rng.normal(size=(channels, steps.size)) * steps, dtype=dtype)

    assert float(integrated_lufs(audio, RATE)) == pytest.approx(metered(audio), abs=0.005)


def test_a_sound_of_200_ms_is_one_block() -> None:
    audio = torch.tensor(np.random.default_rng(1).normal(0, 0.1, (2, RATE // 5)))

    assert float(integrated_lufs(audio, RATE)) == pytest.approx(metered(audio), abs=0.005)


def test_silence_is_endlessly_quiet() -> None:
    assert float(integrated_lufs(torch.zeros(2, RATE), RATE)) == -math.inf


def test_a_gain_of_one_decibel_is_one_loudness_unit_and_the_gradient_says_so() -> None:
    audio = torch.tensor(np.random.default_rng(1).normal(0, 0.1, (2, RATE)))
    gain_db = torch.zeros((), dtype=torch.float64, requires_grad=True)

    integrated_lufs(audio * 10.0 ** (gain_db / 20.0), RATE).backward()

    assert gain_db.grad is not None
    assert float(gain_db.grad) == pytest.approx(1.0, abs=1e-9)


def test_the_master_comes_to_its_target() -> None:
    audio = torch.tensor(np.random.default_rng(1).normal(0, 0.01, (2, RATE)), dtype=torch.float32)
    console = ConsoleTensors.of(ConsoleParameters(strips=(), master=Master(target_lufs=-20.0)))

    assert metered(master_output(audio, console, sample_rate=RATE)) == pytest.approx(-20.0, abs=0.01)
    assert torch.equal(master_output(0 * audio, console, sample_rate=RATE), 0 * audio)
