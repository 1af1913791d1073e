"""What the inference workers run for the arena."""

from __future__ import annotations

from uuid import UUID

from mixing.services import jobs
from tournament.models import Battle
from tournament.services import preparation


def prepare(job_uuid: str, attempt: int, request_id: str) -> None:
    """Prepare a battle's clips; safe to run twice, and always ends with a final state or another attempt."""
    jobs.run(UUID(job_uuid), attempt, _prepare)


def _prepare(run: jobs.Run) -> None:
    battle = Battle.objects.select_related("song", "mixer_a", "mixer_b", "repeats__job").get(job=run.job)
    preparation.prepare(battle=battle, run=run)
