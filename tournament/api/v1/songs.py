"""Whether a song is in the arena, for programs."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from mixing import access as songs
from mixing.models import Song
from tournament.services import consents


class ConsentSerializer(serializers.Serializer[Any]):
    in_arena = serializers.BooleanField()
    licence = serializers.CharField(help_text="As voters see it; empty for a song that is private.")
    genre = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    wording = serializers.CharField(help_text="What an owner agrees to by giving the song.")


class NewConsentSerializer(serializers.Serializer[Any]):
    licence = serializers.ChoiceField(choices=consents.LICENCES)
    genre = serializers.ChoiceField(choices=consents.GENRES)
    agreed = serializers.BooleanField(help_text="That the owner agrees to the wording.")


class SongArenaView(APIView):
    @extend_schema(operation_id="song_arena_retrieve", responses=ConsentSerializer)
    def get(self, request: Request, uuid: UUID) -> Response:
        """Whether strangers may judge mixes of your song, and under which licence. A song is private at first."""
        return Response(_told(_own_song(request, uuid)))

    @extend_schema(operation_id="song_arena_give", request=NewConsentSerializer, responses={201: ConsentSerializer})
    def post(self, request: Request, uuid: UUID) -> Response:
        """Gives your song to the arena."""
        song = _own_song(request, uuid)
        asked = NewConsentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        consents.give(song=song, user=cast(User, request.user), **asked.validated_data)
        return Response(_told(song), status=201)

    @extend_schema(operation_id="song_arena_withdraw", responses=ConsentSerializer)
    def delete(self, request: Request, uuid: UUID) -> Response:
        """Makes your song private again, at once. Votes that were cast stay."""
        song = _own_song(request, uuid)
        consents.withdraw(song=song, user=cast(User, request.user))
        return Response(_told(song))


def _own_song(request: Request, uuid: UUID) -> Song:
    return songs.editable_song_for(cast(User, request.user), uuid)


def _told(song: Song) -> dict[str, Any]:
    held = consents.current(song)
    return {
        "in_arena": held is not None,
        "licence": held.licence if held else "",
        "genre": held.genre if held else "",
        "since": held.created_at if held else None,
        "wording": consents.WORDING,
    }
