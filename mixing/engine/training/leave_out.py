"""Mixers that never heard the song they are judged on: everything fitted and trained anew for each fold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import Mixer
from mixing.engine.mixers.rough_fit import CARD
from mixing.engine.mixers.rules import EqualLoudness, FadersUp, RoughMix
from mixing.engine.training.corpus import SongEntry, with_human_balance
from mixing.engine.training.evaluate import SEEDS, MixersOf, songs_to_judge
from mixing.engine.training.examples import Example, examples
from mixing.engine.training.splits import Fold, by_artist, by_song

Split = Literal["song", "artist"]
Train = Callable[[Sequence[Example]], Mixer]
Tell = Callable[[str], None]

RULES: Final = ("faders-up", "equal-loudness", "rough-mix")


def rough_mix_of(known: Sequence[Example]) -> Mixer:
    """The rough mix fitted on these songs alone, towards its prior, with the four choices of the one that ships."""
    from mixing.engine.training.fit_rules import choices_of, fit_with

    return RoughMix(fit_with(known, choices_of(json.loads(CARD.read_text(encoding="utf-8")))))


def trainer(key: str) -> Train:
    """How the mixer with this key is made from examples.

    Raises
    ------
    MixFailed
        ``not_trainable``: the mixer learns nothing, or not from human balances.
    """
    if key == "faders-up":
        return lambda known: FadersUp()
    if key == "equal-loudness":
        return lambda known: EqualLoudness()
    if key == "rough-mix":
        return rough_mix_of
    from mixing.engine.training.retrain import FAMILIES, train_fold

    if key not in FAMILIES:
        keys = ", ".join([*RULES, *FAMILIES])
        raise MixFailed(
            "not_trainable", f"{key} does not learn from balances; leaving songs out goes for {keys}.", field=key
        )
    return lambda known: train_fold(key, known)


def left_out_mixers(
    entries: Sequence[SongEntry],
    split: Split,
    trainers: Mapping[str, Train],
    *,
    cache: Path,
    folds: int | None = None,
    mel: bool = True,
    tell: Tell | None = None,
) -> MixersOf:
    """For each song, mixers that were made without it, or without any song of its artist.

    A fold learns from the songs whose weights may ship, as what ships does, and real ones only; where that leaves a
    fold without any, from all, since nothing that is made here leaves the house. Generated songs are judged by mixers
    that learnt from all of these.

    Parameters
    ----------
    entries : Sequence[SongEntry]
        All songs that will be judged.
    trainers : Mapping[str, Train]
        By key, in the order in which they are shown.
    folds : int | None
        Into how many parts songs or artists are divided; None leaves each out by itself.

    Raises
    ------
    MixFailed
        ``too_few_songs`` if they cannot be divided.
    """
    judged, _ = songs_to_judge(entries)
    real = [entry for entry in with_human_balance(judged) if entry.kind == "real"]
    parts = _folds(real, split, folds)
    teaching = _examples_by_song(_teachers(real, parts, tell), cache, mel)
    made: dict[str, list[Mixer]] = {}
    for number, fold in enumerate(parts, start=1):
        if tell is not None:
            tell(f"fold {number} of {len(parts)}: without {', '.join(song.id for song in fold.test)}")
        mixers = _made([song.id for song in fold.train], teaching, trainers)
        made |= dict.fromkeys((song.id for song in fold.test), mixers)
    others = [entry for entry in judged if entry.id not in made]
    if others:
        if tell is not None:
            tell(f"for {len(others)} songs that teach nothing: all songs")
        made |= dict.fromkeys((song.id for song in others), _made(list(teaching), teaching, trainers))
    return lambda entry: made[entry.id]


def _teachers(real: Sequence[SongEntry], parts: Sequence[Fold], tell: Tell | None) -> list[SongEntry]:
    shipping = [entry for entry in real if entry.weights_may_ship]
    known = {entry.id for entry in shipping}
    if all(any(song.id in known for song in fold.train) for fold in parts):
        return shipping
    if tell is not None:
        tell(
            "too few of these songs have a licence that lets weights ship: learning from all, for this evaluation only"
        )
    return list(real)


def _folds(real: Sequence[SongEntry], split: Split, folds: int | None) -> list[Fold]:
    divide = {"song": by_song, "artist": by_artist}[split]
    try:
        return divide(real, folds)
    except ValueError:
        raise MixFailed(
            "too_few_songs",
            f"{len(real)} songs with a human balance cannot be divided so that each {split} is left out once.",
        ) from None


def _made(
    songs: Sequence[str], teaching: Mapping[str, Sequence[Example]], trainers: Mapping[str, Train]
) -> list[Mixer]:
    known = [example for song in songs for example in teaching.get(song, ())]
    return [train(known) for train in trainers.values()]


def _examples_by_song(entries: Sequence[SongEntry], cache: Path, mel: bool) -> dict[str, list[Example]]:
    found: dict[str, list[Example]] = {}
    for example in examples(entries, SEEDS, cache=cache, mel=mel):
        found.setdefault(example.song.id, []).append(example)
    return found
