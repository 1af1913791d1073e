"""What the votes so far say of the contenders, vote by vote: read by the choice of pairs, published nowhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

from django.core.cache import cache
from django.db.models import Max

from tournament.engine.online import TIES, Belief, Result, learned
from tournament.models import Quarantine, RatingSnapshot, Vote
from tournament.services import quarantine
from tournament.services.contenders import contender

_KEY: Final = "tournament.beliefs"
_ANEW_AFTER_S: Final = 24 * 3600
"""So often all votes are read again, for those that were stored late or that the cache has lost."""
_SAID: Final = (Vote.Choice.A, Vote.Choice.B, Vote.Choice.TIE)
_FIELDS: Final = (
    "id", "choice", "battle__mixer_a__key", "battle__version_a", "battle__mixer_b__key", "battle__version_b",
)  # fmt: skip


def current() -> dict[str, Belief]:
    """What is believed of each contender, by the name that boards have for it.

    Votes that came since the last time are added. All are read again when somebody was held back or let in.
    """
    decisions = Quarantine.objects.aggregate(newest=Max("id"))["newest"]
    state: dict[str, Any] | None = cache.get(_KEY)
    if state is None or state["decisions"] != decisions or state["began_s"] < time.time() - _ANEW_AFTER_S:
        state = {"decisions": decisions, "began_s": time.time(), "newest": 0, "beliefs": {}}
    before = {name: Belief(mean=mean, variance=v, votes=votes) for name, (mean, v, votes) in state["beliefs"].items()}
    newest = Vote.objects.aggregate(newest=Max("id"))["newest"] or 0
    if newest == state["newest"]:
        return before
    found = learned(before, _results(state["newest"], newest), ties=ties())
    state["newest"] = newest
    state["beliefs"] = {name: [each.mean, each.variance, each.votes] for name, each in found.items()}
    cache.set(_KEY, state, _ANEW_AFTER_S)
    return found


def _results(after: int, newest: int) -> Iterator[Result]:
    """Decisive votes and ties that boards count too."""
    held = quarantine.held_voters()
    rows = Vote.objects.filter(id__gt=after, id__lte=newest, is_rated=True, choice__in=_SAID).exclude(voter__in=held)
    said = rows.order_by("id").values_list(*_FIELDS)
    for _, choice, key_a, version_a, key_b, version_b in said.iterator(chunk_size=5_000):
        a, b = contender(key_a, version_a), contender(key_b, version_b)
        if a != b:
            yield Result(a, b, choice)


def ties() -> float:
    """The share of ties between equals, as the public board has it."""
    snapshot = RatingSnapshot.objects.filter(board="public").order_by("-id").first()
    share = snapshot.result["tie"] if snapshot else None
    return TIES if share is None else min(float(share), 0.9)
