"""Exports from the wish to the file: written by the worker's entry point with the real engine."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from django.test import TestCase
from pytest_django.fixtures import Settings

from accounts.models import User
from aimixer_site.ops.errors import DomainError
from mixing import jobs as entry
from mixing.engine.console.parameters import ConsoleParameters, Eq
from mixing.engine.export.dawproject import read_dawproject
from mixing.engine.export.session import read_session
from mixing.models import Export, Job, Mix
from mixing.services import exports, jobs, mixes, songs, storage
from mixing.services import stems as stem_service
from tests.factories import finished_mix, make_mixer, make_user, mixable_song

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]

RATE = 44_100


def rendered_mix(owner: User, *, key: str = "rough-mix", **song: Any) -> Mix:
    """A mix of a second and a bit, rendered by the engine."""
    make_mixer()
    mix = mixes.create(song=mixable_song(owner, **song), owner=owner, mixer_key=key, intent={})
    with TestCase.captureOnCommitCallbacks(execute=True):
        entry.mix(job_uuid=str(mix.job.uuid), attempt=1)
    mix.refresh_from_db()
    assert mix.is_ready
    return mix


def written(mix: Mix, kind: str) -> tuple[Export, Path]:
    export = exports.create(mix=mix, owner=mix.owner, kind=kind)
    run(export)
    assert export.job.state == Job.State.DONE, export.job.error_message
    file = storage.absolute(export.path)
    assert export.stored_bytes == file.stat().st_size
    return export, file


def run(export: Export, attempt: int = 1) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        entry.export(job_uuid=str(export.job.uuid), attempt=attempt)
    export.refresh_from_db()
    export.job.refresh_from_db()


def test_an_mp3_has_the_mixs_length_and_says_what_it_is() -> None:
    mix = rendered_mix(make_user(), title="Nördlich")
    _, file = written(mix, "mp3")
    with sf.SoundFile(file) as mp3:
        assert (mp3.format, mp3.frames, mp3.samplerate) == ("MP3", mix.report["frames"], RATE)
        assert mp3.title == "Nördlich"
        assert "Rough mix" in mp3.comment


def test_a_preview_is_smaller_than_the_mp3() -> None:
    mix = rendered_mix(make_user())
    assert written(mix, "preview")[0].stored_bytes < written(mix, "mp3")[0].stored_bytes


@pytest.mark.parametrize(("kind", "subtype", "step"), [("wav16", "PCM_16", 2 / 32768), ("wav32f", "FLOAT", 0.0)])
def test_other_wavs_hold_the_same_sound(kind: str, subtype: str, step: float) -> None:
    mix = rendered_mix(make_user())
    _, file = written(mix, kind)
    sound, _ = sf.read(file, dtype="float64")
    whole, _ = sf.read(storage.absolute(mix.wav_path), dtype="float64")
    assert sf.info(file).subtype == subtype
    assert np.abs(sound - whole).max() <= step


def test_stems_sum_to_the_mix_before_the_master() -> None:
    mix = rendered_mix(make_user(), key="faders-up")
    _, file = written(mix, "stems")
    with zipfile.ZipFile(file) as archive:
        found = {name: sf.read(io.BytesIO(archive.read(name)), dtype="float64")[0] for name in archive.namelist()}
    assert set(found) == {"01 Bass.wav", "02 Lead.wav"}
    # This mixer's master is one gain and a limiter that has nothing to do here, so that the mix is the sum with that
    # gain, but for the limiter's own filters and the steps of 24 bit.
    master = ConsoleParameters.from_dict(mix.parameters).master
    assert (master.eq, master.compressor.on) == (Eq(), False)
    whole, _ = sf.read(storage.absolute(mix.wav_path), dtype="float64")
    total = sum(found.values()) * 10 ** (mix.report["gain_db"] / 20)
    assert np.abs(total).max() < 0.8
    assert np.abs(total - whole).max() < 2 / 2**23


def test_a_dawproject_opens_with_the_console_of_the_mix() -> None:
    mix = rendered_mix(make_user(), title="Dawn")
    _, file = written(mix, "dawproject")
    found = read_dawproject(file)
    assert found.parameters == ConsoleParameters.from_dict(mix.parameters)
    assert found.gain_db == pytest.approx(mix.report["gain_db"])
    assert found.title == "Dawn"
    with zipfile.ZipFile(file) as archive:
        stem = mix.stems.get(name="Bass.wav")
        assert archive.read(found.audio["Bass.wav"]) == storage.absolute(stem.audio_path).read_bytes()


def test_a_session_names_the_stems_by_hash_and_holds_console_and_report() -> None:
    mix = rendered_mix(make_user())
    _, file = written(mix, "session")
    session = read_session(file.read_text(encoding="utf-8"))
    assert session.parameters == ConsoleParameters.from_dict(mix.parameters)
    assert session.report == mix.report
    assert {stem.name: stem.sha256 for stem in session.stems} == dict(mix.stems.values_list("name", "sha256"))


def test_what_is_there_or_on_its_way_is_not_written_twice() -> None:
    mix = rendered_mix(make_user())
    waiting = exports.create(mix=mix, owner=mix.owner, kind="session")
    assert exports.create(mix=mix, owner=mix.owner, kind="session") == waiting
    run(waiting)
    assert exports.create(mix=mix, owner=mix.owner, kind="session") == waiting
    storage.absolute(waiting.path).unlink()
    again = exports.create(mix=mix, owner=mix.owner, kind="session")
    assert again.pk != waiting.pk
    assert Job.objects.filter(kind=jobs.EXPORT).count() == 1


def test_one_that_was_cancelled_or_failed_is_made_anew() -> None:
    mix = rendered_mix(make_user())
    for state in (Job.State.CANCELLED, Job.State.FAILED):
        export = exports.create(mix=mix, owner=mix.owner, kind="mp3")
        Job.objects.filter(pk=export.job_id).update(state=state)
        assert exports.create(mix=mix, owner=mix.owner, kind="mp3").pk != export.pk
        Export.objects.all().delete()


def test_a_stem_that_was_deleted_since_is_named() -> None:
    mix = rendered_mix(make_user())
    stem_service.delete(stem=mix.stems.get(name="Lead.wav"))
    for kind in ("stems", "dawproject", "session"):
        with pytest.raises(DomainError, match=r"Lead\.wav") as refused:
            exports.create(mix=mix, owner=mix.owner, kind=kind)
        assert refused.value.code == "stem_gone"
    written(mix, "mp3")


def test_a_mix_that_is_not_rendered_cannot_be_exported() -> None:
    owner = make_user()
    make_mixer()
    mix = mixes.create(song=mixable_song(owner), owner=owner, mixer_key="rough-mix", intent={})
    with pytest.raises(DomainError) as refused:
        exports.create(mix=mix, owner=owner, kind="mp3")
    assert refused.value.code == "mix_not_ready"


def test_an_unknown_kind_is_refused() -> None:
    owner = make_user()
    with pytest.raises(DomainError) as refused:
        exports.create(mix=finished_mix(mixable_song(owner), owner), owner=owner, kind="vinyl")
    assert (refused.value.code, refused.value.field) == ("unknown_export", "kind")


def test_exports_count_against_the_quota(settings: Settings) -> None:
    mix = rendered_mix(make_user())
    before = storage.used_bytes(mix.owner)
    export, _ = written(mix, "wav16")
    assert storage.used_bytes(mix.owner) == before + export.stored_bytes
    settings.UPLOAD_QUOTA_BYTES = storage.used_bytes(mix.owner) + 1000
    with pytest.raises(DomainError) as refused:
        exports.create(mix=mix, owner=mix.owner, kind="stems")
    assert refused.value.code == "quota_reached"


def test_too_many_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    mix = rendered_mix(make_user())
    monkeypatch.setattr(exports, "WAITING_MAX", 1)
    exports.create(mix=mix, owner=mix.owner, kind="mp3")
    with pytest.raises(DomainError) as refused:
        exports.create(mix=mix, owner=mix.owner, kind="wav16")
    assert refused.value.code == "too_many_waiting"


def test_whoever_exports_a_mix_knows_it() -> None:
    mix = rendered_mix(make_user())
    assert mix.opened_at is None
    exports.create(mix=mix, owner=mix.owner, kind="mp3")
    mix.refresh_from_db()
    assert mix.opened_at is not None


def test_a_cancelled_export_leaves_no_file(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mix = rendered_mix(make_user())
    export = exports.create(mix=mix, owner=mix.owner, kind="stems")
    part = jobs.Run.part

    def cancelled_meanwhile(self: jobs.Run, start: float, end: float, stage: str) -> Any:
        jobs.request_cancel(job=self.job)
        return part(self, start, end, stage)

    monkeypatch.setattr(jobs.Run, "part", cancelled_meanwhile)
    run(export)
    assert export.job.state == Job.State.CANCELLED
    assert list(media.glob("songs/*/exports/*")) == []


def test_what_the_engine_refuses_ends_the_job_with_its_sentence() -> None:
    mix = rendered_mix(make_user())
    storage.absolute(mix.wav_path).unlink()
    export = exports.create(mix=mix, owner=mix.owner, kind="mp3")
    run(export)
    assert (export.job.state, export.job.error_code) == (Job.State.FAILED, "mix_gone")


def test_what_a_killed_attempt_left_behind_is_deleted_by_the_next(media: Path) -> None:
    mix = rendered_mix(make_user())
    export = exports.create(mix=mix, owner=mix.owner, kind="session")
    left = storage.export_file(mix.song.uuid, export.uuid, 1, ".json")
    left.write_text("half")
    left.with_name(f".{left.name}.abc.part").write_text("half")
    Job.objects.filter(pk=export.job_id).update(attempt=2)
    run(export, attempt=2)
    assert [path.name for path in left.parent.iterdir()] == [f"{export.uuid}-2.json"]


def test_an_export_goes_with_its_file_and_job(media: Path) -> None:
    mix = rendered_mix(make_user())
    export, _ = written(mix, "session")
    with TestCase.captureOnCommitCallbacks(execute=True):
        exports.delete(export=export)
    assert not Export.objects.exists()
    assert not Job.objects.filter(kind=jobs.EXPORT).exists()
    assert list(media.glob("songs/*/exports/*")) == []


@pytest.mark.parametrize("what", ["mix", "song"])
def test_exports_go_with_their_mix_and_their_song(media: Path, what: str) -> None:
    mix = rendered_mix(make_user())
    written(mix, "session")
    with TestCase.captureOnCommitCallbacks(execute=True):
        if what == "mix":
            mixes.delete(mix=mix)
        else:
            songs.delete(song=mix.song)
    assert not Export.objects.exists()
    assert not Job.objects.filter(kind=jobs.EXPORT).exists()
    assert list(media.glob("songs/*/exports/*")) == []


def test_a_file_that_no_row_names_is_swept_and_one_that_is_named_stays(media: Path) -> None:
    mix = rendered_mix(make_user())
    _, file = written(mix, "session")
    orphan = file.with_name("00000000-0000-0000-0000-000000000000-1.zip")
    orphan.write_bytes(b"lost")
    storage.sweep_orphans(older_than_s=-1)
    assert not orphan.exists()
    assert json.loads(file.read_text())["format"] == "aimixer-session"
