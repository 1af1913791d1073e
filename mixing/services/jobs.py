"""The life of a job's row. The row is the truth: a worker writes to it only while the attempt is its own.

Every write names the attempt, so that a worker that was frozen, given up and then woken finds no row to write to,
throws its files away and leaves the one result of the later attempt alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone
from redis.exceptions import RedisError
from structlog.contextvars import bound_contextvars

from accounts.models import User
from accounts.services import allowance
from aimixer_site.ops import jobs as queue
from aimixer_site.ops.errors import DomainError, unless_deleted
from aimixer_site.ops.logs import request_id
from mixing import events
from mixing.engine.errors import Cancelled, EngineError
from mixing.models import Job, Mix, Recording, Reference, Song, Stem, Upload
from mixing.services import storage
from mixing.services.pace import Pace

log = structlog.get_logger("aimixer.jobs")

INGEST, REFERENCE, MIX, EXPORT = "ingest", "reference", "mix", "export"
LISTENING = (INGEST, REFERENCE)
"""Jobs that check a file; they need nothing of the song's stems."""
FORGOTTEN_AFTER_S = 15
"""A queued row that is older and that Redis does not know is put into the queue again."""
_REQUEUED_AT_ONCE = 200

_GAVE_UP = EngineError(
    "worker_lost",
    "This was tried several times and each time the worker stopped before the end. It may need more memory or time "
    "than there is; try again later, or with shorter files.",
)
_BROKE = EngineError(
    "internal_error", "Something broke on our side, and trying again did not help. It has been noted; nothing is lost."
)
_STOPPED = EngineError("cancelled", "The check was stopped before its end. Upload the file again to use it.")


class Superseded(Exception):
    """The row is no longer ours: another attempt has it, it has ended, or it was deleted."""


def create(*, kind: str, song: Song, owner: User | None) -> Job:
    """A queued job, put into the queue when the transaction commits."""
    job = Job.objects.create(kind=kind, song=song, owner=owner, request_id=request_id())
    queue.enqueue(kind=job.kind, job_uuid=job.uuid, attempt=job.attempt)
    return job


def claim(job_uuid: UUID, attempt: int) -> Job | None:
    """Make a queued attempt ours; None where somebody else has it, or it was cancelled or deleted."""
    now = timezone.now()
    won = Job.objects.filter(uuid=job_uuid, attempt=attempt, state=Job.State.QUEUED).update(
        state=Job.State.RUNNING, started_at=now, heartbeat_at=now, stage="", eta_s=None, sequence=F("sequence") + 1
    )
    if not won:
        return None
    events.announce(job_uuid)
    return Job.objects.select_related("song", "owner").filter(uuid=job_uuid, attempt=attempt).first()


