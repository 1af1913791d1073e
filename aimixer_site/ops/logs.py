"""Structured logs: JSON in production, readable at a desk; every line carries the request's and the job's id."""

from __future__ import annotations

import logging.config
import os
from typing import Any

import structlog
from structlog.types import EventDict, Processor


def _add_process(logger: object, method: str, event: EventDict) -> EventDict:
    """Which of the site's processes speaks, where the supervisor has named them."""
    name = os.environ.get("AIMIXER_PROCESS")
    if name:
        event["process"] = name
    return event


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    _add_process,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def configure(config: dict[str, Any]) -> None:
    """Sends structlog and the standard library through one handler. Django calls this with ``settings.LOGGING``."""
    last: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if config["json"]
        # Rich tracebacks would print local variables: passwords, keys, cookies.
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": _SHARED,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["stderr"], "level": config["level"]},
            "loggers": {
                # The middleware writes one line for each request; Django's own line would double each 4xx and 5xx.
                "django.request": {"level": "ERROR"},
                "daphne": {"level": "WARNING"},
                "rq": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def request_id() -> str:
    """The id of the request that this thread or task serves; empty outside of one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))
