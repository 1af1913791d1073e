"""Fit the table of :mod:`mixing.engine.role_sound`, and say how often it is right about songs that it has not heard."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from mixing.engine.audio.analysis import analyse, analyse_array
from mixing.engine.errors import AudioRejected
from mixing.engine.generator.song import generate
from mixing.engine.mixers.interface import ANALYSIS_VERSION, AudioFeatures
from mixing.engine.role_sound import RoleTable, inputs_of
from mixing.engine.roles import ROLES, Role, group_of
from mixing.engine.training.corpus import SongEntry, content_hash

RIDGE: Final = 4.0
"""Strength of the pull of the weights towards nothing, in stems' worth of evidence."""
GENERATED_WEIGHT: Final = 0.3
"""What a generated stem counts beside a recorded one: there are few timbres behind many songs."""
CONFIDENCES: Final = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
WANTED_PRECISION: Final = 0.8
GENERATED_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class LabelledStem:
    """A stem whose role is known."""

    song: str
    artist: str
    role: Role
    inputs: NDArray[np.float64]
    may_ship: bool
    generated: bool


def labelled_stems(
    entries: Sequence[SongEntry], cache: Path, *, tell: Callable[[str], None] | None = None
) -> list[LabelledStem]:
    """The sounding stems of a corpus, measured; what was measured is kept in ``cache`` by the files' content."""
    cache.mkdir(parents=True, exist_ok=True)
    found = []
    for entry in entries:
        if tell is not None:
            tell(f"Listening to {entry.id}")
        for path, role in entry.stems:
            inputs = _measured(path, cache)
            if inputs is not None and role != "other":
                artist = entry.artist or entry.id
                found.append(LabelledStem(entry.id, artist, role, inputs, entry.weights_may_ship, generated=False))
    return found


def generated_stems(count: int, seed0: int) -> list[LabelledStem]:
    """Stems of the project's own generator, of the seeds ``seed0`` to ``seed0 + count - 1``."""
    found = []
    for seed in range(seed0, seed0 + count):
        song = generate(seed, duration_s=GENERATED_S)
        for stem in song.stems:
            inputs = inputs_of(analyse_array(stem.audio, song.sample_rate)[0])
            if inputs is not None:
                found.append(LabelledStem(f"generated_{seed}", "generated", stem.role, inputs, True, True))
    return found


def fit(stems: Sequence[LabelledStem], *, confidence: float = 0.5) -> RoleTable:
    """Softmax regression with a ridge, on roles that occur at least three times. Deterministic.

    Raises
    ------
    ValueError
        If fewer than two roles occur that often.
    """
    roles = tuple(role for role in ROLES if sum(stem.role == role for stem in stems) >= 3)
    if len(roles) < 2:
        raise ValueError("To tell roles apart takes three stems of each of two roles at least.")
    chosen = [stem for stem in stems if stem.role in roles]
    inputs = np.array([stem.inputs for stem in chosen])
    mean, scale = inputs.mean(axis=0), np.maximum(inputs.std(axis=0), 1e-6)
    truth = np.array([[float(stem.role == role) for role in roles] for stem in chosen])
    counted = np.array([GENERATED_WEIGHT if stem.generated else 1.0 for stem in chosen])
    weights, bias = _regression((inputs - mean) / scale, truth, counted)
    return RoleTable(roles=roles, mean=mean, scale=scale, weights=weights, bias=bias, confidence=confidence)


def left_out(stems: Sequence[LabelledStem], *, by: str = "song") -> dict[str, Any]:
    """How often the table is right about recorded stems of songs, or artists, that were left out of its fit.

    For each confidence: the share of stems that it speaks about, and the share of those whose role, and whose group,
    it has right. Songs whose licence keeps them out of what ships are asked about and never learned from.
    """
    asked = [stem for stem in stems if not stem.generated]
    likely, told = [], []
    for place in sorted({getattr(stem, by) for stem in asked}):
        table = fit([stem for stem in stems if getattr(stem, by) != place and stem.may_ship])
        for stem in (each for each in asked if getattr(each, by) == place):
            [row] = table.probabilities(stem.inputs[None])
            likely.append(float(row.max()))
            told.append((table.roles[int(row.argmax())], stem.role))
    probability = np.array(likely)
    right = np.array([guess == role for guess, role in told], dtype=np.float64)
    of_group = np.array([group_of(guess) == group_of(role) for guess, role in told], dtype=np.float64)
    return {
        "stems": len(asked),
        f"{by}s": len({getattr(stem, by) for stem in asked}),
        "by_confidence": [
            {
                "confidence": least,
                "speaks": round(float((probability >= least).mean()), 3),
                "role_right": round(float(right[probability >= least].mean()), 3),
                "group_right": round(float(of_group[probability >= least].mean()), 3),
            }
            for least in (0.0, *CONFIDENCES)
            if (probability >= least).any()
        ],
    }


def fitted(stems: Sequence[LabelledStem], recipe: dict[str, Any]) -> dict[str, Any]:
    """What is written beside the table: how it was fitted, how it does, and the table itself.

    Its confidence is the lowest at which WANTED_PRECISION of what it says about unheard songs is right.
    """
    by_song = left_out(stems)
    enough = [row["confidence"] for row in by_song["by_confidence"] if row["role_right"] >= WANTED_PRECISION]
    shippable = [stem for stem in stems if stem.may_ship]
    table = replace(fit(shippable), confidence=max(0.5, enough[0]) if enough else 1.01)
    return {
        "analysis_version": ANALYSIS_VERSION,
        "recipe": recipe | {"ridge": RIDGE, "generated_weight": GENERATED_WEIGHT, "precision": WANTED_PRECISION},
        "songs": sorted({stem.song for stem in shippable if not stem.generated}),
        "generated_songs": len({stem.song for stem in shippable if stem.generated}),
        "songs_left_out": by_song,
        "artists_left_out": left_out(stems, by="artist"),
        "table": table.to_dict(),
    }


def _regression(
    inputs: NDArray[np.float64], truth: NDArray[np.float64], counted: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights ``(roles, inputs)`` and bias ``(roles,)`` of the least cross-entropy plus ridge."""
    columns = np.concatenate((inputs, np.ones((len(inputs), 1))), axis=1)
    shape = (truth.shape[1], columns.shape[1])

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(shape)
        scores = columns @ weights.T
        scores -= scores.max(axis=1, keepdims=True)
        logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        slopes = weights.copy()
        slopes[:, -1] = 0.0
        value = -float((counted[:, None] * truth * logs).sum()) + 0.5 * RIDGE * float((slopes**2).sum())
        gradient = ((np.exp(logs) - truth) * counted[:, None]).T @ columns + RIDGE * slopes
        return value, gradient.ravel()

    found = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 400}).x
    weights = np.asarray(found, dtype=np.float64).reshape(shape)
    return weights[:, :-1], weights[:, -1]


def _measured(path: Path, cache: Path) -> NDArray[np.float64] | None:
    kept = cache / f"{content_hash(path)}-{ANALYSIS_VERSION}.json"
    if kept.exists():
        features = AudioFeatures.from_dict(json.loads(kept.read_text(encoding="utf-8")))
        return inputs_of(features)
    try:
        features = analyse(path, name=path.name)
    except AudioRejected:
        return None
    kept.write_text(json.dumps(features.to_dict()), encoding="utf-8")
    return inputs_of(features)
