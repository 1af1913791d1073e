"""The server cuts a request off at its first byte too many, whatever it promised."""

import contextlib
import http.client
import socket
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
import websocket

LIMIT = 100_000
PROGRAM = f"""
import asyncio, sys
from daphne import server as daphne_server
from daphne.ws_protocol import WebSocketFactory
from aimixer_site.ops.server import BoundedSocket, bounded_factory

WebSocketFactory.protocol = BoundedSocket

async def application(scope, receive, send):
    if scope["type"] == "websocket":
        return await one_word_at_a_time(receive, send)
    length = 0
    while True:
        message = await receive()
        length += len(message["body"])
        if not message["more_body"]:
            break
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    await send({{"type": "http.response.body", "body": str(length).encode()}})

async def one_word_at_a_time(receive, send):
    await receive()
    await send({{"type": "websocket.accept"}})
    while (message := await receive())["type"] == "websocket.receive":
        if message["text"] == "stop":
            await asyncio.sleep(60)
        await send({{"type": "websocket.send", "text": message["text"]}})

daphne_server.HTTPFactory = bounded_factory({LIMIT})
site = daphne_server.Server(application=application, endpoints=["tcp:port=0:interface=127.0.0.1"], server_name="")
original = site.listen_success

def say_port(port):
    original(port)
    print(port.getHost().port, flush=True)

site.listen_success = say_port
site.run()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, psutil.Process]]:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE)
    yield int(process.stdout.readline()), psutil.Process(process.pid)
    process.kill()
    process.wait()


def post(port: int, body: object, **options: bool) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/", body=body, **options)
    response = connection.getresponse()
    return response.status, response.read()


def test_a_body_of_just_the_limit_arrives_whole(server: tuple[int, psutil.Process]) -> None:
    assert post(server[0], bytes(LIMIT)) == (200, b"100000")


def test_a_chunked_body_of_just_the_limit_arrives_whole(server: tuple[int, psutil.Process]) -> None:
    assert post(server[0], iter([bytes(LIMIT // 2)] * 2), encode_chunked=True) == (200, b"100000")


def test_a_body_that_promises_more_is_refused_before_it_is_sent(server: tuple[int, psutil.Process]) -> None:
    with socket.create_connection(("127.0.0.1", server[0]), timeout=10) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100001\r\n\r\n")
        answer = client.recv(4096)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code": "request_too_large"' in answer


def test_a_chunked_body_is_refused_at_its_first_byte_too_many(server: tuple[int, psutil.Process]) -> None:
    with socket.create_connection(("127.0.0.1", server[0]), timeout=10) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.sendall(b"186a0\r\n" + bytes(LIMIT) + b"\r\n")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(4096)
        client.settimeout(10)
        client.sendall(b"1\r\nx\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_who_keeps_sending_gets_no_memory(server: tuple[int, psutil.Process]) -> None:
    before = server[1].memory_info().rss
    with socket.create_connection(("127.0.0.1", server[0]), timeout=10) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000000\r\n\r\n")
        sent = 0
        try:
            while sent < 60_000_000:
                sent += client.send(bytes(100_000))
        except OSError:
            assert sent > 0
    assert server[1].memory_info().rss - before < 5_000_000
    assert post(server[0], b"still here") == (200, b"10")


def test_a_socket_that_sends_faster_than_it_is_read_is_dropped(server: tuple[int, psutil.Process]) -> None:
    live = websocket.create_connection(f"ws://127.0.0.1:{server[0]}/", timeout=10)
    for number in range(100):
        live.send(str(number))
        assert live.recv() == str(number)
    live.send("stop")
    before, sent = server[1].memory_info().rss, 0
    with contextlib.suppress(OSError):
        while sent < 100_000_000:
            live.send("x" * 4096)
            sent += 4096
    assert sent < 100_000_000
    assert server[1].memory_info().rss - before < 10_000_000


def test_the_server_does_not_say_what_it_is(server: tuple[int, psutil.Process]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server[0], timeout=10)
    connection.request("POST", "/", body=b"")
    assert connection.getresponse().getheader("Server") is None
