"""Files that appear when they are whole, or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(destination: Path) -> Iterator[Path]:
    """Hand out a path beside ``destination`` to write to; it takes the destination's place if all went well.

    The path is new each time, so that two attempts at the same file never write into one another.
    """
    partial = destination.with_name(f".{destination.name}.{secrets.token_hex(6)}.part")
    try:
        yield partial
        os.replace(partial, destination)
    finally:
        partial.unlink(missing_ok=True)
