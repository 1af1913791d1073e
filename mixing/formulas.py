"""What mixers without weights do, in words: the whole of it, since nothing else decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_TEXTS: Final[Mapping[str, str]] = {
    "faders-up": """
        Every fader stands at 0 dB; nothing is panned, filtered or compressed. Your stems keep the balance that they
        came with, and their sum is brought to the loudness that you ask for.
    """,
    "equal-loudness": """
        Each stem is measured (BS.1770-4) and turned so that all of them are equally loud. No instrument is preferred;
        filters, pan and dynamics are left alone.
    """,
    "rough-mix": """
        A stem’s loudness around the song’s mean is the offset of its role plus three slopes: over how bright it is
        (octaves of its K-weighted centroid), how much its hits stand out (crest) and how lively it is (spectral flux),
        each against the mean of the song.

        Stems are high-passed below the lowest note of their instrument, where that takes at most half a LU. Several
        mono stems of one role are spread to the sides; kick, snare, bass and lead vocal stay in the middle.

        Offsets and slopes are a ridge regression over balances that people made. Where no role is known, the slopes
        decide alone.
    """,
    "search": """
        It has no weights. It tries settings of the console within bounds (CMA-ES), predicts what each would measure,
        and keeps what comes nearest to the reference: its bands, loudness, width and dynamics.
    """,
}


def formula(key: str) -> list[str]:
    """The paragraphs about a mixer; none for one that has weights."""
    paragraphs = _TEXTS.get(key, "").split("\n\n")
    return [text for text in (" ".join(paragraph.split()) for paragraph in paragraphs) if text]
