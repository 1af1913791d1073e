"""Votes held back and let in again: decisions that are added to one another, and never a vote that is deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import Max
from django.utils import timezone

from accounts.models import User
from aimixer_site.ops.errors import DomainError
from tournament.models import Appeal, Quarantine, VoterJudgement

LONGEST_TEXT: Final = 2000
MOST_APPEALS: Final = 3
"""To one decision: enough to add what was forgotten."""


def held_voters() -> set[int]:
    """The primary keys of everyone whose votes are held back now."""
    latest = Quarantine.objects.order_by().values("voter").annotate(latest=Max("id")).values("latest")
    held = Quarantine.objects.filter(id__in=latest, decision=Quarantine.Decision.HELD)
    return set(held.values_list("voter_id", flat=True))


def latest_decision(voter: User) -> Quarantine | None:
    """What counts for this person, or None where nobody ever decided."""
    return Quarantine.objects.filter(voter=voter).order_by("-id").first()


def held_back(voter: User) -> Quarantine | None:
    """The decision by which this person's votes are held back now, or None."""
    latest = latest_decision(voter)
    return latest if latest is not None and latest.decision == Quarantine.Decision.HELD else None


def hold(*, voter: User, why: str, by: User | None = None, now: datetime | None = None) -> Quarantine:
    """Hold a person's votes back; ``by`` is empty where the gates decided by themselves.

    Raises
    ------
    DomainError
        ``reason_missing``, or ``already_held`` (409).
    """
    if held_back(voter) is not None:
        raise DomainError("already_held", "These votes are held back already.", status=409)
    return _decide(voter, Quarantine.Decision.HELD, why, by, now)


def let_in(*, voter: User, why: str, by: User, now: datetime | None = None) -> Quarantine:
    """Count a person's votes again. The gates go on judging, and do not hold back whom people let in.

    Raises
    ------
    DomainError
        ``reason_missing``, or ``not_held`` (409).
    """
    if held_back(voter) is None:
        raise DomainError("not_held", "These votes are not held back.", status=409)
    return _decide(voter, Quarantine.Decision.LET_IN, why, by, now)


def appeal(*, voter: User, text: str, now: datetime | None = None) -> Appeal:
    """Keep what a person says whose votes are held back.

    Raises
    ------
    DomainError
        ``not_held`` (409), ``empty_appeal``, ``appeal_too_long``, or ``too_many_appeals`` (409).
    """
    decision = held_back(voter)
    if decision is None:
        raise DomainError("not_held", "Your votes count; there is nothing to appeal against.", status=409)
    text = text.strip()
    if not text:
        raise DomainError("empty_appeal", "Write a sentence or two.", field="text")
    if len(text) > LONGEST_TEXT:
        raise DomainError("appeal_too_long", f"An appeal has {LONGEST_TEXT} characters at most.", field="text")
    if decision.appeals.count() >= MOST_APPEALS:
        raise DomainError("too_many_appeals", "You have written; somebody will read it and decide.", status=409)
    return Appeal.objects.create(quarantine=decision, text=text, created_at=now or timezone.now())


def _decide(voter: User, decision: str, why: str, by: User | None, now: datetime | None) -> Quarantine:
    why = why.strip()
    if not why:
        raise DomainError("reason_missing", "Say why; the reason is kept with the decision.", field="why")
    return Quarantine.objects.create(
        voter=voter, decision=decision, decided_by=by, why=why[:LONGEST_TEXT], created_at=now or timezone.now()
    )


# ---- in words --------------------------------------------------------------------------------------------------------

_IN_WORDS: Final = {
    "side": "You named one side far more often than a coin would, whatever was played there.",
    "contradiction": "Your answers contradict everybody else's, most where everybody agrees.",
    "push": "One mixer won with you far more often than taste explains.",
    "same": "You often named a winner where both sides were one and the same mix.",
    "repeat": "When a battle came back with its sides exchanged, you often named the other mix.",
    "anchor": "You often preferred a side that had been broken on purpose.",
    "speed": "Your votes came as fast as the rules allow, again and again.",
    "overlap": "You voted on battles while you were still listening to others.",
    "shared": "Several accounts on one network and browser pushed one mixer together.",
}


def reasons_in_words(decision: Quarantine) -> list[str]:
    """What is told to the person: why the gates held their votes back, or what a member of staff wrote."""
    if decision.decided_by_id is not None:
        return [decision.why]
    judged = VoterJudgement.objects.filter(voter=decision.voter_id, created_at__lte=decision.created_at)
    latest = judged.order_by().values("gate").annotate(latest=Max("id")).values("latest")
    failed = VoterJudgement.objects.filter(id__in=latest, verdict=VoterJudgement.Verdict.FAIL).order_by("id")
    return [_IN_WORDS.get(row.gate, row.text) for row in failed] or [decision.why]
