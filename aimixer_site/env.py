"""Read the environment. Nonsense raises at start; a secret may come from the file that NAME_FILE names."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def env_str(name: str, default: str = "") -> str:
    """The variable, or the default where it is absent."""
    return os.environ.get(name, default)


def env_bool(name: str, default: bool = False) -> bool:
    """A switch; anything but the usual words for yes and no is refused."""
    raw = os.environ.get(name)
    if raw is None:
        return default
    word = raw.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is {raw!r}; it takes yes or no.")


def env_int(name: str, default: int, *, low: int | None = None, high: int | None = None) -> int:
    """A whole number inside of [low, high]."""
    raw = os.environ.get(name)
    if raw is None:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {raw!r}; it takes a whole number.") from None
    if (low is not None and value < low) or (high is not None and value > high):
        raise ImproperlyConfigured(f"{name} is {value}; it goes from {low} to {high}.")
    return value


def env_list(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Comma-separated words; empty ones are dropped."""
    raw = os.environ.get(name)
    if raw is None:
        return list(default)
    return [word for word in (part.strip() for part in raw.split(",")) if word]


def env_secret(name: str, default: str = "") -> str:
    """A secret from NAME, or from the file that NAME_FILE names; a file that cannot be read or is empty raises."""
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        return os.environ.get(name, default)
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from None
    if not secret:
        raise ImproperlyConfigured(f"{name}_FILE names {path}, which is empty.")
    return secret


def own_secret(path: Path) -> str:
    """The secret kept in ``path``, made on first use and readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        return path.read_text(encoding="utf-8").strip()
    with contextlib.suppress(FileExistsError):
        # Written under another name and linked, so that nobody ever reads half a secret.
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64), encoding="utf-8")
        try:
            os.link(draft, path)
        finally:
            draft.unlink()
    return path.read_text(encoding="utf-8").strip()
