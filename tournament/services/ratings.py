"""Boards computed from the log of votes, and published where something changed.

Only the scheduler and commands import this; it brings the numeric engine along. Pages read the snapshots.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog
from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from tournament import events
from tournament.engine.board import Rules, VoteRecord, admitted, compute
from tournament.engine.recompute import write_export
from tournament.engine.tiers import standing
from tournament.models import Quarantine, RatingSnapshot, Vote
from tournament.services import open_data, trials, vote_log
from tournament.services.vote_log import VoteLog

log = structlog.get_logger("aimixer.boards")

OPEN_DATA_EVERY: Final = timedelta(hours=1)
_SEEN_KEY: Final = "tournament.ratings.seen"
_SEEN_FOR_S: Final = 24 * 3600
_REST_KEY: Final = "tournament.ratings.rest"
_LONG_S: Final = 3.0
_RESTS_FOR: Final = 20.0
"""After a long round new votes wait for so many times as long as it took; decisions about voters do not wait."""


def recompute(*, now: datetime | None = None) -> list[RatingSnapshot]:
    """What the scheduler calls: publish every board that votes or decisions have changed; those that were published.

    Without a new vote or decision since the last time there is nothing to do, which costs three small queries.
    """
    now = now or timezone.now()
    seen, last = _state_of_the_log(), cache.get(_SEEN_KEY)
    if last == seen or (cache.get(_REST_KEY) and last and last["decisions"] == seen["decisions"]):
        return []
    # Processor time: a machine that is busy with mixes is no long board, and new votes need not wait for that.
    began = time.process_time()
    read = vote_log.read()
    published = publish_all(read, now=now)
    if published:
        log.info("boards_published", boards=[snapshot.board for snapshot in published], votes=len(read.records))
    if read.records and open_data.is_older_than(OPEN_DATA_EVERY, now=now):
        write_open_data(open_data.path(), read, now=now)
    cache.set(_SEEN_KEY, seen, _SEEN_FOR_S)
    took_s = time.process_time() - began
    if took_s > _LONG_S:
        cache.set(_REST_KEY, True, int(_RESTS_FOR * took_s))
    return published


def publish_all(read: VoteLog, *, now: datetime | None = None) -> list[RatingSnapshot]:
    """Publish every board that differs from its latest snapshot; the new snapshots."""
    before = set(RatingSnapshot.objects.values_list("id", flat=True))
    snapshots = [publish(rules, read.records, now=now) for rules in rules_of_boards(read)]
    return [snapshot for snapshot in snapshots if snapshot.pk not in before]


def publish(rules: Rules, records: Sequence[VoteRecord], *, now: datetime | None = None) -> RatingSnapshot:
    """The snapshot that holds for these votes by these rules: the latest one, or a new one where it differs."""
    result = compute(records, rules)
    latest = RatingSnapshot.objects.filter(board=rules.board).order_by("-id").first()
    if latest is not None and latest.rules == rules.to_dict() and latest.result == result:
        return latest
    fresh = RatingSnapshot.objects.create(
        board=rules.board,
        votes_count=result["votes"],
        votes_sha256=result["votes_sha256"],
        rules=rules.to_dict(),
        result=result,
        created_at=now or timezone.now(),
    )
    transaction.on_commit(partial(events.announce_board, fresh))
    return fresh


def rules_of_boards(read: VoteLog) -> list[Rules]:
    """The boards that have votes, and those that had: the public one, artists', experts', and one for each genre."""
    known = set(RatingSnapshot.objects.values_list("board", flat=True).distinct())
    public = Rules()
    genres = sorted({record.genre for record in admitted(read.records, public) if record.genre})
    wanted = [public, _artists(read.records), _experts(read), *(Rules(board=f"genre:{genre}") for genre in genres)]
    gone = sorted(name for name in known if name.startswith("genre:") and name.removeprefix("genre:") not in genres)
    wanted += [Rules(board=name) for name in gone]
    return [rules for rules in wanted if rules.board in known or admitted(read.records, rules)]


def write_open_data(path: Path, read: VoteLog | None = None, *, now: datetime | None = None) -> list[RatingSnapshot]:
    """Write votes and boards to a file, which is either the old one or whole; the boards that it holds.

    Boards that the votes have changed are published first, so that the file's votes and boards belong together.
    """
    read = vote_log.read() if read is None else read
    snapshots = [publish(rules, read.records, now=now) for rules in rules_of_boards(read)]
    boards: list[tuple[Rules, dict[str, Any]]] = [(Rules.from_dict(each.rules), each.result) for each in snapshots]
    with open_data.replacing(path) as fresh:
        write_export(fresh, read.records, boards)
    return snapshots


def _artists(records: Sequence[VoteRecord]) -> Rules:
    """People who judged a song of their own: what they say there counts, and elsewhere too."""
    artists = sorted({record.voter for record in records if record.unrated == Vote.Unrated.OWN_SONG})
    return Rules(board="artist", admit_unrated=(Vote.Unrated.OWN_SONG.value,), only_voters=tuple(artists))


def _experts(read: VoteLog) -> Rules:
    """People of the expert league, as :mod:`tournament.engine.tiers` draws its line."""
    rated = Counter(record.voter for record in admitted(read.records, Rules()))
    tried = trials.of_all_voters()
    experts = []
    for voter, votes in rated.items():
        said = tried.get(read.voters.get(voter, -1))
        if said is not None and standing(votes, said.all_right, said.all_count).tier.is_league:
            experts.append(voter)
    return Rules(board="expert", only_voters=tuple(sorted(experts)))


def _state_of_the_log() -> dict[str, Any]:
    """Changes when a vote, a decision or a person's leaving changes what boards are made of."""
    votes = Vote.objects.aggregate(count=Count("id"), newest=Max("id"), left=Count("id", filter=Q(voter=None)))
    return {**votes, "decisions": Quarantine.objects.aggregate(newest=Max("id"))["newest"]}
