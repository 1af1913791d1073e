"""Songs, stems, mixes, mixers and jobs for programs."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from mixing import access, events
from mixing.api.v1.serializers import (
    ExportRequestSerializer,
    ExportSerializer,
    JobSerializer,
    MixerCardSerializer,
    MixerSerializer,
    MixRequestSerializer,
    MixSerializer,
    ReferenceSerializer,
    SongSerializer,
    StemChangeSerializer,
    StemSerializer,
)
from mixing.models import Export, Job, Mix, Mixer, Reference, Song, Stem
from mixing.services import exports, jobs, mixes, references, songs, stems


def person(request: Request) -> User:
    """Whoever asks; permissions have let nobody else through."""
    return cast(User, request.user)


class SongsView(generics.ListCreateAPIView[Song]):
    """Own songs and those of the house."""

    serializer_class = SongSerializer

    def get_queryset(self) -> QuerySet[Song]:
        return access.readable_songs(self.request.user)

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = songs.create(owner=person(self.request), title=serializer.validated_data["title"])


class SongView(APIView):
    """One song."""

    @extend_schema(responses=SongSerializer)
    def get(self, request: Request, uuid: UUID) -> Response:
        return Response(SongSerializer(access.song_for(request.user, uuid)).data)

    @extend_schema(request=SongSerializer, responses=SongSerializer)
    def patch(self, request: Request, uuid: UUID) -> Response:
        """Change the title."""
        song = access.editable_song_for(request.user, uuid)
        serializer = SongSerializer(song, data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(SongSerializer(songs.rename(song=song, title=serializer.validated_data["title"])).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uuid: UUID) -> Response:
        """Delete the song with all of its sound."""
        songs.delete(song=access.editable_song_for(request.user, uuid))
        return Response(status=status.HTTP_204_NO_CONTENT)


class StemsView(generics.ListAPIView[Stem]):
    """The stems of a song, in its order."""

    serializer_class = StemSerializer

    def get_queryset(self) -> QuerySet[Stem]:
        if getattr(self, "swagger_fake_view", False):
            return Stem.objects.none()
        song = access.song_for(self.request.user, self.kwargs["uuid"])
        return song.stems.select_related("song", "job")


class StemView(APIView):
    """One stem."""

    @extend_schema(responses=StemSerializer)
    def get(self, request: Request, uuid: UUID) -> Response:
        return Response(StemSerializer(access.stem_for(request.user, uuid)).data)

    @extend_schema(request=StemChangeSerializer, responses=StemSerializer)
    def patch(self, request: Request, uuid: UUID) -> Response:
        """Say what role the stem has."""
        stem = access.editable_stem_for(request.user, uuid)
        serializer = StemChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(StemSerializer(stems.set_role(stem=stem, role=serializer.validated_data["role"])).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uuid: UUID) -> Response:
        """Delete the stem and its sound."""
        stems.delete(stem=access.editable_stem_for(request.user, uuid))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReferencesView(generics.ListAPIView[Reference]):
    """The recordings beside an own song: a reference track, and its owner's own rough mix."""

    serializer_class = ReferenceSerializer

    def get_queryset(self) -> QuerySet[Reference]:
        if getattr(self, "swagger_fake_view", False):
            return Reference.objects.none()
        song = access.editable_song_for(self.request.user, self.kwargs["uuid"])
        return access.references_of(self.request.user).filter(song=song)


