"""Clearing away the clips of battles that are over: the rows, votes and consoles stay, the sound goes.

A battle is over once nobody is handed it any more, and nobody has been at it for ``settings.CLIPS_KEPT_DAYS``: until
then whoever voted can hear it again, and whoever left in the middle can go on. What a row no longer names is deleted.
"""

from __future__ import annotations

import shutil
import time
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from mixing.models import Job
from tournament.models import Ballot, Battle, Vote
from tournament.services import clip_files, queue

log = structlog.get_logger("aimixer.clips")

MOST_AT_ONCE: Final = 1_000
UNNAMED_AFTER_S: Final = 24 * 3600
"""A folder that no row names and that nobody has written to for so long is what a crash left behind."""


def sweep(*, now: datetime | None = None) -> int:
    """What the scheduler calls: clear battles that are over, and folders that no battle needs; how many went."""
    now = now or timezone.now()
    cleared = 0
    for battle in over(now=now).order_by("id")[:MOST_AT_ONCE]:
        # The row goes first and only if nobody has come meanwhile: a crash in between leaves what the next sweep finds.
        if over(now=now).filter(pk=battle.pk).update(clip_a_path="", clip_b_path=""):
            clip_files.remove(battle)
            cleared += 1
    unnamed = _remove_unnamed()
    if cleared or unnamed:
        log.info("clips_swept", battles=cleared, unnamed=unnamed)
    return cleared + unnamed


def over(*, now: datetime) -> QuerySet[Battle]:
    """Battles with clips that nobody will hear again: every ballot used or expired, and nothing left to hand out."""
    limit = now - timedelta(days=settings.CLIPS_KEPT_DAYS)
    at_it = Q(issued_at__gt=limit) | Q(beat_at__gt=limit) | Q(used_at__gt=limit)
    ballots = Ballot.objects.filter(at_it, battle=OuterRef("pk"))
    votes = Vote.objects.filter(battle=OuterRef("pk"), created_at__gt=limit)
    # A repeat on its way takes the clips of the battle that it repeats.
    repeats = Battle.objects.filter(repeats=OuterRef("pk")).exclude(job__state__in=Job.FINAL)
    rows = Battle.objects.exclude(clip_a_path="", clip_b_path="").filter(created_at__lte=limit)
    return (
        rows.exclude(pk__in=queue.still_wanted().values("pk"))
        .exclude(Exists(ballots))
        .exclude(Exists(votes))
        .exclude(Exists(repeats))
    )


def _remove_unnamed() -> int:
    limit, removed = time.time() - UNNAMED_AFTER_S, 0
    for folder in clip_files.battle_folders():
        row = Battle.objects.filter(uuid=folder.name).exclude(job=None).select_related("job").first()
        on_its_way = row is not None and not row.preparation.is_final
        if on_its_way or (row is not None and row.is_ready) or folder.stat().st_mtime > limit:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        removed += 1
    return removed
