"""Loudness after ITU-R BS.1770-4, EBU Tech 3341 and EBU Tech 3342, measured while the sound streams past."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixing.engine.audio.loudness_kernels import MOMENTARY, SHORT_TERM, SHORT_TERM_TICKS, measure
from mixing.engine.audio.loudness_range import RING_OUT_S, range_lu
from mixing.engine.console import cascade

OFFSET_DB: Final = -0.691
"""BS.1770-4, equation 2: makes a 997 Hz sine at 0 dBFS in one channel read -3.01 LUFS."""
ABSOLUTE_GATE_LUFS: Final = -70.0
RELATIVE_GATE_LU: Final = -10.0
HOPS_PER_SECOND: Final = 10
MOMENTARY_HOPS: Final = 4
SHORT_TERM_HOPS: Final = 30
CHANNEL_WEIGHTS: Final = {1: (1.0,), 2: (1.0, 1.0), 5: (1.0, 1.0, 1.0, 1.41, 1.41)}
"""BS.1770-4, table 3, by the number of channels: mono, left and right, or L, R, C, Ls, Rs in this order."""


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
    """Momentary, short-term and integrated loudness and loudness range of a stream.

    The filters run in float64, sample by sample, and powers are collected in hops of 100 ms and ticks of 10 ms that
    are counted from the first sample: any division of the same sound into blocks gives exactly the same numbers.
    Memory grows by eight bytes a hop.

    Parameters
    ----------
    sample_rate : int
        In Hz, from 8000.
    channels : int
        1, 2, or 5 for L, R, C, Ls, Rs; a mono sound counts once, as BS.1770-4 says.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        if channels not in CHANNEL_WEIGHTS:
            raise ValueError(f"Loudness is measured on 1, 2 or 5 channels, not {channels}.")
        if sample_rate < 8000:
            raise ValueError(f"Loudness is measured from 8000 Hz, not at {sample_rate} Hz.")
        self.sample_rate = sample_rate
        self.channels = channels
        self._hop = round(sample_rate / HOPS_PER_SECOND)
        self._coefficients = np.array(k_weighting(sample_rate), dtype=np.float64)
        self._begins = cascade.begins(4)
        self._weights = np.array(CHANNEL_WEIGHTS[channels])
        if channels == 2:
            gain, self._coefficients = cascade.lanes_of(self._coefficients, 4)
            self._weights = gain * gain * np.array([0.0, 0.0, *CHANNEL_WEIGHTS[channels]])
        self._state = np.zeros((self._weights.size, 4))
        self._energy = np.zeros(self._weights.size)
        self._recent = np.zeros(SHORT_TERM_TICKS)
        self._sums = np.zeros(3)
        self._loudest = np.zeros(2)
        self._position = np.zeros(2, dtype=np.int64)
        self._hops: list[NDArray[np.float64]] = []

    def push(self, block: NDArray[np.float32]) -> None:
        """Take the next samples, float32 of shape ``(channels, samples)``, any number of them."""
        if block.ndim != 2 or block.shape[0] != self.channels:
            raise ValueError(f"A block has the shape ({self.channels}, samples), not {block.shape}.")
        powers = np.empty((self._filled + block.shape[1]) // self._hop)
        measure(
            np.ascontiguousarray(block, dtype=np.float32),
            self._coefficients,
            self._begins,
            self._weights,
            self._state,
            self._energy,
            self._recent,
            self._sums,
            self._loudest,
            self._position,
            self._hop,
            powers,
        )
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
        """The loudest 400 ms, sought every 10 ms; None for silence and for a sound shorter than that."""
        return _loudest(self._loudest[MOMENTARY], MOMENTARY_HOPS * self._hop)

    def short_term_max_lufs(self) -> float | None:
        """The loudest 3 s, sought every 10 ms; None for silence and for a sound shorter than that."""
        return _loudest(self._loudest[SHORT_TERM], SHORT_TERM_HOPS * self._hop)

    def momentary_lufs(self) -> NDArray[np.float64]:
        """Loudness of every whole 400 ms window, one value each 100 ms, the first for 0 to 0.4 s; -inf for silence."""
        return _lufs(self._windows(MOMENTARY_HOPS))

    def short_term_lufs(self) -> NDArray[np.float64]:
        """Loudness of every whole 3 s window, one value each 100 ms, the first for 0 to 3 s; -inf for silence."""
        return _lufs(self._windows(SHORT_TERM_HOPS))

    def loudness_range_lu(self) -> float | None:
        """Loudness range after EBU Tech 3342; None for a sound shorter than 3 s or below the absolute gate throughout.

        It describes a whole song; of less than a minute it says little.
        """
        hops = self._powers()
        if hops.size < SHORT_TERM_HOPS:
            return None
        rest = float(self._weights @ self._energy) / self._hop
        silence = np.zeros(round(RING_OUT_S * HOPS_PER_SECOND))
        return range_lu(_lufs(_windows_of(np.concatenate((hops, [rest], silence)), SHORT_TERM_HOPS)))

    @property
    def _filled(self) -> int:
        """Samples of a hop that is not whole yet."""
        return int(self._position[0])

    def _powers(self) -> NDArray[np.float64]:
        return np.concatenate(self._hops) if self._hops else np.empty(0)

    def _windows(self, hops: int) -> NDArray[np.float64]:
        return _windows_of(self._powers(), hops)

    def _short_block(self) -> NDArray[np.float64]:
        frames = self._filled + self._hop * sum(powers.size for powers in self._hops)
        if not frames:
            return np.empty(0)
        energy = float(self._weights @ self._energy) + self._hop * sum(float(powers.sum()) for powers in self._hops)
        return np.array([energy / frames])


def _windows_of(powers: NDArray[np.float64], hops: int) -> NDArray[np.float64]:
    """Mean power of every whole window of ``hops`` hops, each summed by itself so that no rounding drifts."""
    if powers.size < hops:
        return np.empty(0)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(powers, hops).mean(axis=1))


def _power(lufs: float) -> float:
    return float(10.0 ** ((lufs - OFFSET_DB) / 10.0))


def _lufs(power: NDArray[np.float64] | np.floating) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.asarray(OFFSET_DB + 10.0 * np.log10(power))


def _loudest(energy: float, frames: int) -> float | None:
    return float(_lufs(np.float64(energy / frames))) if energy > 0.0 else None
