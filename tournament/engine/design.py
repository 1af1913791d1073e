"""Sums over votes that belong to the parameters of the board's model, without ever writing its wide matrix down."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

COVARIATES: Final = 3
"""Side, loudness and tie, which follow the contenders in that order."""

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class Design:
    """Votes between contenders a and b on songs, with a loudness gap, as rows of a design matrix.

    A value that belongs to eta counts for a, against b, for the side and, times the gap, for the loudness; one that
    belongs to the tie counts for the shared tie term and for the song's. ``columns`` picks the parameters that are
    fitted: all but the reference.
    """

    def __init__(self, a: Indices, b: Indices, song: Indices, gap_lu: Floats, *, contenders: int, songs: int) -> None:
        self.a, self.b, self.song, self.gap_lu = a, b, song, gap_lu
        self.contenders, self.songs = contenders, songs
        self._pair = a * contenders + b
        self._song_a, self._song_b = song * contenders + a, song * contenders + b

    def by_contender(self, values: Floats) -> Floats:
        """For A and against B, ``(contenders,)``."""
        for_a = np.bincount(self.a, values, self.contenders)
        return np.asarray(for_a - np.bincount(self.b, values, self.contenders), dtype=np.float64)

    def by_song(self, values: Floats) -> Floats:
        """Sums for each song, ``(songs,)``."""
        return np.asarray(np.bincount(self.song, values, self.songs), dtype=np.float64)

    def sums(self, of_eta: Floats, of_tie: Floats) -> Floats:
        """Sums for each shared parameter, ``(contenders + 3,)``."""
        return np.concatenate([self.by_contender(of_eta), [of_eta.sum(), of_eta @ self.gap_lu, of_tie.sum()]])

    def products(self, eta_eta: Floats, eta_tie: Floats, tie_tie: Floats) -> Floats:
        """Sums for each pair of shared parameters, ``(contenders + 3, contenders + 3)``."""
        gap, count = self.gap_lu, self.contenders
        met = np.bincount(self._pair, eta_eta, count**2).reshape(count, count)
        met = met + met.T
        whole = np.zeros((count + COVARIATES, count + COVARIATES))
        whole[:count, :count] = np.diag(met.sum(axis=1)) - met
        rows = [
            (self.by_contender(eta_eta), [eta_eta.sum(), eta_eta @ gap, eta_tie.sum()]),
            (self.by_contender(eta_eta * gap), [eta_eta @ gap, eta_eta @ (gap * gap), eta_tie @ gap]),
            (self.by_contender(eta_tie), [eta_tie.sum(), eta_tie @ gap, tie_tie.sum()]),
        ]
        for number, (strengths, covariates) in enumerate(rows):
            whole[count + number, :count] = whole[:count, count + number] = strengths
            whole[count + number, count:] = covariates
        return whole

    def products_with_songs(self, eta_tie: Floats, tie_tie: Floats) -> Floats:
        """Sums for each song's tie term and each shared parameter, ``(songs, contenders + 3)``."""
        cells = self.songs * self.contenders
        strengths = np.bincount(self._song_a, eta_tie, cells) - np.bincount(self._song_b, eta_tie, cells)
        covariates = [self.by_song(values) for values in (eta_tie, eta_tie * self.gap_lu, tie_tie)]
        return np.hstack([strengths.reshape(self.songs, self.contenders), np.stack(covariates, axis=1)])
