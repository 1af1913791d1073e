"""The compiled loops on what a stem's file holds: whether it sounds, and its samples on their lanes.

Only what renders imports this module. There are no bounds checks.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mixing.engine.console.simd import any_bit, either_bits, load, splat, store_every
from mixing.engine.console.simd_bytes import unpack_16, unpack_24, unpack_float

LANES: Final = 16
HALF_PACK: Final = 8
"""Where so few lanes sound, the other half of a pack is not computed."""

FORMAT_16: Final = 2
FORMAT_24: Final = 3
FORMAT_FLOAT: Final = 4

SILENT: Final = 0
SOUNDING: Final = 1
NOT_FINITE: Final = 2

_FLOAT_STEP_16: Final = 1.0 / (1 << 15)
_FLOAT_STEP_32: Final = 1.0 / (1 << 31)
_INFINITE_BITS: Final = 0x7F800000
_LOOK_WORDS: Final = 2_048
"""Of silence, so many are looked at before it is asked whether there was anything."""


@njit(cache=True, nogil=True, error_model="numpy")
def look_through(
    stored: NDArray[np.uint32],
    first: int,
    frames: int,
    kinds: NDArray[np.int64],
    channels: NDArray[np.int64],
    answers: NDArray[np.int64],
) -> None:
    """SILENT, SOUNDING or NOT_FINITE for each row of ``stored``, of its ``frames`` from ``first`` on.

    ``stored`` is the bytes as numbers of 32 bits; a block begins and, with the zeros behind it, ends on such a number.
    """
    for stem in range(answers.size):
        frame_bytes = kinds[stem] * channels[stem]
        begin, end = first * frame_bytes // 4, ((first + frames) * frame_bytes + 3) // 4
        if kinds[stem] == FORMAT_FLOAT:
            answers[stem] = _look_through_floats(stored[stem], begin, end)
        else:
            answers[stem] = _look_through_integers(stored[stem], begin, end)


@njit(cache=True, nogil=True, error_model="numpy")
def look_through_row(
    row: NDArray[np.uint32],
    frames: int,
    block_frames: int,
    kind: int,
    channels: int,
    stem: int,
    answers: NDArray[np.int64],
) -> None:
    """The same for every block of one row that has just been read; the answers go to ``answers[block, stem]``."""
    frame_bytes = kind * channels
    for block in range((frames + block_frames - 1) // block_frames):
        first = block * block_frames
        count = min(block_frames, frames - first)
        begin, end = first * frame_bytes // 4, ((first + count) * frame_bytes + 3) // 4
        if kind == FORMAT_FLOAT:
            answers[block, stem] = _look_through_floats(row, begin, end)
        else:
            answers[block, stem] = _look_through_integers(row, begin, end)


@njit(nogil=True, error_model="numpy")
def _look_through_integers(words: NDArray[np.uint32], begin: int, end: int) -> int:
    nothing = splat(np.float32(0.0), LANES)
    index = begin
    while index + _LOOK_WORDS <= end:
        found = nothing
        for place in range(index, index + _LOOK_WORDS, 2 * LANES):
            found = either_bits(found, either_bits(load(nothing, words, place), load(nothing, words, place + LANES)))
        if any_bit(found):
            return SOUNDING
        index += _LOOK_WORDS
    rest = np.uint32(0)
    for place in range(index, end):
        rest |= words[place]
    return SOUNDING if rest else SILENT


@njit(nogil=True, error_model="numpy")
def _look_through_floats(words: NDArray[np.uint32], begin: int, end: int) -> int:
    most = np.uint32(0)
    for index in range(begin, end):
        most = max(most, words[index] & np.uint32(0x7FFFFFFF))
    if most >= np.uint32(_INFINITE_BITS):
        return NOT_FINITE
    return SOUNDING if most else SILENT


@njit(cache=True, nogil=True, error_model="numpy")
def unpack(
    stored: NDArray[np.uint8],
    offset: int,
    kind: int,
    channels: int,
    gain: np.float32,
    pack: NDArray[np.float32],
    lane: int,
    frames: int,
) -> None:
    """Spread a stem's bytes over its lanes of a pack, in whole steps of sixteen samples; the buffers are padded."""
    stride = LANES
    steps = (frames * channels + 15) // 16
    for step in range(steps):
        if kind == FORMAT_24:
            v = unpack_24(stored, offset + 48 * step) * (gain * np.float32(_FLOAT_STEP_32))
        elif kind == FORMAT_16:
            v = unpack_16(stored, offset + 32 * step) * (gain * np.float32(_FLOAT_STEP_16))
        else:
            v = unpack_float(stored, offset + 64 * step) * gain
        if channels == 2:
            store_every(pack, step * 8 * stride + lane, stride, 2, v)
        else:
            store_every(pack, step * 16 * stride + lane, stride, 1, v)
