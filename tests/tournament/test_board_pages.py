"""Boards as visitors see them, in pages and by the API, signed in or not."""

from __future__ import annotations

import json
import re

import pytest
from django.urls import reverse

from tests.tournament import boards, factories
from tournament import board_pages
from tournament.engine.board import Rules
from tournament.models import RatingSnapshot, Vote
from tournament.services import quarantine, ratings

pytestmark = pytest.mark.django_db


@pytest.fixture
def mixers(media):
    return factories.mixers()


@pytest.fixture
def board(mixers):
    """Everyone's: the first mixer wins seven of ten, 60 votes; one genre besides."""
    voters = boards.people(20)
    boards.duel(voters, wins_of_ten=7, genre="jazz")
    for voter in voters[:6]:
        boards.vote(boards.battle(factories.song()), voter, "both_bad")
    ratings.recompute()
    return board_pages.board_page("public")


def snapshot(rows, **changes):
    """A snapshot with these rows, as (contender, status, rating, half)."""
    named = [
        {"contender": name, "status": status, "rating": rating, "low": rating - half, "high": rating + half,
         "votes": 200, "wins": 60, "losses": 40, "ties": 90, "both_bad": 10, "both_bad_share": 0.05,
         "both_bad_low": 0.02, "both_bad_high": 0.09}
        for name, status, rating, half in rows
    ]  # fmt: skip
    size = range(len(named))
    result = {
        "board": "public", "votes": 400, "votes_sha256": "0" * 64, "reference": "rough-mix@1", "rows": named,
        "win_matrix": [[0 if one == other else 60 - 20 * (one > other) for other in size] for one in size],
        "side": {"logits": 0.1, "low": 0.02, "high": 0.18}, "loudness": {"logits": 0.0, "low": -1.0, "high": 1.0},
        "tie": 0.25, "effective_voters": 31.4, "votes_to_flip": 12, **changes,
    }  # fmt: skip
    return RatingSnapshot.objects.create(
        board="public", votes_count=400, votes_sha256="0" * 64, rules=Rules().to_dict(), result=result
    )


def test_a_row_is_drawn_where_its_rating_lies(mixers):
    snapshot([("console-net@9", "ranked", 1100.0, 20.0), ("rough-mix@1", "ranked", 1000.0, 0.0)])
    page = board_pages.board_page("public")
    best, reference = page.rows
    # From 900 to 1120, with four hundredths of that on either side.
    assert (page.axis.low, page.axis.high) == (pytest.approx(891.2), pytest.approx(1128.8))
    assert best.at == pytest.approx((1100 - 891.2) / 237.6)
    assert (best.start, best.end) == (pytest.approx((1080 - 891.2) / 237.6), pytest.approx((1120 - 891.2) / 237.6))
    assert reference.at == page.axis.reference == pytest.approx((1000 - 891.2) / 237.6)
    assert (best.rank, reference.rank, reference.is_reference) == (1, 2, True)
    assert [points for _, points in page.axis.marks] == [900, 950, 1000, 1050, 1100]


def test_somebody_hardly_known_has_no_rank_and_does_not_stretch_the_axis(mixers):
    snapshot([("rough-mix@1", "ranked", 1000.0, 0.0), ("faders-up@2", "unranked", 1500.0, 900.0)])
    page = board_pages.board_page("public")
    assert page.rows[1].rank is None
    assert (page.rows[1].start, page.rows[1].end) == (0.0, 1.0)
    assert page.axis.high < 1200


def test_the_matrix_tells_who_won_how_often_against_whom(mixers):
    snapshot([("rough-mix@1", "ranked", 1000.0, 0.0), ("faders-up@2", "ranked", 900.0, 30.0)])
    (first, cells), (_, below) = board_pages.board_page("public").matrix
    assert first.title == "Rough mix"
    assert (cells[0].is_self, cells[0].tenth) == (True, None)
    assert (cells[1].wins, cells[1].losses, cells[1].share, cells[1].tenth) == (60, 40, 0.6, 6)
    assert below[0].share == pytest.approx(0.4)


def test_the_side_and_a_tenth_of_loudness_are_told_in_points(mixers):
    """A tenth of a logit is 40 / ln 10 = 17.4 points."""
    snapshot([("rough-mix@1", "ranked", 1000.0, 0.0)])
    page = board_pages.board_page("public")
    assert page.side.points == pytest.approx(17.37, abs=0.01)
    assert (page.loudness.points, page.loudness.high) == (0.0, pytest.approx(17.37, abs=0.01))


def test_contenders_whom_nobody_voted_on_have_no_row(board, mixers):
    assert {row.votes for row in board.rows} == {66}
    assert len(board.rows) == 2


def test_boards_are_open_to_everyone(client, board):
    listed = client.get(reverse("tournament:boards"))
    assert [each.board for each in listed.context["boards"]] == ["public", "genre:jazz"]
    page = client.get(reverse("tournament:board", args=["public"]))
    text = page.content.decode()
    for told in (
        board.votes_sha256,
        "preliminary",
        "Both bad",
        "Votes to flip",
        "Effective voters",
        "Side A",
        "votes.json",
    ):
        assert told in text
    assert client.get(reverse("tournament:board", args=["genre:jazz"])).status_code == 200
    assert client.get(reverse("tournament:board", args=["genre:polka"])).status_code == 404


def test_before_the_first_vote_pages_are_calm(client, mixers):
    assert "No votes yet" in client.get(reverse("tournament:boards")).content.decode()
    assert client.get(reverse("tournament:votes_file")).status_code == 404
    client.force_login(factories.person())
    assert "No votes yet" in client.get(reverse("tournament:arena")).content.decode()
    assert "No votes yet" in client.get(reverse("tournament:own_board")).content.decode()


