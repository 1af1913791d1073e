"""Children are started again with a growing pause, and none outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from aimixer_site.ops import supervisor
from aimixer_site.ops.supervisor import Child


def sleeper() -> subprocess.Popen[bytes]:
    return supervisor.python("-c", "import time; time.sleep(60)", folder=Path.cwd(), name="sleeper")


def wait_until(condition: object, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def test_a_child_that_dies_is_started_again_after_a_pause() -> None:
    child = Child("sleeper", sleeper)
    child.ensure()
    first = child.pid
    child.process.kill()
    child.process.wait()
    child.ensure()
    assert child.process is None
    wait_until(lambda: child.ensure() or child.process is not None)
    assert child.pid != first
    assert child.restarts == 1
    supervisor.stop([child], grace_s=5)


def test_the_pause_grows_with_each_death() -> None:
    child = Child("dies", lambda: subprocess.Popen(["false"]))
    pauses = []
    for _ in range(6):
        child.due_at = 0
        child.ensure()
        child.process.wait()
        before = time.monotonic()
        child.ensure()
        pauses.append(round(child.due_at - before, 1))
    assert pauses == [0.5, 1.0, 2.0, 5.0, 10.0, 10.0]


def test_who_does_not_listen_is_ended_when_the_grace_is_over() -> None:
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    deaf = Child("deaf", lambda: subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE))
    polite = Child("polite", sleeper)
    deaf.ensure()
    polite.ensure()
    deaf.process.stdout.readline()
    started = time.monotonic()
    supervisor.stop([deaf, polite], grace_s=0.5)
    assert time.monotonic() - started < 2
    assert deaf.process.returncode == -signal.SIGKILL
    assert polite.process.returncode == -signal.SIGTERM


@pytest.mark.faults
def test_a_killed_parent_leaves_no_orphan() -> None:
    program = (
        "import time; from pathlib import Path; from aimixer_site.ops import supervisor; "
        "p = supervisor.python('-c', 'import time; time.sleep(60)', folder=Path.cwd(), name='x'); "
        "print(p.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=os.environ)
    orphan = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    wait_until(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE)
