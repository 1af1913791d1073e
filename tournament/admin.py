"""Battles and votes as staff see them. Both can be read and nothing else: the board is made of them."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from tournament import integrity_admin  # noqa: F401 - registers the pages of judgements and decisions
from tournament.models import Battle, SongConsent, Vote
from tournament.read_only_admin import ReadOnlyAdmin


@admin.register(Battle)
class BattleAdmin(ReadOnlyAdmin):
    list_display = (
        "uuid",
        "song",
        "purpose",
        "mixer_a",
        "mixer_b",
        "broken_side",
        "stratum",
        "state",
        "votes",
        "loudness_gap_lu",
        "created_by",
        "created_at",
    )
    list_filter = (
        "purpose",
        "job__state",
        ("created_by", admin.EmptyFieldListFilter),
        ("song__owner", admin.EmptyFieldListFilter),
        "stratum",
        "broken_side",
        "genre",
        "mixer_a",
        "mixer_b",
    )
    search_fields = ("uuid", "song__title", "created_by__email")
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Battle]:
        rows: QuerySet[Battle] = super().get_queryset(request)
        return rows.select_related("song", "mixer_a", "mixer_b", "job", "created_by").annotate(
            vote_count=Count("votes")
        )

    @admin.display(ordering="job__state")
    def state(self, battle: Battle) -> str:
        return battle.job.state if battle.job else "gone"

    @admin.display(ordering="vote_count")
    def votes(self, battle: Battle) -> int:
        return int(battle.vote_count)  # type: ignore[attr-defined]


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    list_display = ("uuid", "battle", "choice", "is_rated", "unrated_reason", "switches", "voter", "created_at")
    list_filter = ("choice", "is_rated", "unrated_reason")
    list_select_related = ("battle__song", "voter")
    search_fields = ("uuid", "battle__uuid", "battle__song__title", "voter__email")
    date_hierarchy = "created_at"


@admin.register(SongConsent)
class SongConsentAdmin(ReadOnlyAdmin):
    """Who gave which song to the arena, in which words; the last row of a song counts."""

    list_display = ("song", "is_given", "licence", "genre", "given_by", "is_of_the_house", "created_at")
    list_filter = ("is_given", ("song__owner", admin.EmptyFieldListFilter), "licence", "genre")
    list_select_related = ("song", "given_by")
    search_fields = ("song__title", "song__uuid", "given_by__email")
    date_hierarchy = "created_at"

    @admin.display(boolean=True, description="house")
    def is_of_the_house(self, consent: SongConsent) -> bool:
        return consent.song.is_house
