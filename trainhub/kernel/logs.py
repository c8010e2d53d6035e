"""Logs: one JSON object a line when nobody watches, coloured words on a terminal. No personal data in either."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask
from sqlalchemy.exc import DataError, DBAPIError


def with_exception(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The trace of an exception as text, without the rows that PostgreSQL quotes in it (DETAIL, CONTEXT)."""
    told = structlog.processors.format_exc_info(logger, method, event)
    if isinstance(told.get("exception"), str):
        told["exception"] = QUOTED.sub("", told["exception"])
    return told


TOKENS = re.compile(
    r"^(/(?:link|register|S|join|learning/launches|api/labs|calendar|placements/c|capstones/link)/|/V/[^/]+/)[^/]*?(?=(?:\.(?:ics|json))?(?:/|$))"
)


def safe_path(path: str) -> str:
    """The path of an address as a log may keep it: who reads the log must not be able to open a link that was sent to somebody.

    What follows the `?` never belongs in a log: names and numbers are looked for there.
    """
    return TOKENS.sub(r"\1***", path.partition("?")[0])


QUOTED = re.compile(
    r"^(?:DETAIL|CONTEXT):.*?(?=^\[SQL: |^\(Background on |^The above exception was |^During handling of |\Z)", re.MULTILINE | re.DOTALL
)
"""What PostgreSQL says of rows, over as many lines as they have."""
MOST = 300


def first_line(error: BaseException) -> str:
    """What went wrong in a line that may be kept and shown: the kind and the first line, which names constraints and columns, never the rows below it.

    An error of data names no constraint, but the value itself: only its kind is told.
    """
    if isinstance(error, DBAPIError):
        cause = error.orig or error
        said = "" if isinstance(error, DataError) else str(cause)
        name = f"{type(error).__name__} ({type(cause).__name__})"
    else:
        said, name = str(error), type(error).__name__
    line = next(iter(said.splitlines()), "")
    return f"{name}: {line}"[:MOST] if line else name


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
