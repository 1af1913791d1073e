"""Judging all voters: what each gate says, who is held back for it, and an alarm where a gate itself has moved.

Only the scheduler and commands import this; it brings the numeric engine along.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

import numpy as np
import structlog
from django.core.cache import cache
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from aimixer_site.ops.errors import DomainError
from tournament.engine.board import Rules, admitted, columns
from tournament.engine.davidson import Expected, Votes, expected, fit
from tournament.engine.habits import overlap_gate, shared_gate, speed_gate
from tournament.engine.integrity import Judgement, judge_voters, push_gate, trial_gate, verdict_of
from tournament.models import Ballot, Quarantine, Vote, VoterJudgement
from tournament.services import gate_alarms, quarantine, trials, vote_log

log = structlog.get_logger("aimixer.integrity")

CAREFUL: Final = {"same": 0.7, "repeat": 0.65, "anchor": 0.9}
"""How often a careful listener is right: near mixes sound different on two days, a broken one never sounds right."""
_SEEN_KEY: Final = "tournament.integrity.seen"
_SEEN_FOR_S: Final = 24 * 3600
_BATCH: Final = 1_000

Said = dict[int, list[Judgement]]
"""Judgements by the voter's primary key."""


def judge(*, now: datetime | None = None) -> UUID | None:
    """What the scheduler calls: judge everyone, hold back who fails, raise alarms; the run, or None with nothing new.

    Whoever was let in by people is judged and not held back again: people know more than gates.
    """
    now = now or timezone.now()
    newest = Vote.objects.aggregate(newest=Max("id"))["newest"]
    if newest is None or cache.get(_SEEN_KEY) == newest:
        return None
    said = judgements()
    run = uuid4()
    with transaction.atomic():
        _keep(run, said, now)
        held = _hold_back(said, now)
    cache.set(_SEEN_KEY, newest, _SEEN_FOR_S)
    log.info("voters_judged", run=str(run), voters=len(said), held_back=held)
    for moved in gate_alarms.alarms(now=now):
        log.error("gate_moved", gate=moved.gate, since=moved.since.isoformat(), deviations=moved.deviations)
    return run


def judgements() -> Said:
    """What every gate says of every voter, from the votes as they stand."""
    said: Said = defaultdict(list)
    _add(said, _by_what_they_say())
    for voter, tried in trials.of_all_voters().items():
        said[voter] += [
            trial_gate(gate, tried.right[gate], tried.count[gate], careful=CAREFUL[gate]) for gate in trials.GATES
        ]
    _add(said, _by_their_pace())
    return dict(said)


# ---- what they say: against the board --------------------------------------------------------------------------------


def _by_what_they_say() -> Said:
    """Side, contradiction and push, against a board without those who are held back; and push of company."""
    read = vote_log.read()
    weights = {record.voter: record.weight for record in read.records}
    kept = admitted([dataclasses.replace(record, weight=1.0) for record in read.records], Rules())
    kept = [record for record in kept if record.choice != "both_bad" and record.voter in read.voters]
    if not kept:
        return {}
    contenders = sorted({key for record in kept for key in (record.a, record.b)})
    voters = [read.voters[name] for name in sorted({record.voter for record in kept})]
    trusted = np.array([weights[record.voter] for record in kept])
    votes = columns(kept, contenders)
    reference = int(np.bincount(np.concatenate([votes.a, votes.b])).argmax())
    found = fit(dataclasses.replace(votes, weight=trusted), reference=reference)
    judged = judge_voters(votes, found)
    said = {voters[number]: list(judgements) for number, judgements in judged.items()}
    _add(said, _company(votes, expected(votes, found), voters, said))
    return {voter: [_named(each, contenders) for each in judgements] for voter, judgements in said.items()}


def _named(judgement: Judgement, contenders: Sequence[str]) -> Judgement:
    """The push gate speaks of contenders by number; people know them by name."""
    text = re.sub(r"Contender (\d+)", lambda match: contenders[int(match[1])], judgement.text)
    return dataclasses.replace(judgement, text=text)


