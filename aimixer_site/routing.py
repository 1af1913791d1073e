"""Addresses of the site's WebSockets."""

from __future__ import annotations

from mixing import routing as mixing

websocket_urlpatterns = [*mixing.websocket_urlpatterns]
