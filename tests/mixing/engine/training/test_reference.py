"""Training and judging the reference net: what it learns from, who never heard what, and the percentages."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mixing.engine.errors import MixFailed
from mixing.engine.mixers import checkpoint
from mixing.engine.mixers.rules import RoughMix
from mixing.engine.training import reference
from mixing.engine.training.corpus import SongEntry, StemFile
from mixing.engine.training.reference import Lessons, train, train_reference, unseen_nets
from mixing.engine.training.reference_evaluation import (
    MEASURES,
    WITHOUT_REFERENCE,
    SongDistances,
    conclusions,
    evaluate_reference,
    summary,
    table,
)
from mixing.engine.training.sections import MixedSong, mixed_songs, sections_of

RATE = 44_100


def entry(folder: Path, song: str, artist: str, *, ships: bool = True) -> SongEntry:
    """A song of 3 s: a hum and bursts of noise."""
    home = folder / song
    home.mkdir(parents=True, exist_ok=True)
    rng, t = np.random.default_rng(sum(song.encode())), np.arange(3 * RATE) / RATE
    hum = 0.2 * sum(np.sin(2 * math.pi * 90 * k * t) / k for k in range(1, 20)) * (1 + 0.2 * np.sin(4 * t))
    bursts = 0.2 * rng.standard_normal((2, t.size)) * np.exp(-((t * 3) % 1) * 6)
    sf.write(home / "Bass.wav", hum, RATE, subtype="PCM_24")
    sf.write(home / "Drums.wav", bursts.T, RATE, subtype="PCM_24")
    return SongEntry(
        id=song, folder=home, title=song, artist=artist, licence="CC0-1.0", weights_may_ship=ships, human_balance=None,
        stems=(StemFile(home / "Bass.wav", "bass"), StemFile(home / "Drums.wav", "drums")),
    )  # fmt: skip


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> tuple[MixedSong, Path]:
    folder = tmp_path_factory.mktemp("songs")
    return mixed_songs([entry(folder, "one", "A")], 2, cache=folder / "cache")[0], folder


def test_a_song_is_cut_in_two_and_both_halves_have_the_same_consoles(song: tuple[MixedSong, Path]) -> None:
    mixed, _ = song
    assert [section.session.stems[0].audio.duration_s for section in mixed.sections] == [1.5, 1.5]
    assert [len(section.mixes) for section in mixed.sections] == [2, 2]
    # The quieter of the two targets is one that hits can reach.
    quiet = min((0, 1), key=lambda place: mixed.consoles[place].master.target_lufs or 0.0)
    for section in mixed.sections:
        assert section.mixes[quiet].loudness_lufs == pytest.approx(mixed.consoles[quiet].master.target_lufs, abs=0.3)


def test_what_was_measured_is_kept(song: tuple[MixedSong, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    mixed, folder = song
    monkeypatch.setattr("mixing.engine.training.sections._mix_song", None)
    assert mixed_songs([mixed.song], 2, cache=folder / "cache") == [mixed]


def test_sections_hold_the_sound_of_their_own_half(tmp_path: Path) -> None:
    made = entry(tmp_path, "halves", "A")
    samples = np.concatenate((np.zeros(RATE), 0.1 * np.ones(RATE)))
    sf.write(made.folder / "Bass.wav", samples, RATE, subtype="PCM_24")
    sf.write(made.folder / "Drums.wav", samples, RATE, subtype="PCM_24")
    first, second = sections_of(made, tmp_path / "audio")
    assert first.session.stems[0].audio.activity == 0.0
    assert second.session.stems[0].audio.activity == 1.0


def test_lessons_are_drawn_alike_for_the_same_seed_and_never_from_silence(song: tuple[MixedSong, Path]) -> None:
    mixed, _ = song
    draws = [Lessons([mixed]).draw(3, np.random.default_rng(4))[2].spectrum_db for _ in range(2)]
    assert np.array_equal(draws[0].numpy(), draws[1].numpy())
    silent = dataclasses.replace(mixed, sections=tuple(dataclasses.replace(s, mixes=()) for s in mixed.sections))
    with pytest.raises(MixFailed, match="nothing to learn"):
        Lessons([silent])


def test_training_is_the_same_for_the_same_seed(song: tuple[MixedSong, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "BATCH", 2)
    one, other = (reference.tensors_of(train_reference([song[0]], steps=2)) for _ in range(2))
    assert all(np.array_equal(one[name], other[name]) for name in one)
    moved = reference.tensors_of(train_reference([song[0]], steps=2, seed=1))
    assert not all(np.array_equal(one[name], moved[name]) for name in one)


def test_songs_that_may_not_ship_are_not_learned_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "BATCH", 1)
    monkeypatch.setattr(reference, "CONSOLES", 1)
    songs = [entry(tmp_path, "free", "A"), entry(tmp_path, "kept", "B", ships=False)]
    card = train(songs, tmp_path / "models", cache=tmp_path / "cache", steps=1)
    assert [each["id"] for each in card.data["songs"]] == ["free"]
    assert checkpoint.load(tmp_path / "models" / "reference-net.json").card == card


def test_nobody_is_judged_on_a_song_or_an_artist_that_it_has_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "BATCH", 1)
    monkeypatch.setattr(reference, "CONSOLES", 1)
    songs = [entry(tmp_path, name, artist) for name, artist in (("one", "A"), ("two", "A"), ("three", "B"))]
    nets = unseen_nets(songs, shipped=None, folds=5, seed=0, cache=tmp_path / "cache", steps=1)
    assert [each.id for each, _ in nets] == ["one", "two", "three"]
    heard = [{song["artist"] for song in net.card.data["songs"]} for _, net in nets]  # type: ignore[attr-defined]
    assert heard == [{"B"}, {"B"}, {"A"}]


def test_every_mixer_is_measured_on_both_kinds_of_references(tmp_path: Path) -> None:
    songs = [entry(tmp_path, "one", "A"), entry(tmp_path, "two", "B")]
    found = evaluate_reference(songs, lambda _: {"rough-mix": RoughMix()}, seeds=(1_000,))
    assert [song.id for song in found] == ["one", "two"]
    for song in found:
        assert set(song.rows) == {"same song", "another song"}
        assert song.rows["same song"]["rough-mix"]["bands_db"] > 0.5
    assert "| rough-mix |" in table(summary(found, against=()))


def test_a_reduction_is_the_share_of_the_others_mean_that_is_gone() -> None:
    def distances(own: float, other: float) -> SongDistances:
        rows = {"reference-net": dict.fromkeys(MEASURES, own), "rough-mix": dict.fromkeys(MEASURES, other)}
        return SongDistances(id="x", artist="", stems=2, rows={"same song": rows}, seconds={"reference-net": 0.05})

    told = summary([distances(1.0, 4.0), distances(2.0, 2.0)], against=("rough-mix", WITHOUT_REFERENCE))
    assert told["rows"]["same song"]["reductions"]["rough-mix"]["bands_db"] == {"mean": 50.0, "low": 0.0, "high": 100.0}
    assert WITHOUT_REFERENCE not in told["rows"]["same song"]["reductions"]
    assert told["rows"]["another song"] == {"songs": 0, "mixers": {}, "reductions": {}}


def test_the_conclusion_names_what_falls_by_forty_percent_and_what_does_not() -> None:
    def distances(bands: float, dynamics: float) -> SongDistances:
        own = {**dict.fromkeys(MEASURES, 1.0), "bands_db": bands, "dynamics_db": dynamics}
        rows = {"same song": {"reference-net": own, "rough-mix": dict.fromkeys(MEASURES, 4.0)}}
        return SongDistances(id="x", artist="", stems=2, rows=rows, seconds={"reference-net": 0.05})

    # Dynamics: 50 % are gone on average, but the interval reaches below zero.
    found = [distances(1.0, -1.0), distances(1.2, 5.0), distances(1.1, 2.0)]
    told = conclusions(summary(2 * found, against=("rough-mix",)), against=("rough-mix",))
    assert len(told) == 1
    assert told[0].startswith("Reference same song: at least 40 % less than rough-mix")
    assert told[0].endswith("in bands, level, width; not so dynamics.")
    few = conclusions(summary(found, against=("rough-mix",)), against=("rough-mix",))
    assert few == ["Reference same song: 3 songs are too few to conclude anything."]


def test_a_single_song_is_no_other_song_to_itself(tmp_path: Path) -> None:
    (found,) = evaluate_reference([entry(tmp_path, "one", "A")], lambda _: {"rough-mix": RoughMix()}, seeds=(1_000,))
    assert set(found.rows) == {"same song"}
    assert "another song" not in table(summary([found], against=()))
