"""What is heard of a song while mixers are judged: its degraded stems, and the person's balance as measured once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from mixing.engine.audio.analysis import analyse_array
from mixing.engine.console.parameters import ConsoleParameters
from mixing.engine.mixers.interface import SessionFeatures, StemFeatures
from mixing.engine.training.content import ContentHashes, write_whole
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.degrade import degrade, draw_degradation, in_the_mix
from mixing.engine.training.measures import (
    MixSound,
    Sound,
    StemSound,
    mix_errors,
    mix_sound,
    stem_errors,
    stem_sound,
)
from mixing.engine.training.recordings import duration_s, most_active_start_s, read_stem, session_rate
from mixing.engine.training.strips import processed

MEASURED_S: Final = 20.0
"""Errors are measured on the stretch of this length in which most stems sound; features come from the whole song."""


class HeardSong:
    """One song in memory: its stretch of sound and what the person made of it.

    Parameters
    ----------
    entry : SongEntry
        With a human balance, a human mix, or both.
    cache : Path
        A folder that remembers where the stretch begins, since seeking it reads every stem to its end.
    length_s : float
        Length of the stretch in seconds; a shorter song is heard whole.

    Raises
    ------
    AudioRejected
        See :func:`mixing.engine.training.recordings.read_part`.
    """

    def __init__(self, entry: SongEntry, *, cache: Path, length_s: float = MEASURED_S) -> None:
        self.entry = entry
        self.rate = session_rate(entry)
        self._length_s = min(length_s, duration_s(entry))
        self._start_s = _kept_start_s(entry, self._length_s, cache)
        self.sounds = [self._read(entry, number) for number in range(len(entry.stems))]
        self.human_stems: list[StemSound] | None = None
        if entry.human_balance is not None:
            self.human_stems = [stem_sound(in_the_mix(sound), self.rate) for sound in self.sounds]
        self.human_mix: MixSound | None = mix_sound(self._human_mix(), self.rate)

    def degraded(self, seed: int) -> list[Sound]:
        """The stems as a mixer gets them under a seed's degradation, stereo."""
        names = self.entry.stem_names()
        return [
            degrade(sound, self.rate, draw_degradation(seed, song=self.entry.id, stem=name))
            for name, sound in zip(names, self.sounds, strict=True)
        ]

    def errors(self, sounds: Sequence[Sound], parameters: ConsoleParameters) -> dict[str, float]:
        """What is left between the person's mix and what a console makes of ``sounds``; measures that apply only."""
        result = processed(sounds, parameters, self.rate)
        found: dict[str, float] = {}
        if self.human_stems is not None and any(sound.loudness_lufs is not None for sound in self.human_stems):
            found |= stem_errors(self.human_stems, [stem_sound(stem, self.rate) for stem in result.stems])
        mixed = mix_sound(result.mix, self.rate)
        if self.human_mix is not None and mixed is not None:
            found |= mix_errors(self.human_mix, mixed)
        return found

    def _read(self, entry: SongEntry, number: int) -> Sound:
        return read_stem(entry.stems[number].path, self.rate, start_s=self._start_s, length_s=self._length_s)

    def _human_mix(self) -> Sound:
        if self.entry.human_mix is not None:
            mix = read_stem(self.entry.human_mix, self.rate, start_s=self._start_s, length_s=self._length_s)
            return in_the_mix(mix)
        total = np.zeros((2, self.sounds[0].shape[1]), dtype=np.float32)
        for sound in self.sounds:
            total += in_the_mix(sound)
        return total


def raw_session(entry: SongEntry) -> SessionFeatures:
    """Features of stems that stand in no person's balance, as they are; one stem in memory at a time."""
    rate = session_rate(entry)
    return SessionFeatures(
        sample_rate=rate,
        stems=tuple(_raw_stem(name, entry, number, rate) for number, name in enumerate(entry.stem_names())),
    )


def _kept_start_s(entry: SongEntry, length_s: float, cache: Path) -> float:
    content = json.dumps([ContentHashes(cache).of(entry), length_s])
    path = cache / "stretches" / f"{hashlib.sha256(content.encode()).hexdigest()[:40]}.json"
    try:
        return float(json.loads(path.read_text(encoding="ascii")))
    except (OSError, ValueError, TypeError):
        start_s = most_active_start_s(entry, length_s)
        write_whole(path, json.dumps(start_s).encode())
        return start_s


def _raw_stem(name: str, entry: SongEntry, number: int, rate: int) -> StemFeatures:
    stem = entry.stems[number]
    audio, mel = analyse_array(read_stem(stem.path, rate), rate)
    return StemFeatures(name=name, role=stem.role, audio=audio, mel=mel)
