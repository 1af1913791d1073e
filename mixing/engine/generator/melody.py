"""The tune: a motif that is stated, answered, moved to the next chord and brought home; rests between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mixing.engine.generator.form import ENERGY, STEPS, Plan, Section
from mixing.engine.generator.score import Note
from mixing.engine.generator.styles import ANSWER_RHYTHMS, CADENCES, MOTIF_RHYTHMS

LOWEST: Final = 64
HIGHEST: Final = 86


@dataclass(frozen=True, slots=True)
class Motif:
    """One bar: when notes start and how long they last, in sixteenths, and by how many scale steps each moves on."""

    onsets: tuple[tuple[int, int], ...]
    moves: tuple[int, ...]


def draw_motif(rng: np.random.Generator, rhythm: str) -> Motif:
    """A contour for a rhythm: mostly steps, now and then a leap, which is answered in the other direction."""
    onsets = tuple(
        (step, 1 + len(rhythm[step + 1 :]) - len(rhythm[step + 1 :].lstrip("-")))
        for step, symbol in enumerate(rhythm)
        if symbol == "x"
    )
    moves, height = [0], 0
    for _ in onsets[1:]:
        if abs(moves[-1]) >= 3:
            move = -int(np.sign(moves[-1])) * int(rng.integers(1, 3))
        else:
            move = int(rng.choice([-3, -2, -1, -1, 0, 1, 1, 2, 3]))
        if abs(height + move) > 4:
            move = -move
        moves.append(move)
        height += move
    return Motif(onsets, tuple(moves))


@dataclass(frozen=True, slots=True)
class Tune:
    """Four bars: motif, answer, motif, cadence; and another cadence for the second time round.

    The tune begins near ``home`` (a MIDI pitch); the second statement begins ``lift`` semitones from there.
    """

    motif: Motif
    answer: Motif
    half_close: Motif
    close: Motif
    home: int
    lift: int


def draw_tune(plan: Plan) -> Tune:
    """The hook of a song."""
    rng = plan.rng("tune")
    ends = rng.permutation(len(CADENCES))[:2]
    return Tune(
        motif=draw_motif(rng, MOTIF_RHYTHMS[int(rng.integers(len(MOTIF_RHYTHMS)))]),
        answer=draw_motif(rng, ANSWER_RHYTHMS[int(rng.integers(len(ANSWER_RHYTHMS)))]),
        half_close=draw_motif(rng, CADENCES[ends[0]]),
        close=draw_motif(rng, CADENCES[ends[1]]),
        home=int(rng.integers(71, 78)),
        lift=int(rng.choice([-3, 0, 3, 5])),
    )


def lead_notes(plan: Plan) -> list[Note]:
    """The whole tune in choruses, its cadence as an answer in verses, a quiet memory of the motif in the break."""
    tune, rng = draw_tune(plan), plan.rng("lead notes")
    notes: list[Note] = []
    pitch = tune.home
    for section in plan.sections:
        for bar in range(section.first_bar, section.first_bar + section.bars):
            motif = _motif_for(tune, section, bar - section.first_bar)
            if bar == plan.ending or motif is None:
                continue
            place = (bar - section.first_bar) % 4
            if place % 2 == 0 or abs(pitch - tune.home) > 7:
                pitch = tune.home + (tune.lift if place == 2 else 0)
            bar_notes = _sing(plan, bar, motif, pitch, ENERGY[section.name], rng)
            if section.name == "final chorus":
                bar_notes = _ornament(plan, bar_notes, rng)
            notes.extend(bar_notes)
            pitch = bar_notes[-1].pitch
    return notes


def _motif_for(tune: Tune, section: Section, bar: int) -> Motif | None:
    place = bar % 4
    if section.full:
        ending = tune.close if bar // 4 % 2 == 1 or bar == section.bars - 1 else tune.half_close
        return (tune.motif, tune.answer, tune.motif, ending)[place]
    if section.name == "verse":
        return (None, None, None, tune.half_close)[place] if section.bars > 2 else None
    if section.name == "break":
        return tune.motif if bar == section.bars // 2 - (section.bars < 4) else None
    return None


def _sing(plan: Plan, bar: int, motif: Motif, pitch: int, energy: float, rng: np.random.Generator) -> list[Note]:
    """Put a motif on the chords of a bar: long and strong notes are chord tones, the others the five-note scale."""
    ladder = plan.key.pentatonic(LOWEST, HIGHEST)
    notes = []
    for (step, held), move in zip(motif.onsets, motif.moves, strict=True):
        before = pitch
        rung = int(np.argmin([abs(other - pitch) for other in ladder])) + move
        pitch = ladder[int(np.clip(rung, 0, len(ladder) - 1))]
        if step % 8 == 0 or held >= 3:
            pitch = nearest_chord_tone(_lasting_tones(plan, bar, step, held), pitch, avoid=before if move else None)
        start_s = plan.clock.played(bar, step, rng, late_ms=6.0, spread_ms=4.0)
        end_s = plan.clock.at(bar, step) + (held - 0.1) * plan.clock.step_s
        accent = 0.9 if step % 4 == 0 else 0.78
        velocity = float(np.clip(accent * energy + 0.04 * rng.standard_normal(), 0.2, 1.0))
        notes.append(Note(start_s, max(0.06, end_s - start_s), pitch, velocity))
    return notes


def _lasting_tones(plan: Plan, bar: int, step: int, held: int) -> tuple[int, ...]:
    """Classes on which a note may stay: where the chord changes under it, those that both chords share."""
    first, last = plan.chord_at(bar, step), plan.chord_at(bar, min(STEPS, step + held) - 1)
    shared = tuple(pitch_class for pitch_class in last.classes[:4] if pitch_class in first.classes[:4])
    return first.triad if first == last else shared or last.triad


def nearest_chord_tone(classes: tuple[int, ...], pitch: int, *, avoid: int | None = None) -> int:
    """The pitch of one of these classes that is nearest, within the tune's range; of two the lower.

    ``avoid`` is the note before, where the tune should move on instead of repeating it, if that takes no leap of more
    than a fifth.
    """
    tones = [tone for tone in range(LOWEST, HIGHEST + 1) if tone % 12 in classes]
    tones = [tone for tone in tones if tone != avoid and abs(tone - pitch) <= 7] or tones
    return min(tones, key=lambda tone: (abs(tone - pitch), tone))


def _ornament(plan: Plan, notes: list[Note], rng: np.random.Generator) -> list[Note]:
    """Now and then a short note from the next rung below leads into a long one."""
    ladder = plan.key.pentatonic(LOWEST - 5, HIGHEST)
    ornamented: list[Note] = []
    for note in notes:
        below = [pitch for pitch in ladder if pitch < note.pitch]
        if note.duration_s > 2.5 * plan.clock.step_s and below and rng.uniform() < 0.45:
            grace_s = 0.4 * plan.clock.step_s
            ornamented.append(Note(note.start_s, grace_s, below[-1], 0.8 * note.velocity))
            note = Note(note.start_s + grace_s, note.duration_s - grace_s, note.pitch, note.velocity)
        ornamented.append(note)
    return ornamented


def bar_of(plan: Plan, note: Note) -> int:
    """The bar in which a note begins."""
    return int((note.start_s + 0.02) / (STEPS * plan.clock.step_s))
