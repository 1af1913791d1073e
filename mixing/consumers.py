"""Live progress: a page names its jobs, and is told of each change until it leaves or its session ends."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, cast
from uuid import UUID

from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.http import Http404

from accounts.services.sessions import session_group
from mixing import access, events
from mixing.models import Job

WATCHED_MAX = 64
ASKED_MAX = 16 * WATCHED_MAX
"""A page asks once for each job. Each question costs a look into the database: a socket that asks on is closed."""
SESSION_CHECK_S = 15.0
"""A sign-out closes the socket at once; a session that expires or a person who is locked out, within this time."""
CLOSE_SIGNED_OUT = 4001
CLOSE_ANONYMOUS = 4401
CLOSE_NONSENSE = 4400
CLOSE_FLOOD = 4429


class JobsConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """One socket for all jobs of a page.

    The page sends ``{"watch": [uuid, …]}``. For each it joins the job's group first and then reads the row, so that no
    change falls between the snapshot and the first event; what comes twice is told apart by its sequence.
    """

    watched: set[UUID]
    groups_joined: set[str]
    asked: int
    is_closing: bool
    guard: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        self.watched = set()
        self.groups_joined = set()
        self.asked = 0
        self.is_closing = False
        await self.accept()
        if not self.scope["user"].is_authenticated:
            await self.close(CLOSE_ANONYMOUS)
            return
        session_key = self.scope["session"].session_key
        if session_key:
            await self._join(session_group(session_key))
        self.guard = asyncio.create_task(self._guard())

    async def disconnect(self, code: int) -> None:
        if self.guard is not None:
            self.guard.cancel()
        for name in self.groups_joined:
            await self.channel_layer.group_discard(name, self.channel_name)

    @classmethod
    async def decode_json(cls, text_data: str) -> Any:
        """Nonsense becomes None, which is answered as such."""
        with contextlib.suppress(ValueError, RecursionError):
            return await super().decode_json(text_data)
        return None

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        self.is_closing = True
        await super().close(code, reason)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        # What was sent before the sender heard of the end is dropped unread.
        if self.is_closing or not self.scope["user"].is_authenticated:
            return
        await self.receive_json(await self.decode_json(text_data) if text_data else None)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        wanted = content.get("watch") if isinstance(content, dict) else None
        if not isinstance(wanted, list) or not all(isinstance(item, str) for item in wanted):
            await self.close(CLOSE_NONSENSE)
            return
        self.asked += max(1, len(wanted))
        if self.asked > ASKED_MAX:
            await self.close(CLOSE_FLOOD)
            return
        for uuid in wanted:
            await self._watch(uuid)

    async def job_changed(self, event: dict[str, Any]) -> None:
        """An event from the job's group."""
        await self.send_json({"type": "job", "job": event["job"]})

    async def logout(self, event: dict[str, Any]) -> None:
        """The session has ended, in this tab or another."""
        await self.close(CLOSE_SIGNED_OUT)

    async def _watch(self, wanted: str) -> None:
        uuid = _uuid(wanted)
        if uuid is None or (uuid not in self.watched and len(self.watched) >= WATCHED_MAX):
            await self._refuse(wanted)
            return
        job = await self._snapshot(uuid)
        if job is None:
            await self._refuse(wanted)
            return
        if uuid not in self.watched:
            self.watched.add(uuid)
            await self._join(events.group(uuid))
            job = await self._snapshot(uuid) or job
        await self.send_json({"type": "job", "job": job})

    async def _refuse(self, uuid: str) -> None:
        await self.send_json({"type": "refused", "uuid": uuid[:64]})

    async def _join(self, name: str) -> None:
        self.groups_joined.add(name)
        await self.channel_layer.group_add(name, self.channel_name)

    async def _snapshot(self, uuid: UUID) -> events.JobPayload | None:
        return cast(events.JobPayload | None, await database_sync_to_async(_payload_for)(self.scope["user"], uuid))

    async def _guard(self) -> None:
        """Close where the session no longer stands: expired, its password changed, its person locked out."""
        while True:
            await asyncio.sleep(SESSION_CHECK_S)
            if not await self._session_stands():
                await self.close(CLOSE_SIGNED_OUT)
                return

    async def _session_stands(self) -> bool:
        session = self.scope["session"]
        fresh = session.__class__(session.session_key)
        user = await get_user({"session": fresh})
        return bool(user.is_authenticated and user.pk == self.scope["user"].pk)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def _payload_for(user: access.Visitor, uuid: UUID) -> events.JobPayload | None:
    try:
        job = access.job_for(user, uuid)
    except Http404:
        return None
    fresh = events.with_targets(Job.objects.filter(pk=job.pk)).first()
    return None if fresh is None else events.payload(fresh)
