"""A console as tensors and back."""

import dataclasses

import pytest
import torch

from mixing.engine.console.differentiable.tensors import BUSES, GROUP, MASTER, STRIP, ConsoleTensors, Knobs
from tests.mixing.engine.console.differentiable.consoles import RATE, session

_, CONSOLE = session(2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_console_comes_back_to_the_last_digit(dtype: torch.dtype) -> None:
    assert ConsoleTensors.of(CONSOLE, dtype=dtype).parameters() == CONSOLE


def test_the_flat_row_is_in_the_order_of_flatten() -> None:
    held = ConsoleTensors.of(CONSOLE, dtype=torch.float64)
    known = CONSOLE.flatten()

    floats = [path for path, value in known.items() if isinstance(value, float)]
    assert sorted(held.paths()) == sorted(floats)
    assert held.flat().tolist() == [known[path] for path in held.paths()]
    per_strip = len(STRIP.names)
    assert list(held.paths()[:per_strip]) == [path for path in floats if path.startswith("strips.stem 0.")]


def test_a_flat_row_makes_the_same_console() -> None:
    held = ConsoleTensors.of(CONSOLE)

    again = held.with_flat(held.flat())

    for name in ("strips", "groups", "buses", "master"):
        assert torch.equal(getattr(again, name), getattr(held, name))


def test_a_knob_that_moved_is_held_in_its_range_and_its_length_follows() -> None:
    held = ConsoleTensors.of(CONSOLE, dtype=torch.float64)
    values = held.flat().clone()
    paths = held.paths()
    values[paths.index("delay.time_ms")] = 100.0
    values[paths.index("strips.stem 0.pan")] = 7.0
    values[paths.index("strips.stem 0.eq.peak_2.gain_db")] = -3.25

    moved = held.with_flat(values).parameters()

    assert moved.delay.time_samples == RATE // 10
    assert moved.strips[0].pan == 1.0
    assert moved.strips[0].eq.peak_2.gain_db == -3.25
    assert moved.reverb == CONSOLE.reverb
    assert dataclasses.replace(moved.master) == CONSOLE.master


def test_layouts_know_units_ranges_and_neutral_values() -> None:
    at = STRIP.names.index("fader_db")
    assert (STRIP.low[at], STRIP.high[at], STRIP.neutral[at]) == (-90.0, 12.0, 0.0)
    at = STRIP.names.index("eq.peak_3.freq_hz")
    assert STRIP.neutral[at] == 4_000.0
    assert GROUP.names[0] == "gain_db"
    assert BUSES.names[0] == "reverb.decay_s"
    assert "ceiling_dbtp" in MASTER.names
    assert "target_lufs" not in MASTER.names


def test_a_part_of_the_knobs_keeps_its_names_and_its_gradient() -> None:
    values = ConsoleTensors.of(CONSOLE).strips.requires_grad_()

    Knobs(values, STRIP.names).part("eq").part("peak_1")["gain_db"].sum().backward()

    assert values.grad is not None
    assert values.grad.sum().item() == len(CONSOLE.strips)
