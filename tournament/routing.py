"""Addresses of the arena's WebSockets."""

from django.urls import path

from tournament.consumers import BattlesConsumer, BoardsConsumer

websocket_urlpatterns = [
    path("ws/boards/", BoardsConsumer.as_asgi()),
    path("ws/battles/", BattlesConsumer.as_asgi()),
]
