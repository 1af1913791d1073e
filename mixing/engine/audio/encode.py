"""Writing sound: WAV that streams and is the same bytes each time, FLAC, and tags on downloads."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Literal, Self, get_args

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from mixing.engine.audio.whole_file import whole_file
from mixing.engine.errors import Cancelled, MixFailed

WavSubtype = Literal["PCM_16", "PCM_24", "FLOAT"]
TAG_NAMES: Final[Mapping[str, bytes]] = {
    "title": b"INAM",
    "artist": b"IART",
    "album": b"IPRD",
    "comment": b"ICMT",
    "date": b"ICRD",
    "genre": b"IGNR",
    "copyright": b"ICOP",
    "software": b"ISFT",
}
"""The tags that WAV (a LIST INFO chunk) and FLAC (Vorbis comments) both carry."""
_SAMPLE_BYTES: Final[Mapping[str, int]] = {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4}
_LARGEST_RIFF: Final = 2**32 - 1
_BLOCK_FRAMES: Final = 65536
_DITHER_SEED: Final = 16


class WavWriter:
    """A WAV file that is written block by block; leaves a valid file when the ``with`` block ends well.

    The file has no timestamps: the same samples are the same bytes. Integers are rounded to nearest and stop at full
    scale, they never wrap. 16 bit gets triangular dither of two steps from a fixed seed; samples that come from a
    16-bit file and must stay as they are take ``dither=False``.

    Parameters
    ----------
    path : Path
        Written at once; an existing file is replaced. Removed if the ``with`` block raises.
    sample_rate : int
        In Hz.
    channels : int
        1 or 2.
    subtype : {"PCM_24", "PCM_16", "FLOAT"}
        How a sample is stored.
    dither : bool
        Whether 16 bit is dithered; the others never are.

    Raises
    ------
    MixFailed
        ``too_long`` if the sound would not fit into a WAV file of 4 GiB.
    """

    def __init__(
        self, path: Path, *, sample_rate: int, channels: int, subtype: WavSubtype = "PCM_24", dither: bool = True
    ) -> None:
        if subtype not in get_args(WavSubtype):
            raise ValueError(f"A WAV is written as {', '.join(get_args(WavSubtype))}, not {subtype!r}.")
        self.path = path
        self.sample_rate = sample_rate
        self.channels = channels
        self.subtype = subtype
        self.frames = 0
        self._dither = np.random.default_rng(_DITHER_SEED) if dither and subtype == "PCM_16" else None
        self._file: BinaryIO = path.open("wb")
        self._file.write(self._header())

    def write(self, block: NDArray[np.float32]) -> None:
        """Append float32 samples of shape ``(channels, samples)``, full scale at 1."""
        if block.ndim != 2 or block.shape[0] != self.channels:
            raise ValueError(f"A block has the shape ({self.channels}, samples), not {block.shape}.")
        frames = self.frames + block.shape[1]
        if frames * self._frame_bytes + 4096 > _LARGEST_RIFF:
            raise MixFailed("too_long", "The sound is too long for a WAV file, which ends at 4 GiB.")
        self._file.write(self._packed(np.ascontiguousarray(block.T, dtype=np.float32)))
        self.frames = frames

    def close(self) -> None:
        """Write the final lengths and close."""
        if self._file.closed:
            return
        if self.frames * self._frame_bytes % 2:
            self._file.write(b"\0")
        self._file.seek(0)
        self._file.write(self._header())
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
            return
        self._file.close()
        self.path.unlink(missing_ok=True)

    @property
    def _frame_bytes(self) -> int:
        return self.channels * _SAMPLE_BYTES[self.subtype]

    def _header(self) -> bytes:
        data_bytes = self.frames * self._frame_bytes
        floating = self.subtype == "FLOAT"
        form = struct.pack(
            "<HHIIHH",
            3 if floating else 1,
            self.channels,
            self.sample_rate,
            self.sample_rate * self._frame_bytes,
            self._frame_bytes,
            8 * _SAMPLE_BYTES[self.subtype],
        )
        chunks = _chunk(b"fmt ", form + b"\0\0") if floating else _chunk(b"fmt ", form)
        if floating:
            chunks += _chunk(b"fact", struct.pack("<I", self.frames))
        size = 4 + len(chunks) + 8 + data_bytes + data_bytes % 2
        return b"RIFF" + struct.pack("<I", size) + b"WAVE" + chunks + b"data" + struct.pack("<I", data_bytes)

    def _packed(self, samples: NDArray[np.float32]) -> bytes | memoryview:
        if self.subtype == "FLOAT":
            return samples.astype("<f4", copy=False).data
        if self.subtype == "PCM_24":
            return to_int24(samples).view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
        scaled = samples.astype(np.float64) * 32768.0
        if self._dither is not None:
            # One draw of two values for each sample, in the order of the samples, whatever the blocks are.
            drawn = self._dither.random((*samples.shape, 2))
            scaled += drawn[..., 0] - drawn[..., 1]
        return np.clip(np.rint(scaled), -32768, 32767).astype("<i2").data


def to_int24(samples: NDArray[np.float32]) -> NDArray[np.int32]:
    """Float samples as 24-bit integers in int32: rounded to nearest, stopped at full scale, exact where they fit."""
    scaled = np.rint(samples * np.float32(8388608.0))
    return np.asarray(np.clip(scaled, np.float32(-8388608.0), np.float32(8388607.0), out=scaled), dtype="<i4")


def wav_to_flac(
    source: Path,
    destination: Path,
    *,
    tags: Mapping[str, str] | None = None,
    compression: float = 0.0,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Encode one of our own WAV files as 24-bit FLAC, in blocks.

    Parameters
    ----------
    source, destination : Path
        The destination appears when it is whole, or not at all.
    tags : Mapping[str, str] | None
        By the names in ``TAG_NAMES``.
    compression : float
        0 (fastest, level 0) to 1 (level 8); the sound is the same.

    Raises
    ------
    Cancelled
        If ``cancelled`` says so between two blocks.
    """
    with (
        whole_file(destination) as partial,
        sf.SoundFile(source) as wav,
        sf.SoundFile(
            partial, "w", wav.samplerate, wav.channels, "PCM_24", format="FLAC", compression_level=compression
        ) as flac,
    ):
        for name, value in _checked(tags).items():
            setattr(flac, name, value)
        done = 0
        for block in wav.blocks(_BLOCK_FRAMES, dtype="float32", always_2d=True):
            if cancelled is not None and cancelled():
                raise Cancelled
            flac.write(to_int24(block) << 8)
            done += block.shape[0]
            if progress is not None:
                progress(done / wav.frames)


