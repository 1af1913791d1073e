"""Fifty requests at the same moment make one vote, on every database."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from aimixer_site.ops.errors import DomainError
from tests.tournament import factories
from tournament.models import Ballot, Vote
from tournament.services import ballots
from tournament.services.votes import cast_vote

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

AT_ONCE = 50


@pytest.fixture
def battle(media):
    factories.mixers()
    return factories.battle(factories.song())


def all_at_once(deed):
    """Run ``deed`` in fifty threads that start together, each on a connection of its own; what each one returned."""
    barrier = threading.Barrier(AT_ONCE)
    answers, errors = [], []

    def run():
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            answers.append(deed())
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not errors
    return answers


def test_fifty_posts_of_one_voter_make_one_vote(battle):
    voter = factories.person()
    first = Client()
    first.force_login(voter)
    token = factories.heard_ballot(battle, voter).token

    def post():
        client = Client()
        client.cookies = first.cookies
        url = f"/battles/{battle.uuid}/vote"
        answer = client.post(url, {"choice": "a", "token": token}, headers={"Accept": "application/json"})
        return answer.status_code, answer.json().get("code")

    answers = all_at_once(post)
    assert sorted(answers) == [(200, None)] + [(409, "already_voted")] * (AT_ONCE - 1)
    assert Vote.objects.count() == 1
    assert Ballot.objects.get().used_at is not None


def test_fifty_voters_make_fifty_votes(battle):
    ballots_left = [factories.heard_ballot(battle, factories.person(f"voter{number}")) for number in range(AT_ONCE)]

    def vote():
        ballot = ballots_left.pop()
        return cast_vote(battle=battle, voter=ballot.voter, token=ballot.token, choice="b")

    all_at_once(vote)
    assert Vote.objects.count() == AT_ONCE


def test_fifty_windows_get_one_ballot(battle):
    voter = factories.person()
    tokens = all_at_once(lambda: ballots.issue(battle=battle, voter=voter).token)
    assert len(tokens) == AT_ONCE
    assert set(tokens) == {Ballot.objects.get().token}


REPORTS = [[[second * 0.1, (second + 1) * 0.1]] for second in range(AT_ONCE)]


def test_of_fifty_reports_at_once_none_is_lost(battle):
    voter = factories.person()
    ballot = ballots.issue(battle=battle, voter=voter, now=timezone.now() - timedelta(minutes=1))
    left = list(REPORTS)
    all_at_once(lambda: ballots.hear(battle=battle, voter=voter, token=ballot.token, a=left.pop(), switches=1))
    ballot.refresh_from_db()
    assert (ballot.beats, ballot.switches) == (AT_ONCE, AT_ONCE)
    assert ballot.heard_a_s == pytest.approx(5.0)
    assert sum(end - start for start, end in ballot.heard_a) == pytest.approx(5.0)


def test_without_the_lock_the_same_reports_overwrite_each_other(battle):
    """The twin: each has read the ballot before the first one has written."""
    ballot = ballots.issue(battle=battle, voter=factories.person())
    everyone_has_read = threading.Barrier(AT_ONCE)
    left = list(REPORTS)

    def read_then_write():
        row = Ballot.objects.get(pk=ballot.pk)
        everyone_has_read.wait(timeout=30)
        row.heard_a, row.beats = [*row.heard_a, *left.pop()], row.beats + 1
        row.save()

    all_at_once(read_then_write)
    ballot.refresh_from_db()
    assert (ballot.beats, len(ballot.heard_a)) == (1, 1)


def test_reports_and_the_vote_at_once_leave_one_vote_that_holds_what_its_ballot_says(battle):
    voter = factories.person()
    ballot = factories.heard_ballot(battle, voter, issued_at=timezone.now() - timedelta(minutes=1))
    deeds = ["vote"] * 5 + ["hear"] * (AT_ONCE - 5)

    def act():
        try:
            if deeds.pop() == "vote":
                cast_vote(battle=battle, voter=voter, token=ballot.token, choice="tie")
                return "voted"
            ballots.hear(battle=battle, voter=voter, token=ballot.token, b=[[9.0, 9.1]])
            return "heard"
        except DomainError as error:
            return error.code

    answers = all_at_once(act)
    assert answers.count("voted") == 1
    ballot.refresh_from_db()
    vote = Vote.objects.get()
    assert (vote.heard_a_s, vote.heard_b_s) == (ballot.heard_a_s, ballot.heard_b_s)
    assert ballot.beats == answers.count("heard")
    assert vote.heard_b_s == pytest.approx(7.0 + 0.1 * answers.count("heard"))


@contextmanager
def without_the_rule():
    """The table of votes without its constraint, which comes back empty and whole."""
    rules = Vote._meta.constraints
    (rule,) = [rule for rule in rules if rule.name == "one_vote_per_battle_and_voter"]
    Vote._meta.constraints = [kept for kept in rules if kept is not rule]
    try:
        with connection.schema_editor() as editor:
            editor.remove_constraint(Vote, rule)
        yield
    finally:
        Vote.objects.all().delete()
        Vote._meta.constraints = rules
        with connection.schema_editor() as editor:
            editor.add_constraint(Vote, rule)


def cast_without_the_token(battle, voter):
    """A vote whose ballot is marked whether it was used or not."""
    Ballot.objects.filter(battle=battle, voter=voter).update(used_at=timezone.now())
    try:
        with transaction.atomic():
            Vote.objects.create(battle=battle, voter=voter, choice="a", is_rated=True)
    except IntegrityError:
        return "refused"
    return "voted"


def test_the_token_alone_holds_the_rule(battle):
    voter = factories.person()
    token = factories.heard_ballot(battle, voter).token

    def vote():
        try:
            cast_vote(battle=battle, voter=voter, token=token, choice="a")
        except DomainError as error:
            return error.code
        return "voted"

    with without_the_rule():
        answers = all_at_once(vote)
        assert sorted(answers) == ["already_voted"] * (AT_ONCE - 1) + ["voted"]
        assert Vote.objects.count() == 1


def test_the_constraint_alone_holds_the_rule(battle):
    voter = factories.person()
    factories.heard_ballot(battle, voter)
    answers = all_at_once(lambda: cast_without_the_token(battle, voter))
    assert sorted(answers) == ["refused"] * (AT_ONCE - 1) + ["voted"]
    assert Vote.objects.count() == 1


def test_without_both_the_same_fifty_make_fifty(battle):
    """The twin: these two hold the rule, and this test would see both missing."""
    voter = factories.person()
    factories.heard_ballot(battle, voter)
    with without_the_rule():
        all_at_once(lambda: cast_without_the_token(battle, voter))
        assert Vote.objects.count() == AT_ONCE


def test_looking_at_the_token_before_marking_it_does_not_help(battle):
    """The other twin: a guard in Python, where every thread looks before the first one has written."""
    voter = factories.person()
    factories.heard_ballot(battle, voter)
    everyone_has_looked = threading.Barrier(AT_ONCE)

    def look_then_mark():
        used = Ballot.objects.get(voter=voter).used_at
        everyone_has_looked.wait(timeout=30)
        if used is None:
            cast_without_the_token(battle, voter)

    with without_the_rule():
        all_at_once(look_then_mark)
        assert Vote.objects.count() == AT_ONCE
