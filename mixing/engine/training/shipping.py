"""From songs to checkpoints in a folder: one family's ancestor, and the styles that descend from it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from mixing.engine.errors import MixFailed
from mixing.engine.mixers import checkpoint
from mixing.engine.mixers.checkpoint import SET_BY_HAND, STYLE_TABLE, STYLE_VECTOR, SUFFIX, Card, Tensors
from mixing.engine.mixers.learned import LearnedMixer, listening
from mixing.engine.mixers.networks.batch import STYLE_AXES
from mixing.engine.mixers.networks.outcome_towers import PREFIX
from mixing.engine.mixers.style_table import described, numbers_of
from mixing.engine.mixers.styles import STYLES
from mixing.engine.training.bases import cross_fitted
from mixing.engine.training.corpus import SongEntry, read_corpus, with_human_balance
from mixing.engine.training.examples import Example, examples
from mixing.engine.training.loop import Recipe, Run, advance
from mixing.engine.training.outcome_shipping import Calibrated, calibrated
from mixing.engine.training.retrain import RECIPES, Chosen, Tell, begin, card_of, choose, finished_tensors
from mixing.engine.training.run_state import recipe_of, resume, save_run
from mixing.engine.training.tracking import Tracker
from mixing.engine.training.waveform_choice import LEARNS, Stage, Verdict, forget, tune

STYLED: Final = "console-net"
VECTORS: Final[Mapping[str, tuple[float, float, float, float]]] = {
    "open": (0.5, 0.25, 0.0, 0.25),
    "dense": (-0.75, 0.0, 0.75, -0.25),
    "dark": (0.0, -1.0, 0.0, 0.0),
    "wide": (0.0, 0.75, 0.0, 1.0),
}
"""The style vectors of the shipped styles along ``STYLE_AXES``."""
_KEEP_EVERY: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be trained.

    Parameters
    ----------
    data, cache, output, runs : Path
        Songs; features; where the checkpoint goes; where the run's state and curves are kept.
    most_steps : int
        How long the runs on left-out artists go on.
    command : str
        What makes the checkpoint again, for its card.
    """

    family: str
    data: Path
    cache: Path
    output: Path
    runs: Path
    seed: int = 0
    seeds: int = 8
    most_steps: int = 200
    device: str = "cpu"
    resume: bool = False
    waveform_steps: int = 0
    command: str = ""


def train(order: Order, tell: Tell = lambda line: None) -> Card:
    """Choose on left-out artists, train on all songs whose weights may ship, and write the checkpoint with its card.

    Raises
    ------
    MixFailed
        ``too_few_songs``, ``no_run``, ``other_run``, and what reading the songs says.
    """
    entries = shippable(order.data)
    found = list(examples(entries, range(order.seeds), cache=order.cache, progress=lambda song: tell(song.id)))
    state = order.runs / order.family / "run.safetensors"
    with Tracker(order.runs / order.family) as tracker:
        chosen = _chosen(order, found, state, tracker, tell)
        run, verdict = _trained(order, chosen, found, state, tracker, tell)
        card = card_of(
            order.family,
            chosen.recipe.sizes,
            chosen.towers,
            recipe=_recipe(order, chosen, verdict),
            data=_data(found),
            metrics={**chosen.metrics, **({"waveform_stage": verdict.metrics} if verdict and verdict.kept else {})},
        )
        run.network.to("cpu")
        tensors = finished_tensors(run)
        if order.family == STYLED:
            card, tensors = with_outcomes(
                card, tensors, calibrated(entries, cache=order.cache, seed=order.seed, tell=tell)
            )
        card = checkpoint.save(order.output, card, tensors)
        for entry in entries[:2]:
            tracker.sounds(entry, LearnedMixer.in_memory(card, tensors, listening), cache=order.cache)
    return card


def shippable(data: Path) -> list[SongEntry]:
    """The songs with a person's balance whose weights may be published."""
    entries = [entry for entry in with_human_balance(read_corpus(data)) if entry.weights_may_ship]
    if not entries:
        raise MixFailed(
            "too_few_songs",
            f"No song of {data} has both a person's balance and a licence under which weights may be published; "
            "song.json says so with human_balance and weights_may_ship.",
        )
    return entries


def train_outcomes(data: Path, models: Path, *, cache: Path, seed: int = 0, tell: Tell = lambda line: None) -> Card:
    """Anew only the towers of the console net in ``models`` that correct formulas for wishes; see :func:`train`."""
    kept = checkpoint.load(models / f"{STYLED}{SUFFIX}")
    found = calibrated(shippable(data), cache=cache, seed=seed, tell=tell)
    card, tensors = with_outcomes(dataclasses.replace(kept.card, quantisation={}), kept.tensors, found)
    return checkpoint.save(models, card, tensors)


