"""Pitched instruments: each takes the notes of a part and plays them into a track."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mixing.engine.generator.score import Note
from mixing.engine.generator.shaping import add_at, bandpass, chorus, highpass, lowpass, pan, saturate
from mixing.engine.generator.waves import (
    Shape,
    Wave,
    decay,
    fall,
    filtered_table,
    hertz,
    noise,
    read_table,
    ringing,
    seconds,
    soften_ends,
    sweep_phase,
    swell,
)


@dataclass(frozen=True, slots=True)
class Colour:
    """What differs between two songs' instruments of one kind; each within 0 to 1, 0.5 being the middle."""

    brightness: float
    length: float
    movement: float


def draw_colour(rng: np.random.Generator) -> Colour:
    """A random colour."""
    return Colour(*(float(value) for value in rng.uniform(0.0, 1.0, 3)))


Player = Callable[[Sequence[Note], Colour, np.random.Generator, int, Wave], None]


def _bass(shape: Shape, *, plucked: bool) -> Player:
    def play(notes: Sequence[Note], colour: Colour, rng: np.random.Generator, rate: int, track: Wave) -> None:
        for note in notes:
            frames = round((note.duration_s + 0.05) * rate)
            t = seconds(frames, rate)
            frequency = hertz(note.pitch)
            dark = filtered_table(shape, frequency, rate, 190.0 + 120.0 * colour.brightness)
            bright = filtered_table(shape, frequency, rate, 2000.0 + 2000.0 * colour.brightness, 0.9)
            open_s = 0.09 + 0.16 * colour.length
            brightness = (0.25 + 0.75 * note.velocity) * fall(frames, rate, open_s) + 0.12 * note.velocity
            tone = read_table(dark, bright, frequency * t, brightness)
            tone = tone / np.max(np.abs(dark)) + 0.55 * np.sin(2.0 * np.pi * frequency * t)
            body = swell(frames, rate, attack_s=0.004, release_s=0.05, sustain=0.35 if plucked else 0.75, fall_s=0.9)
            finger = bandpass(noise(rng, frames), 500.0, 2600.0, rate) * decay(frames, rate, 0.006)
            sound = saturate(0.5 * tone, 0.9) * body + (0.35 if plucked else 0.05) * note.velocity * finger
            add_at(track, 0.8 * note.velocity * sound, round(note.start_s * rate))
        track[:] = highpass(track, 22.0, rate)

    return play


def _sine(frequency_hz: float, fall_s: float, amplitude: float, frames: int, rate: int) -> Wave:
    return ringing(np.array([frequency_hz]), np.array([fall_s]), np.array([amplitude]), np.zeros(1), frames, rate)


def _electric_piano(notes: Sequence[Note], colour: Colour, rng: np.random.Generator, rate: int, track: Wave) -> None:
    """Two-operator FM for the bar and a short, high modulator for the tine; then a tremolo from side to side."""
    for note in notes:
        frames = round((note.duration_s + 0.16) * rate)
        frequency = hertz(note.pitch)
        turn = 2.0 * np.pi * frequency * seconds(frames, rate)
        strike = (0.5 + 2.0 * note.velocity**1.5) * (0.6 + 0.6 * colour.brightness)
        bar = np.sin(turn + _sine(frequency, 0.5, strike, frames, rate) + _sine(frequency, 1e9, 0.12, frames, rate))
        tine_hz = min(14.0 * frequency, 0.35 * rate)
        tine = np.sin(turn + _sine(tine_hz, 0.08, 1.0, frames, rate)) * fall(frames, rate, 0.25)
        fall_s = (1.1 + 1.2 * colour.length) * (60.0 / note.pitch) ** 2
        body = swell(frames, rate, attack_s=0.003, release_s=0.16, sustain=0.0, fall_s=fall_s)
        detuned = _sine(frequency * (1.0 + 0.0009 * (0.5 + colour.movement)), 1e9, 0.25, frames, rate)
        sound = (bar + (0.25 + 0.5 * note.velocity) * tine + detuned) * body
        add_at(track, pan(0.25 * note.velocity**1.3 * sound, 0.015 * (note.pitch - 62)), round(note.start_s * rate))
    turn = 2.0 * np.pi * (3.2 + 2.6 * colour.movement) * seconds(track.shape[1], rate)
    depth = 0.10 + 0.16 * colour.movement
    track *= 1.0 + depth * np.stack([np.sin(turn), -np.sin(turn)])


