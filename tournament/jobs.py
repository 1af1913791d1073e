"""What the inference workers run for the arena."""

from __future__ import annotations

from uuid import UUID

from mixing.services import jobs
from tournament.models import Battle
from tournament.services import preparation, round_preparation


def prepare(job_uuid: str, attempt: int, request_id: str) -> None:
    """Prepare a battle's clips; safe to run twice, and always ends with a final state or another attempt."""
    jobs.run(UUID(job_uuid), attempt, _prepare)


def _prepare(run: jobs.Run) -> None:
    battle = Battle.objects.select_related("song", "mixer_a", "mixer_b", "repeats__job").get(job=run.job)
    prepare_kind = round_preparation if battle.purpose == Battle.Purpose.TOURNAMENT else preparation
    prepare_kind.prepare(battle=battle, run=run)
