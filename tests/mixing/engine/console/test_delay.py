"""The ping-pong delay against echoes computed by hand."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.engine.console.damping import pole
from mixing.engine.console.delay import DelayReference, design, process_reference
from mixing.engine.console.parameters import ConsoleParameters, Delay
from tests.mixing.engine.console.strategies import nodes

RATE = 48_000
SHORT = Delay(time_ms=10.0, time_samples=100, feedback=0.5, damping_hz=4_000.0)


def impulse(frames: int, left: float = 1.0, right: float = 1.0) -> np.ndarray:
    audio = np.zeros((2, frames))
    audio[:, 0] = left, right
    return audio


def test_echoes_go_left_right_left_each_half_as_loud_and_once_more_low_passed() -> None:
    out = process_reference(impulse(460), SHORT, RATE)

    a = pole(0.5, 4_000.0, RATE)
    # A one-pole answers an impulse with (1 - a) a^n, and twice in a row with (1 - a)^2 (n + 1) a^n.
    assert out[:, 100].tolist() == [1.0, 0.0]
    n = np.arange(5)
    assert out[1, 200:205] == pytest.approx(0.5 * (1 - a) * a**n, rel=1e-12)
    assert out[0, 300:305] == pytest.approx(0.25 * (1 - a) ** 2 * (n + 1) * a**n, rel=1e-12)
    assert not out[:, :100].any()
    assert not out[0, 101:300].any()
    assert not out[1, :200].any()


def test_the_sum_of_an_echo_is_its_level_since_the_low_pass_takes_nothing_at_zero() -> None:
    slow = Delay(time_samples=4_000, feedback=0.9, damping_hz=500.0)

    out = process_reference(impulse(20_000), slow, RATE)

    sums = [out[k % 2, 4_000 * (k + 1) : 4_000 * (k + 2)].sum() for k in range(4)]
    assert sums == pytest.approx([1.0, 0.9, 0.81, 0.729], rel=1e-9)


def test_the_bus_is_folded_to_mono() -> None:
    assert process_reference(impulse(101, left=0.8, right=0.2), SHORT, RATE)[0, 100] == pytest.approx(0.5)
    assert not process_reference(impulse(500, left=1.0, right=-1.0), SHORT, RATE).any()


def test_a_fold_to_mono_loses_no_echo() -> None:
    out = process_reference(impulse(3_000), SHORT, RATE)

    assert (out.sum(axis=0) ** 2).sum() == pytest.approx((out**2).sum(), rel=1e-3)


@pytest.mark.parametrize(("freq_hz", "rate"), [(500.0, 44_100), (6_000.0, 48_000), (20_000.0, 44_100)])
@pytest.mark.parametrize("power", [0.5, 0.9, 0.999, 1e-6])
def test_the_low_pass_lets_pass_what_was_asked_for_at_its_frequency(power: float, freq_hz: float, rate: int) -> None:
    a = pole(power, freq_hz, rate)

    assert 0.0 < a < 1.0
    response = (1 - a) / (1 - a * np.exp(-2j * math.pi * freq_hz / rate))
    assert abs(response) ** 2 == pytest.approx(power, rel=1e-9)


def test_the_length_that_the_console_keeps_goes_before_its_milliseconds() -> None:
    console = ConsoleParameters(strips=(), delay=Delay(time_ms=375.01)).at_rate(44_100)

    assert design(console.delay, 44_100).samples == 16_538
    assert design(Delay(time_ms=375.01), 44_100).samples == 16_538
    assert design(Delay(time_ms=375.01, time_samples=99), 44_100).samples == 99
    assert design(Delay(time_samples=0), 44_100).samples == 16


def test_half_a_sample_is_rounded_up_as_every_language_can() -> None:
    """10.09375 ms at 48 kHz are 484.5 samples; Python's own rounding would go to the even 484."""
    console = ConsoleParameters(strips=(), delay=Delay(time_ms=10.09375)).at_rate(48_000)

    assert design(Delay(time_ms=10.09375), 48_000).samples == 485
    assert console.delay.time_samples == 485


def test_silence_gives_silence() -> None:
    assert not process_reference(np.zeros((2, 1_000)), SHORT, RATE).any()


@given(delay=nodes(Delay, time_samples=st.integers(0, 600)), cuts=st.lists(st.integers(0, 900), max_size=4))
@settings(max_examples=30, deadline=None)
def test_any_blocking_gives_the_same_samples_and_none_is_louder_than_a_geometric_series(
    delay: Delay, cuts: list[int]
) -> None:
    audio = np.random.default_rng(5).uniform(-1, 1, (2, 900))
    stage = DelayReference(delay, RATE)

    pieces = [stage.process(audio[:, a:b]) for a, b in itertools.pairwise([0, *sorted(cuts), 900])]

    whole = process_reference(audio, delay, RATE)
    assert np.array_equal(np.concatenate(pieces, axis=1), whole)
    assert np.abs(whole).max() <= 1.0 / (1.0 - delay.feedback**2) + 1e-9


@given(factor=st.floats(-2.0, 2.0), delay=nodes(Delay, time_samples=st.integers(16, 200)))
@settings(max_examples=20, deadline=None)
def test_it_is_linear(factor: float, delay: Delay) -> None:
    a, b = np.random.default_rng(6).uniform(-1, 1, (2, 2, 600))

    apart = process_reference(a, delay, RATE) + factor * process_reference(b, delay, RATE)

    assert process_reference(a + factor * b, delay, RATE) == pytest.approx(apart, abs=1e-11)
