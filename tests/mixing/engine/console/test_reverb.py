"""The reverb by what rooms are measured by: decay, echo density, correlation, energy."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import hadamard
from scipy.signal import butter, sosfilt

from mixing.engine.console.parameters import Reverb
from mixing.engine.console.reverb import (
    ReverbReference,
    design,
    line_lengths,
    mix,
    process_reference,
)
from tests.mixing.engine.console.strategies import nodes

RATE = 44_100
ROOM = Reverb(decay_s=1.2, damping_hz=8_000.0, predelay_ms=0.0)


def impulse(seconds: float, left: float = 1.0, right: float = 1.0, rate: int = RATE) -> NDArray[np.float64]:
    audio = np.zeros((2, round(seconds * rate)))
    audio[:, 0] = left, right
    return audio


def low(audio: NDArray[np.float64], rate: int = RATE) -> NDArray[np.float64]:
    return np.asarray(sosfilt(butter(4, 1_000.0, fs=rate, output="sos"), audio))


def octave(audio: NDArray[np.float64], centre_hz: float) -> NDArray[np.float64]:
    edges = [centre_hz / math.sqrt(2), centre_hz * math.sqrt(2)]
    return np.asarray(sosfilt(butter(4, edges, "bandpass", fs=RATE, output="sos"), audio))


def decay_s(channel: NDArray[np.float64], rate: int = RATE, *, to_db: float = -35.0) -> float:
    """Schroeder's backward integral: the time for 60 dB, from the line through -5 dB to ``to_db`` (ISO 3382)."""
    energy = np.cumsum((channel**2)[::-1])[::-1]
    level = 10 * np.log10(energy / energy[0] + 1e-30)
    start, stop = int(np.argmax(level < -5)), int(np.argmax(level < to_db))
    slope = np.polyfit(np.arange(start, stop) / rate, level[start:stop], 1)[0]
    return float(-60 / slope)


@pytest.mark.parametrize(("decay", "rate"), [(0.3, 44_100), (0.6, 48_000), (1.2, 44_100), (2.5, 48_000)])
def test_low_frequencies_fall_by_sixty_decibels_in_the_decay(decay: float, rate: int) -> None:
    room = Reverb(decay_s=decay, damping_hz=12_000.0, predelay_ms=0.0)

    answer = low(process_reference(impulse(decay, rate=rate), room, rate), rate)

    for channel in answer:
        assert decay_s(channel, rate) == pytest.approx(decay, rel=0.1)


@pytest.mark.parametrize("decay", [0.2, 1.8, 12.0])
def test_a_lines_gain_falls_by_sixty_decibels_in_the_decay_and_twice_as_fast_at_the_damping(decay: float) -> None:
    numbers = design(Reverb(decay_s=decay, damping_hz=5_000.0), RATE)
    z = np.exp(-2j * math.pi * 5_000.0 / RATE)

    for length, gain, a in zip(numbers.lines, numbers.gains, numbers.poles, strict=True):
        passes = decay * RATE / length
        assert 20 * math.log10(gain / (1 - a)) * passes == pytest.approx(-60.0)
        assert 20 * math.log10(abs(gain / (1 - a * z))) * passes == pytest.approx(-120.0)


def test_damped_highs_die_sooner() -> None:
    answer = process_reference(impulse(1.5), dataclasses.replace(ROOM, decay_s=1.6, damping_hz=3_000.0), RATE)[0]

    lows, corner, highs = (decay_s(octave(answer, freq), to_db=-25.0) for freq in (300.0, 3_000.0, 10_000.0))

    assert lows == pytest.approx(1.6, rel=0.15)
    assert corner == pytest.approx(0.8, rel=0.2)
    assert highs < 0.5


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_lines_have_different_prime_lengths_between_13_and_89_ms(rate: int) -> None:
    lines = line_lengths(rate)

    assert len(set(lines)) == 16
    assert list(lines) == sorted(lines)
    assert all(number % divisor for number in lines for divisor in range(2, math.isqrt(number) + 1))
    assert lines[0] / rate == pytest.approx(0.013, rel=0.02)
    assert lines[-1] / rate == pytest.approx(0.089, rel=0.01)
    assert min(lines) >= 16


def test_the_diffusers_lengths_are_different_primes_too() -> None:
    for rate in (44_100, 48_000):
        lengths = sum(design(ROOM, rate).diffusers, ())
        assert len(set(lengths)) == 8
        assert all(number % divisor for number in lengths for divisor in range(2, math.isqrt(number) + 1))
        assert min(lengths) >= 16


def test_the_mixing_is_hadamards_matrix() -> None:
    assert np.array_equal(mix(np.eye(16)), hadamard(16) / 4)


@pytest.mark.parametrize("decay", [0.4, 2.0])
def test_as_much_low_energy_comes_back_as_went_in(decay: float) -> None:
    sent = impulse(1.2 * decay)

    answer = process_reference(sent, dataclasses.replace(ROOM, decay_s=decay, damping_hz=12_000.0), RATE)

    # The first echo of each line has been damped, and so has the low band a little: 1 dB is allowed.
    ratio = (low(answer) ** 2).sum() / (low(sent) ** 2).sum()
    assert 10 * math.log10(ratio) == pytest.approx(0.0, abs=1.0)


