"""Long lists of the API, in pages."""

from __future__ import annotations

from rest_framework.pagination import LimitOffsetPagination


class Pages(LimitOffsetPagination):
    """``?limit=&offset=``; a page has a largest size, so that one request can neither ask for all nor overflow."""

    max_limit = 200
