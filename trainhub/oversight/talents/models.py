"""The talent databases. A person stands in one database once at a time; an ended entry keeps its row."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.oversight.talents.types import ExamKind, ExamLevel, Origin, TalentKind, TalentState

_LIVE = "state IN ('nominated', 'reviewed', 'recognised')"


class Talent(Versioned, Base):
    """A person in one of the databases: the facts of the nomination, the opinions, until when it holds.

    `instead_id` is the entry of the same human that stands instead of this one (`joining`), with the state and end this one had."""

    __tablename__ = "talent"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    kind: Mapped[TalentKind] = mapped_column(enum_column(TalentKind))
    state: Mapped[TalentState] = mapped_column(enum_column(TalentState), default=TalentState.NOMINATED, index=True)
    employer_id: Mapped[int | None] = mapped_column(ref("organisation.id"))
    nominated_by_org_id: Mapped[int | None] = mapped_column(ref("organisation.id"), index=True)
    post: Mapped[str] = mapped_column(sa.String(100), default="")
    title: Mapped[str] = mapped_column(sa.String(60), default="")
    key_field_no: Mapped[int | None]
    shortage_id: Mapped[int | None] = mapped_column(ref("shortage_item.id"))
    origin: Mapped[Origin] = mapped_column(enum_column(Origin), default=Origin.FUJIAN)
    former_employer: Mapped[str] = mapped_column(sa.String(200), default="")
    rank_world: Mapped[int | None]
    rank_china: Mapped[int | None]
    rank_year: Mapped[int | None]
    """The year of the ranking; empty where nobody had to write it down."""
    years_there: Mapped[int | None]
    is_mid_senior: Mapped[bool | None]
    project: Mapped[str] = mapped_column(sa.String(200), default="")
    merits: Mapped[str] = mapped_column(sa.Text)
    review: Mapped[str] = mapped_column(sa.Text, default="")
    decision: Mapped[str] = mapped_column(sa.Text, default="")
    document: Mapped[str] = mapped_column(sa.String(200), default="")
    nominated_on: Mapped[date]
    reviewed_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    valid_until: Mapped[date | None]
    nominated_by_id: Mapped[int | None]
    instead_id: Mapped[int | None]
    instead_state: Mapped[str | None] = mapped_column(sa.String(20))
    instead_until: Mapped[date | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.Index("uq_talent_live", "person_id", "kind", unique=True, sqlite_where=sa.text(_LIVE), postgresql_where=sa.text(_LIVE)),
        sa.CheckConstraint("key_field_no IS NULL OR key_field_no BETWEEN 1 AND 10", name="ten_fields"),
    )


class ExamPass(Base):
    """A line of a pass list. `person_id` when the number is one of a person we know; the number itself is kept as keyed hash and mask only."""

    __tablename__ = "exam_pass"

    id: Mapped[Key]
    exam: Mapped[ExamKind] = mapped_column(enum_column(ExamKind))
    level: Mapped[ExamLevel] = mapped_column(enum_column(ExamLevel))
    subject: Mapped[str] = mapped_column(sa.String(100))
    certificate_no: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(120))
    id_number_hash: Mapped[str] = mapped_column(sa.String(64), index=True)
    id_mask: Mapped[str] = mapped_column(sa.String(40))
    person_id: Mapped[int | None] = mapped_column(ref("person.id"), index=True)
    passed_on: Mapped[date]
    imported_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[int | None]
    withdrawn_reason: Mapped[str] = mapped_column(sa.String(400), default="")
    """Why it was withdrawn: the list had it wrong, and the right line is a new one of the same number."""

    __table_args__ = (
        sa.Index(
            "uq_exam_pass_standing",
            "certificate_no",
            unique=True,
            sqlite_where=sa.text("withdrawn_at IS NULL"),
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        ),
    )


class ShortageItem(Versioned, Base):
    """A post of the catalogue of talent urgently needed (全省急需紧缺人才引进目录, 000:741) of a year."""

    __tablename__ = "shortage_item"

    id: Mapped[Key]
    year: Mapped[int]
    code: Mapped[str] = mapped_column(sa.String(40))
    post: Mapped[str] = mapped_column(sa.String(120))
    key_field_no: Mapped[int | None]
    urgency: Mapped[int]
    wanted: Mapped[int]
    requirement: Mapped[str] = mapped_column(sa.String(400), default="")
    source: Mapped[str] = mapped_column(sa.String(200), default="")
    is_withdrawn: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("year", "code"),
        sa.CheckConstraint("urgency BETWEEN 1 AND 3", name="urgency_1_to_3"),
        sa.CheckConstraint("wanted >= 0", name="wanted_not_negative"),
    )
