"""A line of the log is one JSON object, whoever wrote it."""

import json
import os
import subprocess
import sys

PROGRAM = """
import logging, structlog
from aimixer_site.ops import logs
logs.configure({"level": "INFO", "json": True})
with structlog.contextvars.bound_contextvars(request_id="r1", job="j1"):
    structlog.get_logger("aimixer.test").info("mixed", stems=8)
    logging.getLogger("some.library").warning("old %s", "style")
    logging.getLogger("some.library").debug("too fine")
    try:
        1 / 0
    except ZeroDivisionError:
        structlog.get_logger("aimixer.test").exception("broke")
"""


def test_every_line_is_json_with_the_ids_of_request_and_job() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["mixed", "old style", "broke"]
    assert all((line["request_id"], line["job"]) == ("r1", "j1") for line in lines)
    assert (lines[0]["stems"], lines[0]["level"], lines[0]["logger"]) == (8, "info", "aimixer.test")
    assert "ZeroDivisionError" in lines[2]["exception"]


def test_the_supervisor_names_the_process() -> None:
    program = (
        "import structlog; from aimixer_site.ops import logs; logs.configure({'level': 'INFO', 'json': True}); "
        "structlog.get_logger().info('hello')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "AIMIXER_PROCESS": "ingest"},
    )
    assert json.loads(done.stderr)["process"] == "ingest"


def test_a_traceback_on_the_console_shows_no_values() -> None:
    program = """
import structlog
from aimixer_site.ops import logs
logs.configure({"level": "INFO", "json": False})
def sign_in(password):
    raise RuntimeError("broke")
try:
    sign_in(password="-".join(["ten", "drums", "at", "dawn"]))
except RuntimeError:
    structlog.get_logger("aimixer.test").exception("request_broke")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "RuntimeError: broke" in done.stderr
    assert "ten-drums-at-dawn" not in done.stderr
