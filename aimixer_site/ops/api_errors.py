"""How the API says no: one shape for every error."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from aimixer_site.ops.errors import DomainError


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error of the API has one shape: ``{"code", "message", "field"}``."""
    if isinstance(error, DomainError):
        set_rollback()
        return Response(error.as_dict(), status=error.status)
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        field, detail = _first(error.detail)
        response.data = {"code": detail.code, "message": str(detail), "field": field}
    elif isinstance(error, exceptions.APIException):
        code = error.detail.code if isinstance(error.detail, exceptions.ErrorDetail) else error.default_code
        response.data = {"code": code, "message": str(error.detail), "field": None}
    else:
        # Django's own 404 and 403, which DRF has turned into its own on the way.
        detail = response.data["detail"]
        response.data = {"code": detail.code, "message": str(detail), "field": None}
    return response


def _first(detail: Any, field: str | None = None) -> tuple[str | None, exceptions.ErrorDetail]:
    """The first error of a nested detail, with the dotted name of its field."""
    if isinstance(detail, dict):
        name, inner = next(iter(detail.items()))
        if name == "non_field_errors":
            return _first(inner, field)
        return _first(inner, f"{field}.{name}" if field else str(name))
    if isinstance(detail, list):
        return _first(next(item for item in detail if item), field)
    return field, detail
