"""A WebSocket opens for this site's own pages alone."""

import pytest
from channels.testing import WebsocketCommunicator

from aimixer_site.asgi import application

pytestmark = pytest.mark.django_db(transaction=True)


async def connects(origin: bytes | None) -> bool:
    headers = [(b"host", b"localhost")] + ([(b"origin", origin)] if origin else [])
    communicator = WebsocketCommunicator(application, "/ws/jobs/", headers=headers)
    connected, code = await communicator.connect(timeout=5)
    await communicator.disconnect()
    # A stranger is turned away by the consumer (4401); a foreign page never gets as far.
    return connected or code == 4401


@pytest.mark.parametrize("origin", [b"http://localhost", b"http://localhost:8000", b"http://127.0.0.1:8000"])
async def test_a_page_of_this_site_reaches_the_consumer(origin: bytes) -> None:
    assert await connects(origin)


@pytest.mark.parametrize("origin", [b"https://evil.example", b"http://localhost.evil.example", b"null", None])
async def test_a_page_of_another_site_is_refused(origin: bytes | None) -> None:
    assert not await connects(origin)
