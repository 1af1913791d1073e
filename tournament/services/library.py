"""House songs out of folders: whoever runs the site brings songs with a licence, and everybody may fight on them.

Only commands import this: it brings the engine's ingest with it.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from mixing.engine.audio.ingest import ingest
from mixing.engine.audio.probe import Limits
from mixing.engine.errors import EngineError, MixFailed
from mixing.engine.role_sound import role_by_sound
from mixing.engine.session_folder import AUDIO_EXTENSIONS, SONG_FILE, FolderStem, SessionFolder, read_session_folder
from mixing.models import Song, Stem
from mixing.services import storage
from mixing.services.stems import clean_name, free_name, taken_fields
from tournament.models import SongConsent
from tournament.services.consents import GENRES

_NAMESPACE: Final = uuid.UUID("0a7c1f6e-53f4-4c27-9d0e-2d1d7a1c6b58")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of one folder; ``song`` is None where ``problem`` says why."""

    folder: Path
    song: Song | None = None
    is_new: bool = False
    problem: str = ""


def song_folders(root: Path) -> list[Path]:
    """The folder itself where it holds stems, or else those of its folders that do, in order.

    Raises
    ------
    MixFailed
        ``no_folder`` or ``no_stems``.
    """
    if not root.is_dir():
        raise MixFailed("no_folder", f"There is no folder called {root}.", field=str(root))
    if _holds_stems(root):
        return [root]
    found = sorted(path for path in root.iterdir() if path.is_dir() and _holds_stems(path))
    if not found:
        raise MixFailed("no_stems", f"{root} holds no songs: put each song's stems in a folder.", field=str(root))
    return found


def import_folder(folder: Path, *, licence: str = "") -> Imported:
    """Make a house song of a folder, unless the same stems are there already.

    Parameters
    ----------
    folder : Path
        Stems, and perhaps a ``song.json`` with title, artist, licence and genre.
    licence : str
        Of songs whose ``song.json`` names none.
    """
    try:
        session = read_session_folder(folder)
        told = _told(folder, licence)
        _refuse_count(session)
        song_uuid = uuid.uuid5(_NAMESPACE, _digest(session))
        there = Song.objects.filter(uuid=song_uuid).first()
        if there is not None:
            return Imported(folder=folder, song=there)
        return Imported(folder=folder, song=_take_in(song_uuid, session, told), is_new=True)
    except EngineError as error:
        return Imported(folder=folder, problem=error.message)


def _holds_stems(folder: Path) -> bool:
    if (folder / SONG_FILE).is_file():
        return True
    names = (path for path in folder.iterdir() if path.is_file() and not path.name.startswith(("_", ".")))
    return any(path.suffix.lower() in AUDIO_EXTENSIONS for path in names)


def _told(folder: Path, licence: str) -> dict[str, str]:
    """Artist, licence and genre, as ``song.json`` or the command names them."""
    file = folder / SONG_FILE
    read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8-sig")) if file.is_file() else {}
    told = {name: read.get(name) or "" for name in ("artist", "licence", "genre")}
    told["licence"] = told["licence"] or licence
    wrong = [name for name, value in told.items() if not isinstance(value, str)]
    if wrong:
        raise MixFailed("invalid_song_file", f"{file} cannot be used: its {wrong[0]} is no text.", field=wrong[0])
    if not told["licence"].strip():
        raise MixFailed(
            "no_licence",
            f"{folder.name} has no licence: name it in {SONG_FILE}, or for all songs with --licence. A song that "
            "nobody may hear cannot be fought on.",
            field="licence",
        )
    if told["genre"] and told["genre"] not in dict(GENRES):
        known = ", ".join(dict(GENRES))
        raise MixFailed("invalid_genre", f"{folder.name} has the genre “{told['genre']}”; one of {known} goes.")
    for name, longest in (("licence", 60), ("artist", 120)):
        if len(told[name]) > longest:
            raise MixFailed("too_long", f"{folder.name}: its {name} has more than {longest} characters.", field=name)
    return told


def _refuse_count(session: SessionFolder) -> None:
    least, most = settings.STEMS_MIN, settings.STEMS_MAX
    if not least <= len(session.stems) <= most:
        raise MixFailed(
            "stem_count", f"{session.path.name} has {len(session.stems)} stems; a song has {least} to {most} of them."
        )


def _digest(session: SessionFolder) -> str:
    """Of the stems' names and bytes: the same folder is the same song, wherever it lies."""
    whole = hashlib.sha256()
    for stem in sorted(session.stems, key=lambda stem: stem.name):
        with stem.path.open("rb") as file:
            whole.update(f"{stem.name}\n{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()


def _take_in(song_uuid: uuid.UUID, session: SessionFolder, told: dict[str, str]) -> Song:
    # What an earlier attempt that was cut off left behind has no row.
    storage.remove_song_folder(song_uuid)
    rows: list[Stem] = []
    rate: int | None = None
    try:
        for position, stem in enumerate(session.stems):
            name = free_name(clean_name(stem.name), {row.name for row in rows})
            row, rate = _stem(song_uuid, stem, name, position, rate)
            rows.append(row)
        return _publish(song_uuid, session, told, rows, rate)
    except BaseException:
        if not Song.objects.filter(uuid=song_uuid).exists():
            storage.remove_song_folder(song_uuid)
        raise


def _stem(song_uuid: uuid.UUID, stem: FolderStem, name: str, position: int, rate: int | None) -> tuple[Stem, int]:
    """One stem through the same door as a stranger's file, at the rate of the first; its row is not saved yet."""
    row = Stem(name=name, role=stem.role, role_is_guess=stem.role_is_guess, position=position)
    audio = storage.stem_file(song_uuid, row.uuid, 1, ".wav")
    limits = Limits(max_bytes=settings.UPLOAD_MAX_BYTES)
    taken = ingest(stem.path, audio, name=stem.name, sample_rate=rate, limits=limits)
    peaks = storage.stem_file(song_uuid, row.uuid, 1, ".peaks")
    peaks.write_bytes(taken.peaks)
    taken.mel.save(storage.mel_file(audio))
    for field, value in taken_fields(taken, audio, peaks).items():
        setattr(row, field, value)
    if row.role == "other" and row.role_is_guess:
        row.role = role_by_sound(taken.features)
    return row, taken.sample_rate


@transaction.atomic
def _publish(
    song_uuid: uuid.UUID, session: SessionFolder, told: dict[str, str], stems: list[Stem], rate: int | None
) -> Song:
    song = Song.objects.create(
        uuid=song_uuid,
        owner=None,
        title=session.title[:120],
        artist=told["artist"],
        licence=told["licence"].strip(),
        sample_rate=rate,
    )
    for stem in stems:
        stem.song = song
        stem.save()
    SongConsent.objects.create(
        song=song,
        is_given=True,
        licence=song.licence,
        genre=told["genre"],
        wording="Brought in by whoever runs the site, under the licence named here.",
    )
    return song
