"""The stems of a session, read block by block from their canonical files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.errors import MixFailed


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
    """The files of a session, open for one run from beginning to end.

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
            self._files = {source.name: opened.enter_context(_opened(source, sample_rate)) for source in sources}
            self._opened = opened.pop_all()
        self._buffers: dict[str, NDArray[np.float32]] = {}
        self.frames: int = max(file.frames for file in self._files.values())
        self.channels: dict[str, int] = {name: file.channels for name, file in self._files.items()}
        if self.frames == 0:
            self._opened.close()
            raise MixFailed("no_frames", "All stems of this session are empty; there is nothing to mix.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def read(self, name: str, frames: int) -> NDArray[np.float32]:
        """The next ``(channels, frames)`` of a stem, silence after its end; valid until the next call for it.

        Raises
        ------
        MixFailed
            ``unreadable_stem`` if the file breaks off before the length in its header.
        """
        file = self._files[name]
        buffer = self._buffers.get(name)
        if buffer is None or len(buffer) != frames:
            buffer = self._buffers[name] = np.empty((frames, file.channels), dtype=np.float32)
        expected = min(frames, file.frames - file.tell())
        try:
            found = len(file.read(out=buffer[:expected])) if expected else 0
        except sf.LibsndfileError:
            found = -1
        if found != expected:
            raise _unreadable(name)
        buffer[expected:] = 0.0
        return buffer.T


def _opened(source: StemSource, sample_rate: int) -> sf.SoundFile:
    try:
        file = sf.SoundFile(source.path)
    except (sf.LibsndfileError, OSError):
        raise _unreadable(source.name) from None
    if file.samplerate == sample_rate and file.channels in (1, 2):
        return file
    file.close()
    if file.samplerate != sample_rate:
        sentence = (
            f"{source.name} has {file.samplerate} samples a second and the session {sample_rate}; upload it anew."
        )
        raise MixFailed("stem_rate", sentence, field=source.name)
    sentence = f"{source.name} has {file.channels} channels; a stem is mono or stereo."
    raise MixFailed("stem_channels", sentence, field=source.name)


def _unreadable(name: str) -> MixFailed:
    return MixFailed("unreadable_stem", f"The stored file of {name} cannot be read; upload it anew.", field=name)
