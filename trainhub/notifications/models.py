"""A notice is one message to one person: shown in the app, and sent by e-mail where the person wants it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.kernel.db import Base, Key, enum_column, ref
from trainhub.notifications.types import MailState


class Notice(Base):
    """`message` is a Chinese message id with `values`, so that each reader gets it in their language."""

    __tablename__ = "notice"

    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ref("account.id"))
    kind: Mapped[str] = mapped_column(sa.String(60))
    message: Mapped[str] = mapped_column(sa.String(400))
    values: Mapped[dict[str, Any]]
    url: Mapped[str] = mapped_column(sa.String(400), default="")
    unique_key: Mapped[str | None] = mapped_column(sa.String(160), unique=True)
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    mail_state: Mapped[MailState] = mapped_column(enum_column(MailState), default=MailState.NONE)
    mail_tries: Mapped[int] = mapped_column(default=0)

    __table_args__ = (sa.Index("ix_notice_reader", "account_id", "read_at", "id"),)


class MailMessage(Base):
    """An e-mail on its way: written in the transaction of what it tells, sent by a job, its text erased once sent."""

    __tablename__ = "mail_message"

    id: Mapped[Key]
    address: Mapped[str] = mapped_column(sa.String(200))
    subject: Mapped[str] = mapped_column(sa.String(200))
    text: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[MailState] = mapped_column(enum_column(MailState), default=MailState.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(sa.String(300), default="")

    __table_args__ = (sa.Index("ix_mail_message_turn", "state", "next_try_at", "id"),)
