"""The battle that one is handed next, for programs."""

from __future__ import annotations

from typing import cast

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from tournament.api.v1.serializers import BattleSerializer
from tournament.cards import card
from tournament.services import ballots, queue
from tournament.traces import address_of, browser_of


class NextBattleView(APIView):
    @extend_schema(
        operation_id="battles_next",
        request=None,
        responses={200: BattleSerializer, 204: OpenApiResponse(description="Nothing is ready; ask again in a minute.")},
    )
    def post(self, request: Request) -> Response:
        """Hands you the next battle of the arena. Until you have voted on it, asking again gives the same one."""
        user = cast(User, request.user)
        found = queue.next_battle(user)
        if found is None:
            return Response(status=204)
        ballots.issue(battle=found, voter=user, address=address_of(request), browser=browser_of(request))
        return Response(BattleSerializer(card(found, None)).data)
