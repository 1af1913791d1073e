"""Files that lie, break off or are no sound: refused with a sentence, in little memory, leaving nothing."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mixing.engine.audio.analysis import analyse
from mixing.engine.audio.decode import decode_blocks
from mixing.engine.audio.ingest import ingest
from mixing.engine.audio.probe import Limits, displayed, spoken_duration
from mixing.engine.errors import AudioRejected
from tests.mixing.engine.audio.sounds import cut_off, noise, silence, sine, with_flac_length, write

MIB = 1024**2


def content(data: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "stem.wav").write_bytes(data)
        return folder / "stem.wav"

    return make


def sound(
    audio: np.ndarray, file: str = "stem.wav", *, rate: int = 44100, subtype: str | None = None, form: str | None = None
) -> Callable[[Path], Path]:
    return lambda folder: write(folder / file, audio, rate=rate, subtype=subtype, form=form)


def cut(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
    return lambda folder: cut_off(make(folder))


def lying_flac(frames: int) -> Callable[[Path], Path]:
    return lambda folder: with_flac_length(write(folder / "stem.flac", noise(3)), frames)


def huge_wav(folder: Path) -> Path:
    path = write(folder / "stem.wav", noise(1))
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    return path


def wav_of_512_gib(folder: Path) -> Path:
    size = 512 * 1024**3
    head = b"RF64\xff\xff\xff\xffWAVEds64" + struct.pack("<IQQQI", 28, size, size, size // 4, 0)
    head += b"fmt " + struct.pack("<IHHIIHH", 16, 1, 2, 44100, 176400, 4, 16) + b"data\xff\xff\xff\xff"
    path = folder / "stem.wav"
    path.write_bytes(head + bytes(176400))
    return path


def with_value(value: float) -> np.ndarray:
    audio = noise(2)
    audio[1, 44100] = value
    return audio


HOSTILE = {
    "empty": (content(b""), "empty_file", "holds no bytes"),
    "text": (content(b"Verse 1: we sing about files\n" * 50), "not_audio", "no sound file"),
    "playlist": (content(b"#EXTM3U\n#EXTINF:9,\n/etc/passwd\nother.wav\n"), "not_audio", "no sound file"),
    "header only": (sound(silence(0)), "no_sound", "only a header"),
    "half a header": (content(b"RIFF\x24\x00\x00\x00WAVEfmt "), "not_audio", "no sound file"),
    "cut WAV": (cut(sound(noise(2))), "truncated", "promises 2 s of sound but holds only 1 s"),
    "cut float WAV": (cut(sound(noise(2), subtype="FLOAT")), "truncated", "promises 2 s"),
    "cut AIFF": (cut(sound(noise(2), "stem.aiff", subtype="PCM_24")), "truncated", "promises 2 s"),
    "cut FLAC": (cut(sound(noise(4), "stem.flac")), "truncated", "promises 4 s"),
    "cut MP3": (cut(sound(noise(4), "stem.mp3")), "truncated", "promises 4 s"),
    "cut Ogg Vorbis": (cut(sound(noise(4), "stem.ogg")), "truncated", "its end is missing"),
    "cut Ogg Opus": (
        cut(sound(noise(4, rate=48000), "stem.opus", rate=48000, form="OGG", subtype="OPUS")),
        "truncated",
        "its end is missing",
    ),
    "Ogg cut within its last page": (
        lambda folder: cut_off(sound(noise(4), "stem.ogg")(folder), keep=0.999),
        "truncated",
        "its end is missing",
    ),
    "WAV that promises 4 GiB": (huge_wav, "truncated", "promises 6 h 45 min"),
    "WAV that promises 512 GiB": (wav_of_512_gib, "truncated", "promises 865 h 20 min of sound but holds only 1 s"),
    "FLAC that promises less": (lying_flac(44100), "longer_than_promised", "says that it lasts 1 s"),
    "FLAC that promises much less": (lying_flac(100), "longer_than_promised", "header is wrong"),
    "FLAC that promises more": (lying_flac(44100 * 60), "truncated", "promises 1 min of sound but holds only 3 s"),
    "FLAC that promises 18 days": (lying_flac(2**36 - 1), "too_long", "says that it lasts 432 h 51 min"),
    "NaN": (sound(with_value(np.nan), subtype="FLOAT"), "not_finite", "first at 1 s"),
    "infinity": (sound(with_value(-np.inf), subtype="FLOAT"), "not_finite", "no numbers"),
    "integers as floats": (sound(noise(1) * 32768, subtype="FLOAT"), "far_above_full_scale", "dB above full scale"),
    "eight channels": (sound(noise(1, channels=8)), "too_many_channels", "has 8 channels"),
    "4 kHz": (sound(noise(1, rate=4000), rate=4000), "unsupported_rate", "4000 Hz"),
    "384 kHz": (sound(noise(1, rate=384000), rate=384000), "unsupported_rate", "384000 Hz"),
    "too short": (sound(noise(0.05)), "too_short", "lasts only 0.05 s"),
    "another format": (sound(noise(1), "stem.au"), "unsupported_format", "AU file"),
    "another coding": (sound(noise(1), subtype="IMA_ADPCM"), "unsupported_coding", "ADPCM"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_with_a_sentence_and_leaves_nothing(tmp_path: Path, kind: str) -> None:
    make, code, words = HOSTILE[kind]
    source = make(tmp_path)
    destination = tmp_path / "stems" / "canonical.wav"
    destination.parent.mkdir()
    tracemalloc.start()
    with pytest.raises(AudioRejected) as refused:
        ingest(source, destination, name="My bass.wav", sample_rate=48000)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused.value.code == code
    assert words in refused.value.message
    assert refused.value.message.startswith("“My bass.wav” ")
    assert refused.value.message.endswith(".")
    assert refused.value.field == "My bass.wav"
    assert list(destination.parent.iterdir()) == []
    assert peak_bytes < 24 * MIB


@pytest.mark.parametrize("kind", ["cut MP3", "NaN", "text", "FLAC that promises less"])
def test_a_hostile_reference_is_refused_alike(tmp_path: Path, kind: str) -> None:
    make, code, _ = HOSTILE[kind]
    with pytest.raises(AudioRejected) as refused:
        analyse(make(tmp_path), name="reference")
    assert refused.value.code == code


def test_an_hour_of_honest_silence_is_refused_for_its_length_alone(tmp_path: Path) -> None:
    path = tmp_path / "stem.flac"
    with sf.SoundFile(path, "w", 8000, 1, "PCM_16", format="FLAC") as flac:
        for _ in range(31):
            flac.write(np.zeros(8000 * 60, dtype=np.int16))
    with pytest.raises(AudioRejected) as refused:
        next(decode_blocks(path, name="silence.flac"))
    assert refused.value.code == "too_long"
    assert "a stem may last 30 min." in refused.value.message


def test_a_sound_of_unknown_length_stops_at_the_cap(tmp_path: Path) -> None:
    path = with_flac_length(write(tmp_path / "stem.flac", noise(5)), 0)
    blocks = decode_blocks(path, name="stem", limits=Limits(max_seconds=2.0), block_frames=4410)
    assert sum(next(blocks).shape[1] for _ in range(20)) == 2 * 44100
    with pytest.raises(AudioRejected) as refused:
        next(blocks)
    assert refused.value.code == "too_long"


def test_a_flac_of_unknown_length_is_taken_whole_to_its_last_sample(tmp_path: Path) -> None:
    path = write(tmp_path / "stem.flac", noise(3.0321))
    whole = sf.read(path, dtype="float32")[0].T
    with_flac_length(path, 0)
    assert np.array_equal(np.concatenate(list(decode_blocks(path, name="stem")), axis=1), whole)


def test_a_flac_that_is_damaged_in_the_middle_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "stem.flac", noise(4))
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) // 2] = bytes(len(data) // 2 - len(data) // 3)
    path.write_bytes(data)
    with pytest.raises(AudioRejected) as refused:
        list(decode_blocks(path, name="stem"))
    assert refused.value.code in {"truncated", "damaged"}


def test_too_many_bytes_are_refused_before_anything_is_opened(tmp_path: Path) -> None:
    path = write(tmp_path / "stem.wav", noise(2))
    with pytest.raises(AudioRejected) as refused:
        next(decode_blocks(path, name="stem", limits=Limits(max_bytes=100_000)))
    assert refused.value.code == "file_too_large"


def test_random_bytes_behind_every_header_never_raise_anything_else(tmp_path: Path) -> None:
    drawn = np.random.default_rng(7)
    headers = [
        b"RIFF\xff\xff\x00\x00WAVEfmt ",
        b"fLaC\x00\x00\x00\x22",
        b"OggS\x00\x02",
        b"ID3\x04\x00",
        b"FORM\0\1\0\0AIFF",
    ]
    path = tmp_path / "stem"
    for header in [*headers, b"\xff\xfb\x90\x64", b"RF64", b"riff", b"caff", b""] * 6:
        path.write_bytes(header + drawn.bytes(int(drawn.integers(1, 30_000))))
        with pytest.raises(AudioRejected):
            list(decode_blocks(path, name="stem", limits=Limits(min_seconds=60)))


def test_a_flipped_bit_anywhere_gives_sound_or_a_refusal(tmp_path: Path) -> None:
    drawn = np.random.default_rng(8)
    for file in ("stem.wav", "stem.flac", "stem.mp3", "stem.ogg", "stem.aiff"):
        path = write(tmp_path / file, sine(300, 0.5, channels=2))
        original = path.read_bytes()
        for _ in range(25):
            data = bytearray(original)
            # Most of the damage goes where the headers are.
            at = int(drawn.integers(0, 80 if drawn.random() < 0.7 else len(data)))
            data[at] ^= 1 << int(drawn.integers(0, 8))
            path.write_bytes(data)
            with suppress(AudioRejected):
                assert all(np.isfinite(block).all() for block in decode_blocks(path, name="stem"))


def test_a_name_cannot_break_the_sentence() -> None:
    assert displayed("a\nb\x1b[31m\u202ec.wav") == "“a b [31m c.wav”"
    assert displayed("") == "“This file”"
    assert len(displayed("x" * 500 + ".wav")) == 82


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0123, "0.0123 s"), (3.04, "3.04 s"), (59.9, "59.9 s"), (60, "1 min"), (245, "4 min 5 s"), (7260, "2 h 1 min")],
)
def test_durations_are_said_as_a_person_says_them(seconds: float, words: str) -> None:
    assert spoken_duration(seconds) == words