class ReferenceView(APIView):
    """One of them."""

    @extend_schema(responses=ReferenceSerializer)
    def get(self, request: Request, uuid: UUID) -> Response:
        return Response(ReferenceSerializer(access.reference_for(request.user, uuid)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uuid: UUID) -> Response:
        """Delete the recording and its sound."""
        references.delete(reference=access.reference_for(request.user, uuid))
        return Response(status=status.HTTP_204_NO_CONTENT)


class MixersView(generics.ListAPIView[Mixer]):
    """The mixers that can be asked."""

    serializer_class = MixerSerializer
    queryset = Mixer.objects.filter(is_active=True).defer("card")


class MixerView(generics.RetrieveAPIView[Mixer]):
    """One mixer and its card; also of those that can be asked no longer, since mixes of them are kept."""

    serializer_class = MixerCardSerializer
    queryset = Mixer.objects.all()
    lookup_field = "key"


class MixesView(generics.ListAPIView[Mix]):
    """A person's own mixes, newest first."""

    serializer_class = MixSerializer

    def get_queryset(self) -> QuerySet[Mix]:
        return access.mixes_of(self.request.user).select_related("reference").defer("parameters", "reference__analysis")

    @extend_schema(request=MixRequestSerializer, responses={201: MixSerializer})
    def post(self, request: Request) -> Response:
        """Ask a mixer for a mix; ``job`` tells how far it is."""
        serializer = MixRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wish = serializer.validated_data
        mix = mixes.create(
            song=access.song_for(request.user, wish["song"]),
            owner=person(request),
            mixer_key=wish["mixer"],
            intent=wish["intent"],
            reference=wish["reference"],
        )
        return Response(MixSerializer(mix).data, status=status.HTTP_201_CREATED)


class MixView(APIView):
    """One mix."""

    @extend_schema(responses=MixSerializer)
    def get(self, request: Request, uuid: UUID) -> Response:
        mix = access.mix_for(request.user, uuid)
        mixes.note_opened(mix=mix)
        return Response(MixSerializer(mix).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uuid: UUID) -> Response:
        """Delete the mix and its sound."""
        mixes.delete(mix=access.mix_for(request.user, uuid))
        return Response(status=status.HTTP_204_NO_CONTENT)


class MixParametersView(APIView):
    """The console that the mixer set."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, uuid: UUID) -> Response:
        """The whole console, as ``manage.py mix --from-parameters`` takes it."""
        mix = access.mix_for(request.user, uuid)
        if mix.parameters is None:
            raise NotFound("This mix is not set yet.")
        mixes.note_opened(mix=mix)
        return Response(mix.parameters)


class ExportsView(generics.ListAPIView[Export]):
    """The forms in which a mix was asked for."""

    serializer_class = ExportSerializer

    def get_queryset(self) -> QuerySet[Export]:
        if getattr(self, "swagger_fake_view", False):
            return Export.objects.none()
        mix = access.mix_for(self.request.user, self.kwargs["uuid"])
        return access.exports_of(self.request.user).filter(mix=mix)

    @extend_schema(request=ExportRequestSerializer, responses={201: ExportSerializer})
    def post(self, request: Request, uuid: UUID) -> Response:
        """Have it written; what is there already, or on its way, is answered as it is."""
        serializer = ExportRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        mix = access.mix_for(request.user, uuid)
        export = exports.create(mix=mix, owner=person(request), kind=serializer.validated_data["kind"])
        return Response(ExportSerializer(export).data, status=status.HTTP_201_CREATED)


class ExportView(APIView):
    """One export."""

    @extend_schema(responses=ExportSerializer)
    def get(self, request: Request, uuid: UUID) -> Response:
        return Response(ExportSerializer(access.export_for(request.user, uuid)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uuid: UUID) -> Response:
        """Delete the export and its file."""
        exports.delete(export=access.export_for(request.user, uuid))
        return Response(status=status.HTTP_204_NO_CONTENT)


class JobView(APIView):
    """How far a job is."""

    @extend_schema(responses=JobSerializer)
    def get(self, request: Request, uuid: UUID) -> Response:
        return Response(JobSerializer(_with_target(access.job_for(request.user, uuid))).data)


class JobCancelView(APIView):
    """The wish to stop a job."""

    @extend_schema(request=None, responses=JobSerializer)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Stop it: at once while it waits, between two blocks while it runs."""
        job = jobs.request_cancel(job=access.job_for(request.user, uuid))
        return Response(JobSerializer(_with_target(job)).data)


def _with_target(job: Job) -> Job:
    return get_object_or_404(events.with_targets(Job.objects.filter(pk=job.pk)))
