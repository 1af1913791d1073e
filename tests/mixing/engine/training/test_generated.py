"""Generated songs in the balance that they were written in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mixing.engine.generator.song import generate
from mixing.engine.training.corpus import read_corpus
from mixing.engine.training.generated import generated_corpus


def test_stems_lie_on_disk_in_the_balance_that_the_song_was_written_in(tmp_path: Path) -> None:
    (entry,) = generated_corpus(1, 5, tmp_path, duration_s=2.0)
    song = generate(5, duration_s=2.0)
    loudness = {}
    for (path, role), stem in zip(entry.stems, song.stems, strict=True):
        assert role == stem.role
        heard, rate = sf.read(path, always_2d=True)
        assert rate == 44100
        expected = stem.audio.T * 10 ** (stem.balance_db / 20)
        if stem.audio.any():
            loudness[stem.name] = 20 * np.log10(np.abs(heard).max() / np.abs(expected).max())
    # One common gain at most: the balance is kept, to what 24 bits hold.
    assert np.ptp(list(loudness.values())) < 0.01


def test_a_generated_song_says_what_it_is(tmp_path: Path) -> None:
    (entry,) = generated_corpus(1, 3, tmp_path, duration_s=1.0)
    assert (entry.kind, entry.artist, entry.licence) == ("generated", "AI Mixer", "CC0-1.0")
    assert (entry.human_balance, entry.weights_may_ship) == ("sum", True)
    assert read_corpus(tmp_path) == [entry]


def test_songs_that_are_there_are_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = generated_corpus(2, 0, tmp_path, duration_s=1.0)

    def made_again(*_: object, **__: object) -> None:
        raise AssertionError("made again")

    with monkeypatch.context() as patched:
        patched.setattr("mixing.engine.training.generated.generate", made_again)
        assert generated_corpus(2, 0, tmp_path, duration_s=1.0) == first
    longer = generated_corpus(1, 0, tmp_path, duration_s=1.5)[0]
    assert sf.info(longer.stems[0].path).duration == pytest.approx(1.5, abs=1e-3)
