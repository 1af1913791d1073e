"""What the first page shows to everyone: the stems of the demo song, as lanes to be drawn."""

from __future__ import annotations

import base64
import logging
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from mixing.engine.audio.peaks import reduced
from mixing.models import Song, Stem

log = logging.getLogger(__name__)

MOST_LANES = 8
MOST_BINS = 2048
"""Enough for a wide screen; a lane then weighs some six kilobytes."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One stem: its name, its role, and its peaks in base64, since visitors may not fetch the file itself."""

    name: str
    role: str
    peaks: str


def lanes(song: Song | None) -> list[Lane]:
    """The first stems of a song; none where there is no song."""
    if song is None:
        return []
    stems = song.stems.filter(state=Stem.State.READY).only("name", "role", "peaks_path")[:MOST_LANES]
    return [lane for stem in stems if (lane := _lane(stem)) is not None]


def _lane(stem: Stem) -> Lane | None:
    try:
        data = (Path(settings.MEDIA_ROOT) / stem.peaks_path).read_bytes()
        peaks = reduced(data, most_bins=MOST_BINS)
    except (OSError, ValueError) as error:
        # The first page is shown without a lane rather than not at all.
        log.warning("The peaks of stem %s could not be read: %s", stem.uuid, error)
        return None
    return Lane(name=stem.name, role=stem.role, peaks=base64.b64encode(peaks).decode("ascii"))
