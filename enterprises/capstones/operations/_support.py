"""What the verbs of capstones share: refusals, the check of a state, telling people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from enterprises.capstones.labels import CAPSTONE_STATES
from enterprises.capstones.models import Capstone
from enterprises.capstones.types import ALLOWED, Action
from trainhub.identity import queries as identity
from trainhub.kernel.errors import NotAllowed, Refused
from trainhub.kernel.i18n import _, listed
from trainhub.notifications import operations as notifications


class TopicRefused(Refused):
    """A topic cannot be, or cannot become, what was asked."""

    code = "topic_refused"


class CapstoneRefused(Refused):
    """A fact of a capstone is impossible."""

    code = "capstone_refused"


class WrongState(Refused):
    """The capstone or topic is at a stage where this cannot happen."""

    code = "wrong_state"
    status = 409


class WrongPerson(NotAllowed):
    """The person is not the student or supervisor whose act this is."""

    code = "wrong_person"


def demand_state(row: Capstone, action: Action) -> None:
    """Refuse what may not happen at this stage (`ALLOWED`)."""
    if row.state not in ALLOWED[action]:
        can = listed(str(CAPSTONE_STATES[state]) for state in ALLOWED[action])
        raise WrongState(_("毕业设计现处于“%(state)s”阶段，不能进行这项操作；可以进行的阶段：%(can)s。", state=CAPSTONE_STATES[row.state], can=can))


def given(text: str, message: str, *, field: str, most: int = 400) -> str:
    """A text that has to be given; refused with `message` when empty."""
    text = text.strip()
    if not text:
        raise CapstoneRefused(message, field=field)
    return text[:most]


def tell(
    *, person_ids: Iterable[int], kind: str, message: str, values: Mapping[str, Any], url: str, unique_key: str | None = None, now: datetime
) -> None:
    """Tell the accounts of persons; who has none is left out."""
    accounts = [found.id for key in sorted(set(person_ids)) if (found := identity.account_of_person(key)) is not None]
    if accounts:
        notifications.notify(account_ids=accounts, kind=kind, message=message, values=values, url=url, unique_key=unique_key, now=now)
