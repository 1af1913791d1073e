"""Variations of songs and examples: seeded, within their limits, on both sides alike."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from mixing.engine.roles import group_of
from mixing.engine.training.augmentation import noisy, varied, without_roles, without_stems
from mixing.engine.training.corpus import SongEntry, read_song
from mixing.engine.training.examples import Example, examples
from tests.mixing.engine.training.songs import noise, tone, write_song

STEMS = {
    "Kick.wav": tone(60.0, seconds=1.0),
    "Snare.wav": noise(1, seconds=1.0),
    "Bass.wav": tone(110.0, seconds=1.0),
    "Piano.wav": tone(440.0, seconds=1.0, channels=2),
    "Vox.wav": tone(300.0, seconds=1.0),
}


@pytest.fixture
def song(tmp_path: Path) -> SongEntry:
    return read_song(write_song(tmp_path / "night", STEMS, {"human_balance": "sum"}))


@pytest.fixture
def example(song: SongEntry, tmp_path: Path) -> Example:
    (only,) = examples([song], [0], cache=tmp_path / "cache")
    return only


def test_variations_are_seeded_and_within_their_limits(song: SongEntry) -> None:
    vary = varied(crop_s=0.5, semitones=2, merging=0.5)
    drawn = [vary(song, seed) for seed in range(200)]
    assert drawn == [vary(song, seed) for seed in range(200)]
    assert {each.semitones for each in drawn} == {-2, -1, 0, 1, 2}
    assert all(each.crop_s == 0.5 and 0.0 <= each.position <= 1.0 for each in drawn)
    assert 70 < sum(each.parts is not None for each in drawn) < 130
    assert drawn != [vary(dataclasses.replace(song, id="other"), seed) for seed in range(200)]


def test_only_two_stems_of_one_group_are_merged_and_none_is_lost(song: SongEntry) -> None:
    groups = [group_of(role) for _, role in song.stems]
    for seed in range(20):
        parts = varied(merging=1.0)(song, seed).parts
        assert parts is not None
        assert sorted(number for part in parts for number in part) == list(range(5))
        assert [part for part in parts if len(part) > 1] == [(0, 1)]
        assert groups[0] == groups[1] == "drums"


def test_a_song_of_three_stems_is_never_merged(song: SongEntry) -> None:
    assert varied(merging=1.0)(dataclasses.replace(song, stems=song.stems[:3]), 1).parts is None


def test_a_varied_example_is_measured_on_the_varied_sound(song: SongEntry, tmp_path: Path) -> None:
    vary = varied(crop_s=0.5, semitones=0, merging=1.0)
    (heard,) = examples([song], [3], cache=tmp_path / "cache", vary=vary)
    names = [stem.name for stem in heard.degraded.stems]
    assert names == ["Kick.wav+Snare.wav", "Bass.wav", "Piano.wav", "Vox.wav"]
    assert [stem.name for stem in heard.human.stems] == names
    assert heard.degraded.stems[0].role == "drums"
    assert all(stem.audio.duration_s == pytest.approx(0.5) for stem in (*heard.degraded.stems, *heard.human.stems))
    assert heard.variation == vary(song, 3)


def test_dropped_stems_go_on_both_sides_and_three_stay(example: Example) -> None:
    counts = []
    for seed in range(30):
        left = without_stems(example, seed, share=0.5)
        names = [stem.name for stem in left.degraded.stems]
        assert names == [stem.name for stem in left.human.stems]
        assert names == [name for name in STEMS if name in names]
        counts.append(len(names))
    assert min(counts) == 3
    assert max(counts) > 3
    assert len(without_stems(example, 1, share=1.0).human.stems) == 3
    assert without_stems(example, 1, share=0.0) == example


def test_hidden_roles_are_hidden_on_both_sides_and_nothing_else_changes(example: Example) -> None:
    hidden = without_roles(example, 2, share=0.5)
    roles = [stem.role for stem in hidden.degraded.stems]
    assert 0 < roles.count("other") < 5
    assert roles == [stem.role for stem in hidden.human.stems]
    assert [stem.audio for stem in hidden.degraded.stems] == [stem.audio for stem in example.degraded.stems]
    assert {stem.role for stem in without_roles(example, 2, share=1.0).human.stems} == {"other"}
    assert hidden == without_roles(example, 2, share=0.5)


def test_noise_is_half_a_deviation_of_each_feature_and_seeded() -> None:
    features, deviations = np.full((4000, 3), 7.0), np.array([1.0, 10.0, 0.0])
    heard = noisy(features, deviations, 1)
    np.testing.assert_allclose(heard.mean(axis=0), [7.0, 7.0, 7.0], atol=0.4)
    np.testing.assert_allclose(heard.std(axis=0), [0.5, 5.0, 0.0], rtol=0.05)
    np.testing.assert_array_equal(heard, noisy(features, deviations, 1))
    assert not np.array_equal(heard, noisy(features, deviations, 2))
