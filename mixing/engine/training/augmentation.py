"""More examples out of few songs: other stretches, keys and submixes of the sound, fewer stems, roles and certainty.

Everything is seeded: the same seed gives the same example. What changes the sound changes it before it is measured.
"""

from __future__ import annotations

import dataclasses
import hashlib
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.mixers.interface import SessionFeatures, StemFeatures
from mixing.engine.roles import group_of
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.examples import Example, Vary
from mixing.engine.training.recordings import Variation

FEATURE_NOISE: Final = 0.5
"""Of each feature's standard deviation over the training songs; it helped."""
FEWEST_STEMS: Final = 3


def varied(*, crop_s: float | None = 30.0, semitones: int = 2, merging: float = 0.3) -> Vary:
    """Another hearing of a song for every seed, for :func:`mixing.engine.training.examples.examples`.

    Parameters
    ----------
    crop_s : float | None
        Length of the stretch, anywhere in the song; None hears what is heard without variation.
    semitones : int
        Pitch and tempo go up or down by this much at most.
    merging : float
        How often, 0 to 1, two stems of one group are summed into a submix, as musicians bounce their tracks; songs of
        FEWEST_STEMS stems stay as they are.
    """

    def vary(entry: SongEntry, seed: int) -> Variation:
        rng = _rng(seed, "variation", entry.id)
        position, shift = float(rng.uniform()), int(rng.integers(-semitones, semitones + 1))
        parts = _merged(entry, rng) if rng.uniform() < merging else None
        return Variation(crop_s=crop_s, position=position if crop_s is not None else 0.0, semitones=shift, parts=parts)

    return vary


def without_stems(example: Example, seed: int, *, share: float = 0.2) -> Example:
    """The same song as if some stems had never been recorded; FEWEST_STEMS stay at least.

    Parameters
    ----------
    share : float
        How probably each stem goes, 0 to 1.
    """
    count = len(example.degraded.stems)
    drawn = _rng(seed, "stems", example.song.id, str(example.seed)).uniform(size=count)
    # Those with the highest draws stay in any case.
    safe = set(np.argsort(-drawn)[:FEWEST_STEMS].tolist())
    kept = [number for number in range(count) if drawn[number] >= share or number in safe]
    return dataclasses.replace(example, degraded=_only(example.degraded, kept), human=_only(example.human, kept))


def without_roles(example: Example, seed: int, *, share: float = 0.15) -> Example:
    """The same song with some stems labelled ``other``, as where names tell nothing: nets must not lean on roles.

    Parameters
    ----------
    share : float
        How probably each role is hidden, 0 to 1.
    """
    drawn = _rng(seed, "roles", example.song.id, str(example.seed)).uniform(size=len(example.degraded.stems))
    hidden = [bool(value < share) for value in drawn]
    return dataclasses.replace(
        example, degraded=_unlabelled(example.degraded, hidden), human=_unlabelled(example.human, hidden)
    )


def noisy(
    features: NDArray[np.floating], deviations: NDArray[np.floating], seed: int, *, amount: float = FEATURE_NOISE
) -> NDArray[np.float32]:
    """Features with normal noise, so that a small net cannot learn songs by heart.

    Parameters
    ----------
    features : NDArray[np.floating]
        Shape ``(..., features)``.
    deviations : NDArray[np.floating]
        Shape ``(features,)``: the standard deviation of each over the training songs; 0 leaves a feature alone.
    amount : float
        Of those deviations.
    """
    noise = _rng(seed, "noise").standard_normal(features.shape)
    return np.asarray(features + amount * deviations * noise, dtype=np.float32)


def _merged(entry: SongEntry, rng: np.random.Generator) -> tuple[tuple[int, ...], ...] | None:
    """Every stem a part but two of one group, which are one."""
    count = len(entry.stems)
    groups = [group_of(stem.role) for stem in entry.stems]
    pairs = [pair for pair in combinations(range(count), 2) if groups[pair[0]] == groups[pair[1]]]
    if count <= FEWEST_STEMS or not pairs:
        return None
    first, second = pairs[int(rng.integers(len(pairs)))]
    return tuple((number, second) if number == first else (number,) for number in range(count) if number != second)


def _only(session: SessionFeatures, kept: list[int]) -> SessionFeatures:
    return dataclasses.replace(session, stems=tuple(session.stems[number] for number in kept))


def _unlabelled(session: SessionFeatures, hidden: list[bool]) -> SessionFeatures:
    stems: list[StemFeatures] = [
        dataclasses.replace(stem, role="other") if hide else stem
        for stem, hide in zip(session.stems, hidden, strict=True)
    ]
    return dataclasses.replace(session, stems=tuple(stems))


def _rng(seed: int, *words: str) -> np.random.Generator:
    name = hashlib.sha256("\0".join((str(seed), *words)).encode()).digest()
    return np.random.default_rng(np.frombuffer(name, dtype=np.uint32))
