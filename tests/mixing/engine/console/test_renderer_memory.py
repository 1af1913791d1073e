"""Memory does not grow with the song: measured in a fresh process, as the system counts it.

The peak is that of VmHWM: ru_maxrss would begin with the memory of the process that ran the tests.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = r"""
import json, re, sys
from pathlib import Path
import numpy as np
from mixing.engine.audio.encode import WavWriter
from mixing.engine.console.parameters import ConsoleParameters, Eq, HighPass, Master, Strip
from mixing.engine.console.renderer import StemSource, render, warm

folder, second = Path(sys.argv[1]), np.random.default_rng(1).uniform(-0.1, 0.1, (1, 44_100)).astype(np.float32)

def peak_mib(minutes):
    path = folder / "stem.wav"
    with WavWriter(path, sample_rate=44_100, channels=1, subtype="PCM_16", dither=False) as wav:
        for _ in range(60 * minutes):
            wav.write(second)
    strip = Strip(stem="stem", eq=Eq(high_pass=HighPass(on=True)))
    console = ConsoleParameters(strips=(strip,), master=Master(target_lufs=-14.0))
    report = render([StemSource("stem", path)], console, sample_rate=44_100, output=folder / "mix.wav")
    assert report.duration_s == 60 * minutes and report.held_by == "target"
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024

warm()
print(json.dumps([peak_mib(3), peak_mib(20)]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from Linux's /proc")
def test_twenty_minutes_take_the_memory_of_three(tmp_path: Path) -> None:
    root = Path(__file__).parents[4]

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    short, long = json.loads(done.stdout)
    # The peaks that are handed out are 3 bytes for 256 frames: 0.8 MiB for 20 minutes, and a few times that in making.
    assert long - short <= 16.0, (short, long)
    assert long <= 300.0
