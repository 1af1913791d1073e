"""Whether the waveform stage earns its place: what it does for artists that were left out, and when it stops.

Everything is trained anew without the artists of a fold, their base included. What is heard is the network as it plays,
before the stage and in it, on true audio. The stage is kept only where these songs show that it helps.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from mixing.engine.errors import MixFailed
from mixing.engine.mixers.learned import LearnedMixer
from mixing.engine.mixers.networks.families import TOWERS
from mixing.engine.training.bases import base_fitted_on, cross_fitted
from mixing.engine.training.bootstrap import bootstrap_mean, paired_difference
from mixing.engine.training.content import write_whole
from mixing.engine.training.examples import Example
from mixing.engine.training.heard import MEASURED_S
from mixing.engine.training.loop import Recipe, Run, shrink
from mixing.engine.training.loop import advance as advance_by_features
from mixing.engine.training.prepared import Prepared, prepare
from mixing.engine.training.retrain import FEWEST_ARTISTS, RECIPES, Chosen, card_of, mixer_of
from mixing.engine.training.retrain import begin as begin_by_features
from mixing.engine.training.run_state import resume, save_run
from mixing.engine.training.splits import artist_groups, by_artist
from mixing.engine.training.tracking import Tracker
from mixing.engine.training.waveform import (
    FAMILY,
    SCALES,
    Excerpts,
    HeardSongs,
    advance,
    begin,
    heard_errors,
    mixes_of,
)
from mixing.engine.training.waveform_console import ERRORS

FOLDS: Final = 3
EVERY: Final = 20
LEARNS: Final[Mapping[str, Any]] = {
    "songs": 4, "rate": 3e-4, "decay": 0.0, "noise": 0.5, "styled": 0.0, "anew": 0.0,
}  # fmt: skip
"""What the stage does otherwise than the training by features: few songs a step, and a lower rate."""
JUDGED: Final = ("level_lu", "eq_db", "pan", "mrstft")
"""The errors whose sum, in units of SCALES, decides; none of them may clearly grow."""
DIFFERENCE: Final = "behind_minus_before"
HOW: Final = (
    "On true audio, the 20 s of each song in which most stems sound, two degradations each, by networks and bases that "
    "knew no song of the artist; mean over songs, 95 % bootstrap over songs, differences paired. The sum of level, EQ, "
    "pan and MRSTFT, each divided by what it is about without a network, decides, and none of them may clearly grow."
)

SongErrors = Mapping[str, Mapping[str, float]]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What is asked for.

    Parameters
    ----------
    steps : int
        The latest step at which it may stop.
    cache, folder : Path
        Where stretches of songs are remembered, and where the run is kept.
    resume : bool
        Go on with the run in ``folder``, if there is one.
    """

    steps: int
    cache: Path
    folder: Path
    seed: int = 0
    device: str = "cpu"
    resume: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What left-out artists say about the stage.

    Parameters
    ----------
    kept : bool
        Whether they show that it helps.
    steps : int
        After how many steps it stops; where it is not kept, of those that were tried the best.
    curve : Mapping[int, Mapping[str, float]]
        Mean errors by step.
    metrics : Mapping[str, Any]
        Each error before and behind the stage, for the card.
    """

    kept: bool
    steps: int
    curve: Mapping[int, Mapping[str, float]]
    metrics: Mapping[str, Any]

    def sentence(self) -> str:
        """What became of the stage, with figures."""
        rows = []
        for name in ERRORS:
            before, behind, apart = (self.metrics[name][which] for which in ("before", "behind", DIFFERENCE))
            interval = f"{apart['mean']:+.3f} [{apart['low']:+.3f}, {apart['high']:+.3f}]"
            rows.append(f"{name} {before['mean']:.3f} to {behind['mean']:.3f} ({interval})")
        verdict = "is kept" if self.kept else "is not kept, the weights stay as they were"
        return f"the waveform stage ({self.steps} steps) {verdict}: on left-out artists {', '.join(rows)}"


def tune(
    run: Run,
    chosen: Chosen,
    examples: Sequence[Example],
    prepared: Sequence[Prepared],
    stage: Stage,
    tracker: Tracker,
    tell: Tell = lambda line: None,
) -> Verdict:
    """Fine-tune a finished run's network in place, if left-out artists show that this helps; else leave it as it is.

    Raises
    ------
    MixFailed
        ``nothing_to_tune`` if every tower is left to its rule; ``too_few_songs``; ``other_run``.
    """
    recipe = stage_recipe(chosen, steps=stage.steps, seed=stage.seed)
    verdict = _known_verdict(stage, recipe) or judge(chosen, examples, recipe, stage, tracker, tell)
    _keep_verdict(stage, recipe, verdict)
    tracker.curve("waveform/left_out_artists", verdict.curve)
    tell(verdict.sentence())
    if verdict.kept:
        shrink(run)
        settled = dataclasses.replace(recipe, steps=dict.fromkeys(recipe.steps, verdict.steps))
        tuned, state = begin(run.network, settled), stage.folder / "waveform.safetensors"
        if stage.resume and state.exists():
            resume(tuned, state)
            tell(f"the waveform stage goes on at step {tuned.step} of {tuned.last}")
        excerpts = Excerpts(examples, prepared, HeardSongs(stage.cache), device=stage.device)
        while tuned.step < tuned.last:
            advance(tuned, excerpts, until=tuned.step + EVERY, tell=tracker.waveform_loss)
            save_run(tuned, state)
    return verdict


def train_fold_on_sound(examples: Sequence[Example], *, cache: Path, steps: int, seed: int = 0) -> LearnedMixer:
    """:func:`~mixing.engine.training.retrain.train_fold` for the console net, with the waveform stage behind it."""
    recipe = dataclasses.replace(RECIPES[FAMILY], seed=seed)
    towers = {tower: "trained" if recipe.shares.get(tower, 1.0) > 0.0 else "rule" for tower in TOWERS}
    chosen = Chosen(recipe=recipe, towers=towers, curve={}, metrics={})
    run, prepared = _learned(chosen, examples, "cpu")
    tuned = begin(run.network, stage_recipe(chosen, steps=steps, seed=seed))
    advance(tuned, Excerpts(examples, prepared, HeardSongs(cache)), until=steps)
    return mixer_of(run, card_of(FAMILY, recipe.sizes, towers), base=base_fitted_on(FAMILY, examples))


def forget(folder: Path) -> None:
    """Leave nothing of an earlier stage in a run's folder, so that nobody goes on with it."""
    for name in ("waveform.json", "waveform.safetensors"):
        (folder / name).unlink(missing_ok=True)


