"""``Authorization: Bearer amx_…``: a program that speaks for a person."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiKey, User
from accounts.services import api_keys


class ApiKeyAuthentication(BaseAuthentication):
    """Looks a key up by its hash; ``request.auth`` is then the key's row."""

    scheme = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != self.scheme.lower():
            return None
        row = api_keys.holder_of(key.strip())
        if row is None:
            raise AuthenticationFailed("This API key is not valid. It may have been revoked.", code="invalid_api_key")
        api_keys.note_use(row)
        return row.user, row

    def authenticate_header(self, request: Request) -> str:
        return self.scheme


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key from your settings page: amx_…"}
