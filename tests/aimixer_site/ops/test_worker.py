"""Workers on a real queue: the warm one runs in its own process, the careful one in a fork with limits."""

import os
import resource
import subprocess
import sys

import numpy as np
import pytest
import structlog
from django.core.cache import cache
from django_rq import get_queue
from pytest_django.fixtures import Settings
from rq.job import JobStatus

from aimixer_site.ops import worker

WARMED: list[int] = []


def warm() -> None:
    WARMED.append(os.getpid())


def note(*, job_uuid: str, attempt: int, request_id: str) -> None:
    """A job that writes down where and how it ran."""
    limits = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_CORE)]
    ids = structlog.contextvars.get_contextvars()
    cache.set("noted", {"pid": os.getpid(), "limits": limits, "ids": ids})


def take_all_memory(*, job_uuid: str, attempt: int, request_id: str) -> None:
    try:
        np.ones(2**30, dtype=np.float64)
    except MemoryError:
        cache.set("noted", "refused")


def die(*, job_uuid: str, attempt: int, request_id: str) -> None:
    os.kill(os.getpid(), 9)


def queue_and_run(queue: str, entry_point: str) -> dict:
    kwargs = {"job_uuid": "u-1", "attempt": 2, "request_id": "r-1"}
    job = get_queue(queue).enqueue_call(f"{__name__}.{entry_point}", kwargs=kwargs, job_id="mix-u-1-2")
    worker.run(queue, max_jobs=1)
    return {"status": job.get_status(), "noted": cache.get("noted")}


@pytest.fixture(autouse=True)
def _in_this_process(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    WARMED.clear()
    settings.INFERENCE_WARM = f"{__name__}.warm"
    settings.INGEST_PRELOAD = ["mixing.engine.errors"]
    settings.INGEST_WARM = f"{__name__}.warm"
    # Tests own the signals of their process, and share its database connection.
    monkeypatch.setattr(worker, "close_old_connections", lambda: None)
    monkeypatch.setattr(worker, "connections", type("Kept", (), {"close_all": staticmethod(lambda: None)}))
    monkeypatch.setattr(worker._Site, "_install_signal_handlers", lambda self: None, raising=False)


def test_inference_runs_in_the_process_that_was_warmed() -> None:
    outcome = queue_and_run("inference", "note")
    assert outcome["status"] == JobStatus.FINISHED
    assert outcome["noted"]["pid"] == os.getpid() == WARMED[0]


def test_ingest_runs_in_a_fork_that_the_kernel_limits(settings: Settings) -> None:
    noted = queue_and_run("ingest", "note")["noted"]
    assert noted["pid"] != os.getpid()
    assert noted["limits"] == [settings.INGEST_MEMORY_BYTES, settings.INGEST_CPU_S, 0]
    assert resource.getrlimit(resource.RLIMIT_CORE) != (0, 0) or resource.getrlimit(resource.RLIMIT_AS)[0] == -1


def test_ingest_is_warmed_once_before_it_forks_so_that_no_stem_waits_for_it() -> None:
    queue_and_run("ingest", "note")
    assert [os.getpid()] == WARMED


def test_warming_ingest_loads_what_a_job_needs_and_starts_no_thread_that_a_fork_would_lose(settings: Settings) -> None:
    code = (
        "import os, sys\n"
        "from mixing.engine.audio import ingest\n"
        "from mixing.jobs import warm_ingest\n"
        "before = len(os.listdir('/proc/self/task'))\n"
        "warm_ingest()\n"
        "assert len(os.listdir('/proc/self/task')) == before, os.listdir('/proc/self/task')\n"
        "assert 'aimixer_site.urls' in sys.modules\n"
    )
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code], check=True, cwd=settings.BASE_DIR
    )


def test_every_line_that_a_job_logs_carries_its_ids() -> None:
    ids = queue_and_run("inference", "note")["noted"]["ids"]
    assert ids == {"request_id": "r-1", "rq_job": "mix-u-1-2", "job": "u-1", "attempt": 2}
    assert structlog.contextvars.get_contextvars() == {}


def test_a_file_that_wants_all_memory_gets_an_error_and_not_the_machine() -> None:
    assert queue_and_run("ingest", "take_all_memory")["noted"] == "refused"


def test_a_job_that_is_killed_takes_only_its_fork_along() -> None:
    assert queue_and_run("ingest", "die")["status"] == JobStatus.FAILED
    assert queue_and_run("ingest", "note")["status"] == JobStatus.FINISHED


def test_a_worker_is_named_after_its_queue_and_process() -> None:
    assert worker.name_for("ingest", 41).startswith("ingest-")
    assert worker.name_for("ingest", 41).endswith("-41")