def stage_recipe(chosen: Chosen, *, steps: int, seed: int = 0) -> Recipe:
    """How the stage goes for the towers that play; one that was left to its rule is not moved.

    Raises
    ------
    MixFailed
        ``nothing_to_tune`` if there are none.
    """
    towers = [name for name in chosen.recipe.steps if chosen.towers.get(name) == "trained"]
    if not towers:
        raise MixFailed(
            "nothing_to_tune",
            "Every tower is left to its rule, so that there is nothing for the waveform stage to tune.",
        )
    return dataclasses.replace(chosen.recipe, steps=dict.fromkeys(towers, steps), seed=seed, **LEARNS)


# ---- left-out artists ------------------------------------------------------------------------------------------------


def judge(
    chosen: Chosen,
    examples: Sequence[Example],
    recipe: Recipe,
    stage: Stage,
    tracker: Tracker,
    tell: Tell = lambda line: None,
) -> Verdict:
    """Tune without the artists of each fold and hear the songs that were left out, every EVERY steps."""
    songs = list({example.song.id: example.song for example in examples}.values())
    artists = len(artist_groups(songs))
    if artists < FEWEST_ARTISTS:
        raise MixFailed(
            "too_few_songs",
            f"To see whether the waveform stage helps takes songs of {FEWEST_ARTISTS} artists at the least, and here "
            f"are {artists}.",
        )
    heard = HeardSongs(stage.cache)
    held: dict[int, dict[str, Mapping[str, float]]] = {}
    for number, fold in enumerate(by_artist(songs, min(FOLDS, artists)), start=1):
        left_out = {song.id for song in fold.test}
        known = [example for example in examples if example.song.id not in left_out]
        unknown = [example for example in examples if example.song.id in left_out]
        listen = tracker if number == 1 else None
        for step, errors in _without(chosen, known, unknown, recipe, heard, stage, listen).items():
            held.setdefault(step, {}).update(errors)
        tell(f"waveform stage, left-out artists, part {number}")
    return verdict_of(held)


