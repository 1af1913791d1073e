from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from redis.exceptions import ConnectionError as RedisDown

from aimixer_site.ops import jobs as queue
from mixing.engine.errors import MixFailed
from mixing.models import Job, Stem
from mixing.services import jobs, songs, storage
from tests.factories import checking_stem, make_job, make_song, make_user, running_job

pytestmark = pytest.mark.django_db

State = Job.State


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, uuid.UUID, int]]:
    calls: list[tuple[str, uuid.UUID, int]] = []

    def note(*, kind: str, job_uuid: uuid.UUID, attempt: int) -> None:
        calls.append((kind, job_uuid, attempt))

    monkeypatch.setattr(queue, "enqueue", note)
    return calls


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    monkeypatch.setattr("mixing.events.progress.publish", lambda group, message: events.append(message["job"]))
    return events


def aged(job: Job, **seconds: float) -> None:
    Job.objects.filter(pk=job.pk).update(
        **{name: timezone.now() - timedelta(seconds=value) for name, value in seconds.items()}
    )


def test_a_job_is_created_queued_and_goes_to_the_queue(queued: list[Any]) -> None:
    user = make_user()
    job = jobs.create(kind="mix", song=make_song(user), owner=user)
    assert (job.state, job.attempt) == (State.QUEUED, 1)
    assert queued == [("mix", job.uuid, 1)]


def test_only_the_first_of_two_workers_claims_an_attempt() -> None:
    job = make_job()
    assert jobs.claim(job.uuid, 1) is not None
    assert jobs.claim(job.uuid, 1) is None
    job.refresh_from_db()
    assert job.state == State.RUNNING
    assert job.heartbeat_at is not None


@pytest.mark.parametrize("state", [State.DONE, State.FAILED, State.CANCELLED, State.RUNNING])
def test_only_a_queued_job_can_be_claimed(state: str) -> None:
    assert jobs.claim(make_job(state=state).uuid, 1) is None


def test_another_attempt_of_the_same_job_cannot_be_claimed() -> None:
    job = make_job(attempt=2)
    assert jobs.claim(job.uuid, 1) is None
    assert jobs.claim(job.uuid, 2) is not None


def test_a_run_ends_as_done_and_a_second_run_of_the_same_attempt_does_nothing(
    django_capture_on_commit_callbacks: Any,
) -> None:
    job = make_job()
    worked: list[int] = []

    def work(run: jobs.Run) -> None:
        worked.append(run.attempt)
        with run.publish():
            pass

    jobs.run(job.uuid, 1, work)
    jobs.run(job.uuid, 1, work)
    job.refresh_from_db()
    assert worked == [1]
    assert (job.state, job.percent) == (State.DONE, 100.0)
    assert job.finished_at is not None


def test_progress_is_monotone_over_attempts_and_each_change_has_a_higher_sequence(
    told: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    job = make_job(attempt=2, percent=60.0)
    with django_capture_on_commit_callbacks(execute=True):
        jobs.run(job.uuid, 2, lambda run: (run.progress(0.2, "Listening"), run.progress(0.7, "Rendering"))[0])
    assert [event["percent"] for event in told] == [60.0, 60.0, 70.0, 100.0]
    assert [event["stage_text"] for event in told] == ["Starting", "Listening", "Rendering", "Done"]
    sequences = [event["sequence"] for event in told]
    assert sequences == sorted(set(sequences))


def test_an_error_of_the_engine_ends_the_job_at_once_with_its_code_and_sentence(queued: list[Any]) -> None:
    job = make_job()

    def work(run: jobs.Run) -> None:
        raise MixFailed("stem_rate", "Kick.wav has another rate.")

    jobs.run(job.uuid, 1, work)
    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "stem_rate")
    assert job.error_message == "Kick.wav has another rate."
    assert queued == []


