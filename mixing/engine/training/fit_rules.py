"""Fitting the rough mix: levels by ridge regression towards a prior, tones towards the spectra of roles.

Few songs of few makers are a template and not a rule, so that everything is shrunk and whatever is chosen is chosen by
leaving whole makers out: the ridge is the strongest whose error there is within one standard error of the best.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.errors import MixFailed
from mixing.engine.mixers import image
from mixing.engine.mixers.eq_response import band_response_db, response_db
from mixing.engine.mixers.interface import BANDS, SessionFeatures, band_centres_hz
from mixing.engine.mixers.rough_fit import (
    EQ_BANDS,
    PRIOR,
    PRIOR_SONGS,
    Levels,
    RoughFit,
    Tone,
    correcting_eq,
    in_this_format,
)
from mixing.engine.mixers.rules import rough_decisions, rough_levels_lu, shape_db, sound_of
from mixing.engine.roles import ROLES, Role, group_of
from mixing.engine.training.degrade import draw_degradation
from mixing.engine.training.examples import Example
from mixing.engine.training.measures import band_error_db

MEASURES: Final = ("level_lu", "eq_db", "pan")
RIDGES: Final = (60.0, 100.0, 200.0, 400.0, 1_000.0)
"""In stems of a role that weigh as much as the prior does. Weaker ones are not asked, however well they do: a stem of
each role in a song, and the songs at hand would count for more than the prior's sixty."""
LEFT_LU: Final = (0.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0)
STRENGTHS: Final = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0)
LEFT_ALONE_DB: Final = (0.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 60.0)
PRIOR_LEFT_LU: Final = 3.1
"""What the prior leaves of 12 songs of other makers is 2.45 LU, a deviation of 3.1 LU."""

_SLOPE_STEMS: Final = (1.0, 36.0, 9.0)
"""How much a squared LU per octave, per dB of crest and per dB of flux weighs beside a squared LU of an offset."""
_TOWARDS_GROUP: Final = 6.0
_TOWARDS_ALL: Final = 5.0
_RANGE_DB: Final = 80.0
"""As far down as the measure looks, and the analysis."""
_SONG_STEMS: Final = 8.0
"""Broad: anything from 4 to 12 does as well."""
_TRUST: Final = 0.65
"""How much of the evidence of a spectrum counts: stems of songs to come differ more than those that were fitted."""
_BAND_NOISE_DB2: Final = 9.0
_SMOOTHED: Final = 0.5
_ALIKE_BANDS: Final = 12.0
_ALONE: Final = 0.1
"""How far the covariance of spectra is shrunk towards one in which bands differ alike by their distance, after how many
bands that likeness falls to 1 / e, and which share of a band is alike to no other."""
_DEGRADATIONS: Final = 2_000

Errors = dict[str, dict[str, float]]
"""By measure, by song."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What is chosen by leaving makers out."""

    ridge: float
    left_lu: float
    strength: float
    left_alone_db: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A fit, how it was chosen, and its errors on songs, and on makers, that it was not fitted on."""

    fit: RoughFit
    choices: Choices
    by_song: Errors
    by_artist: Errors


def fit_rules(examples: Sequence[Example], tell: Callable[[str], None] = lambda line: None) -> Fitted:
    """Fit the rough mix.

    Parameters
    ----------
    examples : Sequence[Example]
        Degraded songs and their human balances, of at least three makers.
    tell : Callable
        Told what was chosen.

    Raises
    ------
    MixFailed
        ``too_few_songs``.
    """
    artists = {artist_of(example) for example in examples}
    if len(artists) < 3:
        raise MixFailed(
            "too_few_songs", f"A fit needs songs of three makers at the least, and here are {len(artists)}."
        )
    choices = _choose(examples, tell)
    by_song, by_artist = (
        left_out(examples, key, lambda known: fit_with(known, choices)) for key in (song_of, artist_of)
    )
    return Fitted(fit=fit_with(examples, choices), choices=choices, by_song=by_song, by_artist=by_artist)


def song_of(example: Example) -> str:
    """The song of an example."""
    return example.song.id


def artist_of(example: Example) -> str:
    """Its maker; a song without one stands for itself."""
    return example.song.artist or example.song.id


def left_out(
    examples: Sequence[Example], key: Callable[[Example], str], fitted: Callable[[Sequence[Example]], RoughFit]
) -> Errors:
    """Errors of each song by a fit that knows nothing with the same key (its song, or all songs of its maker)."""
    errors: Errors = {measure: {} for measure in MEASURES}
    for left in sorted({key(example) for example in examples}):
        fit = fitted([example for example in examples if key(example) != left])
        found = errors_of(fit, [example for example in examples if key(example) == left])
        for measure in MEASURES:
            errors[measure].update(found[measure])
    return errors


def errors_of(fit: RoughFit | None, examples: Sequence[Example]) -> Errors:
    """Errors of a fit on each song, mean over its seeds, predicted from features alone; None is faders up."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    for example in examples:
        found.setdefault(song_of(example), []).append(_example_errors(fit, example))
    means = {song: np.mean(values, axis=0).tolist() for song, values in found.items()}
    return {measure: {song: means[song][place] for song in means} for place, measure in enumerate(MEASURES)}


