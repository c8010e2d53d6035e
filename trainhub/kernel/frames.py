"""The frame of an edge: what an address names is there or 404, and a form that was sent does its one operation once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import g, request

from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotAllowed, NotFound, Refused
from trainhub.kernel.forms import Form, once
from trainhub.kernel.numbers import whole

T = TypeVar("T")


def found(row: T | None, message: str) -> T:
    """What an address names. Raises NotFound with the message."""
    if row is None:
        raise NotFound(message)
    return row


def submit(form: Form, do: Callable[[], T], *, again: Callable[[int], Any], then: Callable[[T | None], Any]) -> Any:
    """The answer to a form: its shape is checked, `do` is run once in one transaction, and `then` goes on with what it gave.

    A form that does not fit, or whose operation is refused, is shown `again` with what is wrong and the status. The same form sent
    twice does nothing the second time: `then` gets None. `do` loads what it changes itself: a refusal rolls the session back.
    """
    if not form.validate_on_submit():
        return again(422)
    given: T | None = None
    try:
        with transaction():
            if once(form.submission_key.data or ""):
                given = do()
    except Refused as refused:
        form.refuse(refused)
        return again(refused.status)
    return then(given)


def act(do: Callable[[], object], *, again: Callable[[Refused], Any], then: Callable[[], Any]) -> Any:
    """The answer to a button, or a panel that asks once more (`ui.confirm_button`): `do` is run in one transaction, and `then` goes on.

    What is refused is told by `again`, the page itself with what was typed; who may not do it, and what is not there, on a page of its own.
    """
    try:
        with transaction():
            do()
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        g.refusal = refused.message  # for the panel: open, it lies over the page
        return again(refused)
    return then()


def version_sent() -> int | None:
    """The version of the row that stood on the page whose button was pressed; None where it says none."""
    return request.form.get("version", type=whole)
