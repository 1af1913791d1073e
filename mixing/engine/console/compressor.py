"""The compressor: its static curve, its time constants, and a readable one that the fast kernels are tested against.

Feed-forward, one gain for all channels of the strip, group or master. For every sample, in this order, in float64:

1. level: ``peak = max(abs(x[channel]))`` over the channels, ``level_db = 20 log10(peak)``; no sound is -inf, and since
   the curve does nothing below ``threshold_db - knee_db / 2`` (-72 dBFS at the least), any floor below that will do;
2. curve: with ``slope = 1 - 1 / ratio``, ``over = level_db - threshold_db`` and the knee's width ``W``, the wanted
   reduction in dB is

   - 0                               where ``over <= -W / 2``,
   - slope (over + W / 2)^2 / (2 W)  where ``-W / 2 < over < W / 2``,
   - slope over                      where ``over >= W / 2``;

3. envelope: ``k = exp(-1000 / (attack_ms sample_rate))`` where ``wanted > reduction``, else the same of ``release_ms``;
   ``reduction = wanted + k (reduction - wanted)``, from 0 before the first sample;
4. gain: ``y[channel] = x[channel] 10^((makeup_db - reduction) / 20)``, with the reduction of this very sample.

There is no look-ahead and no automatic makeup; switched off, nothing is touched, makeup included. The knee after
Giannoulis, Massberg and Reiss, "Digital Dynamic Range Compressor Design", J. Audio Eng. Soc. 60 (2012), equation 4.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mixing.engine.console.parameters import Compressor


def reduction_db(level_db: ArrayLike, compressor: Compressor) -> NDArray[np.float64]:
    """The reduction, in dB and never negative, that a steady level settles at.

    Parameters
    ----------
    level_db : ArrayLike
        Levels in dBFS; -inf is silence.
    compressor : Compressor
        ``on`` is not looked at: a curve can be drawn before it is switched on.
    """
    over = np.asarray(level_db, dtype=np.float64) - compressor.threshold_db
    half = compressor.knee_db / 2.0
    into_knee = np.clip(over + half, 0.0, compressor.knee_db)
    bent = into_knee * into_knee / (2.0 * compressor.knee_db) if compressor.knee_db > 0.0 else 0.0 * into_knee
    return np.asarray((1.0 - 1.0 / compressor.ratio) * (bent + np.maximum(over - half, 0.0)))


def static_curve_db(level_db: ArrayLike, compressor: Compressor) -> NDArray[np.float64]:
    """The level in dBFS that a steady ``level_db`` comes out at, makeup included; ``on`` is not looked at."""
    return np.asarray(level_db, dtype=np.float64) - reduction_db(level_db, compressor) + compressor.makeup_db


def memory(time_ms: float, sample_rate: int) -> float:
    """What a one-pole of this time constant keeps from sample to sample: exp(-1 / (τ · sample_rate))."""
    return math.exp(-1000.0 / (time_ms * sample_rate))


class CompressorReference:
    """A compressor on a stream; any division into blocks gives the same samples.

    Parameters
    ----------
    compressor : Compressor
        Its knobs.
    sample_rate : int
        Samples per second.
    """

    def __init__(self, compressor: Compressor, sample_rate: int) -> None:
        self._compressor = compressor
        self._attack = memory(compressor.attack_ms, sample_rate)
        self._release = memory(compressor.release_ms, sample_rate)
        self.reduction_db = 0.0
        """The reduction of the latest sample, for a meter."""

    def process(self, block: NDArray[np.floating]) -> NDArray[np.float64]:
        """The next samples, ``(channels, samples)``, compressed; the same shape."""
        audio = np.array(block, dtype=np.float64)
        if not self._compressor.on:
            return audio
        return np.asarray(audio * self._gains(np.abs(audio).max(axis=0)))

    def _gains(self, peaks: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(divide="ignore"):
            wanted_db = reduction_db(20.0 * np.log10(peaks), self._compressor)
        reductions = np.empty_like(wanted_db)
        reduction = self.reduction_db
        for index, wanted in enumerate(wanted_db.tolist()):
            k = self._attack if wanted > reduction else self._release
            reduction = wanted + k * (reduction - wanted)
            reductions[index] = reduction
        self.reduction_db = reduction
        return np.asarray(10.0 ** ((self._compressor.makeup_db - reductions) / 20.0))


def process_reference(audio: NDArray[np.floating], compressor: Compressor, sample_rate: int) -> NDArray[np.float64]:
    """Compress a whole recording, ``(channels, samples)``, in float64: slow, and easy to read."""
    return CompressorReference(compressor, sample_rate).process(audio)
