"""Drum voices written as physics in short: a swept membrane, a rattle of wires, a cluster of bronze."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mixing.engine.generator.score import Hit
from mixing.engine.generator.shaping import add_at, bandpass, highpass, lowpass, pan, saturate
from mixing.engine.generator.waves import Wave, decay, noise, ringing, seconds, soften_ends, sweep_phase

TAKES: Final = 4
"""Recordings of each voice and strength; hits draw among them, as no drummer hits twice alike."""


@dataclass(frozen=True, slots=True)
class Kit:
    """How a kit is tuned; frequencies in Hz, times in seconds, shares 0 to 1."""

    kick_hz: float
    kick_decay_s: float
    kick_click: float
    snare_hz: float
    snare_decay_s: float
    snare_wires: float
    clap: float
    metal: float
    hat_decay_s: float
    drum_hz: float


def draw_kit(rng: np.random.Generator, *, electronic: bool) -> Kit:
    """A kit to play a song on; electronic ones are deeper, longer and carry a clap."""
    return Kit(
        kick_hz=float(rng.uniform(44, 52) if electronic else rng.uniform(52, 62)),
        kick_decay_s=float(rng.uniform(0.16, 0.24) if electronic else rng.uniform(0.10, 0.15)),
        kick_click=float(rng.uniform(0.25, 0.6)),
        snare_hz=float(rng.uniform(165, 230)),
        snare_decay_s=float(rng.uniform(0.09, 0.17)),
        snare_wires=float(rng.uniform(0.55, 0.8)),
        clap=float(rng.uniform(0.4, 0.8) if electronic else 0.0),
        metal=float(rng.uniform(0.85, 1.2)),
        hat_decay_s=float(rng.uniform(0.028, 0.05)),
        drum_hz=float(rng.uniform(0.85, 1.2)),
    )


def _kick(kit: Kit, rng: np.random.Generator, rate: int, strength: float) -> Wave:
    frames = round((3.2 * kit.kick_decay_s) * rate)
    t = seconds(frames, rate)
    frequency = kit.kick_hz * (1.0 + 1.1 * np.exp(-t / 0.035) + 4.5 * strength * np.exp(-t / 0.006))
    body = np.sin(2.0 * np.pi * sweep_phase(frequency, rate)) * decay(frames, rate, kit.kick_decay_s)
    beater = bandpass(noise(rng, frames), 1500.0, 7000.0, rate) * decay(frames, rate, 0.004)
    knock = np.sin(2.0 * np.pi * kit.kick_hz * 5.1 * t) * decay(frames, rate, 0.016)
    mixed = saturate(1.1 * body + 0.14 * knock, 1.0 + 0.6 * strength) + 2.2 * kit.kick_click * strength * beater
    return soften_ends(mixed, rate, attack_s=0.0005, release_s=0.02)


def _snare(kit: Kit, rng: np.random.Generator, rate: int, strength: float) -> Wave:
    frames = round((0.12 + 3.0 * kit.snare_decay_s) * rate)
    t = seconds(frames, rate)
    pitch = kit.snare_hz * (1.0 + 0.25 * strength * np.exp(-t / 0.012)) * rng.uniform(0.99, 1.01)
    shell = np.sin(2.0 * np.pi * sweep_phase(pitch, rate)) * decay(frames, rate, 0.075)
    shell += 0.5 * np.sin(2.0 * np.pi * sweep_phase(pitch * 1.83, rate)) * decay(frames, rate, 0.04)
    hiss = highpass(noise(rng, frames), 1300.0, rate)
    wires = lowpass(hiss, 5500.0 + 5500.0 * strength, rate) * decay(frames, rate, kit.snare_decay_s)
    stick = highpass(noise(rng, frames), 2500.0, rate) * decay(frames, rate, 0.003)
    mixed = 0.7 * shell + 1.9 * kit.snare_wires * wires + 0.35 * strength * stick
    if kit.clap > 0.0 and strength > 0.5:
        mixed += kit.clap * _clap(rng, frames, rate)
    return soften_ends(saturate(mixed, 1.5), rate, attack_s=0.0005, release_s=0.03)


def _clap(rng: np.random.Generator, frames: int, rate: int) -> Wave:
    hands = np.zeros(frames)
    for start_s in (0.0, 0.009, 0.019):
        add_at(hands, decay(frames, rate, 0.006 if start_s < 0.015 else 0.07), round(start_s * rate))
    return np.asarray(2.6 * bandpass(noise(rng, frames), 900.0, 3200.0, rate) * hands)


def _rim(kit: Kit, rng: np.random.Generator, rate: int, strength: float) -> Wave:
    frames = round(0.09 * rate)
    t = seconds(frames, rate)
    wood = np.sin(2.0 * np.pi * 1690.0 * kit.drum_hz * t) + 0.7 * np.sin(2.0 * np.pi * 820.0 * kit.drum_hz * t)
    tap = bandpass(noise(rng, frames), 1200.0, 8000.0, rate) * decay(frames, rate, 0.004)
    return np.asarray(0.45 * wood * decay(frames, rate, 0.012) + 1.2 * strength * tap)


def _bronze(kit: Kit, rng: np.random.Generator, rate: int, frames: int, low_hz: float, count: int) -> Wave:
    """Many unrelated partials, as a plate has, between ``low_hz`` and 15 kHz."""
    top_hz = min(15000.0, 0.45 * rate)
    fixed = np.random.default_rng(round(1e4 * kit.metal))
    frequencies = low_hz * (top_hz / low_hz) ** fixed.uniform(0.0, 1.0, count)
    level, endless = np.full(count, 1.0 / np.sqrt(count)), np.full(count, 1e9)
    return ringing(frequencies, endless, level, rng.uniform(0.0, 1.0, count), frames, rate)


def _hat(open_s: float) -> Callable[[Kit, np.random.Generator, int, float], Wave]:
    def play(kit: Kit, rng: np.random.Generator, rate: int, strength: float) -> Wave:
        ring_s = (open_s or kit.hat_decay_s) * (0.7 + 0.5 * strength)
        frames = round(4.0 * ring_s * rate)
        metal = 0.4 * _bronze(kit, rng, rate, frames, 3600.0, 14) + 1.4 * noise(rng, frames)
        bright = highpass(metal, 6200.0 - 1500.0 * strength, rate, order=3)
        tick = highpass(noise(rng, frames), 4000.0, rate) * decay(frames, rate, 0.002)
        return np.asarray(0.7 * bright * decay(frames, rate, ring_s, attack_s=0.001) + 0.6 * strength * tick)

    return play


def _shaker(kit: Kit, rng: np.random.Generator, rate: int, strength: float) -> Wave:
    frames = round(0.11 * rate)
    grains = bandpass(noise(rng, frames), 4200.0 * kit.metal, 11000.0, rate)
    return np.asarray(1.2 * grains * decay(frames, rate, 0.03, attack_s=0.022 - 0.012 * strength))


def _tambourine(kit: Kit, rng: np.random.Generator, rate: int, strength: float) -> Wave:
    frames = round(0.3 * rate)
    jingles = highpass(_bronze(kit, rng, rate, frames, 5200.0, 12) + noise(rng, frames), 5000.0, rate)
    return np.asarray(0.5 * jingles * decay(frames, rate, 0.05 + 0.03 * strength, attack_s=0.003))


def _conga(base_hz: float) -> Callable[[Kit, np.random.Generator, int, float], Wave]:
    def play(kit: Kit, rng: np.random.Generator, rate: int, strength: float) -> Wave:
        frames = round(0.42 * rate)
        t = seconds(frames, rate)
        pitch = base_hz * kit.drum_hz * (1.0 + 0.12 * strength * np.exp(-t / 0.02))
        skin = np.sin(2.0 * np.pi * sweep_phase(pitch, rate)) * decay(frames, rate, 0.085)
        skin += 0.35 * np.sin(2.0 * np.pi * sweep_phase(pitch * 1.59, rate)) * decay(frames, rate, 0.04)
        slap = bandpass(noise(rng, frames), 1400.0, 6000.0, rate) * decay(frames, rate, 0.006)
        return np.asarray(0.75 * skin + 1.1 * strength * slap)

    return play


def _tom(base_hz: float) -> Callable[[Kit, np.random.Generator, int, float], Wave]:
    def play(kit: Kit, rng: np.random.Generator, rate: int, strength: float) -> Wave:
        frames = round(0.7 * rate)
        t = seconds(frames, rate)
        pitch = base_hz * kit.drum_hz * (1.0 + 0.35 * strength * np.exp(-t / 0.03))
        head = np.sin(2.0 * np.pi * sweep_phase(pitch, rate)) * decay(frames, rate, 0.17)
        head += 0.3 * np.sin(2.0 * np.pi * sweep_phase(pitch * 1.62, rate)) * decay(frames, rate, 0.07)
        stick = bandpass(noise(rng, frames), 1000.0, 6000.0, rate) * decay(frames, rate, 0.007)
        return saturate(0.9 * head + 0.9 * strength * stick, 0.8)

    return play


def _crash(kit: Kit, rng: np.random.Generator, rate: int, strength: float) -> Wave:
    frames = round(3.2 * rate)
    wash = highpass(0.5 * _bronze(kit, rng, rate, frames, 420.0, 46) + 1.3 * noise(rng, frames), 500.0, rate)
    slow = decay(frames, rate, 0.75, attack_s=0.004)
    hit = highpass(noise(rng, frames), 2500.0, rate) * decay(frames, rate, 0.12)
    return np.asarray((0.5 * wash * slow + hit) * (0.6 + 0.4 * strength))


def _ride(kit: Kit, rng: np.random.Generator, rate: int, strength: float) -> Wave:
    frames = round(1.0 * rate)
    ping = highpass(_bronze(kit, rng, rate, frames, 900.0, 24), 1200.0, rate)
    stick = highpass(noise(rng, frames), 4000.0, rate) * decay(frames, rate, 0.008)
    return np.asarray(0.35 * ping * decay(frames, rate, 0.22, attack_s=0.001) + 0.8 * strength * stick)


_VOICES: Final[dict[str, Callable[[Kit, np.random.Generator, int, float], Wave]]] = {
    "kick": _kick,
    "snare": _snare,
    "rim": _rim,
    "closed hat": _hat(0.0),
    "open hat": _hat(0.13),
    "shaker": _shaker,
    "tambourine": _tambourine,
    "low conga": _conga(190.0),
    "high conga": _conga(268.0),
    "low tom": _tom(88.0),
    "mid tom": _tom(122.0),
    "high tom": _tom(165.0),
    "crash": _crash,
    "ride": _ride,
}
VOICES: Final = tuple(_VOICES)

_PLACES: Final = {
    "closed hat": 0.25, "open hat": 0.25, "shaker": -0.45, "tambourine": 0.5, "low conga": 0.35, "high conga": 0.15,
    "low tom": 0.5, "mid tom": 0.05, "high tom": -0.4, "crash": -0.35, "ride": 0.45,
}  # fmt: skip


def strike(voice: str, kit: Kit, rng: np.random.Generator, sample_rate: int, strength: float = 0.8) -> Wave:
    """One hit of a voice, ``(frames,)``, that begins and ends in silence; strength 0 to 1 changes its colour."""
    return _VOICES[voice](kit, rng, sample_rate, strength)


def play_drums(hits: Sequence[Hit], kit: Kit, rng: np.random.Generator, sample_rate: int, track: Wave) -> None:
    """Add hits to a track ``(1 or 2, frames)``; on a stereo track each voice stands in its place in the room.

    A closed hi-hat ends an open one that still rings, as the pedal does.
    """
    takes: dict[tuple[str, int], list[Wave]] = {}
    for number, hit in enumerate(hits):
        layer = min(3, int(hit.velocity * 4.0))
        key = (hit.voice, layer)
        if key not in takes:
            count = 2 if hit.voice in ("crash", "ride") else TAKES
            takes[key] = [strike(hit.voice, kit, rng, sample_rate, (layer + 0.7) / 4.0) for _ in range(count)]
        sound = takes[key][int(rng.integers(len(takes[key])))] * hit.velocity**1.4
        if hit.voice == "open hat":
            sound = _choke(sound, hits, number, sample_rate)
        if len(track) == 2:
            sound = pan(sound, _PLACES.get(hit.voice, 0.0))
        add_at(track, sound, round(hit.start_s * sample_rate))


def _choke(sound: Wave, hits: Sequence[Hit], number: int, sample_rate: int) -> Wave:
    for later in hits[number + 1 :]:
        if later.voice == "closed hat":
            gap_s = max(0.02, later.start_s - hits[number].start_s)
            frames = min(len(sound), round(gap_s * sample_rate))
            return soften_ends(sound[:frames], sample_rate, attack_s=0.0, release_s=0.012)
    return sound
