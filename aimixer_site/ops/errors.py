"""Errors that people may read: a stable code and a sentence."""

from __future__ import annotations


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
