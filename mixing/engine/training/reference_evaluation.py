"""How near to a reference's sound mixers come on songs that they never heard: rendered and measured on true audio."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mixing.engine.mixers.interface import AudioFeatures, Intent, Mixer
from mixing.engine.training.bootstrap import Interval, bootstrap_mean
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.likeness import Distance, distance
from mixing.engine.training.random_console import random_console
from mixing.engine.training.sections import SectionAudio, sections_of

FIRST_SEED: Final = 1_000
"""Of the references' consoles; training takes low numbers."""
MEASURES: Final = tuple(item.name for item in dataclasses.fields(Distance))
FALLING: Final = ("bands_db", "level_lu", "width", "dynamics_db")
"""The four that are asked about: the others are told beside them."""
WANTED_PERCENT: Final = 40.0
FEWEST_SONGS: Final = 5
ROWS: Final = ("same song", "another song")
WITHOUT_REFERENCE: Final = "reference-net without reference"

MixersOf = Callable[[SongEntry], Mapping[str, Mixer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SongDistances:
    """One song: by row, by mixer, the mean distance over the seeds of each measure; and seconds for a prediction."""

    id: str
    artist: str
    stems: int
    rows: Mapping[str, Mapping[str, Mapping[str, float]]]
    seconds: Mapping[str, float]


def evaluate_reference(
    songs: Sequence[SongEntry],
    mixers_of: MixersOf,
    *,
    seeds: Sequence[int] = (FIRST_SEED, FIRST_SEED + 1),
    tell: Callable[[SongEntry], None] | None = None,
) -> list[SongDistances]:
    """Every song by every mixer, towards two kinds of references.

    *Same song*: a random console mixes the song's second half, and the mixers are handed the first half's stems.
    *Another song*: the reference is the second half of the song before in the list; a single song has none. A name
    that ends in ``without reference``, and every mixer that takes none, is told nothing of it.

    Parameters
    ----------
    mixers_of : Callable[[SongEntry], Mapping[str, Mixer]]
        Who mixes a song, by the name that the table shows: those that never heard it.
    """
    found: list[SongDistances] = []
    foreign = _references(songs[-1], seeds) if len(songs) > 1 else []
    for song in songs:
        if tell is not None:
            tell(song)
        with tempfile.TemporaryDirectory() as folder:
            first, second = sections_of(song, Path(folder))
            own = [_reference(first, second, seed) for seed in seeds]
            cases = {"same song": own, "another song": foreign}
            found.append(_measured(song, first, cases, mixers_of(song)))
        foreign = own
    return found


def takes_reference(name: str, mixer: Mixer) -> bool:
    """Whether a mixer is handed the reference."""
    return bool(getattr(mixer, "needs_reference", False)) and name != WITHOUT_REFERENCE


def summary(songs: Sequence[SongDistances], *, against: Sequence[str], mixer: str = "reference-net") -> dict[str, Any]:
    """Means with intervals over songs, and how much of each distance a mixer takes away, in percent, paired.

    Returns
    -------
    dict
        By row: ``mixers`` (name, measure, mean/low/high) and ``reductions`` (name of whom it is compared with, measure,
        percent of that one's mean; bootstrap over songs). Seconds for a prediction beside them.
    """
    rows: dict[str, Any] = {}
    for row in ROWS:
        heard = [song for song in songs if song.rows.get(row)]
        names = [name for name in heard[0].rows[row] if all(name in song.rows[row] for song in heard)] if heard else []
        rows[row] = {
            "songs": len(heard),
            "mixers": {
                name: {
                    measure: bootstrap_mean([song.rows[row][name][measure] for song in heard]).to_dict()
                    for measure in MEASURES
                }
                for name in names
            },
            "reductions": {
                other: {measure: _reduction(heard, row, mixer, other, measure).to_dict() for measure in MEASURES}
                for other in against
                if other in names and mixer in names
            },
        }
    names = list(songs[0].seconds)
    seconds = {name: bootstrap_mean([song.seconds[name] for song in songs]).to_dict() for name in names}
    return {"rows": rows, "seconds": seconds}


def table(told: Mapping[str, Any]) -> str:
    """The summary as Markdown: what is left, and what is gone, in percent with its interval."""
    lines: list[str] = []
    for row, found in told["rows"].items():
        if not found["songs"]:
            continue
        lines += [f"Reference: {row} ({found['songs']} songs)", "", "| | " + " | ".join(_TITLES.values()) + " |"]
        lines += ["|---|" + "---|" * len(_TITLES)]
        for name, values in found["mixers"].items():
            lines.append(f"| {name} | " + " | ".join(_shown(values[measure]) for measure in _TITLES) + " |")
        for name, values in found["reductions"].items():
            cells = " | ".join(_shown(values[measure], digits=0) for measure in _TITLES)
            lines.append(f"| less than {name}, % | {cells} |")
        lines.append("")
    times = ", ".join(f"{name} {value['mean'] * 1_000:.0f} ms" for name, value in told["seconds"].items())
    return "\n".join([*lines, f"A prediction takes: {times}."])


def conclusions(told: Mapping[str, Any], *, against: Sequence[str]) -> list[str]:
    """What the reductions allow to say: of each measure, whether WANTED_PERCENT is gone and the interval clear of 0.

    An interval over fewer than FEWEST_SONGS is narrow by chance, and says nothing.
    """
    said = []
    for row, found in told["rows"].items():
        count = found["songs"]
        if 0 < count < FEWEST_SONGS:
            songs = "1 song is" if count == 1 else f"{count} songs are"
            said.append(f"Reference {row}: {songs} too few to conclude anything.")
        if count < FEWEST_SONGS:
            continue
        for other in against:
            parts = found["reductions"].get(other)
            if not parts:
                continue
            met = [name for name in FALLING if parts[name]["mean"] >= WANTED_PERCENT and parts[name]["low"] > 0.0]
            rest = [name for name in FALLING if name not in met]
            told_met = ", ".join(_short(name) for name in met) or "nothing"
            told_rest = f"; not so {', '.join(_short(name) for name in rest)}" if rest else ""
            said.append(
                f"Reference {row}: at least {WANTED_PERCENT:.0f} % less than {other}, interval clear of zero, in "
                f"{told_met}{told_rest}."
            )
    return said


def card_metrics(told: Mapping[str, Any], *, mixer: str = "reference-net", other: str = "rough-mix") -> dict[str, Any]:
    """What a card keeps of a summary: by row, how many songs, what is left, and how much less that is."""
    return {
        row: {
            "songs": found["songs"],
            "distance": found["mixers"][mixer],
            f"less than {other}, percent": found["reductions"][other],
        }
        for row, found in told["rows"].items()
        if mixer in found["mixers"]
    }


def _short(measure: str) -> str:
    return _TITLES[measure].partition(",")[0]


_TITLES: Final = {
    "bands_db": "bands, dB", "mid_db": "mid, dB", "side_db": "side, dB", "level_lu": "level, LU", "width": "width",
    "dynamics_db": "dynamics, dB", "loudness_range_lu": "loudness range, LU",
}  # fmt: skip


def _shown(value: Mapping[str, float], *, digits: int = 2) -> str:
    precision = 3 if digits and abs(value["mean"]) < 0.3 else digits
    return f"{value['mean']:.{precision}f} [{value['low']:.{precision}f}, {value['high']:.{precision}f}]"


def _reduction(songs: Sequence[SongDistances], row: str, mixer: str, other: str, measure: str) -> Interval:
    """How many percent of the other's mean distance are gone: 100 (other - own) / mean(other), song by song."""
    others = [song.rows[row][other][measure] for song in songs]
    mean = max(sum(others) / len(others), 1e-9)
    own = [song.rows[row][mixer][measure] for song in songs]
    return bootstrap_mean([100.0 * (b - a) / mean for a, b in zip(own, others, strict=True)])


def _references(song: SongEntry, seeds: Sequence[int]) -> list[AudioFeatures]:
    with tempfile.TemporaryDirectory() as folder:
        first, second = sections_of(song, Path(folder))
        return [_reference(first, second, seed) for seed in seeds]


def _reference(first: SectionAudio, second: SectionAudio, seed: int) -> AudioFeatures:
    return second.mix(random_console(first.session, seed))


def _measured(
    song: SongEntry, section: SectionAudio, cases: Mapping[str, Sequence[AudioFeatures]], mixers: Mapping[str, Mixer]
) -> SongDistances:
    rows: dict[str, dict[str, dict[str, float]]] = {}
    seconds: dict[str, float] = {}
    unmoved = {
        name: section.mix(mixer.predict(section.session, Intent()))
        for name, mixer in mixers.items()
        if not takes_reference(name, mixer)
    }
    for row, references in cases.items():
        for name, mixer in mixers.items():
            found = []
            for reference in references:
                if not reference.spectrum_db:
                    continue
                mix = unmoved.get(name)
                if mix is None:
                    begin = time.perf_counter()
                    console = mixer.predict(section.session, Intent(reference=reference))
                    seconds[name] = min(seconds.get(name, 1e9), time.perf_counter() - begin)
                    mix = section.mix(console)
                apart = distance(mix, reference)
                if apart is not None:
                    found.append(dataclasses.asdict(apart))
            if found:
                means = {measure: sum(each[measure] for each in found) / len(found) for measure in MEASURES}
                rows.setdefault(row, {})[name] = means
    return SongDistances(id=song.id, artist=song.artist, stems=len(section.session.stems), rows=rows, seconds=seconds)
