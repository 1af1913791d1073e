"""What pages need of the console comes without the compiler."""

import json
import subprocess
import sys
from pathlib import Path


def test_a_page_can_draw_a_curve_and_check_a_console_without_numba() -> None:
    program = (
        "import json, sys\n"
        "from mixing.engine.console import eq, gain, pan, parameters, schema\n"
        "print(json.dumps(sorted(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[4], capture_output=True, text=True, check=True
    )

    loaded = set(json.loads(done.stdout))
    assert "mixing.engine.console.eq" in loaded
    assert not loaded & {"numba", "llvmlite", "torch", "librosa", "soundfile", "django"}
