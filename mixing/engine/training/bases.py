"""What networks correct, for songs that the rough mix was not fitted on: they must learn from its honest mistakes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Final

from mixing.engine.mixers.networks.families import PLANS, DecideBase
from mixing.engine.mixers.rough_fit import CARD
from mixing.engine.mixers.rules import rough_decisions
from mixing.engine.training.examples import Example
from mixing.engine.training.fit_rules import choices_of, fit_with
from mixing.engine.training.prepared import Prepared, prepare
from mixing.engine.training.splits import artist_groups, by_artist

FOLDS: Final = 4


def base_fitted_on(family: str, examples: Sequence[Example]) -> DecideBase:
    """The base of a family: the rough mix fitted on these examples alone, or what needs no fit."""
    if PLANS[family].base is not rough_decisions:
        return PLANS[family].base
    return partial(rough_decisions, fit=fit_with(examples, choices_of(json.loads(CARD.read_text(encoding="utf-8")))))


def cross_fitted(family: str, examples: Sequence[Example]) -> list[Prepared]:
    """Prepare examples, each corrected from a base that knew no song of its artist.

    A base that had seen the song would look better than it is, and the network would learn to leave it alone.
    """
    songs = list({example.song.id: example.song for example in examples}.values())
    with_mel = PLANS[family].with_mel
    if PLANS[family].base is not rough_decisions or len(artist_groups(songs)) < FOLDS:
        return prepare(examples, base_fitted_on(family, examples), with_mel=with_mel)
    prepared = []
    for fold in by_artist(songs, FOLDS):
        left_out = {song.id for song in fold.test}
        base = base_fitted_on(family, [example for example in examples if example.song.id not in left_out])
        prepared += prepare((example for example in examples if example.song.id in left_out), base, with_mel=with_mel)
    return prepared
