"""What a file says about itself, asked of the one decoder, before anything is decoded."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import soundfile as sf

from mixing.engine.errors import AudioRejected

FORMATS: Final = {
    "WAV": "WAV",
    "WAVEX": "WAV",
    "RF64": "WAV",
    "AIFF": "AIFF",
    "FLAC": "FLAC",
    "MP3": "MP3",
    "OGG": "Ogg",
}
SUBTYPES: Final = frozenset(
    {"PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"}
    | {"MPEG_LAYER_III", "VORBIS", "OPUS", "FLAC"}
)
MISSING_S: Final = 0.1
"""A file may hold this much less than it promises; more is a file that was cut off."""
_UNKNOWN_LENGTH: Final = 2**63 - 1
_CUT_CHUNK: Final = re.compile(r"^\s*(?:data|SSND|Riff size)\s*:\s*(\d+) \(should be (\d+)\)", re.MULTILINE)
_OGG_TAIL_BYTES: Final = 131072
"""Holds the last page of an Ogg stream, which has 65307 bytes at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a stem may be at most: bytes, seconds, channels, and its sample rates in Hz."""

    max_bytes: int = 2 * 1024**3
    max_seconds: float = 1800.0
    min_seconds: float = 0.1
    max_channels: int = 2
    min_rate: int = 8000
    max_rate: int = 192000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbedAudio:
    """What a file claims to be.

    Parameters
    ----------
    format : str
        WAV, AIFF, FLAC, MP3 or Ogg.
    subtype : str
        libsndfile's name of the coding, such as PCM_24 or VORBIS.
    sample_rate, channels : int
        Rate in Hz; 1 or 2 channels under the default limits.
    claimed_frames : int | None
        A claim of the header, to be believed only after decoding; None where it gives no length.
    """

    format: str
    subtype: str
    sample_rate: int
    channels: int
    claimed_frames: int | None


STANDARD_LIMITS: Final = Limits()


def family_rate(sample_rate: int) -> int:
    """The session rate that fits a file best: 44100 for 11025 and its multiples, else 48000."""
    return 44100 if sample_rate % 11025 == 0 else 48000


def probe(path: Path, *, name: str, limits: Limits = STANDARD_LIMITS) -> ProbedAudio:
    """Look at a file's content, never at its name, and refuse what no stem can be.

    ``name`` is what the musician calls the file; it appears in the sentence of the error.

    Raises
    ------
    AudioRejected
        ``empty_file``, ``file_too_large``, ``not_audio``, ``unsupported_format``, ``unsupported_coding``,
        ``too_many_channels``, ``unsupported_rate``, ``too_long``, ``no_sound``, ``truncated``.
    """
    _refuse_size(path.stat().st_size, name, limits)
    with opened(path, name=name) as (sound, descriptor):
        _refuse_kind(sound, name)
        _refuse_shape(sound, name, limits)
        return ProbedAudio(
            format=FORMATS[sound.format],
            subtype=sound.subtype,
            sample_rate=sound.samplerate,
            channels=sound.channels,
            claimed_frames=_claimed_frames(sound, descriptor, name, limits),
        )


@contextmanager
def opened(path: Path, *, name: str) -> Iterator[tuple[sf.SoundFile, int]]:
    """Open a file by its content alone, as libsndfile's handle and the file descriptor that it reads from.

    The library gets a descriptor and no path: given a path it would guess from the extension and look for neighbours.
    """
    with path.open("rb", buffering=0) as raw:
        try:
            sound = sf.SoundFile(raw.fileno(), closefd=False)
        except (sf.SoundFileError, ValueError, TypeError):
            raise rejected(
                "not_audio",
                name,
                "is no sound file that can be read here. "
                "Stems may be WAV, AIFF, FLAC, MP3 or Ogg (Vorbis or Opus) files; export it again as one of these.",
            ) from None
        with sound:
            yield sound, raw.fileno()


def displayed(name: str) -> str:
    """A file's name in quotes, on one line and short enough for a sentence."""
    printable = "".join(character if character.isprintable() else " " for character in name)
    words = " ".join(printable.split()) or "This file"
    return f"“{words if len(words) <= 80 else words[:60] + '…' + words[-19:]}”"


def spoken_duration(seconds: float) -> str:
    """Seconds as a person says them: 3.2 s, 4 min 5 s, 43 h 12 min."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def rejected(code: str, name: str, rest: str) -> AudioRejected:
    """A refusal whose sentence begins with the file's name."""
    return AudioRejected(code, f"{displayed(name)} {rest}", field=name)


