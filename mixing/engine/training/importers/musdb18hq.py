"""MUSDB18-HQ: ``train`` and ``test``, a folder *Artist - Title* for each song, four stems and their mixture as WAV."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from mixing.engine.roles import Role
from mixing.engine.training.corpus import SongEntry, StemFile
from mixing.engine.training.importers.layouts import found_songs, song_id

NAME: Final = "MUSDB18-HQ"
LICENCE: Final = "MUSDB18-HQ terms: academic, non-commercial use only"
SOURCE: Final = "MUSDB18-HQ, 10.5281/zenodo.3338373"
_STEMS: Final[tuple[tuple[str, Role], ...]] = (
    ("drums.wav", "drums"),
    ("bass.wav", "bass"),
    ("other.wav", "other"),
    ("vocals.wav", "lead_vocal"),
)
_SUBSETS: Final = ("train", "test")


def matches(folder: Path) -> bool:
    """Whether a song with its four stems is there."""
    return any(True for _ in _songs(folder))


def entries(folder: Path, *, licence: str | None = None) -> list[SongEntry]:
    """Songs whose stems sum to the mixture."""
    return found_songs((_entry(song) for song in _songs(folder)), folder, NAME)


def _songs(folder: Path) -> list[Path]:
    subsets = [folder / name for name in _SUBSETS if (folder / name).is_dir()] or [folder]
    songs = (song for subset in subsets for song in sorted(subset.iterdir()) if song.is_dir())
    return [song for song in songs if all((song / name).is_file() for name, _ in _STEMS)]


def _entry(song: Path) -> SongEntry:
    artist, separator, title = song.name.partition(" - ")
    mixture = song / "mixture.wav"
    return SongEntry(
        id=song_id(song.name),
        folder=song,
        title=title.strip() if separator else song.name,
        artist=artist.strip() if separator else "",
        licence=LICENCE,
        weights_may_ship=False,
        human_balance="sum",
        stems=tuple(StemFile(song / name, role) for name, role in _STEMS),
        human_mix=mixture if mixture.is_file() else None,
        source=SOURCE,
    )
