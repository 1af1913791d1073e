"""A plain folder: a folder of stems for each song, perhaps with a ``song.json``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Final

from mixing.engine.errors import MixFailed
from mixing.engine.training.corpus import SongEntry, read_corpus
from mixing.engine.training.importers.layouts import stated
from mixing.engine.training.licences import UNKNOWN, allows_weights

NAME: Final = "a plain folder"
_MIX_NAMES: Final = frozenset({"mix", "mixture", "master", "2mix", "fullmix", "full_mix", "stereo_mix", "mixdown"})


def matches(folder: Path) -> bool:
    """Whether there are songs in it."""
    try:
        return bool(read_corpus(folder))
    except MixFailed:
        return False


def entries(folder: Path, *, licence: str | None = None) -> list[SongEntry]:
    """The songs; those whose ``song.json`` names no licence get the stated one.

    A file called mix, mixture or master in a song without ``song.json`` is the person's mix and no stem; whether the
    stems stand in its balance nobody has said, so that they count as raw.
    """
    return [_licensed(without_mix(entry), licence) for entry in read_corpus(folder)]


def _licensed(entry: SongEntry, licence: str | None) -> SongEntry:
    if entry.licence != UNKNOWN:
        return entry
    named = stated(licence, entry.folder, NAME)
    return dataclasses.replace(entry, licence=named, weights_may_ship=allows_weights(named))


def without_mix(entry: SongEntry) -> SongEntry:
    """The song with its one file called mix, mixture or master as the person's mix, where no ``song.json`` speaks."""
    mixes = [stem.path for stem in entry.stems if stem.path.stem.casefold().replace(" ", "_") in _MIX_NAMES]
    if entry.human_mix is not None or len(mixes) != 1 or len(entry.stems) == 1 or (entry.folder / "song.json").exists():
        return entry
    stems = tuple(stem for stem in entry.stems if stem.path != mixes[0])
    return dataclasses.replace(entry, stems=stems, human_mix=mixes[0])
