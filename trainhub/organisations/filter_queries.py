"""What the value of a filter is called that a list leaves out of its options (see `kernel.fields.offered`)."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.numbers import asked_key
from trainhub.organisations.models import Organisation
from trainhub.organisations.places import place
from trainhub.organisations.queries import region, visible_to
from trainhub.organisations.types import OrganisationKind


def region_called(code: str) -> str:
    """What a division is called in the reader's language; empty for no division of today."""
    found = region(code)
    return "" if found is None else place(found.name)


def called(identity: Identity, kind: OrganisationKind | None = None) -> Callable[[str], str]:
    """Names an organisation, of a kind, by its key as it stands in an address; empty for one that the reader does not see, or that is none."""

    def name_of(key: str) -> str:
        found = select(Organisation.name).where(Organisation.id == (asked_key(key) or 0), visible_to(identity))
        return session().scalar(found if kind is None else found.where(Organisation.kind == kind)) or ""

    return name_of
