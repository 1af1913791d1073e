"""Which songs are learnt from and which are kept apart, and whether anything leaks from one to the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final, Literal

import numpy as np

from mixing.engine.training.content import ContentHashes
from mixing.engine.training.corpus import SongEntry
from mixing.engine.training.fingerprints import SHARED_AT_LEAST, fingerprint_of, shared

LeakKind = Literal["song", "artist", "file", "audio"]
_JOINED: Final = re.compile(r"(?i)\s+(?:with|and|feat\.?|featuring|ft\.?|vs\.?|x|und|et|y)\s+|\s*[/,;&+()\[\]]\s*")
_NOBODY: Final = frozenset({"", "unknown", "various", "variousartists", "anonymous", "na", "none"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One way of dividing songs: what is learnt from, and what is tested on."""

    train: tuple[SongEntry, ...]
    test: tuple[SongEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Two songs, one on each side, that are not independent.

    Parameters
    ----------
    train, test : str
        Their ids.
    kind : LeakKind
        ``song``: the same title by a common artist, or the same id; ``artist``: a common artist; ``file``: a stem with
        the same bytes; ``audio``: the same recording, whatever its level, cut or coding.
    reason : str
        A sentence.
    """

    train: str
    test: str
    kind: LeakKind
    reason: str


def by_song(entries: Sequence[SongEntry], folds: int | None = None, *, seed: int = 0) -> list[Fold]:
    """Every song is tested on once; without ``folds`` each by itself (leave one song out).

    Raises
    ------
    ValueError
        If there are fewer than two songs, or not 2 to as many folds as songs.
    """
    return _folds(entries, [[entry] for entry in entries], folds, seed)


def by_artist(entries: Sequence[SongEntry], folds: int | None = None, *, seed: int = 0) -> list[Fold]:
    """Every artist is tested on once, with all of their songs; without ``folds`` each by itself.

    This is the honest split, because songs of one producer share a template. Artists who ever worked together count as
    one; a song by nobody known counts as a song by an artist of its own.

    Raises
    ------
    ValueError
        If there are fewer than two artists, or not 2 to as many folds as artists.
    """
    return _folds(entries, artist_groups(entries), folds, seed)


def artist_groups(entries: Sequence[SongEntry]) -> list[list[SongEntry]]:
    """The songs, in groups whose artists have nobody in common, in the order of each group's first song."""
    groups: list[tuple[set[str], list[SongEntry]]] = []
    for entry in entries:
        names = set(artists_of(entry)) or {f"only {entry.id}"}
        joined: list[SongEntry] = []
        apart = []
        for group_names, songs in groups:
            if names & group_names:
                names |= group_names
                joined += songs
            else:
                apart.append((group_names, songs))
        groups = [*apart, (names, [*joined, entry])]
    position = {entry.id: number for number, entry in enumerate(entries)}
    sorted_groups = [sorted(songs, key=lambda song: position[song.id]) for _, songs in groups]
    return sorted(sorted_groups, key=lambda songs: position[songs[0].id])


def artists_of(entry: SongEntry) -> frozenset[str]:
    """Everybody whom the song's artist names, written alike: *A Classic Education* and *AClassicEducation* are one."""
    return frozenset(name for part in _JOINED.split(entry.artist) if (name := _plain(part)) not in _NOBODY)


def leaks(train: Iterable[SongEntry], test: Iterable[SongEntry], *, cache: Path, audio: bool = True) -> list[Leak]:
    """Every pair of songs across the split that is not independent, with each reason.

    A split by song alone shows leaks of kind ``artist``, and should.

    Parameters
    ----------
    train, test : Iterable[SongEntry]
    cache : Path
        Where the hashes of files are remembered.
    audio : bool
        Also compare the sound, which reads every stem once; a copy at another pitch or tempo is not found.
    """
    train, test = list(train), list(test)
    hashes = ContentHashes(cache)
    files = {id(song): frozenset(hashes.of(song)) for song in (*train, *test)}
    prints = {id(song): fingerprint_of(song) for song in (*train, *test)} if audio else {}
    found: list[Leak] = []
    for one, other in product(train, test):
        found += _named_leaks(one, other)
        same = len(files[id(one)] & files[id(other)])
        if same:
            found.append(_leak(one, other, "file", f"{same} of their files have the same content"))
        if audio and (share := shared(prints[id(one)], prints[id(other)])) >= SHARED_AT_LEAST:
            found.append(_leak(one, other, "audio", f"they sound alike ({100 * share:.0f} % of their peaks agree)"))
    return found


def _named_leaks(one: SongEntry, other: SongEntry) -> list[Leak]:
    common = artists_of(one) & artists_of(other)
    if one.id == other.id:
        return [_leak(one, other, "song", "they are the same song")]
    found = [_leak(one, other, "artist", f"both are by {other.artist}")] if common else []
    if common and _plain(one.title) == _plain(other.title):
        found.append(_leak(one, other, "song", f"both are called {other.title}"))
    return found


def _leak(train: SongEntry, test: SongEntry, kind: LeakKind, why: str) -> Leak:
    return Leak(train=train.id, test=test.id, kind=kind, reason=f"{train.id} and {test.id}: {why}.")


def _folds(
    entries: Sequence[SongEntry], groups: Sequence[Sequence[SongEntry]], folds: int | None, seed: int
) -> list[Fold]:
    count = len(groups) if folds is None else folds
    if len(groups) < 2 or not 2 <= count <= len(groups):
        raise ValueError(f"{len(groups)} groups of songs cannot be divided into {count} folds.")
    if folds is None:
        tests: list[list[SongEntry]] = [list(group) for group in groups]
    else:
        tests = [[] for _ in range(count)]
        order = np.random.default_rng(seed).permutation(len(groups))
        # The largest groups first, each to the fold that holds the fewest songs.
        for number in sorted(order.tolist(), key=lambda number: -len(groups[number])):
            min(tests, key=len).extend(groups[number])
    return [_fold(entries, {song.id for song in test}.__contains__) for test in tests]


def _fold(entries: Sequence[SongEntry], tested: Callable[[str], bool]) -> Fold:
    return Fold(
        train=tuple(entry for entry in entries if not tested(entry.id)),
        test=tuple(entry for entry in entries if tested(entry.id)),
    )


def _plain(name: str) -> str:
    """Letters and digits in lower case; a leading *the* is left out."""
    letters = re.sub(r"[\W_]+", "", name.casefold())
    return letters.removeprefix("the") or letters
