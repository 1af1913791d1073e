"""Folders as they lie on a musician's disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mixing.engine.errors import MixFailed
from mixing.engine.session_folder import read_session_folder
from tests.mixing.engine.real_songs import real_songs


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"not looked into")
    return folder


def song(folder: Path, *stems: Any, **more: Any) -> Path:
    (folder / "song.json").write_text(json.dumps({"stems": list(stems), **more}))
    return folder


def code_of(folder: Path) -> str:
    with pytest.raises(MixFailed) as caught:
        read_session_folder(folder)
    assert caught.value.message.endswith(".")
    return caught.value.code


def test_without_a_song_file_every_audio_file_is_a_stem_in_order_of_name(tmp_path: Path) -> None:
    fill(tmp_path, "bass.FLAC", "Vox Lead.wav", "Kick.aiff", "notes.txt", "_mix.wav", "._Kick.aiff", "old/Snare.wav")
    session = read_session_folder(tmp_path)
    assert [(stem.name, stem.role) for stem in session.stems] == [
        ("bass.FLAC", "bass"),
        ("Kick.aiff", "kick"),
        ("Vox Lead.wav", "lead_vocal"),
    ]
    assert [stem.path for stem in session.stems] == [tmp_path.resolve() / stem.name for stem in session.stems]
    assert session.title == tmp_path.name


def test_with_a_song_file_exactly_its_stems_in_its_order_with_its_roles(tmp_path: Path) -> None:
    fill(tmp_path, "b.wav", "a.wav", "not listed.wav", "stems/Kick.wav")
    song(
        tmp_path,
        {"file": "b.wav", "role": "strings"},
        {"file": "stems/Kick.wav"},
        {"file": "a.wav", "role": None, "note": "a key of somebody's own"},
        title="Song",
        tempo_bpm=120,
    )
    session = read_session_folder(tmp_path)
    assert [(stem.name, stem.role) for stem in session.stems] == [
        ("b.wav", "strings"),
        ("stems/Kick.wav", "kick"),
        ("a.wav", "other"),
    ]
    assert session.title == "Song"


def test_files_that_begin_with_an_underscore_are_never_stems_even_where_listed(tmp_path: Path) -> None:
    fill(tmp_path, "_human_mix.flac", "a.wav", "stems/_rough.wav")
    song(tmp_path, {"file": "_human_mix.flac"}, {"file": "a.wav"}, {"file": "stems/_rough.wav"})
    assert [stem.name for stem in read_session_folder(tmp_path).stems] == ["a.wav"]


@pytest.mark.parametrize("name", ["../outside.wav", "/etc/hostname", "stems/../../outside.wav"])
def test_a_stem_outside_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    fill(tmp_path, "outside.wav", "session/stems/a.wav")
    assert code_of(song(tmp_path / "session", {"file": name})) == "stem_outside_folder"


def test_a_link_out_of_the_folder_is_refused_with_and_without_a_song_file(tmp_path: Path) -> None:
    folder = fill(tmp_path / "session", "a.wav")
    fill(tmp_path, "secret.wav")
    (folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    assert code_of(folder) == "stem_outside_folder"
    assert code_of(song(folder, {"file": "link.wav"})) == "stem_outside_folder"


def test_a_missing_folder_file_or_a_folder_without_stems_is_told(tmp_path: Path) -> None:
    assert code_of(tmp_path / "nowhere") == "no_folder"
    assert code_of(fill(tmp_path, "notes.txt", "_mix.wav")) == "no_stems"
    assert code_of(song(tmp_path, {"file": "a.wav"})) == "missing_stem"
    assert code_of(song(tmp_path)) == "no_stems"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"stems": {}}',
        '{"stems": ["a.wav"]}',
        '{"stems": [{"file": ""}]}',
        '{"stems": [{"file": 3}]}',
        '{"stems": [{"file": "a.wav"}, {"file": "a.wav"}]}',
        '{"stems": [{"file": "a.wav", "role": "theremin"}]}',
        '{"stems": [{"file": "a.wav", "role": ["bass"]}]}',
        '{"stems": [{"file": "a\\u0000.wav"}]}',
        '{"stems": [{"file": "%s.wav"}]}' % ("a" * 5_000),
        "[" * 100_000,
    ],
)
def test_a_song_file_that_cannot_be_used_is_told(tmp_path: Path, text: str) -> None:
    fill(tmp_path, "a.wav")
    (tmp_path / "song.json").write_text(text)
    assert code_of(tmp_path) == "invalid_song_file"


def test_a_song_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "song.json").write_bytes(b"\xff\xfe\x00\xd8")
    assert code_of(tmp_path) == "invalid_song_file"


@pytest.mark.real_audio
def test_the_real_multitracks_are_all_read() -> None:
    for folder in real_songs():
        listed = json.loads((folder / "song.json").read_text())["stems"]
        assert [(stem.name, stem.role) for stem in read_session_folder(folder).stems] == [
            (entry["file"], entry["role"]) for entry in listed
        ]
