"""Where allauth meets this site."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest

from accounts.models import User
from accounts.services import referrals
from accounts.services.sessions import close_sockets


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Signing up also writes down who brought the person; signing out closes the sockets that the session opened."""

    @transaction.atomic
    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        saved: User = super().save_user(request, user, form, commit=commit)
        if commit:
            referrals.attach(person=saved, referrer=referrals.remembered(request))
        return saved

    def logout(self, request: HttpRequest) -> None:
        session_key = request.session.session_key
        super().logout(request)
        if session_key:
            close_sockets(session_key)
