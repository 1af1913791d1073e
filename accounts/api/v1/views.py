"""The person behind the request."""

from __future__ import annotations

from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.v1.serializers import MeSerializer
from accounts.models import User
from accounts.services import profile


class MeView(APIView):
    @extend_schema(operation_id="me_retrieve", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Who this session or key speaks for."""
        return Response(MeSerializer(cast(User, request.user)).data)

    @extend_schema(operation_id="me_update", request=MeSerializer, responses=MeSerializer)
    def patch(self, request: Request) -> Response:
        """Changes the name that others see."""
        user = cast(User, request.user)
        asked = MeSerializer(user, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        profile.rename(user=user, display_name=asked.validated_data.get("display_name", user.display_name))
        return Response(MeSerializer(user).data)
