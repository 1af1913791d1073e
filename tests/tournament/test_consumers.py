"""The arena's sockets, as the site serves them: live boards for everyone, battles without a word too early."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import connections
from django.db.models import F
from django.test import Client

from accounts import sockets
from accounts.models import User
from aimixer_site.asgi import application
from mixing.models import Job, Mixer
from mixing.services import jobs
from tests.tournament import boards, factories
from tournament import consumers, events
from tournament.models import Battle, RatingSnapshot, Vote
from tournament.services import ratings
from tournament.services.votes import cast_vote

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media")]


@pytest.fixture(autouse=True)
async def _let_go_of_the_database() -> AsyncIterator[None]:
    """The thread that serves the consumers keeps its connection, and a test database with one cannot be dropped."""
    yield
    await sync_to_async(connections.close_all)()


def signed_in(name: str = "alice") -> tuple[User, Client]:
    user, client = factories.person(name), Client()
    client.force_login(user)
    return user, client


async def opened(path: str, client: Client | None = None, origin: bytes = b"http://localhost") -> WebsocketCommunicator:
    headers = [(b"origin", origin), (b"host", b"localhost")]
    if client is not None:
        headers.append((b"cookie", f"sessionid={client.cookies[settings.SESSION_COOKIE_NAME].value}".encode()))
    live = WebsocketCommunicator(application, path, headers)
    connected, _ = await live.connect()
    assert connected == (origin == b"http://localhost")
    return live


async def told(live: WebsocketCommunicator) -> dict[str, Any]:
    message: dict[str, Any] = await live.receive_json_from(timeout=10)
    return message


async def watching(path: str, name: str, client: Client | None = None) -> tuple[WebsocketCommunicator, dict[str, Any]]:
    live = await opened(path, client)
    await live.send_json_to({"watch": [name]})
    return live, await told(live)


# ---- boards ----------------------------------------------------------------------------------------------------------


def ten_votes(prefix: str) -> list[RatingSnapshot]:
    boards.duel(boards.people(10, prefix), songs=1)
    return ratings.recompute()


async def test_a_visitor_gets_the_board_and_then_each_new_one() -> None:
    (first,) = await sync_to_async(ten_votes)("first")
    live, snapshot = await watching("/ws/boards/", "public")
    assert snapshot["type"] == "board"
    assert snapshot["board"]["votes_sha256"] == first.votes_sha256

    (second,) = await sync_to_async(ten_votes)("second")

    fresh = (await told(live))["board"]
    assert (fresh["votes"], fresh["votes_sha256"]) == (20, second.votes_sha256)
    assert fresh["sequence"] > snapshot["board"]["sequence"]
    rows = second.result["rows"]
    assert [row["contender"] for row in fresh["rows"]] == [row["contender"] for row in rows if row["votes"]]
    assert {row["rank"] for row in fresh["rows"]} == {None}
    await live.disconnect()


async def test_a_board_that_nothing_has_changed_is_not_told_again() -> None:
    await sync_to_async(ten_votes)("first")
    live, _ = await watching("/ws/boards/", "public")
    read = await sync_to_async(ratings.vote_log.read)()
    await sync_to_async(ratings.publish_all)(read)
    assert await live.receive_nothing(timeout=0.3)
    await live.disconnect()


async def test_a_board_that_is_not_there_and_a_name_that_is_none_are_refused() -> None:
    live = await opened("/ws/boards/")
    for name in ("genre:polka", "", "x" * 61, "a\nb"):
        await live.send_json_to({"watch": [name]})
        assert await told(live) == {"type": "refused", "board": name[:64]}
    await live.disconnect()


async def test_a_genre_with_any_name_has_a_group_of_its_own() -> None:
    names = [events.board_group(name) for name in ("public", "genre:hip-hop", "genre:R&B, söul")]
    assert len(set(names)) == 3
    assert all(name.replace("-", "").isalnum() and name.isascii() and len(name) < 100 for name in names)


async def test_a_visitor_who_asks_without_end_is_closed_as_anybody_is() -> None:
    live = await opened("/ws/boards/")
    for _ in range(17):
        await live.send_json_to({"watch": ["x" * 61] * sockets.WATCHED_MAX})
    codes = []
    while not codes:
        output = await live.receive_output(timeout=10)
        codes = [output["code"]] if output["type"] == "websocket.close" else []
    assert codes == [sockets.CLOSE_FLOOD]


async def test_a_page_of_another_site_gets_neither() -> None:
    for path in ("/ws/boards/", "/ws/battles/"):
        await opened(path, origin=b"http://evil.example")


# ---- battles ---------------------------------------------------------------------------------------------------------


def prepared(ready: bool = True) -> Battle:
    factories.mixers()
    return factories.battle(factories.song(), ready=ready)


def voted(battle: Battle, voter: User, choice: str) -> Vote:
    token = factories.heard_ballot(battle, voter).token
    return cast_vote(battle=battle, voter=voter, token=token, choice=choice)


async def test_battles_are_for_those_who_are_signed_in() -> None:
    live = await opened("/ws/battles/")
    output = await live.receive_output(timeout=5)
    assert (output["type"], output["code"]) == ("websocket.close", sockets.CLOSE_ANONYMOUS)


async def test_ones_own_vote_opens_what_others_said_and_then_it_is_told_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "LOOKS_EVERY_S", 0.05)
    user, client = await sync_to_async(signed_in)()
    battle = await sync_to_async(prepared)()
    bob, carol = await sync_to_async(lambda: [factories.person(name) for name in ("bob", "carol")])()
    live, before = await watching("/ws/battles/", str(battle.uuid), client)
    assert (before["battle"]["has_voted"], before["battle"]["votes"]) == (False, None)

    await sync_to_async(voted)(battle, bob, "b")
    assert await live.receive_nothing(timeout=0.4), "the vote of another was told before one's own"
    again, same = await watching("/ws/battles/", str(battle.uuid), client)
    assert same == before
    await again.disconnect()

    await sync_to_async(voted)(battle, user, "a")
    own = (await told(live))["battle"]
    assert own["has_voted"] is True
    assert own["votes"] == {"a": 1, "b": 1, "tie": 0, "both_bad": 0, "cant_tell": 0}

    await sync_to_async(voted)(battle, carol, "tie")
    after = (await told(live))["battle"]
    assert after["votes"] == {"a": 1, "b": 1, "tie": 1, "both_bad": 0, "cant_tell": 0}
    sequences = [each["sequence"] for each in (before["battle"], own, after)]
    assert sequences == sorted(set(sequences))
    await live.disconnect()


async def test_many_votes_at_once_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "LOOKS_EVERY_S", 0.5)
    user, client = await sync_to_async(signed_in)()
    battle = await sync_to_async(prepared)()
    await sync_to_async(voted)(battle, user, "a")
    live, _ = await watching("/ws/battles/", str(battle.uuid), client)
    others = await sync_to_async(boards.people)(20)

    def all_vote() -> None:
        for other in others:
            voted(battle, other, "b")

    await sync_to_async(all_vote)()
    counts = [(await told(live))["battle"]["votes"]["b"]]
    while counts[-1] < 20:
        counts.append((await told(live))["battle"]["votes"]["b"])
    assert len(counts) < 10
    assert await live.receive_nothing(timeout=0.6)
    await live.disconnect()


async def test_a_preparation_is_told_until_the_battle_can_be_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "LOOKS_EVERY_S", 0.0)
    user, client = await sync_to_async(signed_in)()

    def own() -> Battle:
        factories.mixers()
        return factories.battle(factories.song(user), user, ready=False)

    battle = await sync_to_async(own)()
    live, first = await watching("/ws/battles/", str(battle.uuid), client)
    assert (first["battle"]["state"], first["battle"]["is_ready"]) == ("queued", False)

    def work(run: jobs.Run) -> None:
        run.progress(0.5, "Mixing")
        with run.publish():
            Battle.objects.filter(pk=battle.pk).update(clip_a_path="a", clip_b_path="b")

    await sync_to_async(partial(jobs.run, battle.job.uuid, 1, work))()
    last = await told(live)
    while last["battle"]["state"] != Job.State.DONE:
        last = await told(live)
    assert last["battle"]["is_ready"] is True
    await live.disconnect()


async def test_the_battles_of_others_and_those_that_do_not_exist_are_refused_alike() -> None:
    _, client = await sync_to_async(signed_in)()

    def foreign() -> Battle:
        factories.mixers()
        return factories.battle(factories.song(factories.person("bob")))

    theirs = await sync_to_async(foreign)()
    live = await opened("/ws/battles/", client)
    for wanted in (str(theirs.uuid), str(uuid.uuid4()), "not-an-id"):
        await live.send_json_to({"watch": [wanted]})
        assert await told(live) == {"type": "refused", "uuid": wanted}
    await live.disconnect()


async def test_before_the_vote_nothing_changes_when_the_mixers_change_sides() -> None:
    _, client = await sync_to_async(signed_in)()
    battle = await sync_to_async(prepared)()

    def exchange() -> None:
        Battle.objects.filter(pk=battle.pk).update(
            mixer_a=F("mixer_b"), mixer_b=F("mixer_a"), version_a=F("version_b"), version_b=F("version_a"),
            parameters_a=F("parameters_b"), parameters_b=F("parameters_a"), loudness_gap_lu=-0.01,
        )  # fmt: skip

    before, first = await watching("/ws/battles/", str(battle.uuid), client)
    await sync_to_async(exchange)()
    after, second = await watching("/ws/battles/", str(battle.uuid), client)
    assert first == second
    assert set(first["battle"]) == set(events.BattlePayload.__annotations__)
    mixers = await sync_to_async(lambda: list(Mixer.objects.all()))()
    assert not [mixer.key for mixer in mixers if mixer.key in str(first) or mixer.title in str(first)]
    for live in (before, after):
        await live.disconnect()
