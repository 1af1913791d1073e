"""What feeds back, as autograd functions: compiled loops forward, and their exact adjoints backward.

Each recursion is the reference's own, in float64 whatever the tensors' type, so that nothing is truncated or sampled.
The loops run on the processor; tensors from elsewhere are brought there and back, so that what trains on a GPU has the
same samples. They can be differentiated once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from mixing.engine.console.denormals import flush_to_zero, restore
from mixing.engine.console.reverb import DIFFUSION, INPUT_SIGNS, LINES, OUTPUT_SIGNS

Array = NDArray[np.float64]

_IN_SIGNS = np.array(INPUT_SIGNS, dtype=np.float64) / np.sqrt(8.0)
_OUT_SIGNS = np.array(OUTPUT_SIGNS, dtype=np.float64)


def _array(tensor: Tensor) -> Array:
    return np.ascontiguousarray(tensor.detach().cpu().numpy(), dtype=np.float64)


def _like(array: Array, tensor: Tensor) -> Tensor:
    return torch.from_numpy(array).to(device=tensor.device, dtype=tensor.dtype)


# ---- the envelope of compressor and limiter --------------------------------------------------------------------------


@njit(cache=True, nogil=True, error_model="numpy")
def _follow(wanted: Array, attack: Array, release: Array, followed: Array) -> None:
    mode = flush_to_zero()
    for row in range(wanted.shape[0]):
        value = 0.0
        for n in range(wanted.shape[1]):
            k = attack[row] if wanted[row, n] > value else release[row]
            value = wanted[row, n] + k * (value - wanted[row, n])
            followed[row, n] = value
    restore(mode)


@njit(cache=True, nogil=True, error_model="numpy")
def _follow_back(
    wanted: Array,
    attack: Array,
    release: Array,
    followed: Array,
    upstream: Array,
    to_wanted: Array,
    to_attack: Array,
    to_release: Array,
) -> None:
    mode = flush_to_zero()
    for row in range(wanted.shape[0]):
        carried = 0.0
        for n in range(wanted.shape[1] - 1, -1, -1):
            before = followed[row, n - 1] if n else 0.0
            rising = wanted[row, n] > before
            k = attack[row] if rising else release[row]
            carried += upstream[row, n]
            to_wanted[row, n] = (1.0 - k) * carried
            if rising:
                to_attack[row] += (before - wanted[row, n]) * carried
            else:
                to_release[row] += (before - wanted[row, n]) * carried
            carried *= k
    restore(mode)


class _Envelope(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, wanted: Tensor, attack: Tensor, release: Tensor) -> Tensor:
        followed = np.empty(tuple(wanted.shape))
        _follow(_array(wanted), _array(attack), _array(release), followed)
        ctx.followed = followed
        ctx.save_for_backward(wanted, attack, release)
        return _like(followed, wanted)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        wanted, attack, release = ctx.saved_tensors
        to_wanted, to_attack, to_release = (np.zeros(tuple(tensor.shape)) for tensor in ctx.saved_tensors)
        _follow_back(
            _array(wanted),
            _array(attack),
            _array(release),
            ctx.followed,
            _array(upstream),
            to_wanted,
            to_attack,
            to_release,
        )
        return _like(to_wanted, wanted), _like(to_attack, attack), _like(to_release, release)


def envelope(wanted: Tensor, attack: Tensor, release: Tensor) -> Tensor:
    """``y = wanted + k (y' - wanted)`` from 0, k = ``attack`` where ``wanted > y'``, else ``release``.

    Parameters
    ----------
    wanted : Tensor
        Shape ``(rows, samples)``.
    attack, release : Tensor
        Shape ``(rows,)``, best in float64: a long release differs from 1 by less than float32 can hold well.

    Returns
    -------
    Tensor
        The shape and type of ``wanted``.
    """
    answer: Tensor = _Envelope.apply(wanted, attack, release)  # type: ignore[no-untyped-call]
    return answer


# ---- the ping-pong delay ---------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True, error_model="numpy")
def _bounce(mono: Array, samples: int, feedback: float, pole: float, heard: Array, low: Array) -> None:
    """``heard`` and ``low`` are ``(2, samples)``: the echoes, and the same through their low-passes."""
    mode = flush_to_zero()
    for n in range(mono.size):
        for side in range(2):
            echo = 0.0
            if n >= samples:
                echo = feedback * low[1 - side, n - samples]
                if side == 0:
                    echo += mono[n - samples]
            heard[side, n] = echo
            low[side, n] = (1.0 - pole) * echo + (pole * low[side, n - 1] if n else 0.0)
    restore(mode)


@njit(cache=True, nogil=True, error_model="numpy")
def _bounce_back(
    samples: int, feedback: float, pole: float, heard: Array, low: Array, upstream: Array, to_mono: Array
) -> tuple[float, float]:
    mode = flush_to_zero()
    frames = to_mono.size
    to_feedback, to_pole = 0.0, 0.0
    to_low = np.zeros((2, frames))
    to_heard = np.zeros((2, frames))
    for n in range(frames - 1, -1, -1):
        for side in range(2):
            carried = 0.0
            if n + 1 < frames:
                carried = pole * to_low[side, n + 1]
            if n + samples < frames:
                carried += feedback * to_heard[1 - side, n + samples]
                to_feedback += to_heard[1 - side, n + samples] * low[side, n]
            to_low[side, n] = carried
            before = low[side, n - 1] if n else 0.0
            to_pole += carried * (before - heard[side, n])
            to_heard[side, n] = upstream[side, n] + (1.0 - pole) * carried
        to_mono[n] = to_heard[0, n + samples] if n + samples < frames else 0.0
    restore(mode)
    return to_feedback, to_pole


class _PingPong(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, mono: Tensor, feedback: Tensor, pole: Tensor, samples: int) -> Tensor:
        heard, low = np.empty((2, mono.shape[0])), np.empty((2, mono.shape[0]))
        _bounce(_array(mono), samples, float(feedback), float(pole), heard, low)
        ctx.samples, ctx.heard, ctx.low = samples, heard, low
        ctx.save_for_backward(mono, feedback, pole)
        return _like(heard, mono)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        mono, feedback, pole = ctx.saved_tensors
        to_mono = np.empty(mono.shape[0])
        to_feedback, to_pole = _bounce_back(
            ctx.samples, float(feedback), float(pole), ctx.heard, ctx.low, _array(upstream), to_mono
        )
        return _like(to_mono, mono), torch.full_like(feedback, to_feedback), torch.full_like(pole, to_pole), None


def ping_pong(mono: Tensor, feedback: Tensor, pole: Tensor, samples: int) -> Tensor:
    """The echoes of :mod:`mixing.engine.console.delay`: ``(samples,)`` to ``(2, samples)``.

    ``feedback`` and ``pole`` are scalars; ``samples``, from side to side, is a number and at least 1.
    """
    answer: Tensor = _PingPong.apply(mono, feedback, pole, samples)  # type: ignore[no-untyped-call]
    return answer


# ---- the reverb ------------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True, error_model="numpy")
def _allpass(samples: Array, length: int, diffusion: float) -> Array:
    mode = flush_to_zero()
    inner, passed = np.empty_like(samples), np.empty_like(samples)
    for n in range(samples.size):
        before = inner[n - length] if n >= length else 0.0
        inner[n] = samples[n] + diffusion * before
        passed[n] = before - diffusion * inner[n]
    restore(mode)
    return passed


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _hadamard(values: Array) -> None:
    distance = 1
    while distance < LINES:
        for first in range(0, LINES, 2 * distance):
            for index in range(first, first + distance):
                a, b = values[index], values[index + distance]
                values[index], values[index + distance] = a + b, a - b
        distance *= 2
    for index in range(LINES):
        values[index] *= 0.25


@njit(cache=True, nogil=True, error_model="numpy")
def _network(
    diffuse: Array,
    lengths: NDArray[np.int64],
    gains: Array,
    poles: Array,
    signs_in: Array,
    signs_out: Array,
    read: Array,
    damped: Array,
    answer: Array,
) -> None:
    """``diffuse`` and ``answer`` ``(2, n)``; ``read`` and ``damped`` ``(n, 16)`` are s and d, kept for the adjoint."""
    mode = flush_to_zero()
    lines = np.zeros((LINES, lengths.max()))
    at = np.zeros(LINES, dtype=np.int64)
    values, memory = np.zeros(LINES), np.zeros(LINES)
    for n in range(diffuse.shape[1]):
        left, right = 0.0, 0.0
        for i in range(LINES):
            read[n, i] = lines[i, at[i]]
            memory[i] = gains[i] * read[n, i] + poles[i] * memory[i]
            damped[n, i] = values[i] = memory[i]
        for i in range(0, LINES, 2):
            left += signs_out[i] * memory[i]
            right += signs_out[i + 1] * memory[i + 1]
        answer[0, n], answer[1, n] = left, right
        _hadamard(values)
        for i in range(LINES):
            lines[i, at[i]] = values[i] + signs_in[i] * diffuse[i % 2, n]
            at[i] = at[i] + 1 if at[i] + 1 < lengths[i] else 0
    restore(mode)


@njit(cache=True, nogil=True, error_model="numpy")
def _network_back(
    lengths: NDArray[np.int64],
    gains: Array,
    poles: Array,
    signs_in: Array,
    signs_out: Array,
    read: Array,
    damped: Array,
    upstream: Array,
    to_diffuse: Array,
    to_gains: Array,
    to_poles: Array,
) -> None:
    """The transposed network, run from the end to the beginning."""
    mode = flush_to_zero()
    lines = np.zeros((LINES, lengths.max()))
    at = np.zeros(LINES, dtype=np.int64)
    values, carried = np.zeros(LINES), np.zeros(LINES)
    for n in range(upstream.shape[1] - 1, -1, -1):
        left, right = 0.0, 0.0
        for i in range(LINES):
            values[i] = lines[i, at[i]]
        for i in range(0, LINES, 2):
            left += signs_in[i] * values[i]
            right += signs_in[i + 1] * values[i + 1]
        to_diffuse[0, n], to_diffuse[1, n] = left, right
        _hadamard(values)
        for i in range(LINES):
            carried[i] = signs_out[i] * upstream[i % 2, n] + values[i] + poles[i] * carried[i]
            to_gains[i] += carried[i] * read[n, i]
            if n:
                to_poles[i] += carried[i] * damped[n - 1, i]
            lines[i, at[i]] = gains[i] * carried[i]
            at[i] = at[i] + 1 if at[i] + 1 < lengths[i] else 0
    restore(mode)


class _Reverberation(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, audio: Tensor, gains: Tensor, poles: Tensor, diffusers: Any, lengths: Any) -> Tensor:
        diffuse = _diffused(_array(audio), diffusers)
        frames = diffuse.shape[1]
        read, damped, answer = np.empty((frames, LINES)), np.empty((frames, LINES)), np.empty((2, frames))
        ctx.lengths = np.array(lengths, dtype=np.int64)
        _network(diffuse, ctx.lengths, _array(gains), _array(poles), _IN_SIGNS, _OUT_SIGNS, read, damped, answer)
        ctx.read, ctx.damped, ctx.diffusers = read, damped, diffusers
        ctx.save_for_backward(audio, gains, poles)
        return _like(answer, audio)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        audio, gains, poles = ctx.saved_tensors
        to_diffuse, to_gains, to_poles = np.empty(upstream.shape), np.zeros(LINES), np.zeros(LINES)
        _network_back(
            ctx.lengths,
            _array(gains),
            _array(poles),
            _IN_SIGNS,
            _OUT_SIGNS,
            ctx.read,
            ctx.damped,
            _array(upstream),
            to_diffuse,
            to_gains,
            to_poles,
        )
        # The adjoint of a filter is the same filter, run backwards.
        to_audio = np.ascontiguousarray(_diffused(np.ascontiguousarray(to_diffuse[:, ::-1]), ctx.diffusers)[:, ::-1])
        return _like(to_audio, audio), _like(to_gains, gains), _like(to_poles, poles), None, None


def _diffused(audio: Array, diffusers: tuple[tuple[int, ...], tuple[int, ...]]) -> Array:
    sides = []
    for side, lengths in zip(audio, diffusers, strict=True):
        for length in lengths:
            side = _allpass(side, length, DIFFUSION)
        sides.append(side)
    return np.array(sides)


def reverberation(
    audio: Tensor,
    gains: Tensor,
    poles: Tensor,
    diffusers: tuple[tuple[int, ...], tuple[int, ...]],
    lengths: tuple[int, ...],
) -> Tensor:
    """Diffusion and network of :mod:`mixing.engine.console.reverb`, without predelay and level.

    Parameters
    ----------
    audio : Tensor
        Shape ``(2, samples)``.
    gains, poles : Tensor
        b and a of the sixteen lines, ``(16,)`` each, best in float64.
    diffusers, lengths : tuple
        Those of :class:`mixing.engine.console.reverb.ReverbDesign`.

    Returns
    -------
    Tensor
        The shape and type of ``audio``.
    """
    answer: Tensor = _Reverberation.apply(audio, gains, poles, diffusers, lengths)  # type: ignore[no-untyped-call]
    return answer
