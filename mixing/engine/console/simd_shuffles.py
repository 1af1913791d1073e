"""Lanes that change places: halves and pairs, turns of left and right, steps in time."""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir  # type: ignore[import-untyped]
from numba.extending import intrinsic

from mixing.engine.console.simd import Lanes, inside_of_kernels, mask, unary, vector_of

_I32 = ir.IntType(32)


swap_pairs: Final[Any] = unary(
    lambda b, v, k: b.shuffle_vector(v, ir.Constant(k.ll, ir.Undefined), mask([lane ^ 1 for lane in range(k.count)]))
)
"""Left to right and right to left."""
every_second: Final[Any] = unary(
    lambda b, v, k: b.shuffle_vector(v, ir.Constant(k.ll, ir.Undefined), mask(list(range(0, k.count, 2)))),
    lambda k: Lanes(k.bits, k.count // 2),
)
"""The left sides alone, half as many lanes."""
folded: Final[Any] = unary(
    lambda b, v, k: b.fadd(
        b.shuffle_vector(v, ir.Constant(k.ll, ir.Undefined), mask(list(range(k.count // 2)))),
        b.shuffle_vector(v, ir.Constant(k.ll, ir.Undefined), mask(list(range(k.count // 2, k.count)))),
    ),
    lambda k: Lanes(k.bits, k.count // 2),
)
"""The sum of the first and the second half, half as many lanes."""
doubled: Final[Any] = unary(
    lambda b, v, k: b.shuffle_vector(
        v, ir.Constant(k.ll, ir.Undefined), mask([lane // 2 for lane in range(2 * k.count)])
    ),
    lambda k: Lanes(k.bits, 2 * k.count),
)
"""Each lane twice, twice as many lanes."""
last_everywhere: Final[Any] = unary(
    lambda b, v, k: b.shuffle_vector(v, ir.Constant(k.ll, ir.Undefined), mask([k.count - 1] * k.count))
)


def _part(first: int) -> Any:
    def work(b: Any, v: Any, k: Lanes) -> Any:
        half = k.count // 2
        return b.shuffle_vector(v, ir.Constant(k.ll, ir.Undefined), mask(list(range(first * half, (first + 1) * half))))

    return unary(work, lambda k: Lanes(k.bits, k.count // 2))


first_half: Final[Any] = _part(0)
"""Half as many lanes: the first of them, or the last."""
last_half: Final[Any] = _part(1)


@inside_of_kernels
def joined(typingctx: Any, low: Any, high: Any) -> Any:
    """The lanes of one vector and behind them those of another."""
    kind = Lanes(low.bits, 2 * low.count)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.shuffle_vector(args[0], args[1], mask(list(range(kind.count))))

    return kind(low, high), codegen


@inside_of_kernels
def moved_on(typingctx: Any, vector: Any, few: Any) -> Any:
    """The lanes of ``few`` come first, and all others move on by as many; the last fall out."""
    count, new = vector.count, few.count

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        blank = ir.Constant(few.ll, ir.Undefined)
        padded = builder.shuffle_vector(args[1], blank, mask([*range(new), *[0] * (count - new)]))
        return builder.shuffle_vector(args[0], padded, mask([*range(count, count + new), *range(count - new)]))

    return vector(vector, few), codegen


@inside_of_kernels
def side_by_side(typingctx: Any, left: Any, right: Any) -> Any:
    """Two numbers of one kind as a vector of two lanes."""
    kind = vector_of(left, 2)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        first = builder.insert_element(ir.Constant(kind.ll, ir.Undefined), args[0], ir.Constant(_I32, 0))
        return builder.insert_element(first, args[1], ir.Constant(_I32, 1))

    return kind(left, right), codegen


def _later_by(distance: int) -> Any:
    return unary(
        lambda b, v, k: b.shuffle_vector(
            ir.Constant(k.ll, [0.0] * k.count), v, mask([k.count - distance + lane for lane in range(k.count)])
        )
    )


later_by_1: Final[Any] = _later_by(1)
"""Lane n becomes lane n + 1; zero comes in."""
later_by_2: Final[Any] = _later_by(2)
later_by_4: Final[Any] = _later_by(4)
later_by_8: Final[Any] = _later_by(8)


def _interleaver(first: int) -> Any:
    def interleave(typingctx: Any, left: Any, right: Any) -> Any:
        """Left and right of half of the lanes in turn."""

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            count = left.count
            lanes = range(first * count // 2, (first + 1) * count // 2)
            turns = [lane + side * count for lane in lanes for side in (0, 1)]
            return builder.shuffle_vector(args[0], args[1], mask(turns))

        return left(left, right), codegen

    return intrinsic(interleave)


interleave_first: Final[Any] = _interleaver(0)
interleave_last: Final[Any] = _interleaver(1)
