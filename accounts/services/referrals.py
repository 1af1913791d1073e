"""Who brought whom: a link of one's own, remembered in a signed cookie until its visitor signs up."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import Referral, User

COOKIE: Final = "brought_by"
REMEMBERED_FOR: Final = timedelta(days=30)
_SALT: Final = "accounts.referrals"


def link_of(user: User) -> str:
    """The path that this person hands to others."""
    return reverse("join", args=[user.referral_code])


def owner_of(code: str) -> User | None:
    """Whose link it is; None for one that was made up, or whose owner may not sign in."""
    return User.objects.filter(referral_code=code.lower(), is_active=True).first()


def remember(response: HttpResponse, referrer: User) -> None:
    """Keep in the visitor's browser who brought them; of several links the last one counts."""
    response.set_signed_cookie(
        COOKIE,
        referrer.referral_code,
        salt=_SALT,
        max_age=int(REMEMBERED_FOR.total_seconds()),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def remembered(request: HttpRequest) -> User | None:
    """Who brought this visitor, if anybody did and the cookie is one of ours."""
    try:
        code = request.get_signed_cookie(COOKIE, default="", salt=_SALT, max_age=int(REMEMBERED_FOR.total_seconds()))
    except BadSignature:
        return None
    return owner_of(code) if code else None


def attach(*, person: User, referrer: User | None) -> Referral | None:
    """Write down who brought somebody who has just signed up; once, and nobody brings themselves."""
    if referrer is None or referrer.pk == person.pk:
        return None
    return Referral.objects.get_or_create(person=person, defaults={"referrer": referrer})[0]
