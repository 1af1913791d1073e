"""``manage.py serve``: the whole site on one machine, in front, until Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_rq import get_connection

from aimixer_site.ops import supervisor, valkey, worker
from aimixer_site.ops.supervisor import Child

_READY_WITHIN_S = 600
_STARTS_BEFORE_GIVING_UP = 3
_GRACE_S = 5.0


class Command(BaseCommand):
    requires_system_checks = []
    help = "Runs the whole site: Valkey, web server, workers and scheduler. Ctrl-C ends it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=None, help="8000, or what PORT says.")

    def handle(self, *args: Any, **options: Any) -> None:
        self.signals = 0
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note_signal)
        host, port = options["host"], options["port"] or _port_from_environment()
        with _only_one(settings.VAR_DIR / "run" / "serve.lock"):
            _refuse_taken_port(host, port)
            self.store = Child("valkey", _embedded_valkey()) if "AIMIXER_REDIS_URL" not in os.environ else None
            self.children = _children(host, port)
            try:
                self._run(host, port)
            finally:
                self._stop()

    def _run(self, host: str, port: int) -> None:
        self._keep_alive(with_children=False)
        if not self._prepare():
            return
        self._say("Starting the server and the workers.")
        if self._wait_until_ready(host, port):
            self._say(f"AI Mixer is ready at http://{_shown(host)}:{port}/ (Ctrl-C ends it)")
        while not self.signals:
            self._keep_alive()
            time.sleep(0.2)

    def _prepare(self) -> bool:
        """Runs ``manage.py prepare`` to its end; False where it was interrupted."""
        preparing = _manage("prepare")
        while (code := preparing.poll()) is None and not self.signals:
            time.sleep(0.05)
        if code is None:
            preparing.terminate()
            preparing.wait()
            return False
        if code != 0:
            raise CommandError("The site could not be prepared; the reason stands above.")
        return True

    def _wait_until_ready(self, host: str, port: int) -> bool:
        """Until every part answers; False where it was interrupted."""
        deadline = time.monotonic() + _READY_WITHIN_S
        if not any(Path(os.environ["NUMBA_CACHE_DIR"]).glob("*/*.nbi")):
            self._say("Compiling the audio engine; this happens once and takes up to a minute.")
        while not self.signals:
            self._keep_alive()
            if _workers_are_registered(self.children) and _is_ready(host, port):
                return True
            failing = [child.name for child in self.children if child.restarts >= _STARTS_BEFORE_GIVING_UP]
            if failing or time.monotonic() > deadline:
                names = ", ".join(failing) or "the site"
                raise CommandError(f"This does not start: {names}. The reason stands above.")
            time.sleep(0.1)
        return False

    def _keep_alive(self, *, with_children: bool = True) -> None:
        if self.store is not None:
            self.store.ensure()
        if with_children:
            for child in self.children:
                child.ensure()

    def _stop(self) -> None:
        if self.signals:
            self._say("Stopping.")
        supervisor.stop(self.children, grace_s=_GRACE_S)
        if self.store is not None:
            supervisor.stop([self.store], grace_s=_GRACE_S)
            socket_path = Path(os.environ["AIMIXER_REDIS_URL"].removeprefix("unix://"))
            valkey.forget_socket(socket_path, settings.VAR_DIR / "run")

    def _note_signal(self, number: int, frame: object) -> None:
        self.signals += 1

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()


def _port_from_environment() -> int:
    raw = os.environ.get("PORT") or "8000"
    if not raw.isdigit() or not 1 <= int(raw) <= 65_535:
        raise CommandError(f"PORT is {raw!r}; it takes a whole number from 1 to 65535.")
    return int(raw)


def _shown(host: str) -> str:
    return "localhost" if host in {"127.0.0.1", "0.0.0.0"} else host  # noqa: S104 - shown, not bound


class _only_one:
    """Holds a lock for the time of a ``with``: two sites must not share one folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: IO[str] | None = None

    def __enter__(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.file = self.path.open("a")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.file.close()
            raise CommandError(
                f"AI Mixer already runs from {self.path.parent.parent}. Stop it first with Ctrl-C in its window."
            ) from None

    def __exit__(self, *exc_info: object) -> None:
        if self.file is not None:
            self.file.close()


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise CommandError(
                f"Port {port} is not open to you. Choose one above 1023, as in: PORT=8001 make run"
            ) from None
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}). Stop what holds it, or choose another: "
                f"PORT={port + 1} make run"
            ) from None


def _embedded_valkey() -> Any:
    """How to start our own Valkey; the children learn from the environment where it listens."""
    path = valkey.socket_for(settings.VAR_DIR / "run")
    os.environ["AIMIXER_REDIS_URL"] = f"unix://{path}"
    for queue in settings.RQ_QUEUES.values():
        queue["URL"] = os.environ["AIMIXER_REDIS_URL"]
    return partial(valkey.start, data=settings.VAR_DIR / "valkey", socket=path)


def _children(host: str, port: int) -> list[Child]:
    serve_web = ("-m", "aimixer_site.ops.server", "--host", host, "--port", str(port))
    return [
        Child("web", partial(supervisor.python, *serve_web, folder=settings.BASE_DIR, name="web")),
        Child("inference", partial(_manage, "worker", "inference")),
        Child("ingest", partial(_manage, "worker", "ingest")),
        Child("scheduler", partial(_manage, "scheduler")),
    ]


def _manage(*arguments: str) -> Any:
    return supervisor.python("manage.py", *arguments, folder=settings.BASE_DIR, name=arguments[-1])


def _workers_are_registered(children: list[Child]) -> bool:
    connection = get_connection("ingest")
    keys = [f"rq:worker:{worker.name_for(c.name, c.pid)}" for c in children if c.name in worker.WORKERS]
    return int(connection.exists(*keys)) == len(keys)


def _is_ready(host: str, port: int) -> bool:
    address = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - asked, not bound
    name = next((known for known in settings.ALLOWED_HOSTS if "*" not in known), "localhost").lstrip(".")
    request = urllib.request.Request(f"http://{address}:{port}/readyz", headers={"Host": name})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