def equal_loudness_errors(examples: Sequence[Example]) -> dict[str, float]:
    """The level error of each song with all of its stems at one loudness."""
    found: dict[str, list[float]] = {}
    for example in examples:
        human = np.array([stem.audio.loudness_lufs for stem in _both(example)[1].stems], dtype=np.float64)
        found.setdefault(song_of(example), []).append(float(np.abs(human - human.mean()).mean()))
    return {song: float(np.mean(values)) for song, values in found.items()}


def mean_over_songs(errors: Mapping[str, float]) -> float:
    """The mean of one measure over songs."""
    return math.fsum(errors.values()) / len(errors)


# ---- the errors of one example ---------------------------------------------------------------------------------------


def _both(example: Example) -> tuple[SessionFeatures, SessionFeatures]:
    """The stems that sound before and after, degraded and human."""
    pairs = [
        pair
        for pair in zip(example.degraded.stems, example.human.stems, strict=True)
        if all(stem.audio.loudness_lufs is not None for stem in pair)
    ]
    if not pairs:
        raise MixFailed("silent_song", f"No stem of {example.song.id} sounds.", field=example.song.id)
    degraded, human = zip(*pairs, strict=True)
    return (
        dataclasses.replace(example.degraded, stems=degraded),
        dataclasses.replace(example.human, stems=human),
    )


def _example_errors(fit: RoughFit | None, example: Example) -> tuple[float, float, float]:
    degraded, human = _both(example)
    came = {stem.name: float(stem.audio.loudness_lufs or 0.0) for stem in degraded.stems}
    decisions = rough_decisions(degraded, fit).stems if fit is not None else {}
    levels = {name: decisions[name].level_lu for name in came} if fit is not None else came
    level_lu = np.array([levels[stem.name] - float(stem.audio.loudness_lufs or 0.0) for stem in human.stems])
    eq_db, pan = [], []
    for before, wanted in zip(degraded.stems, human.stems, strict=True):
        decision = decisions.get(before.name)
        moved = band_response_db(decision.eq) if decision is not None else np.zeros(BANDS)
        eq_db.append(band_error_db(np.asarray(wanted.audio.spectrum_db), np.asarray(before.audio.spectrum_db) + moved))
        place = image.imbalance(before.audio, pan=decision.pan if decision is not None else 0.0)
        pan.append(abs(place - wanted.audio.imbalance))
    return float(np.abs(level_lu - level_lu.mean()).mean()), float(np.mean(eq_db)), float(np.mean(pan))


# ---- choosing --------------------------------------------------------------------------------------------------------


def _choose(examples: Sequence[Example], tell: Callable[[str], None]) -> Choices:
    """One after the other, each by the errors on makers that were left out."""
    start = Choices(ridge=100.0, left_lu=PRIOR_LEFT_LU, strength=0.9, left_alone_db=7.0)
    ridge = _strongest_ridge(examples, start, tell)
    chosen = dataclasses.replace(start, ridge=ridge)
    best = _best(examples, "level_lu", [dataclasses.replace(chosen, left_lu=left_lu) for left_lu in LEFT_LU])
    songs = len({song_of(example) for example in examples})
    left_lu = math.sqrt((songs * best.left_lu**2 + PRIOR_SONGS * PRIOR_LEFT_LU**2) / (songs + PRIOR_SONGS))
    tell(f"left open by the rule: {best.left_lu:g} LU here, {left_lu:.3f} LU with the prior")
    chosen = dataclasses.replace(chosen, left_lu=left_lu)
    chosen = _best(examples, "eq_db", [dataclasses.replace(chosen, strength=value) for value in STRENGTHS])
    chosen = _best(examples, "pan", [dataclasses.replace(chosen, left_alone_db=value) for value in LEFT_ALONE_DB])
    tell(f"strength of the EQ {chosen.strength:g}, imbalance undone up to {chosen.left_alone_db:g} dB")
    return chosen


