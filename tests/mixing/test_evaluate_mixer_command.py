"""``manage.py evaluate_mixer``: from a folder of songs to a table, and a sentence for everything that is wrong."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mixing.engine.mixers.registry import mixer, sha256
from mixing.management.commands.evaluate_mixer import mixers_of_keys, seeds_of
from tests.mixing.engine.training.songs import two_stems, write_song

CARD = {"artist": "Ann", "licence": "CC0-1.0", "human_balance": "sum"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_song(tmp_path / "data" / "night", two_stems(), CARD)
    return tmp_path / "data"


def evaluated(data: Path, *arguments: str) -> str:
    out = StringIO()
    always = ["--data", str(data), "--cache", str(data.parent / "cache"), "--seeds", "0"]
    call_command("evaluate_mixer", *always, *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_it_writes_the_table_the_json_and_the_figures(data: Path, tmp_path: Path) -> None:
    target, plots = tmp_path / "out.json", tmp_path / "plots"
    told = evaluated(data, "--mixers", "faders-up,equal-loudness", "--json", str(target), "--plots", str(plots))
    found = json.loads(target.read_text(encoding="utf-8"))
    assert list(found["mixers"]) == ["faders-up", "equal-loudness"]
    assert f"{found['mixers']['faders-up']['level_lu']['mean']:.2f} [" in told
    assert "One song cannot carry an interval" in told
    assert {path.name for path in plots.iterdir()} == {
        "evaluation-level.svg", "evaluation-eq.svg", "evaluation-pan.svg"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--mixers", "nobody"], "There is no mixer called 'nobody'"),
        (["--mixers", "faders-up", "--songs", "day"], "There is no song 'day' in the data; it has night"),
        (["--mixers", "faders-up", "--json", "no/such/place/out.json"], "There is no folder"),
    ],
)
def test_a_wrong_wish_is_answered_by_a_sentence(data: Path, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        evaluated(data, *arguments)


def test_a_folder_that_is_not_there_and_one_without_songs_are_told(data: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no folder called"):
        evaluated(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CommandError, match="holds no songs"):
        evaluated(tmp_path / "empty")


def test_a_broken_stem_and_a_broken_card_are_told_with_their_song(data: Path) -> None:
    (data / "night" / "Bass.wav").write_bytes(b"RIFF nothing")
    with pytest.raises(CommandError, match=r"night/Bass\.wav cannot be read"):
        evaluated(data, "--mixers", "faders-up")
    (data / "night" / "song.json").write_text("{", encoding="utf-8")
    with pytest.raises(CommandError, match=r"night: song\.json cannot be used"):
        evaluated(data, "--mixers", "faders-up")


@pytest.mark.parametrize(("text", "seeds"), [("0-4", (0, 1, 2, 3, 4)), ("3", (3,)), ("5,0-1,1", (0, 1, 5))])
def test_seeds_are_read_as_they_are_written(text: str, seeds: tuple[int, ...]) -> None:
    assert seeds_of(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "4-1", "-1", "0-1000000", "0-99,200-299"])
def test_nonsense_seeds_are_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        seeds_of(text)


def test_leaving_songs_out_makes_the_mixers_anew(data: Path, tmp_path: Path) -> None:
    write_song(data / "day", two_stems(1.0), CARD | {"artist": "Bob"})
    target = tmp_path / "out.json"
    told = evaluated(data, "--leave-out", "artist", "--mixers", "equal-loudness,rough-mix", "--json", str(target))
    found = json.loads(target.read_text(encoding="utf-8"))
    assert found["split"] == "artist"
    assert list(found["mixers"]) == ["equal-loudness", "rough-mix"]
    assert "2 songs by 2 makers" in told


def test_generated_songs_are_judged_in_a_table_of_their_own(data: Path) -> None:
    told = evaluated(data, "--mixers", "faders-up", "--generated", "1")
    assert "Generated songs (1):" in told


def test_unless_told_nobody_mixes_who_needs_a_reference(data: Path, tmp_path: Path) -> None:
    assert {"search", "reference-net"}.isdisjoint(each.key for each in mixers_of_keys(None))
    assert {"rough-mix", "console-net"} <= {each.key for each in mixers_of_keys(None)}
    told = evaluated(data, "--mixers", "faders-up,search")
    assert "search did not mix any song: The search needs a reference" in told


def test_two_precisions_of_a_mixer_are_two_rows(data: Path) -> None:
    exact = mixer("console-net")
    (small,) = (row["sha256"] for name, row in exact.card.quantisation.items() if name == "int8")  # type: ignore[attr-defined]
    keys = [each.key for each in mixers_of_keys(f"console-net,{small},{sha256(exact)}")]
    assert keys == ["console-net", f"console-net {small[:12]}"]
    assert exact.key == "console-net"
    assert f"| {keys[1]} |" in evaluated(data, "--mixers", f"console-net,{small}")


def test_styles_are_told_apart_song_by_song(data: Path, tmp_path: Path) -> None:
    plots = tmp_path / "plots"
    told = evaluated(data, "--styles", "--mixers", "faders-up,equal-loudness", "--plots", str(plots))
    assert "100 % (" in told
    assert (plots / "styles.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--mixers", " ,"], "--mixers names none"),
        (["--songs", ""], "--songs names none"),
        (["--styles", "--curve"], "--styles and --curve are different questions"),
        (["--leave-out", "song", "--folds", "1"], "--folds goes from 2"),
        (["--leave-out", "song", "--mixers", "search"], "search does not learn from balances"),
        (["--leave-out", "song", "--mixers", "rough-mix"], "cannot be divided"),
        (["--curve"], "1 songs are too few for a curve"),
    ],
)
def test_questions_that_cannot_be_answered_are_told(data: Path, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        evaluated(data, *arguments)
