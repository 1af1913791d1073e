"""Keys, scales, chords and how one chord moves to the next."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Mode = Literal["major", "minor", "dorian", "mixolydian"]

_STEPS: Final[dict[Mode, tuple[int, ...]]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}
_PENTATONIC: Final[dict[Mode, tuple[int, ...]]] = {
    "major": (0, 2, 4, 7, 9),
    "minor": (0, 3, 5, 7, 10),
    "dorian": (0, 3, 5, 7, 10),
    "mixolydian": (0, 2, 4, 7, 10),
}
_FLAT_NAMES: Final = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_SHARP_NAMES: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic (pitch class 0 to 11, C = 0) and a mode."""

    tonic: int
    mode: Mode

    @property
    def name(self) -> str:
        """As musicians write it: ``Eb major``, ``F# minor``."""
        names = _FLAT_NAMES if self.mode == "major" else _SHARP_NAMES
        return f"{names[self.tonic]} {self.mode}"

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """The seven pitch classes of the scale, from the tonic up."""
        return tuple((self.tonic + step) % 12 for step in _STEPS[self.mode])

    def pentatonic(self, lowest: int, highest: int) -> list[int]:
        """The pitches of the five-note scale in a range: the notes that no chord of the key quarrels with."""
        classes = {(self.tonic + step) % 12 for step in _PENTATONIC[self.mode]}
        return [pitch for pitch in range(lowest, highest + 1) if pitch % 12 in classes]


@dataclass(frozen=True, slots=True)
class Chord:
    """Pitch classes of a chord, root first, in thirds: triad, seventh and, where it is a whole tone, ninth."""

    degree: int
    classes: tuple[int, ...]

    @property
    def root(self) -> int:
        """Pitch class of the root."""
        return self.classes[0]

    @property
    def triad(self) -> tuple[int, ...]:
        """Root, third and fifth."""
        return self.classes[:3]


def diatonic_chord(key: Key, degree: int, *, size: int) -> Chord:
    """The chord on a degree (1 to 7) of the key with ``size`` notes, 3 to 5.

    A ninth a semitone above the root is left out: it would grind.
    """
    scale = key.pitch_classes
    classes = [scale[(degree - 1 + 2 * third) % 7] for third in range(size)]
    if size == 5 and (classes[4] - classes[0]) % 12 == 1:
        classes.pop()
    return Chord(degree, tuple(classes))


def parse_progression(text: str, key: Key, *, size: int) -> list[tuple[Chord, Chord]]:
    """Read ``"4 3 6 2,5"``: a bar a word, two chords a bar where there is a comma; each bar gives its two halves."""
    bars = []
    for word in text.split():
        degrees = [int(degree) for degree in word.split(",")]
        first, second = degrees[0], degrees[-1]
        bars.append((diatonic_chord(key, first, size=size), diatonic_chord(key, second, size=size)))
    return bars


def voice(chord: Chord, previous: Sequence[int] | None, *, centre: int, voices: int, rootless: bool) -> tuple[int, ...]:
    """The voicing of a chord that is nearest to the one before.

    Parameters
    ----------
    chord : Chord
    previous : Sequence[int] | None
        MIDI pitches of the chord before; without one the voicing is only drawn to ``centre``.
    centre : int
        MIDI pitch around which the hand stays.
    voices : int
        Number of notes.
    rootless : bool
        Leave the root to the bass where the chord has enough other notes.

    Returns
    -------
    tuple[int, ...]
        Rising MIDI pitches, at most one pair of neighbours a semitone apart and none at the top.
    """
    classes = chord.classes[1:] if rootless and len(chord.classes) > voices else chord.classes
    return _nearest(classes[:voices], tuple(previous) if previous else None, centre)


@lru_cache(maxsize=4096)
def _nearest(classes: tuple[int, ...], previous: tuple[int, ...] | None, centre: int) -> tuple[int, ...]:
    choices = [[pitch for pitch in range(centre - 11, centre + 12) if pitch % 12 == wanted] for wanted in classes]
    candidates = sorted({tuple(sorted(combination)) for combination in itertools.product(*choices)})
    return min(candidates, key=lambda pitches: (_strain(pitches, previous, centre), pitches))


def _strain(pitches: tuple[int, ...], previous: tuple[int, ...] | None, centre: int) -> float:
    """How much a hand and an ear would mind: movement, distance from home, clusters, mud and too wide a grip."""
    gaps = [high - low for low, high in itertools.pairwise(pitches)]
    strain = 0.6 * abs(sum(pitches) / len(pitches) - centre) + 1.5 * max(0, pitches[-1] - pitches[0] - 15)
    strain += sum(6.0 for gap in gaps if gap < 2) + (12.0 if gaps and gaps[-1] < 2 else 0.0)
    strain += sum(4.0 for low, gap in zip(pitches, gaps, strict=False) if low < 52 and gap < 4)
    if previous:
        strain += sum(min(abs(pitch - other) for other in previous) for pitch in pitches)
        strain += 1.2 * abs(pitches[-1] - previous[-1])
    return strain
