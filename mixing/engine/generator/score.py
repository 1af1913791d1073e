"""What is written on the page: notes, hits and transitions in seconds, before any sound is made."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Note:
    """A pitched event; ``pitch`` in MIDI numbers, ``velocity`` 0 to 1."""

    start_s: float
    duration_s: float
    pitch: int
    velocity: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A drum hit of a named voice."""

    start_s: float
    voice: str
    velocity: float


@dataclass(frozen=True, slots=True)
class Transition:
    """A sound effect that leads into or out of a section; ``kind`` as in :mod:`transitions`."""

    start_s: float
    duration_s: float
    kind: str
    strength: float


@dataclass(slots=True)
class Part:
    """All that one stem plays."""

    notes: list[Note] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
