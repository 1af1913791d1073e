"""The mixers' cards in the database, written from the engine's registry."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from mixing.engine.mixers.interface import Mixer as EngineMixer
from mixing.engine.mixers.registry import all_mixers, sha256
from mixing.engine.mixers.rough_fit import CARD
from mixing.engine.mixers.rules import RoughMix
from mixing.models import Mixer


@transaction.atomic
def sync_mixers() -> list[Mixer]:
    """One row for each mixer of this version; those that are gone stay for their mixes' sake and are inactive."""
    rows = [
        Mixer.objects.update_or_create(key=mixer.key, defaults=_fields(mixer) | {"position": position})[0]
        for position, mixer in enumerate(all_mixers())
    ]
    Mixer.objects.exclude(key__in=[row.key for row in rows]).update(is_active=False)
    return rows


def _fields(mixer: EngineMixer) -> dict[str, Any]:
    return {
        "family": mixer.family,
        "version": mixer.version,
        "title": mixer.title,
        "summary": mixer.summary,
        "sha256": sha256(mixer) or "",
        "needs_reference": bool(getattr(mixer, "needs_reference", False)),
        "card": _card(mixer),
        "is_active": True,
    }


def _card(mixer: EngineMixer) -> dict[str, Any]:
    """A mixer's card as JSON: its own, or that of a rule that was fitted; empty for what has none."""
    card: object = getattr(mixer, "card", None)
    if dataclasses.is_dataclass(card) and not isinstance(card, type):
        card = {item.name: getattr(card, item.name) for item in dataclasses.fields(card)}
    if card is None and mixer.key == RoughMix.key:
        card = json.loads(CARD.read_text(encoding="utf-8"))
    if not isinstance(card, Mapping):
        return {}
    plain: dict[str, Any] = json.loads(json.dumps(dict(card)))
    return plain
