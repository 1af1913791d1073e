"""Slakh2100: ``TrackNNNNN`` with mono stems rendered from MIDI, mixed by a machine to equal loudness."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mixing.engine.role_names import guess_role
from mixing.engine.roles import Role
from mixing.engine.training.corpus import SongEntry, StemFile
from mixing.engine.training.importers.layouts import bad_metadata, found_songs, read_yaml, song_id, text

NAME: Final = "Slakh"
LICENCE: Final = "CC-BY-4.0"
SOURCE: Final = "Slakh2100, 10.5281/zenodo.4599666"
_METADATA: Final = "metadata.yaml"
_SUBSETS: Final = ("", "train", "validation", "test", "omitted")
_OF_CLASS: Final[dict[str, Role]] = {
    "piano": "piano",
    "chromatic percussion": "percussion",
    "organ": "keys",
    "guitar": "electric_guitar",
    "bass": "bass",
    "strings": "strings",
    "strings (continued)": "strings",
    "ensemble": "strings",
    "brass": "brass",
    "reed": "woodwind",
    "pipe": "woodwind",
    "synth lead": "synth",
    "synth pad": "pad",
    "synth effects": "fx",
    "ethnic": "other",
    "percussive": "percussion",
    "sound effects": "fx",
    "drums": "drums",
}
"""What a class of General MIDI is where its program's name does not tell."""


def matches(folder: Path) -> bool:
    """Whether there are tracks with stems and metadata."""
    return bool(_songs(folder))


def entries(folder: Path, *, licence: str | None = None) -> list[SongEntry]:
    """Songs without a balance by a person: they serve where no human mix is asked for, such as the reference net."""
    return found_songs((_entry(song) for song in _songs(folder)), folder, NAME)


def _songs(folder: Path) -> list[Path]:
    tracks = (track for subset in _SUBSETS for track in sorted((folder / subset).glob("Track*")))
    return [track for track in tracks if (track / _METADATA).is_file()]


def _entry(song: Path) -> SongEntry:
    path = song / _METADATA
    data = read_yaml(path)
    listed = data.get("stems")
    if not isinstance(listed, Mapping):
        raise bad_metadata(path, "it lists no stems")
    stems = tuple(
        StemFile(file, _role(stem))
        for key, stem in sorted(listed.items())
        if isinstance(stem, Mapping) and (file := _file(song, str(key))) is not None
    )
    if not stems:
        raise bad_metadata(path, "none of its stems was rendered")
    return SongEntry(
        id=song_id("slakh", song.name),
        folder=song,
        title=song.name,
        artist="",
        licence=LICENCE,
        weights_may_ship=True,
        human_balance=None,
        stems=stems,
        source=SOURCE,
    )


def _file(song: Path, key: str) -> Path | None:
    """FLAC as it is handed out, or WAV after its converter; some stems were never rendered."""
    found = (song / "stems" / f"{Path(key).name}{extension}" for extension in (".flac", ".wav"))
    return next((path for path in found if path.is_file()), None)


def _role(stem: Mapping[str, Any]) -> Role:
    if stem.get("is_drum") is True:
        return "drums"
    kind = text(stem.get("inst_class")).casefold()
    told = guess_role(text(stem.get("midi_program_name")))
    return told if told != "other" else _OF_CLASS.get(kind, "other")
