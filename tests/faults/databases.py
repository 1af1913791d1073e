"""The tests' own database, for another process to work on."""

from __future__ import annotations

from urllib.parse import quote

from django.db import connection


def database_url() -> str:
    """What ``AIMIXER_DATABASE_URL`` has to be there."""
    told = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite://{told['NAME']}"
    host = quote(told["HOST"], safe="")
    port = f":{told['PORT']}" if told["PORT"] else ""
    return f"postgres://{told['USER']}@{host}{port}/{told['NAME']}"
