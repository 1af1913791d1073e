"""The only doors to rows. What is missing and what belongs to somebody else give the same 404."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q, QuerySet
from django.http import Http404

from accounts.models import User
from mixing.models import Export, Job, Mix, Reference, Song, Stem, Upload

Row = TypeVar("Row", bound=Model)
Visitor = User | AnonymousUser


def songs_of(user: Visitor) -> QuerySet[Song]:
    """A person's own songs."""
    return Song.objects.filter(owner=user.pk) if user.is_authenticated else Song.objects.none()


def house_songs(user: Visitor) -> QuerySet[Song]:
    """Songs that everyone who is signed in may hear and mix."""
    return Song.objects.filter(owner=None) if user.is_authenticated else Song.objects.none()


def readable_songs(user: Visitor) -> QuerySet[Song]:
    """Own songs and those of the house."""
    return songs_of(user) | house_songs(user)


def song_for(user: Visitor, uuid: UUID) -> Song:
    """A song that this person may hear and mix."""
    return _one(readable_songs(user), uuid)


def editable_song_for(user: Visitor, uuid: UUID) -> Song:
    """A song that this person may change; nobody changes a house song here."""
    return _one(songs_of(user), uuid)


def stems_for(user: Visitor) -> QuerySet[Stem]:
    """Stems of readable songs."""
    if not user.is_authenticated:
        return Stem.objects.none()
    return Stem.objects.filter(Q(song__owner=user.pk) | Q(song__owner=None)).select_related("song")


def stem_for(user: Visitor, uuid: UUID) -> Stem:
    """A stem that this person may hear."""
    return _one(stems_for(user), uuid)


def editable_stem_for(user: Visitor, uuid: UUID) -> Stem:
    """A stem of an own song."""
    return _one(stems_for(user).filter(song__owner=user.pk), uuid)


def references_of(user: Visitor) -> QuerySet[Reference]:
    """Recordings beside a person's own songs; nobody else hears them."""
    if not user.is_authenticated:
        return Reference.objects.none()
    return Reference.objects.filter(song__owner=user.pk).select_related("song", "job")


def reference_for(user: Visitor, uuid: UUID) -> Reference:
    """One of the recordings beside a person's own songs."""
    return _one(references_of(user), uuid)


def mixes_of(user: Visitor) -> QuerySet[Mix]:
    """A person's own mixes, of own songs and of the house's."""
    if not user.is_authenticated:
        return Mix.objects.none()
    return Mix.objects.filter(owner=user.pk).select_related("song", "mixer", "job")


def mix_for(user: Visitor, uuid: UUID) -> Mix:
    """One of a person's own mixes."""
    return _one(mixes_of(user), uuid)


def mixes_beside(user: Visitor, mix: Mix) -> QuerySet[Mix]:
    """This person's other finished mixes of the same song, newest first."""
    others = mixes_of(user).filter(song=mix.song_id, parameters__isnull=False).exclude(wav_path="").exclude(pk=mix.pk)
    return others.defer("parameters", "report", "intent")


def exports_of(user: Visitor) -> QuerySet[Export]:
    """What a person had written of own mixes."""
    if not user.is_authenticated:
        return Export.objects.none()
    return Export.objects.filter(mix__owner=user.pk).select_related("job", "mix__song", "mix__mixer")


def export_for(user: Visitor, uuid: UUID) -> Export:
    """One of a person's own exports."""
    return _one(exports_of(user), uuid)


def jobs_of(user: Visitor) -> QuerySet[Job]:
    """Jobs that a person started."""
    return Job.objects.filter(owner=user.pk) if user.is_authenticated else Job.objects.none()


def job_for(user: Visitor, uuid: UUID) -> Job:
    """A job that this person started."""
    return _one(jobs_of(user), uuid)


def upload_for(user: Visitor, uuid: UUID) -> Upload:
    """A file that this person is sending, or sent within the last day."""
    if not user.is_authenticated:
        raise Http404
    return _one(Upload.objects.filter(owner=user.pk).select_related("song", "stem__job", "reference__job"), uuid)


def _one(rows: QuerySet[Row], uuid: UUID) -> Row:
    row = rows.filter(uuid=uuid).first()
    if row is None:
        raise Http404
    return row
