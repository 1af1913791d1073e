"""What drums and bass play: grooves, ghost notes, fills, build-ups and the line under the chords."""

from __future__ import annotations

from typing import Final

import numpy as np

from mixing.engine.generator.form import ENERGY, STEPS, Plan, Section
from mixing.engine.generator.harmony import Chord
from mixing.engine.generator.score import Hit, Note

_STRENGTH: Final = {"X": 0.95, "x": 0.78, "o": 0.42, "O": 0.8}
_FEEL_MS: Final = {
    "kick": (0.0, 2.5), "snare": (5.0, 3.5), "hats": (-2.0, 4.0), "percussion": (2.0, 5.5),
    "toms": (3.0, 4.0), "cymbals": (0.0, 3.0),
}  # fmt: skip
_SNARE_FILLS: Final = ("........x.xxX.XX", "............xxXX", ".......x..x.XxXX", "..........x.X.x.")
_TOM_FILLS: Final = ("........hhhmmmll", "........h.hm.mlL", "............hmlL", "......h.m.hhmmlL")
_TOMS: Final = {"h": "high tom", "m": "mid tom", "l": "low tom", "L": "low tom"}
_LOWEST_BASS: Final = 28


class _Kit:
    """Collects the hits of one drum part, played by a person."""

    def __init__(self, plan: Plan, duty: str) -> None:
        self._plan = plan
        self._rng = plan.rng(f"{duty} hits")
        self._late_ms, self._spread_ms = _FEEL_MS[duty]
        if plan.style.electronic:
            self._late_ms, self._spread_ms = 0.3 * self._late_ms, 0.4 * self._spread_ms
        self.hits: list[Hit] = []

    def hit(self, bar: int, step: float, voice: str, velocity: float) -> None:
        start_s = self._plan.clock.played(bar, step, self._rng, late_ms=self._late_ms, spread_ms=self._spread_ms)
        wobble = 0.05 * float(self._rng.standard_normal())
        self.hits.append(Hit(start_s, voice, float(np.clip(velocity + wobble, 0.12, 1.0))))

    def pattern(self, bar: int, pattern: str, voice: str, energy: float, *, steps: range = range(STEPS)) -> None:
        for step in steps:
            if pattern[step] in _STRENGTH:
                sounding = "open hat" if pattern[step] == "O" else voice
                self.hit(bar, step, sounding, _STRENGTH[pattern[step]] * energy)

    def played(self) -> list[Hit]:
        return sorted(self.hits, key=lambda hit: hit.start_s)


def _fills(plan: Plan, section: Section, bar: int) -> bool:
    """Whether drums lead over into the next section here."""
    return bar == section.last_bar and section.bars >= 2 and section.name in ("verse", "chorus", "final chorus")


def kick_hits(plan: Plan) -> list[Hit]:
    """The kick drum: out in intro and break, thinned before a chorus, one last stroke at the end."""
    kit = _Kit(plan, "kick")
    for section in plan.sections:
        for bar in range(section.first_bar, section.first_bar + section.bars):
            if bar == plan.ending:
                kit.hit(bar, 0, "kick", 0.9)
            elif section.name in ("verse", "chorus", "final chorus"):
                steps = range(12) if _fills(plan, section, bar) and section.name == "verse" else range(STEPS)
                kit.pattern(bar, plan.groove(section).kick, "kick", ENERGY[section.name], steps=steps)
    return kit.played()


def snare_hits(plan: Plan) -> list[Hit]:
    """Backbeat and ghost notes; a fill at the end of a section and a roll that grows out of the break."""
    kit, choice = _Kit(plan, "snare"), plan.rng("snare fills")
    for section in plan.sections:
        fill = _SNARE_FILLS[int(choice.integers(len(_SNARE_FILLS)))]
        for bar in range(section.first_bar, section.first_bar + section.bars):
            if section.name == "break" and bar == section.last_bar:
                for step in range(0 if section.bars > 2 else 8, STEPS):
                    if step >= 8 or step % 2 == 0:
                        kit.hit(bar, step, "snare", 0.25 + 0.65 * step / STEPS)
            elif section.name in ("verse", "chorus", "final chorus"):
                cut = 8 if _fills(plan, section, bar) else STEPS
                kit.pattern(bar, plan.groove(section).snare, "snare", ENERGY[section.name], steps=range(cut))
                if cut < STEPS:
                    kit.pattern(bar, fill, "snare", ENERGY[section.name], steps=range(cut, STEPS))
    return kit.played()


def hat_hits(plan: Plan) -> list[Hit]:
    """Hi-hats: from the middle of the intro on, softer outside the choruses, with a breath on the off-beats."""
    kit = _Kit(plan, "hats")
    for section in plan.sections:
        for bar in range(section.first_bar, section.first_bar + section.bars):
            late_half = bar - section.first_bar >= section.bars / 2
            silent = bar == plan.ending or (section.name in ("intro", "break") and not late_half)
            if not silent:
                steps = range(14) if _fills(plan, section, bar) else range(STEPS)
                kit.pattern(bar, plan.groove(section).hats, "closed hat", 0.92 * ENERGY[section.name], steps=steps)
    return kit.played()


