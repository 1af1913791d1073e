"""What every layout needs: a folder's sound files, ids for songs, and what is said where something is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from mixing.engine.errors import MixFailed
from mixing.engine.session_folder import AUDIO_EXTENSIONS
from mixing.engine.training.corpus import SongEntry


def sound_files(folder: Path) -> list[Path]:
    """The sound files of a folder, sorted by name; none where there is no such folder."""
    if not folder.is_dir():
        return []
    found = (path for path in folder.iterdir() if path.suffix.lower() in AUDIO_EXTENSIONS and path.is_file())
    return sorted((path for path in found if not path.name.startswith(".")), key=lambda path: path.name.casefold())


def song_id(*words: str) -> str:
    """An id that is a folder's name everywhere: letters, digits, dots, hyphens and underscores."""
    return re.sub(r"[^\w.-]+", "_", "_".join(word for word in words if word)).strip("._-") or "song"


def split_words(name: str) -> str:
    """``AClassicEducation`` as a person writes it, A Classic Education."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name).replace("_", " ").strip()


def found_songs(entries: Iterable[SongEntry], folder: Path, layout: str) -> list[SongEntry]:
    """The songs sorted by id, or a refusal where there is none or two share an id."""
    songs = sorted(entries, key=lambda entry: entry.id)
    if not songs:
        raise MixFailed(
            "no_songs", f"{folder} holds no songs in the layout of {layout}: name its top folder.", field=str(folder)
        )
    for before, after in pairwise(songs):
        if before.id == after.id:
            both = f"{before.folder} and {after.folder}"
            raise MixFailed("duplicate_song", f"{both} are the same song, {after.id}.", field=after.id)
    return songs


def stated(licence: str | None, folder: Path, layout: str) -> str:
    """The licence that the caller states, for a layout that carries none."""
    if licence is None or not licence.strip():
        raise MixFailed(
            "no_licence",
            f"{folder}: {layout} carries no licence in its files. Look up under which terms you have these songs, and "
            "state them (--licence).",
            field=str(folder),
        )
    return licence.strip()


def read_yaml(path: Path) -> dict[str, Any]:
    """A metadata file."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise bad_metadata(path, " ".join(str(error).split())[:200]) from None
    if not isinstance(data, dict):
        raise bad_metadata(path, "it holds no names and values")
    return data


def present(path: Path, song: Path) -> Path:
    """The stem's file, which the metadata name."""
    if not path.is_file():
        raise MixFailed(
            "missing_stem", f"{song.name}: {path.name} is named by the metadata, but it is not there.", field=path.name
        )
    return path


def bad_metadata(path: Path, what: str) -> MixFailed:
    """For metadata that cannot be used."""
    return MixFailed("invalid_song_file", f"{path.parent.name}/{path.name} cannot be used: {what}.", field=path.name)


def text(data: object) -> str:
    """A word of the metadata; empty where it is something else."""
    return str(data).strip() if isinstance(data, str | int | float) and not isinstance(data, bool) else ""
