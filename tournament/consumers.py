"""Live boards, for everyone, and live battles, each as the person who watches may see it."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final, cast
from uuid import UUID

from channels.db import database_sync_to_async

from accounts.sockets import WatchingSocket
from mixing import events as jobs
from mixing.consumers import uuid_in
from tournament import events
from tournament.models import Battle, RatingSnapshot

LOOKS_EVERY_S: Final = 1.0
"""A battle that many vote on is looked at so often for each page that has it open, and no more."""
_NAME_MAX: Final = RatingSnapshot._meta.get_field("board").max_length or 0


class BoardsConsumer(WatchingSocket):
    """One socket for all boards of a page: each is told again when it is published."""

    kind = "board"
    named_by = "board"
    for_visitors = True

    def known(self, name: str) -> str | None:
        return name if 0 < len(name) <= _NAME_MAX and name.isprintable() else None

    async def state(self, name: str) -> events.BoardPayload | None:
        return cast(events.BoardPayload | None, await database_sync_to_async(events.board)(name))

    async def groups_of(self, name: str) -> list[str]:
        return [events.board_group(name)]

    async def board_published(self, event: dict[str, Any]) -> None:
        """An event from a board's group; it holds the same for everyone."""
        await self.tell(event["board"])


class BattlesConsumer(WatchingSocket):
    """One socket for all battles of a page: how far their preparation is and, after one's own vote, what others say.

    What happens to a battle is told to a group without content. Each socket then looks for itself, through the door
    that knows whose it is, so that nothing that one person may see is sent past another.
    """

    kind = "battle"

    async def connect(self) -> None:
        self.told: dict[str, int] = {}
        self.looked_at: dict[str, float] = {}
        self.looks: dict[str, asyncio.Task[None]] = {}
        self.battle_of_job: dict[str, str] = {}
        await super().connect()

    async def disconnect(self, code: int) -> None:
        for look in self.looks.values():
            look.cancel()
        await super().disconnect(code)

    def known(self, name: str) -> str | None:
        return uuid_in(name)

    async def state(self, name: str) -> events.BattlePayload | None:
        looked = await database_sync_to_async(events.battle)(self.scope["user"], UUID(name))
        return cast(events.BattlePayload | None, looked)

    async def groups_of(self, name: str) -> list[str]:
        job = cast(UUID | None, await database_sync_to_async(_job_of)(name))
        if job is None:
            return [events.battle_group(name)]
        self.battle_of_job[str(job)] = name
        return [events.battle_group(name), jobs.group(job)]

    async def tell(self, state: events.BattlePayload) -> None:
        self.told[state["uuid"]] = max(state["sequence"], self.told.get(state["uuid"], -1))
        await super().tell(state)

    async def battle_changed(self, event: dict[str, Any]) -> None:
        """Somebody has voted on a battle."""
        self._look_soon(event["battle"])

    async def job_changed(self, event: dict[str, Any]) -> None:
        """A battle's preparation goes on, or has ended."""
        battle = self.battle_of_job.get(event["job"]["uuid"])
        if battle is not None:
            self._look_soon(battle)

    def _look_soon(self, battle: str) -> None:
        if battle in self.looks or self.is_closing:
            return
        wait_s = self.looked_at.get(battle, 0.0) + LOOKS_EVERY_S - time.monotonic()
        self.looks[battle] = asyncio.create_task(self._look(battle, max(0.0, wait_s)))

    async def _look(self, battle: str, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        # From here on a change leads to another look, since this one may have read before it.
        del self.looks[battle]
        self.looked_at[battle] = time.monotonic()
        state = await self.state(battle)
        if state is not None and state["sequence"] > self.told.get(battle, -1):
            await self.tell(state)


def _job_of(battle: str) -> UUID | None:
    return Battle.objects.filter(uuid=battle).values_list("job__uuid", flat=True).first()
