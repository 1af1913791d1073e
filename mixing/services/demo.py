"""The house's song: written by the generator, taken in by the same engine as everybody's stems."""

from __future__ import annotations

import fcntl
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from mixing.models import Song, Stem
from mixing.services import storage
from mixing.services.stems import taken_fields

if TYPE_CHECKING:
    from mixing.engine.generator import GeneratedSong, GeneratedStem

ARTIST = "AI Mixer"
LICENCE = "CC0-1.0"
_NAMESPACE = uuid.UUID("5d0b1f0e-6f0c-4d62-9a53-0f4a1c1d2b7e")
Progress = Callable[[float], None]


def demo_uuid() -> uuid.UUID:
    """The demo song's own id: the same seed gives the same song, and the database takes it once."""
    from mixing.engine.generator import DEMO_SEED

    return uuid.uuid5(_NAMESPACE, f"demo-{DEMO_SEED}")


def install_demo(progress: Progress | None = None) -> Song:
    """Make the demo song unless it is there. Two at once make one: the second waits for the first and finds it."""
    song_uuid = demo_uuid()
    with _alone():
        found = Song.objects.filter(uuid=song_uuid).first()
        if found is not None:
            return found
        # What an earlier attempt that was cut off left behind has no row.
        storage.remove_song_folder(song_uuid)
        try:
            return _make(song_uuid, progress or _say_nothing)
        except IntegrityError:
            # Another machine on the same database was faster; its files are the same.
            return Song.objects.get(uuid=song_uuid)


def _make(song_uuid: uuid.UUID, progress: Progress) -> Song:
    from mixing.engine.generator import DEMO_SEED, generate

    written = generate(DEMO_SEED)
    progress(0.4)
    with tempfile.TemporaryDirectory(dir=storage.media_root()) as scratch:
        rows = []
        for index, generated in enumerate(written.stems):
            rows.append(_taken_in(song_uuid, generated, written, index, Path(scratch)))
            progress(0.4 + 0.6 * (index + 1) / len(written.stems))
    return _publish(song_uuid, written, rows)


@transaction.atomic
def _publish(song_uuid: uuid.UUID, written: GeneratedSong, stems: list[Stem]) -> Song:
    song = Song.objects.create(
        uuid=song_uuid,
        owner=None,
        title=written.title,
        artist=ARTIST,
        licence=LICENCE,
        sample_rate=written.sample_rate,
    )
    for stem in stems:
        stem.song = song
        stem.save()
    return song


def _taken_in(
    song_uuid: uuid.UUID, generated: GeneratedStem, song: GeneratedSong, position: int, scratch: Path
) -> Stem:
    """One stem through the same door as a stranger's file; its row is not saved yet."""
    from mixing.engine.audio.encode import WavWriter
    from mixing.engine.audio.ingest import ingest

    name = f"{generated.name}.wav"
    source = scratch / "stem.wav"
    channels = generated.audio.shape[0]
    with WavWriter(source, sample_rate=song.sample_rate, channels=channels, subtype="PCM_24") as wav:
        wav.write(generated.audio)
    stem = Stem(name=name, role=generated.role, role_is_guess=False, position=position)
    audio = storage.stem_file(song_uuid, stem.uuid, 1, ".wav")
    taken = ingest(source, audio, name=name, sample_rate=song.sample_rate)
    peaks = storage.stem_file(song_uuid, stem.uuid, 1, ".peaks")
    peaks.write_bytes(taken.peaks)
    taken.mel.save(storage.mel_file(audio))
    for field, value in taken_fields(taken, audio, peaks).items():
        setattr(stem, field, value)
    return stem


@contextmanager
def _alone() -> Iterator[None]:
    storage.media_root().mkdir(parents=True, exist_ok=True)
    lock = os.open(storage.media_root() / ".demo.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _say_nothing(fraction: float) -> None:
    """For callers who do not watch."""
