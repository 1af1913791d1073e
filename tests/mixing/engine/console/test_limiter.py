"""The limiter against signals whose peaks lie between the samples, and against gains computed by hand."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mixing.engine.audio.true_peak import TruePeakMeter, interpolator
from mixing.engine.console.limiter import (
    LimiterReference,
    boxes,
    latency_samples,
    lookahead,
    most_gain,
    process_reference,
)
from mixing.engine.console.parameters import ConsoleParameters, Limiter, Master
from tests.mixing.engine.console.strategies import nodes

RATE = 44_100
CEILING_DBTP = -1.0
ALLOWED_DB = 0.05
FRAMES = 6_000
AT = np.arange(FRAMES)
RNG = np.random.default_rng(0)
LIMITER = Limiter(on=True, lookahead_ms=2.0, release_ms=50.0)


def dbtp(audio: NDArray[np.float64]) -> float:
    meter = TruePeakMeter(audio.shape[0])
    meter.push(audio.astype(np.float32))
    return meter.dbtp() or -math.inf


def bursts(inside: NDArray[np.float64], every: int) -> NDArray[np.float64]:
    audio = np.zeros(FRAMES)
    for start in range(300, FRAMES - inside.size, every):
        audio[start : start + inside.size] += inside
    return audio


# The sign of each tap: no other samples of this size have a higher peak between them.
MATCHED = np.sign(interpolator()[1].astype(np.float64))
TORTURE = {
    "a quarter of the rate at 45 degrees": 2.6 * np.sin(np.pi / 2 * AT + np.pi / 4),
    "a third of the rate at 60 degrees": 2.0 * np.sin(2 * np.pi / 3 * AT + np.pi / 3),
    "a quarter of the rate in bursts": 2.6 * np.sin(np.pi / 2 * AT + np.pi / 4) * (AT // 200 % 2),
    "clipped noise": np.clip(3.0 * RNG.normal(size=FRAMES), -1.0, 1.0),
    "noise far too loud": 4.0 * RNG.normal(size=FRAMES),
    "random signs": RNG.choice([-1.0, 1.0], FRAMES),
    "a square wave": 1.5 * np.sign(np.sin(2 * np.pi * 0.037 * AT)),
    "single samples": bursts(np.array([8.0]), 997),
    "bursts close to half the rate": bursts(3.0 * np.sin(0.48 * 2 * np.pi * np.arange(60) + 0.3), 900),
    "the taps' own signs": bursts(2.0 * MATCHED, 500),
    "the taps' own signs in noise": bursts(3.0 * MATCHED, 500) + 0.3 * RNG.normal(size=FRAMES),
    "a loud start": np.where(AT < 50, 5.0, 0.0),
    "a loud end": np.where(AT > FRAMES - 5, 5.0, 0.0),
    "silence, then everything": np.where(AT > 400, 4.0 * np.where(AT // 2 % 2, -1.0, 1.0), 0.0),
}


@pytest.mark.parametrize("lookahead_samples", [0, 22, 88, 480])
@pytest.mark.parametrize("name", TORTURE)
def test_the_true_peak_never_passes_the_ceiling(name: str, lookahead_samples: int) -> None:
    limiter = Limiter(on=True, lookahead_samples=lookahead_samples, release_ms=5.0)
    audio = np.stack([TORTURE[name], 0.5 * TORTURE[name][::-1]])
    assert dbtp(audio) > CEILING_DBTP + 0.5

    limited = process_reference(audio, limiter, CEILING_DBTP, RATE)

    assert dbtp(limited) <= CEILING_DBTP + ALLOWED_DB
    assert np.abs(limited).max() <= 10 ** (CEILING_DBTP / 20) + 1e-9


@given(
    seed=st.integers(0, 10_000),
    limiter=nodes(Limiter, on=st.just(True), lookahead_samples=st.integers(0, 120)),
    ceiling=st.floats(-12.0, 0.0),
)
@settings(max_examples=30, deadline=None)
def test_no_swelling_noise_passes_the_ceiling(seed: int, limiter: Limiter, ceiling: float) -> None:
    rng = np.random.default_rng(seed)
    corners = np.sort(rng.integers(0, 400, 10))
    swell = np.minimum(np.exp(np.interp(np.arange(400), corners, rng.normal(1.0, 1.5, 10))), 20.0)
    audio = swell * rng.choice([-1.0, 1.0], (2, 400))

    assert dbtp(process_reference(audio, limiter, ceiling, RATE)) <= ceiling + ALLOWED_DB


def test_what_stays_below_the_ceiling_comes_out_sample_for_sample() -> None:
    audio = 0.3 * RNG.uniform(-1, 1, (2, 2_000))

    assert np.array_equal(process_reference(audio, LIMITER, CEILING_DBTP, RATE), audio)


def test_switched_off_it_touches_nothing_and_is_not_late() -> None:
    audio = 3.0 * RNG.uniform(-1, 1, (2, 500))

    assert np.array_equal(process_reference(audio, Limiter(), CEILING_DBTP, RATE), audio)
    assert latency_samples(Limiter(), RATE) == 0


def test_silence_gives_silence() -> None:
    assert not process_reference(np.zeros((2, 500)), LIMITER, CEILING_DBTP, RATE).any()


def test_a_single_sample_of_twice_the_ceiling_meets_half_the_gain() -> None:
    """0 dB ceiling and a peak of 2: r = 1/2 for eight samples around, ramped to within the look-ahead before it."""
    limiter = Limiter(on=True, lookahead_samples=40, release_ms=1_000.0)
    audio = np.full((1, 1_000), 1e-6)
    audio[0, 500] = 2.0

    gain = process_reference(audio, limiter, 0.0, RATE)[0] / audio[0]

    assert gain[500] == pytest.approx(0.5, abs=1e-9)
    assert gain[492:502] == pytest.approx(np.full(10, 0.5), abs=1e-9)
    first = 500 - 40 + 1
    assert (gain[: first - 1] == 1.0).all()
    # Its neighbour sees nine tenths of it between the samples: the ramp towards that starts one sample earlier.
    assert 0.99 < gain[first] < 1.0
    assert (np.diff(gain[first:493]) < 0.0).all()


def test_the_ramp_is_the_product_of_two_boxes() -> None:
    a, b = boxes(40)
    assert (a, b) == (16, 17)
    limiter = Limiter(on=True, lookahead_samples=40, release_ms=1_000.0)
    audio = np.full((1, 2_000), 1e-6)
    audio[0, 1_000:] = 2.0

    gain = process_reference(audio, limiter, 0.0, RATE)[0] / audio[0]
    steps = np.diff(1.0 - gain[960:994])

    triangle = np.convolve(np.ones(a), np.ones(b)) / (a * b)
    # The step rings a little above 2 between its samples, so that the shape is compared and not the size.
    assert np.corrcoef(steps[: triangle.size], triangle)[0, 1] > 0.95


def test_the_gain_recovers_with_the_time_constant_of_the_release() -> None:
    limiter = Limiter(on=True, lookahead_samples=24, release_ms=20.0)
    audio = np.full((1, 6_000), 1e-6)
    audio[0, 1_000] = 4.0

    reduction = 1.0 - process_reference(audio, limiter, 0.0, RATE)[0] / audio[0]

    tau = round(0.020 * RATE)
    assert reduction[1_500 + tau] / reduction[1_500] == pytest.approx(1 / math.e, rel=1e-3)


def test_after_the_release_the_samples_are_again_exactly_those_that_came_in() -> None:
    """From a reduction of 3/4 it takes 20.4 time constants to a thousand-millionth, where it is over."""
    limiter = Limiter(on=True, lookahead_samples=24, release_ms=5.0)
    audio = np.full((1, 6_000), 0.1)
    audio[0, 100] = 4.0

    out = process_reference(audio, limiter, 0.0, RATE)[0]

    settled = 100 + round(21 * 0.005 * RATE) + 60
    assert np.array_equal(out[settled:], audio[0, settled:])
    assert not np.array_equal(out[200:1_000], audio[0, 200:1_000])


def test_both_sides_get_one_gain() -> None:
    audio = np.stack([TORTURE["noise far too loud"], 0.01 * RNG.normal(size=FRAMES)])

    gain = process_reference(audio, LIMITER, CEILING_DBTP, RATE) / audio

    assert gain[0] == pytest.approx(gain[1], rel=1e-9)


def test_no_gain_moves_faster_than_its_ramp() -> None:
    audio = TORTURE["single samples"][None] + 1e-6

    gain = process_reference(audio, LIMITER, CEILING_DBTP, RATE)[0] / audio[0]

    a, b = boxes(lookahead(LIMITER, RATE))
    assert np.abs(np.diff(gain)).max() <= 1.0 / max(a, b) + 1e-9


def test_lengths_are_those_that_the_console_keeps() -> None:
    console = ConsoleParameters(strips=(), master=Master(limiter=LIMITER)).at_rate(48_000)

    assert lookahead(console.master.limiter, 48_000) == 96
    assert lookahead(LIMITER, 44_100) == 88
    assert lookahead(Limiter(lookahead_samples=3), 44_100) == 24
    assert latency_samples(LIMITER, 44_100) == 88 + 15


def test_a_stream_is_late_by_its_latency() -> None:
    audio = 0.3 * RNG.uniform(-1, 1, (2, 1_000))
    late = latency_samples(LIMITER, RATE)

    out = LimiterReference(LIMITER, CEILING_DBTP, RATE).process(audio)

    assert not out[:, :late].any()
    assert np.array_equal(out[:, late:], audio[:, :-late])


def test_no_value_between_samples_passes_the_most_gain() -> None:
    assert dbtp(MATCHED[None]) == pytest.approx(20 * math.log10(most_gain()), abs=1e-3)


@given(limiter=nodes(Limiter, on=st.just(True)), cuts=st.lists(st.integers(0, 1_500), max_size=5))
@settings(max_examples=20, deadline=None)
def test_any_blocking_gives_the_same_finite_samples(limiter: Limiter, cuts: list[int]) -> None:
    audio = np.random.default_rng(9).normal(0, 0.7, (2, 1_500))
    stage = LimiterReference(limiter, CEILING_DBTP, RATE)

    pieces = [stage.process(audio[:, a:b]) for a, b in itertools.pairwise([0, *sorted(cuts), 1_500])]

    whole = LimiterReference(limiter, CEILING_DBTP, RATE).process(audio)
    assert np.array_equal(np.concatenate(pieces, axis=1), whole)
    assert np.isfinite(whole).all()
