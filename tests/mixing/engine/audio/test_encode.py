"""Files that are written: exact samples, dither, no wrapping, tags, nothing left behind."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mixing.engine.audio.encode import (
    Mp3Quality,
    WavSubtype,
    WavWriter,
    copy_wav_with_tags,
    wav_header,
    wav_to_flac,
    wav_to_mp3,
    wav_to_wav,
)
from mixing.engine.errors import Cancelled, MixFailed
from tests.mixing.engine.audio.sounds import noise, silence, sine


def written(path: Path, sound: np.ndarray, subtype: WavSubtype = "PCM_24", **options: bool) -> Path:
    with WavWriter(path, sample_rate=44100, channels=sound.shape[0], subtype=subtype, **options) as wav:
        wav.write(sound)
    return path


def samples(path: Path, dtype: str = "float32") -> np.ndarray:
    return sf.read(path, dtype=dtype, always_2d=True)[0].T


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_decoder_reads_back_what_was_written(tmp_path: Path, subtype: WavSubtype, channels: int) -> None:
    sound = noise(0.1, channels=channels)[:, :4409]
    path = written(tmp_path / "a.wav", sound, subtype)
    info = sf.info(path)
    assert (info.samplerate, info.channels, info.frames, info.subtype) == (44100, channels, 4409, subtype)
    assert "(should be" not in info.extra_info
    step = {"PCM_16": 2.0 / 32768, "PCM_24": 0.5001 / 8388608, "FLOAT": 0.0}[subtype]
    assert np.abs(samples(path) - sound).max() <= step


def test_24_bits_are_the_nearest_integers(tmp_path: Path) -> None:
    sound = np.array([[0.0, 0.6, -0.6, 1.4, -1.4]], dtype=np.float32) / 8388608
    assert (samples(written(tmp_path / "a.wav", sound), "int32") >> 8).tolist() == [[0, 1, -1, 1, -1]]


def test_a_whole_file_is_the_bytes_that_the_format_asks_for(tmp_path: Path) -> None:
    sound = np.array([[0.5, -0.5, 0.25]], dtype=np.float32)
    expected = (
        b"RIFF" + struct.pack("<I", 36 + 10) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 44100, 132300, 3, 24)
    )
    expected += b"data" + struct.pack("<I", 9) + bytes.fromhex("000040 0000c0 000020") + b"\0"
    assert written(tmp_path / "a.wav", sound).read_bytes() == expected


@pytest.mark.parametrize(("subtype", "top"), [("PCM_16", 32767), ("PCM_24", 8388607)])
def test_too_loud_samples_stop_at_full_scale_and_never_wrap(tmp_path: Path, subtype: WavSubtype, top: int) -> None:
    sound = np.array([[1.0, -1.0, 1.5, -1.5, 90.0, -90.0]], dtype=np.float32)
    integers = samples(written(tmp_path / "a.wav", sound, subtype, dither=False), "int32") >> (
        16 if subtype == "PCM_16" else 8
    )
    assert integers.tolist() == [[top, -top - 1, top, -top - 1, top, -top - 1]]


def test_float_keeps_what_is_above_full_scale(tmp_path: Path) -> None:
    assert samples(written(tmp_path / "a.wav", np.full((1, 9), 1.5, dtype=np.float32), "FLOAT")).max() == 1.5


def test_dither_is_triangular_unbiased_and_the_same_each_time(tmp_path: Path) -> None:
    quiet = np.full((2, 100000), 0.3 / 32768, dtype=np.float32)
    first = written(tmp_path / "a.wav", quiet, "PCM_16")
    assert first.read_bytes() == written(tmp_path / "b.wav", quiet, "PCM_16").read_bytes()
    steps = samples(first, "int16").astype(float)
    assert steps.mean() == pytest.approx(0.3, abs=0.01)
    # Triangular dither of two steps makes the whole error's variance a quarter of a squared step, whatever the sound.
    assert steps.var() == pytest.approx(0.25, abs=0.01)


def test_without_dither_16_bit_samples_stay_as_they_are(tmp_path: Path) -> None:
    integers = np.random.default_rng(3).integers(-32768, 32768, (2, 5000)).astype(np.float32)
    path = written(tmp_path / "a.wav", integers / 32768, "PCM_16", dither=False)
    assert np.array_equal(samples(path, "int16"), integers)


def test_the_same_sound_is_the_same_bytes(tmp_path: Path) -> None:
    for subtype in ("PCM_16", "PCM_24", "FLOAT"):
        one, two = (written(tmp_path / name, noise(0.2), subtype) for name in ("a.wav", "b.wav"))
        assert one.read_bytes() == two.read_bytes()


def test_a_file_that_is_not_finished_is_removed(tmp_path: Path) -> None:
    def break_off() -> None:
        with WavWriter(tmp_path / "a.wav", sample_rate=44100, channels=2) as wav:
            wav.write(silence(1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert list(tmp_path.iterdir()) == []


def test_a_sound_beyond_4_gib_is_refused(tmp_path: Path) -> None:
    with WavWriter(tmp_path / "a.wav", sample_rate=44100, channels=2) as wav:
        wav.frames = 2**32 // 6
        with pytest.raises(MixFailed) as refused:
            wav.write(silence(1))
        wav.frames = 0
    assert refused.value.code == "too_long"


def test_it_refuses_blocks_and_subtypes_that_it_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="PCM_24"):
        WavWriter(tmp_path / "a.wav", sample_rate=44100, channels=2, subtype="PCM_8")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="shape"), WavWriter(tmp_path / "a.wav", sample_rate=44100, channels=2) as wav:
        wav.write(silence(1, channels=1))


def test_flac_holds_the_same_24_bits_and_the_tags(tmp_path: Path) -> None:
    source = written(tmp_path / "a.wav", noise(3))
    heard: list[float] = []
    wav_to_flac(source, tmp_path / "a.flac", tags={"title": "Été", "artist": "Någon"}, progress=heard.append)
    assert np.array_equal(samples(source, "int32"), samples(tmp_path / "a.flac", "int32"))
    with sf.SoundFile(tmp_path / "a.flac") as flac:
        assert (flac.format, flac.subtype, flac.title, flac.artist) == ("FLAC", "PCM_24", "Été", "Någon")
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_stronger_compression_is_smaller_and_sounds_the_same(tmp_path: Path) -> None:
    source = written(tmp_path / "a.wav", sine(440, 3, channels=2, level_dbfs=-6))
    wav_to_flac(source, tmp_path / "fast.flac")
    wav_to_flac(source, tmp_path / "small.flac", compression=1.0)
    assert (tmp_path / "small.flac").stat().st_size < (tmp_path / "fast.flac").stat().st_size
    assert np.array_equal(samples(tmp_path / "small.flac"), samples(tmp_path / "fast.flac"))


def test_a_cancelled_flac_leaves_nothing_and_keeps_what_was_there(tmp_path: Path) -> None:
    source = written(tmp_path / "a.wav", silence(1))
    (tmp_path / "a.flac").write_bytes(b"before")
    with pytest.raises(Cancelled):
        wav_to_flac(source, tmp_path / "a.flac", cancelled=lambda: True)
    assert (tmp_path / "a.flac").read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.flac", "a.wav"]


def test_a_tagged_wav_has_the_same_samples_and_a_sound_structure(tmp_path: Path) -> None:
    source = written(tmp_path / "a.wav", noise(0.1, channels=1)[:, :4409])
    copy_wav_with_tags(source, tmp_path / "b.wav", tags={"title": "A\nB", "comment": "made\0here", "album": " "})
    assert np.array_equal(samples(source, "int32"), samples(tmp_path / "b.wav", "int32"))
    with sf.SoundFile(tmp_path / "b.wav") as wav:
        assert (wav.title, wav.comment, wav.album) == ("A B", "made here", "")
        assert "(should be" not in wav.extra_info
    content = (tmp_path / "b.wav").read_bytes()
    assert struct.unpack_from("<I", content, 4)[0] == len(content) - 8


def test_tags_of_any_length_begin_at_an_even_byte(tmp_path: Path) -> None:
    """RIFF pads a chunk of odd length; a reader that steps over it would lose all that follows."""
    tags = {"title": "Dawn", "artist": "Ann", "album": "Åska", "comment": "ab"}
    copy_wav_with_tags(written(tmp_path / "a.wav", silence(0.1)), tmp_path / "b.wav", tags=tags)

    content = (tmp_path / "b.wav").read_bytes()
    at = content.index(b"LIST") + 12
    found = {}
    while at < len(content):
        assert at % 2 == 0
        name, size = struct.unpack_from("<4sI", content, at)
        found[name] = content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    assert found == {b"INAM": b"Dawn\0", b"IART": b"Ann\0", b"IPRD": "Åska".encode() + b"\0", b"ICMT": b"ab\0"}


def test_a_tag_that_is_not_known_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    source = written(tmp_path / "a.wav", silence(1))
    with pytest.raises(ValueError, match="mood"):
        copy_wav_with_tags(source, tmp_path / "b.wav", tags={"mood": "blue"})
    with pytest.raises(ValueError, match="mood"):
        wav_to_flac(source, tmp_path / "b.flac", tags={"mood": "blue"})
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_the_header_of_a_known_length_is_that_of_the_finished_file(tmp_path: Path) -> None:
    for subtype in ("PCM_16", "PCM_24", "FLOAT"):
        path = written(tmp_path / "a.wav", noise(0.1), subtype)
        header = wav_header(frames=4410, sample_rate=44100, channels=2, subtype=subtype)
        assert path.read_bytes().startswith(header)
        assert header.endswith(b"data" + struct.pack("<I", len(path.read_bytes()) - len(header)))


def test_24_bits_become_16_with_dither_and_float_without_a_change(tmp_path: Path) -> None:
    quiet = np.full((2, 100_000), 0.3 / 32768, dtype=np.float32)
    source = written(tmp_path / "a.wav", quiet)
    wav_to_wav(source, tmp_path / "16.wav", subtype="PCM_16", tags={"title": "Été"})
    wav_to_wav(source, tmp_path / "float.wav", subtype="FLOAT")
    steps = samples(tmp_path / "16.wav", "int16").astype(float)
    assert steps.mean() == pytest.approx(0.3, abs=0.01)
    assert steps.var() == pytest.approx(0.25, abs=0.01)
    assert np.array_equal(samples(tmp_path / "float.wav"), samples(source))
    with sf.SoundFile(tmp_path / "16.wav") as wav:
        assert (wav.subtype, wav.title, wav.frames) == ("PCM_16", "Été", 100_000)
        assert "(should be" not in wav.extra_info


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("quality", ["full", "preview"])
def test_an_mp3_decodes_to_the_same_length_at_the_same_place(tmp_path: Path, quality: Mp3Quality, rate: int) -> None:
    sound = (noise(3.0)[:, : 2 * rate] * 0.3).cumsum(axis=1)
    sound -= np.linspace(sound[:, 0], sound[:, -1], sound.shape[1]).T
    sound = (0.5 * sound / np.abs(sound).max()).astype(np.float32)
    with WavWriter(tmp_path / "a.wav", sample_rate=rate, channels=2) as wav:
        wav.write(sound)
    heard: list[float] = []
    wav_to_mp3(tmp_path / "a.wav", tmp_path / "a.mp3", quality=quality, progress=heard.append)
    assert sf.info(tmp_path / "a.mp3").samplerate == rate
    decoded = samples(tmp_path / "a.mp3")
    assert decoded.shape == sound.shape
    spectrum = np.fft.rfft(decoded[0]) * np.conj(np.fft.rfft(sound[0]))
    assert np.argmax(np.fft.irfft(spectrum)) == 0
    assert np.abs(decoded - sound).max() < 0.05
    assert heard[-1] == 1.0


def test_an_mp3_has_one_bitrate_its_header_frame_and_the_tags(tmp_path: Path) -> None:
    source = written(tmp_path / "a.wav", noise(2))
    tags = {"title": "Été", "artist": "Någon", "comment": "Mixed by ear", "software": "AI Mixer"}
    wav_to_mp3(source, tmp_path / "a.mp3", tags=tags)
    content = (tmp_path / "a.mp3").read_bytes()
    assert b"Info" in content[:4096]
    assert b"LAME" in content[:4096]
    with sf.SoundFile(tmp_path / "a.mp3") as mp3:
        assert (mp3.title, mp3.artist, mp3.comment) == ("Été", "Någon", "Mixed by ear")
    assert len(content) == pytest.approx(2 * 320_000 / 8, rel=0.05)


def test_long_tags_of_any_alphabet_come_through_in_an_mp3(tmp_path: Path) -> None:
    """More than thirty letters, where the oldest kind of tag ends, and some that Latin has not."""
    source = written(tmp_path / "a.wav", sine(440, 1, channels=2, level_dbfs=-6))
    tags = {"title": "Über den Wolken über dem nördlichen Meer", "artist": "Юрий 坂本", "comment": "Mixed by ear " * 20}
    wav_to_mp3(source, tmp_path / "a.mp3", tags=tags)
    with sf.SoundFile(tmp_path / "a.mp3") as mp3:
        assert (mp3.title, mp3.artist, mp3.comment) == (tags["title"], tags["artist"], tags["comment"].strip())
        assert mp3.frames == 44_100
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp3", "a.wav"]


def test_a_preview_is_much_smaller(tmp_path: Path) -> None:
    source = written(tmp_path / "a.wav", sine(440, 3, channels=2, level_dbfs=-6))
    wav_to_mp3(source, tmp_path / "full.mp3")
    wav_to_mp3(source, tmp_path / "preview.mp3", quality="preview")
    assert (tmp_path / "preview.mp3").stat().st_size < 0.5 * (tmp_path / "full.mp3").stat().st_size


def test_a_cancelled_mp3_leaves_nothing(tmp_path: Path) -> None:
    source = written(tmp_path / "a.wav", silence(1))
    with pytest.raises(Cancelled):
        wav_to_mp3(source, tmp_path / "a.mp3", cancelled=lambda: True)
    with pytest.raises(Cancelled):
        wav_to_wav(source, tmp_path / "b.wav", subtype="FLOAT", cancelled=lambda: True)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
