"""A web process holds no numeric engine: it stays small, and starts in a second."""

import os
import subprocess
import sys

HEAVY = ("torch", "librosa", "numba", "scipy", "sklearn", "soxr", "llvmlite")
PROGRAM = f"""
import sys
import aimixer_site.asgi
from django.test import Client
from django.urls import get_resolver

def visit(patterns):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            visit(pattern.url_patterns)

visit(get_resolver().url_patterns)
from drf_spectacular.generators import SchemaGenerator
assert SchemaGenerator().get_schema(request=None, public=True)["paths"]
Client().get("/accounts/login/", headers={{"host": "localhost"}})
print(" ".join(name for name in {HEAVY!r} if name in sys.modules))
"""


def test_no_page_and_no_api_brings_an_engine_into_the_web_process() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
