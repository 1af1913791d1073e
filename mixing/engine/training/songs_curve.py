"""How much better mixers become with more songs to learn from: the error over the number of songs.

For each number n and each draw the songs are shuffled and cut into parts of at most as many as may be spared; each part
is judged by mixers that learnt from n of the other songs. So every song is judged once in each draw, at every n, by
mixers that never heard it, and what differs between two points of the curve is the number of songs alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import Intent, Mixer, SessionFeatures
from mixing.engine.training.bootstrap import bootstrap_mean
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.evaluate import SEEDS, SongErrors, evaluate, songs_to_judge
from mixing.engine.training.examples import Example, examples
from mixing.engine.training.leave_out import Train
from mixing.engine.training.measures import STEM_MEASURES
from mixing.engine.training.plots import Curve, CurvePoint, curve_plot_svg
from mixing.engine.training.tables import HEADINGS

COUNTS: Final = (4, 8, 16, 24, 30)
DRAWS: Final = 3

Plan = list[tuple[tuple[str, ...], tuple[str, ...]]]


def plan(songs: Sequence[str], count: int, *, seed: int) -> Plan:
    """Pairs of songs to learn from, ``count`` of them, and songs to judge: each song is judged once.

    Raises
    ------
    ValueError
        If there are not more songs than ``count``.
    """
    if not 0 < count < len(songs):
        raise ValueError(f"Of {len(songs)} songs, {count} cannot be learnt from while another is judged.")
    dice = np.random.default_rng([seed, count])
    shuffled = [songs[place] for place in dice.permutation(len(songs))]
    parts = math.ceil(len(songs) / (len(songs) - count))
    found: Plan = []
    for part in range(parts):
        judged = shuffled[part::parts]
        others = [song for song in shuffled if song not in judged]
        known = [others[place] for place in dice.permutation(len(others))[:count]]
        found.append((tuple(known), tuple(judged)))
    return found


def songs_curve(
    entries: Sequence[SongEntry],
    trainers: Mapping[str, Train],
    *,
    counts: Sequence[int] = COUNTS,
    draws: int = DRAWS,
    seeds: Sequence[int] = (0,),
    cache: Path,
    mel: bool = True,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Train on n songs, judge on others, for each n.

    Parameters
    ----------
    entries : Sequence[SongEntry]
        Real songs; those with a human balance take part.
    trainers : Mapping[str, Train]
        By key; see :func:`mixing.engine.training.leave_out.trainer`.
    seeds : Sequence[int]
        Degradations on which songs are judged; they are learnt from with all SEEDS.

    Returns
    -------
    dict[str, Any]
        Plain JSON values: ``counts``, ``draws``, and ``mixers``: by key, by n, by measure the mean over songs with its
        interval.

    Raises
    ------
    MixFailed
        ``too_few_songs`` if no n leaves a song to judge.
    """
    judged = [entry for entry in songs_to_judge(entries)[0] if entry.human_balance is not None]
    names = [entry.id for entry in judged]
    possible = [count for count in counts if 0 < count < len(names)]
    if not possible:
        raise MixFailed("too_few_songs", f"{len(names)} songs are too few for a curve over {min(counts)} and more.")
    known: dict[str, list[Example]] = {}
    for example in examples(judged, SEEDS, cache=cache, mel=mel):
        known.setdefault(example.song.id, []).append(example)
    made: dict[str, list[Mixer]] = {name: [] for name in names}
    for count in possible:
        for draw in range(draws):
            if tell is not None:
                tell(f"{count} songs, draw {draw + 1} of {draws}")
            for songs, tested in plan(names, count, seed=draw):
                given = [example for song in songs for example in known[song]]
                mixers = [_Named(train(given), key, count, draw) for key, train in trainers.items()]
                for song in tested:
                    made[song] += mixers
    outcome = evaluate(judged, lambda entry: made[entry.id], seeds, cache=cache)
    rows = {key: {str(count): _point(outcome.songs, key, count, draws) for count in possible} for key in trainers}
    return {"counts": possible, "draws": draws, "seeds": list(seeds), "song_count": len(outcome.songs), "mixers": rows}


def curve_figures(found: Mapping[str, Any]) -> dict[str, str]:
    """The curve of each measure of the stems as SVG, by the name of its file."""
    figures = {}
    for measure in STEM_MEASURES:
        word, unit = HEADINGS[measure]
        curves = [Curve(label=key, points=_points(rows, measure)) for key, rows in found["mixers"].items()]
        if not any(curve.points for curve in curves):
            continue
        svg = curve_plot_svg(
            curves, title=f"{word} error over the number of songs", x_label="songs learnt from", unit=unit or "share"
        )
        figures[f"songs-{measure.partition('_')[0]}"] = svg
    return figures


def _points(rows: Mapping[str, Any], measure: str) -> tuple[CurvePoint, ...]:
    return tuple(CurvePoint(x=float(count), **row[measure]) for count, row in rows.items() if measure in row)


class _Named:
    """A mixer under the name of its place in the curve."""

    family = version = title = summary = ""

    def __init__(self, mixer: Mixer, key: str, count: int, draw: int) -> None:
        self._mixer = mixer
        self.key = _name(key, count, draw)

    def predict(self, session: SessionFeatures, intent: Intent) -> ConsoleParameters:
        return self._mixer.predict(session, intent)


def _name(key: str, count: int, draw: int) -> str:
    return f"{key} {count} {draw}"


def _point(songs: Sequence[SongErrors], key: str, count: int, draws: int) -> dict[str, dict[str, float]]:
    """By measure: mean over songs of the mean over draws."""
    names = [_name(key, count, draw) for draw in range(draws)]
    found = {}
    for measure in STEM_MEASURES:
        judged = [song.mixers for song in songs if all(measure in song.mixers[name] for name in names)]
        if judged:
            means = [sum(mixers[name][measure] for name in names) / draws for mixers in judged]
            found[measure] = bootstrap_mean(means).to_dict()
    return found
