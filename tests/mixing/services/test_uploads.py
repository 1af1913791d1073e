from __future__ import annotations

import io
import os
import time
from datetime import timedelta
from typing import Any

import pytest
from django.http import UnreadablePostError
from django.utils import timezone

from aimixer_site.ops.errors import DomainError
from mixing.models import Job, Song, Stem, Upload
from mixing.services import storage, uploads
from mixing.services.stems import clean_name
from tests.factories import make_song, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def song() -> Song:
    return make_song(make_user())


def begin(song: Song, name: str = "Kick.wav", length: int = 10) -> Upload:
    return uploads.create(song=song, owner=song.owner, filename=name, length=length)


def send(upload: Upload, data: bytes, offset: int | None = None) -> Upload:
    return uploads.append(upload=upload, offset=upload.offset if offset is None else offset, read=io.BytesIO(data).read)


def code(caught: pytest.ExceptionInfo[DomainError]) -> tuple[str, int]:
    return caught.value.code, caught.value.status


def test_chunks_arrive_at_their_offset_and_the_last_one_makes_a_stem_and_its_job(song: Song) -> None:
    upload = send(begin(song, "01 Kick.wav"), b"01234")
    assert (upload.offset, upload.stem) == (5, None)
    upload = send(upload, b"56789")
    stem = upload.stem
    assert stem is not None
    assert (stem.name, stem.role, stem.state, stem.upload_bytes) == ("01 Kick.wav", "kick", Stem.State.CHECKING, 10)
    assert stem.job is not None
    assert (stem.job.kind, stem.job.state, stem.job.owner) == ("ingest", Job.State.QUEUED, song.owner)
    assert storage.part_file(upload.uuid).read_bytes() == b"0123456789"


def test_a_chunk_at_another_offset_is_refused_and_changes_nothing(song: Song) -> None:
    upload = send(begin(song), b"01234")
    with pytest.raises(DomainError) as caught:
        send(upload, b"xxxxx", offset=3)
    assert code(caught) == ("offset_mismatch", 409)
    assert storage.part_file(upload.uuid).read_bytes() == b"01234"


def test_a_chunk_that_comes_twice_is_refused_the_second_time(song: Song) -> None:
    stale = begin(song)
    send(stale, b"01234")
    twin = Upload.objects.get(pk=stale.pk)
    twin.offset = 0
    with pytest.raises(DomainError) as caught:
        send(twin, b"01234", offset=0)
    assert code(caught) == ("offset_mismatch", 409)
    assert storage.part_file(stale.uuid).read_bytes() == b"01234"


def test_what_a_crash_left_beyond_the_rows_offset_is_cut_off(song: Song) -> None:
    upload = send(begin(song), b"01234")
    with storage.part_file(upload.uuid).open("ab") as file:
        file.write(b"written, but never noted")
    upload = send(upload, b"56789")
    assert storage.part_file(upload.uuid).read_bytes() == b"0123456789"


def test_a_file_that_is_shorter_than_the_row_says_is_lost_and_begun_anew(song: Song) -> None:
    upload = send(begin(song), b"01234")
    os.truncate(storage.part_file(upload.uuid), 2)
    with pytest.raises(DomainError) as caught:
        send(upload, b"56789")
    assert code(caught) == ("upload_lost", 410)
    assert not Upload.objects.exists()


def test_a_connection_that_breaks_keeps_what_it_brought(song: Song) -> None:
    upload = begin(song)
    pieces = iter([b"012", b"34"])

    def read(size: int) -> bytes:
        try:
            return next(pieces)
        except StopIteration:
            raise UnreadablePostError("the line is cut") from None

    upload = uploads.append(upload=upload, offset=0, read=read)
    assert upload.offset == 5
    assert send(upload, b"56789").stem is not None


def test_a_chunk_is_read_in_small_pieces(song: Song) -> None:
    asked: list[int] = []
    body = io.BytesIO(b"0123456789")

    def read(size: int) -> bytes:
        asked.append(size)
        return body.read(size)

    uploads.append(upload=begin(song), offset=0, read=read)
    assert set(asked) == {64 * 1024}


@pytest.mark.parametrize("promised", [None, 11])
def test_a_chunk_beyond_the_announced_length_is_refused(song: Song, promised: int | None) -> None:
    upload = begin(song)
    with pytest.raises(DomainError) as caught:
        uploads.append(upload=upload, offset=0, read=io.BytesIO(b"0123456789+").read, promised=promised)
    assert code(caught) == ("too_many_bytes", 413)
    assert Upload.objects.get().offset == 0


def test_a_chunk_of_more_than_8_mib_is_refused_at_the_first_byte_too_many(song: Song, settings: Any) -> None:
    upload = begin(song, length=20 * 2**20)
    taken = 0

    def endless(size: int) -> bytes:
        nonlocal taken
        taken += size
        return b"\0" * size

    with pytest.raises(DomainError) as caught:
        uploads.append(upload=upload, offset=0, read=endless)
    assert code(caught) == ("chunk_too_large", 413)
    assert taken <= settings.UPLOAD_CHUNK_BYTES + 64 * 1024


