"""Who is entered in the arena: not every mixer that the desk offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db.models import QuerySet

from mixing.models import Mixer

NOT_ENTERED: Final[Mapping[str, str]] = {
    "deep-sets": "It is behind the rough mix on makers that it never heard, in level, tone and place.",
    "spectrogram-cnn": "It can hardly be told apart from the rough mix, which it corrects.",
}
"""Families that have not earned a place, and what the evaluation (``docs/mixers.md``) says of them."""


def contenders() -> QuerySet[Mixer]:
    """Mixers that votes are worth spending on: active, in need of no reference, and of a family that has earned it."""
    return Mixer.objects.filter(is_active=True, needs_reference=False).exclude(family__in=list(NOT_ENTERED))


def contender(key: str, version: str) -> str:
    """What boards call a mixer as it mixed: ``key@version``, the version's first twelve characters."""
    return f"{key}@{version[:12]}"
