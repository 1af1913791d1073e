"""Files on their way, in chunks. The row's offset is the truth about what has arrived; the file may only be longer."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.http import UnreadablePostError
from django.utils import timezone

from accounts.models import User
from aimixer_site.ops.errors import DomainError, unless_deleted
from mixing.models import Recording, Song, Stem, Upload
from mixing.services import jobs, references, stems, storage

PIECE_BYTES = 64 * 1024
_ORPHANS_AFTER_S = 3600
_UNNAMED_FILES_AFTER_S = 24 * 3600
_MEGABYTE = 2**20

Read = Callable[[int], bytes]


def create(*, song: Song, owner: User, filename: str, length: int, kind: str = Upload.Kind.STEM) -> Upload:
    """Make room for a file of ``length`` bytes; refused if it is empty, too large, one too many or over the quota.

    Of a reference or a rough mix one is on its way at a time: the newest.
    """
    if kind not in Upload.Kind.values:
        kinds = ", ".join(Upload.Kind.values)
        raise DomainError("unknown_kind", f"A file is one of {kinds}.", field="kind", status=422)
    name = stems.clean_name(filename)
    if length <= 0:
        raise DomainError("empty_file", f"“{name}” is empty. Export it again.", field="length", status=422)
    if length > settings.UPLOAD_MAX_BYTES:
        limit = settings.UPLOAD_MAX_BYTES // _MEGABYTE
        raise DomainError("file_too_large", f"“{name}” is larger than {limit} MB.", field="length", status=413)
    with unless_deleted("The song"), transaction.atomic():
        # All of one person's uploads queue up here, so that twenty at once cannot pass the limits together.
        User.objects.select_for_update().get(pk=owner.pk)
        if kind == Upload.Kind.STEM:
            _refuse_too_many(song, name)
        else:
            for earlier in song.uploads.filter(kind=kind, reference=None):
                forget(upload=earlier)
        require_room(owner, length)
        return Upload.objects.create(
            song=song,
            owner=owner,
            kind=kind,
            filename=name,
            length=length,
            expires_at=timezone.now() + timedelta(seconds=settings.UPLOAD_EXPIRES_S),
        )


def require_room(owner: User, more_bytes: int) -> None:
    """Refuse what would take a person's songs over the quota."""
    if storage.used_bytes(owner) + more_bytes > settings.UPLOAD_QUOTA_BYTES:
        quota = settings.UPLOAD_QUOTA_BYTES / 2**30
        raise DomainError(
            "quota_reached", f"Your songs may hold {quota:g} GB in all. Delete a song to make room.", status=413
        )


def append(*, upload: Upload, offset: int, read: Read, promised: int | None = None) -> Upload:
    """Write a chunk at ``offset`` and return the upload with its new offset, and what it became once the file is whole.

    Parameters
    ----------
    read : Callable[[int], bytes]
        Gives the next piece of the chunk, at most so many bytes; empty at its end.
    promised : int | None
        The chunk's length, where the sender said it.

    Raises
    ------
    DomainError
        409 ``offset_mismatch``, 413 ``chunk_too_large`` or ``too_many_bytes``, 410 ``upload_lost``, 507 ``disk_full``.
    """
    if upload.offset != offset:
        raise _mismatch(upload.offset)
    if promised is not None:
        _refuse_too_long(upload, offset, promised)
    path = storage.part_file(upload.uuid)
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        fresh = Upload.objects.filter(pk=upload.pk).first()
        if fresh is None:
            path.unlink(missing_ok=True)
            raise _gone()
        if fresh.offset != offset or fresh.is_complete:
            raise _mismatch(fresh.offset)
        _seek(file, fresh)
        received = _write(file, fresh, read)
        return _advance(fresh, received)


def abort(*, upload: Upload) -> None:
    """Stop an upload and delete what has arrived of it."""
    deleted, _ = Upload.objects.filter(pk=upload.pk, stem=None, reference=None).delete()
    if not deleted:
        raise DomainError(
            "upload_complete", "This file has arrived already; delete what it became instead.", status=409
        )
    storage.remove(storage.part_file(upload.uuid))


def forget(*, upload: Upload) -> None:
    """Delete an upload and what has arrived of it; a recording that it became stays."""
    Upload.objects.filter(pk=upload.pk).delete()
    storage.remove(storage.part_file(upload.uuid))


