"""What a person says of themselves."""

from __future__ import annotations

from accounts.models import User


def rename(*, user: User, display_name: str) -> None:
    """The name that others see; an empty one shows the e-mail to its owner alone."""
    user.display_name = display_name.strip()
    user.save(update_fields=["display_name"])
