"""Each effect in torch against the readable reference, alone, at random settings."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from mixing.engine.console import compressor, delay, eq, limiter, pan, reverb
from mixing.engine.console.differentiable import effects
from mixing.engine.console.differentiable.tensors import BUSES, MASTER, STRIP, ConsoleTensors, Knobs
from mixing.engine.console.parameters import (
    Compressor,
    ConsoleParameters,
    Delay,
    Eq,
    Limiter,
    Master,
    Reverb,
    Strip,
)
from tests.mixing.engine.console.differentiable.consoles import RATE, anywhere, residual_db

FRAMES = 8_000
SEEDS = range(8)
AUDIO = np.random.default_rng(1).normal(0.0, 0.3, (2, FRAMES)) * (np.arange(FRAMES) % 3_000 < 1_500)
SOUND = torch.tensor(AUDIO, dtype=torch.float32)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def strip_knobs(strip: Strip) -> Knobs:
    return Knobs(ConsoleTensors.of(ConsoleParameters(strips=(strip,))).strips, STRIP.names)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_equaliser(seed: int) -> None:
    settings = anywhere(Eq, np.random.default_rng(seed))
    knobs = strip_knobs(Strip(stem="x", eq=settings)).part("eq")

    found = effects.equalise(SOUND[None], knobs, torch.tensor([settings.high_pass.on]), RATE)[0]

    assert residual_db(found, eq.process_reference(AUDIO, settings, RATE)) < -90.0


def test_a_neutral_equaliser_leaves_the_sound() -> None:
    knobs = strip_knobs(Strip(stem="x")).part("eq")

    found = effects.equalise(SOUND[None], knobs, torch.tensor([False]), RATE)[0]

    assert residual_db(found, AUDIO) < -120.0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_compressor(seed: int) -> None:
    settings = anywhere(Compressor, np.random.default_rng(seed), on=True)
    knobs = strip_knobs(Strip(stem="x", compressor=settings)).part("compressor")

    found = effects.compress(SOUND[None], knobs, torch.tensor([True]), RATE)[0]

    assert residual_db(found, compressor.process_reference(AUDIO, settings, RATE)) < -100.0


def test_a_hard_knee_is_a_knee_of_no_width() -> None:
    settings = Compressor(on=True, threshold_db=-30.0, ratio=20.0, knee_db=0.0, attack_ms=0.1)
    knobs = strip_knobs(Strip(stem="x", compressor=settings)).part("compressor")

    found = effects.compress(SOUND[None], knobs, torch.tensor([True]), RATE)[0]

    assert residual_db(found, compressor.process_reference(AUDIO, settings, RATE)) < -100.0


@pytest.mark.parametrize(("setting", "width"), [(-1.0, 1.0), (0.0, 0.0), (0.4, 2.0), (1.0, 0.5)])
@pytest.mark.parametrize("channels", [1, 2])
def test_pan_and_width(setting: float, width: float, channels: int) -> None:
    found = effects.place(SOUND[None, :channels], torch.tensor([setting]), torch.tensor([width]))[0]

    assert residual_db(found, pan.matrix(pan=setting, width=width, channels=channels) @ AUDIO[:channels]) < -120.0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_delay(seed: int) -> None:
    rng = np.random.default_rng(seed)
    settings = anywhere(Delay, rng, time_samples=int(rng.integers(0, 3_000)))
    knobs = Knobs(ConsoleTensors.of(ConsoleParameters(strips=(), delay=settings)).buses, BUSES.names).part("delay")

    found = effects.delay(SOUND, knobs, settings.time_samples or 0, RATE)

    assert residual_db(found, delay.process_reference(AUDIO, settings, RATE)) < -110.0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_reverb(seed: int) -> None:
    rng = np.random.default_rng(seed)
    settings = anywhere(Reverb, rng, predelay_samples=int(rng.integers(0, 3_000)))
    knobs = Knobs(ConsoleTensors.of(ConsoleParameters(strips=(), reverb=settings)).buses, BUSES.names).part("reverb")

    found = effects.reverb(SOUND, knobs, settings.predelay_samples or 0, RATE)

    assert residual_db(found, reverb.process_reference(AUDIO, settings, RATE)) < -100.0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_limiter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    settings = anywhere(Limiter, rng, on=True, lookahead_samples=int(rng.integers(0, 481)))
    master = Master(limiter=settings, ceiling_dbtp=float(rng.uniform(-12.0, 0.0)))
    knobs = Knobs(ConsoleTensors.of(ConsoleParameters(strips=(), master=master)).master, MASTER.names)
    ahead = limiter.lookahead(settings, RATE)

    found = effects.limit(4.0 * SOUND, knobs.part("limiter"), knobs["ceiling_dbtp"], ahead, RATE)

    expected = limiter.process_reference(4.0 * AUDIO, settings, master.ceiling_dbtp, RATE)
    assert residual_db(found, expected) < -90.0


def test_a_peak_at_the_first_sample_is_limited_from_the_first_sample() -> None:
    audio = np.zeros((2, 400))
    audio[:, 0], audio[:, -1] = 4.0, -3.0
    knobs = Knobs(ConsoleTensors.of(ConsoleParameters(strips=())).master, MASTER.names)

    found = effects.limit(torch.tensor(audio), knobs.part("limiter"), knobs["ceiling_dbtp"].double(), 88, RATE)

    assert (
        residual_db(found, limiter.process_reference(audio, Limiter(on=True, lookahead_samples=88), -1.0, RATE)) < -120
    )


@pytest.mark.parametrize(("power", "freq_hz"), [(0.5, 500.0), (0.5, 20_000.0), (0.99, 6_000.0)])
def test_the_pole_is_that_of_the_reference(power: float, freq_hz: float) -> None:
    found = effects.pole(torch.tensor(power, dtype=torch.float64), torch.tensor(freq_hz, dtype=torch.float64), RATE)

    assert float(found) == pytest.approx(delay.pole(power, freq_hz, RATE), rel=1e-12)


def test_a_level_of_minus_ninety_is_off() -> None:
    assert effects.linear(torch.tensor([-90.0, -20.0, 0.0])).tolist() == pytest.approx([0.0, 0.1, 1.0])
    assert effects.linear(torch.tensor(-90.0)).item() == 0.0