def test_an_unexpected_error_is_tried_again_and_given_up_after_the_last_attempt(queued: list[Any]) -> None:
    job = make_job()

    def work(run: jobs.Run) -> None:
        raise RuntimeError("the disk said no")

    for attempt in range(1, settings.JOB_MAX_ATTEMPTS + 1):
        jobs.run(job.uuid, attempt, work)
        job.refresh_from_db()
        if attempt < settings.JOB_MAX_ATTEMPTS:
            assert (job.state, job.attempt) == (State.QUEUED, attempt + 1)
    assert [call[2] for call in queued] == [2, 3]
    assert (job.state, job.error_code) == (State.FAILED, "internal_error")
    assert "the disk said no" not in job.error_message


def superseded_by_reaper(job: Job) -> None:
    aged(job, heartbeat_at=settings.JOB_LEASE_S + 1)
    assert jobs.reap() == 1


@pytest.mark.parametrize("late", ["progress", "publish", "publish_part"])
def test_a_run_that_wakes_after_its_lease_writes_nothing_and_deletes_its_files(
    late: str, media: Path, queued: list[Any]
) -> None:
    job = make_job()
    file = media / "late.wav"

    def work(run: jobs.Run) -> None:
        run.file(file).write_bytes(b"late")
        superseded_by_reaper(job)
        Job.objects.filter(pk=job.pk).update(percent=7.0)
        if late == "progress":
            run.progress(0.9, "Rendering")
        elif late == "publish":
            with run.publish():
                raise AssertionError("nothing may be published by a run that is not ours")
        else:
            with run.publish_part():
                raise AssertionError("nothing may be published by a run that is not ours")

    jobs.run(job.uuid, 1, work)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.percent) == (State.QUEUED, 2, 7.0)
    assert not file.exists()


def test_a_late_run_does_not_end_the_attempt_of_another_when_it_breaks(queued: list[Any]) -> None:
    job = make_job()

    def work(run: jobs.Run) -> None:
        superseded_by_reaper(job)
        assert jobs.claim(job.uuid, 2) is not None
        raise RuntimeError("woken and confused")

    jobs.run(job.uuid, 1, work)
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.RUNNING, 2)
    assert [call[2] for call in queued] == [2]


def test_what_a_run_publishes_stays_and_a_failing_publication_leaves_the_row_running(media: Path) -> None:
    job = running_job()
    run = jobs.Run(job)
    file = run.file(media / "kept.wav")
    file.write_bytes(b"sound")
    with pytest.raises(ValueError, match="half way"), run.publish():
        raise ValueError("half way")
    job.refresh_from_db()
    assert job.state == State.RUNNING
    with run.publish():
        pass
    run.discard()
    assert file.exists()


def test_a_song_that_is_deleted_while_its_job_runs_leaves_no_file_and_no_folder(
    media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    song = make_song()
    job = make_job(song)

    def work(run: jobs.Run) -> None:
        path = run.file(storage.mix_file(song.uuid, uuid.uuid4(), 1, ".wav"))
        path.write_bytes(b"sound")
        with django_capture_on_commit_callbacks(execute=True):
            songs.delete(song=song)
        assert not path.exists()
        storage.mix_file(song.uuid, uuid.uuid4(), 1, ".wav")
        path.write_bytes(b"written by a run that does not know yet")
        with run.publish():
            raise AssertionError("there is no row to publish to")

    jobs.run(job.uuid, 1, work)
    assert list((media / "songs").rglob("*")) == []


def test_a_waiting_job_is_cancelled_at_once() -> None:
    job = jobs.request_cancel(job=make_job())
    assert job.state == State.CANCELLED
    assert jobs.claim(job.uuid, 1) is None


def test_a_running_job_stops_at_its_next_word(media: Path) -> None:
    job = make_job()
    file = media / "half.wav"

    def work(run: jobs.Run) -> None:
        run.file(file).write_bytes(b"half")
        run.progress(0.1, "Rendering")
        asked = jobs.request_cancel(job=job)
        assert asked.state == State.RUNNING
        assert asked.cancel_requested_at is not None
        run.progress(0.9, "Measuring")
        raise AssertionError("it went on")

    jobs.run(job.uuid, 1, work)
    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.CANCELLED, "")
    assert not file.exists()


