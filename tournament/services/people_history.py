"""What a person did, read for their achievements: each part once, and only if it is asked for."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from django.utils import timezone

from accounts.models import LedgerEntry, User
from tournament.engine.achievements import Deed, Judged, Tried
from tournament.engine.tiers import Standing
from tournament.models import Competitor, Round, SongConsent, Tournament, Vote
from tournament.services import trials

LATEST_VOTES: Final = 1_000
"""What lies further back was looked at when it was new."""


class PersonsHistory:
    """A :class:`tournament.engine.achievements.History` of somebody's rows."""

    def __init__(self, user: User, standing: Standing) -> None:
        self.user = user
        self.standing = standing

    @cached_property
    def judged(self) -> list[Judged]:
        rows = Vote.objects.filter(voter=self.user).order_by("-id").values_list(
            "created_at", "battle__uuid", "battle__song_uuid", "battle__genre", "is_rated"
        )[:LATEST_VOTES]  # fmt: skip
        return [
            Judged(at=at, battle=str(battle), song=str(song), genre=genre, is_rated=is_rated)
            for at, battle, song, genre, is_rated in reversed(rows)
        ]

    @cached_property
    def tried(self) -> list[Tried]:
        return [
            Tried(at=answer.at, battle=str(answer.battle), kind=answer.kind, is_right=answer.is_right)
            for answer in trials.answers(self.user)
        ]

    @cached_property
    def explained(self) -> list[Deed]:
        votes = Vote.objects.filter(voter=self.user, reasons__isnull=False).order_by("id").distinct()
        return [Deed(at=at, about=str(battle)) for at, battle in votes.values_list("created_at", "battle__uuid")[:10]]

    @cached_property
    def tournaments(self) -> list[Deed]:
        done = Tournament.objects.filter(owner=self.user, state=Tournament.State.DONE, finished_at__isnull=False)
        rows = done.order_by("finished_at").values_list("finished_at", "uuid")[:1]
        return [Deed(at=at, about=str(uuid)) for at, uuid in rows if at is not None]

    @cached_property
    def own_wins(self) -> list[Deed]:
        own = Round.objects.filter(
            tournament__owner=self.user,
            tournament__state=Tournament.State.DONE,
            winner__kind=Competitor.Kind.ROUGH_MIX,
            decided_at__isnull=False,
        ).select_related("tournament")
        # Only the last round makes a champion.
        last = [row for row in own.order_by("decided_at") if row.number == row.tournament.rounds]
        return [Deed(at=row.decided_at, about=str(row.tournament.uuid)) for row in last if row.decided_at is not None]

    @cached_property
    def given_songs(self) -> list[Deed]:
        rows = SongConsent.objects.filter(given_by=self.user, is_given=True, song__owner=self.user).order_by("id")
        return [Deed(at=at, about=str(song)) for at, song in rows.values_list("created_at", "song__uuid")[:1]]

    @cached_property
    def brought(self) -> list[Deed]:
        rows = LedgerEntry.objects.filter(user=self.user, reason=LedgerEntry.Reason.REFERRAL).order_by("id")
        return [Deed(at=at, about=str(about)) for at, about in rows.values_list("created_at", "about")[:1]]

    @cached_property
    def league(self) -> list[Deed]:
        tier = self.standing.tier
        return [Deed(at=timezone.now(), about=tier.key)] if tier.is_league else []
