"""Signing out reaches the pages that are still open."""

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from accounts.services.sessions import close_sockets, session_group


def test_the_group_is_the_sessions_own_and_does_not_tell_its_key() -> None:
    assert session_group("abc") == session_group("abc") != session_group("abd")
    assert "abc" not in session_group("abc").removeprefix("session-")[:3]
    assert len(session_group("abc")) < 100


def test_every_socket_of_the_session_hears_that_it_ended() -> None:
    async def hear() -> dict:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(session_group("abc"), channel)
        from asgiref.sync import sync_to_async

        await sync_to_async(close_sockets)("abc")
        message = await layer.receive(channel)
        await layer.close_pools()
        return message

    assert async_to_sync(hear)() == {"type": "logout"}