def sweep() -> int:
    """Delete uploads that were given up, and files that no row knows; how many went."""
    checking = Q(stem__state=Recording.State.CHECKING) | Q(reference__state=Recording.State.CHECKING)
    swept = 0
    for upload in Upload.objects.filter(expires_at__lt=timezone.now()).exclude(checking):
        forget(upload=upload)
        swept += 1
    known = {f"{uuid}.part" for uuid in Upload.objects.values_list("uuid", flat=True)}
    limit = time.time() - _ORPHANS_AFTER_S
    for path in storage.uploads_folder().glob("*.part"):
        if path.name not in known and path.stat().st_mtime < limit:
            storage.remove(path)
            swept += 1
    return swept + storage.sweep_orphans(older_than_s=_UNNAMED_FILES_AFTER_S)


def _refuse_too_many(song: Song, name: str) -> None:
    stems_held = song.stems.exclude(state=Stem.State.REJECTED).count()
    if stems_held + song.uploads.filter(kind=Upload.Kind.STEM, stem=None).count() >= settings.STEMS_MAX:
        raise DomainError(
            "too_many_stems",
            f"A song holds up to {settings.STEMS_MAX} stems, so “{name}” was not taken. Delete a stem to make room.",
            status=409,
        )


def _refuse_too_long(upload: Upload, offset: int, chunk_bytes: int) -> None:
    if chunk_bytes > settings.UPLOAD_CHUNK_BYTES:
        limit = settings.UPLOAD_CHUNK_BYTES // _MEGABYTE
        raise DomainError("chunk_too_large", f"A chunk may hold {limit} MB.", status=413)
    if offset + chunk_bytes > upload.length:
        raise DomainError("too_many_bytes", "The chunk goes beyond the length that was announced.", status=413)


def _gone() -> DomainError:
    return DomainError("upload_gone", "This upload was stopped, or its song was deleted.", status=404)


def _mismatch(offset: int) -> DomainError:
    return DomainError(
        "offset_mismatch", f"The server holds {offset} bytes of this file; go on from there.", status=409
    )


def _seek(file: BinaryIO, upload: Upload) -> None:
    """Stand at the row's offset. A longer file is what a crash left behind; a shorter one cannot be mended."""
    if os.fstat(file.fileno()).st_size < upload.offset:
        upload.delete()
        storage.remove(storage.part_file(upload.uuid))
        raise DomainError("upload_lost", "What had arrived of this file was lost. Send it again.", status=410)
    file.truncate(upload.offset)
    file.seek(upload.offset)


def _write(file: BinaryIO, upload: Upload, read: Read) -> int:
    """Copy the chunk to the file in small pieces; the bytes that arrived, on the disk when this returns.

    A connection that breaks keeps what it brought: the sender goes on from there.
    """
    received = 0
    try:
        while piece := _next(read):
            received += len(piece)
            _refuse_too_long(upload, upload.offset, received)
            file.write(piece)
        file.flush()
        os.fdatasync(file.fileno())
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DomainError("disk_full", "The server's disk is full. Try again later.", status=507) from error
        raise
    return received


def _next(read: Read) -> bytes:
    try:
        return read(PIECE_BYTES)
    except UnreadablePostError:
        return b""


def _advance(upload: Upload, received: int) -> Upload:
    """Move the row's offset if nobody else has, and make the recording and its job when the file is whole."""
    offset = upload.offset
    with transaction.atomic():
        moved = Upload.objects.filter(pk=upload.pk, offset=offset, stem=None, reference=None).update(
            offset=offset + received
        )
        if not moved:
            raise _mismatch(offset)
        if offset + received == upload.length:
            _complete(upload)
    upload.offset = offset + received
    return upload


def _complete(upload: Upload) -> None:
    song = Song.objects.select_for_update().filter(pk=upload.song_id).first()
    if song is None:
        raise _gone()
    name, length = upload.filename, upload.length
    if upload.kind == Upload.Kind.STEM:
        job = jobs.create(kind=jobs.INGEST, song=song, owner=upload.owner)
        upload.stem = stems.create(song=song, filename=name, upload_bytes=length, job=job)
    else:
        job = jobs.create(kind=jobs.REFERENCE, song=song, owner=upload.owner)
        upload.reference = references.create(song=song, kind=upload.kind, filename=name, upload_bytes=length, job=job)
    Upload.objects.filter(pk=upload.pk).update(stem=upload.stem, reference=upload.reference)
