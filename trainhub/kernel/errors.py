"""Refusals: the exceptions that are worded for the person in front of the screen.

A `Refused` says what was wrong, where, and what to do. It is the only exception that pages, commands and the API turn
into an answer; anything else is a bug and becomes a 500 page with an id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any


class Refused(Exception):
    """The request is understood and refused.

    `message` is worded for the person. `field` names the form field at fault. `code` is stable for programs (defaults to
    the class's `code`). `details` are rows in the shape of the contract: file, sheet, row, column, value, problem.
    `others` are further refusals of the same request (`ask_all`). `title` is a message id for the head of the page that says so; empty:
    what is said of every refusal of that status. `page` is the page (endpoint, label) where what the message advises is done, `page_args` are the
    arguments of its address. `retry_after` are the seconds after which it may be asked again; 0: that is not known.
    """

    code = "refused"
    status = 422
    title = ""
    retry_after = 0
    others: tuple[Refused, ...] = ()
    page: tuple[str, Any] | None = None
    page_args: Mapping[str, Any] = MappingProxyType({})

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        code: str | None = None,
        details: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.message = str(message)
        self.field = field
        self.details = tuple(dict(row) for row in details)
        if code is not None:
            self.code = code

    def as_dict(self) -> dict[str, Any]:
        """The `error` object of commands and of the API."""
        return {"code": self.code, "message": self.message, "details": list(self.details)}


class NotFound(Refused):
    """The thing asked for does not exist, or the asker may not know that it does."""

    code = "not_found"
    status = 404


class NotAllowed(Refused):
    """The person is known but lacks the permission; the message says which and whom to ask."""

    code = "not_allowed"
    status = 403


class SignInNeeded(Refused):
    """Nobody is signed in."""

    code = "sign_in_needed"
    status = 401


class Stale(Refused):
    """Somebody else changed the thing since it was opened; nothing was overwritten."""

    code = "stale"
    status = 409


class Repeated(Refused):
    """The same form was saved before; nothing was written a second time."""

    code = "repeated"
    status = 409


class TooMany(Refused):
    """A rate limit; `retry_after` is in seconds."""

    code = "too_many_requests"
    status = 429

    def __init__(self, message: str, *, retry_after: int = 60, **kw: Any) -> None:
        super().__init__(message, **kw)
        self.retry_after = retry_after


class OutOfRange(Refused):
    """A number that no column of the database holds."""

    code = "out_of_range"


class TooLarge(Refused):
    """An upload above the limit; the message says the limit."""

    code = "too_large"
    status = 413


def ask_all(*checks: Callable[[], object]) -> None:
    """Ask every check and raise all that they refuse as one: whoever fills in a form is told everything at once."""
    refused = []
    for check in checks:
        try:
            check()
        except Refused as one:
            refused.append(one)
    if refused:
        first, *others = refused
        first.others = tuple(others)
        raise first
