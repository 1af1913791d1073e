"""Six sections in one vector, or three behind three, are six sections one after the other."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mixing.engine.console import cascade, eq
from mixing.engine.console.parameters import Eq, HighPass, HighShelf, LowShelf, Peak

RATE = 48_000
EVERY_BAND = Eq(
    high_pass=HighPass(on=True, freq_hz=16.0, q=4.0),
    low_shelf=LowShelf(gain_db=18.0, freq_hz=30.0),
    peak_1=Peak(gain_db=-18.0, freq_hz=30.0, q=12.0),
    peak_2=Peak(gain_db=12.0, freq_hz=1_000.0, q=0.2),
    peak_3=Peak(gain_db=6.0, freq_hz=18_000.0, q=12.0),
    high_shelf=HighShelf(gain_db=-18.0, freq_hz=1_500.0),
)


def in_one_vector(part: NDArray[np.float32], gain: float, *settings: Any) -> None:
    cascade.filter_two_sides(part, part.shape[1], gain, settings[0], cascade.begins(cascade.LANES), settings[1])


def in_halves(part: NDArray[np.float32], gain: float, *settings: Any) -> None:
    cascade.filter_in_halves(part, part.shape[1], gain, *settings)


WAYS = pytest.mark.parametrize("way", [in_one_vector, in_halves])


def filtered(sound: NDArray[np.float32], bands: Eq, cuts: list[int], way: Any = in_one_vector) -> NDArray[np.float32]:
    gain, coefficients = cascade.lanes_of(eq.sections(bands, RATE), cascade.LANES)
    memory = np.zeros((cascade.ROWS, cascade.LANES))
    parts = [np.array(part, order="C") for part in np.split(sound, cuts, axis=1)]
    for part in parts:
        way(part, gain, coefficients, memory)
    return np.concatenate(parts, axis=1)


def noise(frames: int) -> NDArray[np.float32]:
    return np.random.default_rng(1).uniform(-1, 1, (2, frames)).astype(np.float32)


@WAYS
@pytest.mark.parametrize("bands", [EVERY_BAND, Eq(peak_2=Peak(gain_db=-6.0)), Eq(high_pass=HighPass(on=True))])
def test_it_is_the_readable_eq(bands: Eq, way: Any) -> None:
    sound = noise(4_000)

    slow = eq.process_reference(sound, bands, RATE)

    assert 10 * np.log10(np.mean((filtered(sound, bands, [], way) - slow) ** 2) / np.mean(slow**2)) <= -135.0


@WAYS
@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 200), max_size=12).map(sorted))
def test_any_cuts_give_the_same_samples(way: Any, cuts: list[int]) -> None:
    sound = noise(200)

    assert np.array_equal(filtered(sound, EVERY_BAND, cuts, way), filtered(sound, EVERY_BAND, []))


@WAYS
def test_a_neutral_eq_lets_every_bit_pass(way: Any) -> None:
    sound = noise(100)

    assert np.array_equal(filtered(sound, Eq(), [7], way), sound)
