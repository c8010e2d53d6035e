"""Logs: one JSON object a line when nobody watches, coloured words on a terminal. No personal data in either."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask


def with_exception(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The trace of an exception as text, without the rows that PostgreSQL quotes in it (DETAIL, CONTEXT)."""
    told = structlog.processors.format_exc_info(logger, method, event)
    if isinstance(told.get("exception"), str):
        told["exception"] = QUOTED.sub("", told["exception"])
    return told


QUOTED = re.compile(r"^(DETAIL|CONTEXT):.*\n?", re.MULTILINE)


def init_app(app: Flask, level: str) -> None:
    """Configure structlog for the process."""
    if structlog.is_configured():
        return
    renderer = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer(ensure_ascii=False)
    processors = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        with_exception,
    ]
    structlog.configure(
        processors=[*processors, renderer],  # type: ignore[list-item]
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level, logging.INFO)),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
