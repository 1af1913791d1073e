"""Daphne, with a limit on what one request may send: the body is cut off at its first byte too many."""

from __future__ import annotations

import argparse
import os
from typing import Any, cast

from daphne import server as daphne_server
from daphne.endpoints import build_endpoint_description_strings
from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

SOCKET_MESSAGE_MAX_BYTES = 8 * 1024
"""Twice what a page ever sends; what waits for an answer is held in memory."""
SOCKET_MAX_BYTES = 2**20
"""What one socket may send in all its life. Pages send some kilobytes; messages that nobody has read yet are held."""
_MESSAGE_COST_BYTES = 512
_DRAIN_S = 2.0
_TOO_LARGE = b'{"code": "request_too_large", "message": "This request is larger than the site takes.", "field": null}'
_REFUSAL = (
    b"HTTP/1.1 413 Content Too Large\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
    + str(len(_TOO_LARGE)).encode()
    + b"\r\n\r\n"
    + _TOO_LARGE
)


class BoundedRequest(WebRequest):  # type: ignore[misc]
    """A request that is refused as soon as it promises, or sends, more than ``limit_bytes``."""

    limit_bytes: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.received_bytes = 0
        self.is_refused = False
        super().__init__(*args, **kwargs)

    def gotLength(self, length: int | None) -> None:
        if length is not None and length > self.limit_bytes:
            super().gotLength(0)
            self._refuse()
        else:
            super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        self.received_bytes += len(data)
        if self.is_refused:
            return
        if self.received_bytes > self.limit_bytes:
            self._refuse()
        else:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        if not self.is_refused:
            super().requestReceived(command, path, version)

    def _refuse(self) -> None:
        """Answers, then drops what still comes for a moment: a plain close would take the answer with it."""
        from twisted.internet import reactor

        self.is_refused = True
        self.content.seek(0)
        self.content.truncate()
        transport = self.channel.transport
        transport.write(_REFUSAL)
        transport.loseWriteConnection()
        cast(Any, reactor).callLater(_DRAIN_S, transport.abortConnection)


class BoundedSocket(WebSocketProtocol):  # type: ignore[misc]
    """A WebSocket that is dropped when it sends without end: what floods in faster than it is read would pile up."""

    received_bytes = 0

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.received_bytes += len(payload) + _MESSAGE_COST_BYTES
        if self.received_bytes > SOCKET_MAX_BYTES:
            self.dropConnection(abort=True)
        else:
            super().onMessage(payload, isBinary)


def bounded_factory(limit_bytes: int) -> type[HTTPFactory]:
    """Daphne's factory of connections, with requests that stop at ``limit_bytes``."""
    request_class = type("BoundedRequest", (BoundedRequest,), {"limit_bytes": limit_bytes})

    class BoundedFactory(HTTPFactory):  # type: ignore[misc]
        def buildProtocol(self, addr: object) -> Any:
            protocol = super().buildProtocol(addr)
            protocol.requestFactory = request_class
            return protocol

    return BoundedFactory


def serve(*, host: str, port: int) -> None:
    """Serves the site until SIGTERM or SIGINT."""
    from django.conf import settings
    from django.utils.module_loading import import_string

    application = import_string(settings.ASGI_APPLICATION)
    # The server makes its factories by these names and offers no other way in.
    daphne_server.HTTPFactory = bounded_factory(settings.REQUEST_MAX_BYTES)
    WebSocketFactory.protocol = BoundedSocket
    daphne_server.Server(
        application=application,
        endpoints=build_endpoint_description_strings(host=host, port=port),
        request_buffer_size=64 * 1024,
        websocket_max_message_size=SOCKET_MESSAGE_MAX_BYTES,
        websocket_max_frame_size=SOCKET_MESSAGE_MAX_BYTES,
        server_name="",
        verbosity=1,
    ).run()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aimixer_site.settings")
    serve(host=options.host, port=options.port)


if __name__ == "__main__":
    main()
