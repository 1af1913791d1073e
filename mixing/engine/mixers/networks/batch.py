"""Sessions as tensors: padded to the same number of stems, with a mask of those that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mixing.engine.mixers.features_matrix import FeatureMatrix, feature_matrix, heard
from mixing.engine.mixers.interface import BANDS, MOST_WINDOWS, WINDOW_FRAMES, MelWindows, SessionFeatures
from mixing.engine.roles import GROUPS, ROLES

STYLE_AXES: Final = ("contrast", "brightness", "forward", "spread")
"""What the style vector's numbers ask for, 1 being clearly audible: levels further apart, brighter, voices nearer,
pans further out. Networks are trained to follow them; the zero vector is the mixer's own taste."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What networks see.

    Parameters
    ----------
    values : Tensor
        Shape ``(sessions, stems, COLUMNS)``.
    roles : Tensor
        Places in ``ROLES``, -1 for one that is not told; ``(sessions, stems)``.
    groups : Tensor
        Places in ``GROUPS``, likewise.
    heard : Tensor
        1 for a stem, 0 for padding.
    style : Tensor
        ``(sessions, len(STYLE_AXES))``.
    mel : Tensor | None
        ``(sessions, stems, windows, 2, BANDS, frames)``: mid and side in dB over 20, 0 at the loudest mid cell.
    """

    values: Tensor
    roles: Tensor
    groups: Tensor
    heard: Tensor
    style: Tensor
    mel: Tensor | None = None

    def labels(self) -> Tensor:
        """Role and group as ones among zeros; an untold role is all zeros: ``(sessions, stems, LABELS)``."""
        roles = torch.nn.functional.one_hot(self.roles + 1, len(ROLES) + 1)[..., 1:]
        groups = torch.nn.functional.one_hot(self.groups, len(GROUPS)) * (self.roles >= 0).unsqueeze(-1)
        return torch.cat([roles, groups], dim=-1).to(self.values.dtype)


LABELS: Final = len(ROLES) + len(GROUPS)


def batch_of(matrices: Sequence[FeatureMatrix], style: Tensor, mels: Sequence[NDArray[np.float32]] = ()) -> Batch:
    """Stack the sessions' matrices; ``mels`` holds :func:`mel_of` of each, or nothing."""
    stems = max(1, *(len(matrix.names) for matrix in matrices))
    return Batch(
        values=padded([matrix.values for matrix in matrices], stems),
        roles=padded([matrix.roles for matrix in matrices], stems, fill=-1),
        groups=padded([matrix.groups for matrix in matrices], stems),
        heard=padded([np.ones(len(matrix.names), dtype=np.float32) for matrix in matrices], stems),
        style=style,
        mel=padded(mels, stems) if mels else None,
    )


def batch_of_session(session: SessionFeatures, style: Tensor, *, with_mel: bool) -> tuple[Batch, tuple[str, ...]]:
    """One session, and the names of its rows."""
    matrix = feature_matrix(session)
    mels = [mel_of(session)] if with_mel else []
    return batch_of([matrix], style.reshape(1, -1), mels), matrix.names


def mel_of(session: SessionFeatures) -> NDArray[np.float32]:
    """The stems' spectrograms, ``(stems, MOST_WINDOWS, 2, BANDS, WINDOW_FRAMES)``, windows repeated to fill six.

    A stem of which only numbers are known shows its spectrum, standing still.
    """
    stems = heard(session)
    shape = (MOST_WINDOWS, 2, BANDS, WINDOW_FRAMES)
    shown = [
        _windows(stem.mel) if stem.mel is not None and len(stem.mel) else _still(stem.audio.spectrum_db)
        for stem in stems
    ]
    return np.stack(shown).astype(np.float32) if shown else np.zeros((0, *shape), dtype=np.float32)


def padded(arrays: Sequence[NDArray[np.float32] | NDArray[np.int64]], length: int, *, fill: int = 0) -> Tensor:
    """``(arrays, length, …)``: each filled up to ``length`` rows."""
    out = np.full((len(arrays), length, *arrays[0].shape[1:]), fill, dtype=arrays[0].dtype)
    for row, array in zip(out, arrays, strict=True):
        row[: len(array)] = array
    return torch.from_numpy(out)


def _windows(mel: MelWindows) -> NDArray[np.float32]:
    both = np.stack([mel.mid_db, mel.side_db], axis=1).transpose(0, 1, 3, 2) / 20.0
    return both[np.arange(MOST_WINDOWS) % len(mel)]


def _still(spectrum_db: Sequence[float]) -> NDArray[np.float32]:
    spectrum = np.asarray(spectrum_db, dtype=np.float32)
    mid = np.clip(spectrum - spectrum.max(), -80.0, 0.0) / 20.0
    shown = np.full((MOST_WINDOWS, 2, BANDS, WINDOW_FRAMES), -4.0, dtype=np.float32)
    shown[:, 0] = mid[:, None]
    return shown
