"""Writing sound: WAV that streams and is the same bytes each time, FLAC, MP3, and tags on downloads."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Literal, Self, get_args

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from mixing.engine.audio.id3 import id3v2
from mixing.engine.audio.whole_file import whole_file
from mixing.engine.errors import Cancelled, MixFailed

WavSubtype = Literal["PCM_16", "PCM_24", "FLOAT"]
Mp3Quality = Literal["full", "preview"]
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
"""The tags that WAV (a LIST INFO chunk) and FLAC (Vorbis comments) both carry; MP3 carries all but the date."""
_SAMPLE_BYTES: Final[Mapping[str, int]] = {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4}
_LARGEST_RIFF: Final = 2**32 - 1
_BLOCK_FRAMES: Final = 65536
_MP3_SETTINGS: Final[Mapping[Mp3Quality, tuple[str, float]]] = {
    "full": ("CONSTANT", 0.0),
    "preview": ("VARIABLE", 0.6667),
}
"""How libsndfile is asked: 320 kbit/s, and the variable rate that costs least and still sounds whole, near 100 kbit/s.

Processor seconds for 180 s of a dense mix, measured side by side: MP3 constant 4.5, variable 3.6 to 4.4, Opus 3.7 to
5.4 without the resampling to 48 kHz that it needs. Both decode to the very samples' places."""
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
    dither_seed : int
        Where two files of the same samples are to differ in their last bit, each has its own.

    Raises
    ------
    MixFailed
        ``too_long`` if the sound would not fit into a WAV file of 4 GiB.
    """

    def __init__(
        self,
        path: Path,
        *,
        sample_rate: int,
        channels: int,
        subtype: WavSubtype = "PCM_24",
        dither: bool = True,
        dither_seed: int = _DITHER_SEED,
    ) -> None:
        if subtype not in get_args(WavSubtype):
            raise ValueError(f"A WAV is written as {', '.join(get_args(WavSubtype))}, not {subtype!r}.")
        self.path = path
        self.sample_rate = sample_rate
        self.channels = channels
        self.subtype = subtype
        self.frames = 0
        self._dither = np.random.default_rng(dither_seed) if dither and subtype == "PCM_16" else None
        self._file: BinaryIO = path.open("wb")
        self._file.write(self._header())

    def write(self, block: NDArray[np.float32]) -> None:
        """Append float32 samples of shape ``(channels, samples)``, full scale at 1."""
        if block.ndim != 2 or block.shape[0] != self.channels:
            raise ValueError(f"A block has the shape ({self.channels}, samples), not {block.shape}.")
        frames = self.frames + block.shape[1]
        _refuse_too_long(frames * self._frame_bytes)
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
        return wav_header(
            frames=self.frames, sample_rate=self.sample_rate, channels=self.channels, subtype=self.subtype
        )

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


def wav_header(*, frames: int, sample_rate: int, channels: int, subtype: WavSubtype) -> bytes:
    """Everything of a WAV file that stands before its samples, for ``frames`` of them.

    Raises
    ------
    MixFailed
        ``too_long`` if the sound would not fit into a WAV file of 4 GiB.
    """
    sample_bytes = _SAMPLE_BYTES[subtype]
    frame_bytes = channels * sample_bytes
    data_bytes = frames * frame_bytes
    _refuse_too_long(data_bytes)
    floating = subtype == "FLOAT"
    form = struct.pack(
        "<HHIIHH", 3 if floating else 1, channels, sample_rate, sample_rate * frame_bytes, frame_bytes, 8 * sample_bytes
    )
    chunks = _chunk(b"fmt ", form + b"\0\0") if floating else _chunk(b"fmt ", form)
    if floating:
        chunks += _chunk(b"fact", struct.pack("<I", frames))
    size = 4 + len(chunks) + 8 + data_bytes + data_bytes % 2
    return b"RIFF" + struct.pack("<I", size) + b"WAVE" + chunks + b"data" + struct.pack("<I", data_bytes)


def _refuse_too_long(data_bytes: int) -> None:
    if data_bytes + 4096 > _LARGEST_RIFF:
        raise MixFailed("too_long", "The sound is too long for a WAV file, which ends at 4 GiB.")


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
        for block in _read(wav, progress, cancelled):
            flac.write(to_int24(block) << 8)


def wav_to_wav(
    source: Path,
    destination: Path,
    *,
    subtype: WavSubtype,
    tags: Mapping[str, str] | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Write one of our own WAV files anew with other samples: 16 bit with dither, 24 bit, or 32-bit float.

    The destination appears when it is whole, or not at all.

    Raises
    ------
    Cancelled
        If ``cancelled`` says so between two blocks.
    """
    with whole_file(destination) as partial:
        with (
            sf.SoundFile(source) as wav,
            WavWriter(partial, sample_rate=wav.samplerate, channels=wav.channels, subtype=subtype) as copy,
        ):
            for block in _read(wav, progress, cancelled):
                copy.write(block.T)
        _append_tags(partial, tags)


