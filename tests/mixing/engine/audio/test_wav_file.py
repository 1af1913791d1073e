"""The reader of our own WAV files, on headers written byte by byte."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from mixing.engine.audio.wav_file import NotOurs, open_wav

SAMPLES = bytes(range(24))


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def form(kind: int = 1, channels: int = 2, bits: int = 16, *, frame_bytes: int | None = None) -> bytes:
    size = channels * bits // 8 if frame_bytes is None else frame_bytes
    return struct.pack("<HHIIHH", kind, channels, 48_000, 48_000 * size, size, bits)


def riff(path: Path, *chunks: bytes) -> Path:
    content = b"".join(chunks)
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(content)) + b"WAVE" + content)
    return path


def test_chunks_of_odd_length_are_stepped_over_with_their_padding(tmp_path: Path) -> None:
    path = riff(tmp_path / "a.wav", chunk(b"JUNK", b"odd"), chunk(b"fmt ", form()), chunk(b"data", SAMPLES))

    wav = open_wav(path)
    row = np.full(30, 255, np.uint8)

    assert (wav.sample_rate, wav.channels, wav.frames, wav.sample_bytes) == (48_000, 2, 6, 2)
    assert wav.read_into(row, 1, 4) == 16
    assert row.tobytes() == SAMPLES[4:20] + b"\xff" * 14
    assert wav.read_into(row, 5, 100) == 4
    assert wav.read_into(row, 6, 100) == 0
    wav.close()


@pytest.mark.parametrize(("kind", "bits", "frames"), [(1, 16, 6), (1, 24, 4), (3, 32, 3)])
def test_an_extensible_header_names_its_samples_in_its_subformat(
    tmp_path: Path, kind: int, bits: int, frames: int
) -> None:
    more = struct.pack("<HHIH", 22, bits, 3, kind) + bytes.fromhex("000000001000800000aa00389b71")

    wav = open_wav(riff(tmp_path / "a.wav", chunk(b"fmt ", form(0xFFFE, bits=bits) + more), chunk(b"data", SAMPLES)))

    assert (wav.sample_bytes, wav.frames) == (bits // 8, frames)
    wav.close()


@pytest.mark.parametrize(
    "chunks",
    [
        (chunk(b"data", SAMPLES),),
        (chunk(b"fmt ", form()),),
        (chunk(b"fmt ", form()[:14]), chunk(b"data", SAMPLES)),
        (chunk(b"fmt ", form(bits=8)), chunk(b"data", SAMPLES)),
        (chunk(b"fmt ", form(3, bits=64)), chunk(b"data", SAMPLES)),
        (chunk(b"fmt ", form(2, bits=16)), chunk(b"data", SAMPLES)),
        (chunk(b"fmt ", form(0xFFFE)), chunk(b"data", SAMPLES)),
        (chunk(b"fmt ", form(channels=0)), chunk(b"data", SAMPLES)),
        (chunk(b"fmt ", form(frame_bytes=6)), chunk(b"data", SAMPLES)),
    ],
    ids=["no form", "no data", "a short form", "8 bit", "64-bit float", "ADPCM", "no subformat", "no channel", "gaps"],
)
def test_what_is_not_one_of_ours_is_refused(tmp_path: Path, chunks: tuple[bytes, ...]) -> None:
    with pytest.raises(NotOurs):
        open_wav(riff(tmp_path / "a.wav", *chunks))


def test_a_file_that_ends_before_its_samples_do_is_not_read_as_silence(tmp_path: Path) -> None:
    path = riff(tmp_path / "a.wav", chunk(b"fmt ", form()), chunk(b"data", SAMPLES))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 3)
    wav = open_wav(path)

    with pytest.raises(EOFError):
        wav.read_into(np.zeros(24, np.uint8), 0, 6)
    wav.close()