def test_a_finished_job_cannot_be_cancelled() -> None:
    job = make_job(state=State.DONE, percent=100.0)
    assert jobs.request_cancel(job=job).state == State.DONE


def test_a_job_that_has_published_its_sound_runs_to_its_end_even_when_told_to_stop() -> None:
    job = make_job()

    def work(run: jobs.Run) -> None:
        with run.publish_part():
            pass
        jobs.request_cancel(job=job)
        run.progress(0.95, "Writing FLAC")
        assert not run.cancelled()

    jobs.run(job.uuid, 1, work)
    job.refresh_from_db()
    assert job.state == State.DONE


def test_the_reaper_gives_a_lost_job_another_attempt_and_leaves_a_living_one_alone(queued: list[Any]) -> None:
    lost, living = running_job(), running_job()
    aged(lost, heartbeat_at=settings.JOB_LEASE_S + 1)
    assert jobs.reap() == 1
    lost.refresh_from_db()
    living.refresh_from_db()
    assert (lost.state, lost.attempt) == (State.QUEUED, 2)
    assert (living.state, living.attempt) == (State.RUNNING, 1)
    assert queued == [("mix", lost.uuid, 2)]


def test_the_reaper_gives_up_after_the_last_attempt_with_a_sentence(queued: list[Any]) -> None:
    job = running_job(attempt=settings.JOB_MAX_ATTEMPTS)
    aged(job, heartbeat_at=settings.JOB_LEASE_S + 1)
    jobs.reap()
    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "worker_lost")
    assert queued == []


def test_the_reaper_cancels_a_lost_job_that_was_told_to_stop(queued: list[Any]) -> None:
    job = running_job()
    jobs.request_cancel(job=job)
    aged(job, heartbeat_at=settings.JOB_LEASE_S + 1)
    jobs.reap()
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert queued == []


@pytest.mark.parametrize(("known", "age_s", "again"), [(False, 16, True), (True, 16, False), (False, 5, False)])
def test_a_row_that_redis_forgot_is_queued_again(
    known: bool, age_s: float, again: bool, queued: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "is_known", lambda kind, job_uuid, attempt: known)
    job = make_job()
    aged(job, queued_at=age_s)
    assert jobs.reap() == int(again)
    assert queued == ([("mix", job.uuid, 1)] if again else [])


def test_the_reaper_survives_a_redis_that_is_down(queued: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def down(kind: str, job_uuid: uuid.UUID, attempt: int) -> bool:
        raise RedisDown

    monkeypatch.setattr(queue, "is_known", down)
    aged(make_job(), queued_at=60)
    assert jobs.reap() == 0
    assert queued == []


Ending = Callable[[Job], object]


def lost_for_good(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(attempt=settings.JOB_MAX_ATTEMPTS, state=State.RUNNING)
    aged(job, heartbeat_at=settings.JOB_LEASE_S + 1)
    jobs.reap()


@pytest.mark.parametrize(
    ("ending", "code"), [(lambda job: jobs.request_cancel(job=job), "cancelled"), (lost_for_good, "worker_lost")]
)
def test_a_stem_never_stays_in_checking_once_its_job_has_ended(
    ending: Ending, code: str, media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    stem = checking_stem(make_song(make_user()))
    part = storage.part_file(stem.upload.uuid)
    with django_capture_on_commit_callbacks(execute=True):
        ending(stem.job)
    stem.refresh_from_db()
    assert (stem.state, stem.error_code) == (Stem.State.REJECTED, code)
    assert stem.error_message
    assert not part.exists()


def test_the_heartbeat_moves_while_nothing_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    job = running_job()
    run = jobs.Run(job)
    run.progress(0.5, "Rendering")
    aged(job, heartbeat_at=10)
    before = Job.objects.get(pk=job.pk)
    monkeypatch.setattr("mixing.services.pace.HEARTBEAT_EVERY_S", 0.0)
    run.progress(0.5, "Rendering")
    after = Job.objects.get(pk=job.pk)
    assert after.heartbeat_at > before.heartbeat_at
    assert after.sequence == before.sequence
