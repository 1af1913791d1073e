"""What files hold: hashes remembered on disk, and files that are whole or absent."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from mixing.engine.training.corpus import SongEntry, content_hash

__all__ = ["ContentHashes", "content_hash", "write_whole"]


class ContentHashes:
    """What the files of songs hold, remembered by path, size and time of change, so that each is read once."""

    def __init__(self, cache: Path) -> None:
        self._path = cache / "hashes.json"
        self._known: dict[str, list[Any]] = _read_json(self._path)
        self._changed = False

    def of(self, entry: SongEntry) -> tuple[str, ...]:
        """SHA-256 of every stem's file, in the song's order."""
        found = tuple(self._of_file(stem.path) for stem in entry.stems)
        if self._changed:
            write_whole(self._path, json.dumps(self._known).encode())
            self._changed = False
        return found

    def _of_file(self, path: Path) -> str:
        status = path.stat()
        stamp = [status.st_size, status.st_mtime_ns]
        known = self._known.get(str(path.resolve()))
        if known is not None and known[:2] == stamp:
            return str(known[2])
        digest = content_hash(path)
        self._known[str(path.resolve())] = [*stamp, digest]
        self._changed = True
        return digest


def write_whole(path: Path, content: bytes) -> None:
    """A file that is whole or absent, whoever else writes beside us."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    os.replace(partial, path)


def _read_json(path: Path) -> dict[str, list[Any]]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}
