"""Recordings beside a song: taken in as stems are, one of each kind, measured, gone without a trace."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from django.test import TestCase
from pytest_django.fixtures import Settings

from aimixer_site.ops.errors import DomainError
from mixing import jobs as entry
from mixing.models import Job, Mix, Reference, Song, Stem, Upload
from mixing.services import jobs, mixes, references, songs, stems, storage, uploads
from tests.factories import (
    coming_reference,
    make_mixer,
    make_song,
    make_user,
    mixable_song,
    ready_reference,
    write_wav,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def song() -> Song:
    return make_song(make_user("Alice"))


def send(song: Song, data: bytes, name: str = "Hit.wav", kind: str = "reference") -> Upload:
    assert song.owner is not None
    upload = uploads.create(song=song, owner=song.owner, filename=name, length=len(data), kind=kind)
    return uploads.append(upload=upload, offset=0, read=io.BytesIO(data).read)


def check(reference: Reference, attempt: int = 1) -> Any:
    assert reference.job is not None
    with TestCase.captureOnCommitCallbacks(execute=True):
        entry.reference(job_uuid=str(reference.job.uuid), attempt=attempt)
    reference.refresh_from_db()
    reference.job.refresh_from_db()
    return reference


def files(media: Path) -> set[str]:
    return {path.suffix for path in media.rglob("*") if path.is_file()}


def test_a_file_that_is_sent_as_a_reference_becomes_one_and_no_stem(song: Song) -> None:
    upload = send(song, b"01234", "../My: Hit.wav")
    reference = upload.reference
    assert reference is not None
    assert reference.job is not None
    assert (reference.kind, reference.name, reference.state) == ("reference", "My: Hit.wav", Reference.State.CHECKING)
    assert (reference.job.kind, reference.job.owner) == ("reference", song.owner)
    assert not Stem.objects.exists()
    assert upload.is_complete


def test_no_file_is_of_a_kind_that_nobody_knows(song: Song) -> None:
    with pytest.raises(DomainError) as caught:
        send(song, b"0", kind="video")
    assert (caught.value.code, caught.value.field, caught.value.status) == ("unknown_kind", "kind", 422)


def test_it_is_decoded_measured_and_kept_at_its_own_rate(song: Song, tmp_path: Path) -> None:
    source = write_wav(tmp_path / "hit.wav", duration_s=1.5, rate=48_000, channels=2)
    Song.objects.filter(pk=song.pk).update(sample_rate=44_100)
    reference = check(coming_reference(song, source=source))
    assert (reference.state, reference.job.state) == (Reference.State.READY, Job.State.DONE)
    assert (reference.sample_rate, reference.frames, reference.channels) == (48_000, 72_000, 2)
    assert sf.info(storage.absolute(reference.audio_path)).frames == 72_000
    assert -20 < reference.analysis["loudness_lufs"] < -10
    assert storage.absolute(reference.peaks_path).is_file()


def test_it_fixes_no_rate_for_the_song(song: Song) -> None:
    check(coming_reference(song))
    song.refresh_from_db()
    assert song.sample_rate is None


def test_the_file_that_arrived_is_deleted_once_it_is_taken_in(song: Song, media: Path) -> None:
    check(coming_reference(song))
    assert files(media) == {".wav", ".peaks"}


def test_a_file_that_is_no_sound_is_refused_with_a_sentence_and_leaves_nothing(
    song: Song, media: Path, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.wav"
    letter.write_text("dear mixer")
    reference = check(coming_reference(song, "Letter.wav", source=letter))
    assert (reference.state, reference.job.state) == (Reference.State.REJECTED, Job.State.FAILED)
    assert reference.error_code != ""
    assert "Letter.wav" in reference.error_message
    assert files(media) == set()


def test_silence_is_refused_since_nothing_can_sound_like_it(song: Song, tmp_path: Path) -> None:
    silent = tmp_path / "silent.wav"
    sf.write(silent, np.zeros((44_100, 2), dtype=np.int16), 44_100)
    reference = check(coming_reference(song, "Silent.wav", source=silent))
    assert (reference.state, reference.error_code) == (Reference.State.REJECTED, "silent_reference")
    assert "“Silent.wav”" in reference.error_message


def test_a_broken_file_costs_nobody_the_good_one(song: Song, tmp_path: Path) -> None:
    good = ready_reference(song)
    letter = tmp_path / "letter.wav"
    letter.write_text("dear mixer")
    check(coming_reference(song, "Letter.wav", source=letter))
    good.refresh_from_db()
    assert good.is_ready
    assert storage.absolute(good.audio_path).is_file()


def test_the_next_one_takes_the_place_of_the_one_before_and_of_its_sound(song: Song, media: Path) -> None:
    before = ready_reference(song, "Old.wav")
    mine = ready_reference(song, "Mine.wav", kind="rough_mix")
    check(coming_reference(song, "New.wav"))
    assert set(song.references.values_list("name", "state")) == {("New.wav", "ready"), ("Mine.wav", "ready")}
    assert not storage.absolute(before.audio_path).exists()
    assert not storage.absolute(before.peaks_path).exists()
    assert storage.absolute(mine.audio_path).is_file()


def test_one_that_is_sent_while_another_is_checked_makes_that_one_superfluous(song: Song, media: Path) -> None:
    first = coming_reference(song, "First.wav")
    with TestCase.captureOnCommitCallbacks(execute=True):
        second: Any = send(song, b"01234", "Second.wav").reference
    assert list(song.references.all()) == [second]
    assert first.job is not None
    entry.reference(job_uuid=str(first.job.uuid), attempt=1)
    assert [path.name for path in media.rglob("*") if path.is_file()] == [f"{second.upload.uuid}.part"]


def test_of_two_that_are_on_their_way_the_newer_one_stays(song: Song) -> None:
    assert song.owner is not None
    for name in ("Old.wav", "New.wav"):
        uploads.create(song=song, owner=song.owner, filename=name, length=9, kind="reference")
    uploads.create(song=song, owner=song.owner, filename="Mine.wav", length=9, kind="rough_mix")
    assert set(song.uploads.values_list("filename", flat=True)) == {"New.wav", "Mine.wav"}


def test_references_do_not_count_as_stems_and_find_room_beside_a_full_song(song: Song, settings: Settings) -> None:
    settings.STEMS_MAX = 1
    assert song.owner is not None
    uploads.create(song=song, owner=song.owner, filename="Hit.wav", length=9, kind="reference")
    uploads.create(song=song, owner=song.owner, filename="Kick.wav", length=9)
    with pytest.raises(DomainError) as caught:
        uploads.create(song=song, owner=song.owner, filename="Snare.wav", length=9)
    assert caught.value.code == "too_many_stems"


def test_its_sound_counts_against_what_a_persons_songs_may_hold(song: Song) -> None:
    assert song.owner is not None
    reference = coming_reference(song)
    assert storage.used_bytes(song.owner) == reference.upload_bytes
    check(reference)
    assert storage.used_bytes(song.owner) == reference.stored_bytes > 0


def test_one_that_unpacks_beyond_the_quota_is_refused_and_the_one_before_stays(song: Song, settings: Settings) -> None:
    before = ready_reference(song)
    settings.UPLOAD_QUOTA_BYTES = before.stored_bytes // 2
    late = check(coming_reference(song, "Late.wav"))
    assert (late.state, late.error_code) == (Reference.State.REJECTED, "quota_reached")
    assert Reference.objects.get(pk=before.pk).is_ready
    assert storage.absolute(before.audio_path).is_file()


def test_the_one_before_makes_room_for_the_next(song: Song, settings: Settings, tmp_path: Path) -> None:
    source = write_wav(tmp_path / "hit.wav", channels=2)
    first = check(coming_reference(song, source=source))
    settings.UPLOAD_QUOTA_BYTES = first.stored_bytes
    assert check(coming_reference(song, "Again.wav", source=source)).is_ready


def test_deleting_one_takes_its_files_its_job_and_its_upload(song: Song, media: Path) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        references.delete(reference=ready_reference(song))
        references.delete(reference=coming_reference(song))
    assert files(media) == set()
    assert not (Reference.objects.exists())
    assert not (Upload.objects.exists())
    assert not (Job.objects.exists())


def test_one_that_is_deleted_while_it_is_checked_leaves_no_file(
    song: Song, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference: Any = coming_reference(song)
    accept = references.accept

    def deleted_meanwhile(**given: Any) -> None:
        with TestCase.captureOnCommitCallbacks(execute=True):
            references.delete(reference=reference)
        accept(**given)

    monkeypatch.setattr(references, "accept", deleted_meanwhile)
    entry.reference(job_uuid=str(reference.job.uuid), attempt=1)
    assert files(media) == set()
    assert not Reference.objects.exists()


def test_a_worker_that_comes_late_publishes_nothing(song: Song) -> None:
    reference: Any = coming_reference(song)
    Job.objects.filter(pk=reference.job_id).update(attempt=2)
    entry.reference(job_uuid=str(reference.job.uuid), attempt=1)
    reference.refresh_from_db()
    assert reference.state == Reference.State.CHECKING


def test_deleting_the_song_takes_them_along(song: Song, media: Path) -> None:
    ready_reference(song)
    coming_reference(song, kind="rough_mix")
    with TestCase.captureOnCommitCallbacks(execute=True):
        songs.delete(song=song)
    assert files(media) == set()


def test_deleting_a_stem_does_not_stop_the_check_of_a_reference(song: Song) -> None:
    from tests.factories import ready_stem

    stem, reference = ready_stem(song), coming_reference(song)
    stems.delete(stem=stem)
    assert check(reference).is_ready


def test_files_of_references_that_no_row_names_are_swept_and_named_ones_stay(song: Song) -> None:
    kept = ready_reference(song)
    stray = storage.reference_file(song.uuid, kept.uuid, 7, ".wav")
    stray.write_bytes(b"left behind")
    assert storage.sweep_orphans(older_than_s=-1) == 1
    assert not stray.exists()
    assert storage.absolute(kept.audio_path).is_file()


# ---- mixes that are to match one ---------------------------------------------------------------------------------


def ask(song: Song, reference: Reference | None, **given: Any) -> Mix:
    make_mixer()
    assert song.owner is not None
    wanted = reference.uuid if reference else None
    return mixes.create(
        song=song, owner=song.owner, mixer_key="rough-mix", intent=given.pop("intent", {}), reference=wanted
    )


def mixed(mix: Mix) -> Any:
    with TestCase.captureOnCommitCallbacks(execute=True):
        entry.mix(job_uuid=str(mix.job.uuid), attempt=1)
    mix.refresh_from_db()
    mix.job.refresh_from_db()
    return mix


@pytest.fixture
def session() -> Song:
    return mixable_song(make_user("Bob"))


def test_a_mix_that_matches_a_reference_is_as_loud_as_that(session: Song) -> None:
    quiet: Any = ready_reference(session)
    quiet.analysis["loudness_lufs"] = -23.0
    quiet.save()
    mix = mixed(ask(session, quiet))
    assert mix.report["target_lufs"] == -23.0
    assert (mix.reference, mix.reference_name) == (quiet, "Hit.wav")


def test_a_target_that_is_asked_for_comes_before_the_references(session: Song) -> None:
    mix = mixed(ask(session, ready_reference(session), intent={"target_lufs": -20.0}))
    assert mix.report["target_lufs"] == -20.0


def test_a_mix_whose_reference_was_removed_before_it_began_says_so(session: Song) -> None:
    reference = ready_reference(session)
    mix = ask(session, reference)
    references.delete(reference=reference)
    mixed(mix)
    assert (mix.job.state, mix.job.error_code) == (Job.State.FAILED, "reference_gone")
    assert "“Hit.wav” was removed or replaced" in mix.job.error_message


def test_a_finished_mix_keeps_the_name_of_what_it_matched(session: Song) -> None:
    reference = ready_reference(session)
    mix = mixed(ask(session, reference))
    references.delete(reference=reference)
    mix.refresh_from_db()
    assert (mix.reference, mix.reference_name, mix.is_ready) == (None, "Hit.wav", True)


def test_a_reference_that_was_measured_by_an_older_version_is_measured_again(session: Song) -> None:
    reference: Any = ready_reference(session)
    loudness = reference.analysis["loudness_lufs"]
    Reference.objects.filter(pk=reference.pk).update(analysis={"version": 1, "loudness_lufs": -3.0})
    mix = mixed(ask(session, reference))
    assert mix.report["target_lufs"] == pytest.approx(loudness)
    reference.refresh_from_db()
    assert reference.analysis["loudness_lufs"] == pytest.approx(loudness)


def test_a_mix_matches_only_what_lies_beside_its_own_song(session: Song) -> None:
    foreign = ready_reference(make_song(make_user("Carol")))
    with pytest.raises(DomainError) as caught:
        ask(session, foreign)
    assert (caught.value.code, caught.value.field) == ("unknown_reference", "reference")


def test_a_mix_waits_for_the_check_of_what_it_is_to_match(session: Song) -> None:
    with pytest.raises(DomainError) as caught:
        ask(session, coming_reference(session))
    assert (caught.value.code, caught.value.status) == ("reference_not_ready", 409)


def test_a_mixer_that_needs_a_reference_says_so_before_a_job_is_made(session: Song) -> None:
    mixer = make_mixer("rough-mix")
    type(mixer).objects.filter(pk=mixer.pk).update(needs_reference=True)
    assert session.owner is not None
    with pytest.raises(DomainError) as caught:
        mixes.create(song=session, owner=session.owner, mixer_key="rough-mix", intent={})
    assert (caught.value.code, caught.value.field, caught.value.status) == ("needs_reference", "reference", 422)
    assert "Drop a reference" in caught.value.message
    assert not Mix.objects.exists()
    assert not Job.objects.filter(kind=jobs.MIX).exists()


def test_a_style_that_nobody_knows_is_refused_with_those_that_there_are(session: Song) -> None:
    with pytest.raises(DomainError) as caught:
        ask(session, None, intent={"style": "crunchy"})
    assert (caught.value.code, caught.value.field) == ("unknown_style", "style")
    assert "dense" in caught.value.message
