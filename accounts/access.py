"""The door to what belongs to a person."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from accounts.models import ApiKey, User


def api_keys_of(user: User) -> QuerySet[ApiKey]:
    """The keys that still open something, newest first."""
    return ApiKey.objects.filter(user=user, revoked_at=None).order_by("-created_at", "-id")


def api_key_for(user: User, uuid: UUID) -> ApiKey:
    """One of the person's own keys; any other is a 404."""
    return get_object_or_404(api_keys_of(user), uuid=uuid)
