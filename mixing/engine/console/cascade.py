"""Biquads one behind the other, all of them in one vector: for two sides, where a pass for each would wait for itself.

Lane ``2 s + side`` holds section s, and works on the sample ``APART * s`` frames behind that of section 0: a recursive
filter waits four cycles or more for its own last answer, in which all sections are done at once. At both ends of a
stretch, where not every section has a sample, lanes without one keep what they remember: what comes out is that of
sections which run one after the other, to the last bit, wherever a stream is cut.

A section is ``x + b1 x' + b2 x'' - a2 y'' - a1 y'``, its b0 divided out; the product of all b0 is the caller's gain.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mixing.engine.console.simd import lane, load, product_and, splat, store, where_above
from mixing.engine.console.simd_shuffles import first_half, joined, last_half, moved_on, side_by_side

APART: Final = 3
"""Frames between two sections: what one has answered has the time of two more to come to the next."""
SECTIONS: Final = 6
LANES: Final = 16
ROWS: Final = 4
"""Of the coefficients, b1, b2, -a1, -a2, and of the memory, x', x'', y', y'': a value for each lane."""

LATER: Final = 8
"""Where the last three of six sections are in one vector with the first three, the frames by which they are behind."""

_LAST_LEFT: Final = 2 * SECTIONS - 2
_LAST_RIGHT: Final = 2 * SECTIONS - 1


def begins(lanes: int) -> NDArray[np.float64]:
    """The step at which each lane gets its first sample, as the kernels take it."""
    return np.asarray(APART * (np.arange(lanes) // 2), dtype=np.float64)


def lanes_of(sections: NDArray[np.float64], lanes: int) -> tuple[float, NDArray[np.float64]]:
    """The product of all b0, and the coefficients ``(4, lanes)`` of both sides.

    Parameters
    ----------
    sections : NDArray[np.float64]
        ``(sections, 5)``, b0, b1, b2, a1, a2 of each, at most half as many as there are lanes; the lanes behind them
        let everything pass.
    """
    coefficients = np.zeros((ROWS, lanes))
    for index, (b0, b1, b2, a1, a2) in enumerate(sections.tolist()):
        coefficients[:, 2 * index : 2 * index + 2] = np.array([b1 / b0, b2 / b0, -a1, -a2])[:, np.newaxis]
    return float(np.prod(sections[:, 0])), coefficients


@njit(nogil=True, error_model="numpy")
def answer(x: Any, b1: Any, b2: Any, a1: Any, a2: Any, x1: Any, x2: Any, y1: Any, y2: Any) -> Any:
    """y of every lane; what comes latest is added last. Which roundings are left out is said, not left open."""
    return product_and(a1, y1, product_and(a2, y2, product_and(b1, x1, b2 * x2)) + x)


@njit(nogil=True, error_model="numpy")
def _where_at_work(step: Any, begin: Any, frames: Any, now: Any, before: Any) -> Any:
    started = where_above(begin, step, before, now)
    return where_above(begin + frames, step, started, before)


@njit(nogil=True, error_model="numpy")
def answer_at_work(
    step: Any, begin: Any, frames: Any, x: Any, b1: Any, b2: Any, a1: Any, a2: Any, x1: Any, x2: Any, y1: Any, y2: Any
) -> Any:
    """y of every lane, and the memory behind it, as it was where a lane has no sample at this step."""
    y = answer(x, b1, b2, a1, a2, x1, x2, y1, y2)
    x2 = _where_at_work(step, begin, frames, x1, x2)
    x1 = _where_at_work(step, begin, frames, x, x1)
    y2 = _where_at_work(step, begin, frames, y1, y2)
    y1 = _where_at_work(step, begin, frames, y, y1)
    return y, x1, x2, y1, y2


@njit(cache=True, nogil=True, error_model="numpy")
def filter_two_sides(
    sound: NDArray[np.float32],
    frames: int,
    gain: float,
    coefficients: NDArray[np.float64],
    begins: NDArray[np.float64],
    memory: NDArray[np.float64],
) -> None:
    """Six sections on both rows of ``sound`` ``(2, frames)`` or longer, in place.

    ``coefficients`` and ``memory`` are ``[4][16]``, the lanes behind the twelfth unused; ``begins`` is that of sixteen.
    """
    wide = splat(0.0, LANES)
    b1, b2 = load(wide, coefficients, 0), load(wide, coefficients, LANES)
    a1, a2 = load(wide, coefficients, 2 * LANES), load(wide, coefficients, 3 * LANES)
    x1, x2 = load(wide, memory, 0), load(wide, memory, LANES)
    y1, y2 = load(wide, memory, 2 * LANES), load(wide, memory, 3 * LANES)
    begin, nothing = load(wide, begins, 0), splat(0.0, 2)
    late = APART * (SECTIONS - 1)
    p1 = p2 = p3 = wide
    for step in range(late):
        few = side_by_side(gain * sound[0, step], gain * sound[1, step]) if step < frames else nothing
        y, x1, x2, y1, y2 = answer_at_work(
            wide + step, begin, frames, moved_on(p3, few), b1, b2, a1, a2, x1, x2, y1, y2
        )
        p3, p2, p1 = p2, p1, y
    for step in range(late, frames):
        x = moved_on(p3, side_by_side(gain * sound[0, step], gain * sound[1, step]))
        y = answer(x, b1, b2, a1, a2, x1, x2, y1, y2)
        x2, x1 = x1, x
        p3 = y2
        y2, y1 = y1, y
        sound[0, step - late] = lane(y, _LAST_LEFT)
        sound[1, step - late] = lane(y, _LAST_RIGHT)
    if frames > late:
        p1, p2 = y1, y2
    for step in range(max(late, frames), frames + late):
        y, x1, x2, y1, y2 = answer_at_work(
            wide + step, begin, frames, moved_on(p3, nothing), b1, b2, a1, a2, x1, x2, y1, y2
        )
        p3, p2, p1 = p2, p1, y
        sound[0, step - late] = lane(y, _LAST_LEFT)
        sound[1, step - late] = lane(y, _LAST_RIGHT)
    store(memory, 0, x1)
    store(memory, LANES, x2)
    store(memory, 2 * LANES, y1)
    store(memory, 3 * LANES, y2)


@njit(cache=True, nogil=True, error_model="numpy")
def filter_in_halves(
    sound: NDArray[np.float32],
    frames: int,
    gain: float,
    coefficients: NDArray[np.float64],
    memory: NDArray[np.float64],
) -> None:
    """The same samples, in four lanes: where a register holds four of them, sixteen would not stay in the registers.

    Three sections run one after the other, and in the last two lanes those behind them, LATER frames behind.
    """
    between = np.zeros(4 * LATER)
    wide, nothing = splat(0.0, 4), splat(0.0, 2)
    b1, b2, a1, a2 = _rows(wide, coefficients, 0)
    d1, d2, c1, c2 = _rows(wide, coefficients, 2)
    f1, f2, e1, e2 = _rows(wide, coefficients, 4)
    x1, x2, y1, y2 = _rows(wide, memory, 0)
    _, _, z1, z2 = _rows(wide, memory, 2)
    _, _, w1, w2 = _rows(wide, memory, 4)
    begin = joined(nothing, nothing + LATER)
    for step in range(frames + LATER):
        few = side_by_side(gain * sound[0, step], gain * sound[1, step]) if step < frames else nothing
        x = joined(few, load(nothing, between, 2 * ((step + LATER) % (2 * LATER))))
        y = answer(x, b1, b2, a1, a2, x1, x2, y1, y2)
        z = answer(y, d1, d2, c1, c2, y1, y2, z1, z2)
        w = answer(z, f1, f2, e1, e2, z1, z2, w1, w2)
        if LATER <= step < frames:
            x2, y2, z2, w2 = x1, y1, z1, w1
            x1, y1, z1, w1 = x, y, z, w
        else:
            now = wide + step
            x2, x1 = _where_at_work(now, begin, frames, x1, x2), _where_at_work(now, begin, frames, x, x1)
            y2, y1 = _where_at_work(now, begin, frames, y1, y2), _where_at_work(now, begin, frames, y, y1)
            z2, z1 = _where_at_work(now, begin, frames, z1, z2), _where_at_work(now, begin, frames, z, z1)
            w2, w1 = _where_at_work(now, begin, frames, w1, w2), _where_at_work(now, begin, frames, w, w1)
        store(between, 2 * (step % (2 * LATER)), first_half(w))
        if step >= LATER:
            sound[0, step - LATER] = lane(w, 2)
            sound[1, step - LATER] = lane(w, 3)
    _keep(memory, 0, x1, x2, y1, y2)
    _keep(memory, 2, y1, y2, z1, z2)
    _keep(memory, 4, z1, z2, w1, w2)


@njit(nogil=True, error_model="numpy")
def _rows(like: Any, values: NDArray[np.float64], first: int) -> Any:
    """The four values of a section and, in the last two lanes, those of the one three sections behind it."""
    two = first_half(like)
    last = first + LANES // 2 - 2
    return (
        joined(load(two, values, first), load(two, values, last)),
        joined(load(two, values, LANES + first), load(two, values, LANES + last)),
        joined(load(two, values, 2 * LANES + first), load(two, values, 2 * LANES + last)),
        joined(load(two, values, 3 * LANES + first), load(two, values, 3 * LANES + last)),
    )


@njit(nogil=True, error_model="numpy")
def _keep(memory: NDArray[np.float64], first: int, x1: Any, x2: Any, y1: Any, y2: Any) -> None:
    last = first + LANES // 2 - 2
    for row, value in enumerate((x1, x2, y1, y2)):
        store(memory, row * LANES + first, first_half(value))
        store(memory, row * LANES + last, last_half(value))