def _piano(notes: Sequence[Note], colour: Colour, rng: np.random.Generator, rate: int, track: Wave) -> None:
    """Stretched partials, higher ones dying sooner, each on two strings that beat slowly."""
    for note in notes:
        frames = round((note.duration_s + 0.14) * rate)
        frequency = hertz(note.pitch)
        n = np.arange(1, min(17, int(0.4 * rate / frequency)), dtype=np.float64)
        partial_hz = frequency * n * np.sqrt(1.0 + 0.0004 * n * n)
        fall_s = (1.6 + colour.length) * (62.0 / note.pitch) ** 2 / (0.7 + 0.3 * n)
        level = 0.9 ** (n - 1) / n ** (1.1 - 0.4 * note.velocity - 0.3 * colour.brightness)
        level *= np.abs(np.sin(np.pi * n / 8.0 + 0.2))
        two_hz = np.concatenate([partial_hz, partial_hz * (1.0 + 0.0004 + 0.0006 * colour.movement)])
        two_levels = np.concatenate([level, 0.4 * level])
        sound = ringing(two_hz, np.tile(fall_s, 2), two_levels, np.zeros(2 * len(n)), frames, rate)
        hammer = bandpass(noise(rng, frames), 300.0, 2400.0, rate) * decay(frames, rate, 0.012)
        sound = soften_ends(sound, rate, attack_s=0.002, release_s=0.14) + 0.3 * note.velocity * hammer
        add_at(track, pan(0.3 * note.velocity**1.4 * sound, 0.02 * (note.pitch - 62)), round(note.start_s * rate))


def _organ(notes: Sequence[Note], colour: Colour, rng: np.random.Generator, rate: int, track: Wave) -> None:
    """Drawbars with a key click, through a rotating speaker."""
    ratios = ((0.5, 0.7), (1.0, 1.0), (1.5, 0.45), (2.0, 0.6), (3.0, 0.25 + 0.3 * colour.brightness), (4.0, 0.3))
    for note in notes:
        frames = round((note.duration_s + 0.05) * rate)
        t = seconds(frames, rate)
        tone = np.zeros(frames)
        for ratio, level in ratios:
            tone += level * np.sin(2.0 * np.pi * hertz(note.pitch) * ratio * t)
        click = highpass(noise(rng, frames), 1500.0, rate) * decay(frames, rate, 0.003)
        sound = soften_ends(0.25 * tone, rate, attack_s=0.006, release_s=0.05) + 0.15 * click
        add_at(track, 0.35 * (0.5 + 0.5 * note.velocity) * np.vstack([sound, sound]), round(note.start_s * rate))
    track[:] = chorus(track, rate, rate_hz=0.9 + 5.0 * (colour.movement > 0.6), depth_ms=0.5, mix=0.45)


def _pad(shape: Shape) -> Player:
    """Six detuned voices a note, three on each side, whose filter opens slowly; then a chorus."""

    def play(notes: Sequence[Note], colour: Colour, rng: np.random.Generator, rate: int, track: Wave) -> None:
        release_s = 0.7 + 0.5 * colour.length
        for note in notes:
            frames = round((note.duration_s + release_s) * rate)
            t = seconds(frames, rate)
            frequency = hertz(note.pitch)
            dark = filtered_table(shape, frequency, rate, 500.0)
            bright = filtered_table(shape, frequency, rate, 2800.0 + 3600.0 * colour.brightness)
            opening = 0.35 + 0.5 * note.velocity * np.sin(np.pi * np.minimum(1.0, t / (note.duration_s + release_s)))
            sides = np.zeros((2, frames))
            for voice in range(6):
                cents = (voice - 2.5) * (2.4 + 2.2 * colour.movement)
                phase = frequency * 2.0 ** (cents / 1200.0) * t + rng.uniform()
                sides[voice % 2] += read_table(dark, bright, phase, opening)
            attack_s = min(0.25 + 0.5 * colour.length, 0.5 * note.duration_s)
            sides = soften_ends(sides, rate, attack_s=attack_s, release_s=release_s)
            add_at(track, 0.07 * note.velocity * sides, round(note.start_s * rate))
        slow_hz = 0.35 + 0.4 * colour.movement
        track[:] = highpass(chorus(track, rate, rate_hz=slow_hz, depth_ms=2.2, mix=0.4), 110.0, rate)

    return play