class Run:
    """One attempt at a job, in the hands of one worker."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.attempt = job.attempt
        self.is_over = False
        self._pace = Pace()
        self._files: list[Path] = []
        self._may_be_cancelled = True

    def file(self, path: Path) -> Path:
        """A path that is deleted with everything beside it unless this run publishes it."""
        self._files.append(path)
        return path

    def progress(self, fraction: float, stage: str | None = None) -> None:
        """Say how much of the job is done, 0 to 1, and keep the lease.

        Watchers hear of it at most four times a second. Raises Cancelled when its owner wants it to stop, and
        Superseded when the row is no longer ours.
        """
        news = self._pace.news(fraction, stage)
        if news is not None:
            self._write(
                percent=_at_least("percent", news.percent),
                stage=news.stage,
                eta_s=news.eta_s,
                sequence=F("sequence") + 1,
            )
            events.announce(self.job.uuid)
        elif self._pace.heartbeat_is_due():
            self._write()
        elif self._pace.look_is_due() and not self._mine().exists():
            self._stop()

    def part(self, start: float, end: float, stage: str) -> Callable[[float], None]:
        """A callback for a step that takes the job from ``start`` to ``end``; the step tells its own 0 to 1."""
        self.progress(start, stage)
        return lambda fraction: self.progress(start + (end - start) * fraction, stage)

    def cancelled(self) -> bool:
        """For engines that ask between blocks; what they are told keeps the lease as well."""
        try:
            self.progress(0.0)
        except Cancelled:
            return True
        return False

    @contextmanager
    def publish_part(self) -> Iterator[None]:
        """Write a result while the job goes on, in one transaction with the row. From here on it runs to its end."""
        with transaction.atomic():
            self._write(sequence=F("sequence") + 1)
            yield
            transaction.on_commit(partial(events.announce, self.job.uuid))
        self._may_be_cancelled = False
        self._files.clear()

    @contextmanager
    def publish(self) -> Iterator[None]:
        """End the job as done, in one transaction with the writes of its result."""
        with transaction.atomic():
            if not _end(self._rows(), self.job.uuid, Job.State.DONE):
                raise Superseded
            yield
        self.is_over = True
        self._files.clear()

    def end(self, state: Job.State, error: EngineError | None = None) -> None:
        """End the job without a result; a row that is no longer ours is left alone."""
        with transaction.atomic():
            _end(self._rows(), self.job.uuid, state, error)
        self.is_over = True

    def discard(self) -> None:
        """Delete the files that this run has not published."""
        storage.remove(*self._files)

    def _rows(self) -> QuerySet[Job]:
        return Job.objects.filter(uuid=self.job.uuid, attempt=self.attempt, state=Job.State.RUNNING)

    def _mine(self) -> QuerySet[Job]:
        rows = self._rows()
        return rows.filter(cancel_requested_at=None) if self._may_be_cancelled else rows

    def _write(self, **values: object) -> None:
        self._pace.wrote()
        if not self._mine().update(heartbeat_at=timezone.now(), **values):
            self._stop()

    def _stop(self) -> None:
        raise Cancelled if self._rows().exists() else Superseded


def run(job_uuid: UUID, attempt: int, work: Callable[[Run], None]) -> None:
    """Claim an attempt and do it. However the work ends, the row has a final state or a new attempt in the queue."""
    job = claim(job_uuid, attempt)
    if job is None:
        log.info("job_not_claimed", job=str(job_uuid), attempt=attempt)
        return
    with bound_contextvars(job=str(job_uuid), attempt=attempt, request_id=job.request_id):
        log.info("job_started", kind=job.kind)
        _carry_out(Run(job), work)


def _carry_out(run: Run, work: Callable[[Run], None]) -> None:
    try:
        work(run)
        if not run.is_over:
            with run.publish():
                pass
        log.info("job_done")
    except Superseded:
        log.warning("job_superseded")
    except Cancelled:
        run.end(Job.State.CANCELLED, _STOPPED)
        log.info("job_cancelled")
    except EngineError as error:
        run.end(Job.State.FAILED, error)
        log.info("job_refused", code=error.code, reason=error.message)
    except Exception:
        log.exception("job_broke")
        _try_again(run.job, run._rows(), _BROKE)
    finally:
        run.discard()


def request_cancel(*, job: Job) -> Job:
    """Stop a job: at once while it waits, between two blocks while it runs. A finished job stays as it is."""
    rows = Job.objects.filter(uuid=job.uuid)
    # Twice, since a job may go from running back to the queue between the two questions.
    for _ in range(2):
        with transaction.atomic():
            if _end(rows.filter(state=Job.State.QUEUED), job.uuid, Job.State.CANCELLED, _STOPPED):
                break
        asked = rows.filter(state=Job.State.RUNNING, cancel_requested_at=None).update(
            cancel_requested_at=timezone.now(), sequence=F("sequence") + 1
        )
        if asked:
            events.announce(job.uuid)
            break
    with unless_deleted("The job"):
        job.refresh_from_db()
    return job


def cancel_all(jobs: QuerySet[Job]) -> None:
    """Stop every job of these that has not ended."""
    for job in jobs.exclude(state__in=Job.FINAL):
        with suppress(DomainError):
            request_cancel(job=job)


def reap() -> int:
    """Give up attempts whose worker is gone, queue again what Redis forgot; how many rows were touched."""
    return _reap_stale() + _requeue_forgotten()


def _reap_stale() -> int:
    limit = timezone.now() - timedelta(seconds=settings.JOB_LEASE_S)
    stale = Job.objects.filter(state=Job.State.RUNNING, heartbeat_at__lt=limit)
    touched = 0
    for job in stale:
        # The heartbeat is asked again inside of the update: a worker that wrote meanwhile keeps its row.
        if _try_again(job, stale.filter(uuid=job.uuid, attempt=job.attempt), _GAVE_UP):
            log.warning("job_reaped", job=str(job.uuid), kind=job.kind, attempt=job.attempt)
            touched += 1
    return touched


def _requeue_forgotten() -> int:
    limit = timezone.now() - timedelta(seconds=FORGOTTEN_AFTER_S)
    touched = 0
    for job in Job.objects.filter(state=Job.State.QUEUED, queued_at__lt=limit).order_by("queued_at")[
        :_REQUEUED_AT_ONCE
    ]:
        try:
            known = queue.is_known(job.kind, job.uuid, job.attempt)
        except RedisError as error:
            log.warning("queue_not_reached", error=str(error))
            break
        if not known:
            _enqueue(job, job.attempt)
            touched += 1
    return touched


def _try_again(job: Job, rows: QuerySet[Job], last_word: EngineError) -> bool:
    """Queue the next attempt, or end the job after the last one; ``rows`` holds the attempt while it is ours."""
    with transaction.atomic():
        if _end(rows.exclude(cancel_requested_at=None), job.uuid, Job.State.CANCELLED, _STOPPED):
            return True
        if job.attempt >= settings.JOB_MAX_ATTEMPTS:
            return _end(rows, job.uuid, Job.State.FAILED, last_word)
        changed = rows.update(
            state=Job.State.QUEUED,
            attempt=job.attempt + 1,
            queued_at=timezone.now(),
            heartbeat_at=None,
            eta_s=None,
            stage="",
            sequence=F("sequence") + 1,
        )
        if changed:
            _enqueue(job, job.attempt + 1)
            transaction.on_commit(partial(events.announce, job.uuid))
        return bool(changed)


def _enqueue(job: Job, attempt: int) -> None:
    with bound_contextvars(request_id=job.request_id):
        queue.enqueue(kind=job.kind, job_uuid=job.uuid, attempt=attempt)


def _end(rows: QuerySet[Job], job_uuid: UUID, state: Job.State, error: EngineError | None = None) -> bool:
    """Give a job its final state if ``rows`` still holds it; inside of a transaction."""
    failure = error if state == Job.State.FAILED else None
    done = {"percent": 100.0} if state == Job.State.DONE else {}
    changed = rows.update(
        state=state,
        finished_at=timezone.now(),
        eta_s=None,
        stage="",
        error_code=failure.code if failure else "",
        error_message=failure.message if failure else "",
        sequence=F("sequence") + 1,
        **done,
    )
    if changed:
        _settle_recording(job_uuid, error)
        if state != Job.State.DONE:
            for mix in Mix.objects.filter(job__uuid=job_uuid).values_list("uuid", flat=True):
                allowance.give_back_mix(mix)
        transaction.on_commit(partial(events.announce, job_uuid))
    return bool(changed)


def _settle_recording(job_uuid: UUID, error: EngineError | None) -> None:
    """A recording whose check has ended is not checked any longer, however it ended, and the upload has served."""
    if error is not None:
        for rows in (Stem.objects, Reference.objects):
            rows.filter(job__uuid=job_uuid, state=Recording.State.CHECKING).update(
                state=Recording.State.REJECTED, error_code=error.code, error_message=error.message
            )
    served = Q(stem__job__uuid=job_uuid) | Q(reference__job__uuid=job_uuid)
    for upload_uuid in Upload.objects.filter(served).values_list("uuid", flat=True):
        transaction.on_commit(partial(storage.remove, storage.part_file(upload_uuid)))


def _at_least(column: str, value: float) -> object:
    return Greatest(F(column), value)
