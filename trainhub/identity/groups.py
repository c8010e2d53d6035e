"""Lists of persons whose accounts are opened at once: a cohort's students, a school's teachers; a room above adds its own.

A source names the groups that a reader may open accounts for, and who belongs to one. What is done with them is one verb
(`operations.open_member`), whoever they are: an account, one role over one scope, an invitation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from flask import Flask, current_app

from trainhub.kernel.access import Identity, Role, Subject
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _, _l
from trainhub.organisations.queries import Statement


class Why(StrEnum):
    """Why no account is opened for somebody of a group."""

    LEFT = "left"
    SAME = "same"
    ELSEWHERE = "elsewhere"
    CLOSED = "closed"
    NO_NAME = "no_name"
    EMAIL_MALFORMED = "email_malformed"
    EMAIL_SHARED = "email_shared"
    EMAIL_TAKEN = "email_taken"
    PHONE_TAKEN = "phone_taken"
    NUMBER_TAKEN = "number_taken"


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody of a group as its source knows them; `key` is the number that tells them from a namesake on the list."""

    person_id: int
    name: str
    key: str = ""
    email: str = ""
    phone: str = ""
    numbers: tuple[tuple[str, str], ...] = ()
    """(student number, code of the university) by which a student signs in."""
    why: Why | None = None
    """What the source itself knows against it: who left, who is not theirs alone to invite."""
    names_itself: bool = False
    """Whether the holder chooses a user name with the first password, where nothing they could sign in by is known: a roster holds no address."""


@dataclass(frozen=True, slots=True)
class Group:
    """A list of persons, the roles one of which they get, the scope of that role, and what the permission is judged on."""

    kind: str
    id: int
    title: str
    roles: tuple[Role, ...]
    subject: Subject
    organisation_id: int | None = None
    programme_id: int | None = None


KEY_LABEL = _l("学号或工号")


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of groups.

    `load(id)` and `find(code)` answer None for what is unknown. `listing(identity, text)` selects (id, title, sub, members, accounts) of the groups
    that the reader may open, in order. `members(group, today)` comes in the order of the list.
    """

    kind: str
    label: Any
    load: Callable[[int], Group | None]
    find: Callable[[str], int | None]
    members: Callable[[Group, date], list[Listed]]
    listing: Callable[[Identity, str, date], Statement]
    key_label: Any = KEY_LABEL
    """What `Listed.key` is called on the page."""


GROUPS = "trainhub.identity.groups"


def register_source(app: Flask, source: Source) -> None:
    """Called by `wiring.py` of this part and of rooms above."""
    app.extensions.setdefault(GROUPS, {})[source.kind] = source


def sources() -> dict[str, Source]:
    """Every kind of group by its name, in the order in which they were registered."""
    known: dict[str, Source] = current_app.extensions.get(GROUPS, {})
    return known


def source(kind: str) -> Source:
    """One kind. Raises NotFound."""
    found = sources().get(kind)
    if found is None:
        raise NotFound(_("没有这种名单。"))
    return found


def group(kind: str, key: int) -> Group:
    """One group. Raises NotFound."""
    found = source(kind).load(key)
    if found is None:
        raise NotFound(_("没有这份名单。"))
    return found
