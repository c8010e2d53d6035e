"""The mentor pool: persons of an enterprise who guide students, with skills and a load limit over all programmes."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainhub.kernel.db import Base, Key, Versioned, ref
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person


class Mentor(Versioned, Base):
    """A mentor of one enterprise; a person may be mentor of one enterprise at a time."""

    __tablename__ = "mentor"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    enterprise_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    post: Mapped[str] = mapped_column(sa.String(100), default="")
    title: Mapped[str] = mapped_column(sa.String(60), default="")
    skills: Mapped[list[str]]
    years_experience: Mapped[int] = mapped_column(default=0)
    load_limit: Mapped[int] = mapped_column(default=5)
    is_shared: Mapped[bool] = mapped_column(default=False)
    since: Mapped[date]
    until: Mapped[date | None]
    trained_on: Mapped[date | None]
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship(lazy="raise", viewonly=True)
    enterprise: Mapped[Organisation] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        sa.UniqueConstraint("person_id", "enterprise_id"),
        sa.CheckConstraint("load_limit >= 0", name="load_limit_not_negative"),
    )
