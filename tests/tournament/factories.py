"""People, songs, mixers and battles for the arena's tests; sound is synthesised."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from mixing.engine.audio.analysis import analyse
from mixing.engine.audio.encode import WavWriter
from mixing.models import Job, Mix, Mixer, Song, Stem
from mixing.services import storage
from mixing.services.mixers import sync_mixers
from tournament.models import Ballot, Battle, Vote

RATE = 44_100


def person(name: str = "alice", **extra) -> User:
    return User.objects.create_user(f"{name}@example.org", "a long password", **extra)


def mixers() -> list[Mixer]:
    return sync_mixers()


def rules() -> list[Mixer]:
    """The rules alone: on made-up sound, two trained mixers can be too alike for a battle."""
    sync_mixers()
    Mixer.objects.exclude(family="rules").update(is_active=False)
    return list(Mixer.objects.filter(is_active=True))


def song(owner: User | None = None, title: str = "Tide") -> Song:
    return Song.objects.create(owner=owner, title=title, sample_rate=RATE)


def stem(on: Song, name: str, audio: np.ndarray, role: str = "other") -> Stem:
    """A ready stem whose file lies where an ingest would put it."""
    key = uuid.uuid4()
    path = storage.stem_file(on.uuid, key, 1, ".wav")
    with WavWriter(path, sample_rate=RATE, channels=audio.shape[0], subtype="PCM_16") as wav:
        wav.write(audio)
    return Stem.objects.create(
        uuid=key,
        song=on,
        name=name,
        role=role,
        position=on.stems.count(),
        state=Stem.State.READY,
        channels=audio.shape[0],
        frames=audio.shape[1],
        duration_s=audio.shape[1] / RATE,
        audio_path=storage.relative(path),
        analysis=analyse(path, name=name).to_dict(),
    )


def named_stems(on: Song, count: int = 2) -> None:
    """Ready stems without a file, for what never listens."""
    for number in range(count):
        Stem.objects.create(song=on, name=f"{number}.wav", state=Stem.State.READY, position=number)


def sounding_song(owner: User | None = None, seconds: float = 3.0) -> Song:
    """Three stems of very different level and colour, so that any two mixers disagree."""
    made = song(owner)
    t = np.arange(round(seconds * RATE)) / RATE
    random = np.random.default_rng(7)
    bass = 0.7 * np.sin(2 * np.pi * 80 * t)
    voice = 0.05 * np.sin(2 * np.pi * 440 * t) * (1 + 0.3 * np.sin(2 * np.pi * 5 * t))
    hats = 0.02 * random.normal(size=(2, t.size)) * (np.sin(2 * np.pi * 4 * t) > 0)
    stem(made, "Bass.wav", bass[np.newaxis].astype(np.float32), "bass")
    stem(made, "Vocals.wav", voice[np.newaxis].astype(np.float32), "lead_vocal")
    stem(made, "Hats.wav", hats.astype(np.float32), "hihat")
    return made


def battle(on: Song, by: User | None = None, *, ready: bool = True, a: int = 0, b: int = 1) -> Battle:
    """A battle of the mixers with these numbers; a ready one has two small files."""
    cards = list(Mixer.objects.all()) or mixers()
    state = Job.State.DONE if ready else Job.State.QUEUED
    job = Job.objects.create(
        kind="battle", song=on, owner=by, state=state, finished_at=timezone.now() if ready else None
    )
    made = Battle.objects.create(
        song=on,
        song_uuid=on.uuid,
        created_by=by,
        job=job,
        mixer_a=cards[a],
        mixer_b=cards[b],
        version_a=cards[a].version,
        version_b=cards[b].version,
    )
    if ready:
        _publish(made)
    return made


def _publish(made: Battle) -> None:
    folder = Path(settings.MEDIA_ROOT) / "songs" / str(made.song.uuid) / "battles" / str(made.uuid) / "1"
    folder.mkdir(parents=True)
    for name in ("a.wav", "b.wav", "peaks"):
        (folder / name).write_bytes(b"RIFF" + name.encode() * 100)
    made.clip_a_path = storage.relative(folder / "a.wav")
    made.clip_b_path = storage.relative(folder / "b.wav")
    made.clip_start_s, made.clip_duration_s = 12.0, 24.0
    made.clip_lufs, made.loudness_gap_lu = -14.02, 0.01
    strips = [{"stem": "Vocals.wav"}, {"stem": "Bass.wav"}]
    made.parameters_a = {"strips": [{**strips[0], "fader_db": 6.0}, strips[1]], "sample_rate": RATE}
    made.parameters_b = {"strips": strips, "sample_rate": RATE}
    made.save()


def mix(on: Song, owner: User, mixer: Mixer, *, opened: bool) -> Mix:
    job = Job.objects.create(kind="mix", song=on, owner=owner, state=Job.State.DONE)
    return Mix.objects.create(
        song=on,
        owner=owner,
        mixer=mixer,
        mixer_version=mixer.version,
        job=job,
        opened_at=timezone.now() if opened else None,
    )


def heard_ballot(on: Battle, voter: User, **counted) -> Ballot:
    """A ballot on which enough was heard: six seconds of A, seven of B, four of them in common, two switches."""
    values = {
        "heard_a": [[0.0, 6.0]],
        "heard_b": [[2.0, 9.0]],
        "heard_a_s": 6.0,
        "heard_b_s": 7.0,
        "switches": 2,
        **counted,
    }
    return Ballot.objects.update_or_create(battle=on, voter=voter, defaults=values)[0]


def rated_vote(on: Battle, choice: str, voter: User | None = None) -> Vote:
    voter = voter or person(uuid.uuid4().hex)
    return Vote.objects.create(battle=on, voter=voter, choice=choice, is_rated=True)