def with_outcomes(card: Card, tensors: Tensors, found: Calibrated) -> tuple[Card, Tensors]:
    """A console net with the towers that correct the formulas for wishes, and its card with what is known of them."""
    left_out = {**card.metrics.get("left_out_artists", {}), **found.metrics}
    kept = {name: tensor for name, tensor in tensors.items() if not name.startswith(PREFIX)}
    return dataclasses.replace(
        card,
        architecture={**card.architecture, "outcomes": found.hidden},
        towers={**card.towers, **found.towers},
        metrics={**card.metrics, "left_out_artists": left_out},
        recipe={**card.recipe, "outcomes": dict(found.recipe)},
    ), {**kept, **found.tensors}


def write_styles(models: Path, *, command: str = "") -> list[Card]:
    """The styles of the console net, made from its checkpoint in ``models``: other tables and vectors, same towers."""
    ancestor = checkpoint.load(models / f"{STYLED}{SUFFIX}")
    written = []
    for name, vector in VECTORS.items():
        style, table = STYLES[name], numbers_of(STYLES[name])
        card = dataclasses.replace(
            ancestor.card,
            key=f"{STYLED}-{name}",
            title=f"{ancestor.card.title}, {style.title.lower()}",
            summary=style.sentence,
            parents=(ancestor.card.sha256,),
            recipe={"command": command, "operator": "style", "style": name},
            style={
                "name": name,
                "how": SET_BY_HAND,
                "vector": dict(zip(STYLE_AXES, vector, strict=True)),
                "table": described(table),
            },
            quantisation={},
        )
        tensors = {**ancestor.tensors, STYLE_TABLE: table, STYLE_VECTOR: np.array(vector, dtype=np.float32)}
        written.append(checkpoint.save(models, card, tensors))
    return written


def _trained(
    order: Order, chosen: Chosen, found: Sequence[Example], state: Path, tracker: Tracker, tell: Tell
) -> tuple[Run, Verdict | None]:
    """All songs' run, and what became of its waveform stage where one is asked for."""
    prepared = cross_fitted(order.family, found)
    run = begin(order.family, prepared, chosen.recipe, device=order.device)
    if order.resume:
        resume(run, state)
        tell(f"goes on at step {run.step} of {run.last}")
    else:
        forget(state.parent)
    while run.step < run.last:
        advance(run, prepared, until=run.step + _KEEP_EVERY, tell=tracker.loss)
        save_run(run, state)
    if not order.waveform_steps:
        return run, None
    stage = Stage(
        steps=order.waveform_steps,
        cache=order.cache,
        folder=state.parent,
        seed=order.seed,
        device=order.device,
        resume=order.resume,
    )
    return run, tune(run, chosen, found, prepared, stage, tracker, tell)


def _chosen(order: Order, found: Sequence[Example], state: Path, tracker: Tracker, tell: Tell) -> Chosen:
    """The choice of this run, or of the one that goes on, which stands beside its state."""
    kept = state.with_name("chosen.json")
    if order.resume:
        return _read_choice(kept, recipe_of(state)[1])
    recipe = dataclasses.replace(RECIPES[order.family], seed=order.seed)
    chosen = choose(order.family, found, recipe, most_steps=order.most_steps, device=order.device, tell=tell)
    tracker.curve("left_out_artists", chosen.curve)
    _write_choice(kept, chosen)
    tell(f"stops at {dict(chosen.recipe.steps)}, keeps {dict(chosen.recipe.shares)}, towers {dict(chosen.towers)}")
    return chosen


def _write_choice(path: Path, chosen: Chosen) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"towers": dict(chosen.towers), "metrics": dict(chosen.metrics)}), encoding="utf-8")


def _read_choice(path: Path, recipe: Recipe) -> Chosen:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Chosen(recipe=recipe, towers=kept["towers"], curve={}, metrics=kept["metrics"])
    except (OSError, ValueError, KeyError) as error:
        raise MixFailed("no_run", f"There is no run to resume in {path.parent}; leave --resume out.") from error


def _recipe(order: Order, chosen: Chosen, verdict: Verdict | None) -> dict[str, Any]:
    settings = dataclasses.asdict(chosen.recipe)
    stage = {} if verdict is None else {"waveform_stage": {"steps": verdict.steps, "kept": verdict.kept, **LEARNS}}
    return {"command": order.command, "examples_per_song": order.seeds, **settings, **stage}


def _data(found: Sequence[Example]) -> dict[str, Any]:
    songs = {example.song.id: example.song for example in found}
    listed = [
        {"id": song.id, "title": song.title, "artist": song.artist, "licence": song.licence}
        for _, song in sorted(songs.items())
    ]
    return {"songs": listed, "examples": len(found)}
