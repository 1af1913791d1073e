"""Examples: degraded songs beside what they were, measured on sound and kept on disk."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mixing.engine.audio.analysis import analyse_array
from mixing.engine.errors import AudioRejected, MixFailed
from mixing.engine.training import examples as module
from mixing.engine.training.corpus import SongEntry, read_song
from mixing.engine.training.degrade import degrade, draw_degradation
from mixing.engine.training.examples import Example, examples
from mixing.engine.training.recordings import Variation, most_active_start_s, read_stem, start_of
from tests.mixing.engine.training.songs import RATE, noise, tone, two_stems, write_song

CARD = {"title": "Night", "artist": "Ann", "licence": "CC0-1.0", "human_balance": "sum"}


@pytest.fixture
def song(tmp_path: Path) -> SongEntry:
    return read_song(write_song(tmp_path / "night", two_stems(), CARD))


def only(entry: SongEntry, cache: Path, seed: int = 0, **options: object) -> Example:
    (example,) = examples([entry], [seed], cache=cache, **options)  # type: ignore[arg-type]
    return example


def test_features_are_measured_on_the_degraded_sound(song: SongEntry, tmp_path: Path) -> None:
    example = only(song, tmp_path / "cache", seed=7)
    assert [stem.name for stem in example.degraded.stems] == ["Bass.wav", "Drums.wav"]
    assert [stem.role for stem in example.degraded.stems] == ["bass", "drums"]
    for stem in example.degraded.stems:
        drawn = draw_degradation(7, song="night", stem=stem.name)
        sound, _ = sf.read(song.folder / stem.name, dtype="float32", always_2d=True)
        audio, mel = analyse_array(degrade(sound.T, RATE, drawn), RATE)
        assert stem.audio == audio
        assert stem.mel == dataclasses.replace(mel, frames_db=None)


def test_the_human_side_is_the_same_sound_undegraded_with_mono_on_both_sides(song: SongEntry, tmp_path: Path) -> None:
    bass, drums = only(song, tmp_path / "cache").human.stems
    sound, _ = sf.read(song.folder / "Bass.wav", dtype="float32")
    alone, _ = analyse_array(sound[np.newaxis], RATE)
    assert bass.audio.loudness_lufs == pytest.approx((alone.loudness_lufs or 0.0) + 3.0103, abs=1e-3)
    assert bass.audio.imbalance == 0.0
    sound, _ = sf.read(song.folder / "Drums.wav", dtype="float32")
    assert drums.audio == analyse_array(np.ascontiguousarray(sound.T), RATE)[0]


def test_what_comes_from_the_cache_is_what_was_measured(
    song: SongEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    first = list(examples([song], [0, 1], cache=cache))

    def measured_again(*_: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr(module, "analyse_array", measured_again)
    assert list(examples([song], [0, 1], cache=cache)) == first
    without = only(song, cache, mel=False)
    assert without.degraded.stems[0].mel is None
    assert without.degraded.stems[0].audio == first[0].degraded.stems[0].audio


def test_each_file_is_read_once_for_all_seeds(song: SongEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[tuple[int, ...]] = []
    read_part = module.read_part

    def counted(*args: object) -> object:
        reads.append(args[1])  # type: ignore[arg-type]
        return read_part(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "read_part", counted)
    list(examples([song], range(4), cache=tmp_path / "cache"))
    assert reads == [(0,), (1,)]


def test_a_changed_file_is_measured_anew(song: SongEntry, tmp_path: Path) -> None:
    before = only(song, tmp_path / "cache")
    write_song(song.folder, {"Bass.wav": tone(110.0, level=0.1)})
    os.utime(song.folder / "Bass.wav", ns=(1, 1))
    after = only(song, tmp_path / "cache")
    change_lu = (after.human.stems[0].audio.loudness_lufs or 0) - (before.human.stems[0].audio.loudness_lufs or 0)
    assert change_lu == pytest.approx(-6.0206, abs=1e-3)
    assert after.human.stems[1].audio == before.human.stems[1].audio


def test_another_version_of_analysis_or_degradation_is_measured_anew(
    song: SongEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def files() -> int:
        return len(list((tmp_path / "cache").rglob("*.npz")))

    only(song, tmp_path / "cache")
    assert files() == 2
    monkeypatch.setattr(module, "DEGRADE_VERSION", 999)
    only(song, tmp_path / "cache")
    assert files() == 4


def test_a_broken_file_of_the_cache_is_measured_again(song: SongEntry, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    whole = only(song, cache)
    for path in cache.rglob("*.npz"):
        path.write_bytes(path.read_bytes()[:100])
    assert only(song, cache) == whole


def test_raw_tracks_make_no_examples(song: SongEntry, tmp_path: Path) -> None:
    with pytest.raises(MixFailed, match="raw tracks") as refused:
        only(dataclasses.replace(song, human_balance=None), tmp_path / "cache")
    assert refused.value.code == "no_human_balance"


def test_a_long_song_is_heard_where_most_stems_sound(tmp_path: Path) -> None:
    quiet_then_loud = np.concatenate((np.zeros((1, 60 * RATE), dtype=np.float32), tone(200.0, seconds=50.0)), axis=1)
    stems = {"Bass.flac": quiet_then_loud, "Keys.flac": quiet_then_loud}
    entry = read_song(write_song(tmp_path / "long", stems, CARD))
    assert most_active_start_s(entry, 40.0) == 60.0
    assert start_of(entry, Variation()) == 50.0
    assert start_of(entry, Variation(crop_s=10.0, position=0.5)) == 50.0


def test_a_short_song_is_heard_whole(song: SongEntry, tmp_path: Path) -> None:
    assert start_of(song, Variation()) == 0.0
    assert only(song, tmp_path / "cache").human.stems[0].audio.duration_s == 2.0


def test_submixes_and_transposition_are_heard(song: SongEntry, tmp_path: Path) -> None:
    variation = Variation(semitones=12, parts=((0, 1),))
    example = only(song, tmp_path / "cache", vary=lambda entry, seed: variation)
    (stem,) = example.human.stems
    assert (stem.name, stem.role) == ("Bass.wav+Drums.wav", "other")
    assert stem.audio.duration_s == pytest.approx(1.0, abs=1e-3)
    bass = only(song, tmp_path / "cache", vary=lambda entry, seed: Variation(semitones=12)).human.stems[0]
    assert bass.audio.centroid_hz == pytest.approx(
        2 * only(song, tmp_path / "cache").human.stems[0].audio.centroid_hz, rel=0.1
    )


def test_a_stem_that_is_no_sound_is_refused_by_name(tmp_path: Path) -> None:
    entry = read_song(write_song(tmp_path / "night", two_stems(0.5), CARD))
    (entry.folder / "Bass.wav").write_bytes(b"no sound at all")
    with pytest.raises(AudioRejected, match=r"night/Bass\.wav cannot be read as sound"):
        only(entry, tmp_path / "cache")
    write_song(entry.folder, {"Bass.wav": np.full((1, 100), np.nan, dtype=np.float32)})
    with pytest.raises(AudioRejected, match="no numbers"):
        only(entry, tmp_path / "cache")


def test_a_stretch_beyond_the_end_is_silent(tmp_path: Path) -> None:
    write_song(tmp_path, {"a.wav": noise(1, seconds=1.0)})
    heard = read_stem(tmp_path / "a.wav", RATE, start_s=0.5, length_s=2.0)
    assert heard.shape == (2, 2 * RATE)
    assert heard[:, : RATE // 2].any()
    assert not heard[:, RATE // 2 :].any()
    assert read_stem(tmp_path / "a.wav", 48000).shape == (2, 48000)
