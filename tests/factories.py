"""Rows and sound for tests. Each maker needs nothing and takes what a test cares about."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from django.test import Client
from django.utils import timezone

from accounts.models import User
from mixing.engine.audio.ingest import ingest
from mixing.models import Export, Job, Mix, Mixer, Reference, Song, Stem, Upload
from mixing.services import storage
from mixing.services.mixers import sync_mixers
from mixing.services.stems import taken_fields

_numbers = itertools.count(1)
SAMPLE_RATE = 44_100


def make_user(name: str = "", **fields: Any) -> User:
    email = f"{(name or f'person{next(_numbers)}').lower()}@example.org"
    return User.objects.create_user(email, "correct horse", display_name=name, **fields)


def signed_in(user: User) -> Client:
    """A browser, or a program, that this person is signed in with."""
    client = Client()
    client.force_login(user)
    return client


def make_song(owner: User | None = None, *, title: str = "Morning", **fields: Any) -> Song:
    return Song.objects.create(owner=owner, title=title, **fields)


def make_job(song: Song | None = None, *, kind: str = "mix", owner: User | None = None, **fields: Any) -> Job:
    return Job.objects.create(kind=kind, song=song or make_song(), owner=owner, **fields)


def running_job(**fields: Any) -> Job:
    now = timezone.now()
    return make_job(**{"state": Job.State.RUNNING, "started_at": now, "heartbeat_at": now, **fields})


def write_wav(
    path: Path, *, duration_s: float = 1.0, freq_hz: float = 220.0, rate: int = SAMPLE_RATE, channels: int = 1
) -> Path:
    """A sine at -12 dBFS that swells, so that there is something to measure."""
    time_s = np.arange(int(duration_s * rate)) / rate
    wave = 0.25 * np.sin(2 * np.pi * freq_hz * time_s) * (0.6 + 0.4 * np.sin(2 * np.pi * 2 * time_s))
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, np.tile(wave[:, None], (1, channels)), rate, subtype="PCM_16")
    return path


def checking_stem(song: Song, name: str = "Bass.wav", *, source: Path | None = None, **job: Any) -> Stem:
    """A stem whose file has arrived and waits for its check."""
    upload = Upload.objects.create(
        song=song, owner=song.owner, filename=name, length=1, offset=1, expires_at=timezone.now()
    )
    part = storage.part_file(upload.uuid)
    if source is None:
        write_wav(part.with_suffix(".wav"), duration_s=1.0).rename(part)
    else:
        part.write_bytes(source.read_bytes())
    size = part.stat().st_size
    stem = Stem.objects.create(
        song=song,
        name=name,
        position=song.stems.count(),
        upload_bytes=size,
        job=make_job(song, kind="ingest", owner=song.owner, **job),
    )
    Upload.objects.filter(pk=upload.pk).update(length=size, offset=size, stem=stem)
    return stem


def ready_stem(song: Song, name: str = "Bass.wav", *, role: str = "bass", freq_hz: float = 110.0, **wav: Any) -> Stem:
    """A stem with a real canonical file, its peaks and its analysis."""
    stem = Stem.objects.create(song=song, name=name, role=role, position=song.stems.count())
    audio = storage.stem_file(song.uuid, stem.uuid, 1, ".wav")
    source = write_wav(audio.with_suffix(".source.wav"), freq_hz=freq_hz, **wav)
    found = ingest(source, audio, name=name, sample_rate=song.sample_rate)
    source.unlink()
    peaks = audio.with_suffix(".peaks")
    peaks.write_bytes(found.peaks)
    found.mel.save(storage.mel_file(audio))
    Song.objects.filter(pk=song.pk, sample_rate=None).update(sample_rate=found.sample_rate)
    song.refresh_from_db()
    for field, value in taken_fields(found, audio, peaks).items():
        setattr(stem, field, value)
    stem.save()
    return stem


def coming_reference(
    song: Song, name: str = "Hit.wav", *, kind: str = "reference", source: Path | None = None, **job: Any
) -> Reference:
    """A recording whose file has arrived beside a song and waits for its check."""
    upload = Upload.objects.create(
        song=song, owner=song.owner, kind=kind, filename=name, length=1, offset=1, expires_at=timezone.now()
    )
    part = storage.part_file(upload.uuid)
    if source is None:
        write_wav(part.with_suffix(".wav"), channels=2).rename(part)
    else:
        part.write_bytes(source.read_bytes())
    size = part.stat().st_size
    reference = Reference.objects.create(
        song=song,
        kind=kind,
        name=name,
        upload_bytes=size,
        job=make_job(song, kind="reference", owner=song.owner, **job),
    )
    Upload.objects.filter(pk=upload.pk).update(length=size, offset=size, reference=reference)
    return reference


def ready_reference(song: Song, name: str = "Hit.wav", *, kind: str = "reference", **wav: Any) -> Reference:
    """A recording beside a song, with a real canonical file, its peaks and its analysis."""
    reference = Reference.objects.create(song=song, kind=kind, name=name)
    audio = storage.reference_file(song.uuid, reference.uuid, 1, ".wav")
    source = write_wav(audio.with_suffix(".source.wav"), **{"channels": 2, **wav})
    found = ingest(source, audio, name=name, sample_rate=None)
    source.unlink()
    peaks = audio.with_suffix(".peaks")
    peaks.write_bytes(found.peaks)
    for field, value in taken_fields(found, audio, peaks).items():
        setattr(reference, field, value)
    reference.sample_rate = found.sample_rate
    reference.save()
    return reference


def mixable_song(owner: User | None = None, **song: Any) -> Song:
    """A song with two short stems that are ready."""
    made = make_song(owner, **song)
    ready_stem(made, "Bass.wav", role="bass", freq_hz=110.0)
    ready_stem(made, "Lead.wav", role="lead_vocal", freq_hz=440.0, channels=2)
    return made


def song_on_the_desk(owner: User) -> Song:
    """A song that can be mixed, and mixers to choose from."""
    make_mixer()
    return mixable_song(owner)


def make_mixer(key: str = "faders-up") -> Mixer:
    """A mixer's card, as the registry has it."""
    sync_mixers()
    return Mixer.objects.get(key=key)


