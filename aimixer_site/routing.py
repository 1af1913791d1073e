"""Addresses of the site's WebSockets, floor by floor."""

from mixing.routing import websocket_urlpatterns

__all__ = ["websocket_urlpatterns"]
