"""The arena for programs: the same doors, the same services, the same blindness."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from mixing import access as songs
from tournament import access
from tournament.api.v1.serializers import (
    BattleSerializer,
    NewBattleSerializer,
    NewVoteSerializer,
    RevealSerializer,
)
from tournament.cards import card, cards
from tournament.models import Battle
from tournament.services import battles, votes


class BattleListView(GenericAPIView[Battle]):
    serializer_class = BattleSerializer
    queryset = Battle.objects.none()

    @extend_schema(operation_id="battles_list", responses=BattleSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Battles that one may hear: one's own, and those on songs of the house. Reveals come without their facts."""
        user = cast(User, request.user)
        page = self.paginate_queryset(access.battles_for(user))
        return self.get_paginated_response(BattleSerializer(cards(user, page or []), many=True).data)

    @extend_schema(operation_id="battles_create", request=NewBattleSerializer, responses={201: BattleSerializer})
    def post(self, request: Request) -> Response:
        """Starts a battle on a song; two mixers and their sides are drawn at random."""
        asked = NewBattleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        user = cast(User, request.user)
        song = songs.song_for(user, asked.validated_data["song"])
        battle = battles.create_battle(user=user, song=song)
        return Response(BattleSerializer(card(battle, None)).data, status=201)


class BattleView(APIView):
    @extend_schema(operation_id="battles_retrieve", responses=BattleSerializer)
    def get(self, request: Request, uuid: UUID) -> Response:
        """One battle; who stood where is told once one has voted."""
        user = cast(User, request.user)
        battle = access.battle_for(user, uuid)
        return Response(BattleSerializer(card(battle, access.vote_of(user, battle))).data)


class VoteView(APIView):
    @extend_schema(operation_id="battles_vote", request=NewVoteSerializer, responses={201: RevealSerializer})
    def post(self, request: Request, uuid: UUID) -> Response:
        """Votes, once and for good; the answer tells who stood where. A second vote is refused with 409."""
        user = cast(User, request.user)
        battle = access.battle_for(user, uuid)
        asked = NewVoteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        vote = votes.cast_vote(battle=battle, voter=user, **asked.validated_data)
        return Response(RevealSerializer(card(battle, vote).reveal).data, status=201)
