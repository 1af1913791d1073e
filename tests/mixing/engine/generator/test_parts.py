"""What the players read: patterns, lines and tunes, before any sound is made."""

from __future__ import annotations

import itertools

import pytest

from mixing.engine.generator import accompaniment, melody, rhythm_section
from mixing.engine.generator.drums import VOICES
from mixing.engine.generator.form import Plan, plan_song
from mixing.engine.generator.instruments import PLAYERS
from mixing.engine.generator.styles import (
    ANSWER_RHYTHMS,
    CADENCES,
    MOTIF_RHYTHMS,
    STRUMS,
    STYLES,
)
from mixing.engine.roles import ROLES

SEEDS = range(12)


def _plan(seed: int) -> Plan:
    return plan_song(seed, 70.0)


def test_every_pattern_is_one_bar_of_known_symbols():
    for style in STYLES:
        for groove in style.verse + style.chorus:
            assert [len(pattern) for pattern in (groove.kick, groove.snare, groove.hats, groove.bass)] == [16] * 4
            assert set(groove.kick + groove.snare + groove.hats) <= set("XxoO.")
            assert set(groove.bass) <= set("R8537a-.")
        for voices in style.percussion:
            assert all(name in VOICES and len(pattern) == 16 for name, pattern in voices)
        assert all(len(pattern) == 16 and set(pattern) <= set("XxP-.") for pattern in style.comping)
    for pattern in (*STRUMS, *MOTIF_RHYTHMS, *ANSWER_RHYTHMS, *CADENCES):
        assert len(pattern) == 16


def test_every_chair_has_a_known_role_and_instrument_and_a_name_of_its_own():
    for style in STYLES:
        names = [chair.name for chair in style.band]
        assert len(set(names)) == len(names)
        for chair in style.band:
            assert chair.role in ROLES
            assert all(name in PLAYERS for name in chair.instruments if name not in ("kit", "transitions"))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_note_is_in_the_key(seed):
    plan = _plan(seed)
    for write in (
        rhythm_section.bass_notes,
        accompaniment.chord_notes,
        accompaniment.pad_notes,
        accompaniment.strum_notes,
        accompaniment.arpeggio_notes,
        melody.lead_notes,
    ):
        assert {note.pitch % 12 for note in write(plan)} <= set(plan.key.pitch_classes)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bass_has_the_root_on_the_first_beat_it_plays(seed):
    plan = _plan(seed)
    notes = rhythm_section.bass_notes(plan)
    for bar in range(4, plan.bars):
        due_s = plan.clock.at(bar, 0)
        on_beat = [note for note in notes if abs(note.start_s - due_s) < 0.02]
        assert all(note.pitch % 12 == plan.chord_at(bar, 0).root for note in on_beat)
    assert min(note.pitch for note in notes) >= 28
    assert max(note.pitch for note in notes) <= 52


@pytest.mark.parametrize("seed", SEEDS)
def test_the_tune_sings_one_note_at_a_time_and_breathes(seed):
    plan = _plan(seed)
    notes = melody.lead_notes(plan)
    assert all(first.start_s < second.start_s for first, second in itertools.pairwise(notes))
    assert all(melody.LOWEST - 5 <= note.pitch <= melody.HIGHEST for note in notes)
    rests = [b.start_s - a.start_s - a.duration_s for a, b in itertools.pairwise(notes)]
    assert max(rests) > plan.clock.step_s
    assert min(rests) > -0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_a_chorus_repeats_its_motif(seed):
    plan = _plan(seed)
    chorus = next(section for section in plan.sections if section.name == "chorus")
    notes = melody.lead_notes(plan)

    def rhythm(bar: int) -> list[int]:
        steps = [(note.start_s - plan.clock.at(bar, 0)) / plan.clock.step_s for note in notes]
        return [round(step - 0.25) for step in steps if -0.5 < step < 15.5]

    first = rhythm(chorus.first_bar)
    assert len(first) >= 4
    assert first == rhythm(chorus.first_bar + 2)


def test_strong_and_long_notes_of_the_tune_are_chord_tones():
    assert melody.nearest_chord_tone((0, 4, 7), 74) == 72
    assert melody.nearest_chord_tone((0,), 73, avoid=72) == 72
    assert melody.nearest_chord_tone((0, 4, 7), 78) == 79
    assert melody.nearest_chord_tone((0, 4, 7), 73, avoid=72) == 76


@pytest.mark.parametrize("seed", SEEDS)
def test_long_notes_of_the_tune_belong_to_the_chord_under_their_end(seed):
    plan = _plan(seed)
    for note in melody.lead_notes(plan):
        if note.duration_s > 3.5 * plan.clock.step_s:
            half = int((note.start_s + note.duration_s - 0.5 * plan.clock.step_s) / (8 * plan.clock.step_s))
            assert note.pitch % 12 in plan.chord_at(half // 2, 8 * (half % 2)).classes


@pytest.mark.parametrize("seed", SEEDS)
def test_drums_rest_in_the_intro_and_a_crash_opens_the_chorus(seed):
    plan = _plan(seed)
    chorus_s = plan.clock.at(next(section for section in plan.sections if section.full).first_bar, 0)
    assert min(hit.start_s for hit in rhythm_section.kick_hits(plan)) >= plan.clock.at(4, 0) - 0.02
    assert any(h.voice == "crash" and abs(h.start_s - chorus_s) < 0.02 for h in rhythm_section.cymbal_hits(plan))
    assert any(
        t.kind == "riser" and abs(t.start_s + t.duration_s - chorus_s) < 0.02 for t in accompaniment.transitions(plan)
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_last_chord_is_held_by_bass_keys_and_pad(seed):
    plan = _plan(seed)
    for write in (rhythm_section.bass_notes, accompaniment.chord_notes, accompaniment.pad_notes):
        held = [note for note in write(plan) if note.start_s >= plan.clock.at(plan.bars - 1, 0) - 0.02]
        assert held or write is accompaniment.pad_notes
        assert max(note.start_s + note.duration_s for note in write(plan)) > plan.clock.at(plan.bars - 1, 13)
