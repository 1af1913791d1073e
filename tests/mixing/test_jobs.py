"""The workers' entry points, with real files and the real engine."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from django.test import TestCase
from pytest_django.fixtures import Settings

from mixing import jobs as entry
from mixing.engine.audio import peaks
from mixing.engine.errors import MixFailed
from mixing.engine.generator.song import generate
from mixing.models import Job, Mix, Song, Stem
from mixing.services import jobs, mixes, storage
from mixing.services import stems as stem_service
from tests.factories import checking_stem, make_mixer, make_song, make_user, mixable_song, write_wav

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


def ingest(stem: Stem, attempt: int = 1) -> Stem:
    assert stem.job is not None
    with TestCase.captureOnCommitCallbacks(execute=True):
        entry.ingest(job_uuid=str(stem.job.uuid), attempt=attempt)
    stem.refresh_from_db()
    stem.job.refresh_from_db()
    return stem


def ask_for_mix(song: Song, key: str = "faders-up", **intent: Any) -> Mix:
    make_mixer()
    return mixes.create(song=song, owner=song.owner or make_user(), mixer_key=key, intent=intent)


def run_mix(mix: Mix, attempt: int = 1) -> Mix:
    with TestCase.captureOnCommitCallbacks(execute=True):
        entry.mix(job_uuid=str(mix.job.uuid), attempt=attempt)
    mix.refresh_from_db()
    mix.job.refresh_from_db()
    return mix


def test_an_uploaded_file_becomes_a_stem_with_its_sound_its_waveform_and_its_measures(tmp_path: Path) -> None:
    song = make_song(make_user())
    source = write_wav(tmp_path / "bass.wav", duration_s=1.5, rate=48_000, channels=2)
    stem = ingest(checking_stem(song, "Bass.wav", source=source))

    assert (stem.state, stem.job.state) == (Stem.State.READY, Job.State.DONE)
    assert (stem.channels, stem.frames, stem.duration_s) == (2, 72_000, 1.5)
    assert stem.original_sample_rate == 48_000
    song.refresh_from_db()
    assert song.sample_rate == 48_000
    canonical, _ = sf.read(storage.absolute(stem.audio_path), dtype="int16")
    original, _ = sf.read(source, dtype="int16")
    assert np.array_equal(canonical, original), "integer PCM at the song's rate is kept bit by bit"
    assert stem.sha256 == hashlib.sha256(storage.absolute(stem.audio_path).read_bytes()).hexdigest()
    assert peaks.read(storage.absolute(stem.peaks_path).read_bytes()).frames == 72_000
    assert stem.analysis["loudness_lufs"] < 0


def kick_wav(path: Path) -> Path:
    song = generate(14, duration_s=20.0)
    kick = next(stem.audio for stem in song.stems if stem.role == "kick")
    sf.write(path, kick.T, song.sample_rate, subtype="PCM_16")
    return path


def test_a_stem_whose_name_says_nothing_is_known_by_its_sound(tmp_path: Path) -> None:
    song = make_song(make_user())
    source = kick_wav(tmp_path / "kick.wav")
    unnamed = ingest(checking_stem(song, "Audio 3.wav", source=source))
    assert (unnamed.role, unnamed.role_is_guess) == ("kick", True)
    chosen = checking_stem(song, "Audio 4.wav", source=source)
    stem_service.set_role(stem=chosen, role="other")
    assert ingest(chosen).role == "other", "what a person said stays"


def test_the_upload_is_deleted_once_the_stem_stands_and_nothing_else_is_left(media: Path) -> None:
    stem = ingest(checking_stem(make_song(make_user())))
    assert sorted(path.name for path in media.rglob("*") if path.is_file()) == [
        f"{stem.uuid}-1.mel.npz", f"{stem.uuid}-1.peaks", f"{stem.uuid}-1.wav",
    ]  # fmt: skip


def silent_flac(path: Path, *, duration_s: int) -> Path:
    sf.write(path, np.zeros((44_100 * duration_s, 2), dtype=np.int16), 44_100, format="FLAC", subtype="PCM_16")
    return path


def test_a_small_file_that_unpacks_beyond_the_quota_is_refused_and_leaves_nothing(
    tmp_path: Path, media: Path, settings: Settings
) -> None:
    settings.UPLOAD_QUOTA_BYTES = 2**20
    stem = checking_stem(make_song(make_user()), "Bomb.flac", source=silent_flac(tmp_path / "b.flac", duration_s=10))
    assert stem.upload_bytes < 2**16
    ingest(stem)
    assert (stem.state, stem.error_code) == (Stem.State.REJECTED, "quota_reached")
    assert "“Bomb.flac” takes 2 MB" in stem.error_message
    assert stem.job is not None
    assert (stem.job.state, stem.job.attempt) == (Job.State.FAILED, 1)
    assert [path.name for path in media.rglob("*") if path.is_file()] == []


def test_a_stem_that_just_fits_the_quota_is_taken_since_its_upload_makes_way(
    tmp_path: Path, settings: Settings
) -> None:
    source = write_wav(tmp_path / "full.wav")
    first = ingest(checking_stem(make_song(make_user()), source=source))
    settings.UPLOAD_QUOTA_BYTES = 2 * first.stored_bytes
    assert ingest(checking_stem(first.song, "Second.wav", source=source)).state == Stem.State.READY
    assert ingest(checking_stem(first.song, "Third.wav", source=source)).error_code == "quota_reached"


def test_later_stems_are_brought_to_the_rate_that_the_first_one_fixed(tmp_path: Path) -> None:
    song = make_song(make_user())
    ingest(checking_stem(song, "First.wav", source=write_wav(tmp_path / "a.wav", rate=44_100)))
    second = ingest(checking_stem(song, "Second.wav", source=write_wav(tmp_path / "b.wav", rate=48_000)))
    assert second.state == Stem.State.READY
    assert (second.original_sample_rate, second.frames) == (48_000, 44_100)


def test_the_loser_of_the_race_for_the_rate_is_taken_in_again_at_the_songs_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = make_song(make_user())
    stem = checking_stem(song, "Late.wav", source=write_wav(tmp_path / "late.wav", rate=48_000))
    accept, rates = stem_service.accept, []

    def another_was_faster(**given: Any) -> None:
        rates.append(given["ingested"].sample_rate)
        Song.objects.filter(pk=song.pk, sample_rate=None).update(sample_rate=44_100)
        accept(**given)

    monkeypatch.setattr(stem_service, "accept", another_was_faster)
    ingest(stem)
    assert rates == [48_000, 44_100]
    assert (stem.state, stem.frames) == (Stem.State.READY, 44_100)
    assert sf.info(storage.absolute(stem.audio_path)).samplerate == 44_100


def test_a_file_that_is_no_sound_is_rejected_with_a_sentence_and_leaves_nothing(media: Path, tmp_path: Path) -> None:
    fake = tmp_path / "fake.wav"
    fake.write_bytes(b"this is a letter and not a song" * 100)
    song = make_song(make_user())
    stem = ingest(checking_stem(song, "Letter.wav", source=fake))
    assert stem.state == Stem.State.REJECTED
    assert stem.job.state == Job.State.FAILED
    assert stem.error_code == stem.job.error_code != ""
    assert "Letter.wav" in stem.error_message
    assert [path for path in media.rglob("*") if path.is_file()] == []
    song.refresh_from_db()
    assert song.sample_rate is None, "a file that was refused fixes no rate"


def test_an_upload_that_has_vanished_is_said_so_and_not_tried_again() -> None:
    stem = checking_stem(make_song(make_user()))
    storage.part_file(stem.upload.uuid).unlink()
    ingest(stem)
    assert (stem.state, stem.error_code, stem.job.attempt) == (Stem.State.REJECTED, "upload_lost", 1)


def test_a_stem_that_is_deleted_while_it_is_checked_leaves_no_file(
    media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stem = checking_stem(make_song(make_user()))
    job = stem.job
    listen = entry._listen

    def deleted_meanwhile(*args: Any) -> Any:
        found = listen(*args)
        stem_service.delete(stem=Stem.objects.get(pk=stem.pk))
        return found

    monkeypatch.setattr(entry, "_listen", deleted_meanwhile)
    with TestCase.captureOnCommitCallbacks(execute=True):
        entry.ingest(job_uuid=str(job.uuid), attempt=1)
    assert not Stem.objects.exists()
    assert list((media / "songs").rglob("*")) == []


def test_a_mix_has_its_console_its_measures_and_three_files_that_fit_together() -> None:
    mix = run_mix(ask_for_mix(mixable_song(make_user()), target_lufs=-20.0))
    assert mix.job.state == Job.State.DONE
    assert mix.report["loudness_lufs"] == pytest.approx(-20.0, abs=0.1)
    assert mix.report["held_by"] == "target"
    assert [strip["stem"] for strip in mix.parameters["strips"]] == ["Bass.wav", "Lead.wav"]
    wav, flac = storage.absolute(mix.wav_path), storage.absolute(mix.flac_path)
    from_wav, rate = sf.read(wav, dtype="int32")
    from_flac, _ = sf.read(flac, dtype="int32")
    assert rate == 44_100
    assert np.array_equal(from_wav, from_flac)
    assert np.abs(from_wav).max() > 0
    assert peaks.read(storage.absolute(mix.peaks_path).read_bytes()).frames == len(from_wav)
    assert mix.report["sha256"] == hashlib.sha256(wav.read_bytes()).hexdigest()
    assert mix.stored_bytes == sum(
        storage.absolute(path).stat().st_size for path in (mix.wav_path, mix.flac_path, mix.peaks_path)
    )


def test_the_files_carry_the_songs_title_and_the_mixer() -> None:
    mix = run_mix(ask_for_mix(mixable_song(make_user(), title="Nördlich")))
    for path in (mix.wav_path, mix.flac_path):
        with sf.SoundFile(storage.absolute(path)) as file:
            assert file.title == "Nördlich"
            assert mix.mixer.title in file.comment


def test_the_mix_can_be_heard_before_the_flac_is_written_and_a_later_attempt_writes_only_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mix = ask_for_mix(mixable_song(make_user()))
    encode = entry.wav_to_flac

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(entry, "wav_to_flac", broken)
    run_mix(mix)
    assert (mix.job.state, mix.job.attempt) == (Job.State.QUEUED, 2)
    assert mix.is_ready
    wav_path, sound = mix.wav_path, storage.absolute(mix.wav_path).read_bytes()

    monkeypatch.setattr(entry, "wav_to_flac", encode)
    monkeypatch.setattr(entry, "_render", lambda *args: pytest.fail("it was rendered twice"))
    run_mix(mix, attempt=2)
    assert mix.job.state == Job.State.DONE
    assert mix.wav_path == wav_path
    assert storage.absolute(wav_path).read_bytes() == sound
    assert sorted(path.suffix for path in storage.absolute(wav_path).parent.iterdir()) == [".flac", ".peaks", ".wav"]


def test_what_a_killed_attempt_left_behind_is_deleted_by_the_next(media: Path) -> None:
    mix = ask_for_mix(mixable_song(make_user()))
    for name in (f"{mix.uuid}-1.wav", f".{mix.uuid}-1.bare.wav.abc.part", f"{mix.uuid}-1.bare.wav"):
        storage.mix_file(mix.song.uuid, mix.uuid, 1, ".wav").with_name(name).write_bytes(b"half")
    Job.objects.filter(pk=mix.job_id).update(attempt=2)
    run_mix(mix, attempt=2)
    names = sorted(path.name for path in storage.absolute(mix.wav_path).parent.iterdir())
    assert names == [f"{mix.uuid}-2.flac", f"{mix.uuid}-2.peaks", f"{mix.uuid}-2.wav"]


def test_a_run_that_comes_late_leaves_the_files_of_the_one_after_it_alone() -> None:
    mix = ask_for_mix(mixable_song(make_user()))
    late = jobs.claim(mix.job.uuid, 1)
    assert late is not None
    Job.objects.filter(pk=mix.job_id).update(state=Job.State.QUEUED, attempt=2)
    run_mix(mix, attempt=2)
    before = {path: path.read_bytes() for path in storage.absolute(mix.wav_path).parent.iterdir()}

    jobs._carry_out(jobs.Run(late), entry._mix)

    assert {path: path.read_bytes() for path in storage.absolute(mix.wav_path).parent.iterdir()} == before
    mix.job.refresh_from_db()
    assert (mix.job.state, mix.job.attempt) == (Job.State.DONE, 2)


def test_what_a_mixer_refuses_ends_the_job_with_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    mix = ask_for_mix(mixable_song(make_user()))

    class Refusing:
        version = "1"

        def predict(self, session: Any, intent: Any) -> Any:
            raise MixFailed("unknown_style", "There is no style called polka.")

    monkeypatch.setattr(entry, "find_mixer", lambda key: Refusing())
    run_mix(mix)
    assert (mix.job.state, mix.job.error_code) == (Job.State.FAILED, "unknown_style")
    assert mix.job.error_message == "There is no style called polka."


def test_a_stem_whose_analysis_is_of_another_version_is_measured_again() -> None:
    song = mixable_song(make_user())
    stem = song.stems.get(name="Bass.wav")
    fresh = stem.analysis
    Stem.objects.filter(pk=stem.pk).update(analysis={**fresh, "version": 0, "loudness_lufs": 99.0})
    mix = run_mix(ask_for_mix(song, key="equal-loudness"))
    stem.refresh_from_db()
    assert mix.job.state == Job.State.DONE
    assert stem.analysis == fresh


def test_a_mix_that_is_cancelled_between_blocks_leaves_no_file(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mix = ask_for_mix(mixable_song(make_user()))
    part = jobs.Run.part

    def cancelled_while_rendering(run: jobs.Run, start: float, end: float, stage: str) -> Any:
        if stage == "Rendering":
            jobs.request_cancel(job=run.job)
        return part(run, start, end, stage)

    monkeypatch.setattr(jobs.Run, "part", cancelled_while_rendering)
    run_mix(mix)
    assert mix.job.state == Job.State.CANCELLED
    assert not mix.is_ready
    assert list(storage.song_folder(mix.song.uuid).glob("mixes/*")) == []


def test_a_deleted_stem_stops_the_mixes_that_wait_for_it() -> None:
    song = mixable_song(make_user())
    mix = ask_for_mix(song)
    stem_service.delete(stem=song.stems.get(name="Lead.wav"))
    mix.job.refresh_from_db()
    assert mix.job.state == Job.State.CANCELLED


def test_warming_up_runs_what_jobs_run(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[tuple[str, int]] = []
    take_in = entry.take_in

    def noted(source: Path, destination: Path, **given: Any) -> Any:
        stem = take_in(source, destination, **given)
        taken.append((stem.original_format, stem.channels))
        return stem

    monkeypatch.setattr(entry, "take_in", noted)
    entry.warm()
    assert [channels for _, channels in taken] == [1, 2]


def test_a_checkpoint_that_is_refused_does_not_keep_the_worker_from_its_other_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused() -> None:
        raise MixFailed("checkpoint_tampered", "Not the weights that its card describes.")

    monkeypatch.setattr(entry, "load_weights", refused)
    monkeypatch.setattr("mixing.engine.console.renderer.warm", lambda: None)
    monkeypatch.setattr("mixing.engine.audio.music.warm", lambda: None)
    warmed: list[str] = []
    monkeypatch.setattr(entry, "warm_ingest", lambda: warmed.append("ingest"))
    entry.warm()
    assert warmed == ["ingest"]


def test_a_mix_of_a_trained_mixer_keeps_the_hash_of_the_weights_that_made_it() -> None:
    song = mixable_song(make_user())
    mix = ask_for_mix(song, "console-net")
    weights = mix.mixer.sha256
    Mix.objects.filter(pk=mix.pk).update(mixer_sha256="")
    made = run_mix(mix)
    assert made.job.state == Job.State.DONE, made.job.error_message
    assert (made.mixer_sha256, len(made.mixer_sha256)) == (weights, 64)
    assert ask_for_mix(song, "rough-mix").mixer_sha256 == ""
