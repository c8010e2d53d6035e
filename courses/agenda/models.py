"""The secret address of a person's calendar feed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.kernel.db import Base, Key, ref


class CalendarFeed(Base):
    """One feed a person: found by the keyed hash of its secret, shown again to its owner from the encrypted one."""

    __tablename__ = "calendar_feed"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ref("person.id"), unique=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    secret_encrypted: Mapped[bytes]
    made_at: Mapped[datetime]
