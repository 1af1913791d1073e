"""Reading songs, their licences and their human balance."""

from __future__ import annotations

from pathlib import Path

import pytest

from mixing.engine.errors import MixFailed
from mixing.engine.training.corpus import read_corpus, read_song, with_human_balance
from mixing.engine.training.licences import allows_weights, forbids_weights
from tests.mixing.engine.real_songs import real_songs
from tests.mixing.engine.training.songs import noise, tone, two_stems, write_song

CC0 = {"id": "first", "title": "First", "artist": "Ann", "licence": "CC0-1.0", "human_balance": "sum"}


def test_a_song_carries_what_its_card_says(tmp_path: Path) -> None:
    write_song(tmp_path / "a", two_stems(), CC0 | {"genre": "folk", "source": "her own site"})
    (song,) = read_corpus(tmp_path)
    assert (song.id, song.title, song.artist, song.licence, song.genre) == ("first", "First", "Ann", "CC0-1.0", "folk")
    assert song.human_balance == "sum"
    assert song.weights_may_ship
    assert song.source == "her own site"
    assert [(path.name, role) for path, role in song.stems] == [("Bass.wav", "bass"), ("Drums.wav", "drums")]
    assert song.stem_names() == ("Bass.wav", "Drums.wav")


def test_a_folder_without_a_card_is_a_song_of_unknown_licence_that_ships_nothing(tmp_path: Path) -> None:
    write_song(tmp_path / "Night", two_stems())
    (song,) = read_corpus(tmp_path)
    assert (song.id, song.title, song.artist, song.licence) == ("Night", "Night", "", "unknown")
    assert song.human_balance is None
    assert not song.weights_may_ship


def test_songs_come_sorted_by_id_and_folders_without_sound_are_passed_over(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_song(tmp_path / "songs" / name, {"Kick.wav": noise(1, seconds=0.2)}, {"id": name})
    (tmp_path / "songs" / "notes").mkdir()
    write_song(tmp_path / "oneshots", {"hit.wav": noise(1, seconds=0.2)})
    assert [song.id for song in read_corpus(tmp_path)] == ["a", "b"]


def test_a_folder_of_stems_is_a_corpus_of_one_song(tmp_path: Path) -> None:
    write_song(tmp_path / "solo", two_stems(0.2))
    assert [song.id for song in read_corpus(tmp_path / "solo")] == ["solo"]


@pytest.mark.parametrize("licence", ["CC BY-NC-SA 4.0", "CC-BY-NC-4.0", "For educational purposes only", "CC BY-ND"])
def test_no_card_can_ship_what_its_licence_forbids(tmp_path: Path, licence: str) -> None:
    write_song(tmp_path / "a", two_stems(0.2), CC0 | {"licence": licence, "weights_may_ship": True})
    assert not read_song(tmp_path / "a").weights_may_ship


def test_a_card_can_hold_back_what_its_licence_allows(tmp_path: Path) -> None:
    write_song(tmp_path / "a", two_stems(0.2), CC0 | {"weights_may_ship": False})
    assert not read_song(tmp_path / "a").weights_may_ship


@pytest.mark.parametrize(
    ("licence", "allowed", "forbidden"),
    [
        ("CC0-1.0", True, False),
        ("CC-BY 4.0", True, False),
        ("Public domain", True, False),
        ("BSD-3-Clause", True, False),
        ("CC-BY-SA-4.0", False, False),
        ("CC BY-NC-SA 4.0", False, True),
        ("Creative Commons Attribution-NonCommercial", False, True),
        ("Free for non-commercial research", False, True),
        ("unknown", False, False),
        ("A friend said yes", False, False),
    ],
)
def test_licences_are_told_apart(licence: str, allowed: bool, forbidden: bool) -> None:
    assert (allows_weights(licence), forbids_weights(licence)) == (allowed, forbidden)


def test_two_songs_of_one_id_are_refused(tmp_path: Path) -> None:
    for name in ("x", "y"):
        write_song(tmp_path / name, two_stems(0.2), CC0)
    with pytest.raises(MixFailed, match="x and y have the same id") as refused:
        read_corpus(tmp_path)
    assert refused.value.code == "duplicate_song"


def test_a_human_mix_must_be_there(tmp_path: Path) -> None:
    write_song(tmp_path / "a", two_stems(0.2), CC0 | {"human_balance": "file", "human_mix": "_mix.wav"})
    with pytest.raises(MixFailed, match=r"a: song.json cannot be used: human_mix is '_mix.wav'"):
        read_corpus(tmp_path)
    write_song(tmp_path / "a", {"_mix.wav": tone(100.0, seconds=0.2)})
    (song,) = read_corpus(tmp_path)
    assert song.human_mix == tmp_path / "a" / "_mix.wav"


@pytest.mark.parametrize("card", [{"human_balance": "good"}, {"human_balance": "file"}, {"kind": "fake"}])
def test_a_card_that_says_nonsense_is_refused_by_name(tmp_path: Path, card: dict[str, str]) -> None:
    write_song(tmp_path / "night", two_stems(0.2), card)
    with pytest.raises(MixFailed, match=r"night: song\.json cannot be used") as refused:
        read_corpus(tmp_path)
    assert refused.value.code == "invalid_song_file"


def test_a_folder_without_songs_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MixFailed, match="put one folder of stems for each song in it"):
        read_corpus(tmp_path)
    with pytest.raises(MixFailed, match="There is no folder called"):
        read_corpus(tmp_path / "nowhere")


@pytest.mark.real_audio
def test_the_shared_songs_are_thirty_two_of_which_one_is_raw() -> None:
    songs = read_corpus(real_songs()[0].parent)
    assert len(songs) == 32
    assert {song.id for song in songs} - {song.id for song in with_human_balance(songs)} == {"clingo_mixer"}
    assert sum(song.weights_may_ship for song in songs) == 25
    assert all(song.artist and song.licence and song.kind == "real" for song in songs)
