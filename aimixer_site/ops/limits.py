"""How much one person may ask of the API. Counts live in Redis; while it is away nothing is counted or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from redis.exceptions import RedisError
from rest_framework.throttling import UserRateThrottle

if TYPE_CHECKING:
    # The views' module asks for this one while it is being imported.
    from rest_framework.request import Request
    from rest_framework.views import APIView

log = structlog.get_logger("aimixer.limits")


class UserThrottle(UserRateThrottle):
    """Requests of one person, by ``DEFAULT_THROTTLE_RATES["user"]``. A vote is worth more than its being counted."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return super().allow_request(request, view)
        except (RedisError, OSError) as error:
            log.warning("limit_not_counted", error=str(error))
            return True
