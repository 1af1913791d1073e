"""Addresses of the WebSockets of songs and mixes."""

from django.urls import path

from mixing.consumers import JobsConsumer

websocket_urlpatterns = [path("ws/jobs/", JobsConsumer.as_asgi())]
