"""Whether mixers can be told apart by ear, and whether any of them does what no mix may do.

Two mixes of a song are *told apart* if some stem differs by 1 LU or more in its level around the song's mean, or by
1 dB or more in some band once the level is taken away: about what a listener notices side by side.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from mixing.engine.audio.encode import WavWriter
from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.console.renderer import RenderReport, render
from mixing.engine.console.sources import StemSource
from mixing.engine.errors import AudioRejected, MixFailed
from mixing.engine.mixers.interface import Intent, Mixer
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.evaluate import songs_to_judge
from mixing.engine.training.examples import examples
from mixing.engine.training.heard import HeardSong
from mixing.engine.training.measures import Sound, StemSound, channel_imbalance, stem_sound
from mixing.engine.training.strips import processed

LEVEL_LU: Final = 1.0
BAND_DB: Final = 1.0
AUDIBLE_RANGE_DB: Final = 40.0
"""Bands further under a stem's loudest are not heard beside it, whatever is done to them."""
MOST_IMBALANCE: Final = 0.35
"""A mix that leans further to one side is broken: 0.35 is a difference of 3.2 dB between its channels."""
LOUDNESS_TOLERANCE_LU: Final = 1.0


@dataclass(frozen=True, slots=True)
class Difference:
    """The largest differences of any stem between two mixes of one song."""

    level_lu: float
    band_db: float

    @property
    def audible(self) -> bool:
        """Whether the two are told apart."""
        return self.level_lu >= LEVEL_LU or self.band_db >= BAND_DB


def difference(one: Sequence[StemSound], other: Sequence[StemSound]) -> Difference:
    """Compare two mixes of the same stems, in one order; stems that are silent in either are left out."""
    pairs = [
        (a, b) for a, b in zip(one, other, strict=True) if a.loudness_lufs is not None and b.loudness_lufs is not None
    ]
    if not pairs:
        return Difference(0.0, 0.0)
    levels = np.array([float(b.loudness_lufs or 0.0) - float(a.loudness_lufs or 0.0) for a, b in pairs])
    bands = [_band_difference_db(a, b) for a, b in pairs]
    return Difference(float(np.abs(levels - levels.mean()).max()), max(bands))


def _band_difference_db(one: StemSound, other: StemSound) -> float:
    heard = one.bands_db > one.bands_db.max() - AUDIBLE_RANGE_DB
    moved = (other.bands_db - one.bands_db)[heard]
    return float(np.abs(moved - np.median(moved)).max())


def violations(report: RenderReport, stems: Sequence[StemSound], heard: Sequence[bool], imbalance: float) -> list[str]:
    """What a rendered mix does that no mix may do: in words, empty for a sound one.

    Parameters
    ----------
    report : RenderReport
        Of the file.
    stems : Sequence[StemSound]
        As the console gives them.
    heard : Sequence[bool]
        Whether each stem sounded before.
    imbalance : float
        Of the mix.
    """
    found = []
    if report.clipped_samples or (report.true_peak_dbtp or 0.0) > 0.0:
        found.append("clipping")
    if report.loudness_lufs is None or any(
        sounded and stem.loudness_lufs is None for stem, sounded in zip(stems, heard, strict=True)
    ):
        found.append("silence")
    elif report.target_lufs is not None and abs(report.loudness_lufs - report.target_lufs) > LOUDNESS_TOLERANCE_LU:
        found.append("loudness")
    if abs(imbalance) > MOST_IMBALANCE:
        found.append("imbalance")
    return found


# ---- many songs ------------------------------------------------------------------------------------------------------


