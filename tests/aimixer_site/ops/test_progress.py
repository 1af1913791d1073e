"""Live messages arrive, and a dead channel layer hurts nobody."""

import pytest
import structlog
from channels.layers import get_channel_layer

from aimixer_site.ops import progress


async def test_a_message_reaches_whoever_watches() -> None:
    from asgiref.sync import sync_to_async

    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("job-1", channel)
    await sync_to_async(progress.publish)("job-1", {"type": "job", "percent": 40})
    assert await layer.receive(channel) == {"type": "job", "percent": 40}
    await layer.close_pools()


def test_a_dead_layer_is_logged_and_never_fatal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dead:
        async def group_send(self, group: str, message: dict) -> None:
            raise ConnectionRefusedError("no Valkey")

    monkeypatch.setattr(progress, "get_channel_layer", Dead)
    with structlog.testing.capture_logs() as logs:
        progress.publish("job-1", {"type": "job"})
    assert [(line["event"], line["group"]) for line in logs] == [("progress_not_sent", "job-1")]
