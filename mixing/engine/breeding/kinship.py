"""Who descends from whom. Only relatives are crossed: the average of two strangers is noise, not a child of both."""

from __future__ import annotations

from mixing.engine.errors import MixFailed
from mixing.engine.mixers.checkpoint import Card, Checkpoint


def ancestor_of(card: Card) -> str:
    """The sha256 of the checkpoint that a family descends from: its own for one that was trained from the start."""
    kept = card.recipe.get("ancestor")
    if isinstance(kept, str):
        return kept
    return card.parents[0] if card.parents else card.sha256


def are_related(mother: Card, father: Card) -> bool:
    """Whether two cards are of one ancestor, one family, one architecture, and listen with one analysis."""
    return (
        ancestor_of(mother) == ancestor_of(father)
        and mother.family == father.family
        and dict(mother.architecture) == dict(father.architecture)
        and mother.engine_version == father.engine_version
    )


def refuse_strangers(mother: Checkpoint, father: Checkpoint) -> None:
    """Refuse a pair that cannot have a child.

    Raises
    ------
    MixFailed
        ``not_related``, with what differs.
    """
    a, b = mother.card, father.card
    if not are_related(a, b):
        raise MixFailed(
            "not_related",
            f"{a.title} and {b.title} descend from different mixers, so that no average of them is a mixer. "
            "Choose two of one family and one ancestor.",
            field="parents",
        )
    for name in sorted({*mother.tensors, *father.tensors}):
        one, other = mother.tensors.get(name), father.tensors.get(name)
        if one is None or other is None or one.shape != other.shape:
            raise MixFailed("not_related", f"{a.title} and {b.title} are of different shapes at {name}.", field=name)
