"""Where the real multitracks lie on a developer's disk; tests that need them are skipped where they are absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]


def real_songs() -> list[Path]:
    """The folders of the real songs, or a skip with the reason."""
    data = Path(os.environ.get("AIMIXER_REAL_DATA") or REPOSITORY.parent / "shared" / "data")
    songs = sorted(path.parent for path in data.glob("songs/*/song.json"))
    if not songs:
        pytest.skip(f"no real multitracks in {data}; set AIMIXER_REAL_DATA to a folder that has them")
    return songs
