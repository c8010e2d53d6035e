"""Queues at what several people take from at once."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import update

from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation


def hold_bases(base_ids: Iterable[int | None]) -> None:
    """Make those who place students at the same bases queue up: the second counts whom the first placed."""
    for base_id in sorted({one for one in base_ids if one is not None}):
        session().execute(
            update(Organisation).where(Organisation.id == base_id).values(name=Organisation.name).execution_options(synchronize_session=False)
        )
