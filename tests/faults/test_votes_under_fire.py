"""Votes of many listeners while the processes that take them are killed: each acknowledged one is there, and once.

The 10,000 votes of the claim take half an hour of two busy cores, so that fewer are cast unless asked for:

    AIMIXER_TEST_VOTES=10000 deploy/with_postgres.sh .venv/bin/python -m pytest -s tests/faults/test_votes_under_fire.py
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client as Browser

from accounts.models import LedgerEntry, User
from tests.faults.databases import database_url
from tests.faults.voters import Voter
from tests.live import Client, LiveSite, live_site, wait_for
from tests.tournament import boards, factories
from tournament.models import Ballot, Quarantine, RatingSnapshot, Vote
from tournament.services import quarantine, ratings, vote_log

CLIENTS = 32
ASKED = os.environ.get("AIMIXER_TEST_VOTES")
VOTES = int(ASKED or 320)
BATTLES = -(-VOTES // CLIENTS)
RECOVERY_S = 120
"""A deadline, not a benchmark: lease, reaper, the supervisor's growing pauses and a new process's start."""
CONNECTIONS_KEPT = 10
VICTIMS = ("web", "inference", "web", "scheduler", "valkey", "web", "serve", "inference", "ingest", "web")
"""Who is killed, one after another, at even distances of the votes."""
pytestmark = [
    pytest.mark.faults,
    pytest.mark.concurrency,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(600 + VOTES),
    pytest.mark.skipif(
        connection.vendor == "sqlite" and not ASKED, reason="takes minutes, and PostgreSQL is where many voters are"
    ),
]
WORDS = {
    "web": "aimixer_site.ops.server",
    "inference": "worker inference",
    "ingest": "worker ingest",
    "scheduler": "manage.py scheduler",
    "valkey": "valkey.sock",
}


@pytest.fixture
def arena(tmp_path: Path, media: Path) -> Iterator[LiveSite]:
    """A site on the tests' database, whose clock runs fast."""
    with live_site(
        tmp_path / "var",
        DJANGO_SETTINGS_MODULE="tests.faults.fast_settings",
        AIMIXER_DATABASE_URL=database_url(),
        AIMIXER_MEDIA=str(media),
        AIMIXER_SECRET_KEY=settings.SECRET_KEY,
        AIMIXER_DEMO="no",
        AIMIXER_JOB_LEASE_S="5",
        NUMBA_CACHE_DIR=os.environ["NUMBA_CACHE_DIR"],
    ) as site:
        yield site


def prepared_battles() -> list[str]:
    """Battles with clips, of several pairs on a few songs, for everybody."""
    cards = factories.mixers()
    songs = [factories.song(title=f"Song {number}") for number in range(8)]
    pairs = [(one, other) for one in range(len(cards)) for other in range(one)]
    made = [factories.battle(songs[n % len(songs)], None, a=pair[0], b=pair[1]) for n, pair in _dealt(pairs)]
    return [str(battle.uuid) for battle in made]


def _dealt(pairs: list[tuple[int, int]]) -> list[tuple[int, tuple[int, int]]]:
    return [(number, pairs[number % len(pairs)][:: 1 if number % 2 else -1]) for number in range(BATTLES)]


def session_of(user: User) -> str:
    browser = Browser()
    browser.force_login(user)
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


def kill(site: LiveSite, victim: str) -> float:
    """SIGKILL; the seconds until it is back, or in the web server's case until the site says that it is ready."""
    began = time.monotonic()
    if victim == "serve":
        site.kill()
        site.start()
    else:
        old = {process.pid for process in site.workers(WORDS[victim])}
        assert old, f"no {victim} to kill"
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        wait_for(
            lambda: {process.pid for process in site.workers(WORDS[victim])} - old,
            timeout_s=RECOVERY_S, why=f"another {victim}",
        )  # fmt: skip
    wait_for(lambda: is_ready(site), timeout_s=RECOVERY_S, why=f"the site after {victim} was killed")
    return time.monotonic() - began


def is_ready(site: LiveSite) -> bool:
    try:
        return Client(site.url, "").call("GET", "/readyz")[0] == 200
    except OSError:
        return False


def under_fire(site: LiveSite, voters: list[Voter], done: threading.Semaphore, artist: Client, song: str) -> list[str]:
    """Kill one process after another while votes come in; the jobs that were asked for meanwhile."""
    asked = []
    each = VOTES // (len(VICTIMS) + 1)
    for victim in VICTIMS:
        for _ in range(each):
            assert done.acquire(timeout=120), [voter.failure for voter in voters if voter.failure]
        if victim in ("inference", "serve"):
            # Work for the worker that is about to die.
            asked.append(artist.ask("POST", "/api/v1/battles/", {"song": song})["job"])
        took_s = kill(site, victim)
        print(f"{victim} was killed and back after {took_s:.1f} s")  # noqa: T201 - the figure is part of the record
        assert took_s < RECOVERY_S
    return asked


