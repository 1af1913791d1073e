"""Mixes: ask for one, publish what was rendered, open, delete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import allowance
from aimixer_site.ops.errors import DomainError, unless_deleted
from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import Intent
from mixing.engine.mixers.styles import STYLES
from mixing.models import Job, Mix, Mixer, OpenedMix, Reference, Song, Stem
from mixing.services import jobs, storage
from mixing.services.stems import clean_name
from mixing.services.uploads import require_room

if TYPE_CHECKING:
    from mixing.engine.console.renderer import RenderReport

WAITING_MAX = 16
INTENT_MAX_BYTES = 100_000
_BYTES_PER_FRAME = 2 * 3
_FLAC_SHARE = 0.8


def create(*, song: Song, owner: User, mixer_key: str, intent: dict[str, Any], reference: UUID | None = None) -> Mix:
    """Ask a mixer for a mix of all stems that are ready; refused with a sentence where that cannot work.

    ``reference`` is one of the song's recordings that the mix is to sound like.
    """
    mixer = Mixer.objects.filter(key=mixer_key, is_active=True).first()
    if mixer is None:
        raise DomainError("unknown_mixer", "There is no such mixer. Choose one of the list.", field="mixer", status=422)
    stems = mixable_stems(song)
    wish = _checked_intent(intent, stems)
    match = _reference_of(song, mixer, reference)
    require_room(owner, _expected_bytes(song, stems))
    with unless_deleted("The song or a stem of it"), transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)
        _refuse_impatience(owner)
        job = jobs.create(kind=jobs.MIX, song=song, owner=owner)
        mix = Mix.objects.create(
            song=song,
            owner=owner,
            mixer=mixer,
            mixer_version=mixer.version,
            mixer_sha256=mixer.sha256,
            job=job,
            intent=wish.to_dict(),
            reference=match,
            reference_name=match.name if match else "",
        )
        mix.stems.set(stems)
        allowance.pay_for_mix(user=owner, mix=mix.uuid)
    return mix


def create_from_console(
    *, song: Song, owner: User, mixer: Mixer, version: str, sha256: str, parameters: dict[str, Any]
) -> Mix:
    """A mix by a console that is set already, such as the one that won a tournament; nothing is predicted again.

    It is what a tournament ends with, and takes nothing of the day's free mixes.

    Parameters
    ----------
    mixer : Mixer
        Who set it, or from whom the one that set it descends.
    version, sha256 : str
        Of what set it.
    parameters : dict[str, Any]
        A whole console of this song's stems.

    Raises
    ------
    DomainError
        ``stem_gone`` (409) where the song has other stems by now, and as :func:`create` does.
    """
    strips = {str(strip["stem"]) for strip in parameters["strips"]}
    stems = [stem for stem in mixable_stems(song) if stem.name in strips]
    lost = strips - {stem.name for stem in stems}
    if lost:
        raise DomainError("stem_gone", f"“{min(lost)}” is gone, and this mix needs it. Mix the song anew.", status=409)
    require_room(owner, _expected_bytes(song, stems))
    with unless_deleted("The song or a stem of it"), transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)
        _refuse_impatience(owner)
        mix = Mix.objects.create(
            song=song,
            owner=owner,
            mixer=mixer,
            mixer_version=version,
            mixer_sha256=sha256,
            job=jobs.create(kind=jobs.MIX, song=song, owner=owner),
            intent=Intent().to_dict(),
            parameters=parameters,
        )
        mix.stems.set(stems)
    return mix


def mixable_stems(song: Song) -> list[Stem]:
    """All stems that are ready; refused while some are still checked, or where there are too few."""
    stems = list(song.stems.exclude(state=Stem.State.REJECTED))
    checking = [stem.name for stem in stems if stem.state == Stem.State.CHECKING]
    if checking:
        names = f"“{checking[0]}” is" if len(checking) == 1 else f"{len(checking)} stems are"
        raise DomainError("still_checking", f"{names} still being checked. Wait for that, then mix.", status=409)
    if len(stems) < settings.STEMS_MIN:
        raise DomainError(
            "too_few_stems", f"A mix needs at least {settings.STEMS_MIN} stems. Add some first.", status=422
        )
    return stems


@transaction.atomic
def delete(*, mix: Mix) -> None:
    """Delete a mix, its sound, its exports and their jobs; runs under way find no row and stop.

    That it was opened is kept.
    """
    if Mix.objects.filter(pk=mix.pk, opened_at__isnull=False).exists():
        OpenedMix.objects.get_or_create(person_id=mix.owner_id, song_id=mix.song_id, mixer_id=mix.mixer_id)
    exports = list(mix.exports.values_list("path", "job_id"))
    paths = [mix.wav_path, mix.flac_path, mix.peaks_path, *(path for path, _ in exports)]
    files = [storage.absolute(path) for path in paths if path]
    if not mix.is_ready:
        allowance.give_back_mix(mix.uuid)
    Job.objects.filter(pk__in=[mix.job_id, *(job for _, job in exports)]).delete()
    transaction.on_commit(partial(storage.remove, *files))


def note_opened(*, mix: Mix) -> None:
    """Its owner has seen or heard the finished mix: a later vote between mixers of this song would not be blind."""
    if mix.opened_at is None and mix.is_ready:
        mix.opened_at = timezone.now()
        Mix.objects.filter(pk=mix.pk, opened_at=None).update(opened_at=mix.opened_at)


def has_opened(person: User, song_id: int, mixer_ids: Collection[int]) -> bool:
    """Whether a person knows what one of these mixers made of a song, from a mix that may be gone by now."""
    kept = Mix.objects.filter(owner=person, song=song_id, mixer__in=mixer_ids, opened_at__isnull=False)
    gone = OpenedMix.objects.filter(person=person, song=song_id, mixer__in=mixer_ids)
    return kept.exists() or gone.exists()


def publish_sound(
    *, run: jobs.Run, mix: Mix, parameters: ConsoleParameters, report: RenderReport, wav: Path, peaks: Path
) -> None:
    """Make the rendered mix playable while its job still writes the FLAC."""
    peaks.write_bytes(report.peaks)
    with wav.open("rb") as sound:
        # The file carries tags behind its samples, which the renderer has not seen.
        sha256 = hashlib.file_digest(sound, "sha256").hexdigest()
    with run.publish_part():
        written = Mix.objects.filter(pk=mix.pk, wav_path="").update(
            parameters=parameters.to_dict(),
            report=report.to_dict() | {"sha256": sha256},
            mixer_version=mix.mixer_version,
            mixer_sha256=mix.mixer_sha256,
            wav_path=storage.relative(wav),
            peaks_path=storage.relative(peaks),
            stored_bytes=wav.stat().st_size + len(report.peaks),
        )
        if not written:
            raise jobs.Superseded
    mix.refresh_from_db()


def publish_flac(*, run: jobs.Run, mix: Mix, flac: Path) -> None:
    """Add the FLAC and end the job."""
    with run.publish():
        Mix.objects.filter(pk=mix.pk).update(
            flac_path=storage.relative(flac), stored_bytes=mix.stored_bytes + flac.stat().st_size
        )


def tags(mix: Mix) -> dict[str, str]:
    """What the files say about themselves."""
    return {
        "title": mix.song.title,
        "artist": mix.song.artist,
        "comment": f"Mixed by {mix.mixer.title}, version {mix.mixer_version}",
        "copyright": mix.song.licence,
        "software": "AI Mixer",
    }


def download_name(mix: Mix, extension: str, *, part: str = "") -> str:
    """The name under which a browser saves the file; ``part`` says what of the mix it is."""
    words = " - ".join(word for word in (mix.song.title, mix.mixer.title, part) if word)
    safe = "".join("_" if char in '/\\:*?"<>|' else char for char in words)
    return f"{clean_name(safe)}.{extension}"


def _checked_intent(intent: dict[str, Any], stems: list[Stem]) -> Intent:
    try:
        wish = Intent.from_dict(intent)
    except MixFailed as error:
        raise DomainError(error.code, error.message, field=error.field, status=422) from error
    if not _can_be_kept(wish):
        raise DomainError(
            "invalid_intent",
            "The intent is too long, or holds characters that are no text.",
            field="intent",
            status=422,
        )
    if wish.style is not None and wish.style not in STYLES:
        names = ", ".join(STYLES)
        raise DomainError(
            "unknown_style",
            f"There is no style of this name. Choose one of {names}, or none.",
            field="style",
            status=422,
        )
    strangers = set(wish.stems) - {stem.name for stem in stems}
    if strangers:
        name = min(strangers)
        raise DomainError("unknown_stem", f"This song has no stem called “{name}”.", field=f"stems.{name}", status=422)
    return wish


def _reference_of(song: Song, mixer: Mixer, wanted: UUID | None) -> Reference | None:
    if wanted is None:
        if mixer.needs_reference:
            raise DomainError(
                "needs_reference",
                f"{mixer.title} makes your stems sound like another recording. Drop a reference on the song, "
                "or choose another mixer.",
                field="reference",
                status=422,
            )
        return None
    found = song.references.filter(uuid=wanted).first()
    if found is None:
        raise DomainError(
            "unknown_reference", "This song has no such recording to match.", field="reference", status=422
        )
    if not found.is_ready:
        raise DomainError(
            "reference_not_ready",
            f"“{found.name}” is not ready to be matched. Wait for its check, or mix without it.",
            field="reference",
            status=409,
        )
    return found


def _can_be_kept(wish: Intent) -> bool:
    """Whether every database takes it as JSON: no half characters, no NUL, and not endless."""
    try:
        text = json.dumps(wish.to_dict(), ensure_ascii=False).encode()
    except (UnicodeEncodeError, TypeError, ValueError):
        return False
    return len(text) <= INTENT_MAX_BYTES and b"\\u0000" not in text


def _expected_bytes(song: Song, stems: list[Stem]) -> int:
    frames = max(stem.frames or 0 for stem in stems)
    return int(frames * _BYTES_PER_FRAME * (1 + _FLAC_SHARE))


def _refuse_impatience(owner: User) -> None:
    waiting = Job.objects.filter(owner=owner, kind=jobs.MIX).exclude(state__in=Job.FINAL).count()
    if waiting >= WAITING_MAX:
        raise DomainError(
            "too_many_waiting", f"{waiting} of your mixes are waiting already. Let some of them finish.", status=429
        )
