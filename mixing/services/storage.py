"""Where sound lies below the media folder, and how much of it one person holds. Paths are made of our own ids alone."""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Q, Sum

from accounts.models import User
from mixing.models import Export, Mix, Recording, Reference, Stem, Upload


def media_root() -> Path:
    """The folder below which all paths of rows lie."""
    return Path(settings.MEDIA_ROOT)


def absolute(relative: str) -> Path:
    """The file that a row names."""
    return media_root() / relative


def relative(path: Path) -> str:
    """What a row keeps of a path."""
    return path.relative_to(media_root()).as_posix()


def song_folder(song_uuid: UUID) -> Path:
    """Everything of one song."""
    return media_root() / "songs" / str(song_uuid)


def stem_file(song_uuid: UUID, stem_uuid: UUID, attempt: int, suffix: str) -> Path:
    """A stem's file. Each attempt has its own name: a run that comes late deletes only what is its own."""
    return _made(song_folder(song_uuid) / "stems") / f"{stem_uuid}-{attempt}{suffix}"


def reference_file(song_uuid: UUID, reference_uuid: UUID, attempt: int, suffix: str) -> Path:
    """A reference's file, named by the attempt that took it in."""
    return _made(song_folder(song_uuid) / "references") / f"{reference_uuid}-{attempt}{suffix}"


def mel_file(audio: Path) -> Path:
    """Where the excerpts of a stem's spectrogram are kept: beside its canonical file, and gone with it."""
    return audio.with_suffix(".mel.npz")


def mix_file(song_uuid: UUID, mix_uuid: UUID, attempt: int, suffix: str) -> Path:
    """A mix's file, named by the attempt that made it."""
    return _made(song_folder(song_uuid) / "mixes") / f"{mix_uuid}-{attempt}{suffix}"


def export_file(song_uuid: UUID, export_uuid: UUID, attempt: int, suffix: str) -> Path:
    """An export's file, named by the attempt that made it."""
    return _made(song_folder(song_uuid) / "exports") / f"{export_uuid}-{attempt}{suffix}"


def uploads_folder() -> Path:
    """Files on their way."""
    return media_root() / "uploads"


def part_file(upload_uuid: UUID) -> Path:
    """What has arrived of an upload."""
    return _made(uploads_folder()) / f"{upload_uuid}.part"


def remove(*paths: Path) -> None:
    """Delete files that may be gone already, and the folders of a song that this leaves empty."""
    songs = media_root() / "songs"
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        for folder in path.parents:
            if songs not in folder.parents:
                break
            try:
                folder.rmdir()
            except OSError:
                break


def remove_song_folder(song_uuid: UUID) -> None:
    """Delete all sound of a song."""
    shutil.rmtree(song_folder(song_uuid), ignore_errors=True)


def remove_battle_folder(battle_uuid: UUID) -> None:
    """Delete the clips of a battle."""
    shutil.rmtree(media_root() / "battles" / str(battle_uuid), ignore_errors=True)


def remove_leftovers(folder: Path, uuid: UUID, *, before_attempt: int, keep: set[str]) -> None:
    """Delete what earlier attempts left behind of a recording, mix or export; ``keep`` holds what its row names.

    Only earlier ones: a run that was frozen and comes late must not touch the files of those after it.
    """
    for attempt in range(1, before_attempt):
        for path in [*folder.glob(f"{uuid}-{attempt}.*"), *folder.glob(f".{uuid}-{attempt}.*")]:
            if relative(path) not in keep:
                path.unlink(missing_ok=True)


def used_bytes(user: User) -> int:
    """What a person's songs hold, unfinished uploads counted by the length that they promised."""
    checking = Recording.State.CHECKING
    waiting = Q(stem=None, reference=None) | Q(stem__state=checking) | Q(reference__state=checking)
    return sum(
        rows.aggregate(total=Sum(column))["total"] or 0
        for rows, column in (
            (Upload.objects.filter(waiting, owner=user), "length"),
            (Stem.objects.filter(song__owner=user), "stored_bytes"),
            (Reference.objects.filter(song__owner=user), "stored_bytes"),
            (Mix.objects.filter(owner=user), "stored_bytes"),
            (Export.objects.filter(mix__owner=user), "stored_bytes"),
        )
    )


def sweep_orphans(*, older_than_s: float) -> int:
    """Delete files below the song folders that no row names and that nobody has written to for so long."""
    named = {
        path
        for rows, columns in (
            (Stem.objects, ("audio_path", "peaks_path")),
            (Reference.objects, ("audio_path", "peaks_path")),
            (Mix.objects, _MIX_PATHS),
            (Export.objects, ("path",)),
        )
        for row in rows.values_list(*columns)
        for path in row
    }
    named |= {relative(mel_file(absolute(path))) for path in Stem.objects.values_list("audio_path", flat=True) if path}
    limit, swept = time.time() - older_than_s, 0
    folders = ("stems", "references", "mixes", "exports")
    for path in [file for folder in folders for file in media_root().glob(f"songs/*/{folder}/*")]:
        if path.is_file() and relative(path) not in named and path.stat().st_mtime < limit:
            remove(path)
            swept += 1
    return swept


_MIX_PATHS = ("wav_path", "flac_path", "peaks_path")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