def wav_to_mp3(
    source: Path,
    destination: Path,
    *,
    quality: Mp3Quality = "full",
    tags: Mapping[str, str] | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Encode one of our own WAV files as MP3, in blocks.

    The file begins with a Xing or Info frame that tells players how much the encoder has added before and after, so
    that what is decoded has the source's length and stands where it stood.

    Parameters
    ----------
    source, destination : Path
        The destination appears when it is whole, or not at all.
    quality : {"full", "preview"}
        320 kbit/s, constant; or a variable rate near 100 kbit/s, the cheapest to compute.
    tags : Mapping[str, str] | None
        By the names in ``TAG_NAMES``; all but the date are written as ID3.

    Raises
    ------
    Cancelled
        If ``cancelled`` says so between two blocks.
    """
    with whole_file(destination) as partial:
        bare = partial.with_name(f"{partial.name}.bare")
        try:
            _encode_mp3(source, bare, quality, progress, cancelled)
            with bare.open("rb") as frames, partial.open("wb") as tagged:
                tagged.write(id3v2(_checked(tags)))
                shutil.copyfileobj(frames, tagged, 1 << 20)
        finally:
            bare.unlink(missing_ok=True)


def _encode_mp3(
    source: Path,
    destination: Path,
    quality: Mp3Quality,
    progress: Callable[[float], None] | None,
    cancelled: Callable[[], bool] | None,
) -> None:
    mode, level = _MP3_SETTINGS[quality]
    with (
        sf.SoundFile(source) as wav,
        sf.SoundFile(
            destination,
            "w",
            wav.samplerate,
            wav.channels,
            "MPEG_LAYER_III",
            format="MP3",
            compression_level=level,
            bitrate_mode=mode,
        ) as mp3,
    ):
        for block in _read(wav, progress, cancelled):
            mp3.write(block)


def _read(
    wav: sf.SoundFile, progress: Callable[[float], None] | None, cancelled: Callable[[], bool] | None
) -> Iterator[NDArray[np.float32]]:
    """Float32 blocks ``(frames, channels)`` of a file, to its end."""
    done = 0
    for block in wav.blocks(_BLOCK_FRAMES, dtype="float32", always_2d=True):
        if cancelled is not None and cancelled():
            raise Cancelled
        yield block
        done += block.shape[0]
        if progress is not None:
            progress(done / wav.frames)


def copy_wav_with_tags(source: Path, destination: Path, *, tags: Mapping[str, str] | None = None) -> None:
    """Copy one of our own WAV files and put a LIST INFO chunk behind its samples.

    The destination appears when it is whole, or not at all.
    """
    with whole_file(destination) as partial:
        with source.open("rb") as wav, partial.open("wb") as copy:
            shutil.copyfileobj(wav, copy, 1 << 20)
        _append_tags(partial, tags)


def _append_tags(path: Path, tags: Mapping[str, str] | None) -> None:
    with path.open("r+b") as wav:
        wav.seek(0, os.SEEK_END)
        wav.write(_info_chunk(_checked(tags)))
        size = wav.tell() - 8
        if size > _LARGEST_RIFF:
            raise MixFailed("too_long", "The sound is too long for a WAV file, which ends at 4 GiB.")
        wav.seek(4)
        wav.write(struct.pack("<I", size))


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
