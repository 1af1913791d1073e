"""The families that learn from human balances: how each is trained, chosen and made into a checkpoint."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.engine.errors import MixFailed
from mixing.engine.mixers.checkpoint import STYLE_TABLE, STYLE_VECTOR, Card, Tensors
from mixing.engine.mixers.interface import ANALYSIS_VERSION
from mixing.engine.mixers.learned import LearnedMixer
from mixing.engine.mixers.networks.batch import STYLE_AXES
from mixing.engine.mixers.networks.families import PLANS, TOWERS, DecideBase, Player, tensors_of
from mixing.engine.mixers.style_table import numbers_of
from mixing.engine.training.bases import base_fitted_on, cross_fitted
from mixing.engine.training.bootstrap import bootstrap_mean, paired_difference
from mixing.engine.training.examples import Example
from mixing.engine.training.folds import SongErrors, left_out_errors, mean_errors
from mixing.engine.training.loop import ERRORS, SCALES, Recipe, Run, advance, shrink, start
from mixing.engine.training.prepared import Prepared, prepare
from mixing.engine.training.splits import artist_groups, by_artist

FAMILIES: Final = ("console-net", "deep-sets", "spectrogram-cnn")
FEWEST_ARTISTS: Final = 3
SHARES: Final = (0.25, 0.5, 0.75, 1.0)
TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "console-net": (
        "Console net",
        "Listens with a small network for each decision and corrects the rough mix: levels, tone, compressors, space.",
    ),
    "deep-sets": (
        "Deep sets",
        "One network for everything, which learned from songs alone what the rules are told.",
    ),
    "spectrogram-cnn": (
        "Spectrogram net",
        "Looks at pictures of the sound in time, and corrects the rough mix by what it sees.",
    ),
}
_ROUGH: Final = {"noise": 1.5, "decay": 0.5, "rate": 1e-3, "songs": 48}
RECIPES: Final[Mapping[str, Recipe]] = {
    "console-net": Recipe(
        steps={"level": 60, "eq": 20, "pan_width": 20},
        shares={"level": 0.5, "eq": 0.5, "pan_width": 0.0},
        sizes={"hidden": 32, "style": len(STYLE_AXES)},
        **_ROUGH,  # type: ignore[arg-type]
    ),
    "deep-sets": Recipe(
        steps={"all": 180},
        shares={"all": 0.75},
        sizes={"hidden": 32, "style": len(STYLE_AXES)},
        **_ROUGH,  # type: ignore[arg-type]
    ),
    "spectrogram-cnn": Recipe(
        steps={"all": 80},
        shares={"all": 0.5},
        sizes={"hidden": 24, "channels": 8, "style": len(STYLE_AXES)},
        **{**_ROUGH, "songs": 12},  # type: ignore[arg-type]
    ),
}
"""What leaving artists out chose on the songs at hand; a run of ``train_mixer`` chooses its own steps and shares.

