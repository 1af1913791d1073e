"""Where allauth meets this site."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts.services.sessions import close_sockets


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Signing out also closes the sockets that the session had opened."""

    def logout(self, request: HttpRequest) -> None:
        session_key = request.session.session_key
        super().logout(request)
        if session_key:
            close_sockets(session_key)
