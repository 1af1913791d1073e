"""Vectors inside of kernels: every lane is what one number alone would be."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray

from mixing.engine.console import simd
from mixing.engine.console.powers import exp2, log2
from mixing.engine.console.simd import (
    absolute,
    any_bit,
    either_bits,
    greater,
    lane,
    lanes_of,
    largest,
    lesser,
    load,
    narrow,
    nearest,
    product_and,
    smallest,
    splat,
    store,
    store_every,
    total,
    where_above,
    widen,
)
from mixing.engine.console.simd_bytes import pack_24, unpack_16, unpack_24, unpack_float
from mixing.engine.console.simd_shuffles import (
    doubled,
    every_second,
    first_half,
    folded,
    interleave_first,
    interleave_last,
    joined,
    last_everywhere,
    last_half,
    later_by_1,
    later_by_2,
    later_by_4,
    later_by_8,
    moved_on,
    side_by_side,
    swap_pairs,
)

X = np.random.default_rng(1).uniform(-4, 4, 16).astype(np.float32)
Y = np.random.default_rng(2).uniform(-4, 4, 16).astype(np.float32)


def apply(work: Any, x: NDArray[np.float32] = X, y: NDArray[np.float32] = Y) -> NDArray[np.float32]:
    """The sixteen lanes that ``work`` makes of two vectors."""
    out = np.zeros(16, np.float32)

    @njit
    def run(a: Any, b: Any, target: Any) -> None:
        like = splat(np.float32(0.0), 16)
        store(target, 0, work(load(like, a, 0), load(like, b, 0)))

    run(x, y, out)
    return out


@njit
def _arithmetic(a: Any, b: Any) -> Any:
    return (a + b) * 2.0 - a / b


@njit
def _chosen(a: Any, b: Any) -> Any:
    return where_above(a, b, absolute(a), nearest(b))


@njit
def _bounded(a: Any, b: Any) -> Any:
    return lesser(greater(a, -1.0), b)


@njit
def _there_and_back(a: Any, b: Any) -> Any:
    return narrow(widen(a) * widen(b))


@njit
def _swapped(a: Any, b: Any) -> Any:
    return swap_pairs(a)


@njit
def _later(a: Any, b: Any) -> Any:
    return later_by_1(a) + later_by_4(b) + last_everywhere(b)


@njit
def _in_turn(a: Any, b: Any) -> Any:
    return interleave_first(a, b) - interleave_last(a, b)


def _moved(values: NDArray[np.float32], by: int) -> NDArray[np.float32]:
    return np.concatenate((np.zeros(by, np.float32), values[:-by]))


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (_arithmetic, (X + Y) * 2 - X / Y),
        (_chosen, np.where(X > Y, np.abs(X), np.rint(Y))),
        (_bounded, np.minimum(np.maximum(X, -1), Y)),
        (_there_and_back, X * Y),
        (_swapped, X.reshape(8, 2)[:, ::-1].reshape(16)),
        (_later, _moved(X, 1) + _moved(Y, 4) + Y[15]),
        (_in_turn, np.stack((X, Y), 1).reshape(32)[:16] - np.stack((X, Y), 1).reshape(32)[16:]),
    ],
)
def test_lanes_compute_what_numbers_compute(work: Any, expected: NDArray[np.float32]) -> None:
    assert apply(work) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_lanes_fold_into_their_sum_their_largest_and_their_smallest() -> None:
    @njit
    def run(a: Any) -> tuple[float, float, float]:
        vector = load(splat(np.float32(0.0), 16), a, 0)
        return total(vector), largest(vector), smallest(vector)

    assert run(X) == pytest.approx((X.sum(), X.max(), X.min()), rel=1e-6)


@njit
def _log2(a: Any, b: Any) -> Any:
    return log2(a)


@njit
def _exp2(a: Any, b: Any) -> Any:
    return exp2(a)


def test_the_logarithm_is_that_of_every_size_of_sound() -> None:
    sizes = (10.0 ** np.random.default_rng(3).uniform(-30, 30, 16_000)).astype(np.float32)
    near = np.linspace(0.5, 2.0, 16_000, dtype=np.float32)

    for values in (*sizes.reshape(-1, 16)[:100], *near.reshape(-1, 16)[::10]):
        exact = np.log2(values.astype(np.float64))
        assert np.abs(apply_log2(values) - exact).max() <= 2e-7 + 2**-24 * np.abs(exact).max()


def apply_log2(values: NDArray[np.float32]) -> NDArray[np.float32]:
    out = np.zeros(16, np.float32)
    _run_log2(values, out)
    return out


@njit
def _run_log2(values: Any, out: Any) -> None:
    store(out, 0, log2(load(splat(np.float32(0.0), 16), values, 0)))


@njit
def _run_exp2(values: Any, out: Any) -> None:
    store(out, 0, exp2(load(splat(np.float32(0.0), 16), values, 0)))


def test_the_logarithm_of_nothing_is_below_every_threshold() -> None:
    assert apply(_log2, np.zeros(16, np.float32)) == pytest.approx(-127.0, abs=0.6)


def test_the_power_of_two_is_exact_at_zero_and_within_114_decibels_everywhere() -> None:
    values = np.linspace(-40, 40, 16_000, dtype=np.float32)
    out = np.zeros(16, np.float32)

    for row in values.reshape(-1, 16)[::5]:
        _run_exp2(row, out)
        assert np.abs(out / 2.0 ** row.astype(np.float64) - 1.0).max() <= 10 ** (-114 / 20)
    assert (apply(_exp2, np.zeros(16, np.float32)) == 1.0).all()
    assert (apply(_exp2, np.full(16, -1e9, np.float32)) == np.float32(2.0**-126)).all()


def test_bytes_unpack_to_the_integers_that_they_are() -> None:
    wide = np.array([0, 1, -1, 2**23 - 1, -(2**23), 12345, -54321, 7] * 2, np.int32)
    bytes_24 = np.concatenate(
        (wide.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].reshape(-1), np.zeros(16, np.uint8))
    )
    short = np.arange(-8, 8, dtype="<i2") * 4096

    @njit
    def run(stored_24: Any, stored_16: Any, stored_float: Any, out: Any) -> None:
        store(out, 0, unpack_24(stored_24, 0))
        store(out, 16, unpack_16(stored_16, 0))
        store(out, 32, unpack_float(stored_float, 0))

    out = np.zeros(48, np.float32)
    run(bytes_24, short.view(np.uint8), X.view(np.uint8), out)

    assert (out[:16] == wide * 256.0).all()
    assert (out[16:32] == short).all()
    assert (out[32:] == X).all()


def test_whole_numbers_pack_to_three_bytes_each() -> None:
    numbers = np.array([0, 1, -1, 2**23 - 1, -(2**23), 12345, -54321, 7] * 2, np.int32)

    @njit
    def run(values: Any, out: Any) -> None:
        pack_24(out, 0, load(splat(np.float32(0.0), 16), values, 0))

    out = np.full(64, 9, np.uint8)
    run(numbers.astype(np.float32), out)

    assert out[:48].tobytes() == numbers.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    assert not out[48:].any()


def test_lanes_are_spread_over_an_array_one_by_one_and_in_pairs() -> None:
    @njit
    def run(values: Any, singles: Any, pairs: Any) -> None:
        vector = load(splat(np.float32(0.0), 16), values, 0)
        store_every(singles, 1, 3, 1, vector)
        store_every(pairs, 2, 5, 2, vector)

    singles, pairs = np.zeros(60, np.float32), np.zeros(60, np.float32)
    run(X, singles, pairs)

    assert (singles[1:49:3] == X).all()
    assert np.count_nonzero(singles) == np.count_nonzero(X)
    assert (pairs[2:42].reshape(8, 5)[:, :2].reshape(-1) == X).all()


PROGRAM = """
import sys
import numpy as np
from mixing.engine.console import stored_kernels
one = np.ones(1, np.int64)
stored_kernels.look_through(np.zeros((1, 4), np.uint32), 0, 1, one, one, one)
hits = stored_kernels.look_through.stats.cache_hits
print(sum(hits.values()))
"""


def test_a_kernel_is_compiled_once_and_then_loaded_by_other_processes(tmp_path: Path) -> None:
    root = Path(simd.__file__).parents[3]

    def hits() -> str:
        command = [sys.executable, "-c", PROGRAM]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, timeout=60).stdout.strip()

    hits()
    assert hits() == "1"


@njit
def _halves(a: Any, b: Any) -> Any:
    return joined(last_half(a), first_half(b))


@njit
def _left_sides(a: Any, b: Any) -> Any:
    return doubled(every_second(a))


@njit
def _folded(a: Any, b: Any) -> Any:
    return joined(folded(a), folded(folded(doubled(b))))


@njit
def _fused(a: Any, b: Any) -> Any:
    return product_and(a, b, b)


@njit
def _moved_in(a: Any, b: Any) -> Any:
    return moved_on(a, side_by_side(lane(b, 3), lane(b, 15)))


@njit
def _much_later(a: Any, b: Any) -> Any:
    return later_by_2(a) + later_by_8(b)


@njit
def _as_many(a: Any, b: Any) -> Any:
    return a * 0.0 + lanes_of(first_half(b))


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (_halves, np.concatenate((X[8:], Y[:8]))),
        (_left_sides, np.repeat(X[::2], 2)),
        (_folded, np.concatenate((X[:8] + X[8:], np.repeat(Y[:8] + Y[8:], 2)[:8] + np.repeat(Y[:8] + Y[8:], 2)[8:]))),
        (_fused, X * Y + Y),
        (_moved_in, np.concatenate((Y[[3, 15]], X[:14]))),
        (_much_later, _moved(X, 2) + _moved(Y, 8)),
        (_as_many, np.full(16, 8.0)),
    ],
)
def test_lanes_change_places(work: Any, expected: NDArray[np.float32]) -> None:
    assert apply(work) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("place", [0, 3, 16, 31])
def test_a_single_bit_of_many_is_found(place: int) -> None:
    @njit
    def found(words: Any) -> bool:
        like = splat(np.float32(0.0), 16)
        return bool(any_bit(either_bits(load(like, words, 0), load(like, words, 16))))

    words = np.zeros(32, np.uint32)
    assert not found(words)
    for bit in (1, 1 << 23, 1 << 31):  # as floats a subnormal, a normal number and minus zero
        words[place] = bit
        assert found(words)
