"""The arena for programs: the same doors, the same services, the same blindness."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from mixing import access as songs
from tournament import access
from tournament.api.v1.serializers import (
    BallotSerializer,
    BattleSerializer,
    ListeningSerializer,
    NewBattleSerializer,
    NewHeardSerializer,
    NewVoteSerializer,
    ReasonsSerializer,
    RevealSerializer,
)
from tournament.cards import card, cards
from tournament.models import Battle, Vote
from tournament.services import ballots, battles, votes
from tournament.traces import address_of, browser_of


class BattleListView(GenericAPIView[Battle]):
    serializer_class = BattleSerializer
    queryset = Battle.objects.none()

    @extend_schema(operation_id="battles_list", responses=BattleSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Battles that people started and one may hear, and those that one was handed. Reveals lack their facts."""
        user = cast(User, request.user)
        page = self.paginate_queryset(access.listed_battles(user))
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


class BallotView(APIView):
    @extend_schema(operation_id="battles_ballot", request=None, responses=BallotSerializer)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Your ballot on this battle: its token, and what you have heard so far. Asking again gives the same one."""
        user = cast(User, request.user)
        battle = access.battle_for(user, uuid)
        if access.vote_of(user, battle) is not None:
            raise ballots.already_voted()
        ballot = ballots.issue(battle=battle, voter=user, address=address_of(request), browser=browser_of(request))
        return Response(BallotSerializer({"token": ballot.token, **ballots.state(ballot, battle)}).data)


class HeardView(APIView):
    @extend_schema(operation_id="battles_heard", request=NewHeardSerializer, responses=ListeningSerializer)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Reports what sounded since the last report, about every two seconds while it plays.

        Nobody hears more seconds than have passed by the server's clock: what goes beyond is left out. A vote needs
        five seconds of each side, three heard on both, and one switch; `missing` says what is lacking.
        """
        user = cast(User, request.user)
        battle = access.battle_for(user, uuid)
        asked = NewHeardSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        ballot = ballots.hear(battle=battle, voter=user, **asked.validated_data)
        return Response(ListeningSerializer(ballots.state(ballot, battle)).data)


class VoteView(APIView):
    @extend_schema(operation_id="battles_vote", request=NewVoteSerializer, responses={201: RevealSerializer})
    def post(self, request: Request, uuid: UUID) -> Response:
        """Votes, once and for good; the answer tells who stood where.

        Before enough was heard it is refused with `listen_more` (400), whose `field` is `a`, `b`, `switch` or `common`;
        a second vote with `already_voted` (409).
        """
        user = cast(User, request.user)
        battle = access.battle_for(user, uuid)
        asked = NewVoteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        vote = votes.cast_vote(battle=battle, voter=user, **asked.validated_data)
        return Response(RevealSerializer(card(battle, vote).reveal).data, status=201)


class ReasonsView(APIView):
    @extend_schema(operation_id="battles_reasons", request=ReasonsSerializer, responses={201: ReasonsSerializer})
    def post(self, request: Request, uuid: UUID) -> Response:
        """Says why you voted as you did: one or several reasons, once, after the vote."""
        user = cast(User, request.user)
        vote = get_object_or_404(Vote, battle=access.battle_for(user, uuid), voter=user)
        asked = ReasonsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = votes.give_reasons(vote=vote, **asked.validated_data)
        return Response({"codes": [reason.code for reason in given]}, status=201)
