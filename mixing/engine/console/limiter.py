"""The true-peak limiter: its gain, and a readable one that the fast kernel is tested against.

One gain for both sides, that has come down before a peak arrives and never steps. The true peak is that of
:mod:`mixing.engine.audio.true_peak` (ITU-R BS.1770-4, annex 2), the same taps: P[p][j], three phases of 32 taps. With
``C = 10^(ceiling_dbtp / 20)``, ``A = max(lookahead_samples, 24)``, ``S = A - 8``, ``a = (S + 1) // 2`` and
``b = S + 1 - a``, on a sound that is silent before its first sample and after its last one, in float64:

1. between two samples: ``i[n] = max |sum_j P[p][j] x_c[n - 15 + j]|`` over the phases and the channels, the largest
   value between n and n + 1;
2. what a sample has to do with: ``q[n] = max(|x_left[n]|, |x_right[n]|, i[n - 1], i[n])``;
3. the reduction that it needs: ``r[n] = 1 - C / q[n]`` where ``q[n] > C``, else exactly 0;
4. look-ahead: ``t[n] = max(r[n - 8] ... r[n + A - 1])``;
5. release: ``e[n] = t[n]`` where ``t[n] >= e[n - 1]``, else ``t[n] + k (e[n - 1] - t[n])`` with
   ``k = exp(-1000 / (release_ms sample_rate))``; a reduction below 1e-9 is over: ``e[n] = 0``;
6. smoothing by two running means: ``f[n] = (e[n] + e[n - 1] + ... + e[n - a + 1]) / a``,
   ``m[n] = (f[n] + f[n - 1] + ... + f[n - b + 1]) / b``; together they reach back S - 1 samples;
7. gain: ``y_c[n] = x_c[n] (1 - m[n])``.

Every e that m[n] is made of has r[n - 8] to r[n + 8] in its maximum, so that the gain at a peak and for eight samples
on either side of it is low enough for it; what a gain that moves further away adds between samples stays within
0.05 dB. Where nothing passes the ceiling all of it is exactly 0 and the samples are those that came in.

A stream is late by ``latency_samples``; :func:`process_reference` makes up for it. All but step 5 is a window over a
few hundred values, and where no sample of a stretch and its surroundings times the largest sum of one phase's taps
(:func:`most_gain`) reaches the ceiling, r is 0 without any filter.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.compressor import memory
from mixing.engine.console.damping import kept_or_computed
from mixing.engine.console.parameters import Limiter

SHORTEST_LOOKAHEAD: Final = 24
HOLD: Final = 8
"""Samples on either side of a peak for which the gain is already, and still, as low as it asks for."""
AFTER: Final = 16
"""The interpolation between n and n + 1 looks at sixteen samples after n."""
OVER_BELOW: Final = 1e-9


def lookahead(limiter: Limiter, sample_rate: int) -> int:
    """A: ``lookahead_samples`` that the console keeps, or ``lookahead_ms`` at this rate; at least 24 samples."""
    return max(kept_or_computed(limiter.lookahead_samples, limiter.lookahead_ms, sample_rate), SHORTEST_LOOKAHEAD)


def latency_samples(limiter: Limiter, sample_rate: int) -> int:
    """By how many samples the output of a stream is late: A + 15; 0 for a limiter that is off."""
    return lookahead(limiter, sample_rate) - 1 + AFTER if limiter.on else 0


def phases() -> NDArray[np.float64]:
    """P, ``(3, 32)``: the meter's own taps."""
    # The meter's module brings the compiler with it, which a caller that only asks for a latency can do without.
    from mixing.engine.audio.true_peak import interpolator

    return interpolator().astype(np.float64)


def most_gain() -> float:
    """By how much a value between samples can pass the largest of them: the largest sum of one phase's taps' sizes."""
    return float(np.abs(phases()).sum(axis=1).max())


def boxes(ahead: int) -> tuple[int, int]:
    """a and b, the lengths of the two running means, for a look-ahead of A samples."""
    support = ahead - HOLD
    first = (support + 1) // 2
    return first, support + 1 - first


class _Past:
    """The last values of a row or of rows, in front of the next ones."""

    def __init__(self, *shape: int) -> None:
        self._held = np.zeros(shape)

    def before(self, block: NDArray[np.float64]) -> NDArray[np.float64]:
        joined = np.concatenate((self._held, block), axis=-1)
        self._held = joined[..., joined.shape[-1] - self._held.shape[-1] :]
        return joined


