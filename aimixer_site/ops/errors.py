"""Errors that people may read: a stable code and a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError


class DomainError(Exception):
    """Something that a person asked for cannot be done, and here is why.

    ``code`` is stable, for programs; ``message`` is a sentence; ``field`` names the input at fault, if one is.
    """

    def __init__(self, code: str, message: str, field: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.status = status

    def as_dict(self) -> dict[str, str | None]:
        return {"code": self.code, "message": self.message, "field": self.field}


@contextmanager
def unless_deleted(what: str) -> Iterator[None]:
    """For writes around a row that another tab may delete at the same moment: a 404, as if it had come later.

    Stands outside of the transaction, since databases tell a missing row at its end.
    """
    try:
        yield
    except (IntegrityError, ObjectDoesNotExist):
        raise DomainError("not_found", f"{what} was deleted meanwhile.", status=404) from None
