"""MUSDB18: five AAC streams in one ``.stem.mp4`` for each song, which nothing here decodes; recognised and refused."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NoReturn

from mixing.engine.errors import MixFailed
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.importers import musdb18hq
from mixing.engine.training.importers.layouts import found_songs

NAME: Final = "MUSDB18"


def matches(folder: Path) -> bool:
    """Whether there are ``.stem.mp4`` files."""
    return any(True for _ in folder.glob("*.stem.mp4")) or any(True for _ in folder.glob("t*/*.stem.mp4"))


def entries(folder: Path, *, licence: str | None = None) -> list[SongEntry]:
    """The songs of a MUSDB18 that was decoded to WAV folders, which is the layout of MUSDB18-HQ.

    Raises
    ------
    MixFailed
        ``needs_decoding`` where the songs are still ``.stem.mp4`` files.
    """
    if matches(folder):
        _refuse(folder)
    return musdb18hq.entries(folder) if musdb18hq.matches(folder) else found_songs((), folder, NAME)


def _refuse(folder: Path) -> NoReturn:
    raise MixFailed(
        "needs_decoding",
        f"{folder} holds .stem.mp4 files, which need ffmpeg to be decoded. Take MUSDB18-HQ, the same songs as WAV "
        "files, or decode them into folders with drums.wav, bass.wav, other.wav and vocals.wav first.",
        field=str(folder),
    )
