"""Exports: ask for a finished mix in another form, publish the file, delete it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from django.db import transaction

from accounts.models import User
from aimixer_site.ops.errors import DomainError, unless_deleted
from mixing.models import Export, Job, Mix, Stem
from mixing.services import jobs, mixes, storage
from mixing.services.uploads import require_room

WAITING_MAX: Final = 16
_SMALL_BYTES: Final = 1 << 20
_MP3_BYTES_PER_S: Final = 40_000
_STEREO_FLOAT_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Form:
    """How an export is named and sent, and what it is for."""

    extension: str
    content_type: str
    purpose: str
    part: str = ""


FORMS: Final[dict[str, Form]] = {
    Export.Kind.MP3: Form("mp3", "audio/mpeg", "320 kbit/s, to send and to listen to anywhere"),
    Export.Kind.PREVIEW: Form("mp3", "audio/mpeg", "near 100 kbit/s, for a quick look", "preview"),
    Export.Kind.WAV16: Form("wav", "audio/wav", "with dither, for CDs and old devices", "16 bit"),
    Export.Kind.WAV32F: Form("wav", "audio/wav", "for programs that want float", "32-bit float"),
    Export.Kind.STEMS: Form("zip", "application/zip", "each stem as it sounds in the mix, before the master", "stems"),
    # Some browsers unpack what is called a ZIP.
    Export.Kind.DAWPROJECT: Form(
        "dawproject", "application/octet-stream", "stems, faders, EQ and dynamics for another workstation"
    ),
    Export.Kind.SESSION: Form("json", "application/json", "every knob and what was measured", "session"),
}
ON_THE_PAGE: Final = (
    Export.Kind.MP3,
    Export.Kind.WAV16,
    Export.Kind.STEMS,
    Export.Kind.DAWPROJECT,
    Export.Kind.SESSION,
)
_FROM_STEMS: Final = (Export.Kind.STEMS, Export.Kind.DAWPROJECT, Export.Kind.SESSION)


def create(*, mix: Mix, owner: User, kind: str) -> Export:
    """Have a mix written in another form; what is there already, or on its way, is not written twice."""
    if kind not in FORMS:
        names = ", ".join(FORMS)
        raise DomainError(
            "unknown_export", f"There is no export of this kind. Choose one of {names}.", field="kind", status=422
        )
    if not mix.is_ready:
        raise DomainError("mix_not_ready", "This mix is not rendered yet. Wait for it, then export.", status=409)
    if kind in _FROM_STEMS:
        _refuse_lost_stems(mix)
    with unless_deleted("The mix"), transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)
        before = mix.exports.select_related("job").filter(kind=kind).first()
        if before is not None and _stands(before):
            return before
        _refuse_impatience(owner)
        if before is not None:
            delete(export=before)
        require_room(owner, _expected_bytes(mix, kind))
        job = jobs.create(kind=jobs.EXPORT, song=mix.song, owner=owner)
        export = Export.objects.create(mix=mix, kind=kind, job=job)
    mixes.note_opened(mix=mix)
    return export


@transaction.atomic
def delete(*, export: Export) -> None:
    """Delete an export, its file and its job; a run under way finds no row and stops."""
    files = [storage.absolute(export.path)] if export.path else []
    Job.objects.filter(pk=export.job_id).delete()
    transaction.on_commit(partial(storage.remove, *files))


def publish(*, run: jobs.Run, export: Export, file: Path) -> None:
    """Hand out the file and end the job."""
    with run.publish():
        written = Export.objects.filter(pk=export.pk).update(
            path=storage.relative(file), stored_bytes=file.stat().st_size
        )
        if not written:
            raise jobs.Superseded


def download_name(export: Export) -> str:
    """The name under which a browser saves the file."""
    form = FORMS[export.kind]
    return mixes.download_name(export.mix, form.extension, part=form.part)


def _stands(export: Export) -> bool:
    """Whether the file is there or being written."""
    if export.is_ready:
        return storage.absolute(export.path).is_file()
    return not export.job.is_final


def _refuse_lost_stems(mix: Mix) -> None:
    names = set(mix.stems.filter(state=Stem.State.READY).values_list("name", flat=True))
    strips = (mix.parameters or {}).get("strips", [])
    lost = [strip["stem"] for strip in strips if strip["stem"] not in names]
    if lost:
        raise DomainError(
            "stem_gone", f"“{lost[0]}” was deleted after this mix was made. Mix again, then export.", status=409
        )


def _refuse_impatience(owner: User) -> None:
    waiting = Job.objects.filter(owner=owner, kind=jobs.EXPORT).exclude(state__in=Job.FINAL).count()
    if waiting >= WAITING_MAX:
        raise DomainError(
            "too_many_waiting", f"{waiting} of your exports are waiting already. Let some of them finish.", status=429
        )


def _expected_bytes(mix: Mix, kind: str) -> int:
    stems = list(mix.stems.values_list("frames", "stored_bytes"))
    frames = max((frames or 0 for frames, _ in stems), default=0)
    seconds = frames / (mix.song.sample_rate or 44_100)
    expected = {
        Export.Kind.MP3: seconds * _MP3_BYTES_PER_S,
        Export.Kind.PREVIEW: seconds * _MP3_BYTES_PER_S / 2,
        Export.Kind.WAV16: frames * _STEREO_FLOAT_BYTES / 2,
        Export.Kind.WAV32F: frames * _STEREO_FLOAT_BYTES,
        # Two more for what reverb and delay give back.
        Export.Kind.STEMS: (len(stems) + 2) * frames * _STEREO_FLOAT_BYTES,
        Export.Kind.DAWPROJECT: sum(stored for _, stored in stems),
    }
    return int(expected.get(Export.Kind(kind), 0)) + _SMALL_BYTES
