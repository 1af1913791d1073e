"""Boards for programs, as they were published; open to everyone, like the votes that they are made of."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tournament import board_pages
from tournament.board_pages import BoardPage


class BoardNameSerializer(serializers.Serializer[Any]):
    board = serializers.CharField(help_text="`public`, `artist`, `expert`, or `genre:NAME`.")
    title = serializers.CharField()
    votes = serializers.IntegerField()
    votes_sha256 = serializers.CharField()
    computed_at = serializers.DateTimeField()


class BoardRowSerializer(serializers.Serializer[Any]):
    contender = serializers.CharField(help_text="A mixer as it mixed: `key@version`.")
    status = serializers.ChoiceField(choices=["ranked", "preliminary", "unranked"])
    rating = serializers.FloatField(help_text="In points: 400 are ten to one, the reference stands at 1000.")
    low = serializers.FloatField()
    high = serializers.FloatField()
    votes = serializers.IntegerField()
    wins = serializers.IntegerField()
    losses = serializers.IntegerField()
    ties = serializers.IntegerField()
    both_bad = serializers.IntegerField()
    both_bad_share = serializers.FloatField(allow_null=True)
    both_bad_low = serializers.FloatField()
    both_bad_high = serializers.FloatField()


class EffectSerializer(serializers.Serializer[Any]):
    logits = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class BoardSerializer(BoardNameSerializer):
    rules = serializers.DictField(help_text="Which votes the board counts, and what it takes to be ranked.")
    reference = serializers.CharField(allow_null=True)
    rows = BoardRowSerializer(many=True)
    win_matrix = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))
    side = EffectSerializer(allow_null=True)
    loudness = EffectSerializer(allow_null=True)
    tie = serializers.FloatField(allow_null=True)
    effective_voters = serializers.FloatField()
    votes_to_flip = serializers.IntegerField(allow_null=True)


def _named(page: BoardPage) -> dict[str, Any]:
    return {name: getattr(page, name) for name in ("board", "title", "votes", "votes_sha256", "computed_at")}


class BoardListView(APIView):
    permission_classes = [AllowAny]

    @extend_schema(operation_id="boards_list", responses=BoardNameSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Every board that has votes, everyone's first."""
        return Response(BoardNameSerializer([_named(page) for page in board_pages.latest()], many=True).data)


class BoardView(APIView):
    permission_classes = [AllowAny]

    @extend_schema(operation_id="boards_retrieve", responses=BoardSerializer)
    def get(self, request: Request, board: str) -> Response:
        """One board: ratings with 95 % intervals, how often each won against each, and what else it rests on."""
        page = board_pages.board_or_404(board)
        return Response(BoardSerializer({**page.raw, **_named(page)}).data)
