"""A session as a folder on disk: stems beside each other, and perhaps a ``song.json`` that names them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mixing.engine.errors import MixFailed
from mixing.engine.role_names import guess_role
from mixing.engine.roles import ROLES, Role

SONG_FILE: Final = "song.json"
STEMS_MAX: Final = 64
AUDIO_EXTENSIONS: Final = frozenset(
    {".wav", ".wave", ".aif", ".aiff", ".aifc", ".flac", ".mp3", ".ogg", ".oga", ".opus"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderStem:
    """One stem: where it lies, its name (the path as the folder knows it, unique), and its role, said or guessed."""

    path: Path
    name: str
    role: Role
    role_is_guess: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFolder:
    """A folder's stems, in order, and the song's title: that of ``song.json``, or else the folder's name.

    ``artist`` and ``licence`` are as ``song.json`` says them; empty where it says nothing.
    """

    path: Path
    title: str
    stems: tuple[FolderStem, ...]
    artist: str = ""
    licence: str = ""


def read_session_folder(folder: Path) -> SessionFolder:
    """Exactly the stems that ``song.json`` lists, where there is one; else every audio file of the folder, sorted.

    ``song.json`` holds ``{"title": ..., "stems": [{"file": ..., "role": ...}]}``, files relative to the folder; a role
    that is absent is guessed from the name, and other keys are left alone. Files that begin with ``_`` (mixes, notes
    to oneself) or ``.`` are never stems.

    Raises
    ------
    MixFailed
        ``no_folder``, ``no_stems``, ``too_many_stems``, ``invalid_song_file``, ``missing_stem``,
        ``stem_outside_folder``.
    """
    if not folder.is_dir():
        raise MixFailed("no_folder", f"There is no folder called {folder}.", field=str(folder))
    song_file = folder / SONG_FILE
    song: Mapping[str, Any]
    if song_file.exists():
        song = _read_song(song_file)
        stems = _listed(folder, song)
    else:
        song, stems = {}, _found(folder)
    if not stems:
        kinds = "WAV, AIFF, FLAC, MP3 or OGG"
        raise MixFailed("no_stems", f"{folder} holds no stems: put {kinds} files in it.", field=str(folder))
    if len(stems) > STEMS_MAX:
        raise MixFailed(
            "too_many_stems",
            f"{folder} holds {len(stems)} stems, and a mix takes {STEMS_MAX} at most: sum some of them first, or list "
            f"the stems that you want in {SONG_FILE}.",
            field=str(folder),
        )
    return SessionFolder(
        path=folder,
        title=_word(song, "title") or folder.resolve().name,
        stems=tuple(stems),
        artist=_word(song, "artist"),
        licence=_word(song, "licence"),
    )


def _word(song: Mapping[str, Any], key: str) -> str:
    value = song.get(key)
    return value if isinstance(value, str) else ""


def _found(folder: Path) -> list[FolderStem]:
    paths = [path for path in folder.iterdir() if path.suffix.lower() in AUDIO_EXTENSIONS and path.is_file()]
    return [
        FolderStem(path=_inside(folder, path.name), name=path.name, role=guess_role(path.name), role_is_guess=True)
        for path in sorted(paths, key=lambda path: (path.name.casefold(), path.name))
        if not _set_aside(path.name)
    ]


def _set_aside(name: str) -> bool:
    return Path(name).name.startswith(("_", "."))


def _read_song(path: Path) -> Mapping[str, Any]:
    try:
        song = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _bad_song(f"it is not JSON ({error})") from None
    if not isinstance(song, dict) or not isinstance(song.get("stems"), list):
        raise _bad_song('it needs "stems", a list of files and roles')
    return song


def _listed(folder: Path, song: Mapping[str, Any]) -> list[FolderStem]:
    stems: list[FolderStem] = []
    for number, entry in enumerate(song["stems"], start=1):
        name = entry.get("file") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name:
            raise _bad_song(f'stem {number} has no "file"')
        if any(stem.name == name for stem in stems):
            raise _bad_song(f"it lists {name} twice")
        role = entry.get("role")
        if role is not None and role not in ROLES:
            raise _bad_song(f"{name} has the role {role!r}, and a role is one of {', '.join(ROLES)}")
        if not _set_aside(name):
            guess = guess_role(name) if role is None else role
            stems.append(FolderStem(path=_inside(folder, name), name=name, role=guess, role_is_guess=role is None))
    return stems


def _inside(folder: Path, name: str) -> Path:
    """The file, if it lies in the folder once every link is followed."""
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise MixFailed(
                "stem_outside_folder", f"{name} lies outside of the folder; a stem must be in it.", field=name
            )
        if not path.is_file():
            raise MixFailed(
                "missing_stem", f"{name} is not in the folder: bring it, or take it out of {SONG_FILE}.", field=name
            )
    except (OSError, ValueError, RuntimeError):  # a name too long, with a zero in it, or a ring of links
        raise _bad_song(f"{name[:80]!r} is not a file name") from None
    return path


def _bad_song(what: str) -> MixFailed:
    return MixFailed("invalid_song_file", f"{SONG_FILE} cannot be used: {what}.", field=SONG_FILE)
