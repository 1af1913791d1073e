"""Boards as they are published: which votes they count, when there is a new one, and that anyone gets the same."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import jsonschema_rs
import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management import call_command

from mixing.models import Mixer
from tests.tournament import boards, factories
from tournament.engine import tiers
from tournament.engine.recompute import read_export, recomputed
from tournament.engine.votes_schema import schema
from tournament.models import Battle, Competitor, RatingSnapshot, Round, Tournament, Vote
from tournament.services import open_data, quarantine, ratings, vote_log

pytestmark = pytest.mark.django_db


@pytest.fixture
def mixers(media):
    return factories.mixers()


def names(mixers):
    return [f"{mixer.key}@{mixer.version[:12]}" for mixer in mixers]


def latest(board="public"):
    return RatingSnapshot.objects.filter(board=board).order_by("-id").first()


def row(snapshot, contender):
    return next(each for each in snapshot.result["rows"] if each["contender"] == contender)


def test_the_public_board_counts_rated_votes_and_no_others(mixers):
    first, second = names(mixers)[:2]
    voters = boards.people(12)
    boards.duel(voters, wins_of_ten=7, songs=5)
    on = boards.battle(factories.song())
    for voter, reason in zip(voters, ("own_song", "opened_mix", "trial"), strict=False):
        boards.vote(on, voter, "b", unrated_reason=reason)
    ratings.recompute(now=boards.NOON)
    board = latest()
    assert board.votes_count == 60
    assert (row(board, first)["wins"], row(board, first)["losses"]) == (42, 18)
    assert row(board, second)["wins"] == 18
    assert board.rules["reference"] == "rough-mix"


def test_nothing_is_published_twice_and_a_vote_makes_a_new_board(mixers):
    voters = boards.people(6)
    boards.duel(voters)
    assert [each.board for each in ratings.recompute()] == ["public"]
    assert ratings.recompute() == []
    cache.clear()
    assert ratings.recompute() == []
    boards.vote(boards.battle(factories.song()), voters[0], "a")
    assert [each.votes_count for each in ratings.recompute()] == [19]
    assert RatingSnapshot.objects.count() == 2


def test_other_rules_make_a_new_board(mixers):
    boards.duel(boards.people(4))
    read = vote_log.read()
    rules = ratings.Rules()
    first = ratings.publish(rules, read.records)
    assert ratings.publish(rules, read.records) == first
    assert ratings.publish(dataclasses.replace(rules, unranked_under=5), read.records) != first


def test_votes_held_back_leave_the_board_and_come_back(mixers):
    voters = boards.people(10)
    boards.duel(voters)
    ratings.recompute()
    before = latest().result
    staff = factories.person("staff", is_staff=True)
    quarantine.hold(voter=voters[3], why="Always A.")
    ratings.recompute()
    assert latest().votes_count == before["votes"] - 3
    assert Vote.objects.count() == 30
    quarantine.let_in(voter=voters[3], why="An honest ear.", by=staff)
    ratings.recompute()
    assert latest().result == before


def test_artists_have_a_board_on_which_their_own_songs_count(mixers):
    artist, other = boards.people(2)
    on = boards.battle(factories.song(artist))
    boards.vote(on, artist, "a", unrated_reason="own_song")
    boards.vote(on, other, "b")
    ratings.recompute()
    board = latest("artist")
    assert board.votes_count == 1
    assert row(board, names(mixers)[0])["wins"] == 1
    assert latest().votes_count == 1


def trials_of(voter, *, right, wrong):
    song = factories.song()
    for number in range(right + wrong):
        on = boards.battle(song, purpose=Battle.Purpose.ANCHOR, broken_side="b")
        boards.vote(on, voter, "a" if number < right else "b", unrated_reason="trial")


def test_experts_are_those_who_voted_much_and_listen(mixers, monkeypatch):
    three_will_do = (tiers.TIERS[0], tiers.Tier(key="expert", title="Expert", battles=3, is_league=True))
    monkeypatch.setattr(tiers, "TIERS", three_will_do)
    careful, careless, untried, new = boards.people(4)
    boards.duel([careful, careless, untried])
    trials_of(careful, right=6, wrong=0)
    trials_of(careless, right=3, wrong=3)
    trials_of(new, right=6, wrong=0)
    ratings.recompute()
    assert latest("expert").votes_count == 3
    assert len(latest("expert").rules["only_voters"]) == 1


def test_each_genre_with_votes_has_a_board(mixers):
    voters = boards.people(4)
    boards.duel(voters, genre="jazz")
    boards.duel(voters, genre="")
    ratings.recompute()
    assert latest("genre:jazz").votes_count == 12
    assert latest().votes_count == 24
    assert set(RatingSnapshot.objects.values_list("board", flat=True)) == {"public", "genre:jazz"}


def test_a_site_without_votes_publishes_nothing(mixers):
    assert ratings.recompute() == []
    assert not open_data.path().exists()


def test_the_log_holds_no_name_that_the_site_knows(mixers):
    voter = factories.person()
    on = boards.battle(factories.song(), genre="rock")
    boards.vote(on, voter, "tie")
    (record,) = vote_log.read().records
    told = json.dumps(dataclasses.asdict(record))
    for known in (voter.email, str(voter.uuid), str(on.uuid), str(on.song_uuid)):
        assert known not in told
    assert (record.genre, record.choice, record.gap_lu, record.day) == ("rock", "tie", 0.02, "2026-11-22")
    assert (record.a, record.b) == tuple(names(mixers)[:2])


def test_pseudonyms_stay_and_depend_on_the_sites_own_key(mixers, settings):
    voter = factories.person()
    for _ in range(2):
        boards.vote(boards.battle(factories.song()), voter, "a")
    first, second = vote_log.read().records
    assert first.voter == second.voter
    assert first.battle != second.battle
    assert vote_log.read().records == (first, second)
    settings.SECRET_KEY = "another key of another site"
    assert vote_log.read().records[0].voter != first.voter


def test_a_vote_stays_when_its_voter_leaves(mixers):
    voter = factories.person()
    for _ in range(2):
        boards.vote(boards.battle(factories.song()), voter, "a")
    voter.delete()
    ratings.recompute()
    assert row(latest(), names(mixers)[0])["wins"] == 2
    assert len({record.voter for record in vote_log.read().records}) == 2


def test_a_mixer_that_has_retired_stays_while_votes_speak_of_it(mixers):
    boards.vote(boards.battle(factories.song()), factories.person(), "a")
    Mixer.objects.update(is_active=False)
    ratings.recompute()
    assert row(latest(), names(mixers)[0])["votes"] == 1


@pytest.mark.parametrize(("kind", "counted"), [("mixer", 1), ("hybrid", 0), ("rough_mix", 0)])
def test_a_child_of_a_musicians_tournament_stands_on_no_board(mixers, kind, counted):
    owner = factories.person()
    tournament = Tournament.objects.create(song=factories.song(owner), owner=owner, seed=1)
    on_a = Competitor.objects.create(tournament=tournament, kind="mixer", name="One", mixer=mixers[0])
    on_b = Competitor.objects.create(tournament=tournament, kind=kind, name="Other")
    on = boards.battle(tournament.song, purpose=Battle.Purpose.TOURNAMENT)
    Round.objects.create(tournament=tournament, number=1, kind="opening", battle=on, on_a=on_a, on_b=on_b)
    boards.vote(on, owner, "a", unrated_reason="own_song")
    assert len(vote_log.read().records) == counted


def test_an_export_gives_every_stranger_the_published_boards(mixers, tmp_path, capsys):
    voters = boards.people(20)
    boards.duel(voters, songs=4, genre="rock")
    boards.duel(voters, a=1, b=2, wins_of_ten=5)
    boards.vote(boards.battle(factories.song(voters[0])), voters[0], "b", unrated_reason="own_song")
    quarantine.hold(voter=voters[7], why="Too fast.")
    file = tmp_path / "votes.json"
    call_command("export_votes", str(file))

    jsonschema_rs.validator_for(schema()).validate(json.loads(file.read_text()))
    assert {rules.board for rules, _ in read_export(file)[1]} == {"public", "artist", "genre:rock"}
    for rules, published, computed in recomputed(file):
        assert computed == published == latest(rules.board).result
    call_command("recompute_board", str(file))
    outside = subprocess.run(
        [sys.executable, "-m", "tournament.engine.recompute", str(file)],
        cwd=django_settings.BASE_DIR, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (outside.returncode, outside.stderr) == (0, "")
    assert f"public: {latest().votes_count} votes, sha256 {latest().votes_sha256[:16]}" in outside.stdout


def test_a_vote_that_was_turned_round_in_an_export_is_found(mixers, tmp_path, capsys):
    boards.duel(boards.people(6))
    file = tmp_path / "votes.json"
    call_command("export_votes", str(file))
    data = json.loads(file.read_text())
    data["votes"][0]["choice"] = {"a": "b", "b": "a"}[data["votes"][0]["choice"]]
    file.write_text(json.dumps(data))
    with pytest.raises(SystemExit) as ended:
        call_command("recompute_board", str(file))
    assert ended.value.code == 1
    assert "differ from what was published: public" in capsys.readouterr().out


def test_the_open_data_are_written_with_the_boards_and_not_each_time(mixers):
    voters = boards.people(5)
    boards.duel(voters)
    now = open_data.datetime.now(tz=open_data.UTC)
    ratings.recompute(now=now)
    first = open_data.path().read_text()
    boards.vote(boards.battle(factories.song()), voters[0], "a")
    ratings.recompute(now=now + timedelta(minutes=10))
    assert open_data.path().read_text() == first
    boards.vote(boards.battle(factories.song()), voters[1], "a")
    ratings.recompute(now=now + timedelta(hours=2))
    assert len(json.loads(open_data.path().read_text())["votes"]) == 17
    assert [path.name for path in Path(open_data.path().parent).iterdir()] == ["votes.json"]


def test_after_a_long_round_votes_wait_and_decisions_do_not(mixers, monkeypatch):
    monkeypatch.setattr(ratings, "_LONG_S", 0.0)
    monkeypatch.setattr(ratings, "_RESTS_FOR", 1e6)
    voters = boards.people(5)
    boards.duel(voters)
    assert ratings.recompute()
    boards.vote(boards.battle(factories.song()), voters[0], "a")
    assert ratings.recompute() == []
    quarantine.hold(voter=voters[0], why="Too fast.")
    assert [each.votes_count for each in ratings.recompute()] == [12]
