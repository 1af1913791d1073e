"""Songs of any layout as plain folders."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from mixing.engine.errors import AudioRejected, MixFailed
from mixing.engine.training import importers
from mixing.engine.training.corpus import read_corpus
from mixing.engine.training.importers.place import check, place
from tests.mixing.engine.training.importers import trees


@pytest.mark.parametrize("layout", [key for key in importers.LAYOUTS if key != "musdb18"])
def test_what_was_brought_reads_as_what_it_was(tmp_path: Path, layout: str) -> None:
    found = importers.entries(getattr(trees, layout)(tmp_path / "set"), licence="CC-BY-4.0")
    for entry in found:
        assert place(entry, tmp_path / "into") == tmp_path / "into" / entry.id
    brought = read_corpus(tmp_path / "into")
    for before, after in zip(found, brought, strict=True):
        for name in ("id", "title", "artist", "licence", "genre", "source", "human_balance", "weights_may_ship"):
            assert getattr(after, name) == getattr(before, name), name
        assert [role for _, role in after.stems] == [role for _, role in before.stems]
        assert [path.read_bytes() for path, _ in after.stems] == [path.read_bytes() for path, _ in before.stems]
        assert (after.human_mix is None) == (before.human_mix is None)


def test_links_take_no_room_and_copies_stand_alone(tmp_path: Path) -> None:
    (entry,) = importers.entries(trees.moisesdb(tmp_path / "set"))
    linked, copied = place(entry, tmp_path / "linked"), place(entry, tmp_path / "copied", link=False)
    assert linked is not None
    assert copied is not None
    assert os.path.samefile(linked / "a1.wav", entry.stems[0].path)
    assert not os.path.samefile(copied / "a1.wav", entry.stems[0].path)


def test_a_song_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (entry,) = importers.entries(trees.slakh(tmp_path / "set"))
    place(entry, tmp_path / "into")
    assert place(dataclasses.replace(entry, title="Other"), tmp_path / "into") is None
    assert read_corpus(tmp_path / "into")[0].title == "Track00007"


def test_a_song_that_cannot_be_brought_leaves_nothing(tmp_path: Path) -> None:
    (entry,) = importers.entries(trees.slakh(tmp_path / "set"))
    entry.stems[1].path.unlink()
    with pytest.raises(FileNotFoundError):
        place(entry, tmp_path / "into", link=False)
    assert list((tmp_path / "into").iterdir()) == []


def test_two_files_of_one_name_are_both_brought(tmp_path: Path) -> None:
    (entry,) = importers.entries(trees.moisesdb(tmp_path / "set"))
    twice = dataclasses.replace(entry, stems=(entry.stems[0], entry.stems[0]))
    folder = place(twice, tmp_path / "into")
    assert folder is not None
    assert sorted(path.name for path in folder.glob("*.wav")) == ["a1.wav", "a1_2.wav"]


def test_a_check_names_the_song_and_the_file(tmp_path: Path) -> None:
    (entry,) = importers.entries(trees.slakh(tmp_path / "set"))
    check(entry)
    entry.stems[0].path.write_bytes(b"no sound")
    with pytest.raises(AudioRejected, match=r"slakh_Track00007/S00\.flac"):
        check(entry)
    with pytest.raises(MixFailed, match="holds 65 stems"):
        check(dataclasses.replace(entry, stems=entry.stems[1:2] * 65))
