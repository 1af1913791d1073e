"""The reverb: a feedback delay network of sixteen lines, and a readable one that the fast kernel is tested against.

Its shape follows Jot and Chaigne, "Digital Delay Networks for Designing Artificial Reverberators" (AES 90, 1991):
lines whose lengths are primes, a lossless mixing matrix, and a low-pass in each line that sets how fast each frequency
dies. The input goes through Schroeder's allpasses first, so that the echoes are dense from the start.

Everything is silent at first. For every sample n, in this order, in float64, with the numbers of :func:`design`:

1. predelay: ``x_c[n] = in_c[n - predelay]`` for the channels c = 0 (left) and 1 (right);
2. diffusion: four allpasses of each channel, one after the other, of length M with g = 0.6:
   ``w[n] = x[n] + g w[n - M]``, ``y[n] = w[n - M] - g w[n]``; y is the next one's x;
3. lines i = 0 to 15, of length D_i: ``s_i = u_i[n - D_i]``, then the damping ``d_i = b_i s_i + a_i d_i'``, where ' is
   the sample before;
4. output: ``out_left = level (+d_0 - d_2 + ...)`` over the even lines, ``out_right`` over the odd ones, each d_i with
   the sign ``OUTPUT_SIGNS[i]``;
5. mixing: ``h = H d / 4`` with Sylvester's Hadamard matrix, H[i][j] = (-1)^(number of ones in i & j), which four
   rounds of sums and differences compute: for distance 1, 2, 4, 8, each pair (i, i + distance) becomes
   (d_i + d_j, d_i - d_j);
6. feedback: ``u_i[n] = h_i + INPUT_SIGNS[i] y_(i mod 2)[n] / sqrt(8)``.

With ``g_i = 10^(-3 D_i / (sample_rate decay_s))`` the level at 0 Hz falls by 60 dB in ``decay_s``; ``a_i`` is the pole
that lets ``g_i^2`` of the power pass at ``damping_hz``, so that this frequency dies in half the time and those above it
sooner still; ``b_i = g_i (1 - a_i)``. ``level = sqrt((1 - ρ) / ρ)`` with ρ the mean of all ``g_i^2``: what comes back
has the energy that went in, at low frequencies, whatever the decay.

All lines together hold 0.64 s, which is 0.64 modes a hertz whatever the decay. Up to some three seconds neighbouring
modes overlap enough; a longer tail rings slightly. In bands of 200 Hz from 100 to 5,000 Hz the highest bin of a tail of
6 s stands 14.8 dB over the mean, where a network of the same length with modes at random places has 12.9 dB and noise
8.2 dB. Other lengths or signs of the same sum move that by 0.5 dB. Lines twice as long give 12.9 dB, but echoes as
dense as noise only after 0.12 s instead of 0.08 s, in short rooms too, where the mixers work: so they stay as they are.

Every length is at least 16 samples, so that sixteen samples of one line are one vector: the damping is then a prefix
sum in four steps, the mixing 64 additions of vectors, and nothing is gathered. That makes about 400 vector
instructions for sixteen stereo samples, some 0.1 s for 180 s with AVX-512. The other way around, one vector holding
one sample of all sixteen lines, needs no prefix sum, but gathers and scatters sixteen places for every sample, which
alone costs twice as much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.damping import kept_or_computed, pole
from mixing.engine.console.parameters import Reverb

LINES: Final = 16
DIFFUSION: Final = 0.6
INPUT_SIGNS: Final = (1, 1, -1, 1, 1, -1, -1, -1, 1, -1, 1, 1, -1, 1, -1, -1)
OUTPUT_SIGNS: Final = (1, 1, -1, -1, 1, 1, -1, -1, 1, -1, -1, 1, 1, -1, -1, 1)

_SHORTEST_LINE_MS: Final = 13.0
_LONGEST_LINE_MS: Final = 89.0
_DIFFUSERS_MS: Final = ((3.9, 5.3, 8.1, 11.7), (4.3, 5.9, 7.3, 12.7))


@dataclass(frozen=True, slots=True)
class ReverbDesign:
    """A reverb at one sample rate: the numbers that its arithmetic needs.

    Parameters
    ----------
    predelay : int
        Samples, 0 or more.
    diffusers : tuple[tuple[int, ...], tuple[int, ...]]
        M of the four allpasses of left and of right, in their order.
    lines : tuple[int, ...]
        D of the sixteen lines; even ones are fed from and heard on the left, odd ones on the right.
    gains, poles : NDArray[np.float64]
        b and a of the lines, ``(16,)`` each.
    level : float
        The gain of the output.
    """

    predelay: int
    diffusers: tuple[tuple[int, ...], tuple[int, ...]]
    lines: tuple[int, ...]
    gains: NDArray[np.float64]
    poles: NDArray[np.float64]
    level: float


def design(reverb: Reverb, sample_rate: int) -> ReverbDesign:
    """What the knobs mean at a sample rate; ``predelay_samples`` that the console keeps go before ``predelay_ms``."""
    lines = line_lengths(sample_rate)
    losses = [10.0 ** (-3.0 * length / (sample_rate * reverb.decay_s)) for length in lines]
    poles = [pole(loss * loss, reverb.damping_hz, sample_rate) for loss in losses]
    kept = math.fsum(loss * loss for loss in losses) / LINES
    left, right = (tuple(_prime_below(ms * sample_rate / 1000) for ms in side) for side in _DIFFUSERS_MS)
    return ReverbDesign(
        predelay=kept_or_computed(reverb.predelay_samples, reverb.predelay_ms, sample_rate),
        diffusers=(left, right),
        lines=lines,
        gains=np.array([loss * (1.0 - a) for loss, a in zip(losses, poles, strict=True)]),
        poles=np.array(poles),
        level=math.sqrt((1.0 - kept) / kept),
    )


def line_lengths(sample_rate: int) -> tuple[int, ...]:
    """The lengths of the sixteen lines in samples: different primes, 13 to 89 ms, evenly spaced by ratio."""
    step = (_LONGEST_LINE_MS / _SHORTEST_LINE_MS) ** (1.0 / (LINES - 1))
    return tuple(_prime_below(_SHORTEST_LINE_MS * step**line * sample_rate / 1000) for line in range(LINES))


def _prime_below(limit: float) -> int:
    """The largest prime that is not above ``limit``."""
    number = math.floor(limit)
    while any(number % divisor == 0 for divisor in range(2, math.isqrt(number) + 1)):
        number -= 1
    return number


class _Line:
    """A delay line: what was pushed comes out again ``length`` samples later."""

    def __init__(self, length: int) -> None:
        self._held = np.zeros(length)

    def oldest(self, count: int) -> NDArray[np.float64]:
        """The next ``count`` samples to come out, at most ``length`` of them."""
        return self._held[:count]

    def push(self, block: NDArray[np.float64]) -> None:
        self._held = np.concatenate((self._held[block.size :], block))


class ReverbReference:
    """A reverb on a stream; any division into blocks gives the same samples.

    Samples are computed in stretches that are shorter than the shortest line, within which nothing feeds back.

    Parameters
    ----------
    reverb : Reverb
        Its knobs; ``return_db`` is not looked at.
    sample_rate : int
        Samples per second.
    """

    def __init__(self, reverb: Reverb, sample_rate: int) -> None:
        self._design = design(reverb, sample_rate)
        self._predelay = np.zeros((2, self._design.predelay))
        self._diffusers = [[_Line(length) for length in side] for side in self._design.diffusers]
        self._lines = [_Line(length) for length in self._design.lines]
        self._damped = np.zeros(LINES)
        self._stretch = min(*self._design.diffusers[0], *self._design.diffusers[1], *self._design.lines)

    def process(self, block: NDArray[np.floating]) -> NDArray[np.float64]:
        """What the reverb answers to the next samples of the bus, ``(2, samples)``; the same shape."""
        waiting = np.concatenate((self._predelay, block), axis=1)
        delayed, self._predelay = waiting[:, : block.shape[1]], waiting[:, block.shape[1] :]
        answer = np.empty(block.shape)
        for start in range(0, block.shape[1], self._stretch):
            piece = delayed[:, start : start + self._stretch]
            answer[:, start : start + self._stretch] = self._reverberate(piece)
        return answer

    def _reverberate(self, piece: NDArray[np.float64]) -> NDArray[np.float64]:
        diffuse = [self._diffused(channel, side) for channel, side in zip(piece, self._diffusers, strict=True)]
        damped = self._damp(np.array([line.oldest(piece.shape[1]) for line in self._lines]))
        answer = np.zeros(piece.shape)
        for index in range(LINES):
            answer[index % 2] += OUTPUT_SIGNS[index] * damped[index]
        mixed = mix(damped)
        for index, line in enumerate(self._lines):
            line.push(mixed[index] + INPUT_SIGNS[index] * diffuse[index % 2] / math.sqrt(8.0))
        return np.asarray(self._design.level * answer)

    @staticmethod
    def _diffused(samples: NDArray[np.float64], allpasses: list[_Line]) -> NDArray[np.float64]:
        for allpass in allpasses:
            before = allpass.oldest(samples.size)
            now = samples + DIFFUSION * before
            allpass.push(now)
            samples = before - DIFFUSION * now
        return samples

    def _damp(self, samples: NDArray[np.float64]) -> NDArray[np.float64]:
        damped = np.empty(samples.shape)
        for index in range(samples.shape[1]):
            self._damped = self._design.gains * samples[:, index] + self._design.poles * self._damped
            damped[:, index] = self._damped
        return damped


def mix(lines: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sylvester's Hadamard matrix over four: ``(16, samples)`` to the same shape, energy kept."""
    mixed = np.array(lines)
    for distance in (1, 2, 4, 8):
        pairs = mixed.reshape(LINES // (2 * distance), 2, distance, -1)
        mixed = np.stack((pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]), axis=1).reshape(lines.shape)
    return mixed / 4.0


def process_reference(audio: NDArray[np.floating], reverb: Reverb, sample_rate: int) -> NDArray[np.float64]:
    """What the reverb answers to a whole bus, ``(2, samples)``, as far as it reaches, in float64."""
    return ReverbReference(reverb, sample_rate).process(audio)
