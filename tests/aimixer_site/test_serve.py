"""The one command: it starts everything, keeps it alive, and takes everything down with it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.live import ROOT, LiveSite, live_site, wait_for

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    # Deeper than a unix socket's path may be, as a musician's folder can be.
    folder = tmp_path_factory.mktemp("site") / ("deep-" * 12) / ("down-" * 12)
    with live_site(folder, AIMIXER_DEMO="no") as running:
        yield running


def checks(url: str) -> dict[str, str]:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:  # noqa: S310 - the site of this test
            return dict(json.loads(answer.read())["checks"])
    except (urllib.error.URLError, OSError):
        return {}


def serve(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AIMIXER_")}
    return subprocess.run(
        [sys.executable, "manage.py", "serve", *arguments],
        cwd=ROOT,
        env={**clean, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def one(site: LiveSite, words: str) -> psutil.Process:
    found = [process for process in site.workers(words) if process.ppid() == site.process.pid]
    return found[0] if found else None


def test_it_prints_one_line_with_the_address_once_everything_answers(site: LiveSite) -> None:
    assert [line for line in site.log if "http://" in line] == [f"AI Mixer is ready at {site.url}/ (Ctrl-C ends it)\n"]
    assert set(checks(site.url).values()) == {"ok"}


def test_it_listens_on_this_machine_alone(site: LiveSite) -> None:
    web = one(site, "aimixer_site.ops.server")
    assert {connection.laddr.ip for connection in web.net_connections() if connection.status == "LISTEN"} == {
        "127.0.0.1"
    }


@pytest.mark.parametrize("words", ["worker inference", "worker ingest", "scheduler", "ops.server", "valkey-server"])
def test_what_is_killed_comes_back(site: LiveSite, words: str) -> None:
    first = one(site, words)
    first.kill()
    second = wait_for(lambda: (found := one(site, words)) and found.pid != first.pid and found, timeout_s=20)
    assert second.is_running()
    wait_for(lambda: set(checks(site.url).values()) == {"ok"}, timeout_s=20, why="the site to be ready again")


def test_a_folder_belongs_to_one_site(site: LiveSite) -> None:
    refused = serve("--port", "1", AIMIXER_VAR=site.env["AIMIXER_VAR"])
    assert refused.returncode == 1
    assert "already runs" in refused.stderr


def test_a_port_that_is_taken_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = serve(PORT=str(port), AIMIXER_VAR=str(tmp_path / "var"))
    assert refused.returncode == 1
    assert f"Port {port} cannot be used" in refused.stderr
    assert f"PORT={port + 1} make run" in refused.stderr
    assert not (tmp_path / "var" / "valkey").exists()


def test_a_port_that_is_no_number_is_refused(tmp_path: Path) -> None:
    refused = serve(PORT="eighty", AIMIXER_VAR=str(tmp_path / "var"))
    assert refused.returncode == 1
    assert "PORT is 'eighty'" in refused.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_however_it_ends_nothing_is_left(tmp_path: Path, number: int) -> None:
    children: list[psutil.Process] = []
    try:
        with live_site(tmp_path / "var", AIMIXER_DEMO="no") as site:
            children = psutil.Process(site.process.pid).children(recursive=True)
            assert len(children) >= 5
            site.process.send_signal(number)
            started = time.monotonic()
            site.process.wait(timeout=15)
            assert time.monotonic() - started < 10
    except AssertionError:
        # The helper expects an end by Ctrl-C; this one is ours.
        assert number == signal.SIGKILL
    wait_for(lambda: not [child for child in children if _lives(child)], timeout_s=5, why="every child to be gone")
    assert children


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
