"""The gradient of every knob against finite differences, and of every recursion against torch's own check."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from mixing.engine.console.differentiable import effects
from mixing.engine.console.differentiable.console import master_input, master_output
from mixing.engine.console.differentiable.recursions import envelope, ping_pong, reverberation
from mixing.engine.console.differentiable.tensors import ConsoleTensors
from mixing.engine.console.parameters import (
    Compressor,
    ConsoleParameters,
    Delay,
    Eq,
    GroupBus,
    Groups,
    HighPass,
    HighShelf,
    Limiter,
    LowShelf,
    Master,
    Peak,
    Reverb,
    Sends,
    Strip,
)
from tests.mixing.engine.console.differentiable.consoles import RATE

FRAMES = 2_500
WHOLE_SAMPLES = ("reverb.predelay_ms", "delay.time_ms", "master.limiter.lookahead_ms")
TONE = Eq(
    high_pass=HighPass(on=True, freq_hz=90.0, q=0.9),
    low_shelf=LowShelf(gain_db=3.0, freq_hz=150.0),
    peak_1=Peak(gain_db=-4.0, freq_hz=300.0, q=1.5),
    peak_2=Peak(gain_db=2.0, freq_hz=1_200.0, q=0.7),
    peak_3=Peak(gain_db=5.0, freq_hz=4_000.0, q=2.0),
    high_shelf=HighShelf(gain_db=-3.0, freq_hz=7_000.0),
)
SQUEEZE = Compressor(on=True, threshold_db=-30.0, ratio=3.0, attack_ms=2.0, release_ms=15.0, knee_db=8.0, makeup_db=2.0)
BUS = GroupBus(gain_db=-2.0, eq=TONE, compressor=SQUEEZE)
STRIP = {"eq": TONE, "compressor": SQUEEZE, "trim_db": 2.0, "fader_db": -3.0, "width": 1.3}
CONSOLE = ConsoleParameters(
    strips=(
        Strip(stem="mono", group="drums", pan=-0.3, sends=Sends(reverb_db=-6.0, delay_db=-9.0), **STRIP),
        Strip(stem="stereo", group="music", pan=0.4, sends=Sends(reverb_db=-12.0, delay_db=-3.0), **STRIP),
    ),
    groups=Groups(drums=BUS, music=BUS),
    reverb=Reverb(decay_s=0.8, damping_hz=4_000.0, predelay_ms=1.0, return_db=-4.0),
    delay=Delay(time_ms=10.0, feedback=0.6, damping_hz=3_000.0, return_db=-5.0),
    master=Master(eq=TONE, compressor=SQUEEZE, ceiling_dbtp=-9.0, limiter=Limiter(on=True, release_ms=20.0)),
).at_rate(RATE)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def heard(console: ConsoleTensors, stems: dict[str, Tensor], weights: Tensor) -> Tensor:
    total = master_input(stems, console, sample_rate=RATE)
    return (master_output(total, console, sample_rate=RATE, gain_db=6.0) * weights).sum()


def test_every_knob_has_the_gradient_that_finite_differences_show(monkeypatch: pytest.MonkeyPatch) -> None:
    # A transform whose size depends on the knobs would show as noise; here nothing wraps around that could.
    monkeypatch.setattr(effects, "RUNG_OUT_DB", -280.0)
    rng = np.random.default_rng(4)
    stems = {
        "mono": torch.tensor(rng.normal(0, 0.2, (1, FRAMES))),
        "stereo": torch.tensor(rng.normal(0, 0.2, (2, FRAMES))),
    }
    weights = torch.tensor(rng.normal(size=(2, FRAMES)))
    console = ConsoleTensors.of(CONSOLE, dtype=torch.float64)
    values = console.flat().requires_grad_()
    heard(console.with_flat(values), stems, weights).backward()
    assert values.grad is not None
    gradient = dict(zip(console.paths(), values.grad.tolist(), strict=True))

    unused = ("groups.bass.", "groups.vocals.", "strips.mono.width", *WHOLE_SAMPLES)
    start = values.detach()
    for index, path in enumerate(console.paths()):
        if path.startswith(unused):
            assert gradient[path] == 0.0, path
            continue
        step = 1e-5 * max(abs(float(start[index])), 0.1)
        ends = []
        for sign in (1.0, -1.0):
            moved = start.clone()
            moved[index] += sign * step
            with torch.no_grad():
                ends.append(float(heard(console.with_flat(moved), stems, weights)))
        expected = (ends[0] - ends[1]) / (2 * step)
        assert expected != 0.0, path
        assert gradient[path] == pytest.approx(expected, rel=2e-3, abs=1e-6), path


def test_the_envelopes_gradient() -> None:
    rng = np.random.default_rng(0)
    wanted = torch.tensor(rng.uniform(0, 10, (3, 60)), requires_grad=True)
    attack, release = (torch.tensor(rng.uniform(low, 0.99, 3), requires_grad=True) for low in (0.0, 0.9))

    assert torch.autograd.gradcheck(envelope, (wanted, attack, release))


@pytest.mark.parametrize("samples", [1, 7, 60, 100])
def test_the_delays_gradient(samples: int) -> None:
    mono = torch.tensor(np.random.default_rng(0).normal(size=80), requires_grad=True)
    feedback, pole = torch.tensor(0.7, dtype=torch.float64), torch.tensor(0.4, dtype=torch.float64)

    inputs = (mono, feedback.requires_grad_(), pole.requires_grad_(), samples)

    assert torch.autograd.gradcheck(ping_pong, inputs)


def test_the_reverbs_gradient() -> None:
    rng = np.random.default_rng(0)
    audio = torch.tensor(rng.normal(size=(2, 70)), requires_grad=True)
    gains, poles = (torch.tensor(rng.uniform(0.2, 0.6, 16), requires_grad=True) for _ in range(2))
    diffusers, lengths = ((2, 3, 5, 7), (3, 4, 6, 8)), tuple(range(5, 21))

    assert torch.autograd.gradcheck(reverberation, (audio, gains, poles, diffusers, lengths))


def test_a_few_steps_of_descent_find_the_fader_the_threshold_and_the_decay() -> None:
    """What it is for: a console that was set wrong moves towards the one that made the sound."""
    rng = np.random.default_rng(8)
    stems = {
        "mono": torch.tensor(rng.normal(0, 0.2, (1, 4_000))),
        "stereo": torch.tensor(rng.normal(0, 0.2, (2, 4_000))),
    }
    goal = ConsoleTensors.of(CONSOLE, dtype=torch.float64)
    target = master_input(stems, goal, sample_rate=RATE)
    wrong = {"strips.mono.fader_db": -9.0, "strips.stereo.compressor.threshold_db": -20.0, "reverb.decay_s": 0.4}
    start = ConsoleTensors.of(CONSOLE.with_values(wrong), dtype=torch.float64)
    moving = torch.tensor([path in wrong for path in start.paths()])
    offset = torch.zeros(moving.shape, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([offset], lr=0.5)
    losses = []
    for _ in range(25):
        optimiser.zero_grad()
        scale = torch.where(start.flat() == 0.4, 0.1, 1.0)
        held = start.with_flat(start.flat() + offset * moving * scale)
        loss = ((master_input(stems, held, sample_rate=RATE) - target) ** 2).mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())

    assert losses[-1] < 0.1 * losses[0]
