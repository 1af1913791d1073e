"""ZIP files: names that every system takes, no clock, nothing half written."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mixing.engine.export.archive import entry_names, new_archive

SOUND = np.linspace(-1.5, 1.5, 40, dtype=np.float32).reshape(2, 20)


def filled(path: Path) -> Path:
    source = path.with_suffix(".source")
    source.write_bytes(bytes(range(256)) * 5_000)
    wrote: list[int] = []
    with new_archive(path) as archive:
        archive.add_text("words.xml", "<é/>")
        archive.add_file("copy.wav", source, wrote.append)
        with archive.add_sound("sound.wav", frames=20, sample_rate=48_000) as append:
            append(SOUND[:, :7])
            append(SOUND[:, 7:])
    assert sum(wrote) == 1_280_000
    return path


def test_what_was_put_in_comes_out(tmp_path: Path) -> None:
    with zipfile.ZipFile(filled(tmp_path / "a.zip")) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["words.xml", "copy.wav", "sound.wav"]
        assert archive.read("words.xml").decode() == "<é/>"
        assert archive.read("copy.wav") == bytes(range(256)) * 5_000
        heard, rate = sf.read(io.BytesIO(archive.read("sound.wav")), dtype="float32")
    assert rate == 48_000
    assert np.array_equal(heard.T, SOUND)


def test_sound_is_stored_text_is_deflated_and_no_entry_has_a_date_or_a_lock(tmp_path: Path) -> None:
    with zipfile.ZipFile(filled(tmp_path / "a.zip")) as archive:
        entries = archive.infolist()
    stored, deflated = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
    assert [entry.compress_type for entry in entries] == [deflated, stored, stored]
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o644}


def test_an_archive_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"before")

    def fail() -> None:
        with new_archive(path) as archive:
            archive.add_text("a", "a")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Kick.wav", "01 Kick.wav"),
        ("Kick.WAV", "01 Kick.wav"),
        ("Take 1.2", "01 Take 1.2.wav"),
        ("drums/Kick.flac", "01 Kick.wav"),
        ("../../etc/passwd", "01 passwd.wav"),
        ('a\\b:c*d?e"f<g>h|i', "01 a_b_c_d_e_f_g_h_i.wav"),
        ("tab\tnewline\nbell\x07", "01 tab_newline_bell_.wav"),
        ("evil\u202egnp", "01 evil_gnp.wav"),
        ("half\ud800", "01 half_.wav"),
        ("..", "01 stem.wav"),
        (" . ", "01 stem.wav"),
        ("Ständchen", "01 Ständchen.wav"),
    ],
)
def test_a_name_loses_what_some_system_refuses(name: str, file: str) -> None:
    assert entry_names([name]) == {name: file}


def test_names_that_some_system_takes_for_one_are_told_apart_by_their_number() -> None:
    assert list(entry_names(["Vox", "vox", "a/vox", "vox.wav"]).values()) == [
        "01 Vox.wav",
        "02 vox.wav",
        "03 vox.wav",
        "04 vox.wav",
    ]
    assert entry_names([str(number) for number in range(100)])["7"] == "008 7.wav"


@pytest.mark.parametrize("char", ["x", "ö", "曲", "🎸"])
def test_a_long_name_of_any_alphabet_is_one_that_a_file_system_takes(char: str) -> None:
    (file,) = entry_names([char * 300]).values()

    assert 190 <= len(file.encode()) <= 255
    assert set(file) == set(f"01 {char}.wav")
