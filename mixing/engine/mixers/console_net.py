"""The family console-net: a tower for each decision corrects the rough mix; its styles are checkpoints of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mixing.engine.mixers.learned import LearnedMixer, from_cards

FAMILY: Final = "console-net"


def mixers(models: Path) -> Sequence[LearnedMixer]:
    """One for each checkpoint of this family in ``models``."""
    return from_cards(models, FAMILY)
