"""Sound effects between sections: risers, falls, impacts, reversed swells and the air of a place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from mixing.engine.generator.score import Transition
from mixing.engine.generator.shaping import add_at, bandpass, highpass, lowpass, room, saturate
from mixing.engine.generator.waves import Wave, decay, noise, seconds, soften_ends, sweep_phase


def moving_noise(rng: np.random.Generator, centre_hz: Wave, sample_rate: int) -> Wave:
    """Stereo noise whose band follows ``centre_hz``: neighbouring fixed bands are faded into each other."""
    corners = np.geomspace(200.0, min(12800.0, 0.4 * sample_rate), 9)
    white = np.stack([noise(rng, len(centre_hz)), noise(rng, len(centre_hz))])
    octaves = np.log2(centre_hz / corners[0]) / np.log2(corners[1] / corners[0])
    moving = np.zeros_like(white)
    for number, corner in enumerate(corners):
        weight = np.clip(1.0 - np.abs(octaves - number), 0.0, 1.0)
        moving += np.sqrt(weight) * bandpass(white, corner / 1.5, corner * 1.5, sample_rate, order=1)
    return moving


def _riser(rng: np.random.Generator, frames: int, rate: int) -> Wave:
    share = np.linspace(0.0, 1.0, frames)
    hiss = moving_noise(rng, 300.0 * 30.0**share, rate)
    tone = np.sin(2.0 * np.pi * sweep_phase(220.0 * 4.0**share, rate)) * (0.5 + 0.5 * np.sin(60.0 * share**2))
    rising = (1.6 * hiss + 0.08 * tone) * share**2.2
    return soften_ends(rising, rate, attack_s=0.05, release_s=0.03)


def _fall(rng: np.random.Generator, frames: int, rate: int) -> Wave:
    share = np.linspace(0.0, 1.0, frames)
    hiss = moving_noise(rng, 9000.0 * (1.0 / 25.0) ** share, rate)
    return soften_ends(1.4 * hiss * (1.0 - share) ** 2.0, rate, attack_s=0.005, release_s=0.1)


def _impact(rng: np.random.Generator, frames: int, rate: int) -> Wave:
    t = seconds(frames, rate)
    boom = np.sin(2.0 * np.pi * sweep_phase(38.0 + 70.0 * np.exp(-t / 0.05), rate)) * decay(frames, rate, 0.35)
    crack = lowpass(noise(rng, frames), 3500.0, rate) * decay(frames, rate, 0.05)
    return room(saturate(0.8 * boom + 0.9 * crack, 1.0), rate, rng, decay_s=1.6, mix=0.35)


def _reverse(rng: np.random.Generator, frames: int, rate: int) -> Wave:
    plate = highpass(np.stack([noise(rng, frames), noise(rng, frames)]), 2500.0, rate)
    growing = decay(frames, rate, 0.25 * frames / rate)[::-1]
    return soften_ends(plate * growing, rate, attack_s=0.02, release_s=0.012)


def _air(rng: np.random.Generator, frames: int, rate: int) -> Wave:
    """A quiet wind with the dust of an old record: what keeps an intro from being bare."""
    t = seconds(frames, rate)
    wind = moving_noise(rng, 700.0 * 2.0 ** (0.9 * np.sin(2.0 * np.pi * 0.11 * t + rng.uniform(0.0, 6.0))), rate)
    dust = np.zeros((2, frames))
    for _ in range(round(9.0 * frames / rate)):
        channel, start = int(rng.integers(2)), int(rng.integers(frames))
        grain = noise(rng, 60) * decay(60, rate, 0.0004, attack_s=0.0001)
        add_at(dust[channel], grain * rng.uniform(0.1, 0.5), start)
    dust = highpass(dust, 900.0, rate)
    return soften_ends(0.16 * wind + 0.35 * dust, rate, attack_s=0.8, release_s=1.2)


_KINDS: Final[dict[str, Callable[[np.random.Generator, int, int], Wave]]] = {
    "riser": _riser,
    "fall": _fall,
    "impact": _impact,
    "reverse": _reverse,
    "air": _air,
}
KINDS: Final = tuple(_KINDS)


def play_transitions(
    transitions: Sequence[Transition], rng: np.random.Generator, sample_rate: int, track: Wave
) -> None:
    """Add each effect to a stereo track ``(2, frames)`` at its time."""
    for transition in transitions:
        frames = max(64, round(transition.duration_s * sample_rate))
        sound = transition.strength * _KINDS[transition.kind](rng, frames, sample_rate)
        add_at(track, sound, round(transition.start_s * sample_rate))
