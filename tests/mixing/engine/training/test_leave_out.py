"""Mixers for judging never heard what they are judged on."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import Mixer
from mixing.engine.mixers.rules import FadersUp, RoughMix
from mixing.engine.training.corpus import SongEntry, read_corpus
from mixing.engine.training.examples import Example
from mixing.engine.training.leave_out import left_out_mixers, rough_mix_of, trainer
from tests.mixing.engine.training.songs import noise, tone, write_song

CARD = {"licence": "CC0-1.0", "human_balance": "sum"}


class Remembers(FadersUp):
    def __init__(self, known: Sequence[Example]) -> None:
        self.songs = {example.song.id for example in known}
        self.seeds = {example.seed for example in known}


@pytest.fixture
def entries(tmp_path: Path) -> list[SongEntry]:
    for number, (name, artist, extra) in enumerate(
        [
            ("a1", "Ann", {}),
            ("a2", "Ann", {}),
            ("b", "Bob", {}),
            ("c", "Cid", {"licence": "CC-BY-NC-4.0"}),
            ("made", "generator", {"kind": "generated"}),
        ]
    ):
        stems = {"Bass.wav": tone(80.0 + number, seconds=0.6), "Drums.wav": noise(number, seconds=0.6)}
        write_song(tmp_path / "data" / name, stems, CARD | {"artist": artist} | extra)
    return read_corpus(tmp_path / "data")


def heard_by(entries: list[SongEntry], split: str, tmp_path: Path) -> dict[str, set[str]]:
    trainers = {"remembers": Remembers}
    mixers_of = left_out_mixers(entries, split, trainers, cache=tmp_path / "cache")  # type: ignore[arg-type]
    found: dict[str, set[str]] = {}
    for entry in entries:
        (mixer,) = mixers_of(entry)
        assert isinstance(mixer, Remembers)
        found[entry.id] = mixer.songs
    return found


def test_a_song_is_judged_by_mixers_that_learnt_from_all_other_songs_that_may_ship(
    entries: list[SongEntry], tmp_path: Path
) -> None:
    assert heard_by(entries, "song", tmp_path) == {
        "a1": {"a2", "b"},
        "a2": {"a1", "b"},
        "b": {"a1", "a2"},
        "c": {"a1", "a2", "b"},
        "made": {"a1", "a2", "b"},
    }


def test_songs_that_nobody_licensed_teach_each_other_as_nothing_leaves_the_house(
    entries: list[SongEntry], tmp_path: Path
) -> None:
    kept = [dataclasses.replace(entry, weights_may_ship=False) for entry in entries if entry.kind == "real"]
    assert heard_by(kept, "song", tmp_path)["a1"] == {"a2", "b", "c"}
    only_one = [dataclasses.replace(entry, weights_may_ship=entry.id == "b") for entry in kept]
    assert heard_by(only_one, "song", tmp_path)["b"] == {"a1", "a2", "c"}  # without b nothing would teach


def test_an_artist_is_left_out_with_all_songs(entries: list[SongEntry], tmp_path: Path) -> None:
    found = heard_by(entries, "artist", tmp_path)
    assert found["a1"] == found["a2"] == {"b"}
    assert found["b"] == {"a1", "a2"}


def test_songs_of_one_artist_cannot_be_divided_by_artist(entries: list[SongEntry], tmp_path: Path) -> None:
    ann = [entry for entry in entries if entry.artist == "Ann"]
    with pytest.raises(MixFailed, match="cannot be divided so that each artist is left out once"):
        heard_by(ann, "artist", tmp_path)


def test_the_rough_mix_is_fitted_on_what_it_is_given(entries: list[SongEntry], tmp_path: Path) -> None:
    from mixing.engine.mixers.interface import Intent
    from mixing.engine.training.examples import examples

    known = list(examples([entry for entry in entries if entry.id in ("a1", "b")], (0,), cache=tmp_path / "cache"))
    fitted = rough_mix_of(known)
    assert isinstance(fitted, RoughMix)
    session = known[0].degraded
    own, shipped = (mixer.predict(session, Intent()).strips for mixer in (fitted, RoughMix()))
    assert [strip.fader_db for strip in own] != [strip.fader_db for strip in shipped]


def test_each_rule_is_made_by_its_key_and_a_mixer_without_learning_is_refused() -> None:
    made: Mixer = trainer("faders-up")([])
    assert made.key == "faders-up"
    assert trainer("equal-loudness")([]).key == "equal-loudness"
    with pytest.raises(MixFailed, match="search does not learn from balances"):
        trainer("search")
