"""A real site for tests: ``manage.py serve`` with a folder and a port of its own, and a client that speaks to it."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil

ROOT = Path(__file__).resolve().parent.parent
CHUNK_BYTES = 4 * 2**20
T = TypeVar("T")


def wait_for(what: Callable[[], T], *, timeout_s: float, every_s: float = 0.1, why: str = "") -> T:
    """The first true answer of ``what``, or an assertion that says what was waited for."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = what()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s in vain: {why or what}"
        time.sleep(every_s)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Client:
    """A small API client with a key, on the standard library alone."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.key = key

    def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, dict[str, str], Any]:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - always the site of this test
            path if path.startswith("http") else self.url + path,
            data=data,
            method=method,
            headers={
                "Authorization": f"Bearer {self.key}",
                "Content-Type": "application/json",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
                raw, status, found = response.read(), response.status, dict(response.headers.items())
        except urllib.error.HTTPError as error:
            raw, status, found = error.read(), error.code, dict(error.headers.items())
        is_json = found.get("Content-Type", "").startswith("application/json")
        return status, found, json.loads(raw) if is_json and raw else raw

    def ask(self, method: str, path: str, body: object = None) -> Any:
        status, _, answer = self.call(method, path, body)
        assert status < 300, f"{method} {path}: {status} {answer!r}"
        return answer

    def upload(self, song: str, file: Path) -> str:
        """Send a file by tus and return the uuid of its ingest job."""
        name = base64.b64encode(file.name.encode()).decode()
        status, headers, answer = self.call(
            "POST",
            f"/songs/{song}/uploads/",
            b"",
            Tus_Resumable="1.0.0",
            Upload_Length=str(file.stat().st_size),
            Upload_Metadata=f"filename {name}",
        )
        assert status == 201, (status, answer)
        location, offset = headers["Location"], 0
        with file.open("rb") as handle:
            while chunk := handle.read(CHUNK_BYTES):
                status, headers, answer = self.call(
                    "PATCH",
                    location,
                    chunk,
                    Tus_Resumable="1.0.0",
                    Upload_Offset=str(offset),
                    Content_Type="application/offset+octet-stream",
                )
                assert status == 204, (status, answer)
                offset += len(chunk)
                assert int(headers["Upload-Offset"]) == offset
        return headers["X-Job"]

    def job(self, uuid: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask("GET", f"/api/v1/jobs/{uuid}/")
        return answer

    def finished(self, uuid: str, *, timeout_s: float = 120) -> dict[str, Any]:
        def final() -> dict[str, Any] | None:
            job = self.job(uuid)
            return job if job["state"] in {"done", "failed", "cancelled"} else None

        found = wait_for(final, timeout_s=timeout_s, why=f"job {uuid} to end")
        assert found is not None
        return found


class LiveSite:
    """A site that can be started and ended; ``process`` is ``manage.py serve`` and everything else is below it."""

    process: subprocess.Popen[str]
    reader: threading.Thread

    def __init__(self, folder: Path, **settings: str) -> None:
        port = free_port()
        self.url = f"http://localhost:{port}"
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AIMIXER_", "DJANGO_"))},
            "AIMIXER_VAR": str(folder),
            # A test's own jobs are not to wait for battles that nobody asked for.
            "AIMIXER_ARENA_AHEAD": "0",
            "PORT": str(port),
            "PYTHONUNBUFFERED": "1",
            **settings,
        }
        self.log: list[str] = []

    def start(self) -> None:
        """Start it and wait until it says where it is."""
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        said = len(self.log)
        self.reader = threading.Thread(target=lambda: self.log.extend(self.process.stdout or ()), daemon=True)
        self.reader.start()
        wait_for(
            lambda: self.process.poll() is not None or any(self.url in line for line in self.log[said:]),
            timeout_s=180, why="the site to print its URL",
        )  # fmt: skip
        assert self.process.poll() is None, "".join(self.log)

    def stop(self) -> None:
        """End it by Ctrl-C, as a person would; nothing of it may be left."""
        children: list[psutil.Process] = []
        if self.process.poll() is None:
            children = psutil.Process(self.process.pid).children(recursive=True)
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=30)
        finally:
            self.process.kill()
            self.reader.join(timeout=5)
            print("".join(self.log[-200:]))  # noqa: T201 - pytest shows it where a test failed
        assert self.process.returncode == 0, f"serve ended with {self.process.returncode}"
        assert not [child for child in children if _lives(child)]

    def kill(self) -> None:
        """Kill the one process that watches over the others; the kernel takes those with it."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        self.process.wait(timeout=10)
        wait_for(lambda: not [child for child in children if _lives(child)], timeout_s=10, why="all of it to be gone")

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def client(self, email: str = "program@example.org") -> Client:
        """A person who speaks through an API key."""
        script = (
            "from accounts.models import User\n"
            "from accounts.services import api_keys\n"
            f"user = User.objects.filter(email={email!r}).first() or User.objects.create_user({email!r})\n"
            "print('KEY', api_keys.create(user=user, name='test')[1])\n"
        )
        out = self.manage("shell", "--no-imports", "-c", script)
        key = next(line.split()[1] for line in out.splitlines() if line.startswith("KEY "))
        return Client(self.url, key)

    def workers(self, word: str) -> list[psutil.Process]:
        """The processes below the site whose command line holds all of ``word``."""
        return [
            child
            for child in psutil.Process(self.process.pid).children(recursive=True)
            if word in " ".join(_command_line(child))
        ]


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


@contextmanager
def live_site(folder: Path, **settings: str) -> Iterator[LiveSite]:
    """Serve a site of its own in ``folder`` until the block ends."""
    site = LiveSite(folder, **settings)
    try:
        site.start()
        yield site
    finally:
        site.stop()
