"""Public collections, each read from a small tree in its layout."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mixing.engine.errors import MixFailed
from mixing.engine.training import importers
from mixing.engine.training.corpus import SongEntry
from tests.mixing.engine.training.importers import trees
from tests.mixing.engine.training.songs import write_song


def roles(entry: SongEntry) -> list[tuple[str, str]]:
    return [(path.name, role) for path, role in entry.stems]


@pytest.mark.parametrize("layout", list(importers.LAYOUTS))
def test_every_layout_is_told_from_the_others(tmp_path: Path, layout: str) -> None:
    assert importers.detect(getattr(trees, layout)(tmp_path / "set")) == layout


def test_musdb18hq_has_four_stems_and_their_mixture(tmp_path: Path) -> None:
    night, oaks = importers.entries(trees.musdb18hq(tmp_path))
    assert (night.id, night.artist, night.title) == ("Ann_Lee_-_Night_Drive", "Ann Lee", "Night Drive")
    assert (oaks.artist, oaks.title) == ("The Oaks", "Early")
    assert dict(roles(night)) == {
        "drums.wav": "drums",
        "bass.wav": "bass",
        "other.wav": "other",
        "vocals.wav": "lead_vocal",
    }
    assert night.human_balance == "sum"
    assert night.human_mix == tmp_path / "train" / "Ann Lee - Night Drive" / "mixture.wav"
    assert "non-commercial" in night.licence
    assert not night.weights_may_ship


def test_musdb18_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(MixFailed, match=r"\.stem\.mp4 files, which need ffmpeg.*Take MUSDB18-HQ") as refused:
        importers.entries(trees.musdb18(tmp_path / "mp4"))
    assert refused.value.code == "needs_decoding"
    decoded = importers.entries(trees.musdb18hq(tmp_path / "decoded"), layout="musdb18")
    assert len(decoded) == 2


@pytest.mark.parametrize("metadata_apart", [False, True])
def test_medleydb_takes_the_processed_stems_and_their_labels(tmp_path: Path, metadata_apart: bool) -> None:
    (song,) = importers.entries(trees.medleydb(tmp_path, metadata_apart=metadata_apart))
    assert (song.id, song.artist, song.title) == ("AnnLee_NightDrive", "Ann Lee", "Night Drive")
    assert [role for _, role in roles(song)] == ["drums", "bass", "lead_vocal", "backing_vocal", "acoustic_guitar"]
    assert all("_STEM_" in name and "_RAW_" not in name for name, _ in roles(song))
    assert (song.licence, song.weights_may_ship, song.human_balance) == ("CC-BY-NC-SA-4.0", False, "sum")
    assert song.human_mix is not None
    assert song.human_mix.name == "AnnLee_NightDrive_MIX.wav"


def test_moisesdb_takes_every_source_and_leaves_the_click(tmp_path: Path) -> None:
    (song,) = importers.entries(trees.moisesdb(tmp_path))
    assert (song.artist, song.title, song.genre) == ("Ann Lee", "Night Drive", "folk")
    assert roles(song) == [
        ("a1.wav", "lead_vocal"),
        ("a2.wav", "backing_vocal"),
        ("b1.wav", "kick"),
        ("c1.wav", "bass"),
        ("d1.wav", "woodwind"),
        ("e1.wav", "acoustic_guitar"),
    ]
    assert (song.licence, song.weights_may_ship, song.human_balance) == ("CC-BY-NC-SA-4.0", False, "sum")


def test_slakh_is_mixed_by_a_machine_and_says_so(tmp_path: Path) -> None:
    (song,) = importers.entries(trees.slakh(tmp_path))
    # S03 was never rendered; the General MIDI name of a drum track means nothing.
    assert roles(song) == [("S00.flac", "drums"), ("S01.flac", "acoustic_guitar"), ("S02.flac", "woodwind")]
    assert song.human_balance is None
    assert (song.licence, song.weights_may_ship, song.artist) == ("CC-BY-4.0", True, "")


def test_cambridge_tracks_are_raw_and_their_terms_must_be_stated(tmp_path: Path) -> None:
    trees.cambridge(tmp_path)
    with pytest.raises(MixFailed, match=r"carries no licence.*--licence") as refused:
        importers.entries(tmp_path)
    assert refused.value.code == "no_licence"
    night, oaks = importers.entries(tmp_path, licence="Educational purposes only")
    assert (night.artist, night.title, night.weights_may_ship) == ("Ann Lee", "Night Drive", False)
    assert roles(night) == [("01_Kick.wav", "kick"), ("02_BassDI.wav", "bass"), ("03_LeadVox.wav", "lead_vocal")]
    assert night.human_balance is None
    assert night.human_mix == tmp_path / "AnnLee_NightDrive_Full_Preview.wav"
    assert (oaks.artist, len(oaks.stems), oaks.human_mix) == ("The Oaks", 3, None)


def test_a_plain_folder_needs_a_licence_for_songs_without_one(tmp_path: Path) -> None:
    trees.folder(tmp_path)
    with pytest.raises(MixFailed, match="carries no licence"):
        importers.entries(tmp_path)
    (song,) = importers.entries(tmp_path, licence="CC-BY-4.0")
    assert (song.licence, song.weights_may_ship) == ("CC-BY-4.0", True)
    assert [role for _, role in roles(song)] == ["kick", "lead_vocal"]
    assert song.human_mix == tmp_path / "night" / "mixture.wav"


def test_the_stated_licence_overrules_no_song_that_has_its_own(tmp_path: Path) -> None:
    write_song(tmp_path / "a", {"Kick.wav": trees.MONO}, {"licence": "CC-BY-NC-4.0"})
    (song,) = importers.entries(tmp_path, layout="folder", licence="CC0-1.0")
    assert (song.licence, song.weights_may_ship) == ("CC-BY-NC-4.0", False)


@pytest.mark.parametrize("layout", [key for key in importers.LAYOUTS if key != "cambridge"])
def test_another_folder_is_refused_by_the_layouts_name(tmp_path: Path, layout: str) -> None:
    (tmp_path / "notes").mkdir()
    with pytest.raises(MixFailed, match="holds no songs") as refused:
        importers.entries(tmp_path, layout=layout)
    assert refused.value.code == "no_songs"


def test_an_unknown_layout_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MixFailed, match="There is no layout called 'zip'"):
        importers.entries(tmp_path, layout="zip")
    with pytest.raises(MixFailed, match="looks like no layout that is known"):
        importers.entries(tmp_path)
    with pytest.raises(MixFailed, match="There is no folder called"):
        importers.entries(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("layout", "path", "content"),
    [
        ("medleydb", "Audio/AnnLee_NightDrive/AnnLee_NightDrive_METADATA.yaml", "stems: [a: {"),
        ("medleydb", "Audio/AnnLee_NightDrive/AnnLee_NightDrive_METADATA.yaml", "just words"),
        ("medleydb", "Audio/AnnLee_NightDrive/AnnLee_NightDrive_METADATA.yaml", "artist: x"),
        ("moisesdb", "moisesdb_v0.1/0f1e2d3c/data.json", '{"stems": ['),
        ("moisesdb", "moisesdb_v0.1/0f1e2d3c/data.json", '{"stems": [{"tracks": [{}]}]}'),
        ("slakh", "train/Track00007/metadata.yaml", "stems: none"),
    ],
)
def test_broken_metadata_are_refused_by_the_files_name(tmp_path: Path, layout: str, path: str, content: str) -> None:
    getattr(trees, layout)(tmp_path)
    (tmp_path / path).write_text(content, encoding="utf-8")
    with pytest.raises(MixFailed, match=f"{Path(path).name} cannot be used") as refused:
        importers.entries(tmp_path, layout=layout)
    assert refused.value.code == "invalid_song_file"


def test_a_stem_that_the_metadata_name_must_be_there(tmp_path: Path) -> None:
    shutil.rmtree(trees.moisesdb(tmp_path) / "moisesdb_v0.1" / "0f1e2d3c" / "drums")
    with pytest.raises(MixFailed, match=r"b1\.wav is named by the metadata") as refused:
        importers.entries(tmp_path)
    assert refused.value.code == "missing_stem"
