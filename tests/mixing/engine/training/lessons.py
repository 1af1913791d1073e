"""Made-up songs whose human balance follows a rule, so that there is something to learn in a second."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from mixing.engine.mixers.interface import SessionFeatures
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.examples import Example
from mixing.engine.training.made_up import sessions


def entry(number: int) -> SongEntry:
    return SongEntry(
        id=f"song{number}",
        folder=Path(f"song{number}"),
        title=f"Song {number}",
        artist=f"Artist {number}",
        licence="CC0-1.0",
        weights_may_ship=True,
        human_balance="sum",
        stems=(),
    )


def human(degraded: SessionFeatures) -> SessionFeatures:
    """Loud where the crest is low, brighter than it came, and nearer to the middle."""

    def balanced(each):  # type: ignore[no-untyped-def]
        audio = each.audio
        spectrum = tuple(level + 0.15 * band for band, level in enumerate(audio.spectrum_db))
        return dataclasses.replace(
            each,
            audio=dataclasses.replace(
                audio,
                loudness_lufs=-20.0 - 0.8 * audio.crest_db,
                spectrum_db=spectrum,
                imbalance=0.3 * audio.imbalance,
            ),
        )

    return dataclasses.replace(degraded, stems=tuple(balanced(each) for each in degraded.stems))


def made_up_examples(songs: int = 6, seeds: int = 2, *, stems: int = 6) -> list[Example]:
    made = sessions(songs * seeds, stems=stems)
    return [
        Example(song=entry(place // seeds), seed=place % seeds, degraded=degraded, human=human(degraded))
        for place, degraded in enumerate(made)
    ]
