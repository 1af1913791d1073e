"""The door to battles: who may hear and judge which."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.shortcuts import get_object_or_404

from accounts.models import User
from tournament.models import Ballot, Battle, Vote
from tournament.services.consents import in_arena


def battles_for(user: User) -> QuerySet[Battle]:
    """Battles that the person started, those on their own songs, and on songs of the arena all that are ready.

    Who has voted keeps what was revealed, also when the clips are cleared away. A battle whose song is gone has no
    sound left and is nobody's to hear. A tournament is its musician's alone. A hidden trial is everybody's, as any
    other battle: who could not open it would know it for one.
    """
    ready = ~Q(clip_a_path="") & ~Q(clip_b_path="")
    judged = Exists(Vote.objects.filter(battle=OuterRef("pk"), voter=user))
    heard_by_all = Q(song__in=in_arena()) & (ready | Q(judged)) & ~Q(purpose=Battle.Purpose.TOURNAMENT)
    there = Battle.objects.filter(song__isnull=False, job__isnull=False)
    return there.filter(Q(created_by=user) | Q(song__owner=user) | heard_by_all).select_related(
        "song", "job", "mixer_a", "mixer_b"
    )


def battle_for(user: User, uuid: UUID) -> Battle:
    """One of :func:`battles_for`; a foreign battle is as missing as one that does not exist."""
    return get_object_or_404(battles_for(user), uuid=uuid)


def own_battles(user: User) -> QuerySet[Battle]:
    """Battles that the person started or that were started on their songs, newest first.

    What the arena prepares ahead is listed to nobody, also not on one's own song; rounds are told by their tournament.
    """
    started = Q(created_by=user) | Q(song__owner=user, created_by__isnull=False)
    return battles_for(user).filter(started).exclude(purpose=Battle.Purpose.TOURNAMENT)


def listed_battles(user: User) -> QuerySet[Battle]:
    """Of :func:`battles_for`, those that people started, and those of the arena that the person was handed.

    Rounds are told by their tournament.
    """
    handed = Ballot.objects.filter(battle=OuterRef("pk"), voter=user)
    rows = battles_for(user).filter(Q(created_by__isnull=False) | Exists(handed))
    return rows.exclude(purpose=Battle.Purpose.TOURNAMENT)


def open_battles(user: User) -> QuerySet[Battle]:
    """Listed battles that the person may hear now and has not voted on."""
    voted = Vote.objects.filter(battle=OuterRef("pk"), voter=user)
    return listed_battles(user).exclude(clip_a_path="").exclude(clip_b_path="").exclude(Exists(voted))


def vote_of(user: User, battle: Battle) -> Vote | None:
    """The person's own vote; nobody sees another's."""
    return Vote.objects.filter(battle=battle, voter=user).first()


def own_vote_for(user: User, battle: Battle) -> Vote:
    """The same where there must be one; a 404 before it."""
    return get_object_or_404(Vote, battle=battle, voter=user)


def votes_of(user: User, battles: list[Battle]) -> dict[int, Vote]:
    """The person's own votes on these battles, by the battle's primary key."""
    return {vote.battle_id: vote for vote in Vote.objects.filter(battle__in=battles, voter=user)}
