"""Keys with which a person's programs speak for that person."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import ApiKey, User
from aimixer_site.ops.errors import DomainError

MARK = "amx_"
KEYS_MAX = 20
_PREFIX_LENGTH = 12
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


def digest_of(key: str) -> str:
    """What is kept of a key. It holds 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def create(*, user: User, name: str) -> tuple[ApiKey, str]:
    """A new key: its row, and the key itself, which is never to be seen again."""
    # The person's row is locked, so that two requests at once cannot both take the last place.
    User.objects.select_for_update().get(pk=user.pk)
    if ApiKey.objects.filter(user=user, revoked_at=None).count() >= KEYS_MAX:
        raise DomainError("too_many_keys", f"You have {KEYS_MAX} keys. Revoke one that you no longer use.", status=409)
    key = MARK + secrets.token_urlsafe(32)
    row = ApiKey.objects.create(user=user, name=name, prefix=key[:_PREFIX_LENGTH], digest=digest_of(key))
    return row, key


def revoke(*, api_key: ApiKey) -> None:
    """Ends a key at once."""
    ApiKey.objects.filter(pk=api_key.pk, revoked_at=None).update(revoked_at=timezone.now())


def holder_of(key: str) -> ApiKey | None:
    """The row of a key that is good now, its person with it. The same work is done for every key, good or bad."""
    return (
        ApiKey.objects.select_related("user")
        .filter(digest=digest_of(key), revoked_at=None, user__is_active=True)
        .first()
    )


def note_use(api_key: ApiKey) -> None:
    """Writes down when the key was last used, once a minute at most."""
    now = timezone.now()
    if api_key.last_used_at is not None and now - api_key.last_used_at < _USE_IS_NOTED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _USE_IS_NOTED_EVERY)
    ApiKey.objects.filter(stale, pk=api_key.pk).update(last_used_at=now)