def _lead(shape: Shape) -> Player:
    """One voice that glides from note to note, with a vibrato that comes in late on long ones."""

    def play(notes: Sequence[Note], colour: Colour, rng: np.random.Generator, rate: int, track: Wave) -> None:
        previous, free_at_s = None, -1.0
        for note in notes:
            frames = round((note.duration_s + 0.09) * rate)
            t = seconds(frames, rate)
            joined = previous is not None and note.start_s - free_at_s < 0.06
            glide = (previous - note.pitch) * np.exp(-t / 0.022) if joined and previous is not None else 0.0
            late = np.clip((t - 0.22) / 0.35, 0.0, 1.0)
            vibrato = (0.12 + 0.12 * colour.movement) * late * np.sin(2.0 * np.pi * (5.1 + 0.6 * colour.length) * t)
            frequency = hertz(note.pitch)
            phase = sweep_phase(frequency * 2.0 ** ((glide + vibrato) / 12.0), rate) if joined or late.any() else None
            dark = filtered_table(shape, frequency, rate, 1400.0)
            bright = filtered_table(shape, frequency, rate, 4500.0 + 4500.0 * colour.brightness, 1.1)
            opening = (0.3 + 0.7 * note.velocity) * (0.6 + 0.4 * fall(frames, rate, 0.18))
            tone = read_table(dark, bright, frequency * t if phase is None else phase, opening)
            body = swell(frames, rate, attack_s=0.012, release_s=0.09, sustain=0.7, fall_s=0.5)
            breath = bandpass(noise(rng, frames), 2000.0, 7000.0, rate) * decay(frames, rate, 0.03, attack_s=0.004)
            sound = 0.42 * tone * body + 0.05 * breath
            add_at(track, note.velocity**1.2 * sound, round(note.start_s * rate))
            previous, free_at_s = note.pitch, note.start_s + note.duration_s

    return play


def _pluck(notes: Sequence[Note], colour: Colour, rng: np.random.Generator, rate: int, track: Wave) -> None:
    """A short synthesizer note whose filter shuts at once; neighbours stand left and right."""
    for number, note in enumerate(notes):
        frames = round((note.duration_s + 0.25) * rate)
        t = seconds(frames, rate)
        frequency = hertz(note.pitch)
        dark = filtered_table("square", frequency, rate, 400.0)
        bright = filtered_table("saw", frequency, rate, 2600.0 + 3800.0 * colour.brightness, 1.2)
        close_s = 0.05 + 0.09 * colour.length
        tone = read_table(dark, bright, frequency * t, note.velocity * fall(frames, rate, close_s))
        sound = 0.4 * tone * decay(frames, rate, 0.12 + 0.15 * colour.length, attack_s=0.002)
        place = (0.25 + 0.4 * colour.movement) * (1.0 if number % 2 else -1.0)
        add_at(track, pan(note.velocity * sound, place), round(note.start_s * rate))


def _guitar(notes: Sequence[Note], colour: Colour, rng: np.random.Generator, rate: int, track: Wave) -> None:
    """A plucked string after Karplus and Strong, one period at a time, in a wooden body."""
    for note in notes:
        frames = round((note.duration_s + 0.12) * rate)
        string = _string(hertz(note.pitch), frames, rate, rng, 0.35 + 0.5 * colour.brightness * note.velocity)
        string = soften_ends(string, rate, attack_s=0.001, release_s=0.12)
        add_at(track, 0.5 * note.velocity * string, round(note.start_s * rate))
    body = 0.6 * bandpass(track, 90.0, 240.0, rate, order=1)
    track[:] = highpass(track + body, 75.0, rate)


def _string(frequency_hz: float, frames: int, rate: int, rng: np.random.Generator, brightness: float) -> Wave:
    period = max(8, round(rate / frequency_hz))
    pick = rng.uniform(-1.0, 1.0, period)
    soft = lowpass(np.concatenate([pick, pick]), 900.0 + 7000.0 * brightness, rate, order=1)[period:]
    cycle = soft - np.roll(soft, period // 6)
    cycle -= np.mean(cycle)
    needed = int(np.ceil(frames * frequency_hz * period / rate)) + 2
    loss = 0.5 ** (1.0 / (0.45 * frequency_hz))
    cycles = np.empty((needed // period + 2, period))
    for number in range(len(cycles)):
        cycles[number] = cycle
        before = np.concatenate([cycle[-1:], cycle[:-1]])
        cycle = loss * ((0.5 + 0.4 * brightness) * cycle + (0.5 - 0.4 * brightness) * before)
    drift = 1.0 + (0.5 - 0.4 * brightness) / period
    position = np.arange(frames, dtype=np.float64) * (frequency_hz * period / rate) * drift
    return np.asarray(np.interp(position, np.arange(cycles.size), cycles.ravel()))


PLAYERS: Final[dict[str, Player]] = {
    "fingered bass": _bass("string", plucked=True),
    "synth bass": _bass("saw", plucked=False),
    "pulse bass": _bass("pulse", plucked=False),
    "sub bass": _bass("soft", plucked=False),
    "electric piano": _electric_piano,
    "piano": _piano,
    "organ": _organ,
    "warm pad": _pad("saw"),
    "hollow pad": _pad("square"),
    "strings": _pad("saw"),
    "saw lead": _lead("saw"),
    "square lead": _lead("square"),
    "soft lead": _lead("soft"),
    "pluck": _pluck,
    "guitar": _guitar,
}