class LimiterReference:
    """A limiter on a stream; any division into blocks gives the same samples.

    Parameters
    ----------
    limiter : Limiter
        Its knobs.
    ceiling_dbtp : float
        The true peak that is not passed.
    sample_rate : int
        Samples per second.
    channels : int
        1 or more.
    """

    def __init__(self, limiter: Limiter, ceiling_dbtp: float, sample_rate: int, *, channels: int = 2) -> None:
        self._on = limiter.on
        self._ceiling = 10.0 ** (ceiling_dbtp / 20.0)
        self._release = memory(limiter.release_ms, sample_rate)
        self._phases = phases()
        self._ahead = lookahead(limiter, sample_rate)
        self._boxes = boxes(self._ahead)
        taps = self._phases.shape[1]
        self._for_taps = _Past(channels, taps - 1)
        self._for_sample = _Past(channels, AFTER)
        self._for_between = _Past(1)
        self._for_maximum = _Past(HOLD + self._ahead - 1)
        self._for_boxes = tuple(_Past(length - 1) for length in self._boxes)
        self._for_output = _Past(channels, latency_samples(limiter, sample_rate))
        self._reduction = 0.0

    def process(self, block: NDArray[np.floating]) -> NDArray[np.float64]:
        """The next samples, ``(channels, samples)``; as many come out, ``latency_samples`` late."""
        audio = np.array(block, dtype=np.float64)
        if not self._on or not audio.size:
            return audio
        frames = audio.shape[1]
        smooth = self._released(_largest_of(self._for_maximum.before(self._needed(audio)), HOLD + self._ahead))
        for past, length in zip(self._for_boxes, self._boxes, strict=True):
            smooth = _mean_of(past.before(smooth), length)
        return np.asarray(self._for_output.before(audio)[:, :frames] * (1.0 - smooth))

    def _needed(self, audio: NDArray[np.float64]) -> NDArray[np.float64]:
        """r, sixteen samples late."""
        frames = audio.shape[1]
        joined = self._for_taps.before(audio)
        between = np.zeros(frames)
        for phase in self._phases.tolist():
            values = np.zeros(audio.shape)
            for index, tap in enumerate(phase):
                values += tap * joined[:, index : index + frames]
            between = np.maximum(between, np.abs(values).max(axis=0))
        both_sides = self._for_between.before(between)
        samples = np.abs(self._for_sample.before(audio)[:, :frames]).max(axis=0)
        peak = np.maximum(samples, np.maximum(both_sides[1:], both_sides[:-1]))
        return np.asarray(np.where(peak > self._ceiling, 1.0 - self._ceiling / np.maximum(peak, self._ceiling), 0.0))

    def _released(self, targets: NDArray[np.float64]) -> NDArray[np.float64]:
        reductions = np.empty_like(targets)
        reduction = self._reduction
        for index, target in enumerate(targets.tolist()):
            reduction = target if target >= reduction else target + self._release * (reduction - target)
            reduction = reduction if reduction >= OVER_BELOW else 0.0
            reductions[index] = reduction
        self._reduction = reduction
        return reductions


def _largest_of(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """The maximum of every ``length`` neighbours; ``length - 1`` fewer than there are values."""
    return np.asarray(np.lib.stride_tricks.sliding_window_view(values, length).max(axis=1))


def _mean_of(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """The mean of every ``length`` neighbours, summed one by one so that the division into blocks cannot show."""
    count = values.size - length + 1
    total = np.zeros(count)
    for start in range(length - 1, -1, -1):
        total += values[start : start + count]
    return total / length


def process_reference(
    audio: NDArray[np.floating], limiter: Limiter, ceiling_dbtp: float, sample_rate: int
) -> NDArray[np.float64]:
    """Limit a whole recording, ``(channels, samples)``, in float64, without delay: slow, and easy to read."""
    late = latency_samples(limiter, sample_rate)
    stage = LimiterReference(limiter, ceiling_dbtp, sample_rate, channels=audio.shape[0])
    return stage.process(np.pad(np.asarray(audio, dtype=np.float64), ((0, 0), (0, late))))[:, late:]
