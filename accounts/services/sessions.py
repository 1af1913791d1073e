"""A person's open pages, and how they learn that their session has ended."""

from __future__ import annotations

import hashlib

from aimixer_site.ops.progress import publish


def session_group(session_key: str) -> str:
    """The channel group of all sockets that one session opened. The key itself never leaves the session."""
    return f"session-{hashlib.sha256(session_key.encode()).hexdigest()}"


def close_sockets(session_key: str) -> None:
    """Tells every socket of the session to close."""
    publish(session_group(session_key), {"type": "logout"})
