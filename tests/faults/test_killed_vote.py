"""A process that dies in the middle of a vote leaves no half of one: it is cast again with the same token."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings

from aimixer_site.ops.errors import DomainError
from tests.faults.databases import database_url
from tests.live import ROOT
from tests.tournament import factories
from tournament.models import Ballot, Vote
from tournament.services.votes import cast_vote

pytestmark = [pytest.mark.faults, pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

PROGRAM = """
import contextlib, os, signal, sys, types
import django
django.setup()
from tournament.models import Ballot, Vote
from tournament.services import votes

def die(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)

{change}
ballot = Ballot.objects.get(token=sys.argv[1])
votes.cast_vote(battle=ballot.battle, voter=ballot.voter, token=ballot.token, choice="a")
"""
ONCE_THE_BALLOT_IS_MARKED = "Vote.objects.create = die"
ONCE_THE_VOTE_IS_WRITTEN = "votes.tournaments.decide = die"
WITHOUT_A_TRANSACTION = "votes.transaction = types.SimpleNamespace(atomic=contextlib.nullcontext)"


@pytest.fixture
def ballot(media) -> Ballot:
    factories.mixers()
    return factories.heard_ballot(factories.battle(factories.song()), factories.person())


def voted_and_killed(ballot: Ballot, *change: str) -> None:
    """Cast the vote in a process of its own that dies where it is told to."""
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "aimixer_site.settings",
        "AIMIXER_DATABASE_URL": database_url(),
        "AIMIXER_SECRET_KEY": settings.SECRET_KEY,
    }
    program = PROGRAM.format(change="\n".join(change))
    done = subprocess.run([sys.executable, "-c", program, ballot.token], cwd=ROOT, env=env, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("moment", [ONCE_THE_BALLOT_IS_MARKED, ONCE_THE_VOTE_IS_WRITTEN])
def test_nothing_is_left_of_it_and_the_same_token_votes(ballot, moment):
    voted_and_killed(ballot, moment)
    ballot.refresh_from_db()
    assert (ballot.used_at, Vote.objects.count()) == (None, 0)
    cast_vote(battle=ballot.battle, voter=ballot.voter, token=ballot.token, choice="a")
    assert Vote.objects.get().ballot == ballot


def test_without_one_transaction_the_vote_is_lost_for_good(ballot):
    """The twin: the ballot is used and nothing was voted."""
    voted_and_killed(ballot, WITHOUT_A_TRANSACTION, ONCE_THE_BALLOT_IS_MARKED)
    with pytest.raises(DomainError) as refused:
        cast_vote(battle=ballot.battle, voter=ballot.voter, token=ballot.token, choice="a")
    assert (refused.value.code, Vote.objects.count()) == ("already_voted", 0)
