"""``manage.py import_dataset``: list, check and bring a collection."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mixing.engine.training.corpus import read_corpus
from tests.mixing.engine.training.importers import trees


def run(*words: object) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_dataset", *map(str, words), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_without_a_destination_it_lists_and_writes_nothing(tmp_path: Path) -> None:
    out, _ = run(trees.musdb18hq(tmp_path / "set"))
    assert "2 songs in the layout of MUSDB18-HQ" in out
    assert "Ann_Lee_-_Night_Drive: 4 stems, sum is the balance, Ann Lee" in out
    assert "weights stay in the house" in out
    assert "weights trained on 0 of them may be published" in out
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_it_brings_songs_that_training_can_read(tmp_path: Path) -> None:
    trees.cambridge(tmp_path / "set")
    out, _ = run(tmp_path / "set", "--layout", "cambridge", "--into", tmp_path / "into", "--licence", "CC-BY-4.0")
    assert "2 songs in" in out
    assert [song.licence for song in read_corpus(tmp_path / "into")] == ["CC-BY-4.0", "CC-BY-4.0"]
    again, _ = run(tmp_path / "set", "--into", tmp_path / "into", "--licence", "CC-BY-4.0")
    assert again.count("was there already") == 2


def test_it_refuses_a_collection_whose_licence_nobody_states(tmp_path: Path) -> None:
    trees.cambridge(tmp_path / "set")
    with pytest.raises(CommandError, match="state them"):
        run(tmp_path / "set", "--into", tmp_path / "into")
    assert not (tmp_path / "into").exists()


def test_a_song_that_cannot_be_read_is_named_and_the_others_are_brought(tmp_path: Path) -> None:
    trees.musdb18hq(tmp_path / "set")
    (tmp_path / "set" / "test" / "The Oaks - Early" / "bass.wav").write_bytes(b"no sound")
    err = StringIO()
    with pytest.raises(CommandError, match="1 of 2 songs cannot be used"):
        call_command(
            "import_dataset", str(tmp_path / "set"), "--into", str(tmp_path / "into"), stdout=StringIO(), stderr=err
        )
    assert "The_Oaks_-_Early/bass.wav" in err.getvalue()
    assert [song.title for song in read_corpus(tmp_path / "into")] == ["Night Drive"]


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no folder called"):
        run(tmp_path / "nowhere")
