from __future__ import annotations

import itertools

import pytest

from mixing.engine.generator.harmony import Key, diatonic_chord, parse_progression, voice

C_MAJOR = Key(0, "major")


@pytest.mark.parametrize(
    ("degree", "size", "classes"),
    [
        (1, 3, (0, 4, 7)),
        (4, 4, (5, 9, 0, 4)),
        (2, 5, (2, 5, 9, 0, 4)),
        (3, 5, (4, 7, 11, 2)),
        (7, 5, (11, 2, 5, 9)),
    ],
)
def test_it_stacks_thirds_of_the_scale_and_leaves_out_a_ninth_that_grinds(degree, size, classes):
    assert diatonic_chord(C_MAJOR, degree, size=size).classes == classes


def test_it_reads_two_chords_in_a_bar():
    bars = parse_progression("4 2,5", C_MAJOR, size=3)
    assert [(first.root, second.root) for first, second in bars] == [(5, 5), (2, 7)]


def test_it_names_keys_as_musicians_write_them():
    assert Key(3, "major").name == "Eb major"
    assert Key(6, "minor").name == "F# minor"


def test_the_five_note_scale_has_no_semitones():
    pitches = Key(9, "minor").pentatonic(60, 84)
    assert {pitch % 12 for pitch in pitches} == {9, 0, 2, 4, 7}
    assert min(high - low for low, high in itertools.pairwise(pitches)) == 2


def test_common_tones_stay_and_the_others_move_by_step():
    c_major, a_minor = diatonic_chord(C_MAJOR, 1, size=3), diatonic_chord(C_MAJOR, 6, size=3)
    first = voice(c_major, None, centre=62, voices=3, rootless=False)
    second = voice(a_minor, first, centre=62, voices=3, rootless=False)
    assert len(set(first) & set(second)) == 2
    assert sum(abs(a - b) for a, b in zip(first, second, strict=True)) == 2


def test_the_hand_stays_in_reach_over_any_progression():
    hand = None
    for degree in (1, 4, 7, 3, 6, 2, 5, 1, 5, 3, 1, 6, 4, 2, 7, 5):
        chord = diatonic_chord(C_MAJOR, degree, size=5)
        before, hand = hand, voice(chord, hand, centre=62, voices=4, rootless=True)
        assert all(pitch % 12 in chord.classes for pitch in hand)
        assert hand[-1] - hand[0] <= 19
        assert hand[-1] - hand[-2] >= 2
        assert before is None or abs(hand[-1] - before[-1]) <= 5


def test_the_root_is_left_to_the_bass():
    chord = diatonic_chord(C_MAJOR, 2, size=5)
    assert {pitch % 12 for pitch in voice(chord, None, centre=62, voices=4, rootless=True)} == {5, 9, 0, 4}
