"""MoisesDB: a folder for each song with ``data.json`` and ``<stem>/<id>.wav``, one file for each recorded source."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from mixing.engine.role_names import guess_role
from mixing.engine.roles import Role
from mixing.engine.training.corpus import SongEntry, StemFile
from mixing.engine.training.importers.layouts import bad_metadata, found_songs, present, song_id, text

NAME: Final = "MoisesDB"
LICENCE: Final = "CC-BY-NC-SA-4.0"
SOURCE: Final = "MoisesDB, arXiv:2307.15913"
_DATA: Final = "data.json"
_NO_STEM: Final = ("click track",)
_OF_STEM: Final[dict[str, Role]] = {
    "vocals": "lead_vocal",
    "bass": "bass",
    "drums": "drums",
    "guitar": "electric_guitar",
    "other_plucked": "acoustic_guitar",
    "percussion": "percussion",
    "piano": "piano",
    "other_keys": "keys",
    "bowed_strings": "strings",
    "wind": "woodwind",
    "other": "other",
}
"""What a source is where its own name does not tell."""


def matches(folder: Path) -> bool:
    """Whether there are songs with a ``data.json`` that lists stems."""
    return bool(_songs(folder))


def entries(folder: Path, *, licence: str | None = None) -> list[SongEntry]:
    """Songs whose sources sum to the producer's balance."""
    return found_songs((_entry(song) for song in _songs(folder)), folder, NAME)


def _songs(folder: Path) -> list[Path]:
    """Songs lie in the folder itself or in that of a version, such as ``moisesdb_v0.1``."""
    found = [path.parent for pattern in (f"*/{_DATA}", f"*/*/{_DATA}") for path in folder.glob(pattern)]
    return sorted(song for song in found if any(path.is_dir() for path in song.iterdir()))


def _entry(song: Path) -> SongEntry:
    path = song / _DATA
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise bad_metadata(path, f"it is not JSON ({error})") from None
    if not isinstance(data, dict) or not isinstance(data.get("stems"), list):
        raise bad_metadata(path, "it lists no stems")
    stems = tuple(_stems(song, data["stems"]))
    if not stems:
        raise bad_metadata(path, "it lists no stems")
    return SongEntry(
        id=song_id(song.name),
        folder=song,
        title=text(data.get("song")) or song.name,
        artist=text(data.get("artist")),
        licence=LICENCE,
        genre=text(data.get("genre")),
        weights_may_ship=False,
        human_balance="sum",
        stems=stems,
        source=SOURCE,
    )


def _stems(song: Path, listed: list[Any]) -> Iterator[StemFile]:
    for stem in listed:
        name = text(stem.get("stemName")) if isinstance(stem, Mapping) else ""
        tracks = stem.get("tracks", []) if isinstance(stem, Mapping) else []
        for track in tracks:
            kind = text(track.get("trackType")) if isinstance(track, Mapping) else ""
            if not name or not kind:
                raise bad_metadata(song / _DATA, "a stem has no name or a source no type")
            if kind in _NO_STEM:
                continue
            file = f"{text(track.get('id'))}.{text(track.get('extension')) or 'wav'}"
            yield StemFile(present(song / Path(name).name / Path(file).name, song), _role(name, kind))


def _role(stem: str, kind: str) -> Role:
    """``contrabass/double bass (bass of instrings)`` is told by the words before the bracket."""
    stem = stem.replace(" ", "_")
    if stem in ("bass", "other_plucked"):
        # A tuba that plays the bass line is a tuba; among plucked strings the first name stands for the family.
        kind = kind.split(",")[0]
    told = guess_role(kind.split("(")[0].replace("/", " "))
    return told if told != "other" else _OF_STEM.get(stem, "other")