def test_the_arena_shows_the_latest_board(client, board):
    client.force_login(factories.person())
    shown = client.get(reverse("tournament:arena"))
    assert shown.context["board"].votes_sha256 == board.votes_sha256
    assert re.search(r'class="rating__point" x1="0\.\d{4}"', shown.content.decode())


def test_the_open_data_can_be_fetched_by_anyone(client, board):
    answer = client.get(reverse("tournament:votes_file"))
    assert answer["Content-Type"] == "application/json"
    assert "votes.json" in answer["Content-Disposition"]
    data = json.loads(b"".join(answer.streaming_content))
    assert len(data["votes"]) == 66
    assert {**data["boards"][0]["result"], "rules": data["boards"][0]["rules"]} == board.raw


def test_ones_own_board_is_made_of_ones_own_votes(client, board, mixers):
    voter, other = factories.person("me"), factories.person("other")
    on = boards.battle(factories.song(), 0, 1)
    boards.vote(on, voter, "a")
    boards.vote(on, other, "b")
    boards.vote(boards.battle(factories.song(), 1, 2), voter, "tie")
    boards.vote(boards.battle(factories.song(voter), 1, 0), voter, "b", unrated_reason="own_song")
    boards.vote(boards.battle(factories.song()), voter, "b", unrated_reason="trial")
    boards.vote(boards.battle(factories.song()), voter, "cant_tell", unrated_reason="cant_tell")
    client.force_login(voter)
    shown = client.get(reverse("tournament:own_board"))
    own = shown.context["board"]
    best = own.rows[0]
    assert (best.title, best.tally.wins, best.tally.losses) == (mixers[0].title, 2, 0)
    assert own.votes == 3


@pytest.mark.parametrize("name", ["own_board", "appeal"])
def test_what_is_ones_own_needs_signing_in(client, mixers, name):
    assert client.get(reverse(f"tournament:{name}")).status_code == 302


def test_the_api_gives_the_snapshot_as_it_was_published(client, board):
    listed = client.get("/api/v1/boards/").json()
    assert [(row["board"], row["votes"]) for row in listed] == [("public", 66), ("genre:jazz", 60)]
    told = client.get("/api/v1/boards/public/").json()
    published = RatingSnapshot.objects.get(board="public").result
    assert told["rows"] == published["rows"]
    assert told["win_matrix"] == published["win_matrix"]
    assert told["votes_sha256"] == published["votes_sha256"]
    assert told["rules"]["reference"] == "rough-mix"
    assert client.get("/api/v1/boards/genre:jazz/").status_code == 200
    missing = client.get("/api/v1/boards/nobody/")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


def test_votes_that_boards_leave_out_are_told_by_their_reason(client, mixers):
    on = boards.battle(factories.song())
    for number, reason in enumerate(("own_song", "cant_tell", "cant_tell")):
        boards.vote(on, factories.person(f"voter{number}"), "a", unrated_reason=reason)
    counts = [(count.reason, count.votes) for count in board_pages.unrated_counts()]
    assert counts == [("own_song", 1), ("cant_tell", 2)]
    assert "2 votes, can’t tell" in client.get(reverse("tournament:boards")).content.decode().replace("&#x27;", "’")


def test_a_page_of_boards_asks_the_database_as_often_for_many_boards_as_for_one(
    client, board, django_assert_max_num_queries
):
    for genre in ("rock", "folk", "soul"):
        boards.duel(boards.people(3, prefix=genre), genre=genre, songs=1)
    ratings.recompute()
    with django_assert_max_num_queries(4):
        assert len(client.get(reverse("tournament:boards")).context["boards"]) == 5


# ---- appeals ---------------------------------------------------------------------------------------------------------


def test_who_is_held_back_is_told_and_can_write(client, mixers):
    voter = factories.person()
    client.force_login(voter)
    assert "held back" not in client.get(reverse("tournament:arena")).content.decode()
    decision = quarantine.hold(voter=voter, why="Named A every time.", by=factories.person("staff", is_staff=True))
    assert reverse("tournament:appeal") in client.get(reverse("tournament:arena")).content.decode()
    page = client.get(reverse("tournament:appeal")).content.decode()
    assert "Named A every time." in page
    answer = client.post(reverse("tournament:appeal"), {"text": " My left ear is better. "})
    assert (answer.status_code, answer.url) == (302, reverse("tournament:appeal"))
    assert decision.appeals.get().text == "My left ear is better."
    assert "My left ear is better." in client.get(reverse("tournament:appeal")).content.decode()


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_an_appeal_is_a_few_sentences(client, mixers, text):
    voter = factories.person()
    decision = quarantine.hold(voter=voter, why="Too fast.")
    client.force_login(voter)
    answer = client.post(reverse("tournament:appeal"), {"text": text})
    assert answer.status_code == 400
    assert not decision.appeals.exists()


def test_who_is_not_held_back_has_nothing_to_appeal_against(client, mixers):
    client.force_login(factories.person())
    assert "Your votes count" in client.get(reverse("tournament:appeal")).content.decode()
    answer = client.post(reverse("tournament:appeal"), {"text": "Why?"})
    assert answer.status_code == 400
    assert "nothing to appeal" in answer.content.decode()


def test_votes_go_on_being_taken_from_those_who_are_held_back(mixers):
    voter = factories.person()
    quarantine.hold(voter=voter, why="Too fast.")
    boards.vote(boards.battle(factories.song()), voter, "a")
    assert Vote.objects.filter(voter=voter).count() == 1
