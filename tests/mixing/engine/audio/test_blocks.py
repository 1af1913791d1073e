"""However a sound is divided into blocks, the measurements and files are the same, to the last bit."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.engine.audio.analysis import Analyser
from mixing.engine.audio.encode import WavWriter
from mixing.engine.audio.loudness import LoudnessMeter
from mixing.engine.audio.peaks import PeakBuilder
from mixing.engine.audio.true_peak import TruePeakMeter
from tests.mixing.engine.audio.sounds import noise, silence, sine

RATE = 8000
SOUND = np.concatenate(
    (noise(1.3, rate=RATE), silence(0.7, rate=RATE), sine(440, 1.61, rate=RATE, channels=2, level_dbfs=-9)), axis=1
)
divisions = st.lists(st.integers(0, SOUND.shape[1]), max_size=12).map(sorted)


def blocks(sound: np.ndarray, cuts: list[int]) -> list[np.ndarray]:
    return np.split(sound, cuts, axis=1)


@pytest.mark.parametrize("channels", [1, 2])
@settings(max_examples=40, deadline=None)
@given(cuts=divisions)
def test_any_division_gives_the_same_measures(channels: int, cuts: list[int]) -> None:
    sound = SOUND[:channels]

    def everything(parts: list[np.ndarray]) -> tuple[object, ...]:
        loudness, peak = LoudnessMeter(RATE, channels), TruePeakMeter(channels)
        analyser, peaks = Analyser(RATE, channels), PeakBuilder(RATE, channels)
        for part in parts:
            for taker in (loudness, peak, analyser, peaks):
                taker.push(part)
        curves = tuple(loudness.short_term_lufs()), tuple(loudness.momentary_lufs())
        loudest = loudness.momentary_max_lufs(), loudness.short_term_max_lufs(), loudness.loudness_range_lu()
        return loudness.integrated_lufs(), *curves, *loudest, peak.dbtp(), analyser.finish(), peaks.to_bytes()

    assert everything(blocks(sound, cuts)) == everything([sound])


@settings(max_examples=20, deadline=None)
@given(cuts=divisions)
def test_any_division_gives_the_same_loudness_of_five_channels(cuts: list[int]) -> None:
    sound = np.concatenate((SOUND, SOUND[::-1], SOUND[:1]))

    def loudness(parts: list[np.ndarray]) -> tuple[object, ...]:
        meter = LoudnessMeter(RATE, 5)
        for part in parts:
            meter.push(part)
        return meter.integrated_lufs(), tuple(meter.momentary_lufs()), meter.momentary_max_lufs()

    assert loudness(blocks(sound, cuts)) == loudness([sound])


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@settings(max_examples=15, deadline=None)
@given(cuts=divisions)
def test_any_division_gives_the_same_file(subtype: str, cuts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        written = []
        for number, parts in enumerate((blocks(SOUND, cuts), [SOUND])):
            path = Path(folder) / f"{number}.wav"
            with WavWriter(path, sample_rate=RATE, channels=2, subtype=subtype) as wav:  # type: ignore[arg-type]
                for part in parts:
                    wav.write(part)
            written.append(path.read_bytes())
    assert written[0] == written[1]
