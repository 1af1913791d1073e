"""Where the file of votes and boards lies that anyone may fetch. Pages import this; what writes it is in ratings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings


def path() -> Path:
    """In the media folder; it may not be there yet."""
    return Path(settings.MEDIA_ROOT) / "open-data" / "votes.json"


def written_at() -> datetime | None:
    """When the file was written, or None where there is none."""
    try:
        return datetime.fromtimestamp(path().stat().st_mtime, tz=UTC)
    except OSError:
        return None


def is_older_than(age: timedelta, *, now: datetime) -> bool:
    """Whether the file is that old, or not there at all."""
    written = written_at()
    return written is None or now - written >= age


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path to write to; what is written takes the place of ``target`` at once, and only where all went well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        yield fresh
        os.replace(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)
