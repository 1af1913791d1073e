"""Exports of votes, and the boards that anyone can compute from them.

    python -m tournament.engine.recompute EXPORT

prints every board of an export as its votes give it now, and says if one differs from what was published. It needs
numpy and scipy, and neither site nor database.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tournament.engine.board import SCHEMA_VERSION, BoardError, Rules, VoteRecord, compute


def write_export(path: Path, records: Sequence[VoteRecord], boards: Sequence[tuple[Rules, Mapping[str, Any]]]) -> None:
    """Votes and the published boards with their rules, as one JSON file (``docs/votes.schema.json``)."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "boards": [{"rules": rules.to_dict(), "result": dict(result)} for rules, result in boards],
        "votes": [dataclasses.asdict(record) for record in records],
    }
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_export(path: Path) -> tuple[list[VoteRecord], list[tuple[Rules, dict[str, Any]]]]:
    """Read what :func:`write_export` wrote; BoardError says what is wrong with it."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema_version"] != SCHEMA_VERSION:
            raise BoardError(f"{path.name} has the schema version {data['schema_version']}; this is {SCHEMA_VERSION}.")
        records = [VoteRecord(**row) for row in data["votes"]]
        boards = [(Rules.from_dict(entry["rules"]), entry["result"]) for entry in data["boards"]]
    except BoardError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BoardError(f"{path.name} is no export of votes: {error}") from None
    return records, boards


def recomputed(path: Path) -> list[tuple[Rules, dict[str, Any], dict[str, Any]]]:
    """For each board of an export: its rules, what was published, and what its votes give now."""
    records, boards = read_export(path)
    return [(rules, published, compute(records, rules)) for rules, published in boards]


def lines(board: Mapping[str, Any]) -> list[str]:
    """A board as text."""
    head = f"{board['board']}: {board['votes']} votes, sha256 {board['votes_sha256'][:16]}"
    return [
        head,
        *(
            f"  {row['rating']:8.2f}  [{row['low']:8.2f}, {row['high']:8.2f}]  {row['votes']:6d}  {row['contender']}"
            + ("" if row["status"] == "ranked" else f"  ({row['status']})")
            for row in board["rows"]
        ),
    ]


def main(arguments: Sequence[str]) -> int:
    """Print every board of an export as computed now; 1 if one differs from what was published."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m tournament.engine.recompute EXPORT\n")
        return 2
    try:
        boards = recomputed(Path(arguments[0]))
    except BoardError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    differs = [rules.board for rules, published, computed in boards if published != computed]
    for _, _, computed in boards:
        sys.stdout.write("\n".join(lines(computed)) + "\n")
    if differs:
        sys.stdout.write(f"These boards differ from what was published: {', '.join(differs)}\n")
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
