"""From multitracks to the outcome towers of a checkpoint: measured, judged on makers left out, trained on all."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from mixing.engine.mixers.networks.outcome_towers import OUTCOMES, PREFIX
from mixing.engine.training.bootstrap import bootstrap_mean, paired_difference
from mixing.engine.training.calibration import HOW, PARTS, OutcomeRecipe, TowerRecipe, judged, trained, verdict
from mixing.engine.training.calibration_targets import targets_of
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.generated import generated_corpus
from mixing.engine.training.outcome_lessons import WISHES_DB, Lessons, lessons_of

CONSOLES: Final = 4
"""Random consoles of each song."""
GENERATED: Final = 24
GENERATED_FROM: Final = 1_000
GENERATED_CONSOLES: Final = 2
"""Generated songs that are learned from besides, from this seed on, and how often each: many sounds, no maker's."""
RECIPE: Final = OutcomeRecipe(
    towers={
        "dynamics": TowerRecipe(steps=600, noise=0.15, decay=0.05),
        "space": TowerRecipe(steps=200),
        "groups": TowerRecipe(steps=250),
        "master": TowerRecipe(steps=250),
    }
)
"""What leaving makers out chose on the songs at hand."""
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """The towers of a checkpoint, and what its card says of them.

    Parameters
    ----------
    tensors : Mapping[str, NDArray[np.float32]]
        Under the names that they have in the checkpoint.
    towers : Mapping[str, str]
        ``trained``, or ``rule`` where the formula was no worse on makers left out.
    metrics : Mapping[str, Any]
    recipe : Mapping[str, Any]
    hidden : int
    """

    tensors: Mapping[str, NDArray[np.float32]]
    towers: Mapping[str, str]
    metrics: Mapping[str, Any]
    recipe: Mapping[str, Any]
    hidden: int


def calibrated(
    entries: Sequence[SongEntry], *, cache: Path, seed: int = 0, tell: Tell = lambda line: None
) -> Calibrated:
    """Measure what is not in ``cache``, judge the towers on makers left out, and train them on everything.

    Raises
    ------
    MixFailed
        ``too_few_songs``.
    """
    torch.set_num_threads(1)
    recipe = dataclasses.replace(RECIPE, seed=seed)
    lessons = lessons_for(entries, cache=cache, tell=tell)
    found = judged(lessons, entries, recipe)
    verdicts = {name: verdict(found[name]) for name in OUTCOMES}
    towers = {name: how for name, (how, _) in verdicts.items()}
    tell(f"outcome towers: {towers}")
    network = trained(lessons, recipe)
    return Calibrated(
        tensors={PREFIX + name: tensor.numpy().copy() for name, tensor in network.state_dict().items()},
        towers=towers,
        metrics={name: {**figures, "how": HOW} for name, (_, figures) in verdicts.items()},
        recipe={
            **dataclasses.asdict(recipe),
            "consoles_per_song": CONSOLES,
            "generated_songs": GENERATED,
            "generated_from_seed": GENERATED_FROM,
        },
        hidden=recipe.hidden,
    )


def lessons_for(entries: Sequence[SongEntry], *, cache: Path, tell: Tell = lambda line: None) -> Lessons:
    """The measured outcomes of these songs, and of the generated ones, which are only learned from."""
    generated = generated_corpus(GENERATED, GENERATED_FROM, cache / "generated")
    songs, targets = [], []
    for entry in (*entries, *generated):
        count = GENERATED_CONSOLES if entry.kind == "generated" else CONSOLES
        for each in targets_of(entry, range(count), cache=cache, tell=tell):
            if each.groups.size:
                songs.append(entry.id)
                targets.append(each)
    return lessons_of(songs, targets)


def report(entries: Sequence[SongEntry], *, cache: Path, data: str, tell: Tell = lambda line: None) -> dict[str, Any]:
    """How formulas and towers do on makers left out, tower by tower and song by song, as JSON values."""
    torch.set_num_threads(1)
    found = judged(lessons_for(entries, cache=cache, tell=tell), entries, RECIPE)
    towers: dict[str, Any] = {}
    for name in OUTCOMES:
        how, figures = verdict(found[name])
        parts = {part: _part(found[name], place) for place, part in enumerate(PARTS[name])}
        towers[name] = {"says": how, "both": figures, **parts}
    songs = {
        song: {
            name: {who: [round(part, 3) for part in found[name][song][who]] for who in ("base", "trained")}
            for name in OUTCOMES
            if song in found[name]
        }
        for song in sorted({song for each in found.values() for song in each})
    }
    return {
        "data": data,
        "how": HOW,
        "wishes_db": list(WISHES_DB),
        "consoles_per_song": CONSOLES,
        "towers": towers,
        "songs": songs,
    }


def markdown_table(found: Mapping[str, Any]) -> str:
    """The report's towers as a table."""
    lines = ["| tower | what is off | formula | tower | difference | the card says |", "|---|---|---|---|---|---|"]
    for name, tower in found["towers"].items():
        for part in PARTS[name]:
            row, unit = tower[part], "dB" if part.endswith("_db") else "LU"
            cells = [_cell(row[who]) for who in ("base", "trained")] + [_cell(row["difference"], sign="+")]
            lines.append(f"| {name} | {part.rpartition('_')[0]}, {unit} | {' | '.join(cells)} | {tower['says']} |")
    return "\n".join(lines)


def _part(songs_of_tower: Mapping[str, Mapping[str, tuple[float, float]]], place: int) -> dict[str, Any]:
    songs = sorted(songs_of_tower)
    base, own = ([songs_of_tower[song][who][place] for song in songs] for who in ("base", "trained"))
    return {
        "base": bootstrap_mean(base).to_dict(),
        "trained": bootstrap_mean(own).to_dict(),
        "difference": paired_difference(own, base).to_dict(),
    }


def _cell(interval: Mapping[str, float], sign: str = "") -> str:
    return f"{interval['mean']:{sign}.2f} [{interval['low']:{sign}.2f}, {interval['high']:{sign}.2f}]"