def verdict_of(held: Mapping[int, SongErrors]) -> Verdict:
    """The fewest steps within one standard error of the best, and whether they are clearly better than none.

    ``held`` has the errors of every left-out song by step, of which step 0 is before the stage.
    """
    songs = sorted(held[0])
    costs = {step: np.array([_cost(held[step][song]) for song in songs]) for step in sorted(held)}
    tried = [step for step in costs if step > 0]
    best = min(tried, key=lambda step: float(costs[step].mean()))
    steps = next(step for step in tried if _within_one_error(costs[step] - costs[best]))
    together = paired_difference(costs[steps].tolist(), costs[0].tolist())
    metrics: dict[str, Any] = {"how": HOW, "songs": len(songs), "together": {DIFFERENCE: together.to_dict()}}
    for name in ERRORS:
        before, behind = ([held[step][song][name] for song in songs] for step in (0, steps))
        metrics[name] = {
            "before": bootstrap_mean(before).to_dict(),
            "behind": bootstrap_mean(behind).to_dict(),
            DIFFERENCE: paired_difference(behind, before).to_dict(),
        }
    harmed = any(metrics[name][DIFFERENCE]["low"] > 0.0 for name in JUDGED)
    return Verdict(
        kept=together.high < 0.0 and not harmed,
        steps=steps,
        curve={step: _means(held[step]) for step in sorted(held)},
        metrics=metrics,
    )


def _without(
    chosen: Chosen,
    known: Sequence[Example],
    unknown: Sequence[Example],
    recipe: Recipe,
    heard: HeardSongs,
    stage: Stage,
    tracker: Tracker | None,
) -> dict[int, SongErrors]:
    """Errors on unknown songs by step, while a network that learned from known ones is tuned on these."""
    run, learned = _learned(chosen, known, stage.device)
    tuned = begin(run.network, recipe)
    teaching = Excerpts(known, learned, heard, device=stage.device)
    base = base_fitted_on(FAMILY, known)
    longer = HeardSongs(stage.cache, length_s=MEASURED_S, most=1)
    asked = Excerpts(unknown, prepare(unknown, base, with_mel=False), longer, device=stage.device)
    found: dict[int, SongErrors] = {}
    for step in [*range(0, tuned.last, EVERY), tuned.last]:
        advance(tuned, teaching, until=step)
        found[step] = heard_errors(tuned.network, asked, recipe.steps)
        if tracker is not None and step in (0, tuned.last):
            tracker.mixes("waveform", mixes_of(tuned.network, asked, recipe.steps), step=step)
    return found


def _learned(chosen: Chosen, examples: Sequence[Example], device: str) -> tuple[Run, list[Prepared]]:
    """The network as the training by features leaves it to play, and what it learned from."""
    prepared = cross_fitted(FAMILY, examples)
    run = begin_by_features(FAMILY, prepared, chosen.recipe, device=device)
    advance_by_features(run, prepared, until=run.last)
    shrink(run)
    return run, prepared


def _cost(errors: Mapping[str, float]) -> float:
    return sum(errors[name] / SCALES[name] for name in JUDGED)


def _within_one_error(apart: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    error = apart.std(ddof=1) / math.sqrt(apart.size) if apart.size > 1 else 0.0
    return bool(apart.mean() <= error)


def _means(errors: SongErrors) -> dict[str, float]:
    return {name: float(np.mean([song[name] for song in errors.values()])) for name in ERRORS}


# ---- the verdict on disk ---------------------------------------------------------------------------------------------


def _keep_verdict(stage: Stage, recipe: Recipe, verdict: Verdict) -> None:
    kept = {"recipe": dataclasses.asdict(recipe), **dataclasses.asdict(verdict)}
    write_whole(stage.folder / "waveform.json", json.dumps(kept).encode())


def _known_verdict(stage: Stage, recipe: Recipe) -> Verdict | None:
    """That of the run that goes on, if it got as far with the same settings."""
    if not stage.resume:
        return None
    try:
        kept = json.loads((stage.folder / "waveform.json").read_text(encoding="utf-8"))
        if kept.pop("recipe") != dataclasses.asdict(recipe):
            return None
        curve = {int(step): errors for step, errors in kept.pop("curve").items()}
        return Verdict(curve=curve, **kept)
    except (OSError, ValueError, KeyError, TypeError):
        return None
