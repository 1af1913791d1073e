"""Live progress: a page names its jobs, and is told of each change until it leaves or its session ends."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from channels.db import database_sync_to_async
from django.http import Http404

from accounts.sockets import WatchingSocket
from mixing import access, events
from mixing.models import Job


class JobsConsumer(WatchingSocket):
    """One socket for all jobs of a page."""

    kind = "job"

    def known(self, name: str) -> str | None:
        return uuid_in(name)

    async def state(self, name: str) -> events.JobPayload | None:
        return cast(events.JobPayload | None, await database_sync_to_async(_payload_for)(self.scope["user"], name))

    async def groups_of(self, name: str) -> list[str]:
        return [events.group(name)]

    async def job_changed(self, event: dict[str, Any]) -> None:
        """An event from the job's group."""
        await self.tell(event["job"])


def uuid_in(text: str) -> str | None:
    """A UUID as it is written everywhere here, or None where the text is none."""
    try:
        return str(UUID(text)) if len(text) == 36 else None
    except ValueError:
        return None


def _payload_for(user: access.Visitor, uuid: str) -> events.JobPayload | None:
    try:
        job = access.job_for(user, UUID(uuid))
    except Http404:
        return None
    fresh = events.with_targets(Job.objects.filter(pk=job.pk)).first()
    return None if fresh is None else events.payload(fresh)
