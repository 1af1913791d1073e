"""Stems: what a file is called, what it becomes once it has been listened to, its role, its end."""

from __future__ import annotations

import unicodedata
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from accounts.models import User
from aimixer_site.ops.errors import DomainError
from mixing.engine.errors import AudioRejected
from mixing.engine.role_names import guess_role
from mixing.engine.role_sound import role_by_sound
from mixing.engine.roles import ROLES
from mixing.models import Job, Reference, Song, Stem, Upload
from mixing.services import jobs, storage

if TYPE_CHECKING:
    from mixing.engine.audio.ingest import IngestedStem

NAME_MAX = 200
_DIRECTION_MARKS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class RateTaken(Exception):
    """Another stem has fixed the song's sample rate meanwhile; this one has to be taken in at that rate."""


def clean_name(raw: str) -> str:
    """A file's name for people: the last part of a path, composed Unicode, without control and direction marks.

    It never becomes a path of ours.
    """
    last = raw.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    visible = (char for char in unicodedata.normalize("NFC", last) if not _is_hidden(char))
    name = " ".join("".join(visible).split())
    return _shortened(name, "") if name.strip(". ") else "stem"


def free_name(name: str, taken: set[str]) -> str:
    """The name, or where another stem of the song has it, the name with a number before its extension."""
    number = 1
    candidate = name
    while candidate in taken:
        number += 1
        candidate = _shortened(name, f" ({number})")
    return candidate


def create(*, song: Song, filename: str, upload_bytes: int, job: Job) -> Stem:
    """The row of a file that has arrived; the song's row must be locked, so that names and places stay unique.

    A rejected stem of the same name makes way: its owner sends the mended file.
    """
    song.stems.filter(name=filename, state=Stem.State.REJECTED).delete()
    taken = dict(song.stems.values_list("name", "position"))
    return Stem.objects.create(
        song=song,
        job=job,
        name=free_name(filename, set(taken)),
        role=guess_role(filename),
        position=max(taken.values(), default=-1) + 1,
        upload_bytes=upload_bytes,
    )


def accept(*, run: jobs.Run, stem: Stem, ingested: IngestedStem, audio: Path, peaks: Path) -> None:
    """Publish what became of a file and end its job.

    Raises RateTaken, with nothing written, where another stem has given the song another rate first, and AudioRejected
    where its owner's quota has no room for what the file became.
    """
    peaks.write_bytes(ingested.peaks)
    ingested.mel.save(run.file(storage.mel_file(audio)))
    with run.publish():
        refuse_what_has_no_room(stem, kept_bytes(audio, peaks))
        Song.objects.filter(pk=stem.song_id, sample_rate=None).update(sample_rate=ingested.sample_rate)
        if not Song.objects.filter(pk=stem.song_id, sample_rate=ingested.sample_rate).exists():
            raise RateTaken
        written = Stem.objects.filter(pk=stem.pk).update(**taken_fields(ingested, audio, peaks))
        if not written:
            raise jobs.Superseded
        # The name told nothing and nobody has said meanwhile what it is.
        Stem.objects.filter(pk=stem.pk, role="other", role_is_guess=True).update(role=role_by_sound(ingested.features))


def refuse_what_has_no_room(recording: Stem | Reference, stored_bytes: int) -> None:
    """Half an hour of silence goes up as 300 kB of FLAC and is kept as 300 MB: what is kept is what counts."""
    owner = User.objects.select_for_update(of=("self",)).filter(songs=recording.song_id).first()
    if owner is None:
        return
    # The upload itself goes when the recording is accepted.
    held = storage.used_bytes(owner) - recording.upload_bytes
    if held + stored_bytes > settings.UPLOAD_QUOTA_BYTES:
        raise AudioRejected(
            "quota_reached",
            f"“{recording.name}” takes {stored_bytes / 2**20:.0f} MB once it is unpacked, and your songs may hold "
            f"{settings.UPLOAD_QUOTA_BYTES / 2**30:g} GB in all. Delete a song to make room, then upload it again.",
        )


def taken_fields(ingested: IngestedStem, audio: Path, peaks: Path) -> dict[str, Any]:
    """What the row of an accepted stem says of its canonical file."""
    return {
        "state": Stem.State.READY,
        "error_code": "",
        "error_message": "",
        "original_format": ingested.original_format,
        "original_sample_rate": ingested.original_sample_rate,
        "channels": ingested.channels,
        "frames": ingested.frames,
        "duration_s": ingested.duration_s,
        "audio_path": storage.relative(audio),
        "peaks_path": storage.relative(peaks),
        "stored_bytes": kept_bytes(audio, peaks),
        "sha256": ingested.sha256,
        "analysis": ingested.features.to_dict(),
    }


def kept_bytes(audio: Path, peaks: Path) -> int:
    """What a recording holds on disk: its sound, its waveform and, where they are kept, excerpts of its spectrogram."""
    return sum(path.stat().st_size for path in (audio, peaks, storage.mel_file(audio)) if path.is_file())


def set_role(*, stem: Stem, role: str) -> Stem:
    """Say what a stem is; from then on it is no guess."""
    if role not in ROLES:
        raise DomainError("unknown_role", f"There is no role called {role!r}.", field="role", status=422)
    stem.role = role
    stem.role_is_guess = False
    if not Stem.objects.filter(pk=stem.pk).update(role=role, role_is_guess=False):
        raise DomainError("not_found", "The stem was deleted meanwhile.", status=404)
    return stem


def delete(*, stem: Stem) -> None:
    """Delete a stem and its sound. Mixes and battles of the song that are under way are stopped: they need it."""
    jobs.cancel_all(Job.objects.filter(song=stem.song_id).exclude(kind__in=jobs.LISTENING))
    with transaction.atomic():
        # The check's job goes first: a run that is publishing holds that row, and one that comes later finds none.
        Job.objects.filter(stem=stem).delete()
        uploads = list(Upload.objects.filter(stem=stem).values_list("uuid", flat=True))
        paths = [storage.absolute(path) for path in (stem.audio_path, stem.peaks_path) if path]
        paths += [storage.mel_file(storage.absolute(stem.audio_path))] if stem.audio_path else []
        paths += [storage.part_file(uuid) for uuid in uploads]
        song_id = stem.song_id
        Stem.objects.filter(pk=stem.pk).delete()
        if not Stem.objects.filter(song=song_id, state=Stem.State.READY).exists():
            Song.objects.filter(pk=song_id).update(sample_rate=None)
        transaction.on_commit(partial(storage.remove, *paths))


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in _DIRECTION_MARKS


def _shortened(name: str, mark: str) -> str:
    """The name with ``mark`` before its extension, the middle cut so that all of it fits."""
    path = PurePosixPath(name)
    suffix = path.suffix if len(path.suffix) <= 12 else ""
    base = name.removesuffix(suffix) if suffix else name
    return base[: NAME_MAX - len(mark) - len(suffix)] + mark + suffix
