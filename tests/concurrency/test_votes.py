"""Twenty requests at the same moment make one vote, on every database."""

import threading
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import Client

from tests.tournament import factories
from tournament.models import Vote
from tournament.services.votes import cast_vote

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

AT_ONCE = 20


@pytest.fixture
def battle(media):
    factories.mixers()
    return factories.battle(factories.song())


def all_at_once(deed):
    """Run ``deed`` in twenty threads that start together, each on a connection of its own; what each one returned."""
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


def test_twenty_posts_of_one_voter_make_one_vote(battle):
    first = Client()
    first.force_login(factories.person())

    def post():
        client = Client()
        client.cookies = first.cookies
        url = f"/battles/{battle.uuid}/vote"
        answer = client.post(url, {"choice": "a"}, headers={"Accept": "application/json"})
        return answer.status_code, answer.json().get("code")

    answers = all_at_once(post)
    assert sorted(answers) == [(200, None)] + [(409, "already_voted")] * (AT_ONCE - 1)
    assert Vote.objects.count() == 1


def test_twenty_voters_make_twenty_votes(battle):
    voters = [factories.person(f"voter{number}") for number in range(AT_ONCE)]
    all_at_once(lambda: cast_vote(battle=battle, voter=voters.pop(), choice="b"))
    assert Vote.objects.count() == AT_ONCE


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


def test_without_the_constraint_the_same_twenty_make_twenty(battle):
    """The twin: it is the constraint that holds the rule, and this test would see it missing."""
    voter = factories.person()
    with without_the_rule():
        all_at_once(lambda: cast_vote(battle=battle, voter=voter, choice="a"))
        assert Vote.objects.count() == AT_ONCE


def test_looking_before_inserting_does_not_help(battle):
    """The other twin: a guard in Python, where every thread looks before the first one has written."""
    voter = factories.person()
    everyone_has_looked = threading.Barrier(AT_ONCE)

    def look_then_insert():
        voted = Vote.objects.filter(battle=battle, voter=voter).exists()
        everyone_has_looked.wait(timeout=30)
        if not voted:
            Vote.objects.create(battle=battle, voter=voter, choice="a", is_rated=True)

    with without_the_rule():
        all_at_once(look_then_insert)
        assert Vote.objects.count() == AT_ONCE
