"""The plan of a song before anything is played: bars, sections, chords and the clock that turns them into seconds."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from mixing.engine.generator.harmony import Chord, Key, diatonic_chord, parse_progression
from mixing.engine.generator.styles import PROGRESSIONS, STYLES, Groove, Style

SectionName = Literal["intro", "verse", "chorus", "break", "final chorus", "outro"]
STEPS: Final = 16
"""Sixteenths in a bar of 4/4."""

ENERGY: Final[dict[SectionName, float]] = {
    "intro": 0.86, "verse": 0.86, "chorus": 0.96, "break": 0.7, "final chorus": 1.0, "outro": 0.8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of bars with one purpose."""

    name: SectionName
    first_bar: int
    bars: int

    @property
    def last_bar(self) -> int:
        """The bar before the next section."""
        return self.first_bar + self.bars - 1

    @property
    def full(self) -> bool:
        """Whether the whole band plays."""
        return self.name in ("chorus", "final chorus")


@dataclass(frozen=True, slots=True)
class Clock:
    """Bars and sixteenths to seconds; ``swing`` is how late every second sixteenth is, in sixteenths."""

    tempo_bpm: int
    swing: float

    @property
    def step_s(self) -> float:
        """Length of a straight sixteenth."""
        return 15.0 / self.tempo_bpm

    @property
    def bar_s(self) -> float:
        """Length of a bar."""
        return STEPS * self.step_s

    def at(self, bar: int, step: float) -> float:
        """When a sixteenth of a bar is due."""
        late = self.swing if int(step) % 2 == 1 else 0.0
        return (STEPS * bar + step + late) * self.step_s

    def played(self, bar: int, step: float, rng: np.random.Generator, *, late_ms: float, spread_ms: float) -> float:
        """When a player gets there: a habit of being late or early, and a spread that never reaches 2.5 deviations."""
        slip_ms = late_ms + spread_ms * float(np.clip(rng.standard_normal(), -2.5, 2.5))
        return max(0.0, self.at(bar, step) + slip_ms / 1000.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the band has agreed on. ``chords`` holds the two halves of each bar."""

    seed: int
    style: Style
    key: Key
    clock: Clock
    sections: tuple[Section, ...]
    chords: tuple[tuple[Chord, Chord], ...]
    verse: Groove
    chorus: Groove

    def rng(self, purpose: str) -> np.random.Generator:
        """A stream of chance of its own for each purpose, so that one player's whim does not disturb another's."""
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode())])

    @property
    def bars(self) -> int:
        """Length of the song."""
        return len(self.chords)

    @property
    def ending(self) -> int | None:
        """The bar of the held last chord; a song of under ten bars just stops."""
        return self.bars - 1 if self.sections[-1].name == "outro" else None

    def groove(self, section: Section) -> Groove:
        """The patterns of a section."""
        return self.chorus if section.full else self.verse

    def chord_at(self, bar: int, step: int) -> Chord:
        """The chord that sounds then; steps past the bar belong to the next one, and the last bar repeats."""
        bar, step = bar + step // STEPS, step % STEPS
        return self.chords[min(bar, self.bars - 1)][step // 8]


def plan_sections(bars: int) -> tuple[Section, ...]:
    """A form for so many bars: the whole arch from 10 bars on, verse and chorus from 4, else a chorus alone."""
    if bars < 4:
        lengths: list[tuple[SectionName, int]] = [("chorus", bars)]
    elif bars < 10:
        lengths = [("verse", bars // 2), ("chorus", bars - bars // 2)]
    else:
        intro, rest_bars = 4 if bars >= 22 else 2, 4 if bars >= 32 else 2
        spare = bars - intro - rest_bars - 2
        unit = 4 if spare >= 12 else 2
        outro = 2 + spare % unit
        spare -= spare % unit
        verse = max(1, round(0.38 * spare / unit)) * unit if spare else 0
        chorus = max(1, round(0.25 * spare / unit)) * unit if spare > unit else 0
        lengths = [
            ("intro", intro), ("verse", verse), ("chorus", chorus), ("break", rest_bars),
            ("final chorus", spare - verse - chorus), ("outro", outro),
        ]  # fmt: skip
    sections, first = [], 0
    for name, length in lengths:
        if length > 0:
            sections.append(Section(name, first, length))
            first += length
    return tuple(sections)


def plan_song(seed: int, duration_s: float) -> Plan:
    """Draw style, tempo, key, progressions and grooves, and lay out as many bars as fit with time to ring out."""
    rng = np.random.default_rng([seed, 1])
    style = STYLES[int(rng.integers(len(STYLES)))]
    tempo = int(rng.integers(style.tempo_bpm[0], style.tempo_bpm[1] + 1))
    clock = Clock(tempo, round(float(rng.uniform(*style.swing)), 3))
    key = Key(int(rng.integers(12)), style.modes[int(rng.integers(len(style.modes)))])
    ring_s = min(2.0, 0.1 * duration_s)
    sections = plan_sections(max(1, int((duration_s - ring_s) / clock.bar_s)))
    return Plan(
        seed=seed,
        style=style,
        key=key,
        clock=clock,
        sections=sections,
        chords=_lay_chords(rng, style, key, sections),
        verse=style.verse[int(rng.integers(len(style.verse)))],
        chorus=style.chorus[int(rng.integers(len(style.chorus)))],
    )


def _lay_chords(
    rng: np.random.Generator, style: Style, key: Key, sections: tuple[Section, ...]
) -> tuple[tuple[Chord, Chord], ...]:
    """Two progressions: the chorus has one, verse and break share the other; the last bar comes home."""
    choices = PROGRESSIONS[key.mode]
    first, second = rng.permutation(len(choices))[:2]
    verse = parse_progression(choices[first], key, size=style.chord_size)
    chorus = parse_progression(choices[second], key, size=style.chord_size)
    bars: list[tuple[Chord, Chord]] = []
    for section in sections:
        loop = verse if section.name in ("verse", "break") else chorus
        bars.extend(loop[bar % len(loop)] for bar in range(section.bars))
    if sections[-1].name == "outro":
        home = diatonic_chord(key, 1, size=style.chord_size)
        bars[-1] = (home, home)
    return tuple(bars)