def _strongest_ridge(examples: Sequence[Example], start: Choices, tell: Callable[[str], None]) -> float:
    """The strongest ridge within one standard error of the best."""

    def errors_with(ridge: float) -> dict[str, float]:
        return left_out(examples, artist_of, lambda known: _fit_levels(known, ridge, start))["level_lu"]

    errors = {ridge: errors_with(ridge) for ridge in RIDGES}
    best = min(RIDGES, key=lambda ridge: mean_over_songs(errors[ridge]))
    allowed = []
    for ridge in RIDGES:
        apart = np.array([errors[ridge][song] - errors[best][song] for song in errors[best]])
        if apart.mean() <= apart.std(ddof=1) / math.sqrt(apart.size):
            allowed.append(ridge)
    tell("ridge: " + ", ".join(f"{ridge:g} {mean_over_songs(errors[ridge]):.3f} LU" for ridge in RIDGES))
    tell(f"chosen: {max(allowed):g}")
    return max(allowed)


def _best(examples: Sequence[Example], measure: str, candidates: Sequence[Choices]) -> Choices:
    def error(choices: Choices) -> float:
        return mean_over_songs(left_out(examples, artist_of, lambda known: fit_with(known, choices))[measure])

    return min(candidates, key=error)


def fit_with(examples: Sequence[Example], choices: Choices) -> RoughFit:
    """The fit of these songs with what was chosen, whatever songs it was chosen on."""
    with_levels = _fit_levels(examples, choices.ridge, choices)
    return dataclasses.replace(with_levels, tone=fit_tone(examples, choices.strength))


def choices_of(card: Mapping[str, Any]) -> Choices:
    """What the fit of a card chose: folds hold it, for their songs are too few to choose anew."""
    recipe = in_this_format(card)["recipe"]
    return Choices(**{item.name: float(recipe[item.name]) for item in dataclasses.fields(Choices)})


def _fit_levels(examples: Sequence[Example], ridge: float, choices: Choices) -> RoughFit:
    levels = dataclasses.replace(fit_levels(examples, ridge), left_lu=choices.left_lu)
    return RoughFit(levels=levels, tone=None, left_alone_db=choices.left_alone_db)


# ---- levels ----------------------------------------------------------------------------------------------------------


def fit_levels(examples: Sequence[Example], ridge: float) -> Levels:
    """Offsets and slopes: least squares over what the prior leaves, song-centred, each song's seeds weighing as one.

    Parameters
    ----------
    ridge : float
        In stems: the weight of staying with the prior. Above 1e8 nothing moves.
    """
    size = len(ROLES) + len(_SLOPE_STEMS)
    squares, products = np.zeros((size, size)), np.zeros(size)
    seeds: dict[str, int] = {}
    for example in examples:
        seeds[song_of(example)] = seeds.get(song_of(example), 0) + 1
    for example in examples:
        degraded, human = _both(example)
        rows = np.array([_row(stem.role, sound_of(stem.audio)) for stem in degraded.stems])
        rows -= rows.mean(axis=0)
        ruled = rough_levels_lu(degraded, PRIOR)
        left = np.array([float(stem.audio.loudness_lufs or 0.0) - ruled[stem.name] for stem in human.stems])
        squares += rows.T @ rows / seeds[song_of(example)]
        products += rows.T @ (left - left.mean()) / seeds[song_of(example)]
    weights = ridge * np.array([1.0] * len(ROLES) + list(_SLOPE_STEMS))
    moves = np.linalg.solve(squares + np.diag(weights), products).tolist()
    prior = PRIOR.levels
    return Levels(
        offsets_lu={role: prior.offsets_lu[role] + moves[place] for place, role in enumerate(ROLES)},
        centroid_lu_per_octave=prior.centroid_lu_per_octave + moves[-3],
        crest_lu_per_db=prior.crest_lu_per_db + moves[-2],
        flux_lu_per_db=prior.flux_lu_per_db + moves[-1],
        left_lu=prior.left_lu,
    )


