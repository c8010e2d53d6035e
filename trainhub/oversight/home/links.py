"""Links that are only made where they lead somewhere: a page that exists, and that the reader may open."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import current_app, url_for

from trainhub.kernel.access import NOTHING, Identity, Subject, may


def link(identity: Identity | None, endpoint: str, subject: Subject = NOTHING, **values: Any) -> str:
    """The address of a page, or nothing when this installation has no such page or the reader may not open it.

    It asks the rule of the page itself, so a link of the first page never ends in a refusal. `subject` is what the page
    will judge the permission on.
    """
    view = current_app.view_functions.get(endpoint)
    if view is None:
        return ""
    rule = getattr(view, "access_rule", None)
    is_open = rule == "public" or (rule == "signed_in" and identity is not None)
    if not is_open and (rule in (None, "signed_in") or not may(identity, rule, subject)):
        return ""
    return url_for(endpoint, **values)


def linked(label: Any, url: str) -> tuple[Any, str] | None:
    """A label with its address, or nothing without one."""
    return (label, url) if url else None


def narrowed(url: str, **values: Any) -> str:
    """The address of a list with a filter, so that a number leads to exactly what it counts; nothing stays nothing."""
    return f"{url}?{urlencode(values)}" if url else ""
