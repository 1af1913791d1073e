"""What chord instruments play: comping, pads, strummed strings, arpeggios; and the effects between sections."""

from __future__ import annotations

from typing import Final

import numpy as np

from mixing.engine.generator.form import ENERGY, STEPS, Plan, Section
from mixing.engine.generator.harmony import Chord, voice
from mixing.engine.generator.score import Note, Transition
from mixing.engine.generator.styles import STRUMS

_ARPEGGIOS: Final = ("0.1.2.3.2.1.2.1.", "012.012.0123210.", "0.2.1.3.0.2.3.1.", "0120120120123210")
_GUITAR_CENTRE: Final = 57


def chord_notes(plan: Plan) -> list[Note]:
    """Comping in a rhythm for each section, with chords that come early, voiced close to the one before."""
    rng, choice = plan.rng("chord notes"), plan.rng("comping")
    patterns = [plan.style.comping[index] for index in choice.permutation(len(plan.style.comping))[:2]]
    voices = 3 if plan.style.chord_size == 3 else 4
    notes: list[Note] = []
    hand: tuple[int, ...] | None = None
    anticipated = False
    for section in plan.sections:
        for bar in range(section.first_bar, section.first_bar + section.bars):
            pattern = patterns[1 if section.full else 0]
            if bar == plan.ending or section.name in ("intro", "break"):
                pattern = "X" + "-" * 15
            for step, held, symbol in _strikes(pattern):
                if anticipated and step == 0:
                    continue
                early = symbol == "P"
                chord = plan.chord_at(bar, 8 * (step // 8) + 8) if early else plan.chord_at(bar, step)
                hand = voice(chord, hand, centre=62, voices=voices, rootless=True)
                length = held + (4 if early else 0)
                velocity = (0.82 if symbol == "X" else 0.7) * ENERGY[section.name]
                notes.extend(_strike_chord(plan, bar, step, length, hand, velocity, rng))
            anticipated = "P" in pattern and bar != section.last_bar and bar + 1 != plan.ending
    return notes


def _strikes(pattern: str) -> list[tuple[int, int, str]]:
    """Step, held sixteenths and symbol of each stroke of a pattern."""
    strikes = []
    for step, symbol in enumerate(pattern):
        if symbol not in "-.":
            rest = pattern[step + 1 :]
            strikes.append((step, 1 + len(rest) - len(rest.lstrip("-")), symbol))
    return strikes


def _strike_chord(
    plan: Plan, bar: int, step: int, held: int, hand: tuple[int, ...], velocity: float, rng: np.random.Generator
) -> list[Note]:
    """Fingers land within a few milliseconds of each other, the top one a little stronger."""
    start_s = plan.clock.played(bar, step, rng, late_ms=3.0, spread_ms=3.5)
    end_s = plan.clock.at(bar, step) + (held - 0.15) * plan.clock.step_s
    notes = []
    for finger, pitch in enumerate(hand):
        touch = velocity * (1.08 if finger == len(hand) - 1 else 0.94) + 0.03 * float(rng.standard_normal())
        begin_s = start_s + 0.0025 * finger + 0.002 * float(rng.uniform())
        notes.append(Note(begin_s, max(0.06, end_s - begin_s), pitch, float(np.clip(touch, 0.1, 1.0))))
    return notes


def pad_notes(plan: Plan) -> list[Note]:
    """Held chords wherever there is harmony, except in the first half of a verse; equal chords are tied over."""
    hand: tuple[int, ...] | None = None
    notes: list[Note] = []
    for section in plan.sections:
        begin = section.first_bar + (section.bars // 2 if section.name == "verse" and plan.bars >= 10 else 0)
        for first, last, chord in _held_chords(plan, section, begin):
            hand = voice(chord, hand, centre=60, voices=min(4, len(chord.classes)), rootless=False)
            start_s, end_s = first * 8 * plan.clock.step_s, (last + 1) * 8 * plan.clock.step_s
            velocity = 0.85 * ENERGY[section.name]
            notes.extend(Note(start_s, end_s - start_s, pitch, velocity) for pitch in hand)
    return notes


def _held_chords(plan: Plan, section: Section, first_bar: int) -> list[tuple[int, int, Chord]]:
    """First half bar, last half bar and chord of each stretch of one harmony."""
    stretches: list[tuple[int, int, Chord]] = []
    for half in range(2 * first_bar, 2 * (section.last_bar + 1)):
        chord = plan.chords[half // 2][half % 2]
        if stretches and stretches[-1][2] == chord:
            stretches[-1] = (stretches[-1][0], half, chord)
        else:
            stretches.append((half, half, chord))
    return stretches


def strum_notes(plan: Plan) -> list[Note]:
    """A strummed guitar: down-strokes over all strings, up-strokes over the upper ones, a few milliseconds a string."""
    rng = plan.rng("strum notes")
    pattern = STRUMS[int(plan.rng("strum pattern").integers(len(STRUMS)))]
    notes: list[Note] = []
    hand: tuple[int, ...] | None = None
    for section in plan.sections:
        if section.name == "break":
            continue
        for bar in range(section.first_bar, section.first_bar + section.bars):
            bar_pattern = "X" + "-" * 15 if bar == plan.ending or section.name == "intro" else pattern
            for step, _, symbol in _strikes(bar_pattern):
                chord = plan.chord_at(bar, step)
                hand = voice(chord, hand, centre=_GUITAR_CENTRE, voices=min(4, len(chord.classes)), rootless=False)
                length = _until_next(bar_pattern, step)
                down = symbol == "X" or step % 4 == 0
                velocity = (0.88 if symbol == "X" else 0.62) * ENERGY[section.name]
                notes.extend(_strum(plan, bar, step, length, _strings(chord, hand, down=down), velocity, rng))
    return notes


def _until_next(pattern: str, step: int) -> int:
    later = [other for other, _, _ in _strikes(pattern) if other > step]
    return (later[0] if later else STEPS) - step


def _strings(chord: Chord, hand: tuple[int, ...], *, down: bool) -> list[int]:
    low = 40 + (chord.root - 40) % 12
    full = sorted({low, *hand, hand[0] + 12})
    return full if down else full[:1:-1]


def _strum(
    plan: Plan, bar: int, step: int, held: int, strings: list[int], velocity: float, rng: np.random.Generator
) -> list[Note]:
    start_s = plan.clock.played(bar, step, rng, late_ms=0.0, spread_ms=4.0)
    gap_s = float(rng.uniform(0.006, 0.013))
    end_s = plan.clock.at(bar, step) + held * plan.clock.step_s
    notes = []
    for number, pitch in enumerate(strings):
        begin_s = start_s + number * gap_s
        touch = float(np.clip(velocity + 0.05 * rng.standard_normal(), 0.15, 1.0))
        notes.append(Note(begin_s, max(0.05, end_s - begin_s), pitch, touch))
    return notes


def arpeggio_notes(plan: Plan) -> list[Note]:
    """Broken chords in choruses and the break; they creep in during the second half of the intro."""
    rng = plan.rng("arpeggio notes")
    pattern = _ARPEGGIOS[int(plan.rng("arpeggio pattern").integers(len(_ARPEGGIOS)))]
    notes: list[Note] = []
    hand: tuple[int, ...] | None = None
    for section in plan.sections:
        if section.name == "verse" or (section.name == "outro" and section.bars < 3):
            continue
        for bar in range(section.first_bar, section.first_bar + section.bars):
            if bar == plan.ending or (section.name == "intro" and bar < section.first_bar + section.bars // 2):
                continue
            for step, symbol in enumerate(pattern):
                if symbol == ".":
                    continue
                hand = voice(plan.chord_at(bar, step), hand, centre=69, voices=3, rootless=False)
                ladder = (*hand, hand[0] + 12)
                velocity = (0.8 if step % 4 == 0 else 0.62) * ENERGY[section.name] + 0.05 * float(rng.standard_normal())
                start_s = plan.clock.played(bar, step, rng, late_ms=0.0, spread_ms=1.2)
                notes.append(
                    Note(start_s, 0.8 * plan.clock.step_s, ladder[int(symbol)], float(np.clip(velocity, 0.2, 1.0)))
                )
    return notes


def transitions(plan: Plan) -> list[Transition]:
    """Air under intro and break, a riser into a chorus, impact and fall on it, a reversed swell into a verse."""
    bar_s, effects = plan.clock.bar_s, list[Transition]()
    for section in plan.sections:
        start_s = section.first_bar * bar_s
        if section.name in ("intro", "break"):
            effects.append(Transition(start_s, section.bars * bar_s, "air", 1.0))
        if section.full:
            if section.first_bar > 0:
                lead_in = min(2, section.first_bar) * bar_s
                effects.append(Transition(start_s - lead_in, lead_in, "riser", 0.9))
            effects.append(Transition(start_s, min(2.0, bar_s), "impact", 0.9))
            effects.append(Transition(start_s, min(2, section.bars) * bar_s, "fall", 0.6))
        if section.name in ("verse", "outro") and section.first_bar > 0:
            effects.append(Transition(start_s - 0.5 * bar_s, 0.5 * bar_s, "reverse", 0.7))
    return effects