def percussion_hits(plan: Plan) -> list[Hit]:
    """Hand percussion: two patterns that a song keeps to, one for verse and break and one added in choruses."""
    kit, choice = _Kit(plan, "percussion"), plan.rng("percussion patterns")
    sets = plan.style.percussion
    light = sets[int(choice.integers(len(sets)))]
    everything = tuple(voice for patterns in sets for voice in patterns)
    for section in plan.sections:
        if section.name == "intro":
            continue
        for bar in range(section.first_bar, section.first_bar + section.bars):
            if bar != plan.ending:
                for voice, pattern in everything if section.full else light:
                    kit.pattern(bar, pattern, voice, 0.9 * ENERGY[section.name])
    return kit.played()


def tom_hits(plan: Plan) -> list[Hit]:
    """Fills around the toms at the end of each section that drums lead out of."""
    kit, choice = _Kit(plan, "toms"), plan.rng("tom fills")
    for section in plan.sections:
        fill = _TOM_FILLS[int(choice.integers(len(_TOM_FILLS)))]
        fills = section.bars == 1 or _fills(plan, section, section.last_bar)
        if fills and section.last_bar != plan.ending:
            for step, drum in enumerate(fill):
                if drum in _TOMS:
                    kit.hit(section.last_bar, step, _TOMS[drum], 0.55 + 0.4 * step / STEPS)
    return kit.played()


def cymbal_hits(plan: Plan) -> list[Hit]:
    """A crash where a chorus or the last chord begins, and a ride through the second half of the final chorus."""
    kit = _Kit(plan, "cymbals")
    for section in plan.sections:
        if section.full or section.name == "verse":
            kit.hit(section.first_bar, 0, "crash", 0.9 if section.full else 0.55)
        if section.full:
            for bar in range(section.first_bar + (section.bars + 1) // 2, section.last_bar + 1):
                kit.pattern(bar, "x.o.x.o.x.o.x.o.", "ride", 0.8)
    if plan.ending is not None:
        kit.hit(plan.ending, 0, "crash", 0.8)
    return kit.played()


def bass_notes(plan: Plan) -> list[Note]:
    """The bass line: the groove's pattern on the roots, long notes in the break, the tonic to end on."""
    rng, notes = plan.rng("bass notes"), list[Note]()
    for section in plan.sections:
        if section.name == "intro":
            continue
        for bar in range(section.first_bar, section.first_bar + section.bars):
            pattern = plan.groove(section).bass
            if bar == plan.ending:
                pattern = "R" + "-" * 13 + ".."
            elif section.name == "break":
                pattern = (
                    "R------.R------." if plan.chord_at(bar, 0) != plan.chord_at(bar, 8) else "R" + "-" * 13 + ".."
                )
            notes.extend(_bass_bar(plan, bar, pattern, ENERGY[section.name], rng))
    return notes


def _bass_bar(plan: Plan, bar: int, pattern: str, energy: float, rng: np.random.Generator) -> list[Note]:
    notes = []
    for step, symbol in enumerate(pattern):
        if symbol in "-.":
            continue
        held = 1
        while step + held < STEPS and pattern[step + held] == "-":
            held += 1
        start_s = plan.clock.played(bar, step, rng, late_ms=2.0, spread_ms=2.5)
        end_s = plan.clock.at(bar, step) + (held - 0.18) * plan.clock.step_s
        accent = 0.9 if step % 8 == 0 else 0.8 if step % 2 == 0 else 0.68
        velocity = float(np.clip(accent * energy + 0.04 * rng.standard_normal(), 0.2, 1.0))
        notes.append(Note(start_s, max(0.05, end_s - start_s), bass_pitch(plan, bar, step, symbol), velocity))
    return notes


def bass_pitch(plan: Plan, bar: int, step: int, symbol: str) -> int:
    """The MIDI pitch that a symbol of a bass pattern means there."""
    chord = plan.chord_at(bar, step)
    root = _lowest(chord.root)
    if symbol == "a":
        goal = _lowest(plan.chord_at(bar, 8 * (step // 8) + 8).root)
        below = max(pitch for pitch in range(goal - 2, goal) if pitch % 12 in plan.key.pitch_classes)
        return below if root < goal else min(p for p in range(goal + 1, goal + 3) if p % 12 in plan.key.pitch_classes)
    return root + _interval(chord, symbol)


def _interval(chord: Chord, symbol: str) -> int:
    if symbol == "8":
        return 12
    member = {"R": 0, "3": 1, "5": 2, "7": min(3, len(chord.classes) - 1)}[symbol]
    return (chord.classes[member] - chord.root) % 12


def _lowest(pitch_class: int) -> int:
    """The lowest string that has this note, E1 upwards."""
    return _LOWEST_BASS + (pitch_class - _LOWEST_BASS) % 12