def style_matrix(
    entries: Sequence[SongEntry],
    mixers: Sequence[Mixer],
    *,
    seed: int = 0,
    cache: Path,
    tell: Callable[[SongEntry], None] | None = None,
) -> dict[str, Any]:
    """On how many songs each two mixers are told apart, how far apart they are, and who violates a gate where.

    Returns
    -------
    dict[str, Any]
        Plain JSON values: ``songs``, and why others are ``left_out``; ``names``; ``told_apart``, ``level_lu`` and
        ``band_db`` as square lists in their order (a share of the songs, and the median over songs of the largest
        difference); ``violations`` by mixer, song by song.
    """
    if len(mixers) < 2:
        raise MixFailed("nothing_to_compare", "Telling mixers apart takes at least two mixers.")
    keys = [mixer.key for mixer in mixers]
    violated: dict[str, dict[str, list[str]]] = {key: {} for key in keys}
    judged: dict[str, dict[str, list[StemSound]]] = {}
    left_out: dict[str, str] = {}
    for entry in (entry for entry in songs_to_judge(entries)[0] if entry.human_balance is not None):
        if tell is not None:
            tell(entry)
        try:
            judged[entry.id] = _stems_of_song(entry, mixers, seed, cache, violated)
        except AudioRejected as error:
            left_out[entry.id] = error.message
    if not judged:
        told = " ".join(f"{song} is left out: {sentence}" for song, sentence in left_out.items())
        raise MixFailed("nothing_to_compare", f"There is no song to tell mixers apart on. {told}".strip())
    found = {
        (one, other): [difference(stems[one], stems[other]) for stems in judged.values()]
        for one in keys
        for other in keys
        if one != other
    }
    return {
        "songs": list(judged),
        "left_out": left_out,
        "names": keys,
        "told_apart": _square(keys, found, lambda each: float(np.mean([one.audible for one in each]))),
        "level_lu": _square(keys, found, lambda each: float(np.median([one.level_lu for one in each]))),
        "band_db": _square(keys, found, lambda each: float(np.median([one.band_db for one in each]))),
        "violations": violated,
    }


def _stems_of_song(
    entry: SongEntry, mixers: Sequence[Mixer], seed: int, cache: Path, violated: Mapping[str, dict[str, list[str]]]
) -> dict[str, list[StemSound]]:
    heard = HeardSong(entry, cache=cache)
    (example,) = examples([entry], [seed], cache=cache)
    sounds = heard.degraded(seed)
    sounding = [stem_sound(sound, heard.rate).loudness_lufs is not None for sound in sounds]
    if not any(sounding):
        raise AudioRejected("silent", "Nothing is heard in it.")
    names = [stem.name for stem in example.degraded.stems]
    found: dict[str, list[StemSound]] = {}
    with _on_disk(names, sounds, heard.rate) as folder:
        for mixer in mixers:
            parameters = mixer.predict(example.degraded, Intent())
            result = processed(sounds, parameters, heard.rate)
            found[mixer.key] = [stem_sound(stem, heard.rate) for stem in result.stems]
            report = _rendered(Path(folder), names, parameters, heard.rate)
            wrong = violations(report, found[mixer.key], sounding, channel_imbalance(result.mix))
            if wrong:
                violated[mixer.key][entry.id] = wrong
    return found


def _on_disk(names: Sequence[str], sounds: Sequence[Sound], rate: int) -> tempfile.TemporaryDirectory[str]:
    """The stems as files for the renderer, numbered, since a name may hold anything."""
    folder = tempfile.TemporaryDirectory()
    for number in range(len(names)):
        with WavWriter(Path(folder.name) / f"{number}.wav", sample_rate=rate, channels=2, subtype="FLOAT") as wav:
            wav.write(sounds[number])
    return folder


def _rendered(folder: Path, names: Sequence[str], parameters: ConsoleParameters, rate: int) -> RenderReport:
    sources = [StemSource(name, folder / f"{number}.wav") for number, name in enumerate(names)]
    return render(sources, parameters, sample_rate=rate, output=folder / "mix.wav", threads=1)


def _square(
    keys: Sequence[str],
    found: Mapping[tuple[str, str], Sequence[Difference]],
    summary: Callable[[Sequence[Difference]], float],
) -> list[list[float]]:
    return [[0.0 if one == other else round(summary(found[one, other]), 4) for other in keys] for one in keys]
