"""The site's settings with a fast clock for the arena, and boards and credits that are seen to every other second."""

from aimixer_site.settings import *  # noqa: F403
from aimixer_site.settings import PERIODIC as _PERIODIC

ARENA_CLOCK = "tests.faults.fast_clock.now"
PERIODIC = {**_PERIODIC, "tournament.services.ratings.recompute": 2, "tournament.services.people.settle_recent": 2}