@pytest.mark.parametrize(("left", "right"), [(1.0, 1.0), (1.0, 0.0), (1.0, -1.0)])
def test_the_sides_are_not_alike(left: float, right: float) -> None:
    answer = process_reference(impulse(1.0, left, right), ROOM, RATE)

    assert abs(np.corrcoef(answer)[0, 1]) < 0.3
    assert abs(np.corrcoef(low(answer))[0, 1]) < 0.3
    assert abs(np.corrcoef(answer[:, RATE // 4 :])[0, 1]) < 0.3


def test_echoes_are_as_dense_as_noise_within_a_tenth_of_a_second() -> None:
    """Abel and Huang (2006): the share of samples outside one deviation, over that of Gaussian noise, is 1."""
    answer = process_reference(impulse(0.6), ROOM, RATE)[0]
    window = RATE // 50
    density = []
    for start in range(RATE // 10, answer.size - window, window // 2):
        stretch = answer[start : start + window]
        density.append(np.mean(np.abs(stretch) > stretch.std()) / math.erfc(math.sqrt(0.5)))

    assert min(density) > 0.75
    assert np.mean(density) == pytest.approx(1.0, abs=0.08)


def test_no_tone_rings_through_the_tail() -> None:
    """The spectrum of the tail is that of noise: its loudest bin of 3,000 stands out by no more than chance allows."""
    answer = process_reference(impulse(0.8), dataclasses.replace(ROOM, decay_s=2.0), RATE)[0]
    tail = answer[RATE // 5 :] * np.hanning(answer.size - RATE // 5)
    power = np.abs(np.fft.rfft(tail)[60:3_000]) ** 2

    # The largest of 3,000 exponentials is about ln 3000 = 8 times their mean; thrice that would be heard as a tone.
    assert power.max() / power.mean() < 24.0


def test_the_predelay_moves_the_answer_by_its_samples() -> None:
    at_once = process_reference(impulse(0.1), ROOM, RATE)
    late = process_reference(impulse(0.1), dataclasses.replace(ROOM, predelay_ms=10.0), RATE)
    kept = process_reference(impulse(0.1), dataclasses.replace(ROOM, predelay_ms=10.0, predelay_samples=7), RATE)

    assert np.array_equal(late[:, 441:], at_once[:, :-441])
    assert not late[:, :441].any()
    assert np.array_equal(kept[:, 7:], at_once[:, :-7])


def test_the_first_samples_are_those_of_the_shortest_line() -> None:
    """Through four allpasses an impulse leaves at once as g^4; line 0 gives it back after its length, damped."""
    numbers = design(ROOM, RATE)
    first = numbers.lines[0]

    answer = process_reference(impulse(0.02), ROOM, RATE)

    assert not answer[:, :first].any()
    expected = numbers.level * numbers.gains[0] * 0.6**4 / math.sqrt(8)
    assert answer[0, first : first + 3] == pytest.approx(expected * numbers.poles[0] ** np.arange(3), rel=1e-12)


def test_silence_gives_silence() -> None:
    assert not process_reference(np.zeros((2, 10_000)), ROOM, RATE).any()


@given(room=nodes(Reverb), cuts=st.lists(st.integers(0, 6_000), max_size=4))
@settings(max_examples=8, deadline=None)
def test_any_blocking_gives_the_same_samples(room: Reverb, cuts: list[int]) -> None:
    room = dataclasses.replace(room, predelay_samples=123)
    audio = np.random.default_rng(5).uniform(-1, 1, (2, 6_000))
    stage = ReverbReference(room, RATE)

    pieces = [stage.process(audio[:, a:b]) for a, b in itertools.pairwise([0, *sorted(cuts), 6_000])]

    assert np.array_equal(np.concatenate(pieces, axis=1), process_reference(audio, room, RATE))


@pytest.mark.parametrize("decay", [0.2, 12.0])
@pytest.mark.parametrize("damping", [500.0, 20_000.0])
@pytest.mark.parametrize("predelay", [0.0, 250.0])
def test_every_extreme_is_finite_and_dies_away(decay: float, damping: float, predelay: float) -> None:
    room = Reverb(decay_s=decay, damping_hz=damping, predelay_ms=predelay)
    audio = np.zeros((2, RATE))
    audio[:, : RATE // 4] = np.random.default_rng(1).choice([-1.0, 1.0], (2, RATE // 4))

    answer = process_reference(audio, room, 48_000)

    assert np.isfinite(answer).all()
    assert np.abs(answer).max() < 8.0
    assert (answer[:, -4_000:] ** 2).mean() < (answer[:, 20_000:24_000] ** 2).mean()


def test_it_is_linear() -> None:
    a, b = np.random.default_rng(6).uniform(-1, 1, (2, 2, 5_000))

    apart = process_reference(a, ROOM, RATE) - 0.7 * process_reference(b, ROOM, RATE)

    assert process_reference(a - 0.7 * b, ROOM, RATE) == pytest.approx(apart, abs=1e-12)
