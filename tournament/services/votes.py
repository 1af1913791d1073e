"""Taking votes: one for each person and battle, kept for good; and the reasons, asked afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Final

from django.db import IntegrityError, transaction

from accounts.models import User
from aimixer_site.ops.errors import DomainError
from mixing.services.mixes import has_opened
from tournament import events
from tournament.models import Battle, Vote, VoteReason
from tournament.services import ballots, clock, people, tournaments

TRIALS: Final = frozenset({Battle.Purpose.SAME, Battle.Purpose.REPEAT, Battle.Purpose.ANCHOR})


def cast_vote(*, battle: Battle, voter: User, token: str, choice: str, now: datetime | None = None) -> Vote:
    """Store what ``voter`` said of ``battle``; a vote that may know too much is stored and not rated.

    A ballot is used once, and the database holds the rule of one vote for each person besides, whatever arrives at the
    same time. What was heard is taken from the ballot.

    Parameters
    ----------
    token : str
        Of the voter's ballot on this battle.
    choice : str
        One of ``Vote.Choice``.

    Raises
    ------
    DomainError
        ``invalid_choice``, ``not_ready`` (409), ``unknown_ballot``, ``listen_more`` or ``already_voted`` (409).
    """
    now = now or clock.now()
    if choice not in Vote.Choice.values:
        raise DomainError("invalid_choice", f"A vote is one of {', '.join(Vote.Choice.values)}.", field="choice")
    if not battle.is_ready:
        raise DomainError("not_ready", "This battle is still being prepared; vote once you have heard it.", status=409)
    reason = unrated_reason(battle=battle, voter=voter, choice=choice)
    try:
        with transaction.atomic():
            ballot = ballots.use(battle=battle, voter=voter, token=token, now=now)
            vote = Vote.objects.create(
                battle=battle,
                voter=voter,
                ballot=ballot,
                choice=choice,
                is_rated=not reason,
                unrated_reason=reason,
                heard_a_s=ballot.heard_a_s,
                heard_b_s=ballot.heard_b_s,
                switches=ballot.switches,
                decided_after_s=(now - (ballot.sounded_at or ballot.issued_at)).total_seconds(),
                created_at=now,
            )
            tournaments.decide(vote, now=now)
            transaction.on_commit(partial(events.announce_vote, battle.uuid))
    except IntegrityError:
        # The only rule that a vote with a good ballot can break is that of one for each person.
        raise ballots.already_voted() from None
    people.after_vote(vote)
    return vote


def unrated_reason(*, battle: Battle, voter: User, choice: str) -> str:
    """Why a vote would not enter the board: a value of ``Vote.Unrated``, or an empty string."""
    if battle.purpose in TRIALS:
        return str(Vote.Unrated.TRIAL)
    if battle.played_song.owner_id == voter.pk:
        return str(Vote.Unrated.OWN_SONG)
    if has_opened(voter, battle.played_song.pk, (battle.mixer_a_id, battle.mixer_b_id)):
        return str(Vote.Unrated.OPENED_MIX)
    return str(Vote.Unrated.CANT_TELL) if choice == Vote.Choice.CANT_TELL else ""


def give_reasons(*, vote: Vote, codes: Iterable[str], now: datetime | None = None) -> list[VoteReason]:
    """Keep why a person voted as they did: several reasons, once.

    Raises
    ------
    DomainError
        ``no_reasons``, ``invalid_reason``, or ``already_told`` (409).
    """
    named = sorted(set(codes))
    if not named:
        raise DomainError("no_reasons", "Choose at least one reason, or leave it.", field="codes")
    if not set(named) <= set(VoteReason.Code.values):
        raise DomainError("invalid_reason", f"A reason is one of {', '.join(VoteReason.Code.values)}.", field="codes")
    with transaction.atomic():
        # The vote's row is what two answers at the same moment queue up for.
        Vote.objects.select_for_update().get(pk=vote.pk)
        if vote.reasons.exists():
            raise DomainError("already_told", "You have said why; the first answer counts.", status=409)
        at = now or clock.now()
        return VoteReason.objects.bulk_create(VoteReason(vote=vote, code=code, created_at=at) for code in named)