def finished_mix(song: Song, owner: User, *, key: str = "faders-up") -> Mix:
    """A mix with files that hold a few bytes."""
    mixer = make_mixer(key)
    job = make_job(song, owner=owner, state=Job.State.DONE, percent=100.0)
    mix = Mix.objects.create(song=song, owner=owner, mixer=mixer, mixer_version=mixer.version, job=job)
    mix.stems.set(song.stems.filter(state=Stem.State.READY))
    for field, suffix in (("wav_path", ".wav"), ("flac_path", ".flac"), ("peaks_path", ".peaks")):
        path = storage.mix_file(song.uuid, mix.uuid, 1, suffix)
        path.write_bytes(b"0123456789")
        setattr(mix, field, storage.relative(path))
    mix.report = {
        "loudness_lufs": -14.0, "true_peak_dbtp": -2.5, "gain_db": 3.0, "target_lufs": -14.0, "held_by": "target",
        "sample_rate": SAMPLE_RATE, "frames": SAMPLE_RATE, "duration_s": 1.0, "clipped_samples": 0,
    }  # fmt: skip
    mix.parameters = {"version": 1, "strips": [{"stem": "Bass.wav", "group": "bass", "fader_db": -3.0, "pan": -0.3}]}
    mix.save()
    return mix


def finished_export(mix: Mix, kind: str = "session") -> Export:
    """An export whose file holds a few bytes."""
    job = make_job(mix.song, kind="export", owner=mix.owner, state=Job.State.DONE, percent=100.0)
    export = Export.objects.create(mix=mix, kind=kind, job=job, stored_bytes=2)
    path = storage.export_file(mix.song.uuid, export.uuid, 1, ".json")
    path.write_bytes(b"{}")
    export.path = storage.relative(path)
    export.save()
    return export
