"""The same recording is recognised whatever its level, cut, balance and coding; another one is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from mixing.engine.training.fingerprints import SHARED_AT_LEAST, fingerprint, shared
from tests.mixing.engine.training.songs import RATE


def melody(seed: int, *, seconds: float = 12.0) -> NDArray[np.float32]:
    """Random notes, four a second, each with five harmonics that fade."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(0.25 * RATE)) / RATE
    notes = []
    for _ in range(round(4 * seconds)):
        pitch_hz = 220.0 * 2.0 ** (int(rng.integers(24)) / 12)
        parts = (rng.uniform(0.2, 1.0) * np.sin(2 * np.pi * pitch_hz * k * time_s) / k for k in range(1, 6))
        notes.append(0.2 * sum(parts) * np.exp(-6 * time_s))
    return np.concatenate(notes).astype(np.float32)


def test_a_quieter_noisier_shorter_copy_is_the_same_recording(tmp_path: Path) -> None:
    sound = melody(1)
    copy = 0.2 * sound[round(2.345 * RATE) :]
    copy = copy + 0.002 * np.random.default_rng(5).standard_normal(copy.size).astype(np.float32)
    sf.write(tmp_path / "copy.ogg", copy, RATE)
    coded, _ = sf.read(tmp_path / "copy.ogg", dtype="float32")
    assert shared(fingerprint(sound, RATE), fingerprint(coded, RATE)) > 5 * SHARED_AT_LEAST
    assert shared(fingerprint(sound, RATE), fingerprint(sound, RATE)) == 1.0


def test_other_notes_by_the_same_instrument_are_another_recording() -> None:
    prints = [fingerprint(melody(seed), RATE) for seed in range(4)]
    assert max(shared(prints[0], other) for other in prints[1:]) < SHARED_AT_LEAST


def test_silence_and_scraps_share_nothing() -> None:
    nothing = fingerprint(np.zeros(RATE, dtype=np.float32), RATE)
    scrap = fingerprint(melody(1)[:500], RATE)
    for one in (nothing, scrap):
        assert shared(one, fingerprint(melody(1), RATE)) == 0.0
        assert shared(one, one) == 0.0
