"""Races that are lost without the guards: each guard has a twin that shows what happens where it is not asked."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.db import connection

from aimixer_site.ops.errors import DomainError
from mixing.models import Job, Stem, Upload
from mixing.services import demo, jobs, storage, uploads
from tests.factories import make_job, make_song, make_user

pytestmark = [
    pytest.mark.concurrency,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("media"),
]

T = TypeVar("T")


def at_once(count: int, act: Callable[[int], T]) -> list[T | BaseException]:
    """What ``count`` threads, let go together, got: an answer or an exception each."""
    start = threading.Barrier(count)
    got: list[T | BaseException] = [AssertionError("it never ran")] * count

    def one(index: int) -> None:
        try:
            start.wait(timeout=20)
            got[index] = act(index)
        except BaseException as error:
            got[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return got


def outcomes(got: list[Any]) -> tuple[int, list[str]]:
    """How many won, and the codes of those that were refused; anything else is raised."""
    refused = []
    for item in got:
        if isinstance(item, BaseException) and not isinstance(item, DomainError):
            raise item
        if isinstance(item, DomainError):
            refused.append(item.code)
    return len(got) - len(refused), refused


def test_of_twenty_workers_one_claims_a_job() -> None:
    job = make_job()
    got = at_once(20, lambda _: jobs.claim(job.uuid, 1))
    outcomes(got)
    assert sum(item is not None for item in got) == 1
    job.refresh_from_db()
    assert (job.state, job.attempt) == (Job.State.RUNNING, 1)


def test_without_the_condition_in_the_update_more_than_one_worker_takes_the_job() -> None:
    job = make_job()
    everyone_has_read = threading.Barrier(2)

    def read_then_write(_: int) -> bool:
        row = Job.objects.get(pk=job.pk)
        everyone_has_read.wait(timeout=20)
        if row.state != Job.State.QUEUED:
            return False
        Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING)
        return True

    got = at_once(2, read_then_write)
    assert got == [True, True], "this is the race that the claim must not have"


def test_a_job_that_is_cancelled_and_claimed_at_once_is_one_of_the_two() -> None:
    for _ in range(5):
        job = make_job()
        got = at_once(2, lambda i, job=job: jobs.claim(job.uuid, 1) if i else jobs.request_cancel(job=job))
        outcomes(got)
        job.refresh_from_db()
        claimed = got[1] is not None
        assert job.state == (Job.State.RUNNING if claimed else Job.State.CANCELLED)
        assert (job.cancel_requested_at is not None) == claimed


def test_two_reapers_give_a_lost_job_one_more_attempt_and_not_two() -> None:
    from datetime import timedelta

    from django.utils import timezone

    long_ago = timezone.now() - timedelta(hours=1)
    job = make_job(state=Job.State.RUNNING, heartbeat_at=long_ago)
    got = at_once(4, lambda _: jobs.reap())
    outcomes(got)
    job.refresh_from_db()
    assert (job.state, job.attempt) == (Job.State.QUEUED, 2)
    assert sorted(got) == [0, 0, 0, 1]


def test_of_twenty_parallel_posts_of_one_chunk_one_lands() -> None:
    song = make_song(make_user())
    chunk = b"0123456789" * 1000
    upload = uploads.create(song=song, owner=song.owner, filename="Kick.wav", length=3 * len(chunk))

    def send(_: int) -> Upload:
        mine = Upload.objects.get(pk=upload.pk)
        mine.offset = 0
        return uploads.append(upload=mine, offset=0, read=io.BytesIO(chunk).read)

    won, refused = outcomes(at_once(20, send))
    assert won == 1
    assert set(refused) == {"offset_mismatch"}
    upload.refresh_from_db()
    assert upload.offset == len(chunk)
    assert storage.part_file(upload.uuid).read_bytes() == chunk


def test_two_senders_of_different_bytes_never_mix_them_in_one_file() -> None:
    song = make_song(make_user())
    size = 2 * uploads.PIECE_BYTES
    upload = uploads.create(song=song, owner=song.owner, filename="Kick.wav", length=2 * size)
    first_has_begun = threading.Event()

    def slow_and_quick(sender: int) -> Upload:
        pieces = iter([bytes([sender]) * uploads.PIECE_BYTES] * 2)

        def read(_: int) -> bytes:
            if sender == 0:
                first_has_begun.set()
                time.sleep(0.15)
            return next(pieces, b"")

        mine = Upload.objects.get(pk=upload.pk)
        if sender == 1:
            first_has_begun.wait(timeout=20)
        return uploads.append(upload=mine, offset=0, read=read)

    got = at_once(2, slow_and_quick)
    assert outcomes(got) == (1, ["offset_mismatch"])
    (winner,) = [sender for sender, item in enumerate(got) if isinstance(item, Upload)]
    assert set(storage.part_file(upload.uuid).read_bytes()) == {winner}, "the row counts bytes of one sender alone"


def test_the_last_chunk_sent_twenty_times_makes_one_stem_and_one_job() -> None:
    song = make_song(make_user())
    upload = uploads.create(song=song, owner=song.owner, filename="Kick.wav", length=4)

    def send(_: int) -> Upload:
        return uploads.append(upload=Upload.objects.get(pk=upload.pk), offset=0, read=io.BytesIO(b"kick").read)

    won, _ = outcomes(at_once(20, send))
    assert won == 1
    assert (Stem.objects.count(), Job.objects.count()) == (1, 1)


def test_without_the_lock_and_the_condition_one_chunk_is_counted_twice(tmp_path: Path) -> None:
    song = make_song(make_user())
    upload = uploads.create(song=song, owner=song.owner, filename="Kick.wav", length=100)
    everyone_has_read = threading.Barrier(2)

    def send(_: int) -> None:
        row = Upload.objects.get(pk=upload.pk)
        everyone_has_read.wait(timeout=20)
        with storage.part_file(row.uuid).open("ab") as file:
            file.write(b"0123456789")
        row.offset += 10
        row.save(update_fields=["offset"])

    outcomes(at_once(2, send))
    upload.refresh_from_db()
    assert storage.part_file(upload.uuid).stat().st_size == 20
    assert upload.offset == 10, "the file holds the chunk twice and the row knows of one"


def test_twenty_uploads_begun_at_once_cannot_pass_the_limit_of_stems_together(settings: Any) -> None:
    settings.STEMS_MAX = 5
    song = make_song(make_user())
    won, refused = outcomes(
        at_once(20, lambda i: uploads.create(song=song, owner=song.owner, filename=f"{i}.wav", length=10))
    )
    assert (won, set(refused)) == (5, {"too_many_stems"})


def test_twenty_uploads_begun_at_once_cannot_pass_the_quota_together(settings: Any) -> None:
    settings.UPLOAD_QUOTA_BYTES = 70
    owner = make_user()
    songs = [make_song(owner) for _ in range(20)]
    won, refused = outcomes(
        at_once(20, lambda i: uploads.create(song=songs[i], owner=owner, filename="A.wav", length=10))
    )
    assert (won, set(refused)) == (7, {"quota_reached"})


def test_twenty_files_of_one_name_that_arrive_at_once_get_twenty_names_and_places() -> None:
    song = make_song(make_user())
    begun = [uploads.create(song=song, owner=song.owner, filename="Gtr.wav", length=3) for _ in range(8)]
    won, _ = outcomes(at_once(8, lambda i: uploads.append(upload=begun[i], offset=0, read=io.BytesIO(b"gtr").read)))
    assert won == 8
    rows = list(song.stems.values_list("name", "position"))
    assert len({name for name, _ in rows}) == 8
    assert sorted(position for _, position in rows) == list(range(8))


def test_the_demo_that_two_start_at_once_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from mixing.engine import generator

    made, generate = [], generator.generate

    def short(seed: int) -> Any:
        made.append(seed)
        return generate(seed, duration_s=8.0)

    monkeypatch.setattr(generator, "generate", short)
    got = at_once(2, lambda _: demo.install_demo())
    outcomes(got)
    assert got[0] == got[1]
    assert len(made) == 1
