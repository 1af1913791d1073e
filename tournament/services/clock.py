"""The arena's clock: what ballots, listening and votes are dated by.

It is the site's own. Only a settings module can name another one, as that of the tests does in which time runs faster:
no request and no variable of the environment reaches it.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string


def now() -> datetime:
    """The present moment, with its zone."""
    return cast(datetime, import_string(settings.ARENA_CLOCK)())
