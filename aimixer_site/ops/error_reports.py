"""Unexpected errors go to Sentry where a DSN is set, and nowhere else."""

from __future__ import annotations


def start(*, dsn: str, environment: str) -> None:
    """Reports exceptions, without people's names, addresses or cookies."""
    # Imported only where it is wanted: no process of a musician's own machine should wait for it.
    import sentry_sdk

    sentry_sdk.init(dsn=dsn, environment=environment, send_default_pii=False, traces_sample_rate=0.0)
