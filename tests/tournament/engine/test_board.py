"""Boards from lists of votes, and the same boards from an export."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tournament.engine import recompute
from tournament.engine.board import BoardError, Rules, VoteRecord, admitted, compute, votes_sha256

ROUGH, NET, FLAT = "rough-mix@1", "console-net@abc", "faders-up@1"


def vote(number: int, a: str, b: str, choice: str, **changes: object) -> VoteRecord:
    given = {
        "battle": f"battle-{number:04}", "song": f"song-{number % 7}", "voter": f"voter-{number % 23}", "genre": "rock",
        "a": a, "b": b, "choice": choice, "gap_lu": 0.0, "unrated": "", "weight": 1.0, "day": "2026-11-22",
    }  # fmt: skip
    return VoteRecord(**{**given, **changes})  # type: ignore[arg-type]


def duel(wins: int, losses: int, one: str = NET, other: str = ROUGH, start: int = 0, **changes: object) -> list:
    """``wins`` and ``losses`` of one against the other, half of them on each side."""
    swapped = {"a": "b", "b": "a"}
    return [
        vote(start + n, one, other, choice, **changes)
        if n % 2
        else vote(start + n, other, one, swapped[choice], **changes)
        for n, choice in enumerate(["a"] * wins + ["b"] * losses)
    ]


RULES = Rules(unranked_under=10, preliminary_under=50)


def row(board: dict, contender: str) -> dict:
    return next(each for each in board["rows"] if each["contender"] == contender)


def test_three_to_one_are_191_points() -> None:
    """400 lg 3 = 190.85."""
    board = compute(duel(300, 100), RULES)

    assert row(board, ROUGH)["rating"] == 1000.0
    assert row(board, NET)["rating"] == pytest.approx(1190.85, abs=2.0)
    assert row(board, NET)["low"] < 1190 < row(board, NET)["high"]
    assert (row(board, NET)["wins"], row(board, NET)["losses"], row(board, NET)["votes"]) == (300, 100, 400)


def test_both_bad_is_an_axis_of_its_own() -> None:
    plain = compute(duel(60, 40), RULES)
    bad = compute(duel(60, 40) + [vote(500 + n, NET, ROUGH, "both_bad") for n in range(25)], RULES)

    assert row(bad, NET)["rating"] == row(plain, NET)["rating"]
    assert row(bad, NET)["both_bad_share"] == pytest.approx(0.2)
    assert row(bad, NET)["both_bad_low"] < 0.2 < row(bad, NET)["both_bad_high"]


def test_the_surest_stands_first_and_the_unknown_last() -> None:
    votes = duel(130, 70) + duel(4, 0, FLAT, ROUGH, start=1000)

    board = compute(votes, RULES)

    assert [each["contender"] for each in board["rows"]] == [NET, ROUGH, FLAT]
    assert [each["status"] for each in board["rows"]] == ["ranked", "ranked", "unranked"]
    assert row(board, FLAT)["rating"] > row(board, NET)["rating"]


def test_a_contender_of_some_votes_is_preliminary() -> None:
    assert row(compute(duel(20, 10), RULES), NET)["status"] == "preliminary"


def test_what_is_left_out_counts_for_nothing() -> None:
    votes = duel(60, 40)
    left_out = [
        *(vote(500 + n, NET, ROUGH, "a", unrated="own_song") for n in range(50)),
        *(vote(600 + n, NET, ROUGH, "cant_tell", unrated="cant_tell") for n in range(50)),
        *(vote(700 + n, NET, ROUGH, "a", weight=0.0) for n in range(50)),
    ]

    assert compute(votes + left_out, RULES) == compute(votes, RULES)


def test_the_artists_board_admits_votes_on_own_songs() -> None:
    votes = duel(60, 40) + [vote(500 + n, NET, ROUGH, "a", unrated="own_song") for n in range(20)]
    rules = dataclasses.replace(RULES, board="artist", admit_unrated=("own_song",))

    assert len(admitted(votes, rules)) == 120
    assert row(compute(votes, rules), NET)["wins"] == 80


def test_a_genre_of_few_votes_leans_on_everyone() -> None:
    votes = duel(300, 100) + duel(0, 4, start=2000, genre="jazz")
    rules = dataclasses.replace(RULES, board="genre:jazz")

    board = compute(votes, rules)

    assert board["votes"] == 4
    assert 1000 < row(board, NET)["rating"] < row(compute(votes, RULES), NET)["rating"]


def test_the_order_of_the_votes_does_not_matter() -> None:
    votes = duel(60, 40)

    assert compute(votes[::-1], RULES) == compute(votes, RULES)
    assert votes_sha256(votes[::-1]) == votes_sha256(votes)
    assert votes_sha256(votes[1:]) != votes_sha256(votes)


def test_it_tells_how_many_votes_would_change_the_first_place() -> None:
    """60 to 40: ten votes that turn make it even, and one more turns the order."""
    assert compute(duel(60, 40), RULES)["votes_to_flip"] in (10, 11)
    assert compute(duel(300, 20), RULES)["votes_to_flip"] > 100


def test_the_side_is_measured() -> None:
    votes = [vote(n, NET, ROUGH, "a") for n in range(60)] + [vote(100 + n, ROUGH, NET, "a") for n in range(60)]
    votes += [vote(200 + n, NET, ROUGH, "b") for n in range(20)] + [vote(300 + n, ROUGH, NET, "b") for n in range(20)]

    side = compute(votes, RULES)["side"]

    assert side["logits"] == pytest.approx(1.0986, abs=0.05)
    assert side["low"] > 0.3


def test_the_win_matrix_counts_decisive_votes_in_the_boards_order() -> None:
    board = compute([*duel(30, 20), vote(900, NET, ROUGH, "tie")], RULES)
    order = [each["contender"] for each in board["rows"]]

    assert board["win_matrix"][order.index(NET)][order.index(ROUGH)] == 30
    assert board["win_matrix"][order.index(ROUGH)][order.index(NET)] == 20


def test_an_arena_without_votes_has_an_empty_board() -> None:
    board = compute([], RULES)

    assert (board["rows"], board["votes"], board["reference"]) == ([], 0, None)


def export(path: Path) -> Path:
    votes = duel(60, 40) + duel(10, 30, FLAT, ROUGH, start=1000)
    rules = [RULES, dataclasses.replace(RULES, board="genre:rock")]
    recompute.write_export(path, votes, [(each, compute(votes, each)) for each in rules])
    return path


def test_an_export_gives_the_boards_that_were_published(tmp_path: Path) -> None:
    boards = recompute.recomputed(export(tmp_path / "votes.json"))

    assert [rules.board for rules, _, _ in boards] == ["public", "genre:rock"]
    assert all(published == computed for _, published, computed in boards)


def test_it_runs_without_the_site(tmp_path: Path) -> None:
    """A fresh interpreter that would fail on any import of Django."""
    path = export(tmp_path / "votes.json")
    code = (
        "import sys; sys.modules['django'] = None\n"
        "from tournament.engine.recompute import main\n"
        f"sys.exit(main([{str(path)!r}]))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "console-net@abc" in done.stdout


def test_a_board_that_was_tampered_with_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = export(tmp_path / "votes.json")
    data = json.loads(path.read_text())
    data["boards"][0]["result"]["rows"][0]["rating"] += 0.01
    path.write_text(json.dumps(data))

    assert recompute.main([str(path)]) == 1
    assert "differ from what was published: public" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text", ["", "[]", '{"schema_version": 99}', '{"schema_version": 1, "votes": [{}], "boards": []}']
)
def test_a_file_that_is_no_export_gets_its_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "votes.json"
    path.write_text(text)

    with pytest.raises(BoardError, match=r"votes\.json"):
        recompute.read_export(path)
