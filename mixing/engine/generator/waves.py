"""Band-limited oscillators, noise and the envelopes that shape them: the raw material of every instrument."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Wave = npt.NDArray[np.float64]
Shape = Literal["saw", "square", "pulse", "soft", "string"]

TABLE_SIZE: Final = 8192
HIGHEST_PARTIAL: Final = 0.42
"""Partials stop at this share of the sample rate, so that vibrato and detune never fold back."""


def hertz(pitch: float) -> float:
    """Frequency of a MIDI pitch in equal temperament with A4 = 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def partials(shape: Shape, frequency_hz: float, sample_rate: int, *, cutoff_hz: float, resonance: float = 0.7) -> Wave:
    """Amplitudes of the harmonics of a wave behind a two-pole low-pass.

    Parameters
    ----------
    shape : Shape
        Which Fourier series: ``string`` is a string plucked at 18 % of its length.
    frequency_hz : float
        Fundamental; the series ends below ``HIGHEST_PARTIAL`` of the sample rate, so nothing aliases.
    cutoff_hz, resonance : float
        Corner and quality of the low-pass, whose magnitude 1 / sqrt((1 - r²)² + (r/Q)²), r = f / cutoff, is applied.

    Returns
    -------
    Wave [shape=(harmonics,)]
    """
    count = max(1, min(400, int(HIGHEST_PARTIAL * sample_rate / frequency_hz)))
    n = np.arange(1, count + 1, dtype=np.float64)
    series = {
        "saw": 1.0 / n,
        "square": np.where(n % 2 == 1, 1.0 / n, 0.0),
        "pulse": np.sin(np.pi * n * 0.23) / n,
        "soft": 1.0 / n**1.6,
        "string": np.sin(np.pi * n * 0.18) / n**1.2,
    }[shape]
    ratio = n * frequency_hz / cutoff_hz
    return np.asarray(series / np.sqrt((1.0 - ratio**2) ** 2 + (ratio / resonance) ** 2), dtype=np.float64)


def harmonic_table(amplitudes: Wave) -> Wave:
    """One cycle of the sum of sines with these amplitudes, plus its first sample again for interpolation."""
    spectrum = np.zeros(TABLE_SIZE // 2 + 1, dtype=np.complex128)
    spectrum[1 : len(amplitudes) + 1] = -0.5j * TABLE_SIZE * amplitudes
    cycle = np.fft.irfft(spectrum, TABLE_SIZE)
    return np.append(cycle, cycle[0])


@lru_cache(maxsize=512)
def filtered_table(
    shape: Shape, frequency_hz: float, sample_rate: int, cutoff_hz: float, resonance: float = 0.7
) -> Wave:
    """The cycle of :func:`partials`, kept, since a song plays the same notes again and again."""
    table = harmonic_table(partials(shape, frequency_hz, sample_rate, cutoff_hz=cutoff_hz, resonance=resonance))
    table.setflags(write=False)
    return table


def read_table(dark: Wave, bright: Wave, phase: Wave, brightness: Wave | float) -> Wave:
    """Read two cycles of one note at a phase in cycles, 0 or more, and fade between them.

    The harmonics of both are in phase, so the fade sounds as a filter that opens (0 is dark, 1 bright).
    """
    position = phase * TABLE_SIZE
    index = position.astype(np.int64)
    fraction = position - index
    index &= TABLE_SIZE - 1
    dim = dark[index]
    dim += fraction * (dark[index + 1] - dim)
    lit = bright[index]
    lit += fraction * (bright[index + 1] - lit)
    return np.asarray(dim + brightness * (lit - dim))


def seconds(frames: int, sample_rate: int) -> Wave:
    """The time of each frame."""
    return np.arange(frames, dtype=np.float64) / sample_rate


def ringing(frequencies_hz: Wave, fall_s: Wave, amplitudes: Wave, phases: Wave, frames: int, sample_rate: int) -> Wave:
    """Sum of sines that each die away by themselves; all four arrays have one value a partial, phases in cycles.

    A sine at block start + offset is a sum of two products, so that blocks x offsets is one matrix product over all
    partials instead of a sine and an exponential a sample.
    """
    block = 512
    decay_per_s = -1.0 / fall_s
    offsets = np.arange(block) / sample_rate
    starts = block * np.arange(-(-frames // block)) / sample_rate
    turn = 2.0 * np.pi * frequencies_hz
    begin = np.exp(np.outer(starts, decay_per_s)) * np.exp(1j * (np.outer(starts, turn) + 2.0 * np.pi * phases))
    begin *= amplitudes
    inside = np.exp(np.outer(decay_per_s, offsets)) * np.exp(1j * np.outer(turn, offsets))
    return np.asarray(begin.imag @ inside.real + begin.real @ inside.imag).ravel()[:frames]


def sweep_phase(frequency_hz: Wave, sample_rate: int) -> Wave:
    """Phase in cycles of an oscillator whose frequency moves; it starts at zero."""
    phase = np.cumsum(frequency_hz) / sample_rate
    return np.asarray(phase - phase[0])


def noise(rng: np.random.Generator, frames: int) -> Wave:
    """White Gaussian noise with a deviation of 0.3, so that it seldom passes full scale."""
    return rng.standard_normal(frames) * 0.3


def fall(frames: int, sample_rate: int, time_constant_s: float) -> Wave:
    """exp(-t / time constant): blocks times offsets, one product a sample."""
    block = 512
    starts = np.exp(-block * np.arange(-(-frames // block)) / (sample_rate * time_constant_s))
    offsets = np.exp(-np.arange(block) / (sample_rate * time_constant_s))
    return np.asarray(np.outer(starts, offsets).ravel()[:frames])


def decay(frames: int, sample_rate: int, time_constant_s: float, *, attack_s: float = 0.0005) -> Wave:
    """An exponential fall after a short raised-cosine attack; it ends in an exact zero, so that nothing clicks."""
    envelope = fall(frames, sample_rate, time_constant_s)
    return soften_ends(envelope, sample_rate, attack_s=attack_s, release_s=0.25 * frames / sample_rate)


def swell(frames: int, sample_rate: int, *, attack_s: float, release_s: float, sustain: float, fall_s: float) -> Wave:
    """Attack, exponential fall towards ``sustain`` and a release that lies inside the given frames."""
    envelope = sustain + (1.0 - sustain) * fall(frames, sample_rate, fall_s)
    return soften_ends(envelope, sample_rate, attack_s=attack_s, release_s=release_s)


def soften_ends(signal: Wave, sample_rate: int, *, attack_s: float, release_s: float) -> Wave:
    """Raised-cosine fades at both ends along the last axis; together they are held within the length."""
    frames = signal.shape[-1]
    attack = min(frames // 2, max(1, round(attack_s * sample_rate)))
    release = min(frames - attack, max(1, round(release_s * sample_rate)))
    shaped = signal.copy()
    shaped[..., :attack] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(attack) / attack)
    shaped[..., frames - release :] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, release + 1) / release)
    return shaped
