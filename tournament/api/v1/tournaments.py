"""Tournaments for programs: start one, follow it, go on, leave, share. Rounds are heard and judged as battles."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from mixing import access as songs
from tournament import tournament_pages as pages
from tournament.api.v1.serializers import SongNameSerializer
from tournament.engine import rounds
from tournament.models import Competitor, Round, Tournament
from tournament.services import tournaments as service


class LineSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Round.Kind.choices)
    stayed = serializers.CharField(help_text="Who stayed.")
    stayed_kind = serializers.ChoiceField(choices=Competitor.Kind.choices)
    left = serializers.CharField()
    left_kind = serializers.ChoiceField(choices=Competitor.Kind.choices)
    was_chosen = serializers.BooleanField(help_text="False after a tie and the like: the winner so far stays.")
    words = serializers.ListField(child=serializers.CharField(), help_text="What the one that stayed has more of.")
    battle_url = serializers.CharField()


class CurrentSerializer(serializers.Serializer[Any]):
    """The round that is to be judged next; who is in it is told after the vote on its battle."""

    number = serializers.IntegerField()
    title = serializers.CharField()
    battle = serializers.UUIDField(allow_null=True)
    is_ready = serializers.BooleanField()
    has_stopped = serializers.BooleanField(help_text="Its preparation failed or was stopped; go on to prepare anew.")


class LeaningSerializer(serializers.Serializer[Any]):
    trait = serializers.CharField()
    words = serializers.CharField()
    amount = serializers.FloatField()
    sureness = serializers.FloatField(help_text="Probability that the direction is right, 0.5 to 1.")
    choices = serializers.IntegerField()
    is_sure = serializers.BooleanField()


class TournamentSerializer(serializers.Serializer[Any]):
    uuid = serializers.UUIDField(source="tournament.uuid")
    url = serializers.CharField()
    song = SongNameSerializer()
    rounds = serializers.IntegerField(source="tournament.rounds")
    with_rough_mix = serializers.BooleanField(source="tournament.with_rough_mix")
    state = serializers.ChoiceField(choices=Tournament.State.choices, source="tournament.state")
    story = LineSerializer(many=True, source="lines")
    current = CurrentSerializer(allow_null=True)
    champion = serializers.CharField()
    final_mix = serializers.UUIDField(source="final_mix.uuid", allow_null=True, default=None)
    nearest_style = serializers.CharField(source="style", allow_null=True)
    taste = LeaningSerializer(many=True, source="leanings")
    seed = serializers.IntegerField(allow_null=True, help_text="Told once it is over, since sides follow from it.")
    is_shared = serializers.BooleanField(source="tournament.is_shared")


class NewTournamentSerializer(serializers.Serializer[Any]):
    song = serializers.UUIDField()
    rounds = serializers.IntegerField(default=rounds.USUAL_ROUNDS)
    with_rough_mix = serializers.BooleanField(default=False)


class SharingSerializer(serializers.Serializer[Any]):
    is_shared = serializers.BooleanField()


def _told(row: Tournament) -> dict[str, Any]:
    row.refresh_from_db()
    return dict(TournamentSerializer(pages.story(row)).data)


class TournamentListView(GenericAPIView[Tournament]):
    serializer_class = TournamentSerializer
    queryset = Tournament.objects.none()

    @extend_schema(operation_id="tournaments_list", responses=TournamentSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Your tournaments, the newest first; their stories come without words."""
        page = self.paginate_queryset(pages.tournaments_of(cast(User, request.user)))
        stories = [pages.story(row, with_words=False) for row in page or []]
        return self.get_paginated_response(TournamentSerializer(stories, many=True).data)

    @extend_schema(
        operation_id="tournaments_create", request=NewTournamentSerializer, responses={201: TournamentSerializer}
    )
    def post(self, request: Request) -> Response:
        """Starts a tournament of 3 to 10 rounds on a song of yours; its first round is prepared at once."""
        asked = NewTournamentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        user, values = cast(User, request.user), asked.validated_data
        song = songs.editable_song_for(user, values["song"])
        made = service.create(song=song, owner=user, count=values["rounds"], with_rough_mix=values["with_rough_mix"])
        return Response(_told(made), status=201)


class TournamentView(APIView):
    @extend_schema(operation_id="tournaments_retrieve", responses=TournamentSerializer)
    def get(self, request: Request, uuid: UUID) -> Response:
        """One tournament: its story so far, and the battle to judge next."""
        return Response(_told(pages.tournament_for(cast(User, request.user), uuid)))


class TournamentNextView(APIView):
    @extend_schema(operation_id="tournaments_next", request=None, responses=TournamentSerializer)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Goes on where it is: comes back to one that was left, or prepares anew what failed. Twice does it once."""
        row = pages.tournament_for(cast(User, request.user), uuid)
        service.go_on(row)
        return Response(_told(row))


class TournamentLeaveView(APIView):
    @extend_schema(operation_id="tournaments_leave", request=None, responses=TournamentSerializer)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Puts it aside; nothing that was chosen is lost."""
        row = pages.tournament_for(cast(User, request.user), uuid)
        service.leave(row)
        return Response(_told(row))


class TournamentShareView(APIView):
    @extend_schema(operation_id="tournaments_share", request=SharingSerializer, responses=TournamentSerializer)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Opens the story of a finished tournament to everyone who has its link, or closes it again."""
        row = pages.tournament_for(cast(User, request.user), uuid)
        asked = SharingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        service.share(row, is_shared=asked.validated_data["is_shared"])
        return Response(_told(row))
