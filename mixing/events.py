"""What pages are told of a job: one payload for the socket, the API and the page itself."""

from __future__ import annotations

from typing import Any, TypedDict
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.text import slugify

from aimixer_site.ops import progress
from mixing.models import Export, Job, Reference, Stem


class Failure(TypedDict):
    """Why a job has failed, for programs and for people."""

    code: str
    message: str


class Target(TypedDict):
    """What a job works on. ``ready`` says whether it can be heard, which may be before the job has ended."""

    type: str
    uuid: str
    url: str
    ready: bool


class JobPayload(TypedDict):
    """A job as pages see it. ``sequence`` grows with each change: a reader drops what is not newer than it knows."""

    uuid: str
    kind: str
    state: str
    percent: float
    stage: str
    stage_text: str
    eta_s: float | None
    sequence: int
    attempt: int
    error: Failure | None
    target: Target | None


_STATE_TEXTS = {
    Job.State.QUEUED: "Waiting for a free worker",
    Job.State.RUNNING: "Starting",
    Job.State.DONE: "Done",
    Job.State.FAILED: "Failed",
    Job.State.CANCELLED: "Cancelled",
}
STOPPING = "Stopping"

_TARGETS = {"ingest": "stem", "mix": "mix", "export": "export", "battle": "battle", "reference": "reference"}
_PAGES = {"mix": "mixing:mix", "battle": "tournament:battle"}
_HEAVY_OF_MIX = ("parameters", "report", "intent")
_HEAVY = (
    "stem__analysis",
    "reference__analysis",
    *(f"mix__{name}" for name in _HEAVY_OF_MIX),
    *(f"export__mix__{name}" for name in _HEAVY_OF_MIX),
)


def group(job_uuid: UUID | str) -> str:
    """The channel group of a job's watchers."""
    return f"job-{job_uuid}"


def with_targets(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """The same jobs with what :func:`payload` needs, in one query.

    Battles stand a floor above; their row is found by its relation's name.
    """
    heavy_battle = ("battle__parameters_a", "battle__parameters_b")
    return jobs.select_related("stem__song", "reference__song", "mix", "export__mix", "battle").defer(
        *_HEAVY, *heavy_battle
    )


def payload(job: Job) -> JobPayload:
    """The job as pages see it."""
    text = _stage_text(job)
    return {
        "uuid": str(job.uuid),
        "kind": job.kind,
        "state": str(job.state),
        "percent": round(job.percent, 1),
        "stage": slugify(text),
        "stage_text": text,
        "eta_s": None if job.eta_s is None else round(job.eta_s, 1),
        "sequence": job.sequence,
        "attempt": job.attempt,
        "error": {"code": job.error_code, "message": job.error_message} if job.error_code else None,
        "target": _target(job),
    }


def message(job: Job) -> dict[str, Any]:
    """What a socket sends to its page."""
    return {"type": "job", "job": payload(job)}


def announce(job_uuid: UUID) -> None:
    """Tell all watchers how the row stands now; a row that is gone has no news."""
    job = with_targets(Job.objects.filter(uuid=job_uuid)).first()
    if job is not None:
        progress.publish(group(job_uuid), {"type": "job.changed", "job": payload(job)})


def _stage_text(job: Job) -> str:
    if job.state == Job.State.RUNNING and job.cancel_requested_at is not None:
        return STOPPING
    if job.state == Job.State.RUNNING and job.stage:
        return job.stage
    return _STATE_TEXTS[Job.State(job.state)]


def _target(job: Job) -> Target | None:
    relation = _TARGETS.get(job.kind)
    row = getattr(job, relation, None) if relation else None
    if row is None:
        return None
    if isinstance(row, Stem):
        url = f"{reverse('mixing:song', args=[row.song.uuid])}#stem-{row.uuid}"
        return {"type": "stem", "uuid": str(row.uuid), "url": url, "ready": bool(row.audio_path)}
    if isinstance(row, Reference):
        url = f"{reverse('mixing:song', args=[row.song.uuid])}#references"
        return {"type": "reference", "uuid": str(row.uuid), "url": url, "ready": row.is_ready}
    if isinstance(row, Export):
        url = f"{reverse('mixing:mix', args=[row.mix.uuid])}#exports"
        return {"type": "export", "uuid": str(row.uuid), "url": url, "ready": row.is_ready}
    url = reverse(_PAGES[job.kind], args=[row.uuid])
    return {"type": str(relation), "uuid": str(row.uuid), "url": url, "ready": row.is_ready}
