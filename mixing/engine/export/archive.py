"""ZIP files that are written in one pass: no clock in them, so that the same content is the same bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.audio.encode import wav_header
from mixing.engine.audio.whole_file import whole_file

_NO_DATE: Final = (1980, 1, 1, 0, 0, 0)
_PIECE_BYTES: Final = 1 << 20
_READABLE_BY_ALL: Final = 0o644 << 16
_NAME_BYTES: Final = 200
"""Of UTF-8: file systems take 255, and the number and the ending come on top."""
_RESERVED: Final = frozenset('/\\:*?"<>|')

Wrote = Callable[[int], None]
"""Told how many bytes more are written."""


class Archive:
    """An open ZIP; :func:`new_archive` makes one. Sound is stored as it is, text is deflated."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    def add_text(self, name: str, text: str) -> None:
        """A small file in UTF-8."""
        content = text.encode()
        self._file.writestr(_entry(name, len(content), zipfile.ZIP_DEFLATED), content)

    def add_file(self, name: str, source: Path, wrote: Wrote) -> None:
        """A copy of a file, byte by byte."""
        with source.open("rb") as sound, self._open(name, source.stat().st_size) as entry:
            while piece := sound.read(_PIECE_BYTES):
                entry.write(piece)
                wrote(len(piece))

    @contextmanager
    def add_sound(self, name: str, *, frames: int, sample_rate: int) -> Iterator[Callable[[NDArray[np.float32]], None]]:
        """A stereo float32 WAV of exactly ``frames``; hands out what appends ``(2, samples)`` to it."""
        header = wav_header(frames=frames, sample_rate=sample_rate, channels=2, subtype="FLOAT")
        with self._open(name, len(header) + 8 * frames) as entry:
            entry.write(header)
            yield lambda block: _write_interleaved(entry, block)

    def _open(self, name: str, size: int) -> IO[bytes]:
        return self._file.open(_entry(name, size, zipfile.ZIP_STORED), "w")


@contextmanager
def new_archive(destination: Path) -> Iterator[Archive]:
    """A ZIP that appears at ``destination`` when it is whole, or not at all."""
    with whole_file(destination) as partial, zipfile.ZipFile(partial, "x") as file:
        yield Archive(file)


def entry_names(names: list[str]) -> dict[str, str]:
    """For each name a file name of its own: numbered in order, without what some systems refuse, ending in .wav."""
    digits = max(2, len(str(len(names))))
    return {name: f"{number:0{digits}d} {_safe(name)}.wav" for number, name in enumerate(names, start=1)}


def _safe(name: str) -> str:
    path = PurePosixPath(name)
    stem = path.stem if path.suffix.lower() in _SOUND_SUFFIXES else path.name
    shown = "".join("_" if char in _RESERVED or not char.isprintable() else char for char in stem)
    return shown.encode()[:_NAME_BYTES].decode(errors="ignore").strip(" .") or "stem"


_SOUND_SUFFIXES: Final = frozenset({".wav", ".aif", ".aiff", ".flac", ".mp3", ".ogg", ".oga", ".opus"})


def _entry(name: str, size: int, method: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _NO_DATE)
    entry.compress_type = method
    entry.external_attr = _READABLE_BY_ALL
    # Known beforehand, so that an entry of more than 4 GB is laid out as such from its first byte on.
    entry.file_size = size
    return entry


def _write_interleaved(entry: IO[bytes], block: NDArray[np.float32]) -> None:
    entry.write(np.ascontiguousarray(block.T, dtype="<f4").data.cast("B"))
