"""A training run on disk, so that it can go on where it stopped: tensors, moments and the step, and no code."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse
from safetensors.torch import save as pack
from torch import Tensor

from mixing.engine.errors import MixFailed
from mixing.engine.training.loop import Recipe, Run

_MOMENTS: Final = ("exp_avg", "exp_avg_sq", "step")


def save_run(run: Run, path: Path) -> None:
    """Write the run; the file appears whole or not at all."""
    tensors = {f"network.{name}": tensor.cpu().contiguous() for name, tensor in run.network.state_dict().items()}
    for block, optimiser in run.optimisers.items():
        for number, state in optimiser.state_dict()["state"].items():
            for moment in _MOMENTS:
                tensors[f"optimiser.{block}.{number}.{moment}"] = state[moment].cpu().clone()
    about = {"family": run.family, "step": str(run.step), "recipe": json.dumps(dataclasses.asdict(run.recipe))}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(pack(tensors, metadata=about))
    part.replace(path)


def recipe_of(path: Path) -> tuple[str, Recipe]:
    """The family and the recipe of a run that was kept.

    Raises
    ------
    MixFailed
        ``no_run`` if there is none that can be read.
    """
    about = _about(path)
    return about["family"], Recipe(**json.loads(about["recipe"]))


def resume(run: Run, path: Path) -> None:
    """Bring a fresh run of the same family and recipe to where the kept one stopped.

    Raises
    ------
    MixFailed
        ``no_run``, or ``other_run`` if the kept one was of another family or recipe.
    """
    family, recipe = recipe_of(path)
    if (family, dataclasses.asdict(recipe)) != (run.family, dataclasses.asdict(run.recipe)):
        raise MixFailed(
            "other_run",
            f"{path.name} is a run of {family} with other settings; leave --resume out to begin anew.",
            field=path.name,
        )
    tensors = parse(path.read_bytes())
    run.network.load_state_dict(_under(tensors, "network."))
    for block, optimiser in run.optimisers.items():
        state = optimiser.state_dict()
        kept: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _under(tensors, f"optimiser.{block}.").items():
            number, _, moment = name.partition(".")
            kept.setdefault(int(number), {})[moment] = tensor
        optimiser.load_state_dict({**state, "state": kept})
    run.step = int(_about(path)["step"])


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _about(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
        size = int.from_bytes(data[:8], "little")
        about = json.loads(data[8 : 8 + size])["__metadata__"]
        parse(data)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise MixFailed(
            "no_run", f"There is no run to resume in {path}; leave --resume out to begin one.", field=path.name
        ) from error
    if not isinstance(about, dict) or not {"family", "step", "recipe"} <= set(about):
        raise MixFailed("no_run", f"{path} holds no run; leave --resume out to begin one.", field=path.name)
    return about


def same(one: Run, other: Run) -> bool:
    """Whether two runs hold the same numbers, bit for bit."""
    first, second = one.network.state_dict(), other.network.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
