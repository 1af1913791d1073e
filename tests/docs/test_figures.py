"""The tables and sentences of docs/mixers.md are those that the commands made of the reports beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mixing.engine.training.outcome_shipping import markdown_table
from mixing.engine.training.tables import curve_table, markdown_tables, matrix_table

DOCS = Path(__file__).resolve().parents[2] / "docs"
TABLES: dict[str, Callable[[dict[str, Any]], str]] = {
    "leave-artist-out": markdown_tables,
    "leave-song-out": markdown_tables,
    "songs-curve": curve_table,
    "styles": matrix_table,
    "families": matrix_table,
    "calibration": markdown_table,
}


def report(name: str) -> dict[str, Any]:
    return dict(json.loads((DOCS / "evaluation" / f"{name}.json").read_text(encoding="utf-8")))


def not_told(lines: list[str]) -> list[str]:
    told = (DOCS / "mixers.md").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and line not in told]


@pytest.mark.parametrize("name", TABLES)
def test_every_row_of_a_report_stands_in_the_document(name: str) -> None:
    assert not_told(TABLES[name](report(name)).splitlines()) == []


def test_what_the_songs_allow_to_conclude_is_what_was_computed() -> None:
    assert not_told([f"- {sentence}" for sentence in report("leave-artist-out")["conclusion"]]) == []
