"""The two effect buses at work: reverb and delay with their lines, as the compiled loops take them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console import bus_kernels as kernels
from mixing.engine.console import delay as delays
from mixing.engine.console import reverb as reverbs
from mixing.engine.console.gain import linear
from mixing.engine.console.lanes import BLOCK_FRAMES
from mixing.engine.console.parameters import Delay, Reverb

_SILENT_BELOW: Final = 1e-9
"""A tail below -180 dBFS has ended: it is far below the last bit of any file."""
_STEP: Final = kernels.STEP


def _low_pass(gain: float, pole: float) -> NDArray[np.float64]:
    table = np.zeros(kernels.LINE_VALUES)
    table[:5] = gain, pole, pole**2, pole**4, pole**8
    table[_STEP:] = pole ** np.arange(1, _STEP + 1)
    return table


class _Ending:
    """Whether an effect has rung out: silence went in and came out for as long as anything can wait in its lines."""

    def __init__(self, longest_frames: int) -> None:
        self._longest_frames = longest_frames
        self._silent_frames = longest_frames

    def over(self, fed: bool) -> bool:
        return not fed and self._silent_frames >= self._longest_frames

    def note(self, *, fed: bool, loudest: float, frames: int) -> bool:
        """Take note of a block; answers whether the effect has just ended."""
        self._silent_frames = 0 if fed or loudest > _SILENT_BELOW else self._silent_frames + frames
        return self._silent_frames >= self._longest_frames


class ReverbReturn:
    """The reverb from its send to its return; see :mod:`mixing.engine.console.reverb`."""

    def __init__(self, reverb: Reverb, sample_rate: int) -> None:
        design = reverbs.design(reverb, sample_rate)
        self._predelay = design.predelay
        self._at = np.zeros(3, dtype=np.int64)
        self._waiting = _rings(2, design.predelay)
        self._diffuser_lengths = np.array(design.diffusers, dtype=np.int64).reshape(-1)
        self._diffusers = _rings(self._diffuser_lengths.size, int(self._diffuser_lengths.max()))
        self._lengths = np.array(design.lines, dtype=np.int64)
        self._lines = _rings(reverbs.LINES, int(self._lengths.max()))
        rows = [_low_pass(gain, pole) for gain, pole in zip(design.gains, design.poles, strict=True)]
        self._table = np.concatenate(rows).astype(np.float32)
        self._kept = np.zeros(reverbs.LINES * _STEP, dtype=np.float32)
        self._signs_in = (np.array(reverbs.INPUT_SIGNS) / np.sqrt(8.0)).astype(np.float32)
        level = design.level * linear(reverb.return_db)
        self._signs_out = (level * np.array(reverbs.OUTPUT_SIGNS)).astype(np.float32)
        self._ending = _Ending(design.predelay + 2 * int(self._diffuser_lengths.sum()) + 2 * int(self._lengths.max()))

    def play(self, bus: NDArray[np.float32], frames: int, returned: NDArray[np.float32], *, fed: bool) -> bool:
        """Add the reverb of a block to ``returned``; answers whether anything may have sounded."""
        if self._ending.over(fed):
            return False
        loudest = kernels.reverberate(
            bus,
            frames,
            self._at,
            self._predelay,
            self._waiting,
            self._diffusers,
            self._diffuser_lengths,
            np.float32(reverbs.DIFFUSION),
            self._lines,
            self._lengths,
            self._table,
            self._kept,
            self._signs_in,
            self._signs_out,
            returned,
        )
        if self._ending.note(fed=fed, loudest=loudest, frames=frames):
            for memory in (self._waiting, self._diffusers, self._lines, self._kept):
                memory[...] = 0.0
        return True


def _rings(count: int, longest: int) -> NDArray[np.float32]:
    """Rings for delays up to ``longest`` samples, as the kernels take them."""
    return np.zeros((count, -(-longest // _STEP) * _STEP + 2 * _STEP), dtype=np.float32)


class DelayReturn:
    """The delay from its send to its return; see :mod:`mixing.engine.console.delay`."""

    def __init__(self, delay: Delay, sample_rate: int) -> None:
        design = delays.design(delay, sample_rate)
        self._samples = design.samples
        self._room = max(design.samples, BLOCK_FRAMES)
        self._lines = np.zeros((2, design.samples + self._room + BLOCK_FRAMES + _STEP), dtype=np.float32)
        self._position = 0
        self._feedback = np.float32(design.feedback)
        self._table = _low_pass(1.0 - design.pole, design.pole).astype(np.float32)
        self._kept = np.zeros(2 * _STEP, dtype=np.float32)
        self._mono = np.zeros(BLOCK_FRAMES + _STEP, dtype=np.float32)
        self._level = np.float32(linear(delay.return_db))
        self._ending = _Ending(2 * design.samples + sample_rate // 10)

    def play(self, bus: NDArray[np.float32], frames: int, returned: NDArray[np.float32], *, fed: bool) -> bool:
        """Add the echoes of a block to ``returned``; answers whether anything may have sounded."""
        if self._ending.over(fed):
            return False
        if self._position > self._room:
            waiting = self._lines[:, self._position : self._position + self._samples].copy()
            self._lines[:, : self._samples] = waiting
            self._position = 0
        loudest = kernels.echo(
            bus,
            frames,
            self._samples,
            self._position,
            self._lines.reshape(-1),
            self._lines.shape[1],
            self._feedback,
            self._table,
            self._kept,
            self._mono,
            self._level,
            returned,
        )
        self._position += frames
        if self._ending.note(fed=fed, loudest=loudest, frames=frames):
            self._lines[...] = 0.0
            self._kept[...] = 0.0
        return True
