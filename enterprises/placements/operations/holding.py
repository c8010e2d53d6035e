"""Queues at what several people take from at once."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import update

from enterprises.placements.models import Round
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation


def hold_bases(base_ids: Iterable[int | None]) -> None:
    """Make those who place students at the same bases queue up: the second counts whom the first placed."""
    for base_id in sorted({one for one in base_ids if one is not None}):
        session().execute(
            update(Organisation).where(Organisation.id == base_id).values(name=Organisation.name).execution_options(synchronize_session=False)
        )


def hold_round(round: Round) -> None:
    """Make two presses at one round queue up: the second sees what the first did."""
    session().execute(update(Round).where(Round.id == round.id).values(title=Round.title).execution_options(synchronize_session=False))
    session().refresh(round)
