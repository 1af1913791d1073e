"""The K-weighted power of a stream, hop by hop, and its loudest 400 ms and 3 s: the compiled part of the meter."""

from __future__ import annotations

from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.cascade import APART, answer, answer_at_work
from mixing.engine.console.simd import load, splat, store, widen
from mixing.engine.console.simd_shuffles import moved_on, side_by_side

TICKS_PER_HOP: Final = 10
"""The loudest moment is sought every 10 ms: sought every 100 ms, a burst of 400 ms may read 0.6 LU too little."""
MOMENTARY_TICKS: Final = 40
SHORT_TERM_TICKS: Final = 300
MOMENTARY: Final = 0
SHORT_TERM: Final = 1
_THIS_HOP: Final = 2
_FLUSH_BELOW: Final = 1e-30


@numba.njit(cache=True, nogil=True)
def measure(
    block: NDArray[np.float32],
    coefficients: NDArray[np.float64],
    begins: NDArray[np.float64],
    weights: NDArray[np.float64],
    state: NDArray[np.float64],
    energy: NDArray[np.float64],
    recent: NDArray[np.float64],
    sums: NDArray[np.float64],
    loudest: NDArray[np.float64],
    position: NDArray[np.int64],
    hop: int,
    powers: NDArray[np.float64],
) -> None:
    """Filter ``(channels, samples)`` and write the mean power of every hop that becomes whole into ``powers``.

    Stereo has a lane for each filter of each side: ``coefficients`` and ``state`` are ``(4, 4)``, and ``begins``,
    ``weights`` and ``energy`` ``(4,)``, as :func:`_weigh_stereo` takes them. Everything else is kept from call to call:
    ``state`` of the filters, else ``(channels, 4)``; ``energy`` of this hop so far, else one a channel; ``recent``, the
    energies of the last 300 ticks; ``sums``, of the last 40 of them, of the last 300, and of those of this hop;
    ``loudest``, the largest of the first two; ``position``, the samples of this hop and the ticks of all so far.
    """
    filled, ticks = position
    done, hops = 0, 0
    while done < block.shape[1]:
        tick_end = hop * (ticks % TICKS_PER_HOP + 1) // TICKS_PER_HOP
        count = min(tick_end - filled, block.shape[1] - done)
        if block.shape[0] == 2:
            _weigh_stereo(block, done, count, coefficients, begins, state, energy)
        else:
            for channel in range(block.shape[0]):
                _weigh(block[channel, done : done + count], coefficients, state[channel], energy, channel)
        done += count
        filled += count
        if filled == tick_end:
            total = 0.0
            for channel in range(weights.size):
                total += weights[channel] * energy[channel]
            _tick(total - sums[_THIS_HOP], recent, sums, loudest, ticks)
            ticks += 1
            sums[_THIS_HOP] = total
            if filled == hop:
                powers[hops] = total / hop
                hops += 1
                energy[:] = 0.0
                sums[_THIS_HOP] = 0.0
                filled = 0
            _settle(state)
    position[0], position[1] = filled, ticks


@numba.njit(cache=True, nogil=True)
def _tick(
    energy: float, recent: NDArray[np.float64], sums: NDArray[np.float64], loudest: NDArray[np.float64], ticks: int
) -> None:
    """Move both windows on by the energy of one tick."""
    at = ticks % SHORT_TERM_TICKS
    sums[MOMENTARY] += energy - recent[(at - MOMENTARY_TICKS) % SHORT_TERM_TICKS]
    sums[SHORT_TERM] += energy - recent[at]
    recent[at] = energy
    if at == SHORT_TERM_TICKS - 1:
        # Adding and taking away leaves rounding behind; every 3 s both sums are made anew.
        sums[MOMENTARY] = recent[SHORT_TERM_TICKS - MOMENTARY_TICKS :].sum()
        sums[SHORT_TERM] = recent.sum()
    if ticks + 1 >= MOMENTARY_TICKS:
        loudest[MOMENTARY] = max(loudest[MOMENTARY], sums[MOMENTARY])
    if ticks + 1 >= SHORT_TERM_TICKS:
        loudest[SHORT_TERM] = max(loudest[SHORT_TERM], sums[SHORT_TERM])


@numba.njit(cache=True, nogil=True)
def _settle(state: NDArray[np.float64]) -> None:
    """Forget a tail that nobody can hear, before it becomes denormal numbers, which are seventy times slower."""
    for channel in range(state.shape[0]):
        for i in range(state.shape[1]):
            if abs(state[channel, i]) < _FLUSH_BELOW:
                state[channel, i] = 0.0


@numba.njit(cache=True, nogil=True)
def _weigh(
    samples: NDArray[np.float32],
    coefficients: NDArray[np.float64],
    state: NDArray[np.float64],
    energy: NDArray[np.float64],
    channel: int,
) -> None:
    b0, b1, b2, a1, a2 = coefficients[0]
    c1, c2 = coefficients[1, 3], coefficients[1, 4]
    s1, s2, t1, t2 = state
    total = energy[channel]
    for i in range(samples.size):
        x = np.float64(samples[i])
        y = b0 * x + s1
        s1 = b1 * x - a1 * y + s2
        s2 = b2 * x - a2 * y
        z = y + t1
        t1 = t2 - 2.0 * y - c1 * z
        t2 = y - c2 * z
        total += z * z
    state[0], state[1], state[2], state[3] = s1, s2, t1, t2
    energy[channel] = total


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _weigh_stereo(
    block: NDArray[np.float32],
    first: int,
    frames: int,
    coefficients: NDArray[np.float64],
    begins: NDArray[np.float64],
    state: NDArray[np.float64],
    energy: NDArray[np.float64],
) -> None:
    """Both sides and both sections in one vector, as :mod:`mixing.engine.console.cascade` tells.

    ``coefficients`` and ``state`` are ``[4][4]``, flat. The shelf's b0 is left to the caller's power.
    """
    wide = splat(0.0, 4)
    b1, b2 = load(wide, coefficients, 0), load(wide, coefficients, 4)
    a1, a2 = load(wide, coefficients, 8), load(wide, coefficients, 12)
    x1, x2, y1, y2 = load(wide, state, 0), load(wide, state, 4), load(wide, state, 8), load(wide, state, 12)
    begin, power = load(wide, begins, 0), load(wide, energy, 0)
    nothing = splat(np.float32(0.0), 2)
    p1 = p2 = p3 = wide
    for step in range(APART):
        few = side_by_side(block[0, first + step], block[1, first + step]) if step < frames else nothing
        y, x1, x2, y1, y2 = answer_at_work(
            wide + step, begin, frames, moved_on(p3, widen(few)), b1, b2, a1, a2, x1, x2, y1, y2
        )
        p3, p2, p1 = p2, p1, y
    for step in range(APART, frames):
        x = moved_on(p3, widen(side_by_side(block[0, first + step], block[1, first + step])))
        y = answer(x, b1, b2, a1, a2, x1, x2, y1, y2)
        x2, x1 = x1, x
        p3 = y2
        y2, y1 = y1, y
        power = power + y * y
    if frames > APART:
        p1, p2 = y1, y2
    for step in range(max(APART, frames), frames + APART):
        y, x1, x2, y1, y2 = answer_at_work(
            wide + step, begin, frames, moved_on(p3, widen(nothing)), b1, b2, a1, a2, x1, x2, y1, y2
        )
        p3, p2, p1 = p2, p1, y
        power = power + y * y
    store(state, 0, x1)
    store(state, 4, x2)
    store(state, 8, y1)
    store(state, 12, y2)
    store(energy, 0, power)
