"""What the pages of songs and mixes show, prepared: templates ask the database nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, IntegerField, Max, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.module_loading import import_string

from accounts.models import User
from accounts.services import allowance
from mixing import access, events, mixer_cards, readings
from mixing.beside import beside
from mixing.engine.mixers.styles import STYLES
from mixing.engine.roles import ROLES
from mixing.forms import again
from mixing.models import Export, Job, Mix, Mixer, Reference, Song, Stem
from mixing.services.exports import FORMS, ON_THE_PAGE

FORMATS = ("WAV", "AIFF", "FLAC", "MP3", "Ogg Vorbis", "Ogg Opus")
CARD_LANES = 6
TARGETS = (
    ("", "As the mixer likes it"),
    ("-18", "−18 LUFS, quiet, with room for mastering"),
    ("-16", "−16 LUFS, relaxed"),
    ("-14", "−14 LUFS, fits streaming"),
    ("-11", "−11 LUFS, loud"),
    ("-9", "−9 LUFS, very loud"),
)
NATURAL = ("", "Natural", "As the mixer hears it.")
ROLE_CHOICES = [(role, role.replace("_", " ")) for role in ROLES]


def counted(songs: QuerySet[Song], user: User) -> QuerySet[Song]:
    """Songs with ``ready_stems``, ``mix_count`` (the person's own) and ``duration_s``, in one query."""
    ready = Stem.objects.filter(song=OuterRef("pk"), state=Stem.State.READY).order_by().values("song")
    mixes = Mix.objects.filter(song=OuterRef("pk"), owner=user).order_by().values("song")
    return songs.annotate(
        ready_stems=Coalesce(Subquery(ready.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0),
        mix_count=Coalesce(Subquery(mixes.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0),
        duration_s=Subquery(ready.annotate(n=Max("duration_s")).values("n")),
    )


def songs_page(user: User) -> dict[str, Any]:
    """The list of songs."""
    return {
        "songs": counted(access.songs_of(user), user).prefetch_related(_shown_stems()),
        "house_songs": counted(access.house_songs(user), user).prefetch_related(_shown_stems()),
    }


def _shown_stems() -> Prefetch[str, QuerySet[Stem], str]:
    """The first stems of each song as ``shown_stems``, for the picture on its card."""
    ready = Stem.objects.filter(state=Stem.State.READY).only("uuid", "song", "name", "role", "position")
    return Prefetch("stems", queryset=ready[:CARD_LANES], to_attr="shown_stems")


def song_page(user: User, song: Song, asked: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One song: its stems, the person's mixes and battles of it, and what can be done.

    ``asked`` holds the fields of a form that came back, so that nothing has to be chosen twice.
    """
    stems = [prepared_stem(stem, song) for stem in song.stems.select_related("job").defer("analysis")]
    can_edit = song.owner_id == user.pk
    slots = reference_slots(song) if can_edit else []
    mixes = list(access.mixes_of(user).filter(song=song).defer("parameters"))
    # What the arena prepares for others on a song is listed to nobody.
    mine = Q(created_by=user) | Q(song__owner=user, created_by__isnull=False)
    battles = list(song.battles.filter(mine).select_related("job").defer("parameters_a", "parameters_b"))
    beside = [row for slot in slots for row in (slot.used, slot.coming) if row is not None]
    jobs = [row.job for row in (*stems, *beside, *mixes, *battles) if row.job is not None]
    limits = _limits()
    return {
        "song": song,
        "stems": stems,
        "mixes": mixes,
        "battles": battles,
        "desk": desk(stems, [slot.used for slot in slots if slot.used is not None], asked or {}, usual_style(user)),
        "allowance": allowance.of(user),
        "slots": slots,
        "can_edit": can_edit,
        "roles": ROLE_CHOICES,
        "limits": limits,
        "page": {
            "song": {"uuid": str(song.uuid), "title": song.title},
            "jobs": _payloads(jobs),
            "limits": limits,
            "urls": {
                "tus": reverse("mixing:uploads", args=[song.uuid]),
                "song": reverse("mixing:song", args=[song.uuid]),
                "songs": reverse("mixing:songs"),
            },
        },
    }


@dataclass(frozen=True, slots=True)
class ReferenceSlot:
    """The place of one kind of recording: the one in use, and the one that is checked or was refused."""

    kind: str
    title: str
    invitation: str
    used: Any
    coming: Any


_INVITATIONS = {
    Reference.Kind.REFERENCE: "A finished song that yours may sound like",
    Reference.Kind.ROUGH_MIX: "What you have mixed so far",
}


def reference_slots(song: Song) -> list[ReferenceSlot]:
    """The places for recordings beside a song, each with what lies there."""
    rows = list(song.references.select_related("job"))
    for row in rows:
        # The job is asked for its target, the recording for its song: both are here.
        row.song = song
        if row.job is not None:
            row.job.reference = row
    slots = []
    for kind, invitation in _INVITATIONS.items():
        used = next((row for row in rows if row.kind == kind and row.is_ready), None)
        coming = next((row for row in rows if row.kind == kind and not row.is_ready), None)
        slots.append(ReferenceSlot(kind, Reference.Kind(kind).label.capitalize(), invitation, used, coming))
    return slots


def usual_style(user: User) -> str:
    """The style with which a person's desk begins; the floor above knows what they like."""
    found = import_string(settings.DESK_STYLE)(user)
    return found if found in STYLES else ""


def desk(stems: list[Any], matchable: list[Any], asked: Mapping[str, Any], usual: str = "") -> dict[str, Any]:
    """The form that asks for a mix: who mixes, in which style, like what, how loud, and each stem's place.

    ``usual`` is the style that is chosen unless ``asked`` names one.
    """
    mixers = list(Mixer.objects.filter(is_active=True).defer("card"))
    first = mixer_cards.recommended(mixers)
    default = next((str(row.uuid) for row in matchable if row.kind == Reference.Kind.REFERENCE), "")
    for stem in stems:
        for wish in ("presence", "pan", "space"):
            setattr(stem, f"wish_{wish}", asked.get(f"{wish}-{stem.uuid}", ""))
    return {
        "groups": mixer_cards.grouped(mixers),
        "mixer": asked.get("mixer") or (first.key if first else ""),
        "styles": [NATURAL, *((name, style.title, style.sentence) for name, style in STYLES.items())],
        "style": asked.get("style", usual),
        "usual_style": usual if "style" not in asked else "",
        "targets": TARGETS,
        "target": asked.get("target_lufs", ""),
        "matchable": matchable,
        "match": asked.get("reference", default),
        "wished": any(asked.get(f"{wish}-{stem.uuid}") for stem in stems for wish in ("presence", "pan", "space")),
    }


def mixers_page() -> dict[str, Any]:
    """All mixers by kind."""
    mixers = list(Mixer.objects.filter(is_active=True).defer("card"))
    return {"groups": mixer_cards.grouped(mixers)}


def mixer_page(mixer: Mixer) -> dict[str, Any]:
    """One mixer's card."""
    return mixer_cards.card_page(mixer, list(Mixer.objects.filter(is_active=True)))


def stem_row(user: User, stem: Stem) -> dict[str, Any]:
    """One stem's row, for a page that has just heard of it."""
    song = stem.song
    return {
        "song": song,
        "stem": prepared_stem(stem, song),
        "can_edit": song.owner_id == user.pk,
        "roles": ROLE_CHOICES,
    }


def mix_page(mix: Mix, others: Sequence[Mix] = (), asked: str = "") -> dict[str, Any]:
    """One mix: how far it is, or what came out, and what is otherwise than in another mix of the song."""
    song = mix.song
    stems = [prepared_stem(stem, song) for stem in mix.stems.defer("analysis")]
    roles = {stem.name: stem.role for stem in stems}
    # The row is asked for its target, which is this mix: no further question.
    mix.job.mix = mix
    exports = exports_of(mix)
    return {
        **exports,
        "mix": mix,
        "song": song,
        "job": mix.job,
        "stems": stems,
        "report": readings.report(mix),
        "wishes": readings.wishes(mix),
        "again": again(mix.mixer.key, mix.intent, stems, mix.reference.uuid if mix.reference else None),
        **_console(mix, roles),
        "beside": beside(mix, others, asked, stems),
        "page": {
            "job": events.payload(mix.job),
            "jobs": _payloads(row.export.job for row in exports["exports"] if row.export is not None),
            "mix": mix_urls(mix),
            "stems": [{"name": stem.name, "role": stem.role, "peaks_url": stem.peaks_url} for stem in stems],
        },
    }


def _console(mix: Mix, roles: dict[str, str]) -> dict[str, Any]:
    strips = readings.strips(mix, roles)
    return {
        "strips": strips,
        "buses": readings.buses(mix),
        "has_dynamics": any(strip.dynamics for strip in strips),
        "has_space": any(strip.space for strip in strips),
    }


def exports_of(mix: Mix) -> dict[str, Any]:
    """The forms in which a mix can be fetched, each with how far it is.

    Kinds that only programs ask for are listed once they are there.
    """
    found = {export.kind: export for export in mix.exports.select_related("job")}
    rows = []
    for kind, form in FORMS.items():
        if kind not in ON_THE_PAGE and kind not in found:
            continue
        export = found.get(kind)
        if export is not None:
            # The job is asked for its target, the export for its mix: both are here.
            export.mix, export.job.export = mix, export
        rows.append(ExportRow(kind, Export.Kind(kind).label, form.purpose, export))
    return {"mix": mix, "exports": rows}


@dataclass(frozen=True, slots=True)
class ExportRow:
    """A line of the list of exports; ``export`` is None where nobody has asked for it."""

    kind: str
    title: str
    purpose: str
    export: Export | None


def mix_urls(mix: Mix) -> dict[str, Any]:
    """Where a mix is heard, seen and fetched; None for what is not there yet."""
    wav, flac = bool(mix.wav_path), bool(mix.flac_path)
    return {
        "uuid": str(mix.uuid),
        "ready": wav,
        "wav_url": reverse("mixing:mix_audio", args=[mix.uuid, "wav"]) if wav else None,
        "flac_url": reverse("mixing:mix_audio", args=[mix.uuid, "flac"]) if flac else None,
        "peaks_url": reverse("mixing:mix_peaks", args=[mix.uuid]) if wav else None,
        "download_wav_url": reverse("mixing:mix_download", args=[mix.uuid, "wav"]) if wav else None,
        "download_flac_url": reverse("mixing:mix_download", args=[mix.uuid, "flac"]) if flac else None,
    }


def prepared_stem(stem: Stem, song: Song) -> Any:
    """The row with ``audio_url``, ``peaks_url`` (None before it is ready) and ``role_choices``."""
    stem.song = song
    ready = stem.state == Stem.State.READY
    return _with(
        stem,
        audio_url=reverse("mixing:stem_audio", args=[stem.uuid]) if ready else None,
        peaks_url=reverse("mixing:stem_peaks", args=[stem.uuid]) if ready else None,
        role_choices=ROLE_CHOICES,
    )


def _with(row: Any, **values: object) -> Any:
    for name, value in values.items():
        setattr(row, name, value)
    return row


def _payloads(jobs: Iterable[Job]) -> list[events.JobPayload]:
    return [events.payload(job) for job in jobs if job.state != Job.State.DONE]


def _limits() -> dict[str, Any]:
    return {
        "chunk_bytes": settings.UPLOAD_CHUNK_BYTES // 2,
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "stems_min": settings.STEMS_MIN,
        "stems_max": settings.STEMS_MAX,
        "formats": FORMATS,
    }