def copy_wav_with_tags(source: Path, destination: Path, *, tags: Mapping[str, str] | None = None) -> None:
    """Copy one of our own WAV files and put a LIST INFO chunk behind its samples.

    The destination appears when it is whole, or not at all.
    """
    with whole_file(destination) as partial, source.open("rb") as wav, partial.open("wb") as copy:
        shutil.copyfileobj(wav, copy, 1 << 20)
        copy.write(_info_chunk(_checked(tags)))
        size = copy.tell() - 8
        if size > _LARGEST_RIFF:
            raise MixFailed("too_long", "The sound is too long for a WAV file, which ends at 4 GiB.")
        copy.seek(4)
        copy.write(struct.pack("<I", size))


def _checked(tags: Mapping[str, str] | None) -> dict[str, str]:
    for name in tags or {}:
        if name not in TAG_NAMES:
            raise ValueError(f"There is no tag {name!r}; these are known: {', '.join(TAG_NAMES)}.")
    return {name: " ".join(value.replace("\0", " ").split()) for name, value in (tags or {}).items() if value.strip()}


def _info_chunk(tags: Mapping[str, str]) -> bytes:
    if not tags:
        return b""
    entries = b"".join(_chunk(TAG_NAMES[name], value.encode() + b"\0") for name, value in tags.items())
    return _chunk(b"LIST", b"INFO" + entries)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
