"""What is done to a wave after it is made: filters, saturation, chorus, a little space, and placing it in time."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from scipy import signal

from mixing.engine.generator.waves import Wave, seconds

Band = Literal["lowpass", "highpass", "bandpass"]


@lru_cache(maxsize=256)
def _sections(kind: Band, corner_hz: tuple[float, ...], sample_rate: int, order: int) -> Wave:
    nyquist_guard = 0.49 * sample_rate
    corners = [min(corner, nyquist_guard) for corner in corner_hz]
    corner = corners if kind == "bandpass" else corners[0]
    return np.asarray(signal.butter(order, corner, kind, fs=sample_rate, output="sos"))


def lowpass(wave: Wave, cutoff_hz: float, sample_rate: int, *, order: int = 2) -> Wave:
    """Butterworth low-pass along the last axis."""
    return np.asarray(signal.sosfilt(_sections("lowpass", (cutoff_hz,), sample_rate, order), wave))


def highpass(wave: Wave, cutoff_hz: float, sample_rate: int, *, order: int = 2) -> Wave:
    """Butterworth high-pass along the last axis."""
    return np.asarray(signal.sosfilt(_sections("highpass", (cutoff_hz,), sample_rate, order), wave))


def bandpass(wave: Wave, low_hz: float, high_hz: float, sample_rate: int, *, order: int = 2) -> Wave:
    """Butterworth band-pass along the last axis."""
    return np.asarray(signal.sosfilt(_sections("bandpass", (low_hz, high_hz), sample_rate, order), wave))


def saturate(wave: Wave, drive: float) -> Wave:
    """Soft clipping with unit slope at zero for a drive towards zero; the peak stays below 1 / tanh(drive)."""
    return np.asarray(np.tanh(drive * wave) / np.tanh(drive))


def pan(wave: Wave, position: float) -> Wave:
    """Mono to stereo at constant power; -1 is left, 1 right."""
    angle = (position + 1.0) * np.pi / 4.0
    return np.stack([np.cos(angle) * wave, np.sin(angle) * wave])


def chorus(wave: Wave, sample_rate: int, *, rate_hz: float, depth_ms: float, mix: float) -> Wave:
    """Two slowly moving copies, a quarter of a turn apart, left and right.

    Takes ``(frames,)`` or ``(2, frames)`` and returns ``(2, frames)``.
    """
    both = np.atleast_2d(wave)
    if len(both) == 1:
        both = np.vstack([both, both])
    frames = np.arange(both.shape[-1], dtype=np.float64)
    turn = 2.0 * np.pi * rate_hz * frames / sample_rate
    wet = np.empty_like(both)
    for channel, offset in enumerate((0.0, np.pi / 2.0)):
        delay_ms = 9.0 + depth_ms * np.sin(turn + offset)
        wet[channel] = _read_at(both[channel], frames - delay_ms * sample_rate / 1000.0)
    return np.asarray((1.0 - mix) * both + mix * wet)


def _read_at(wave: Wave, position: Wave) -> Wave:
    """Linear interpolation at fractional frames; silence before the first one."""
    index = np.floor(position).astype(np.int64)
    fraction = position - index
    padded = np.concatenate([wave, [0.0, 0.0]])
    inside = index >= 0
    index = np.where(inside, index, len(wave))
    return np.where(inside, (1.0 - fraction) * padded[index] + fraction * padded[index + 1], 0.0)


def room(wave: Wave, sample_rate: int, rng: np.random.Generator, *, decay_s: float, mix: float) -> Wave:
    """A stereo room: convolution with two unrelated, darkening noises that die away over ``decay_s`` (to -60 dB).

    Returns ``(2, frames + tail)``; the dry sound stays in place.
    """
    both = np.atleast_2d(wave)
    if len(both) == 1:
        both = np.vstack([both, both])
    tail = round(decay_s * sample_rate)
    fall = np.exp(-6.9 * seconds(tail, sample_rate) / decay_s)
    impulse = bandpass(rng.standard_normal((2, tail)) * fall, 250.0, 6000.0, sample_rate, order=1)
    impulse[:, : round(0.004 * sample_rate)] = 0.0
    impulse /= np.sqrt(np.sum(impulse**2, axis=1, keepdims=True))
    impulse[:, -tail // 8 :] *= np.linspace(1.0, 0.0, len(impulse[0, -tail // 8 :]))
    wet = signal.fftconvolve(both, impulse, axes=1)
    wet *= mix
    wet[:, : both.shape[1]] += both
    return np.asarray(wet)


def add_at(track: Wave, sound: Wave, start: int) -> None:
    """Add a sound to a track at a frame; what lies before the beginning or past the end is left out."""
    skip = max(0, -start)
    begin = start + skip
    length = min(sound.shape[-1] - skip, track.shape[-1] - begin)
    if length > 0:
        track[..., begin : begin + length] += sound[..., skip : skip + length]
