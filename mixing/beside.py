"""A mix beside another one of the same song: what was changed on the console, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mixing.engine.console.differences import changes
from mixing.engine.console.parameters import ConsoleParameters
from mixing.models import Mix, Stem


@dataclass(frozen=True, slots=True)
class Beside:
    """The other mix, what sounds otherwise in this one, and which mixes could stand there."""

    other: Mix
    lines: Sequence[str]
    choices: Sequence[Mix]


def beside(mix: Mix, choices: Sequence[Mix], asked: str, stems: Sequence[Stem]) -> Beside | None:
    """``mix`` beside the one whose uuid is ``asked``, else beside the last one before it, else beside the newest.

    ``choices`` are other mixes of the song that have a console, newest first.
    """
    if mix.parameters is None or not choices:
        return None
    earlier = [row for row in choices if row.created_at < mix.created_at]
    other = next((row for row in choices if str(row.uuid) == asked), (earlier or list(choices))[0])
    lines = changes(
        ConsoleParameters.from_dict(other.parameters),
        ConsoleParameters.from_dict(mix.parameters),
        sample_rate=(mix.report or {}).get("sample_rate") or mix.song.sample_rate or 44_100,
        channels={stem.name: stem.channels for stem in stems if stem.channels},
    )
    return Beside(other, lines, choices)
