"""Songs kept apart, by song and by artist, and leaks that are found."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from mixing.engine.training.corpus import SongEntry, read_corpus, read_song, with_human_balance
from mixing.engine.training.splits import artists_of, by_artist, by_song, leaks
from tests.mixing.engine.real_songs import real_songs
from tests.mixing.engine.training.songs import noise, write_song
from tests.mixing.engine.training.test_fingerprints import melody


def song(identity: str, artist: str = "", title: str = "") -> SongEntry:
    return SongEntry(
        id=identity,
        folder=Path(identity),
        title=title or identity,
        artist=artist,
        licence="CC0-1.0",
        weights_may_ship=True,
        human_balance="sum",
        stems=(),
    )


SONGS = [
    song("a", "Ann Lee"),
    song("b", "The Oaks"),
    song("c", "ann lee feat. Bo"),
    song("d"),
    song("e", "Bo"),
    song("f", "unknown"),
]


def ids(songs: tuple[SongEntry, ...]) -> str:
    return "".join(each.id for each in songs)


def test_leaving_one_song_out_tests_on_each_once_and_learns_from_the_others() -> None:
    folds = by_song(SONGS)
    assert [ids(fold.test) for fold in folds] == ["a", "b", "c", "d", "e", "f"]
    assert ids(folds[2].train) == "abdef"


def test_leaving_one_artist_out_keeps_collaborators_together_and_strangers_apart() -> None:
    # Ann worked with Bo in c, so that a, c and e are one; nobody says who made d and f.
    assert [(ids(fold.test), ids(fold.train)) for fold in by_artist(SONGS)] == [
        ("ace", "bdf"),
        ("b", "acdef"),
        ("d", "abcef"),
        ("f", "abcde"),
    ]


@pytest.mark.parametrize("split", [by_song, by_artist])
def test_folds_test_on_every_song_once_and_are_seeded(split: type) -> None:
    folds = split(SONGS, 3, seed=1)
    assert sorted("".join(ids(fold.test) for fold in folds)) == list("abcdef")
    assert all(sorted(ids(fold.test) + ids(fold.train)) == list("abcdef") for fold in folds)
    assert folds == split(SONGS, 3, seed=1)
    assert {ids(fold.test) for fold in by_song(SONGS, 3, seed=2)} != {ids(fold.test) for fold in by_song(SONGS, 3)}


def test_folds_by_artist_are_of_about_one_size() -> None:
    assert sorted(len(fold.test) for fold in by_artist(SONGS, 2)) == [3, 3]


def test_no_artist_is_on_both_sides() -> None:
    for fold in by_artist(SONGS, 3):
        trained = {name for each in fold.train for name in artists_of(each)}
        assert not any(artists_of(each) & trained for each in fold.test)


@pytest.mark.parametrize("folds", [1, 7])
def test_impossible_divisions_are_refused(folds: int) -> None:
    with pytest.raises(ValueError, match="cannot be divided"):
        by_song(SONGS, folds)
    with pytest.raises(ValueError, match="cannot be divided"):
        by_artist(SONGS[:1])


def test_artists_are_read_as_people_write_them() -> None:
    assert artists_of(song("x", "A Classic Education")) == artists_of(song("y", "AClassicEducation"))
    assert artists_of(song("x", "Spring (R. Damsgaard) with VinsCool")) > artists_of(song("y", "Spring (R. Damsgaard)"))
    assert artists_of(song("x", "Greippi / SecondFlight")) == {"greippi", "secondflight"}
    assert artists_of(song("x", "The Oaks")) == artists_of(song("y", "Oaks"))
    assert artists_of(song("x", "Various Artists")) == frozenset()


# ---- leaks -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def clean(tmp_path: Path) -> tuple[SongEntry, SongEntry]:
    """Two songs that have nothing in common."""
    songs = []
    for number, (name, artist) in enumerate((("night", "Ann"), ("day", "Bo"))):
        stems = {"Lead.wav": melody(number)[np.newaxis], "Noise.wav": noise(number, seconds=12.0, level=0.01)}
        songs.append(read_song(write_song(tmp_path / name, stems, {"artist": artist, "title": name})))
    return songs[0], songs[1]


def kinds(train: SongEntry, test: SongEntry, cache: Path) -> list[str]:
    return [leak.kind for leak in leaks([train], [test], cache=cache)]


def test_independent_songs_leak_nothing(clean: tuple[SongEntry, SongEntry], tmp_path: Path) -> None:
    assert kinds(*clean, tmp_path) == []


def test_a_planted_copy_is_found_whatever_it_is_called(clean: tuple[SongEntry, SongEntry], tmp_path: Path) -> None:
    night, day = clean
    copied = write_song(
        tmp_path / "other",
        {
            # Cut, turned down, with another balance, and under other names.
            "01.flac": 0.3 * melody(0)[np.newaxis, 50_001:],
            "02.flac": noise(9, seconds=9.0, level=0.002),
        },
        {"artist": "Cy", "title": "Else"},
    )
    found = leaks([night], [read_song(copied), day], cache=tmp_path)
    assert [(leak.train, leak.test, leak.kind) for leak in found] == [("night", "other", "audio")]
    assert "night and other: they sound alike" in found[0].reason


def test_a_stem_that_was_borrowed_is_found(clean: tuple[SongEntry, SongEntry], tmp_path: Path) -> None:
    night, day = clean
    (day.folder / "Noise.wav").write_bytes((night.folder / "Noise.wav").read_bytes())
    assert "file" in kinds(night, day, tmp_path)


def test_names_alone_tell_songs_and_artists_that_are_on_both_sides(
    clean: tuple[SongEntry, SongEntry], tmp_path: Path
) -> None:
    night, day = clean
    assert kinds(night, dataclasses.replace(day, artist="ann"), tmp_path) == ["artist"]
    assert kinds(night, dataclasses.replace(day, artist="Ann", title="The Night"), tmp_path) == ["artist", "song"]
    assert kinds(night, night, tmp_path) == ["song", "file", "audio"]


@pytest.mark.real_audio
def test_the_shared_songs_have_no_copies_among_them(tmp_path: Path) -> None:
    songs = with_human_balance(read_corpus(real_songs()[0].parent))
    folds = by_artist(songs)
    assert len(folds) < len(songs) - 6  # six songs are by one producer
    found = [leak for fold in folds[:1] for leak in leaks(fold.train, fold.test, cache=tmp_path, audio=False)]
    assert found == []
