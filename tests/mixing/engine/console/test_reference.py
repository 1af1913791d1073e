"""The routing of the readable console: what goes where, and in which order."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mixing.engine.console import compressor, delay, eq, limiter, reverb
from mixing.engine.console.parameters import (
    Compressor,
    ConsoleParameters,
    Delay,
    Eq,
    GroupBus,
    Groups,
    HighShelf,
    Limiter,
    Master,
    Reverb,
    Sends,
    Strip,
)
from mixing.engine.console.reference import master_input, master_output, strip_output

RATE = 44_100
FRAMES = 1_500
AUDIO = np.random.default_rng(2).uniform(-0.5, 0.5, (2, FRAMES))
SQUEEZE = Compressor(on=True, threshold_db=-30.0, ratio=4.0, attack_ms=1.0, release_ms=20.0)
BRIGHT = Eq(high_shelf=HighShelf(gain_db=9.0))
TENTH = -20.0


def mixed(strip: Strip, **console: object) -> np.ndarray:
    return master_input({strip.stem: AUDIO}, [strip], ConsoleParameters(strips=(strip,), **console), RATE)


def test_a_strip_is_trimmed_before_its_eq_before_its_compressor_before_its_fader() -> None:
    strip = Strip(stem="x", trim_db=20.0, eq=BRIGHT, compressor=SQUEEZE, fader_db=TENTH)

    out = strip_output(AUDIO, strip, RATE)

    loud = eq.process_reference(10.0 * AUDIO, BRIGHT, RATE)
    assert out == pytest.approx(0.1 * compressor.process_reference(loud, SQUEEZE, RATE), rel=1e-12)


def test_a_group_is_equalised_and_compressed_before_its_gain() -> None:
    groups = Groups(music=GroupBus(gain_db=TENTH, eq=BRIGHT, compressor=SQUEEZE))

    out = mixed(Strip(stem="x"), groups=groups)

    bright = eq.process_reference(AUDIO, BRIGHT, RATE)
    assert out == pytest.approx(0.1 * compressor.process_reference(bright, SQUEEZE, RATE), rel=1e-12)


@pytest.mark.parametrize("which", ["reverb", "delay"])
def test_a_send_is_taken_after_fader_and_pan_and_before_the_groups_gain(which: str) -> None:
    strip = Strip(stem="x", fader_db=TENTH, pan=1.0, sends=Sends(**{f"{which}_db": TENTH}))
    buses = {"reverb": Reverb(predelay_ms=0.0, return_db=-6.0), "delay": Delay(time_ms=10.0, return_db=-6.0)}

    out = mixed(strip, groups=Groups(music=GroupBus(gain_db=TENTH)), **buses)

    right = 0.1 * AUDIO * np.array([[0.0], [1.0]])
    effect = {"reverb": reverb, "delay": delay}[which].process_reference(0.1 * right, buses[which], RATE)
    assert effect.any()
    assert out == pytest.approx(0.1 * right + 10 ** (-6 / 20) * effect, abs=1e-12)


def test_the_master_is_eq_compressor_gain_and_limiter() -> None:
    master = Master(eq=BRIGHT, compressor=SQUEEZE, limiter=Limiter(on=True), ceiling_dbtp=-3.0)

    out = master_output(AUDIO, master, RATE, gain_db=20.0)

    squeezed = compressor.process_reference(eq.process_reference(AUDIO, BRIGHT, RATE), SQUEEZE, RATE)
    assert np.array_equal(out, limiter.process_reference(10.0 * squeezed, master.limiter, -3.0, RATE))


def test_the_readable_console_comes_without_the_compiler() -> None:
    program = "import sys; from mixing.engine.console import differences, reference; print(*sorted(sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[4], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.split())
    assert "mixing.engine.console.limiter" in loaded
    assert not loaded & {"numba", "llvmlite", "torch", "scipy", "soundfile"}