def test_an_empty_or_too_large_file_is_refused_with_its_name(song: Song, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 100 * 2**20
    with pytest.raises(DomainError, match=r"Kick\.wav") as caught:
        begin(song, length=0)
    assert code(caught) == ("empty_file", 422)
    with pytest.raises(DomainError, match="larger than 100 MB") as caught:
        begin(song, length=100 * 2**20 + 1)
    assert code(caught) == ("file_too_large", 413)


def test_unfinished_uploads_count_for_the_quota_by_the_length_that_they_promised(song: Song, settings: Any) -> None:
    settings.UPLOAD_QUOTA_BYTES = 1000
    begin(song, "A.wav", 600)
    Stem.objects.create(song=song, name="B.wav", state=Stem.State.READY, stored_bytes=300)
    assert storage.used_bytes(song.owner) == 900
    begin(song, "C.wav", 100)
    with pytest.raises(DomainError) as caught:
        begin(song, "D.wav", 1)
    assert code(caught) == ("quota_reached", 413)


def test_stems_and_open_uploads_together_stay_below_the_limit_and_rejected_ones_do_not_count(
    song: Song, settings: Any
) -> None:
    settings.STEMS_MAX = 3
    Stem.objects.create(song=song, name="A.wav", state=Stem.State.READY)
    Stem.objects.create(song=song, name="B.wav", state=Stem.State.REJECTED)
    begin(song, "C.wav")
    begin(song, "D.wav")
    with pytest.raises(DomainError) as caught:
        begin(song, "E.wav")
    assert code(caught) == ("too_many_stems", 409)


def test_two_files_of_one_name_are_told_apart(song: Song) -> None:
    names = [send(begin(song, "Gtr.wav", 3), b"abc").stem.name for _ in range(3)]
    assert names == ["Gtr.wav", "Gtr (2).wav", "Gtr (3).wav"]
    assert list(song.stems.values_list("position", flat=True)) == [0, 1, 2]


def test_a_mended_file_takes_the_place_of_the_rejected_one(song: Song) -> None:
    Stem.objects.create(song=song, name="Gtr.wav", state=Stem.State.REJECTED)
    assert send(begin(song, "Gtr.wav", 3), b"abc").stem.name == "Gtr.wav"
    assert song.stems.count() == 1


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Songs\\Bass.wav", "Bass.wav"),
        ("Ge\u0301za.wav", "Géza.wav"),
        ("a\x00b\nc\x7f.wav", "abc.wav"),
        ("evil\u202egpj.wav", "evilgpj.wav"),
        ("  a   b .wav ", "a b .wav"),
        ("...", "stem"),
        ("", "stem"),
        ("/", "stem"),
        ("лид 🎤.flac", "лид 🎤.flac"),
        ("x" * 300 + ".wav", "x" * 196 + ".wav"),
    ],
)
def test_a_file_name_is_for_people_and_never_a_path(raw: str, clean: str) -> None:
    assert clean_name(raw) == clean


def test_a_stopped_upload_leaves_nothing(song: Song) -> None:
    upload = send(begin(song), b"01234")
    uploads.abort(upload=upload)
    assert not Upload.objects.exists()
    assert not storage.part_file(upload.uuid).exists()


def test_a_file_that_has_arrived_is_not_stopped_but_deleted_as_a_stem(song: Song) -> None:
    upload = send(begin(song), b"0123456789")
    with pytest.raises(DomainError) as caught:
        uploads.abort(upload=upload)
    assert code(caught) == ("upload_complete", 409)
    assert storage.part_file(upload.uuid).exists()


def test_what_was_given_up_is_swept_and_what_is_under_way_or_checked_stays(song: Song) -> None:
    given_up, under_way = send(begin(song, "A.wav"), b"01"), send(begin(song, "B.wav"), b"01")
    checked = send(begin(song, "C.wav", 2), b"01")
    yesterday = timezone.now() - timedelta(days=1)
    Upload.objects.filter(pk__in=[given_up.pk, checked.pk]).update(expires_at=yesterday)
    orphan, fresh = (storage.uploads_folder() / f"{name}.part" for name in ("orphan", "fresh"))
    for path in (orphan, fresh):
        path.write_bytes(b"?")
    os.utime(orphan, (time.time() - 7200,) * 2)
    lost = storage.stem_file(song.uuid, song.uuid, 1, ".wav")
    lost.write_bytes(b"of a run that was killed")
    os.utime(lost, (time.time() - 3 * 86_400,) * 2)

    assert uploads.sweep() == 3

    left = {path.name for path in storage.uploads_folder().iterdir()}
    assert left == {f"{under_way.uuid}.part", f"{checked.uuid}.part", "fresh.part"}
    assert not lost.exists()
