"""The ping-pong delay: its echoes, and a readable one that the fast kernel is tested against.

The bus is folded to mono and thrown from side to side: the first echo stands left after ``time_samples`` with the
level that went in, the next right after twice that, each ``feedback`` times the one before it and once more through
the low-pass. Left and right never sound the same echo, so that a fold to mono cancels nothing.

Two lines of ``T = max(time_samples, 16)`` samples, all of them silent at first. For every sample n, in this order,
in float64:

1. ``left = L[n - T]`` and ``right = R[n - T]``, what was written into the lines T samples ago; both are the output;
2. ``low_left = (1 - a) left + a low_left'`` and ``low_right = (1 - a) right + a low_right'``, where ' is the sample
   before and ``a = pole(1/2, damping_hz, sample_rate)``: -3.01 dB at the corner, nothing taken at 0 Hz;
3. ``L[n] = (in_left + in_right) / 2 + feedback low_right`` and ``R[n] = feedback low_left``.

The output is the echoes alone: ``return_db`` is applied where the bus joins the master. It is linear, and stable since
a round trip never gains more than ``feedback^2``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.damping import SHORTEST, kept_or_computed, pole
from mixing.engine.console.parameters import Delay


@dataclass(frozen=True, slots=True)
class DelayDesign:
    """A delay at one sample rate: the numbers that its arithmetic needs.

    Parameters
    ----------
    samples : int
        T, from side to side; at least 16.
    feedback : float
        0 to 0.95.
    pole : float
        a, of the low-pass in the feedback.
    """

    samples: int
    feedback: float
    pole: float


def design(delay: Delay, sample_rate: int) -> DelayDesign:
    """What the knobs mean at a sample rate; a ``time_samples`` that the console keeps goes before ``time_ms``."""
    return DelayDesign(
        samples=max(kept_or_computed(delay.time_samples, delay.time_ms, sample_rate), SHORTEST),
        feedback=delay.feedback,
        pole=pole(0.5, delay.damping_hz, sample_rate),
    )


class DelayReference:
    """A ping-pong delay on a stream; any division into blocks gives the same samples.

    Parameters
    ----------
    delay : Delay
        Its knobs; ``return_db`` is not looked at.
    sample_rate : int
        Samples per second.
    """

    def __init__(self, delay: Delay, sample_rate: int) -> None:
        self._design = design(delay, sample_rate)
        self._left = [0.0] * self._design.samples
        self._right = [0.0] * self._design.samples
        self._at = 0
        self._low_left = self._low_right = 0.0

    def process(self, block: NDArray[np.floating]) -> NDArray[np.float64]:
        """The echoes at the next samples of the bus, ``(2, samples)``; the same shape."""
        a, feedback = self._design.pole, self._design.feedback
        echoes = np.empty(block.shape)
        for index, (in_left, in_right) in enumerate(np.asarray(block, dtype=np.float64).T.tolist()):
            left, right = self._left[self._at], self._right[self._at]
            self._low_left = (1.0 - a) * left + a * self._low_left
            self._low_right = (1.0 - a) * right + a * self._low_right
            self._left[self._at] = (in_left + in_right) / 2.0 + feedback * self._low_right
            self._right[self._at] = feedback * self._low_left
            self._at = (self._at + 1) % self._design.samples
            echoes[0, index], echoes[1, index] = left, right
        return echoes


def process_reference(audio: NDArray[np.floating], delay: Delay, sample_rate: int) -> NDArray[np.float64]:
    """The echoes of a whole bus, ``(2, samples)``, as far as it reaches, in float64: slow, and easy to read."""
    return DelayReference(delay, sample_rate).process(audio)
