"""Degraded songs and what they were before, as features measured on true audio and kept on disk."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from mixing.engine.audio.analysis import analyse_array
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import (
    ANALYSIS_VERSION,
    AudioFeatures,
    MelWindows,
    SessionFeatures,
    StemFeatures,
)
from mixing.engine.roles import GROUPS, Role, group_of
from mixing.engine.training.content import ContentHashes, write_whole
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.degrade import DEGRADE_VERSION, degrade, draw_degradation, in_the_mix
from mixing.engine.training.recordings import AS_IT_IS, Variation, read_part, session_rate, start_of

Measured = tuple[AudioFeatures, MelWindows]
Vary = Callable[[SongEntry, int], Variation]

HUMAN: Final = "human"
_LAYOUT_VERSION: Final = 1
_MEL_DTYPE: Final = np.float16


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A song whose stems were degraded, and the same stems as the person left them.

    Parameters
    ----------
    song : SongEntry
    seed : int
        Of the degradations; see :func:`mixing.engine.training.degrade.draw_degradation`.
    degraded : SessionFeatures
        Measured on the degraded sound, never computed from features taken before.
    human : SessionFeatures
        Of the same stretch of the same stems, in the same order, as they stand in the human balance: mono stems on
        both sides.
    variation : Variation
        What was heard of the song.
    """

    song: SongEntry
    seed: int
    degraded: SessionFeatures
    human: SessionFeatures
    variation: Variation = AS_IT_IS


def examples(
    entries: Sequence[SongEntry],
    seeds: Sequence[int],
    *,
    cache: Path,
    vary: Vary | None = None,
    mel: bool = True,
    progress: Callable[[SongEntry], None] | None = None,
) -> Iterator[Example]:
    """Every song with every seed, song by song.

    What is not yet in the cache is measured, a song at a time: each stem's file is read once for all seeds, and in
    memory are never more than one stem's sound and one song's features. The cache is keyed by the content of the
    files, the seed, the variation and the versions of analysis and degradation, so that nothing stale is ever used.

    Parameters
    ----------
    entries : Sequence[SongEntry]
        Songs with a human balance; others make no examples and are refused.
    seeds : Sequence[int]
    cache : Path
        A folder, made where it is missing.
    vary : Vary | None
        What is heard of a song for a seed, such as :func:`mixing.engine.training.augmentation.varied`; None is the
        song as it is for every seed.
    mel : bool
        Whether the spectrogram windows come along; without them a thousand songs fit into little memory.
    progress : Callable | None
        Told each song before its first example.

    Raises
    ------
    MixFailed
        ``no_human_balance``.
    AudioRejected
        See :func:`mixing.engine.training.recordings.read_part`.
    """
    hashes = ContentHashes(cache)
    for entry in entries:
        if entry.human_balance is None:
            raise MixFailed(
                "no_human_balance",
                f"{entry.id} holds raw tracks without a balance by a person: there is nothing to restore.",
                field=entry.id,
            )
        if progress is not None:
            progress(entry)
        kept = _Kept(entry, hashes.of(entry), cache)
        variations = {seed: vary(entry, seed) if vary is not None else AS_IT_IS for seed in seeds}
        for variation in dict.fromkeys(variations.values()):
            kept.measure([seed for seed in seeds if variations[seed] == variation], variation)
        for seed in seeds:
            yield Example(
                song=entry,
                seed=seed,
                degraded=kept.load(seed, variations[seed], mel=mel),
                human=kept.load(HUMAN, variations[seed], mel=mel),
                variation=variations[seed],
            )


def parts_of(entry: SongEntry, variation: Variation = AS_IT_IS) -> list[tuple[str, Role, tuple[int, ...]]]:
    """The stems of the varied song: name, role, and the numbers of the files that are summed in each."""
    names = entry.stem_names()
    groups = variation.parts or tuple((number,) for number in range(len(names)))
    return [
        ("+".join(names[number] for number in numbers), _role_of([entry.stems[n].role for n in numbers]), numbers)
        for numbers in groups
    ]


def degraded_part(
    entry: SongEntry, name: str, samples: NDArray[np.float32], rate: int, seed: int
) -> NDArray[np.float32]:
    """The sound of a part under a seed's degradation, stereo: what the features of an example were measured on."""
    return degrade(samples, rate, draw_degradation(seed, song=entry.id, stem=name))


