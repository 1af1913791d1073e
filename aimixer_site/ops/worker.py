"""The two kinds of worker.

Ingest decodes what strangers send: each job in a process of its own, with limits that the kernel holds.
Inference mixes: one warm process, since loading the kernels takes longer than many a mix.
"""

from __future__ import annotations

import importlib
import os
import resource
import socket
from typing import Any

import structlog
from django.conf import settings
from django.db import close_old_connections, connections
from django.utils.module_loading import import_string
from django_rq import get_queue
from rq import Queue, SimpleWorker, Worker
from rq.executions import Execution
from rq.job import Job

from aimixer_site.ops.process import die_with_parent

log = structlog.get_logger("aimixer.worker")


class _Site:
    """What every job of this site has around it: fresh database connections, and its ids on every log line."""

    # A Redis that comes back is seen again within seconds; RQ's own pause grows to a minute.
    max_connection_wait_time = 5.0
    log_result_lifespan = False

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        close_old_connections()
        ids = {"rq_job": job.id, "job": job.kwargs.get("job_uuid"), "attempt": job.kwargs.get("attempt")}
        try:
            with structlog.contextvars.bound_contextvars(request_id=job.kwargs.get("request_id", ""), **ids):
                worked: bool = super().perform_job(job, queue, execution)  # type: ignore[misc]
        finally:
            close_old_connections()
        return worked


class InferenceWorker(_Site, SimpleWorker):
    """Runs jobs in its own process, one after another."""

    def work(self, *args: Any, **kwargs: Any) -> bool:
        # Warm before it is registered: a worker that is seen is a worker that can start at once.
        import_string(settings.INFERENCE_WARM)()
        connections.close_all()
        return super().work(*args, **kwargs)


class IngestWorker(_Site, Worker):
    """Forks for each job."""

    def work(self, *args: Any, **kwargs: Any) -> bool:
        # Imported and warmed before the fork, so that no job pays for it: loading the kernels takes longer than
        # listening to many a stem. Neither starts threads, which a fork would lose.
        for module in settings.INGEST_PRELOAD:
            importlib.import_module(module)
        import_string(settings.INGEST_WARM)()
        connections.close_all()
        return super().work(*args, **kwargs)

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        # A connection that both sides of a fork hold belongs to neither.
        connections.close_all()
        super().fork_work_horse(job, queue)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        parent = self.pid
        die_with_parent()
        if os.getppid() != parent:
            os._exit(1)
        for limit, most in (
            (resource.RLIMIT_AS, settings.INGEST_MEMORY_BYTES),
            (resource.RLIMIT_CPU, settings.INGEST_CPU_S),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(limit, (most, most))
        super().main_work_horse(job, queue)


WORKERS: dict[str, type[SimpleWorker] | type[Worker]] = {"inference": InferenceWorker, "ingest": IngestWorker}


def name_for(queue: str, pid: int) -> str:
    """A worker's name says where it runs."""
    return f"{queue}-{socket.gethostname()}-{pid}"


def run(queue_name: str, *, max_jobs: int | None = None) -> None:
    """Works on one queue until SIGTERM, after which the job at hand is finished."""
    queue = get_queue(queue_name)
    worker = WORKERS[queue_name](
        [queue],
        name=name_for(queue_name, os.getpid()),
        connection=queue.connection,
        serializer=queue.serializer,
        log_job_description=False,
    )
    log.info("worker_started", queue=queue_name)
    worker.work(logging_level="WARNING", max_jobs=max_jobs)
    log.info("worker_stopped", queue=queue_name)
