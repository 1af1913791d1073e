"""The only way into the queues. A queued job is a hint: the row that it names is the truth."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django_rq import get_queue
from redis.exceptions import RedisError
from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus
from rq.utils import now

from aimixer_site.ops.logs import request_id

log = structlog.get_logger("aimixer.jobs")

_KEEP_FINISHED_S = 3600
_STARTED_IS_BELIEVED = timedelta(seconds=45)


def rq_id(kind: str, job_uuid: UUID, attempt: int) -> str:
    """One attempt has one id, so that asking twice for the same attempt leaves one job in the queue."""
    return f"{kind}-{job_uuid}-{attempt}"


def enqueue(*, kind: str, job_uuid: UUID, attempt: int) -> None:
    """Puts one attempt of a job into its queue, once the surrounding transaction has committed.

    Redis that is down is logged and never fails the caller: the reaper enqueues again.
    """
    transaction.on_commit(partial(_enqueue_now, kind, job_uuid, attempt, request_id()))


def _enqueue_now(kind: str, job_uuid: UUID, attempt: int, cause: str) -> None:
    queue_name, entry_point = settings.JOB_KINDS[kind]
    try:
        get_queue(queue_name).enqueue_call(
            entry_point,
            kwargs={"job_uuid": str(job_uuid), "attempt": attempt, "request_id": cause},
            job_id=rq_id(kind, job_uuid, attempt),
            result_ttl=_KEEP_FINISHED_S,
            failure_ttl=_KEEP_FINISHED_S,
        )
    except (RedisError, OSError) as error:
        log.warning("job_not_queued", kind=kind, job=str(job_uuid), attempt=attempt, error=str(error))
        return
    log.info("job_queued", kind=kind, job=str(job_uuid), attempt=attempt, queue=queue_name)


def is_known(kind: str, job_uuid: UUID, attempt: int) -> bool:
    """Whether the queue still means to run this attempt, or is running it.

    Raises ``redis.exceptions.RedisError`` where Redis cannot be asked: nobody should enqueue on a guess.
    """
    queue = get_queue(settings.JOB_KINDS[kind][0])
    name = rq_id(kind, job_uuid, attempt)
    try:
        job = Job.fetch(name, connection=queue.connection, serializer=queue.serializer)
    except NoSuchJobError:
        return False
    status = job.get_status()
    if status == JobStatus.QUEUED:
        # A worker that died between taking the job and starting it leaves a "queued" job that no list holds.
        return name in queue.get_job_ids() or name in _taken(queue)
    if status == JobStatus.STARTED:
        # A worker claims the row as its first act. One that died keeps the job "started" for up to half an hour.
        return job.last_heartbeat is not None and now() - job.last_heartbeat < _STARTED_IS_BELIEVED
    return status in {JobStatus.DEFERRED, JobStatus.SCHEDULED}


def _taken(queue: object) -> list[str]:
    """Jobs between the queue and a worker's start."""
    return [str(name) for name in queue.intermediate_queue.get_job_ids()]  # type: ignore[attr-defined]
