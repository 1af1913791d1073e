"""The test signals of EBU Tech 3341 (2023), table 1, and EBU Tech 3342 (2023), table 1, by their formulas at 48 kHz.

Levels are those of a channel's peak in dBFS, as both documents define them. Cases 7 and 8 of the one and 5 and 6 of
the other are recordings of programmes and have no formula.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin, oaconvolve

RATE = 48000
SILENT = -np.inf


def tone(*parts: tuple[float, float]) -> NDArray[np.float32]:
    """A stereo sine of 1 kHz in parts of (level in dBFS, seconds)."""
    levels = np.concatenate([np.full(round(seconds * RATE), level) for level, seconds in parts])
    wave = np.sin(2 * np.pi * 1000 * np.arange(levels.size) / RATE) * 10 ** (levels / 20)
    return np.tile(wave.astype(np.float32), (2, 1))


def five_channels(seconds: float = 20.0) -> NDArray[np.float32]:
    """Case 6 of Tech 3341: a sine of 1 kHz in L, R, C, Ls, Rs, each at its own level."""
    wave = np.sin(2 * np.pi * 1000 * np.arange(round(seconds * RATE)) / RATE)
    levels = np.array([-28.0, -28.0, -24.0, -30.0, -30.0])
    return (10 ** (levels[:, None] / 20) * wave).astype(np.float32)


def short_term_burst(number: int) -> NDArray[np.float32]:
    """Case 10 of Tech 3341, one of 20 files: 3 s at -23 dBFS that begin a little later in each."""
    return tone((SILENT, 0.15 * number), (-23.0, 3.0), (SILENT, 1.0))


def momentary_burst(number: int) -> NDArray[np.float32]:
    """Case 13 of Tech 3341, one of 20 files: 400 ms at -23 dBFS that begin a little later in each."""
    return tone((SILENT, 0.02 * number), (-23.0, 0.4), (SILENT, 1.0))


def rising_short_term_burst(number: int) -> NDArray[np.float32]:
    """Case 11 of Tech 3341, one of 20 parts of 6 s that follow one another, each 1 dB louder than the one before."""
    return tone((SILENT, 0.15 * number), (-38.0 + number, 3.0), (SILENT, 3.0 - 0.15 * number))


def rising_momentary_burst(number: int) -> NDArray[np.float32]:
    """Case 14 of Tech 3341, one of 20 parts of 0.8 s that follow one another, each 1 dB louder than the one before."""
    return tone((SILENT, 0.02 * number), (-38.0 + number, 0.4), (SILENT, 0.4 - 0.02 * number))


def tapered(wave: NDArray[np.float64], rate: int = RATE) -> NDArray[np.float64]:
    """Faded in and out over 10 ms, as every true-peak signal is."""
    ramp = np.arange(rate // 100) / (rate // 100)
    shaped = wave.copy()
    shaped[: ramp.size] *= ramp
    shaped[-ramp.size :] *= ramp[::-1]
    return shaped


def steady_peaks(part_of_rate: int, phase_deg: float, amplitude: float) -> NDArray[np.float32]:
    """Cases 15 to 19 of Tech 3341: a sine at a whole part of the rate, so that every period meets the same samples."""
    wave = amplitude * np.sin(2 * np.pi * np.arange(RATE) / part_of_rate + np.radians(phase_deg))
    return np.tile(tapered(wave).astype(np.float32), (2, 1))


def hidden_burst(offset: int) -> NDArray[np.float32]:
    """Cases 20 to 23 of Tech 3341: one period of fs/4 at full scale within a sine of fs/6 at half of it.

    Made at four times the rate, continuous in phase on both sides of the period, kept below fs/2 by a filter, and then
    every fourth sample is taken, beginning with ``offset``, 0 to 3.
    """
    return np.tile(hidden_burst_at_4_fs()[offset::4].astype(np.float32), (2, 1))


def hidden_burst_at_4_fs() -> NDArray[np.float64]:
    host_period, burst_period, half = 24, 16, 24 * 2000
    host = 0.5 * np.sin(2 * np.pi * np.arange(half) / host_period)
    burst = np.sin(2 * np.pi * np.arange(burst_period) / burst_period)
    wave = tapered(np.concatenate((host, burst, host)), 4 * RATE)
    low_pass = firwin(1023, 0.49 * RATE, fs=4 * RATE, window=("kaiser", 10.0))
    return np.asarray(oaconvolve(wave, low_pass))
