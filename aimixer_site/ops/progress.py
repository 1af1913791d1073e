"""Live messages to open pages. They are a courtesy: the row is the truth and pages can always ask for it."""

from __future__ import annotations

from typing import Any

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

log = structlog.get_logger("aimixer.progress")


def publish(group: str, message: dict[str, Any]) -> None:
    """Sends ``message`` (its ``type`` names the consumer's method) to everybody in ``group``.

    A channel layer that is down is logged and never fails the caller.
    """
    layer = get_channel_layer()
    try:
        async_to_sync(layer.group_send)(group, message)
    except Exception as error:
        log.warning("progress_not_sent", group=group, error=str(error))