def _company(votes: Votes, said_of: Expected, voters: Sequence[int], alone: Said) -> Said:
    """The push gate over everyone on one network and browser.

    Who fails alone is left out, so that nobody is blamed for whom they live with.
    """
    failing = {voter for voter, judgements in alone.items() if verdict_of(tuple(judgements)) == "fail"}
    of_voter = np.array(voters)[votes.voter]
    together: Said = {voter: [shared_gate(0, None)] for voter in voters}
    for company in _companies():
        innocent = company & set(voters) - failing
        if len(innocent) < 2:
            continue
        rows = np.isin(of_voter, list(innocent))
        pushed = push_gate(
            votes.a[rows], votes.b[rows], said_of.surprise[rows], said_of.variance[rows], votes.contenders
        )
        for voter in innocent:
            found = shared_gate(len(innocent) - 1, pushed)
            if _rank(found) > _rank(together[voter][0]):
                together[voter] = [found]
    return together


def _rank(judgement: Judgement) -> int:
    return ("pass", "could_not_tell", "fail").index(judgement.verdict)


def _companies() -> list[set[int]]:
    """People whose ballots came from one network and one browser, two or more together."""
    groups: dict[tuple[str, str], set[int]] = defaultdict(set)
    known = Ballot.objects.exclude(network="").exclude(device="").filter(used_at__isnull=False)
    for network, device, voter in known.order_by().values_list("network", "device", "voter_id").distinct():
        groups[network, device].add(voter)
    return [group for group in groups.values() if len(group) > 1]


# ---- how they vote: pace and listening -------------------------------------------------------------------------------


def _by_their_pace() -> Said:
    """Speed, and listening to several battles at once; every vote counts, rated or not."""
    decided: dict[int, list[float]] = defaultdict(list)
    cast: dict[int, list[float]] = defaultdict(list)
    heard: dict[int, list[float]] = defaultdict(list)
    rows = Vote.objects.filter(voter__isnull=False, ballot__isnull=False).order_by("id").values_list(
        "voter_id", "decided_after_s", "created_at", "heard_a_s", "heard_b_s"
    )  # fmt: skip
    for voter, decided_after_s, created_at, heard_a_s, heard_b_s in rows.iterator(chunk_size=5_000):
        if voter is None:
            continue
        cast[voter].append(created_at.timestamp())
        heard[voter].append(heard_a_s + heard_b_s)
        if decided_after_s is not None:
            decided[voter].append(decided_after_s)
    return {voter: [speed_gate(decided[voter]), overlap_gate(cast[voter], heard[voter])] for voter in cast}


# ---- what is kept ----------------------------------------------------------------------------------------------------


def _add(said: Said, more: Mapping[int, Iterable[Judgement]]) -> None:
    for voter, judgements in more.items():
        said.setdefault(voter, []).extend(judgements)


def _keep(run: UUID, said: Said, now: datetime) -> None:
    """Write what changed: a verdict that was given before is not written again, unless it fails somebody."""
    before = gate_alarms.verdicts_at(now)
    VoterJudgement.objects.bulk_create(
        (
            VoterJudgement(
                run=run,
                voter_id=voter,
                gate=judgement.gate,
                verdict=judgement.verdict,
                measure=judgement.measure,
                text=judgement.text,
                created_at=now,
            )
            for voter, judgements in said.items()
            for judgement in judgements
            if judgement.verdict == "fail" or before.get((voter, judgement.gate)) != judgement.verdict
        ),
        batch_size=_BATCH,
    )


def _hold_back(said: Said, now: datetime) -> int:
    """Hold back who fails and was never decided about; how many that were."""
    decided = set(Quarantine.objects.values_list("voter_id", flat=True))
    failing = [voter for voter, judgements in said.items() if verdict_of(tuple(judgements)) == "fail"]
    people = User.objects.in_bulk([voter for voter in failing if voter not in decided])
    for voter, person in people.items():
        why = " ".join(f"{each.gate}: {each.text}" for each in said[voter] if each.verdict == "fail")
        try:
            quarantine.hold(voter=person, why=why, now=now)
        except DomainError:
            # Another scheduler was faster; its decision says the same.
            continue
    return len(people)