def _role_of(roles: list[Role]) -> Role:
    """The role of a submix: the common one, else what the group as a whole is."""
    if len(set(roles)) == 1:
        return roles[0]
    groups = sorted({group_of(role) for role in roles}, key=GROUPS.index)
    if groups == ["drums"]:
        return "drums"
    return "lead_vocal" if groups == ["vocals"] else "other"


class _Kept:
    """One song's files in the cache."""

    def __init__(self, entry: SongEntry, hashes: tuple[str, ...], cache: Path) -> None:
        self._entry = entry
        self._content = [
            entry.id,
            *(f"{name} {digest}" for name, digest in zip(entry.stem_names(), hashes, strict=True)),
        ]
        self._folder = cache / "features"

    def measure(self, seeds: Sequence[int], variation: Variation) -> None:
        """Measure what is missing, reading each stem once."""
        every: list[int | str] = [HUMAN, *seeds]
        wanted = [seed for seed in every if not self._path(seed, variation).exists()]
        if not wanted:
            return
        rate, start_s = session_rate(self._entry), start_of(self._entry, variation)
        measured: dict[int | str, list[Measured]] = {seed: [] for seed in wanted}
        for name, _, numbers in parts_of(self._entry, variation):
            samples = read_part(self._entry, numbers, variation, start_s)
            for seed in wanted:
                heard = (
                    in_the_mix(samples)
                    if isinstance(seed, str)
                    else degraded_part(self._entry, name, samples, rate, seed)
                )
                measured[seed].append(analyse_array(heard, rate))
        for seed, stems in measured.items():
            write_whole(self._path(seed, variation), _packed(rate, stems))

    def load(self, seed: int | str, variation: Variation, *, mel: bool) -> SessionFeatures:
        """What was measured; a broken file is measured again."""
        path = self._path(seed, variation)
        try:
            rate, stems = _unpacked(path, mel=mel)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, MixFailed):
            path.unlink(missing_ok=True)
            self.measure([] if isinstance(seed, str) else [seed], variation)
            rate, stems = _unpacked(path, mel=mel)
        return SessionFeatures(
            sample_rate=rate,
            stems=tuple(
                StemFeatures(name=name, role=role, audio=audio, mel=windows)
                for (name, role, _), (audio, windows) in zip(parts_of(self._entry, variation), stems, strict=True)
            ),
        )

    def _path(self, seed: int | str, variation: Variation) -> Path:
        what = [self._content, seed, dataclasses.astuple(variation), ANALYSIS_VERSION, DEGRADE_VERSION, _LAYOUT_VERSION]
        key = hashlib.sha256(json.dumps(what).encode()).hexdigest()[:40]
        return self._folder / key[:2] / f"{key}.npz"


def _packed(rate: int, stems: list[Measured]) -> bytes:
    """The features as JSON and all windows in two arrays, in one uncompressed archive."""
    card = {
        "sample_rate": rate,
        "stems": [audio.to_dict() for audio, _ in stems],
        "windows": [len(w) for _, w in stems],
    }
    with tempfile.TemporaryFile() as file:
        np.savez(
            file,
            card=np.frombuffer(json.dumps(card).encode(), dtype=np.uint8),
            mid_db=np.concatenate([windows.mid_db for _, windows in stems]).astype(_MEL_DTYPE),
            side_db=np.concatenate([windows.side_db for _, windows in stems]).astype(_MEL_DTYPE),
        )
        file.seek(0)
        return file.read()


def _unpacked(path: Path, *, mel: bool) -> tuple[int, list[tuple[AudioFeatures, MelWindows | None]]]:
    with np.load(path, allow_pickle=False) as kept:
        card = json.loads(kept["card"].tobytes())
        mid_db, side_db = (kept["mid_db"], kept["side_db"]) if mel else (None, None)
    stems: list[tuple[AudioFeatures, MelWindows | None]] = []
    first = 0
    for audio, count in zip(card["stems"], card["windows"], strict=True):
        windows = None
        if mid_db is not None and side_db is not None:
            last = first + count
            windows = MelWindows(mid_db[first:last].astype(np.float32), side_db[first:last].astype(np.float32))
            first = last
        stems.append((AudioFeatures.from_dict(audio), windows))
    return int(card["sample_rate"]), stems
