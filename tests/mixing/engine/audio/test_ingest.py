"""From a file to a canonical stem."""

from __future__ import annotations

import hashlib
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mixing.engine.audio import peaks
from mixing.engine.audio.ingest import IngestedStem, ingest
from mixing.engine.audio.probe import family_rate, probe
from mixing.engine.errors import Cancelled
from tests.mixing.engine.audio.sounds import faded, noise, silence, sine, write
from tests.mixing.engine.real_songs import real_songs


def taken_in(source: Path, sample_rate: int | None = None) -> tuple[IngestedStem, np.ndarray]:
    destination = source.parent / "canonical.wav"
    stem = ingest(source, destination, name=source.name, sample_rate=sample_rate)
    return stem, sf.read(destination, dtype="float32", always_2d=True)[0].T


@pytest.mark.parametrize(
    ("file", "subtype", "kept"),
    [
        ("a.wav", "PCM_16", "PCM_16"),
        ("a.wav", "PCM_24", "PCM_24"),
        ("a.wav", "PCM_U8", "PCM_16"),
        ("a.aiff", "PCM_16", "PCM_16"),
        ("a.aiff", "PCM_24", "PCM_24"),
        ("a.flac", "PCM_16", "PCM_16"),
        ("a.flac", "PCM_24", "PCM_24"),
        ("a.wav", "FLOAT", "FLOAT"),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_what_need_not_be_resampled_is_kept_bit_by_bit(
    tmp_path: Path, file: str, subtype: str, kept: str, channels: int
) -> None:
    source = write(tmp_path / file, noise(1.7, channels=channels, level=0.4), subtype=subtype)
    stem, _ = taken_in(source)
    canonical = tmp_path / "canonical.wav"
    dtype = "float32" if subtype == "FLOAT" else "int32"
    assert np.array_equal(sf.read(source, dtype=dtype)[0], sf.read(canonical, dtype=dtype)[0])
    assert sf.info(canonical).subtype == kept
    assert (stem.sample_rate, stem.channels, stem.frames) == (44100, channels, 74970)
    assert stem.duration_s == pytest.approx(1.7)


def test_what_is_told_of_the_stem_is_what_is_in_the_file(tmp_path: Path) -> None:
    source = write(tmp_path / "a.flac", sine(1000, 2, level_dbfs=-20, channels=2), subtype="PCM_24")
    stem, _ = taken_in(source)
    assert stem.sha256 == hashlib.sha256((tmp_path / "canonical.wav").read_bytes()).hexdigest()
    assert (stem.original_sample_rate, stem.original_format) == (44100, "FLAC, PCM_24")
    assert stem.features.loudness_lufs == pytest.approx(-20.0, abs=0.1)
    assert stem.features.true_peak_dbtp == pytest.approx(-20.0, abs=0.1)
    pyramid = peaks.read(stem.peaks)
    assert (pyramid.frames, pyramid.sample_rate) == (88200, 44100)
    assert pyramid.levels[0].maximum[:-1].tolist() == [13] * 344


def test_resampling_from_48_to_44_1_khz_is_transparent(tmp_path: Path) -> None:
    source = write(tmp_path / "a.wav", faded(sine(997, 3, rate=48000, level_dbfs=-6)), rate=48000, subtype="FLOAT")
    stem, heard = taken_in(source, 44100)
    assert (stem.sample_rate, stem.frames, stem.original_sample_rate) == (44100, 132300, 48000)
    residual = (heard - sine(997, 3, level_dbfs=-6))[:, 4410:-4410]
    assert 20 * np.log10(np.abs(residual).max()) < -110


def test_what_lies_above_the_new_rate_is_removed_and_what_lies_below_is_kept(tmp_path: Path) -> None:
    _, alias = taken_in(
        write(tmp_path / "a.wav", faded(sine(23000, 2, rate=48000)), rate=48000, subtype="FLOAT"), 44100
    )
    # The middle: where the tone fades in and out, its own spectrum reaches below the new limit.
    assert 20 * np.log10(np.abs(alias[:, 8000:-8000]).max()) < -140
    _, treble = taken_in(
        write(tmp_path / "a.wav", faded(sine(19000, 2, rate=48000)), rate=48000, subtype="FLOAT"), 44100
    )
    assert np.sqrt(2 * np.mean(treble[0, 4410:-4410] ** 2)) == pytest.approx(1.0, abs=0.001)


@pytest.mark.parametrize(
    ("file_rate", "session_rate"), [(22050, 44100), (88200, 44100), (32000, 48000), (96000, 48000)]
)
def test_without_a_session_rate_a_file_keeps_its_family(tmp_path: Path, file_rate: int, session_rate: int) -> None:
    assert family_rate(file_rate) == session_rate
    stem, heard = taken_in(write(tmp_path / "a.wav", faded(sine(440, 1, rate=file_rate), 200), rate=file_rate))
    assert stem.sample_rate == session_rate
    assert stem.frames == session_rate
    top_hz = np.argmax(np.abs(np.fft.rfft(heard[0]))) * session_rate / heard.shape[1]
    assert top_hz == pytest.approx(440, abs=1)


@pytest.mark.parametrize(
    ("file", "form", "subtype", "rate", "known"),
    [
        ("a.mp3", None, None, 44100, "MP3, MPEG_LAYER_III"),
        ("a.ogg", "OGG", "VORBIS", 44100, "Ogg, VORBIS"),
        ("a.opus", "OGG", "OPUS", 48000, "Ogg, OPUS"),
        ("a.aiff", None, "FLOAT", 44100, "AIFF, FLOAT"),
    ],
)
def test_compressed_files_keep_length_channels_and_level(
    tmp_path: Path, file: str, form: str | None, subtype: str | None, rate: int, known: str
) -> None:
    tone = np.concatenate((sine(440, 3, rate=rate, level_dbfs=-12), sine(880, 3, rate=rate, level_dbfs=-18)))
    stem, heard = taken_in(write(tmp_path / file, faded(tone), rate=rate, form=form, subtype=subtype))
    assert (stem.original_format, stem.channels, stem.frames) == (known, 2, 3 * rate)
    rms = np.sqrt(np.mean(heard[:, rate : 2 * rate] ** 2, axis=1))
    assert 20 * np.log10(rms * np.sqrt(2)) == pytest.approx([-12, -18], abs=0.3)


def test_a_file_is_known_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    write(tmp_path / "a.flac", noise(1))
    (tmp_path / "a.flac").rename(tmp_path / "a.mp3")
    (tmp_path / "a.raw").write_bytes((tmp_path / "a.mp3").read_bytes())
    assert probe(tmp_path / "a.mp3", name="a").format == "FLAC"
    assert probe(tmp_path / "a.raw", name="a").format == "FLAC"


def test_a_silent_stem_is_accepted(tmp_path: Path) -> None:
    stem, heard = taken_in(write(tmp_path / "a.wav", silence(2)))
    assert stem.features.loudness_lufs is None
    assert stem.features.true_peak_dbtp is None
    assert stem.features.spectrum_db == ()
    assert not heard.any()


def test_a_float_stem_above_full_scale_is_not_clipped(tmp_path: Path) -> None:
    _, heard = taken_in(write(tmp_path / "a.wav", 2.5 * sine(100, 1), subtype="FLOAT"))
    assert heard.max() == pytest.approx(2.5, abs=0.001)


def test_progress_rises_to_one(tmp_path: Path) -> None:
    told: list[float] = []
    source = write(tmp_path / "a.wav", noise(8))
    ingest(source, tmp_path / "b.wav", name="a", sample_rate=None, progress=told.append)
    assert told == sorted(told)
    assert len(told) >= 5
    assert told[-1] == 1.0


def test_a_cancelled_ingest_leaves_nothing_and_keeps_what_was_there(tmp_path: Path) -> None:
    source = write(tmp_path / "a.wav", noise(8))
    (tmp_path / "b.wav").write_bytes(b"before")
    answers = iter([False, False, True])
    with pytest.raises(Cancelled):
        ingest(source, tmp_path / "b.wav", name="a", sample_rate=48000, cancelled=lambda: next(answers))
    assert (tmp_path / "b.wav").read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "b.wav"]


def test_the_same_file_becomes_the_same_stem_each_time(tmp_path: Path) -> None:
    source = write(tmp_path / "a.wav", noise(3, rate=48000), rate=48000)
    assert taken_in(source, 44100)[0] == taken_in(source, 44100)[0]


def test_memory_does_not_grow_with_the_sound(tmp_path: Path) -> None:
    taken_in(write(tmp_path / "warm.wav", noise(1, rate=8000), rate=8000), 8000)
    peak_bytes = []
    for seconds in (20, 400):
        source = write(tmp_path / "a.flac", np.tile(noise(20, rate=8000), seconds // 20), rate=8000)
        tracemalloc.start()
        ingest(source, tmp_path / "b.wav", name="a", sample_rate=8000)
        peak_bytes.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # The spectra of 380 s are 380 * 20 * 320 bytes; decoded, the sound would be 24 MB.
    assert peak_bytes[1] - peak_bytes[0] < 6_000_000


@pytest.mark.real_audio
def test_the_stems_of_a_real_song_are_taken_in_and_sound(tmp_path: Path) -> None:
    stems = sorted(path for path in real_songs()[0].iterdir() if path.suffix in {".flac", ".ogg", ".wav"})[:4]
    assert stems
    for path in stems:
        stem = ingest(path, tmp_path / "stem.wav", name=path.name, sample_rate=44100)
        assert stem.frames == peaks.read(stem.peaks).frames == sf.info(tmp_path / "stem.wav").frames
        assert stem.features.loudness_lufs is None or -70 < stem.features.loudness_lufs < 0
