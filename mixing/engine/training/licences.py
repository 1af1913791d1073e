"""What a licence allows: whether weights trained on a song may be published."""

from __future__ import annotations

import re
from typing import Final

UNKNOWN: Final = "unknown"
_OPEN: Final = re.compile(
    r"\b(cc0|public domain|pdm|unlicense|mit|isc|apache|bsd(-\d)?|0bsd|zlib|cc[- ]by|creative commons attribution)\b"
)
_FORBIDDING: Final = re.compile(
    r"\b(nc|nd|by-?nc|by-?nd|non-?\s?commercial|no-?\s?deriv\w*|research|educational|personal|all rights reserved"
    r"|academic|evaluation)\b"
)
_SHARE_ALIKE: Final = re.compile(r"\b(sa|share-?\s?alike|a?gpl|lgpl)\b")


def forbids_weights(licence: str) -> bool:
    """Whether the licence is known to keep weights from being published: non-commercial, no derivatives, research."""
    return _FORBIDDING.search(_words(licence)) is not None


def allows_weights(licence: str) -> bool:
    """Whether the licence is known to allow it: public domain, attribution at most.

    Share-alike licences are not among them: whether weights are an adaptation is open, so they are left out of what
    ships. Neither is a licence that nobody wrote down.
    """
    words = _words(licence)
    return _OPEN.search(words) is not None and _FORBIDDING.search(words) is None and _SHARE_ALIKE.search(words) is None


def _words(licence: str) -> str:
    return licence.casefold().replace("_", "-").replace("–", "-")
