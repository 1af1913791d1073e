"""What staff see of songs, stems, mixes, jobs and uploads. They are made by the site; here they are read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from mixing.models import Export, Job, Mix, Mixer, Reference, Song, Stem, Upload
from mixing.services import exports, jobs, mixes, references, songs, stems, uploads


class ReadMostly(admin.ModelAdmin):
    """Rows that only the site makes. Only ``editable`` fields can be changed; files go with their rows."""

    editable: tuple[str, ...] = ()
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], Any]:
        # What hangs on a row goes with it, also where it cannot be deleted by itself, such as a job.
        shown, counts, _, protected = super().get_deleted_objects(objs, request)
        return shown, counts, set(), protected

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        names = [field.name for field in self.model._meta.get_fields() if getattr(field, "concrete", False)]
        return [name for name in names if name not in self.editable and name != "id"]


@admin.register(Song)
class SongAdmin(ReadMostly):
    """Songs; the house's may be retitled here and nowhere else."""

    editable = ("title", "artist", "licence")
    list_display = ("title", "owner", "artist", "ready_stems", "mix_count", "sample_rate", "created_at")
    list_filter = (("owner", admin.EmptyFieldListFilter), "sample_rate", "created_at")
    search_fields = ("title", "artist", "uuid", "owner__email")
    list_select_related = ("owner",)
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Song]:
        ready = Count("stems", filter=Q(stems__state=Stem.State.READY), distinct=True)
        rows: QuerySet[Song] = super().get_queryset(request)
        return rows.annotate(ready=ready, made=Count("mixes", distinct=True))

    @admin.display(description="ready stems", ordering="ready")
    def ready_stems(self, song: Any) -> int:
        return int(song.ready)

    @admin.display(description="mixes", ordering="made")
    def mix_count(self, song: Any) -> int:
        return int(song.made)

    def delete_model(self, request: HttpRequest, obj: Song) -> None:
        songs.delete(song=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Song]) -> None:
        for song in queryset:
            songs.delete(song=song)


@admin.register(Stem)
class StemAdmin(ReadMostly):
    """Stems and what came of their check."""

    editable = ("role",)
    list_display = ("name", "song", "role", "role_is_guess", "state", "error_code", "duration_s", "created_at")
    list_filter = ("state", "role", "error_code", "created_at")
    search_fields = ("name", "uuid", "song__title", "song__uuid", "song__owner__email")
    list_select_related = ("song",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stem]:
        return super().get_queryset(request).select_related("song", "job")

    def delete_model(self, request: HttpRequest, obj: Stem) -> None:
        stems.delete(stem=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Stem]) -> None:
        for stem in queryset:
            stems.delete(stem=stem)

    def save_model(self, request: HttpRequest, obj: Stem, form: Any, change: bool) -> None:
        stems.set_role(stem=obj, role=obj.role)


@admin.register(Reference)
class ReferenceAdmin(ReadMostly):
    """Recordings beside songs. Their sound is their owner's alone; here stand its facts."""

    list_display = ("name", "song", "kind", "state", "error_code", "duration_s", "created_at")
    list_filter = ("kind", "state", "error_code", "created_at")
    search_fields = ("name", "uuid", "song__title", "song__uuid", "song__owner__email")
    list_select_related = ("song",)

    def delete_model(self, request: HttpRequest, obj: Reference) -> None:
        references.delete(reference=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Reference]) -> None:
        for reference in queryset:
            references.delete(reference=reference)


