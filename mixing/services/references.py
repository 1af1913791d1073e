"""Recordings beside a song: a reference track and its owner's own rough mix. They are measured, and never mixed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction

from mixing.engine.errors import AudioRejected, MixFailed
from mixing.engine.mixers.interface import ANALYSIS_VERSION, AudioFeatures
from mixing.models import Job, Mix, Reference, Song, Upload
from mixing.services import jobs, storage
from mixing.services.stems import kept_bytes, refuse_what_has_no_room, taken_fields

if TYPE_CHECKING:
    from mixing.engine.audio.ingest import IngestedStem


def create(*, song: Song, kind: str, filename: str, upload_bytes: int, job: Job) -> Reference:
    """The row of a file that has arrived; the song's row must be locked.

    What was refused or is still checked makes way. What is in use stays until this one has been accepted, so that a
    broken file costs nobody a good one.
    """
    for earlier in song.references.filter(kind=kind).exclude(state=Reference.State.READY):
        delete(reference=earlier)
    return Reference.objects.create(song=song, kind=kind, name=filename, upload_bytes=upload_bytes, job=job)


def accept(*, run: jobs.Run, reference: Reference, ingested: IngestedStem, audio: Path, peaks: Path) -> None:
    """Put a recording that was checked into the place of the one before, and end its job.

    Raises AudioRejected, with nothing changed, where the recording is silent, or its owner's quota has no room for it.
    """
    if ingested.features.loudness_lufs is None:
        raise AudioRejected(
            "silent_reference",
            f"There is nothing to hear in “{reference.name}”, so a mix cannot sound like it. Choose another recording.",
        )
    peaks.write_bytes(ingested.peaks)
    with run.publish():
        before = Reference.objects.filter(song=reference.song_id, kind=reference.kind, state=Reference.State.READY)
        for earlier in before.exclude(pk=reference.pk):
            delete(reference=earlier)
        refuse_what_has_no_room(reference, kept_bytes(audio, peaks))
        written = Reference.objects.filter(pk=reference.pk).update(
            **taken_fields(ingested, audio, peaks), sample_rate=ingested.sample_rate
        )
        if not written:
            raise jobs.Superseded


@transaction.atomic
def delete(*, reference: Reference) -> None:
    """Delete a recording and its sound. Mixes that were made to match it stay; those that still wait for it fail."""
    # The check's job goes first: a run that is publishing holds that row, and one that comes later finds none.
    Job.objects.filter(reference=reference).delete()
    uploads = Upload.objects.filter(reference=reference).values_list("uuid", flat=True)
    paths = [storage.absolute(path) for path in (reference.audio_path, reference.peaks_path) if path]
    paths += [storage.part_file(uuid) for uuid in uploads]
    Reference.objects.filter(pk=reference.pk).delete()
    transaction.on_commit(partial(storage.remove, *paths))


def features(mix: Mix) -> AudioFeatures | None:
    """What was measured on the recording that a mix is to match; None where it is to match none. For workers.

    Raises
    ------
    MixFailed
        ``reference_gone``, where it was removed or replaced after the mix was asked for.
    """
    if not mix.reference_name:
        return None
    reference = mix.reference
    if reference is None or not storage.absolute(reference.audio_path).is_file():
        raise MixFailed(
            "reference_gone",
            f"“{mix.reference_name}” was removed or replaced before this mix began. Mix again.",
            field="reference",
        )
    if reference.analysis is None or reference.analysis.get("version") != ANALYSIS_VERSION:
        from mixing.engine.audio.analysis import analyse

        reference.analysis = analyse(storage.absolute(reference.audio_path), name=reference.name).to_dict()
        Reference.objects.filter(pk=reference.pk).update(analysis=reference.analysis)
    return AudioFeatures.from_dict(reference.analysis)
