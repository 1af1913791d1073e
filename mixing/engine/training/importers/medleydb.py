"""MedleyDB: ``Audio/<Artist_Title>`` with processed stereo stems, the mix, and metadata in YAML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mixing.engine.role_names import guess_role
from mixing.engine.roles import Role
from mixing.engine.training.corpus import SongEntry, StemFile
from mixing.engine.training.importers.layouts import (
    bad_metadata,
    found_songs,
    present,
    read_yaml,
    song_id,
    split_words,
    text,
)

NAME: Final = "MedleyDB"
LICENCE: Final = "CC-BY-NC-SA-4.0"
SOURCE: Final = "MedleyDB, 10.5281/zenodo.1649325 and 10.5281/zenodo.1715175"
_METADATA: Final = "_METADATA.yaml"
_NO_STEM: Final = frozenset({"main system"})
"""A public-address feed: the whole mix once more."""
_ROLES: Final[dict[str, Role]] = {
    "bass drum": "percussion",  # of an orchestra: the kit's is called kick drum
    "darbuka": "percussion",
    "doumbek": "percussion",
    "gu": "percussion",
    "rattle": "percussion",
    "claps": "percussion",
    "erhu": "strings",
    "dilruba": "strings",
    "guzheng": "strings",
    "liuqin": "acoustic_guitar",
    "oud": "acoustic_guitar",
    "zhongruan": "acoustic_guitar",
    "dizi": "woodwind",
    "bagpipe": "woodwind",
    "concertina": "keys",
    "bandoneon": "keys",
    "theremin": "synth",
    "sampler": "synth",
}
"""Labels that a stem's usual name does not tell."""


def matches(folder: Path) -> bool:
    """Whether there are songs with stem folders."""
    return bool(_songs(folder))


def entries(folder: Path, *, licence: str | None = None) -> list[SongEntry]:
    """Songs with the producers' processed stems, whose sum is the mix before mastering."""
    return found_songs((_entry(song, folder) for song in _songs(folder)), folder, NAME)


def _songs(folder: Path) -> list[Path]:
    audio = folder / "Audio" if (folder / "Audio").is_dir() else folder
    return sorted(song for song in audio.iterdir() if (song / f"{song.name}_STEMS").is_dir())


def _entry(song: Path, folder: Path) -> SongEntry:
    path = _metadata(song, folder)
    data = read_yaml(path)
    artist, _, title = song.name.partition("_")
    mix = song / f"{song.name}_MIX.wav"
    return SongEntry(
        id=song_id(song.name),
        folder=song,
        title=split_words(text(data.get("title")) or title),
        artist=split_words(text(data.get("artist")) or artist),
        licence=LICENCE,
        genre=text(data.get("genre")),
        weights_may_ship=False,
        human_balance="sum",
        stems=_stems(song, data, path),
        human_mix=mix if mix.is_file() else None,
        source=SOURCE,
    )


def _metadata(song: Path, folder: Path) -> Path:
    """Beside the song, or in the folder ``Metadata`` of the collection's own repository."""
    name = f"{song.name}{_METADATA}"
    places = (song / name, folder / "Metadata" / name, folder / "medleydb" / "data" / "Metadata" / name)
    return next((path for path in places if path.is_file()), places[0])


def _stems(song: Path, data: Mapping[str, Any], path: Path) -> tuple[StemFile, ...]:
    listed = data.get("stems")
    if not isinstance(listed, Mapping):
        raise bad_metadata(path, "it lists no stems")
    stems = [(str(key), stem) for key, stem in sorted(listed.items()) if isinstance(stem, Mapping)]
    sung_melody = any(_label(stem) and _component(stem) == "melody" and _is_sung(stem) for _, stem in stems)
    found = []
    for key, stem in stems:
        if _label(stem) in _NO_STEM:
            continue
        name = text(stem.get("filename")) or f"{song.name}_STEM_{key.removeprefix('S').zfill(2)}.wav"
        role = _role(_label(stem))
        if role == "lead_vocal" and sung_melody and _component(stem) != "melody":
            role = "backing_vocal"
        found.append(StemFile(present(song / f"{song.name}_STEMS" / Path(name).name, song), role))
    if not found:
        raise bad_metadata(path, "it lists no stems")
    return tuple(found)


def _label(stem: Mapping[str, Any]) -> str:
    """The instrument; where a stem holds several, the first."""
    instrument = stem.get("instrument")
    return text(instrument[0] if isinstance(instrument, list) and instrument else instrument).casefold()


def _component(stem: Mapping[str, Any]) -> str:
    return text(stem.get("component")).casefold()


def _is_sung(stem: Mapping[str, Any]) -> bool:
    return _role(_label(stem)) == "lead_vocal"


def _role(label: str) -> Role:
    return _ROLES.get(label) or guess_role(label.replace("/", " "))