@admin.register(Job)
class JobAdmin(ReadMostly):
    """Jobs, running ones first; they end themselves and are not deleted here."""

    list_display = (
        "uuid", "kind", "state", "song", "owner", "percent", "stage", "attempt", "took", "error_code", "queued_at",
    )  # fmt: skip
    list_filter = ("state", "kind", "attempt", "error_code", "queued_at")
    search_fields = ("uuid", "request_id", "song__title", "owner__email", "error_message")
    list_select_related = ("song", "owner")
    date_hierarchy = "queued_at"
    actions = ("ask_to_cancel",)

    def has_delete_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        # A job takes its mix with it: mixes and songs are deleted as what they are.
        return False

    @admin.display(description="took")
    def took(self, job: Job) -> str:
        if job.started_at is None or job.finished_at is None:
            return "–"
        return f"{(job.finished_at - job.started_at).total_seconds():.1f} s"

    @admin.action(description="Ask to cancel", permissions=["change"])
    def ask_to_cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        open_jobs = list(queryset.exclude(state__in=Job.FINAL))
        for job in open_jobs:
            jobs.request_cancel(job=job)
        self.message_user(request, f"{len(open_jobs)} jobs were asked to stop.", messages.SUCCESS)


@admin.register(Mix)
class MixAdmin(ReadMostly):
    """Mixes and what was measured on them."""

    list_display = ("song", "mixer", "owner", "job_state", "loudness", "true_peak", "opened_at", "created_at")
    list_filter = ("mixer", "job__state", "created_at")
    search_fields = ("uuid", "song__title", "owner__email", "mixer__key")
    list_select_related = ("song", "mixer", "owner", "job")
    date_hierarchy = "created_at"

    @admin.display(description="job", ordering="job__state")
    def job_state(self, mix: Mix) -> str:
        url = reverse("admin:mixing_job_change", args=[mix.job_id])
        return format_html('<a href="{}">{}</a>', url, mix.job.state)

    @admin.display(description="LUFS")
    def loudness(self, mix: Mix) -> str:
        return _number(mix, "loudness_lufs")

    @admin.display(description="dBTP")
    def true_peak(self, mix: Mix) -> str:
        return _number(mix, "true_peak_dbtp")

    def delete_model(self, request: HttpRequest, obj: Mix) -> None:
        mixes.delete(mix=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Mix]) -> None:
        for mix in queryset:
            mixes.delete(mix=mix)


@admin.register(Export)
class ExportAdmin(ReadMostly):
    """Mixes in other forms, as their owners asked for them."""

    list_display = ("mix", "kind", "job", "stored_bytes", "created_at")
    list_filter = ("kind", "job__state", "created_at")
    search_fields = ("uuid", "mix__uuid", "mix__owner__email", "mix__song__title")
    list_select_related = ("mix__song", "mix__mixer", "job")

    def delete_model(self, request: HttpRequest, obj: Export) -> None:
        exports.delete(export=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Export]) -> None:
        for export in queryset:
            exports.delete(export=export)


@admin.register(Upload)
class UploadAdmin(ReadMostly):
    """Files on their way."""

    list_display = ("filename", "kind", "song", "owner", "offset", "length", "created_at", "expires_at")
    list_filter = ("kind", ("stem", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("uuid", "filename", "owner__email", "song__title")
    list_select_related = ("song", "owner")

    def delete_model(self, request: HttpRequest, obj: Upload) -> None:
        uploads.forget(upload=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Upload]) -> None:
        for upload in queryset:
            uploads.forget(upload=upload)


@admin.register(Mixer)
class MixerAdmin(ReadMostly):
    """The registry's cards; ``sync_mixers`` writes them."""

    list_display = ("title", "key", "family", "version", "needs_reference", "is_active", "mix_count")
    list_filter = ("is_active", "family")
    search_fields = ("key", "title")

    def has_delete_permission(self, request: HttpRequest, obj: Mixer | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mixer]:
        rows: QuerySet[Mixer] = super().get_queryset(request)
        return rows.annotate(made=Count("mixes"))

    @admin.display(description="mixes", ordering="made")
    def mix_count(self, mixer: Any) -> int:
        return int(mixer.made)


def _number(mix: Mix, name: str) -> str:
    value = (mix.report or {}).get(name)
    return "–" if value is None else f"{value:.1f}"
