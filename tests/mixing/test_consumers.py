"""The socket, as the site serves it: origin, session, snapshot, events."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import connections
from django.test import Client

from accounts import sockets
from aimixer_site.asgi import application
from mixing.consumers import JobsConsumer
from mixing.models import Job
from mixing.services import jobs
from tests.factories import checking_stem, make_job, make_song, make_user, running_job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media")]

ORIGIN = b"http://localhost"


@pytest.fixture(autouse=True)
async def _let_go_of_the_database() -> AsyncIterator[None]:
    """The thread that serves the consumers keeps its connection, and a test database with one cannot be dropped."""
    yield
    await sync_to_async(connections.close_all)()


def signed_in(name: str = "Alice") -> tuple[Any, Client]:
    user = make_user(name)
    client = Client()
    client.force_login(user)
    return user, client


def socket(client: Client | None, origin: bytes = ORIGIN) -> WebsocketCommunicator:
    headers = [(b"origin", origin), (b"host", b"localhost")]
    if client is not None:
        headers.append((b"cookie", f"sessionid={client.cookies[settings.SESSION_COOKIE_NAME].value}".encode()))
    return WebsocketCommunicator(application, "/ws/jobs/", headers)


async def opened(client: Client) -> WebsocketCommunicator:
    live = socket(client)
    connected, _ = await live.connect()
    assert connected
    return live


async def test_a_page_gets_a_snapshot_and_then_every_change_with_a_higher_sequence() -> None:
    user, client = await sync_to_async(signed_in)()
    job = await sync_to_async(lambda: make_job(make_song(user), owner=user))()
    live = await opened(client)
    await live.send_json_to({"watch": [str(job.uuid)]})
    first = await live.receive_json_from(timeout=10)
    assert (first["type"], first["job"]["uuid"], first["job"]["state"]) == ("job", str(job.uuid), "queued")

    await sync_to_async(jobs.run)(job.uuid, 1, lambda run: run.progress(0.5, "Rendering"))

    heard = [first] + [await live.receive_json_from(timeout=10) for _ in range(3)]
    assert [event["job"]["state"] for event in heard] == ["queued", "running", "running", "done"]
    assert [event["job"]["percent"] for event in heard] == [0, 0, 50.0, 100.0]
    sequences = [event["job"]["sequence"] for event in heard]
    assert sequences == sorted(set(sequences))
    await live.disconnect()


async def test_the_snapshot_and_the_poll_say_the_same() -> None:
    user, client = await sync_to_async(signed_in)()
    stem = await sync_to_async(lambda: checking_stem(make_song(user)))()
    live = await opened(client)
    await live.send_json_to({"watch": [str(stem.job.uuid)]})
    told = (await live.receive_json_from(timeout=10))["job"]
    polled = await sync_to_async(lambda: client.get(f"/api/v1/jobs/{stem.job.uuid}/").json())()
    assert told == polled
    assert told["target"]["uuid"] == str(stem.uuid)
    await live.disconnect()


async def test_the_jobs_of_others_and_those_that_do_not_exist_are_refused_alike() -> None:
    _, client = await sync_to_async(signed_in)()
    foreign = await sync_to_async(lambda: make_job(owner=make_user("Bob")))()
    live = await opened(client)
    for wanted in (str(foreign.uuid), str(uuid.uuid4()), "not-an-id"):
        await live.send_json_to({"watch": [wanted]})
        assert await live.receive_json_from(timeout=10) == {"type": "refused", "uuid": wanted}
    await sync_to_async(jobs.request_cancel)(job=foreign)
    assert await live.receive_nothing(timeout=0.2)
    await live.disconnect()


async def test_one_page_watches_sixty_four_jobs_at_most() -> None:
    user, client = await sync_to_async(signed_in)()

    def many() -> list[Job]:
        song = make_song(user)
        return [make_job(song, owner=user) for _ in range(sockets.WATCHED_MAX + 1)]

    rows = await sync_to_async(many)()
    live = await opened(client)
    await live.send_json_to({"watch": [str(job.uuid) for job in rows]})
    kinds = [(await live.receive_json_from(timeout=10))["type"] for _ in rows]
    assert kinds == ["job"] * sockets.WATCHED_MAX + ["refused"]
    await live.disconnect()


async def closed_with(live: WebsocketCommunicator) -> int:
    output = await live.receive_output(timeout=5)
    assert output["type"] == "websocket.close", output
    return int(output["code"])


async def test_who_is_not_signed_in_is_told_so_and_hears_nothing() -> None:
    live = socket(None)
    await live.connect()
    assert await closed_with(live) == sockets.CLOSE_ANONYMOUS


async def test_a_page_of_another_site_is_not_let_in() -> None:
    _, client = await sync_to_async(signed_in)()
    connected, _ = await socket(client, origin=b"http://evil.example").connect()
    assert not connected


async def test_signing_out_closes_the_socket() -> None:
    _, client = await sync_to_async(signed_in)()
    live = await opened(client)
    await live.send_json_to({"watch": []})
    await sync_to_async(client.post)("/accounts/logout/")
    assert await closed_with(live) == sockets.CLOSE_SIGNED_OUT


async def test_a_person_who_is_locked_out_loses_the_socket_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "SESSION_CHECK_S", 0.05)
    user, client = await sync_to_async(signed_in)()
    live = await opened(client)
    await live.send_json_to({"watch": []})
    assert await live.receive_nothing(timeout=0.2)
    user.is_active = False
    await user.asave()
    assert await closed_with(live) == sockets.CLOSE_SIGNED_OUT


@pytest.mark.parametrize("nonsense", ["{", "[]", '{"watch": "all"}', '{"watch": [1]}', '{"hello": 1}', "[" * 100_000])
async def test_nonsense_closes_the_socket_and_breaks_nothing(nonsense: str) -> None:
    _, client = await sync_to_async(signed_in)()
    live = await opened(client)
    await live.send_to(text_data=nonsense)
    assert await closed_with(live) == sockets.CLOSE_NONSENSE


async def test_a_socket_that_asks_without_end_is_closed_and_the_rest_is_dropped_unread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = []

    async def looked(self: Any, wanted: str) -> None:
        looks.append(wanted)

    monkeypatch.setattr(JobsConsumer, "_watch", looked)
    _, client = await sync_to_async(signed_in)()
    live = await opened(client)
    for _ in range(40):
        await live.send_json_to({"watch": [str(uuid.uuid4())] * sockets.WATCHED_MAX})
    assert await closed_with(live) == sockets.CLOSE_FLOOD
    assert await live.receive_nothing(timeout=0.2)
    assert len(looks) == sockets.ASKED_MAX


async def test_a_dead_channel_layer_does_not_stop_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    async def dead(*args: Any) -> None:
        raise ConnectionError("no Redis")

    monkeypatch.setattr("channels_redis.core.RedisChannelLayer.group_send", dead)
    job = await sync_to_async(running_job)(percent=10.0)
    await sync_to_async(lambda: jobs.Run(job).progress(0.5, "Rendering"))()
    await job.arefresh_from_db()
    assert job.percent == 50.0
