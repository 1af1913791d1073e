"""Addresses of the site's WebSockets, floor by floor."""

from mixing.routing import websocket_urlpatterns as mixing_sockets
from tournament.routing import websocket_urlpatterns as arena_sockets

__all__ = ["websocket_urlpatterns"]

websocket_urlpatterns = [*mixing_sockets, *arena_sockets]
