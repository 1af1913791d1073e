"""Examples as arrays: what a network sees, what it corrects, and what the person did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mixing.engine.mixers.features_matrix import FeatureMatrix, feature_matrix, heard
from mixing.engine.mixers.interface import SessionFeatures
from mixing.engine.mixers.networks.batch import Batch, batch_of, mel_of, padded
from mixing.engine.mixers.networks.decide import Base, base_of
from mixing.engine.mixers.networks.families import DecideBase
from mixing.engine.training.examples import Example


@dataclass(frozen=True, slots=True)
class Prepared:
    """One degraded song; rows are the stems that sound, in the order of their names.

    Parameters
    ----------
    song, artist : str
    seed : int
    matrix : FeatureMatrix
        Of the degraded stems, and of nothing else.
    base : Base
        What the base decided about the degraded stems.
    spectrum_db, human_db : NDArray[np.float32]
        Shape ``(stems, BANDS)``, degraded and the person's.
    human_lu, human_imbalance : NDArray[np.float32]
        Shape ``(stems,)``.
    mel : NDArray[np.float16] | None
        :func:`~mixing.engine.mixers.networks.batch.mel_of` the degraded stems.
    """

    song: str
    artist: str
    seed: int
    matrix: FeatureMatrix
    base: Base
    spectrum_db: NDArray[np.float32]
    human_db: NDArray[np.float32]
    human_lu: NDArray[np.float32]
    human_imbalance: NDArray[np.float32]
    mel: NDArray[np.float16] | None


@dataclass(frozen=True, slots=True)
class Lesson:
    """A batch of examples as tensors, ``(songs, stems, …)`` each."""

    seen: Batch
    base_lu: Tensor
    base_imbalance: Tensor
    gains_db: Tensor
    freqs_hz: Tensor
    q: Tensor
    high_pass_hz: Tensor
    spectrum_db: Tensor
    human_db: Tensor
    human_lu: Tensor
    human_imbalance: Tensor


def prepare(examples: Iterable[Example], base: DecideBase, *, with_mel: bool) -> list[Prepared]:
    """All examples with at least two stems that sound: a balance of one is none."""
    made = (_prepared(example, base, with_mel=with_mel) for example in examples)
    return [each for each in made if len(each.matrix.names) > 1]


def lesson_of(chosen: Sequence[Prepared], style: Tensor, *, windows: NDArray[np.int64] | None = None) -> Lesson:
    """Stack examples; ``windows`` says which of the spectrogram windows are shown, all of them unless told."""
    stems = max(len(each.matrix.names) for each in chosen)
    shown = slice(None) if windows is None else windows
    mels = [each.mel[:, shown].astype(np.float32) for each in chosen if each.mel is not None]

    def rows(arrays: Sequence[NDArray[np.float32]], fill: int = 0) -> Tensor:
        return padded(arrays, stems, fill=fill)

    return Lesson(
        seen=batch_of([each.matrix for each in chosen], style, mels),
        base_lu=rows([each.base.level_lu for each in chosen]),
        base_imbalance=rows([each.base.imbalance for each in chosen]),
        gains_db=rows([each.base.gains_db for each in chosen]),
        freqs_hz=rows([each.base.freqs_hz for each in chosen], fill=1_000),
        q=rows([each.base.q for each in chosen], fill=1),
        high_pass_hz=rows([each.base.high_pass_hz for each in chosen]),
        spectrum_db=rows([each.spectrum_db for each in chosen]),
        human_db=rows([each.human_db for each in chosen]),
        human_lu=rows([each.human_lu for each in chosen]),
        human_imbalance=rows([each.human_imbalance for each in chosen]),
    )


def natural(songs: int, axes: int) -> Tensor:
    """The style vector that asks for nothing, for each song."""
    return torch.zeros(songs, axes)


def _prepared(example: Example, base: DecideBase, *, with_mel: bool) -> Prepared:
    degraded = _both_heard(example.degraded, example.human)
    stems = heard(degraded)
    human = {stem.name: stem.audio for stem in example.human.stems}
    return Prepared(
        song=example.song.id,
        artist=example.song.artist or example.song.id,
        seed=example.seed,
        matrix=feature_matrix(degraded),
        base=base_of(degraded, base(degraded)),
        spectrum_db=np.array([stem.audio.spectrum_db for stem in stems], dtype=np.float32),
        human_db=np.array([human[stem.name].spectrum_db for stem in stems], dtype=np.float32),
        human_lu=np.array([human[stem.name].loudness_lufs for stem in stems], dtype=np.float32),
        human_imbalance=np.array([human[stem.name].imbalance for stem in stems], dtype=np.float32),
        mel=mel_of(degraded).astype(np.float16) if with_mel else None,
    )


def _both_heard(degraded: SessionFeatures, human: SessionFeatures) -> SessionFeatures:
    """Only stems that sound on both sides: a noise floor that a gain lifted over the gate has no balance to find."""
    sounding = {stem.name for stem in heard(human)}
    kept = tuple(stem for stem in heard(degraded) if stem.name in sounding)
    return SessionFeatures(
        sample_rate=degraded.sample_rate,
        stems=kept or degraded.stems[:1],
        tempo_bpm=degraded.tempo_bpm,
        key=degraded.key,
    )
