"""Public multitrack collections in the layouts in which they are handed out, each song with its licence.

Every layout is a module with a ``NAME`` for people, ``matches(folder)``, and ``entries(folder, *, licence=None)``,
which reads the songs where they lie. ``licence`` is for layouts whose files carry none; where they do, it is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from mixing.engine.errors import MixFailed
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.importers import cambridge, folder, medleydb, moisesdb, musdb18, musdb18hq, slakh


class Layout(Protocol):
    """How a collection lies on disk."""

    NAME: str

    def matches(self, folder: Path, /) -> bool:
        """Whether the folder looks like this layout."""
        ...

    def entries(self, folder: Path, /, *, licence: str | None = None) -> list[SongEntry]:
        """Every song, where it lies, sorted by id.

        Raises
        ------
        MixFailed
            ``no_songs``, ``no_licence``, ``needs_decoding``, ``invalid_song_file``, ``missing_stem``.
        """
        ...


LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType(
    {
        "musdb18hq": musdb18hq,
        "musdb18": musdb18,
        "medleydb": medleydb,
        "moisesdb": moisesdb,
        "slakh": slakh,
        "cambridge": cambridge,
        "folder": folder,
    }
)
"""In the order in which they are tried: the plain folder, which matches most, comes last."""


def detect(path: Path) -> str | None:
    """The key of the first layout that the folder looks like; None where it looks like none."""
    return next((key for key, layout in LAYOUTS.items() if layout.matches(path)), None)


def entries(path: Path, *, layout: str | None = None, licence: str | None = None) -> list[SongEntry]:
    """The songs of a collection; its layout is detected where none is given.

    Raises
    ------
    MixFailed
        ``no_folder``, ``unknown_layout``, and what :meth:`Layout.entries` raises.
    """
    if not path.is_dir():
        raise MixFailed("no_folder", f"There is no folder called {path}.", field=str(path))
    key = layout or detect(path)
    if key is None or key not in LAYOUTS:
        known = ", ".join(LAYOUTS)
        what = f"{path} looks like no layout that is known" if key is None else f"There is no layout called {key!r}"
        raise MixFailed("unknown_layout", f"{what}; the layouts are {known}.", field=str(path))
    return LAYOUTS[key].entries(path, licence=licence)
