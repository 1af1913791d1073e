"""Songs by the project's own generator, in the balance that they were written in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np
import soundfile as sf

from mixing.engine.generator.song import ARTIST, LICENCE, GeneratedSong, generate
from mixing.engine.session_folder import SONG_FILE
from mixing.engine.training.corpus import SongEntry, read_song

SAMPLE_RATE: Final = 44100
DURATION_S: Final = 40.0
_CEILING: Final = 0.99


def generated_corpus(count: int, seed0: int, folder: Path, *, duration_s: float = DURATION_S) -> list[SongEntry]:
    """Songs of the seeds ``seed0`` to ``seed0 + count - 1``, written into ``folder`` unless they are there already.

    Their stems' plain sum is the balance that the generator wrote the song in: known, and a rule's rather than a
    person's, so that they are told apart by ``kind`` and evaluated in a row of their own.

    Parameters
    ----------
    count, seed0 : int
    folder : Path
        Such as ``var/training/generated``; one folder for each song.
    duration_s : float
        See :func:`mixing.engine.generator.song.generate`, which also says what is refused.
    """
    return [_song(seed, folder / f"generated_{seed:05d}", duration_s) for seed in range(seed0, seed0 + count)]


def write_balanced(song: GeneratedSong, folder: Path) -> Path:
    """Write every stem at its place in the balance as 24-bit FLAC, then ``song.json``, which is returned.

    Should a stem alone be too loud for that, all are turned down by the same gain.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stems = {stem.name: stem.audio * np.float32(10.0 ** (stem.balance_db / 20.0)) for stem in song.stems}
    gain = np.float32(min(1.0, _CEILING / max(float(np.abs(samples).max()) for samples in stems.values())))
    for name, samples in stems.items():
        sf.write(folder / f"{name}.flac", (gain * samples).T, song.sample_rate, subtype="PCM_24", format="FLAC")
    card = {
        "id": folder.name,
        "title": song.title,
        "artist": ARTIST,
        "genre": song.genre,
        "tempo_bpm": song.tempo_bpm,
        "key": song.key,
        "licence": LICENCE,
        "licence_evidence": "written and performed by the project's own generator",
        "source": _source(song.seed, song.stems[0].audio.shape[1] / song.sample_rate),
        "kind": "generated",
        "human_mix": None,
        "human_balance": "sum",
        "weights_may_ship": True,
        "stems": [{"file": f"{stem.name}.flac", "role": stem.role} for stem in song.stems],
    }
    path = folder / SONG_FILE
    path.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _song(seed: int, folder: Path, duration_s: float) -> SongEntry:
    """The song on disk; song.json is written last, so that one that is there stands for a whole song."""
    if (folder / SONG_FILE).exists():
        entry = read_song(folder)
        if entry.source == _source(seed, duration_s):
            return entry
        (folder / SONG_FILE).unlink()
    write_balanced(generate(seed, sample_rate=SAMPLE_RATE, duration_s=duration_s), folder)
    return read_song(folder)


def _source(seed: int, duration_s: float) -> str:
    return f"mixing.engine.generator, seed {seed}, {duration_s:g} s"
