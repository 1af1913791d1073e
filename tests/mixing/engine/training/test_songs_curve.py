"""The error over the number of songs: every song judged once, by mixers that never heard it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from mixing.engine.console.parameters import ConsoleParameters, Strip
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import Intent, SessionFeatures
from mixing.engine.mixers.rules import FadersUp
from mixing.engine.training.corpus import read_corpus
from mixing.engine.training.examples import Example
from mixing.engine.training.songs_curve import curve_figures, plan, songs_curve
from mixing.engine.training.tables import curve_table
from tests.mixing.engine.training.songs import noise, tone, write_song

SONGS = [f"s{number}" for number in range(31)]


@pytest.mark.parametrize("count", [4, 8, 16, 24, 30])
def test_every_song_is_judged_once_and_never_by_what_learnt_from_it(count: int) -> None:
    parts = plan(SONGS, count, seed=1)
    assert sorted(song for _, judged in parts for song in judged) == sorted(SONGS)
    for known, judged in parts:
        assert len(set(known)) == count
        assert not set(known) & set(judged)


def test_draws_differ_and_a_draw_can_be_repeated() -> None:
    assert plan(SONGS, 8, seed=1) == plan(SONGS, 8, seed=1)
    assert plan(SONGS, 8, seed=1) != plan(SONGS, 8, seed=2)


@pytest.mark.parametrize("count", [0, 31, 40])
def test_one_song_at_least_must_be_left_to_judge(count: int) -> None:
    with pytest.raises(ValueError, match="cannot be learnt from"):
        plan(SONGS, count, seed=0)


class Wrong(FadersUp):
    """Turns the first stem up, the less the more songs it knows."""

    key = "wrong"

    def __init__(self, known: Sequence[Example]) -> None:
        self._too_loud_db = 24.0 / len({example.song.id for example in known})

    def predict(self, session: SessionFeatures, intent: Intent) -> ConsoleParameters:
        strips = tuple(
            Strip(stem=stem.name, trim_db=self._too_loud_db * (number == 0))
            for number, stem in enumerate(session.stems)
        )
        return ConsoleParameters(strips=strips).at_rate(session.sample_rate)


def test_a_mixer_that_learns_has_a_falling_curve(tmp_path: Path) -> None:
    for number, name in enumerate(("a", "b", "c")):
        stems = {"Bass.wav": tone(80.0 + number, seconds=0.6), "Drums.wav": noise(number, seconds=0.6)}
        write_song(tmp_path / "data" / name, stems, {"licence": "CC0-1.0", "human_balance": "sum"})
    entries = read_corpus(tmp_path / "data")
    found = songs_curve(entries, {"wrong": Wrong}, counts=(1, 2, 30), draws=2, cache=tmp_path / "cache")
    assert found["counts"] == [1, 2]
    assert found["song_count"] == 3
    one, two = (found["mixers"]["wrong"][count]["level_lu"] for count in ("1", "2"))
    assert one["mean"] > two["mean"] + 2.0
    assert one["low"] <= one["mean"] <= one["high"]
    assert f"{two['mean']:.2f} [" in curve_table(found)
    assert set(curve_figures(found)) == {"songs-level", "songs-eq", "songs-pan"}
    with pytest.raises(MixFailed, match="too few for a curve"):
        songs_curve(entries, {"wrong": Wrong}, counts=(3, 4), cache=tmp_path / "cache")
