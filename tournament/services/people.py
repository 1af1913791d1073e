"""People: where they stand, the credits that their votes bring, what they are awarded, and whom they brought.

Everything here follows from rows that are kept, and is written once: it can be told again at any time, after a vote, by
the scheduler, or both at the same moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import Award, LedgerEntry, Referral, User
from accounts.services import ledger
from tournament.engine import tiers
from tournament.engine.achievements import CATALOGUE
from tournament.engine.tiers import Standing
from tournament.models import Ballot, Quarantine, SongConsent, Tournament, Vote
from tournament.services import quarantine, trials
from tournament.services.people_history import PersonsHistory

log = structlog.get_logger("aimixer.people")

Reason = LedgerEntry.Reason
VOTE_CREDITS: Final = 1
TRIAL_CREDITS: Final = 1
REFERRAL_CREDITS: Final = 20
LOOKS_BACK: Final = timedelta(days=2)
MOST_RECENT: Final = 50_000
_AT_ONCE: Final = 500


def standing_of(user: User) -> Standing:
    """Tier and reliability from the votes as they stand; votes that are held back verify nothing."""
    said = trials.of_voter(user)
    return tiers.standing(verified_votes(user), said.all_right, said.all_count)


def verified_votes(user: User) -> int:
    """Rated votes that the integrity gates have not held back."""
    if quarantine.held_back(user) is not None:
        return 0
    return Vote.objects.filter(voter=user, is_rated=True).count()


def after_vote(vote: Vote) -> None:
    """Settle with whoever voted. A vote stands whatever happens here; what is missed the scheduler makes up for."""
    if vote.voter is None:
        return
    try:
        settle(vote.voter)
    except DatabaseError:
        log.exception("not_settled", vote=str(vote.uuid))


def settle_recent(*, now: datetime | None = None) -> int:
    """What the scheduler calls: settle with everybody of whom there is news of the last two days; how many."""
    since = (now or timezone.now()) - LOOKS_BACK
    newest = Vote.objects.aggregate(newest=Max("id"))["newest"] or 0
    # By their numbers too, which have an index: a log of millions is not read through every minute.
    recent = Vote.objects.filter(id__gt=newest - MOST_RECENT, created_at__gte=since)
    news = set(_unpaid(recent).values_list("voter_id", flat=True)[:_AT_ONCE])
    news |= set(Quarantine.objects.filter(created_at__gte=since).values_list("voter_id", flat=True))
    news |= set(Tournament.objects.filter(finished_at__gte=since).values_list("owner_id", flat=True))
    news |= set(SongConsent.objects.filter(created_at__gte=since).values_list("given_by_id", flat=True))
    people = User.objects.in_bulk([pk for pk in news if pk is not None])
    for person in people.values():
        settle(person)
    return len(people)


def settle(user: User) -> None:
    """Write what is due to a person: credits, what a decision takes or gives back, the credits of whoever brought
    them, and awards. While votes are held back, they bring nothing."""
    decision = quarantine.latest_decision(user)
    if decision is not None and decision.decision == Quarantine.Decision.HELD:
        _take_what_was_earned(user, decision)
        return
    if decision is not None:
        _give_back_what_was_taken(user)
    for vote in _unpaid(Vote.objects.filter(voter=user)).order_by("id"):
        _pay(user, vote)
    found = standing_of(user)
    brought_by = _pay_referrer(user, found.verified)
    award(user, found)
    if brought_by is not None:
        award(brought_by, standing_of(brought_by))


# ---- credits ---------------------------------------------------------------------------------------------------------


def _unpaid(votes: QuerySet[Vote]) -> QuerySet[Vote]:
    """Votes that bring credits and have brought none yet: those that count, and hidden trials."""
    paid = LedgerEntry.objects.filter(about=OuterRef("uuid"), reason__in=(Reason.VOTE, Reason.TRIAL))
    due = Q(is_rated=True) | Q(unrated_reason=Vote.Unrated.TRIAL)
    return votes.filter(due, ~Exists(paid), voter__isnull=False)


def _pay(user: User, vote: Vote) -> None:
    reason, amount = (Reason.VOTE, VOTE_CREDITS) if vote.is_rated else (Reason.TRIAL, TRIAL_CREDITS)
    ledger.grant(user=user, amount=amount, reason=reason, key=f"vote:{vote.uuid}", about=vote.uuid)


@transaction.atomic
def _take_what_was_earned(user: User, decision: Quarantine) -> None:
    """Once for each decision: what the votes that are held back have brought, as far as it is not spent."""
    key = f"held:{decision.pk}"
    ledger.hold(user)
    if LedgerEntry.objects.filter(key=key).exists():
        return
    by_votes = LedgerEntry.objects.filter(
        user=user, reason__in=(Reason.VOTE, Reason.TRIAL, Reason.HELD, Reason.LET_IN)
    ).aggregate(sum=Sum("amount"))["sum"]
    amount = min(ledger.balance(user), by_votes or 0)
    if amount > 0:
        ledger.grant(user=user, amount=-amount, reason=Reason.HELD, key=key)


def _give_back_what_was_taken(user: User) -> None:
    for taken in LedgerEntry.objects.filter(user=user, reason=Reason.HELD):
        ledger.grant(user=user, amount=-taken.amount, reason=Reason.LET_IN, key=f"let_in:{taken.key}")


# ---- whom one brought ------------------------------------------------------------------------------------------------


def _pay_referrer(user: User, verified: int) -> User | None:
    """Credits for whoever brought this person, once that one's votes show that they are there to listen."""
    if verified < settings.REFERRAL_VOTES:
        return None
    referral = Referral.objects.select_related("referrer").filter(person=user).first()
    if referral is None or shares_device(user, referral.referrer):
        return None
    ledger.grant(
        user=referral.referrer,
        amount=REFERRAL_CREDITS,
        reason=Reason.REFERRAL,
        key=f"referral:{user.uuid}",
        about=user.uuid,
    )
    return referral.referrer


def shares_device(one: User, other: User) -> bool:
    """Whether both have voted from one network with one browser, as the hashes on their ballots tell."""
    known = Ballot.objects.exclude(network="").exclude(device="").filter(used_at__isnull=False)
    of_other = known.filter(voter=other, network=OuterRef("network"), device=OuterRef("device"))
    return known.filter(Exists(of_other), voter=one).exists()


# ---- awards ----------------------------------------------------------------------------------------------------------


def award(user: User, standing: Standing) -> list[Award]:
    """Write down what the person has achieved and was not awarded yet; the new awards."""
    has = set(Award.objects.filter(user=user).values_list("key", flat=True))
    history = PersonsHistory(user, standing)
    new = []
    for achievement in CATALOGUE:
        if achievement.key in has:
            continue
        found = achievement.of(history)
        if found.at is None:
            continue
        row, made = Award.objects.get_or_create(
            user=user, key=achievement.key, defaults={"evidence": found.evidence, "achieved_at": found.at}
        )
        new += [row] if made else []
    return new