def _row(role: Role, sound: Collection[float]) -> list[float]:
    return [float(role == each) for each in ROLES] + list(sound)


# ---- tones -----------------------------------------------------------------------------------------------------------


def fit_tone(examples: Sequence[Example], strength: float) -> Tone:
    """Mean spectra of the roles, shrunk towards those of their groups, and the ridge that corrects towards them.

    A spectrum lacks d dB of its role's for two reasons: stems of one role differ, by the covariance C, and somebody
    equalised it, by that of usual degradations, E. Most probable of the second is E (E + C / t)⁻¹ d, t how far C is
    trusted; the gains are those of the five bands that come nearest to it.
    """
    shapes: dict[Role, list[NDArray[np.float64]]] = {}
    for example in {song_of(each): each for each in examples}.values():
        for stem in _both(example)[1].stems:
            shapes.setdefault(stem.role, []).append(shape_db(stem.audio.spectrum_db, _RANGE_DB))
    every = np.array([shape for found in shapes.values() for shape in found])
    overall = every.mean(axis=0)
    spectra = {role: overall if role == "other" else _role_mean(role, shapes, overall) for role in ROLES}
    apart = np.array([shape - spectra[role] for role, found in shapes.items() for shape in found if role != "other"])
    return Tone(
        spectra_db={role: tuple(spectra[role].tolist()) for role in ROLES},
        gains_per_db=_correction(apart),
        unknown_gains_per_db=_correction(every - overall),
        strength=strength,
        range_db=_RANGE_DB,
        song_stems=_SONG_STEMS,
    )


def _role_mean(
    role: Role, shapes: Mapping[Role, list[NDArray[np.float64]]], overall: NDArray[np.float64]
) -> NDArray[np.float64]:
    alike = [shape for other, found in shapes.items() if group_of(other) == group_of(role) for shape in found]
    group = (np.sum(alike, axis=0) + _TOWARDS_ALL * overall) / (len(alike) + _TOWARDS_ALL)
    own = shapes.get(role, [])
    return np.asarray((np.sum(own, axis=0) + _TOWARDS_GROUP * group) / (len(own) + _TOWARDS_GROUP))


def _correction(apart: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    eq, bands = _usual_eq(), _responses()
    # Shapes have no mean, so that a level common to all bands must count for nothing: the term of ones.
    wanted = eq @ np.linalg.inv(eq + _smoothed(apart) / _TRUST + 100.0)
    return tuple(tuple(row) for row in (np.linalg.pinv(bands - bands.mean(axis=0)) @ wanted).tolist())


def _smoothed(apart: NDArray[np.float64]) -> NDArray[np.float64]:
    """The covariance of spectra of one role: a few hundred of these do not tell 800 numbers."""
    covariance = apart.T @ apart / len(apart)
    deviation, band = np.sqrt(np.diag(covariance)), np.arange(BANDS)
    alike = (1 - _ALONE) * np.exp(-np.abs(band[:, None] - band) / _ALIKE_BANDS) + _ALONE * np.eye(BANDS)
    smooth = np.outer(deviation, deviation) * alike
    return np.asarray((1 - _SMOOTHED) * covariance + _SMOOTHED * smooth + _BAND_NOISE_DB2 * np.eye(BANDS))


def _responses() -> NDArray[np.float64]:
    """What 1 dB of each band of the correcting EQ does, ``(BANDS, EQ_BANDS)``."""
    bands = [correcting_eq(tuple(float(band == row) for band in range(EQ_BANDS))) for row in range(EQ_BANDS)]
    return np.array([response_db(eq, band_centres_hz()) for eq in bands]).T


@cache
def _usual_eq() -> NDArray[np.float64]:
    """The covariance of what usual degradations do to a spectrum, around its mean, ``(BANDS, BANDS)``."""
    drawn = (draw_degradation(seed, song="usual", stem="usual").eq for seed in range(_DEGRADATIONS))
    moved = np.array([band_response_db(eq) for eq in drawn])
    moved -= moved.mean(axis=1, keepdims=True)
    return np.asarray(moved.T @ moved / len(moved))


def songs_of(examples: Sequence[Example]) -> list[dict[str, Any]]:
    """The songs of a fit, as its card lists them."""
    songs = {song_of(example): example.song for example in examples}
    return [
        {"id": song.id, "title": song.title, "artist": song.artist, "licence": song.licence}
        for _, song in sorted(songs.items())
    ]