def truncated(name: str, promised_s: float, held_s: float) -> AudioRejected:
    """The refusal of a file that ends before it should."""
    return rejected(
        "truncated",
        name,
        f"promises {spoken_duration(promised_s)} of sound but holds only {spoken_duration(held_s)}: "
        "it was cut off. Export it again and upload the whole file.",
    )


def too_long(name: str, seconds: float, limits: Limits) -> AudioRejected:
    """The refusal of a file that lasts, or says that it lasts, longer than a stem may."""
    return rejected(
        "too_long",
        name,
        f"says that it lasts {spoken_duration(seconds)}; a stem may last {spoken_duration(limits.max_seconds)}. "
        "Export only the song itself.",
    )


def _refuse_size(size: int, name: str, limits: Limits) -> None:
    if size == 0:
        raise rejected("empty_file", name, "is empty: it holds no bytes. Export it again.")
    if size > limits.max_bytes:
        raise rejected(
            "file_too_large",
            name,
            f"has {size / 1024**2:,.0f} MiB; a stem may have {limits.max_bytes / 1024**2:,.0f} MiB. "
            "Export it as FLAC, or with 24 instead of 32 bits.",
        )


def _refuse_kind(sound: sf.SoundFile, name: str) -> None:
    if sound.format not in FORMATS:
        raise rejected(
            "unsupported_format",
            name,
            f"is a {sound.format} file. Stems may be WAV, AIFF, FLAC, MP3 or Ogg (Vorbis or Opus) files; "
            "export it again as one of these.",
        )
    if sound.subtype not in SUBTYPES:
        raise rejected(
            "unsupported_coding",
            name,
            f"is coded as {sound.subtype_info}, which cannot be read here. Export it as 24-bit WAV or FLAC.",
        )


def _refuse_shape(sound: sf.SoundFile, name: str, limits: Limits) -> None:
    if sound.channels > limits.max_channels:
        raise rejected(
            "too_many_channels",
            name,
            f"has {sound.channels} channels; a stem is mono or stereo. Export each part as a stem of its own.",
        )
    if not limits.min_rate <= sound.samplerate <= limits.max_rate:
        raise rejected(
            "unsupported_rate",
            name,
            f"has a sample rate of {sound.samplerate} Hz; {limits.min_rate} to {limits.max_rate} Hz can be read. "
            "Export it with 44100 or 48000 Hz.",
        )


def _claimed_frames(sound: sf.SoundFile, descriptor: int, name: str, limits: Limits) -> int | None:
    if sound.frames == 0:
        raise rejected("no_sound", name, "holds no sound at all, only a header. Export it again.")
    if sound.frames >= _UNKNOWN_LENGTH:
        return None
    held_s = sound.frames / sound.samplerate
    promised_s = _promised_seconds(sound, held_s)
    if promised_s - held_s > MISSING_S:
        raise truncated(name, promised_s, held_s)
    if held_s > limits.max_seconds:
        raise too_long(name, held_s, limits)
    if sound.format == "OGG" and not _ends_as_ogg(descriptor):
        raise rejected(
            "truncated",
            name,
            f"breaks off after {spoken_duration(held_s)}: its end is missing. "
            "Export it again and upload the whole file.",
        )
    return int(sound.frames)


def _promised_seconds(sound: sf.SoundFile, held_s: float) -> float:
    """The length by the header of a WAV or AIFF file, which libsndfile quietly corrects but writes into its log."""
    sizes = [(int(promised), int(held)) for promised, held in _CUT_CHUNK.findall(sound.extra_info)]
    return max((held_s * promised / held for promised, held in sizes if held > 0), default=held_s)


def _ends_as_ogg(descriptor: int) -> bool:
    """Whether a whole page with the end-of-stream flag is among the last bytes; libsndfile's own check is not reliable.

    A page (RFC 3533) is "OggS", a version, the flags, 20 bytes, the number of segments, their sizes, and the segments.
    """
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, _OGG_TAIL_BYTES, max(0, size - _OGG_TAIL_BYTES))
    at = tail.rfind(b"OggS")
    while at >= 0:
        page = tail[at:]
        if len(page) >= 27 and page[5] & 4:
            segments = page[26]
            if len(page) >= 27 + segments + sum(page[27 : 27 + segments]):
                return True
        at = tail.rfind(b"OggS", 0, at)
    return False
