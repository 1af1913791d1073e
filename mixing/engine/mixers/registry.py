"""Every mixer that this installation offers, by its key."""

from __future__ import annotations

from typing import Final

from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import Mixer
from mixing.engine.mixers.rules import EqualLoudness, FadersUp, RoughMix

_MIXERS: Final[tuple[Mixer, ...]] = (FadersUp(), EqualLoudness(), RoughMix())


def all_mixers() -> tuple[Mixer, ...]:
    """All mixers, in the order in which a list shows them."""
    return _MIXERS


def mixer(key: str) -> Mixer:
    """The mixer with this key; MixFailed ``unknown_mixer`` names those that there are."""
    for candidate in _MIXERS:
        if candidate.key == key:
            return candidate
    known = ", ".join(candidate.key for candidate in _MIXERS)
    raise MixFailed("unknown_mixer", f"There is no mixer called {key!r}; choose one of {known}.", field="mixer")
