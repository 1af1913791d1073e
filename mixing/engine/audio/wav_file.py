"""Reading our own WAV files: the bytes of a stretch of samples, as they are stored, with nothing in between.

Canonical stems and mixes are RIFF WAVE of 16 or 24 bit or float32, mono or stereo. What a stranger uploads is read by
:mod:`mixing.engine.audio.decode`.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_SUBFORMAT_AT: Final = 24
_READABLE: Final = {(_PCM, 16), (_PCM, 24), (_FLOAT, 32)}


class NotOurs(ValueError):
    """A file that is no WAV of 16 or 24 bit or float32."""


@dataclass(frozen=True, slots=True)
class WavFile:
    """An open WAV file; :func:`open_wav` makes one.

    Parameters
    ----------
    descriptor : int
        Of the open file.
    sample_rate, channels, frames : int
        As the header says.
    sample_bytes : int
        2 and 3 for integers of 16 and 24 bit, 4 for float32.
    start : int
        Where the samples begin, in bytes.
    """

    descriptor: int
    sample_rate: int
    channels: int
    frames: int
    sample_bytes: int
    start: int

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.sample_bytes

    def read_into(self, row: NDArray[np.uint8], first_frame: int, frames: int) -> int:
        """Put the bytes of up to ``frames`` frames at the beginning of ``row``, as far as the sound reaches.

        Returns
        -------
        int
            How many bytes there are; the rest of ``row`` is left as it was.

        Raises
        ------
        EOFError
            If the file breaks off before the length in its header.
        """
        wanted = max(0, min(frames, self.frames - first_frame)) * self.frame_bytes
        done = 0
        while done < wanted:
            place = self.start + first_frame * self.frame_bytes + done
            found = os.preadv(self.descriptor, [row.data[done:wanted]], place)
            if not found:
                raise EOFError
            done += found
        return wanted

    def close(self) -> None:
        """Close the file."""
        os.close(self.descriptor)


def open_wav(path: Path) -> WavFile:
    """Open a file and read its header.

    Raises
    ------
    NotOurs
        If it is anything else than a WAV of these kinds.
    OSError
        If it cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        return _read_header(descriptor)
    except BaseException:
        os.close(descriptor)
        raise


def _read_header(descriptor: int) -> WavFile:
    head = os.pread(descriptor, 12, 0)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise NotOurs
    place, form = 12, b""
    while True:
        chunk = os.pread(descriptor, 8, place)
        if len(chunk) < 8:
            raise NotOurs
        name, size = chunk[:4], struct.unpack("<I", chunk[4:])[0]
        if name == b"fmt ":
            form = os.pread(descriptor, min(size, 40), place + 8)
        elif name == b"data":
            return _described(descriptor, form, place + 8, size)
        place += 8 + size + size % 2


def _described(descriptor: int, form: bytes, start: int, size: int) -> WavFile:
    if len(form) < 16:
        raise NotOurs
    kind, channels, sample_rate, _, frame_bytes, bits = struct.unpack("<HHIIHH", form[:16])
    if kind == _EXTENSIBLE and len(form) >= _SUBFORMAT_AT + 2:
        kind = struct.unpack("<H", form[_SUBFORMAT_AT : _SUBFORMAT_AT + 2])[0]
    if (kind, bits) not in _READABLE or not channels or frame_bytes != channels * bits // 8:
        raise NotOurs
    return WavFile(descriptor, sample_rate, channels, size // frame_bytes, bits // 8, start)
