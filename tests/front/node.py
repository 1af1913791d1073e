"""Runs a module of assertions in node against the modules of the pages, where node is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

MODULES = Path(__file__).resolve().parents[2] / "static" / "js"


def run(script: str, folder: Path) -> str:
    """Run ``script`` beside copies of the pages' modules; a failed assertion fails the test with node's words."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    for module in MODULES.glob("*.js"):
        shutil.copy(module, folder / module.name)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "script.js").write_text('import assert from "node:assert/strict";\n' + script)
    done = subprocess.run([node, "script.js"], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