def report(voters: list[Voter], took_s: float) -> None:
    """What happened, for the record."""
    journals = [voter.journal for voter in voters]
    answers = sum((journal.answers for journal in journals), Counter[int]())
    print(  # noqa: T201 - the figures are part of the record
        f"{sum(len(journal.votes) for journal in journals)} votes in {took_s:.0f} s; answers {dict(answers)}; "
        f"{sum(journal.lost_answers for journal in journals)} answers lost, "
        f"{sum(len(journal.known_already) for journal in journals)} votes known before they could be acknowledged"
    )


def every_refusal_says_why(voters: list[Voter]) -> None:
    refusals = [each for voter in voters for each in voter.journal.refusals]
    assert {(status, answer["code"]) for status, answer in refusals} == {(400, "listen_more"), (409, "already_voted")}
    assert all(answer["message"] for _, answer in refusals)
    assert {answer["field"] for _, answer in refusals if answer["code"] == "listen_more"} <= {"a", "b"}


def every_job_has_ended(jobs: list[str], artist: Client) -> None:
    """The work that was at hand when workers died: done by a later attempt."""
    ended = [artist.finished(job, timeout_s=RECOVERY_S) for job in jobs]
    assert [(job["state"], job["error"]) for job in ended] == [("done", None)] * len(jobs)


def no_connection_is_left_over() -> None:
    """Of those that requests had opened; the site's own processes and this one keep a handful."""
    if connection.vendor != "postgresql":
        return

    def count() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return int(cursor.fetchone()[0])

    wait_for(lambda: count() <= CONNECTIONS_KEPT, timeout_s=10, why=f"{count()} connections to close")


def every_vote_is_paid_once() -> None:
    """One credit for each vote that counts, also where the process died between the vote and its credit."""

    def due() -> set[tuple[int, UUID]]:
        votes = Vote.objects.filter(is_rated=True).exclude(voter__in=quarantine.held_voters())
        return set(votes.values_list("voter_id", "uuid"))

    def paid() -> list[tuple[int, UUID]]:
        entries = LedgerEntry.objects.filter(reason=LedgerEntry.Reason.VOTE)
        return list(entries.exclude(user__in=quarantine.held_voters()).values_list("user_id", "about"))

    wait_for(lambda: due() <= set(paid()), timeout_s=RECOVERY_S, every_s=1.0, why="every vote to be paid")
    assert len(paid()) == len(due())


def the_board_is_the_fold(export: Path) -> None:
    """The published board is what its votes give, computed here, and again from an export by the command for anyone."""

    def fold() -> dict[str, object]:
        read = vote_log.read()
        (public,) = [rules for rules in ratings.rules_of_boards(read) if rules.board == "public"]
        return ratings.compute(read.records, public)

    def published() -> dict[str, object]:
        snapshot = RatingSnapshot.objects.filter(board="public").order_by("-id").first()
        return snapshot.result if snapshot else {}

    whole = json.loads(json.dumps(fold()))
    wait_for(lambda: published().get("votes_sha256") == whole["votes_sha256"], timeout_s=RECOVERY_S, why="the board")
    assert published() == whole
    held = Quarantine.objects.exists()
    assert held or whole["votes"] == Vote.objects.filter(is_rated=True).count()
    call_command("export_votes", str(export))
    call_command("recompute_board", str(export))
    (told,) = [each for each in json.loads(export.read_text())["boards"] if each["rules"]["board"] == "public"]
    assert told["result"] == published()


def test_every_acknowledged_vote_is_there_once_and_the_board_is_the_fold_of_the_log(
    arena: LiveSite, tmp_path: Path
) -> None:
    battles = prepared_battles()
    people = boards.people(CLIENTS)
    song = factories.sounding_song(seconds=30.0)
    artist = arena.client()
    done = threading.Semaphore(0)
    began = time.monotonic()
    voters = [
        Voter(
            number=number, url=arena.url, session=session_of(person), battles=battles, done=done,
            give_up_at=began + 60 + VOTES,
        )
        for number, person in enumerate(people)
    ]  # fmt: skip
    for voter in voters:
        voter.start()

    jobs = under_fire(arena, voters, done, artist, str(song.uuid))
    for voter in voters:
        voter.join(timeout=120 + VOTES)
    took_s = time.monotonic() - began

    assert not [voter.failure for voter in voters if voter.failure or voter.is_alive()]
    report(voters, took_s)
    assert not [each for voter in voters for each in voter.journal.broken]
    for person, voter in zip(people, voters, strict=True):
        rows = Vote.objects.filter(voter=person).values_list("battle__uuid", "choice")
        assert Counter((str(battle), choice) for battle, choice in rows) == Counter(voter.journal.votes.items())
    assert Vote.objects.count() == CLIENTS * BATTLES
    assert not Ballot.objects.exclude(used_at__isnull=False, vote__isnull=False).exists()
    every_refusal_says_why(voters)
    no_connection_is_left_over()
    every_job_has_ended(jobs, artist)
    every_vote_is_paid_once()
    the_board_is_the_fold(tmp_path / "votes.json")
