"""The stems of a session, read block by block from their canonical files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from mixing.engine.audio.wav_file import NotOurs, WavFile, open_wav
from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.errors import MixFailed

_PADDING: Final = 64
"""Bytes behind a block that a vector may read."""


@dataclass(frozen=True, slots=True)
class StemSource:
    """A stem's name in the session and its canonical WAV: mono or stereo, at the session's rate."""

    name: str
    path: Path


def refuse_mismatch(stems: Sequence[StemSource], parameters: ConsoleParameters) -> None:
    """Raise unless every stem has exactly one strip and every strip its stem.

    Raises
    ------
    MixFailed
        ``empty_session``, ``duplicate_stem``, ``stem_without_strip`` or ``strip_without_stem``.
    """
    if not stems:
        raise MixFailed("empty_session", "There is no stem to mix.")
    names = [stem.name for stem in stems]
    strips = {strip.stem for strip in parameters.strips}
    for name in names:
        if names.count(name) > 1:
            raise MixFailed("duplicate_stem", f"Two stems are called {name}; rename one of them.", field=name)
        if name not in strips:
            raise MixFailed("stem_without_strip", f"The console has no strip for {name}.", field=name)
    for missing in sorted(strips.difference(names)):
        raise MixFailed(
            "strip_without_stem", f"The console has a strip for {missing}, but no such stem.", field=missing
        )


class Stems:
    """The files of a session, open for one run.

    Parameters
    ----------
    sources : Sequence[StemSource]
        All stems; the longest, heard or not, gives the length.
    sample_rate : int
        The session's rate in Hz.

    Raises
    ------
    MixFailed
        ``unreadable_stem``, ``stem_rate``, ``stem_channels``, or ``no_frames`` if all of them are empty.
    """

    def __init__(self, sources: Sequence[StemSource], *, sample_rate: int) -> None:
        with ExitStack() as opened:
            self._files: dict[str, WavFile] = {}
            for source in sources:
                file = _opened(source)
                opened.callback(file.close)
                _refuse_other_form(source.name, file, sample_rate)
                self._files[source.name] = file
            self._opened = opened.pop_all()
        self.frames: int = max(file.frames for file in self._files.values())
        self.channels: dict[str, int] = {name: file.channels for name, file in self._files.items()}
        self.sample_bytes: dict[str, int] = {name: file.sample_bytes for name, file in self._files.items()}
        """2 and 3 for integers of 16 and 24 bit, 4 for float32."""
        if self.frames == 0:
            self._opened.close()
            raise MixFailed("no_frames", "All stems of this session are empty; there is nothing to mix.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def read_into(self, row: NDArray[np.uint8], name: str, first_frame: int, frames: int) -> None:
        """Put the stored bytes of a stretch of a stem into ``row``, zero behind its end.

        Raises
        ------
        MixFailed
            ``unreadable_stem`` if the file breaks off before the length in its header.
        """
        try:
            count = self._files[name].read_into(row, first_frame, frames)
        except (EOFError, OSError):
            raise _unreadable(name) from None
        row[count : frames * self._files[name].frame_bytes + _PADDING] = 0


def _opened(source: StemSource) -> WavFile:
    try:
        return open_wav(source.path)
    except (NotOurs, OSError):
        raise _unreadable(source.name) from None


def _refuse_other_form(name: str, file: WavFile, sample_rate: int) -> None:
    if file.sample_rate != sample_rate:
        sentence = f"{name} has {file.sample_rate} samples a second and the session {sample_rate}; upload it anew."
        raise MixFailed("stem_rate", sentence, field=name)
    if file.channels not in (1, 2):
        raise MixFailed("stem_channels", f"{name} has {file.channels} channels; a stem is mono or stereo.", field=name)


def _unreadable(name: str) -> MixFailed:
    return MixFailed("unreadable_stem", f"The stored file of {name} cannot be read; upload it anew.", field=name)
