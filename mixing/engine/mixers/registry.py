"""Every mixer that this installation offers: the rules, and one for each checkpoint in ``models/``.

A family is a module of this package that has ``FAMILY`` and ``mixers(models)``; a new one needs a file here and nothing
else. Listing them reads cards only: weights are loaded by the first prediction, or by :func:`warm`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Final

from mixing.engine import mixers as package
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import Mixer
from mixing.engine.mixers.rules import EqualLoudness, FadersUp, RoughMix

MODELS: Final = Path(__file__).resolve().parents[3] / "models"
"""The checkpoints that ship with the program."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_FIRST: Final = ("console-net", "deep-sets", "spectrogram-cnn", "reference-net", "search")
_log: Final = logging.getLogger(__name__)

MixersOf = Callable[[Path], Sequence[Mixer]]


def all_mixers(models: Path = MODELS) -> tuple[Mixer, ...]:
    """All mixers, in the order in which a list shows them: rules, then family by family; read once in a process."""
    return _listed(models)


def mixer(key: str, models: Path = MODELS) -> Mixer:
    """The mixer with this key, or the one whose checkpoint has this sha256, of any precision.

    Raises
    ------
    MixFailed
        ``unknown_mixer``, which names those that there are.
    """
    for candidate in all_mixers(models):
        if candidate.key == key:
            return candidate
    if _SHA256.fullmatch(key):
        for candidate in all_mixers(models):
            variant = getattr(candidate, "variant", None)
            found = variant(key) if callable(variant) else None
            if isinstance(found, Mixer):
                return found
    known = ", ".join(candidate.key for candidate in all_mixers(models))
    raise MixFailed("unknown_mixer", f"There is no mixer called {key!r}; choose one of {known}.", field="mixer")


def sha256(candidate: Mixer) -> str | None:
    """The checkpoint that a mixer plays; None for rules and searches, which have no weights."""
    found = getattr(candidate, "sha256", None)
    return found if isinstance(found, str) else None


def warm(models: Path = MODELS) -> None:
    """Load all weights and predict once, so that the first listener of a worker does not wait."""
    for candidate in all_mixers(models):
        ready = getattr(candidate, "warm", None)
        if callable(ready):
            ready()


@cache
def _listed(models: Path) -> tuple[Mixer, ...]:
    found: dict[str, Mixer] = {each.key: each for each in (FadersUp(), EqualLoudness(), RoughMix())}
    for mixers_of in _families().values():
        for each in mixers_of(models):
            if found.setdefault(each.key, each) is not each:
                _log.error("two mixers are called %s; the second is left out", each.key)
    return tuple(found.values())


@cache
def _families() -> dict[str, MixersOf]:
    """``mixers`` of every family module, by family; those of the roadmap first, further ones by name."""
    found = dict(_family_modules())
    rank = {name: place for place, name in enumerate(_FIRST)}
    return {name: found[name] for name in sorted(found, key=lambda name: (rank.get(name, len(rank)), name))}


def _family_modules() -> Iterator[tuple[str, MixersOf]]:
    for info in iter_modules(package.__path__):
        if info.ispkg or info.name == __name__.rpartition(".")[2]:
            continue
        module = import_module(f"{package.__name__}.{info.name}")
        family, mixers_of = getattr(module, "FAMILY", None), getattr(module, "mixers", None)
        if isinstance(family, str) and callable(mixers_of):
            yield family, mixers_of