A block of which nothing is kept leaves its decision to the rule."""

UNITS: Final[Mapping[str, str]] = {"level": "LU", "eq": "dB", "pan_width": "(R - L) / (R + L)"}
HOW: Final = (
    "Predicted from features of degraded songs by networks, and bases, that knew no song of the artist; mean over "
    "songs, 95 % bootstrap over songs. evaluate_mixer measures true audio."
)
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """When each block stops, what is kept of it, and what that is worth on artists that were left out.

    Parameters
    ----------
    recipe : Recipe
    towers : Mapping[str, str]
        ``trained``, or ``rule`` where the base was no worse.
    curve : Mapping[int, Mapping[str, float]]
        Mean errors by step, with nothing held back.
    metrics : Mapping[str, Any]
        For the card.
    """

    recipe: Recipe
    towers: Mapping[str, str]
    curve: Mapping[int, Mapping[str, float]]
    metrics: Mapping[str, Any]


def train_fold(family: str, examples: Sequence[Example], seed: int = 0) -> LearnedMixer:
    """A mixer that learned from these examples alone, its base included; in memory, for leaving songs out."""
    recipe = dataclasses.replace(RECIPES[family], seed=seed)
    prepared = cross_fitted(family, examples)
    run = begin(family, prepared, recipe)
    advance(run, prepared, until=run.last)
    towers = {tower: "trained" if recipe.shares.get(tower, 1.0) > 0.0 else "rule" for tower in TOWERS}
    card = card_of(family, recipe.sizes, towers)
    return mixer_of(run, card, base=base_fitted_on(family, examples))


def choose(
    family: str,
    examples: Sequence[Example],
    recipe: Recipe,
    *,
    most_steps: int,
    every: int = 20,
    folds: int = 5,
    device: str = "cpu",
    tell: Tell = lambda line: None,
) -> Chosen:
    """When to stop and what to keep, for each block, by its errors on left-out artists.

    Neighbouring steps are averaged first, for one dip is chance.
    """
    blocks = recipe.steps
    long = dataclasses.replace(recipe, steps=dict.fromkeys(blocks, most_steps))
    held: dict[float, dict[int, dict[str, Mapping[str, float]]]] = {}
    for number, (known, unknown) in enumerate(_folds(family, examples, folds), start=1):
        found = left_out_errors(family, known, unknown, long, shares=(0.0, *SHARES), every=every, device=device)
        for share, curve in found.items():
            for step, songs in curve.items():
                held.setdefault(share, {}).setdefault(step, {}).update(songs)
        tell(f"left-out artists, part {number}")
    chosen = {block: _best(held, _errors_of_block(block)) for block in blocks}
    settled = dataclasses.replace(
        recipe,
        steps={block: step for block, (step, _) in chosen.items()},
        shares={block: share for block, (_, share) in chosen.items()},
    )
    towers, metrics = _judged(held, chosen)
    return Chosen(
        recipe=settled,
        towers=towers,
        curve={step: mean_errors(songs) for step, songs in held[1.0].items()},
        metrics=metrics,
    )


def begin(family: str, prepared: Sequence[Prepared], recipe: Recipe, *, device: str = "cpu") -> Run:
    """A run that has not begun; one thread, which for networks of this size is fastest."""
    torch.set_num_threads(1)
    return start(family, prepared, recipe, device=device)


def finished_tensors(run: Run) -> Tensors:
    """What a checkpoint holds: the network after shrinking, a style vector and a table that ask for nothing."""
    shrink(run)
    style = {STYLE_VECTOR: np.zeros(len(STYLE_AXES), dtype=np.float32), STYLE_TABLE: numbers_of(None)}
    return {**tensors_of(run.network), **style}


def mixer_of(run: Run, card: Card, *, base: DecideBase | None = None) -> LearnedMixer:
    """The mixer that a run has become."""
    return LearnedMixer.in_memory(card, finished_tensors(run), lambda card, tensors: Player(card, tensors, base=base))


def card_of(family: str, sizes: Mapping[str, int], towers: Mapping[str, str], **more: Any) -> Card:
    """A card without hashes, which :func:`mixing.engine.mixers.checkpoint.save` fills in."""
    title, summary = TITLES[family]
    return Card(
        key=family,
        family=family,
        title=title,
        summary=summary,
        architecture=sizes,
        sha256="0" * 64,
        bytes=0,
        precision="float32",
        engine_version=ANALYSIS_VERSION,
        towers=towers,
        **more,
    )


# ---- choosing --------------------------------------------------------------------------------------------------------

Held = Mapping[float, Mapping[int, SongErrors]]


def _folds(family: str, examples: Sequence[Example], folds: int) -> list[tuple[list[Prepared], list[Prepared]]]:
    songs = list({example.song.id: example.song for example in examples}.values())
    artists = len(artist_groups(songs))
    if artists < FEWEST_ARTISTS:
        raise MixFailed(
            "too_few_songs",
            f"To see when to stop takes songs of {FEWEST_ARTISTS} artists at the least, and here are {artists}.",
        )
    made = []
    for fold in by_artist(songs, min(folds, artists)):
        left_out = {song.id for song in fold.test}
        known = [example for example in examples if example.song.id not in left_out]
        unknown = [example for example in examples if example.song.id in left_out]
        base = base_fitted_on(family, known)
        made.append((cross_fitted(family, known), prepare(unknown, base, with_mel=PLANS[family].with_mel)))
    return made


def _errors_of_block(block: str) -> tuple[str, ...]:
    return (block,) if block in ERRORS else ERRORS


def _best(held: Held, errors: Sequence[str]) -> tuple[int, float]:
    """The step and share that correct least among those within one standard error of the best.

    With few songs the best is best by luck as well, and what corrects less goes less wrong on songs of another kind.
    """
    costs: dict[tuple[int, float], NDArray[np.float64]] = {}
    steps = [step for step in sorted(held[1.0]) if step > 0]
    for share in SHARES:
        songs = np.array([_costs(held[share][step], errors) for step in steps])
        for place, step in enumerate(steps):
            costs[step, share] = songs[max(0, place - 1) : place + 2].mean(axis=0)
    best = min(costs.values(), key=lambda cost: float(cost.mean()))
    for step, share in sorted(costs, key=lambda key: key[0] * key[1]):
        apart = costs[step, share] - best
        if apart.mean() <= apart.std(ddof=1) / math.sqrt(apart.size):
            return step, share
    raise AssertionError("The best is within reach of itself.")


def _costs(errors_of_songs: SongErrors, errors: Sequence[str]) -> list[float]:
    songs = sorted(errors_of_songs)
    return [sum(errors_of_songs[song][name] / SCALES[name] for name in errors) for song in songs]


def _judged(held: Held, chosen: Mapping[str, tuple[int, float]]) -> tuple[dict[str, str], dict[str, Any]]:
    """Each tower beside its base on the left-out songs, with 95 % bootstrap intervals over songs."""
    towers, metrics = {}, {}
    for name in ERRORS:
        step, share = chosen.get(name) or chosen["all"]
        songs = sorted(held[share][step])
        base, own = ([held[at][step][song][name] for song in songs] for at in (0.0, share))
        difference = paired_difference(own, base)
        towers[name] = "trained" if difference.mean < 0.0 else "rule"
        metrics[name] = {
            "unit": UNITS[name],
            "trained": bootstrap_mean(own).to_dict(),
            "base": bootstrap_mean(base).to_dict(),
            "difference": difference.to_dict(),
        }
    return towers, {"left_out_artists": {"how": HOW, "songs": len(held[1.0][0]), **metrics}}
