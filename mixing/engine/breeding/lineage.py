"""Birth certificates: a recipe makes a child, the child's card holds the recipe, and the recipe makes it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from safetensors.numpy import save as pack_tensors

from mixing.engine.breeding.blend import average
from mixing.engine.breeding.kinship import ancestor_of
from mixing.engine.breeding.mutate import mutated
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.checkpoint import STYLE_TABLE, Card, Checkpoint, Tensors, sha256_of
from mixing.engine.mixers.learned import LearnedMixer, listening
from mixing.engine.mixers.precision import pack
from mixing.engine.mixers.style_table import described

ENGINE_VERSION: Final = 1
"""Of the arithmetic of the operators; a recipe of another version would make another child."""
BRED: Final = "bred"
Operator = Literal["average", "mutation"]
_PARENTS: Final[Mapping[Operator, int]] = {"average": 2, "mutation": 1}
_NUMBERS: Final[Mapping[Operator, str]] = {"average": "share", "mutation": "size"}

Find = Callable[[str], Checkpoint]
"""The checkpoint with this sha256; MixFailed if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that a child follows from.

    Parameters
    ----------
    operator : Operator
        ``average``: the weighted average of mother and father; ``mutation``: a neighbour of one parent.
    parents : tuple[str, ...]
        sha256, the mother first.
    numbers : Mapping[str, float]
        ``share`` of the father (0 to 1), or ``size`` of the mutation (0.03 to 0.1).
    seed : int
        0 where nothing is drawn.
    engine_version : int
        :data:`ENGINE_VERSION` when it was written.
    """

    operator: Operator
    parents: tuple[str, ...]
    numbers: Mapping[str, float]
    seed: int = 0
    engine_version: int = ENGINE_VERSION

    def __post_init__(self) -> None:
        if self.operator not in get_args(Operator):
            raise _refused(f"No way of breeding is called {self.operator!r}.", "operator")
        if len(self.parents) != _PARENTS[self.operator]:
            raise _refused(f"A child by {self.operator} has {_PARENTS[self.operator]} parents.", "parents")
        if set(self.numbers) != {_NUMBERS[self.operator]}:
            raise _refused(f"A child by {self.operator} needs its {_NUMBERS[self.operator]}.", "numbers")
        if self.engine_version != ENGINE_VERSION:
            raise _refused(f"This recipe is of version {self.engine_version}, not {ENGINE_VERSION}.", "engine_version")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "operator": self.operator,
            "parents": list(self.parents),
            "numbers": dict(self.numbers),
            "seed": self.seed,
            "engine_version": self.engine_version,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Recipe:
        """Read what :meth:`to_dict` wrote, or a child's card; other entries are left aside.

        Raises
        ------
        MixFailed
            ``invalid_recipe``.
        """
        try:
            return cls(
                operator=data["operator"],
                parents=tuple(str(parent) for parent in data["parents"]),
                numbers={str(name): float(value) for name, value in data["numbers"].items()},
                seed=int(data["seed"]),
                engine_version=int(data["engine_version"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _refused("This is no recipe of a bred mixer.", "recipe") from error


def breed(recipe: Recipe, find: Find, *, title: str = "") -> Checkpoint:
    """Make the child of a recipe: ready to predict (:func:`mixer_of`) and to be saved.

    Parameters
    ----------
    find : Find
        Knows the parents.
    title : str
        What people call the child.

    Raises
    ------
    MixFailed
        ``not_related``, ``invalid_recipe``, or what ``find`` raises.
    """
    parents = [find(sha256) for sha256 in recipe.parents]
    for sha256, parent in zip(recipe.parents, parents, strict=True):
        if parent.card.sha256 != sha256:
            raise _refused(f"{parent.card.title} is not the parent that the recipe names.", "parents")
    if recipe.operator == "average":
        tensors = average(parents[0], parents[1], share=recipe.numbers["share"])
    else:
        tensors = mutated(parents[0], size=recipe.numbers["size"], seed=recipe.seed)
    return Checkpoint(card=_card(recipe, parents, tensors, title), tensors=tensors)


def rebuild(card: Card, find: Find) -> Checkpoint:
    """Make a child again from its card alone, and hold it against the sha256 there.

    Raises
    ------
    MixFailed
        ``lineage_broken`` if another child came out; and as :func:`breed` does.
    """
    child = breed(Recipe.from_dict(card.recipe), find, title=card.title)
    if child.card.sha256 != card.sha256:
        raise MixFailed(
            "lineage_broken", f"{card.title} cannot be made again: its recipe gives another mixer.", field=card.key
        )
    return child


def mixer_of(child: Checkpoint) -> LearnedMixer:
    """The child as a mixer, in memory; torch is loaded here."""
    return LearnedMixer.in_memory(child.card, child.tensors, listening)


def _card(recipe: Recipe, parents: Sequence[Checkpoint], tensors: Tensors, title: str) -> Card:
    first = parents[0].card
    data = pack_tensors(pack(tensors, "float32"))
    sha256 = sha256_of(data)
    return Card(
        key=f"{first.family}-{recipe.operator}-{sha256[:12]}",
        family=first.family,
        title=title or f"Child of {' and '.join(parent.card.title for parent in parents)}",
        summary=_SUMMARIES[recipe.operator],
        architecture=dict(first.architecture),
        sha256=sha256,
        bytes=len(data),
        precision="float32",
        engine_version=first.engine_version,
        parents=recipe.parents,
        recipe={**recipe.to_dict(), "ancestor": ancestor_of(first)},
        data={"songs": _songs(parents)},
        towers=_towers(parents),
        style={"how": BRED, "table": described(tensors[STYLE_TABLE])},
    )


_SUMMARIES: Final[Mapping[Operator, str]] = {
    "average": "The weighted average of two mixers of one ancestor.",
    "mutation": "A close neighbour of one mixer, moved at random within bounds.",
}


def _songs(parents: Sequence[Checkpoint]) -> list[Any]:
    """All songs that a parent learned from, each once, in their order."""
    songs: dict[str, Any] = {}
    for parent in parents:
        for song in parent.card.data.get("songs", []):
            songs.setdefault(str(song.get("id")), song)
    return list(songs.values())


def _towers(parents: Sequence[Checkpoint]) -> dict[str, str]:
    """A tower decides in the child where it decides in every parent; elsewhere its weights were never trusted."""
    names = {name: None for parent in parents for name in parent.card.towers}
    return {
        name: "trained" if all(parent.card.towers.get(name) == "trained" for parent in parents) else "rule"
        for name in names
    }


def _refused(message: str, field: str) -> MixFailed:
    return MixFailed("invalid_recipe", message, field=field)
