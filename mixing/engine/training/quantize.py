"""Checkpoints in fewer bits: what is saved, and how far the console moves, in decibels and in what ears can tell."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mixing.engine.mixers import checkpoint, reference_net
from mixing.engine.mixers.checkpoint import SUFFIX, Card
from mixing.engine.mixers.interface import AudioFeatures, Intent, SessionFeatures
from mixing.engine.mixers.learned import LearnedMixer, listening
from mixing.engine.mixers.precision import Precision
from mixing.engine.training.moves import largest, moves

WISHED_STYLES: Final = (None, "dense", "wide")
"""What each session is asked for: nothing, and what every tower must answer, much compression and much space."""
INAUDIBLE: Final = 0.25
"""A precision may become the default if nothing moves by more than this share of what is just noticed,"""
WORTH_BYTES: Final = 1_000_000
WORTH_TIME: Final = 0.9
"""and if it saves this much of the file, or leaves no more than this share of the latency: exact weights breed best."""
_LOADS: Final = 5
_RUNS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One precision beside float32.

    Parameters
    ----------
    file, sha256, bytes : str, str, int
    load_ms, latency_ms : float
        Processor time from file to weights in memory, and from features of a session to its console; medians.
    level_db, eq_db, pan, width, reduction_db, send_db : float
        The largest differences to float32 over all sessions and WISHED_STYLES, as
        :class:`~mixing.engine.training.moves.Moves` has them.
    just_noticed : float
        The largest of them as a share of what is just noticed.
    """

    file: str
    sha256: str
    bytes: int
    load_ms: float
    latency_ms: float
    level_db: float
    eq_db: float
    pan: float
    width: float
    reduction_db: float
    send_db: float
    just_noticed: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, to four digits after the point."""
        values = dataclasses.asdict(self)
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}


def write_variant(models: Path, key: str, precision: Precision) -> Card:
    """Write ``<key>.<precision>.safetensors`` and its card beside the checkpoint."""
    original = checkpoint.load(models / f"{key}{SUFFIX}")
    card = dataclasses.replace(original.card, quantisation={})
    return checkpoint.save(models, card, original.tensors, precision=precision, name=f"{key}.{precision}")


def measure(
    models: Path,
    key: str,
    precision: Precision,
    sessions: Sequence[SessionFeatures],
    references: Sequence[AudioFeatures],
) -> Row:
    """A written precision beside float32; ``float32`` itself is measured likewise.

    Parameters
    ----------
    references : Sequence[AudioFeatures]
        One for each session, handed to families that need one: without it they would set the rule, whatever their bits.
    """
    exact = _mixer(models / f"{key}{SUFFIX}")
    path = models / (f"{key}{SUFFIX}" if precision == "float32" else f"{key}.{precision}{SUFFIX}")
    other = _mixer(path)
    tasks = [
        (session, Intent(style=style, reference=reference if getattr(exact, "needs_reference", False) else None))
        for session, reference in zip(sessions, references, strict=True)
        for style in WISHED_STYLES
    ]
    moved = largest([moves(task[0], exact.predict(*task), other.predict(*task)) for task in tasks])
    return Row(
        file=path.name,
        sha256=other.card.sha256,
        bytes=other.card.bytes,
        load_ms=statistics.median(_load_ms(path) for _ in range(_LOADS)),
        latency_ms=statistics.median(_latency_ms(other, tasks)),
        just_noticed=moved.just_noticed,
        **dataclasses.asdict(moved),
    )


def record(models: Path, key: str, rows: Mapping[Precision, Row]) -> Card:
    """Write what was measured into the checkpoint's card; its tensors stay as they are."""
    original = checkpoint.load(models / f"{key}{SUFFIX}")
    table: dict[str, Any] = dict(original.card.quantisation)
    for name, row in rows.items():
        table[name] = row.to_dict()
    card = dataclasses.replace(original.card, quantisation=table)
    return checkpoint.save(models, card, original.tensors, precision=original.card.precision)


def default_of(rows: Mapping[str, Row]) -> str:
    """The precision that should ship: float32, unless one that nobody hears saves what is worth saving."""
    exact = rows["float32"]
    worth = [
        name
        for name, row in rows.items()
        if row.just_noticed <= INAUDIBLE
        and (exact.bytes - row.bytes >= WORTH_BYTES or row.latency_ms <= WORTH_TIME * exact.latency_ms)
    ]
    return min(worth, key=lambda name: rows[name].bytes, default="float32")


def _mixer(path: Path) -> LearnedMixer:
    card = checkpoint.read_card(path.with_suffix(".json"))
    if card.family == reference_net.FAMILY:
        return reference_net.ReferenceMixer(card, path, reference_net.listening)
    return LearnedMixer(card, path, listening)


def _load_ms(path: Path) -> float:
    begin = time.process_time()
    loaded = checkpoint.load(path)
    (reference_net.listening if loaded.card.family == reference_net.FAMILY else listening)(loaded.card, loaded.tensors)
    return 1_000.0 * (time.process_time() - begin)


def _latency_ms(mixer: LearnedMixer, tasks: Sequence[tuple[SessionFeatures, Intent]]) -> Iterator[float]:
    for _ in range(_RUNS):
        for task in tasks:
            begin = time.process_time()
            mixer.predict(*task)
            yield 1_000.0 * (time.process_time() - begin)
