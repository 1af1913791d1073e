"""Cambridge Music Technology's multitracks: a folder of raw WAV tracks for each song, named ``Artist_Title_Full``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from mixing.engine.role_names import guess_role
from mixing.engine.session_folder import STEMS_MAX
from mixing.engine.training.corpus import SongEntry, StemFile
from mixing.engine.training.importers.layouts import found_songs, song_id, sound_files, split_words, stated
from mixing.engine.training.licences import allows_weights

NAME: Final = "Cambridge-MT"
SOURCE: Final = "Cambridge Music Technology, 'Mixing Secrets' free multitrack library"
_SONG: Final = re.compile(r"^(?P<artist>[^_]+)_(?P<title>.+?)(_(Full|Edit|Excerpt|[0-9]+bars))?$")
_MARKED: Final = re.compile(r"_(Full|Edit|Excerpt)$")
_PREVIEW: Final = re.compile(r"(?i)preview|unmastered|_mix(down)?$|roughmix")


def matches(folder: Path) -> bool:
    """Whether a song's folder is called as this library calls them and holds sound."""
    return any(_MARKED.search(song.name) and _tracks(song) for song in folder.iterdir() if song.is_dir())


def entries(folder: Path, *, licence: str | None = None) -> list[SongEntry]:
    """Songs of raw tracks, without a balance; their terms are told on the library's pages and not in the files.

    The preview, a person's mix, comes along where it lies in the song's folder or beside it. Songs of more tracks than
    a session takes are left out.
    """
    songs = [song for song in sorted(folder.iterdir()) if song.is_dir() and 0 < len(_tracks(song)) <= STEMS_MAX]
    named = stated(licence, folder, NAME) if songs else ""
    return found_songs((_entry(song, named) for song in songs), folder, NAME)


def _entry(song: Path, licence: str) -> SongEntry:
    name = _SONG.match(song.name)
    return SongEntry(
        id=song_id(song.name),
        folder=song,
        title=split_words(name["title"] if name else song.name),
        artist=split_words(name["artist"]) if name else "",
        licence=licence,
        weights_may_ship=allows_weights(licence),
        human_balance=None,
        stems=tuple(StemFile(path, guess_role(path.name)) for path in _tracks(song)),
        human_mix=_preview(song),
        source=SOURCE,
    )


def _tracks(song: Path) -> list[Path]:
    """The library's archives hold the tracks at their top, or in one folder more."""
    here = [path for path in sound_files(song) if not _is_preview(path)]
    inner = [path for path in song.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))]
    return here if here or len(inner) != 1 else [path for path in sound_files(inner[0]) if not _is_preview(path)]


def _preview(song: Path) -> Path | None:
    beside = [path for path in sound_files(song.parent) if path.stem.startswith(song.name)]
    return next((path for path in [*sound_files(song), *beside] if _is_preview(path)), None)


def _is_preview(path: Path) -> bool:
    return _PREVIEW.search(path.stem) is not None
