"""Loudness after ITU-R BS.1770-4 and EBU Tech 3341, measured while the sound streams past."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

OFFSET_DB: Final = -0.691
"""BS.1770-4, equation 2: makes a 997 Hz sine at 0 dBFS in one channel read -3.01 LUFS."""
ABSOLUTE_GATE_LUFS: Final = -70.0
RELATIVE_GATE_LU: Final = -10.0
HOPS_PER_SECOND: Final = 10
MOMENTARY_HOPS: Final = 4
SHORT_TERM_HOPS: Final = 30
_FLUSH_BELOW: Final = 1e-30
_SETTLE_EVERY: Final = 256


class Biquad(NamedTuple):
    """Coefficients of a second-order section, a0 divided out."""

    b0: float
    b1: float
    b2: float
    a1: float
    a2: float

    def power_response(self, freqs_hz: NDArray[np.float64], sample_rate: int) -> NDArray[np.float64]:
        """Squared magnitude at ``freqs_hz``."""
        z = np.exp(-2j * np.pi * freqs_hz / sample_rate)
        response = (self.b0 + z * (self.b1 + z * self.b2)) / (1.0 + z * (self.a1 + z * self.a2))
        return np.asarray(np.abs(response) ** 2, dtype=np.float64)


def k_weighting(sample_rate: int) -> tuple[Biquad, Biquad]:
    """The head shelf and the low cut of BS.1770-4 for any rate from 8 kHz.

    The standard lists coefficients for 48 kHz only. These are the analogue prototypes behind them (Brecht De Man,
    "Evaluation of implementations of the EBU R128 loudness measurement", AES 145, 2018), which reproduce the listed
    numbers at 48 kHz to all printed digits.
    """
    shelf_q, shelf_gain = 0.7071752369554193, 10.0 ** (3.99984385397 / 20.0)
    k = math.tan(math.pi * 1681.9744509555319 / sample_rate)
    middle = shelf_gain**0.499666774155
    norm = 1.0 + k / shelf_q + k * k
    shelf = Biquad(
        b0=(shelf_gain + middle * k / shelf_q + k * k) / norm,
        b1=2.0 * (k * k - shelf_gain) / norm,
        b2=(shelf_gain - middle * k / shelf_q + k * k) / norm,
        a1=2.0 * (k * k - 1.0) / norm,
        a2=(1.0 - k / shelf_q + k * k) / norm,
    )
    cut_q = 0.5003270373253953
    k = math.tan(math.pi * 38.13547087613982 / sample_rate)
    norm = 1.0 + k / cut_q + k * k
    low_cut = Biquad(b0=1.0, b1=-2.0, b2=1.0, a1=2.0 * (k * k - 1.0) / norm, a2=(1.0 - k / cut_q + k * k) / norm)
    return shelf, low_cut


class LoudnessMeter:
    """Momentary, short-term and integrated loudness of a stream.

    The filters run in float64, sample by sample, and powers are collected in hops of 100 ms that are counted from the
    first sample: any division of the same sound into blocks gives exactly the same numbers.

    Parameters
    ----------
    sample_rate : int
        In Hz, from 8000.
    channels : int
        1 or 2; a mono sound counts once, as BS.1770-4 says.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        if channels not in (1, 2):
            raise ValueError(f"Loudness is measured on 1 or 2 channels, not {channels}.")
        if sample_rate < 8000:
            raise ValueError(f"Loudness is measured from 8000 Hz, not at {sample_rate} Hz.")
        self.sample_rate = sample_rate
        self.channels = channels
        self._hop = round(sample_rate / HOPS_PER_SECOND)
        self._coefficients = np.array(k_weighting(sample_rate), dtype=np.float64)
        self._state = np.zeros((channels, 4))
        self._energy = np.zeros(1)
        self._filled = 0
        self._hops: list[NDArray[np.float64]] = []

    def push(self, block: NDArray[np.float32]) -> None:
        """Take the next samples, float32 of shape ``(channels, samples)``, any number of them."""
        if block.ndim != 2 or block.shape[0] != self.channels:
            raise ValueError(f"A block has the shape ({self.channels}, samples), not {block.shape}.")
        powers = np.empty((self._filled + block.shape[1]) // self._hop)
        samples = np.ascontiguousarray(block, dtype=np.float32)
        weigh = _weigh_stereo if self.channels == 2 else _weigh_mono
        self._filled = weigh(samples, self._coefficients, self._state, self._energy, self._filled, self._hop, powers)
        if powers.size:
            self._hops.append(powers)

    def integrated_lufs(self) -> float | None:
        """Gated loudness of all that was pushed; None where nothing passes the absolute gate of -70 LUFS.

        A sound shorter than one gating block of 400 ms is measured as one block of its own length.
        """
        blocks = self._windows(MOMENTARY_HOPS)
        if not blocks.size:
            blocks = self._short_block()
        loud = blocks[blocks > _power(ABSOLUTE_GATE_LUFS)]
        if not loud.size:
            return None
        relative = float(np.mean(loud)) * 10.0 ** (RELATIVE_GATE_LU / 10.0)
        return float(_lufs(np.mean(loud[loud > relative])))

    def momentary_max_lufs(self) -> float | None:
        """The loudest 400 ms; None for silence and for a sound shorter than that."""
        return _loudest(self._windows(MOMENTARY_HOPS))

    def short_term_max_lufs(self) -> float | None:
        """The loudest 3 s; None for silence and for a sound shorter than that."""
        return _loudest(self._windows(SHORT_TERM_HOPS))

    def short_term_lufs(self) -> NDArray[np.float64]:
        """Loudness of every whole 3 s window, one value each 100 ms, the first for 0 to 3 s; -inf for silence."""
        return _lufs(self._windows(SHORT_TERM_HOPS))

    def _windows(self, hops: int) -> NDArray[np.float64]:
        """Mean power of every whole window of ``hops`` hops, each summed by itself so that no rounding drifts."""
        powers = np.concatenate(self._hops) if self._hops else np.empty(0)
        if powers.size < hops:
            return np.empty(0)
        return np.asarray(np.lib.stride_tricks.sliding_window_view(powers, hops).mean(axis=1))

    def _short_block(self) -> NDArray[np.float64]:
        frames = self._filled + self._hop * sum(powers.size for powers in self._hops)
        if not frames:
            return np.empty(0)
        energy = self._energy[0] + self._hop * sum(float(powers.sum()) for powers in self._hops)
        return np.array([energy / frames])


def _power(lufs: float) -> float:
    return float(10.0 ** ((lufs - OFFSET_DB) / 10.0))


def _lufs(power: NDArray[np.float64] | np.floating) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.asarray(OFFSET_DB + 10.0 * np.log10(power))


def _loudest(powers: NDArray[np.float64]) -> float | None:
    return float(_lufs(powers.max())) if powers.size and powers.max() > 0.0 else None


@numba.njit(cache=True, nogil=True)
def _settle(state: NDArray[np.float64]) -> None:
    """Forget a tail that nobody can hear, before it becomes denormal numbers, which are seventy times slower."""
    for channel in range(state.shape[0]):
        for i in range(state.shape[1]):
            if abs(state[channel, i]) < _FLUSH_BELOW:
                state[channel, i] = 0.0


@numba.njit(cache=True, nogil=True)
def _weigh_mono(
    block: NDArray[np.float32],
    coefficients: NDArray[np.float64],
    state: NDArray[np.float64],
    energy: NDArray[np.float64],
    filled: int,
    hop: int,
    powers: NDArray[np.float64],
) -> int:
    b0, b1, b2, a1, a2 = coefficients[0]
    c1, c2 = coefficients[1, 3], coefficients[1, 4]
    done, hops = 0, 0
    while done < block.shape[1]:
        count = min(hop - filled, _SETTLE_EVERY - filled % _SETTLE_EVERY, block.shape[1] - done)
        s1, s2, t1, t2 = state[0]
        total = energy[0]
        for i in range(done, done + count):
            x = np.float64(block[0, i])
            y = b0 * x + s1
            s1 = b1 * x - a1 * y + s2
            s2 = b2 * x - a2 * y
            z = y + t1
            t1 = t2 - 2.0 * y - c1 * z
            t2 = y - c2 * z
            total += z * z
        state[0, 0], state[0, 1], state[0, 2], state[0, 3] = s1, s2, t1, t2
        energy[0] = total
        done += count
        filled += count
        if filled == hop:
            powers[hops] = energy[0] / hop
            energy[0] = 0.0
            hops += 1
            filled = 0
        if filled % _SETTLE_EVERY == 0:
            _settle(state)
    return filled


@numba.njit(cache=True, nogil=True)
def _weigh_stereo(
    block: NDArray[np.float32],
    coefficients: NDArray[np.float64],
    state: NDArray[np.float64],
    energy: NDArray[np.float64],
    filled: int,
    hop: int,
    powers: NDArray[np.float64],
) -> int:
    """Both channels in one loop: a recursive filter waits for itself, so the second channel costs almost nothing."""
    b0, b1, b2, a1, a2 = coefficients[0]
    c1, c2 = coefficients[1, 3], coefficients[1, 4]
    done, hops = 0, 0
    while done < block.shape[1]:
        count = min(hop - filled, _SETTLE_EVERY - filled % _SETTLE_EVERY, block.shape[1] - done)
        s1, s2, t1, t2 = state[0]
        u1, u2, v1, v2 = state[1]
        total = energy[0]
        for i in range(done, done + count):
            x = np.float64(block[0, i])
            y = b0 * x + s1
            s1 = b1 * x - a1 * y + s2
            s2 = b2 * x - a2 * y
            z = y + t1
            t1 = t2 - 2.0 * y - c1 * z
            t2 = y - c2 * z
            right = np.float64(block[1, i])
            shelved = b0 * right + u1
            u1 = b1 * right - a1 * shelved + u2
            u2 = b2 * right - a2 * shelved
            cut = shelved + v1
            v1 = v2 - 2.0 * shelved - c1 * cut
            v2 = shelved - c2 * cut
            total += z * z + cut * cut
        state[0, 0], state[0, 1], state[0, 2], state[0, 3] = s1, s2, t1, t2
        state[1, 0], state[1, 1], state[1, 2], state[1, 3] = u1, u2, v1, v2
        energy[0] = total
        done += count
        filled += count
        if filled == hop:
            powers[hops] = energy[0] / hop
            energy[0] = 0.0
            hops += 1
            filled = 0
        if filled % _SETTLE_EVERY == 0:
            _settle(state)
    return filled
