"""The mixers' cards in the database, written from the engine's registry."""

from __future__ import annotations

from django.db import transaction

from mixing.engine.mixers.registry import all_mixers
from mixing.models import Mixer


@transaction.atomic
def sync_mixers() -> list[Mixer]:
    """One row for each mixer of this version; those that are gone stay for their mixes' sake and are inactive."""
    rows = [
        Mixer.objects.update_or_create(
            key=mixer.key,
            defaults={
                "family": mixer.family,
                "version": mixer.version,
                "title": mixer.title,
                "summary": mixer.summary,
                "is_active": True,
            },
        )[0]
        for mixer in all_mixers()
    ]
    Mixer.objects.exclude(key__in=[row.key for row in rows]).update(is_active=False)
    return rows
