"""Since when it was known who persons are, and whose a number was that somebody had typed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.kernel.db import Base, Key, enum_column, ref
from trainhub.people.models import STAYS
from trainhub.people.types import Identified


class PersonIdentified(Base):
    """A span in which it was known who somebody is, and that has ended: a verification was withdrawn, a claimed number went to whose it is."""

    __tablename__ = "person_identified"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True, info=STAYS)
    since: Mapped[datetime]
    until: Mapped[datetime]
    how: Mapped[Identified | None] = mapped_column(enum_column(Identified))
    by_id: Mapped[int | None]
    ended_by_id: Mapped[int | None]

    __table_args__ = (sa.CheckConstraint("until >= since", name="in_order"),)


class PersonYield(Base):
    """A number that somebody had typed of themselves and an office registered for another row: who had typed it, and whose it is."""

    __tablename__ = "person_yield"

    id: Mapped[Key]
    claimant_id: Mapped[int] = mapped_column(ref("person.id"), info=STAYS, index=True)
    holder_id: Mapped[int] = mapped_column(ref("person.id"), info=STAYS, index=True)
    yielded_at: Mapped[datetime]
