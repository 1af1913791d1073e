"""The session that the mix benchmarks measure: stems on disk, and a console with every effect on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from mixing.engine.console.parameters import (
    Compressor,
    ConsoleParameters,
    Eq,
    GroupBus,
    Groups,
    HighPass,
    HighShelf,
    Limiter,
    LowShelf,
    Master,
    Peak,
    Sends,
    Strip,
)
from mixing.engine.roles import GROUPS

SAMPLE_RATE = 44_100
SIX_BANDS = Eq(
    high_pass=HighPass(on=True, freq_hz=40.0),
    low_shelf=LowShelf(gain_db=2.0),
    peak_1=Peak(gain_db=-3.0, freq_hz=300.0),
    peak_2=Peak(gain_db=2.0, freq_hz=1_200.0),
    peak_3=Peak(gain_db=2.0, freq_hz=4_000.0),
    high_shelf=HighShelf(gain_db=2.0),
)
COMPRESSOR = Compressor(on=True, threshold_db=-24.0, ratio=3.0)


def write_stems(folder: Path, count: int, seconds: int, *, silent_share: float = 0.0) -> list[Path]:
    """24-bit stereo stems of pulsed tones and noise; ``silent_share`` of each is digital silence, in long rests."""
    rng = np.random.default_rng(1)
    pattern_s = 30
    paths = []
    for index in range(count):
        audio = _pulses(rng, index, min(seconds, pattern_s))
        if silent_share:
            start = int(len(audio) * (index % 5) / 5)
            audio = np.roll(audio, start, axis=0)
            audio[: int(len(audio) * silent_share)] = 0.0
            audio = np.roll(audio, start, axis=0)
        path = folder / f"stem {index:02}.wav"
        with sf.SoundFile(path, "w", SAMPLE_RATE, 2, "PCM_24") as file:
            for done in range(0, seconds, pattern_s):
                file.write(audio[: (seconds - done) * SAMPLE_RATE])
        paths.append(path)
    return paths


def _pulses(rng: np.random.Generator, index: int, seconds: int) -> NDArray[np.float64]:
    t = np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE
    swell = np.abs(np.sin(2 * np.pi * t * (0.4 + 0.1 * index))) ** 3
    tone = 0.2 * np.sin(2 * np.pi * 110.0 * (1 + index % 8) * t)
    sides = [tone + 0.05 * rng.normal(size=t.size) for _ in range(2)]
    return (swell * np.array(sides)).T


def full_console(names: Sequence[str]) -> ConsoleParameters:
    """Six bands and a compressor on every strip, group and the master, both sends, loudness and limiter."""
    strips = tuple(
        Strip(
            stem=name,
            group=GROUPS[index % len(GROUPS)],
            eq=SIX_BANDS,
            compressor=COMPRESSOR,
            fader_db=-6.0,
            pan=0.2 * (index % 8 - 4) / 4,
            width=1.1,
            sends=Sends(reverb_db=-15.0, delay_db=-18.0),
        )
        for index, name in enumerate(names)
    )
    group = GroupBus(eq=SIX_BANDS, compressor=COMPRESSOR)
    master = Master(eq=SIX_BANDS, compressor=COMPRESSOR, target_lufs=-14.0, limiter=Limiter(on=True))
    groups = Groups(drums=group, bass=group, vocals=group, music=group)
    return ConsoleParameters(strips=strips, groups=groups, master=master).at_rate(SAMPLE_RATE)
