"""What can go wrong in the engine, each with a stable code and a sentence for a musician."""

from __future__ import annotations


class EngineError(Exception):
    """An error with a machine-readable ``code``, a sentence, and where it applies.

    Parameters
    ----------
    code : str
        Stable identifier in snake_case; the API hands it out.
    message : str
        One or two sentences that a musician understands: which file, what is wrong, what to do.
    field : str | None
        The knob, stem or file that the error is about.
    """

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class AudioRejected(EngineError):
    """A file cannot become a stem. Permanent: trying again gives the same answer."""


class MixFailed(EngineError):
    """A session cannot be mixed as asked. Permanent: trying again gives the same answer."""


class ParameterError(MixFailed):
    """A console value is out of range, not finite, of the wrong type or unknown; ``field`` names the knob."""

    def __init__(self, field: str, message: str, *, code: str = "invalid_parameter") -> None:
        super().__init__(code, message, field=field)


class Cancelled(Exception):
    """The caller asked to stop; raised between two blocks, never inside one."""
