"""The whole console in torch: fifty random sessions against the readable one, and the routing's corners."""

import dataclasses
from collections.abc import Iterator

import pytest
import torch

from mixing.engine.console import reference
from mixing.engine.console.desk import audible_strips
from mixing.engine.console.differentiable.console import master_input, master_output, mix
from mixing.engine.console.differentiable.tensors import ConsoleTensors
from mixing.engine.console.parameters import ConsoleParameters, Limiter, Master, Sends, Strip
from mixing.engine.errors import MixFailed
from tests.mixing.engine.console.differentiable.consoles import RATE, residual_db, session, tensors

MANY = next(seed for seed in range(50) if len(session(seed, frames=1)[1].strips) > 2)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("seed", range(50))
def test_a_random_session_sounds_as_the_reference(seed: int) -> None:
    stems, console = session(seed, frames=4_000)

    found = master_input(tensors(stems), ConsoleTensors.of(console), sample_rate=RATE)
    mastered = master_output(found, ConsoleTensors.of(console), sample_rate=RATE, gain_db=3.0)

    expected = reference.master_input(stems, audible_strips(console), console, RATE)
    assert residual_db(found, expected) < -60.0
    assert residual_db(mastered, reference.master_output(expected, console.master, RATE, gain_db=3.0)) < -60.0


def test_mute_solo_and_off_are_heard_as_in_the_reference() -> None:
    stems, console = session(MANY, frames=2_000)
    strips = tuple(
        dataclasses.replace(strip, mute=index == 0, solo=index in (0, 1)) for index, strip in enumerate(console.strips)
    )
    console = dataclasses.replace(console, strips=strips)

    found = master_input(tensors(stems), ConsoleTensors.of(console), sample_rate=RATE)

    assert [strip.stem for strip in audible_strips(console)] == [strips[1].stem]
    assert residual_db(found, reference.master_input(stems, [strips[1]], console, RATE)) < -60.0


def test_no_strip_that_is_heard_is_refused() -> None:
    console = ConsoleTensors.of(ConsoleParameters(strips=(Strip(stem="x", mute=True),)))

    with pytest.raises(MixFailed) as refusal:
        mix({"x": torch.zeros(1, 100)}, console, sample_rate=RATE)

    assert refusal.value.code == "empty_session"


def test_the_limiter_can_be_left_out() -> None:
    console = ConsoleTensors.of(ConsoleParameters(strips=(), master=Master(limiter=Limiter(on=True))))
    loud = torch.full((2, 500), 3.0)

    assert master_output(loud, console, sample_rate=RATE).abs().max() < 1.0
    assert master_output(loud, console, sample_rate=RATE, limited=False) == pytest.approx(loud, abs=1e-4)


def test_silence_has_a_finite_gradient() -> None:
    console = ConsoleParameters(strips=(Strip(stem="x", sends=Sends(reverb_db=-6.0, delay_db=-6.0)),))
    console = console.with_values({"strips.x.compressor.on": True, "master.limiter.on": True})
    held = ConsoleTensors.of(console)
    values = held.flat().requires_grad_()

    mixed = mix({"x": torch.zeros(2, 3_000)}, held.with_flat(values), sample_rate=RATE)
    mixed.sum().backward()

    assert not mixed.any()
    assert values.grad is not None
    assert values.grad.isfinite().all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_hears_what_the_processor_hears() -> None:
    stems, console = session(3)
    held = ConsoleTensors.of(console)
    moved = dataclasses.replace(
        held, **{name: getattr(held, name).cuda() for name in ("strips", "groups", "buses", "master")}
    )

    here = mix(tensors(stems), held, sample_rate=RATE)
    there = mix({name: stem.cuda() for name, stem in tensors(stems).items()}, moved, sample_rate=RATE)

    assert residual_db(there.cpu(), here.double().numpy()) < -60.0
