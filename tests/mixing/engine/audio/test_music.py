"""Tempo and key of sound whose tempo and key are known."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

from mixing.engine.audio import music
from mixing.engine.audio.music import RATE, Music, key, listen, name_key, tempo_bpm
from mixing.engine.generator.song import generate
from mixing.engine.roles import group_of
from tests.mixing.engine.audio.sounds import noise, silence, write

PITCHES = {"C": 60, "D": 62, "E": 64, "F": 65, "G": 67, "A": 69, "B": 71, "Eb": 63, "Ab": 68, "Bb": 70, "G#": 68}
CADENCES = {
    "C major": ["C E G", "F A C", "G B D", "C E G"],
    "A minor": ["A C E", "D F A", "E G# B", "A C E"],
    "C minor": ["C Eb G", "F Ab C", "G B D", "C Eb G"],
    "G major": ["G B D", "C E G", "D A F#", "G B D"],
}


def clicks(bpm: float, seconds: float = 20.0, rate: int = RATE) -> NDArray[np.float32]:
    """Bursts of noise that die away within 50 ms, one a beat, the first of four louder."""
    sound = np.zeros(round(seconds * rate), dtype=np.float32)
    burst = noise(0.05, rate=rate, channels=1)[0] * np.exp(-np.arange(round(0.05 * rate)) / (0.01 * rate))
    for beat in range(int(seconds * bpm / 60.0)):
        at = round(beat * 60.0 / bpm * rate)
        sound[at : at + burst.size] += (burst * (1.0 if beat % 4 == 0 else 0.6))[: sound.size - at]
    return sound


def chords(names: list[str], seconds_each: float = 1.5, rate: int = RATE) -> NDArray[np.float32]:
    time_s = np.arange(round(seconds_each * rate)) / rate
    pitches = PITCHES | {"F#": 66}
    return np.concatenate(
        [
            sum(
                np.sin(2 * np.pi * 440.0 * 2 ** ((pitches[note] - 69) / 12) * harmonic * time_s) / harmonic**2
                for note in chord.split()
                for harmonic in (1, 2, 3)
            )
            * 0.1
            * np.exp(-time_s)
            for chord in names
        ]
    ).astype(np.float32)


@pytest.mark.parametrize("bpm", [61.0, 90.0, 120.0, 133.3])
def test_the_tempo_of_a_click_track_is_told_to_half_a_percent(bpm: float) -> None:
    assert tempo_bpm(clicks(bpm)) == pytest.approx(bpm, rel=0.005)


@pytest.mark.parametrize("name", CADENCES)
def test_a_cadence_has_its_key(name: str) -> None:
    assert key(chords(CADENCES[name] * 2)) == name


def test_what_has_no_pulse_has_no_tempo_and_what_has_no_notes_has_no_key() -> None:
    for sound in (silence(10, rate=RATE, channels=1)[0], noise(10, rate=RATE, channels=1)[0]):
        assert (tempo_bpm(sound), key(sound)) == (None, None)
    assert tempo_bpm(clicks(120.0, seconds=1.0)) is None


def test_twelve_notes_alike_and_six_whole_tones_tell_no_key() -> None:
    assert name_key(np.ones(12)) is None
    assert name_key((np.arange(12) % 2).astype(np.float64)) is None
    assert name_key(np.roll(np.array(music._MINOR), 3)) == "Eb minor"


@pytest.mark.parametrize("seed", [100, 104, 110])
def test_a_song_is_heard_as_it_was_written(tmp_path: Path, seed: int) -> None:
    song = generate(seed, sample_rate=22_050, duration_s=24.0)
    stems = [(write(tmp_path / f"{stem.name}.wav", stem.audio, rate=22_050), stem.role) for stem in song.stems]
    heard = listen(stems)
    assert heard.tempo_bpm == pytest.approx(song.tempo_bpm, rel=0.01)
    assert heard == listen(stems)


def test_drums_give_the_tempo_and_no_key_and_notes_the_key(tmp_path: Path) -> None:
    beat = write(tmp_path / "beat.wav", clicks(100.0, rate=44_100)[None])
    notes = write(tmp_path / "notes.wav", np.tile(chords(CADENCES["A minor"] * 3, rate=44_100), (2, 1)))
    assert group_of("snare") == "drums"
    alone, both = listen([(beat, "snare")]), listen([(beat, "snare"), (notes, "piano")])
    assert (alone.key, both.key) == (None, "A minor")
    assert alone.tempo_bpm == pytest.approx(100.0, rel=0.005)
    assert both.tempo_bpm == pytest.approx(100.0, rel=0.01)
    # The very notes, called a hit: a drum's tuning is not the key.
    assert listen([(beat, "snare"), (notes, "toms")]).key is None


def test_only_a_minute_in_the_middle_is_heard_and_memory_does_not_grow(tmp_path: Path) -> None:
    middle = clicks(110.0, seconds=60.0, rate=8000)
    around = clicks(77.0, seconds=60.0, rate=8000)
    path = write(tmp_path / "song.wav", np.concatenate((around, middle, around))[None], rate=8000)
    assert listen([(path, "drums")]).tempo_bpm == pytest.approx(110.0, rel=0.005)
    peaks = []
    for minutes in (2, 20):
        sf.write(path, np.zeros((minutes * 60 * 8000, 2), dtype=np.int16), 8000)
        tracemalloc.start()
        listen([(path, "drums"), (path, "bass")])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


def test_no_stems_and_stems_that_end_early_are_heard_as_nothing(tmp_path: Path) -> None:
    assert listen([]) == Music(None, None)
    long = write(tmp_path / "long.wav", silence(100, rate=8000), rate=8000)
    short = write(tmp_path / "short.wav", noise(1, rate=8000), rate=8000)
    assert listen([(short, "bass"), (long, "pad")]) == Music(None, None)


def test_importing_the_module_does_not_load_librosa() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, mixing.engine.audio.music; print('librosa' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "False"
