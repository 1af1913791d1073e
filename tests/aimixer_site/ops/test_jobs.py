"""The queue is a hint: nothing is lost when it is down, and nothing is queued that the database took back."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import structlog
from django.db import transaction
from django_rq import get_queue
from redis.exceptions import ConnectionError as RedisConnectionError
from rq.job import Job, JobStatus
from rq.utils import now

from aimixer_site.ops import jobs


def queued() -> list[str]:
    return get_queue("inference").get_job_ids()


@pytest.mark.django_db(transaction=True)
def test_a_job_enters_the_queue_of_its_kind_when_the_transaction_commits() -> None:
    uuid = uuid4()
    with transaction.atomic(), structlog.contextvars.bound_contextvars(request_id="request-1"):
        jobs.enqueue(kind="mix", job_uuid=uuid, attempt=2)
        assert queued() == []
    assert queued() == [f"mix-{uuid}-2"]
    job = get_queue("inference").fetch_job(f"mix-{uuid}-2")
    assert job.func_name == "mixing.jobs.mix"
    assert job.kwargs == {"job_uuid": str(uuid), "attempt": 2, "request_id": "request-1"}


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_rolls_back_queues_nothing() -> None:
    with transaction.atomic():
        jobs.enqueue(kind="mix", job_uuid=uuid4(), attempt=1)
        transaction.set_rollback(True)
    assert queued() == []


@pytest.mark.django_db(transaction=True)
def test_the_same_attempt_asked_for_twice_is_one_job() -> None:
    uuid = uuid4()
    jobs.enqueue(kind="mix", job_uuid=uuid, attempt=1)
    jobs.enqueue(kind="mix", job_uuid=uuid, attempt=1)
    assert len(set(queued())) == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_stored_is_json_and_never_a_pickle() -> None:
    uuid = uuid4()
    jobs.enqueue(kind="mix", job_uuid=uuid, attempt=1)
    import json
    import zlib

    stored = get_queue("inference").connection.hget(f"rq:job:mix-{uuid}-1", "data")
    assert str(uuid) in json.dumps(json.loads(zlib.decompress(stored)))


@pytest.mark.django_db(transaction=True)
def test_a_redis_that_is_down_fails_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise RedisConnectionError("down")

    monkeypatch.setattr(jobs, "get_queue", refuse)
    with structlog.testing.capture_logs() as logs:
        jobs.enqueue(kind="mix", job_uuid=uuid4(), attempt=1)
    assert [line["event"] for line in logs] == ["job_not_queued"]


@pytest.mark.django_db(transaction=True)
class TestWhetherTheQueueKnowsAJob:
    uuid: UUID

    @pytest.fixture(autouse=True)
    def _queue_one(self) -> None:
        self.uuid = uuid4()
        jobs.enqueue(kind="mix", job_uuid=self.uuid, attempt=1)
        self.job: Job = get_queue("inference").fetch_job(f"mix-{self.uuid}-1")

    def is_known(self, attempt: int = 1) -> bool:
        return jobs.is_known("mix", self.uuid, attempt)

    def test_it_knows_one_that_waits(self) -> None:
        assert self.is_known()

    def test_it_does_not_know_another_attempt(self) -> None:
        assert not self.is_known(attempt=2)

    def test_it_forgets_everything_with_its_memory(self) -> None:
        get_queue("inference").connection.flushall()
        assert not self.is_known()

    def test_it_does_not_know_one_that_fell_out_of_the_list(self) -> None:
        get_queue("inference").connection.delete(get_queue("inference").key)
        assert not self.is_known()

    def test_it_knows_one_that_a_worker_has_just_taken(self) -> None:
        queue = get_queue("inference")
        queue.connection.lmove(queue.key, queue.intermediate_queue_key, "LEFT", "LEFT")
        assert self.is_known()

    def test_it_believes_a_started_one_only_while_its_worker_shows_life(self) -> None:
        self.job.set_status(JobStatus.STARTED)
        self.job.heartbeat(now(), 600)
        assert self.is_known()
        self.job.heartbeat(now() - timedelta(seconds=60), 600)
        assert not self.is_known()

    def test_it_does_not_know_one_that_has_ended(self) -> None:
        self.job.set_status(JobStatus.FINISHED)
        assert not self.is_known()
