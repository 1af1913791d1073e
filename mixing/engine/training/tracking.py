"""What a training run shows on TensorBoard: curves, and how a left-out song sounds before and after."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from mixing.engine.mixers.interface import Intent, Mixer, SessionFeatures, StemFeatures
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.heard import HeardSong
from mixing.engine.training.measures import Sound
from mixing.engine.training.strips import processed

SOUND_S: Final = 8.0
_PEAK: Final = 0.7


class Tracker:
    """Writes a folder that ``tensorboard --logdir`` reads; a run without one leaves it out."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def curve(self, name: str, values: Mapping[int, Mapping[str, float]]) -> None:
        """One line for each key, by step."""
        for step in sorted(values):
            for key, value in values[step].items():
                self._writer.add_scalar(f"{name}/{key}", value, step)

    def loss(self, step: int, value: float) -> None:
        """A point of the training loss."""
        self._writer.add_scalar("training/loss", value, step)

    def waveform_loss(self, step: int, value: float) -> None:
        """A point of the loss on sound."""
        self._writer.add_scalar("waveform/loss", value, step)

    def mixes(self, name: str, mixes: Mapping[str, tuple[Sound, int]], *, step: int) -> None:
        """How songs sound at a step: by song a mix ``(2, samples)`` and its rate, summed to mono at one level."""
        for song, (mix, rate) in mixes.items():
            self._writer.add_audio(f"{name}/{song}", _at_peak(mix.mean(axis=0))[None], step, rate)

    def sounds(self, entry: SongEntry, mixer: Mixer, *, cache: Path, seed: int = 0) -> None:
        """A stretch of a song as the person left it, degraded, and as the mixer sets it."""
        for name, (mix, rate) in before_and_after(entry, mixer, cache=cache, seed=seed).items():
            self._writer.add_audio(f"{entry.id}/{name}", mix[None], 0, rate)


def before_and_after(entry: SongEntry, mixer: Mixer, *, cache: Path, seed: int = 0) -> dict[str, tuple[Sound, int]]:
    """Mono sums at one level and their rate: ``human``, ``degraded`` and ``mixed`` by the project's own console."""
    from mixing.engine.audio.analysis import analyse_array

    song = HeardSong(entry, cache=cache, length_s=SOUND_S)
    degraded = song.degraded(seed)
    stems = []
    for stem, name, sound in zip(entry.stems, entry.stem_names(), degraded, strict=True):
        audio, mel = analyse_array(sound, song.rate)
        stems.append(StemFeatures(name=name, role=stem.role, audio=audio, mel=mel))
    console = mixer.predict(SessionFeatures(sample_rate=song.rate, stems=tuple(stems)), Intent())
    mixes = {
        "human": sum(np.atleast_2d(sound).mean(axis=0) for sound in song.sounds),
        "degraded": sum(sound.mean(axis=0) for sound in degraded),
        "mixed": processed(degraded, console, song.rate).mix.mean(axis=0),
    }
    return {name: (_at_peak(np.asarray(mix, dtype=np.float32)), song.rate) for name, mix in mixes.items()}


def _at_peak(mix: Sound) -> Sound:
    return np.asarray(mix * (_PEAK / max(float(np.abs(mix).max(initial=0.0)), 1e-9)), dtype=np.float32)
