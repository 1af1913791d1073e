"""The family deep-sets: one shared encoder decides everything, starting from equal loudness and from no rule."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mixing.engine.mixers.learned import LearnedMixer, from_cards

FAMILY: Final = "deep-sets"


def mixers(models: Path) -> Sequence[LearnedMixer]:
    """One for each checkpoint of this family in ``models``."""
    return from_cards(models, FAMILY)
