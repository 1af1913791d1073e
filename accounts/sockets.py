"""A page's socket: it names what it watches, and is told of each change until it leaves or its session ends."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, ClassVar

from channels.auth import get_user
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from accounts.services.sessions import session_group

WATCHED_MAX = 64
ASKED_MAX = 16 * WATCHED_MAX
"""A page asks once for each thing. Each question costs a look into the database: a socket that asks on is closed."""
SESSION_CHECK_S = 15.0
"""A sign-out closes the socket at once; a session that expires or a person who is locked out, within this time."""
NAME_SHOWN_MAX = 64
CLOSE_SIGNED_OUT = 4001
CLOSE_ANONYMOUS = 4401
CLOSE_NONSENSE = 4400
CLOSE_FLOOD = 4429


class WatchingSocket(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """One socket for all things of one kind on a page.

    The page sends ``{"watch": [name, …]}``. For each the socket joins the thing's groups first and then reads its
    state, so that no change falls between the snapshot and the first event; what comes twice is told apart by its
    sequence. A thing is sent as ``{"type": kind, kind: {…}}``.
    """

    kind: ClassVar[str]
    named_by: ClassVar[str] = "uuid"
    for_visitors: ClassVar[bool] = False
    """Whether it is open to those who are not signed in."""

    watched: set[str]
    groups_joined: set[str]
    asked: int
    is_closing: bool
    guard: asyncio.Task[None] | None = None

    def known(self, name: str) -> str | None:
        """The one name that a thing goes by, or None for what cannot be a name."""
        raise NotImplementedError

    async def state(self, name: str) -> Any:
        """The thing as this person may see it, or None where it is not there for them."""
        raise NotImplementedError

    async def groups_of(self, name: str) -> list[str]:
        """The groups in which its changes are told."""
        raise NotImplementedError

    async def connect(self) -> None:
        self.watched = set()
        self.groups_joined = set()
        self.asked = 0
        self.is_closing = False
        await self.accept()
        if not self._may_listen():
            await self.close(CLOSE_ANONYMOUS)
            return
        if not self.scope["user"].is_authenticated:
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
        if self.is_closing or not self._may_listen():
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
        for name in wanted:
            await self._watch(name)

    async def tell(self, state: Any) -> None:
        """Send the thing as it stands."""
        await self.send_json({"type": self.kind, self.kind: state})

    async def logout(self, event: dict[str, Any]) -> None:
        """The session has ended, in this tab or another."""
        await self.close(CLOSE_SIGNED_OUT)

    def _may_listen(self) -> bool:
        return bool(self.for_visitors or self.scope["user"].is_authenticated)

    async def _watch(self, wanted: str) -> None:
        name = self.known(wanted)
        if name is None or (name not in self.watched and len(self.watched) >= WATCHED_MAX):
            await self._refuse(wanted)
            return
        state = await self.state(name)
        if state is None:
            await self._refuse(wanted)
            return
        if name not in self.watched:
            self.watched.add(name)
            for group in await self.groups_of(name):
                await self._join(group)
            state = await self.state(name) or state
        await self.tell(state)

    async def _refuse(self, name: str) -> None:
        await self.send_json({"type": "refused", self.named_by: name[:NAME_SHOWN_MAX]})

    async def _join(self, name: str) -> None:
        self.groups_joined.add(name)
        await self.channel_layer.group_add(name, self.channel_name)

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
