"""Surveys and their answers. An answer that is given again replaces the earlier one of the same who and what."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.oversight.surveys.types import GraduateStatus, PayBand, SurveyKind
from trainhub.programmes.types import DegreeLevel

_STANDS = "replaced_at IS NULL"
_NOT_WITHDRAWN = "withdrawn_at IS NULL"


class Survey(Versioned, Base):
    """A survey of a year, open for some days. `year`: of the demand, or of the graduation.

    `figures`: what the reports say of the graduates (`GraduateFigures`), kept from the day on which their answers had served their time. `withdrawn_at`: it was
    opened by mistake and nobody had answered; another of the year takes its place.
    """

    __tablename__ = "survey"

    id: Mapped[Key]
    kind: Mapped[SurveyKind] = mapped_column(enum_column(SurveyKind))
    year: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(120))
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    created_at: Mapped[datetime]
    figures: Mapped[dict[str, Any] | None]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index("ix_survey_standing", "kind", "year", unique=True, sqlite_where=sa.text(_NOT_WITHDRAWN), postgresql_where=sa.text(_NOT_WITHDRAWN)),
        sa.CheckConstraint("closes_on >= opens_on", name="closes_after_opening"),
    )


class DemandAnswer(Base):
    """What one enterprise has and needs in one key field (persons).

    Of the staff: senior ones, those who came from outside the province. Of what is needed next year: the three kinds of
    《中国制造2025》 (经营管理、专业技术、技能人才). `level`: the degree most posts ask for. `mean_pay_yuan`: a month, before tax.
    """

    __tablename__ = "demand_answer"

    id: Mapped[Key]
    survey_id: Mapped[int] = mapped_column(ref("survey.id"))
    organisation_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    key_field_no: Mapped[int]
    staff: Mapped[int]
    staff_senior: Mapped[int] = mapped_column(default=0)
    staff_outside: Mapped[int] = mapped_column(default=0)
    mean_pay_yuan: Mapped[int | None]
    needed_managers: Mapped[int] = mapped_column(default=0)
    needed_engineers: Mapped[int] = mapped_column(default=0)
    needed_skilled: Mapped[int] = mapped_column(default=0)
    needed_three_years: Mapped[int]
    level: Mapped[DegreeLevel] = mapped_column(enum_column(DegreeLevel), default=DegreeLevel.BACHELOR)
    hard_posts: Mapped[str] = mapped_column(sa.String(200), default="")
    answered_by_id: Mapped[int | None]
    answered_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
    """When a later answer took its place, or it was taken back: a report of an earlier moment is counted from what stood then."""

    __table_args__ = (
        sa.Index(
            "uq_demand_answer_standing",
            "survey_id",
            "organisation_id",
            "key_field_no",
            unique=True,
            sqlite_where=sa.text(_STANDS),
            postgresql_where=sa.text(_STANDS),
        ),
        sa.CheckConstraint("key_field_no BETWEEN 1 AND 10", name="ten_fields"),
        sa.CheckConstraint("staff_senior BETWEEN 0 AND staff AND staff_outside BETWEEN 0 AND staff", name="parts_of_staff"),
        sa.CheckConstraint("needed_managers >= 0 AND needed_engineers >= 0 AND needed_skilled >= 0", name="not_negative"),
        sa.CheckConstraint("needed_three_years >= needed_managers + needed_engineers + needed_skilled", name="three_years_hold_one"),
    )


class GraduateAnswer(Base):
    """What one graduate says of the time after graduation; published only in groups."""

    __tablename__ = "graduate_answer"

    id: Mapped[Key]
    survey_id: Mapped[int] = mapped_column(ref("survey.id"))
    student_id: Mapped[int] = mapped_column(ref("student.id"), index=True)
    status: Mapped[GraduateStatus] = mapped_column(enum_column(GraduateStatus))
    employer: Mapped[str] = mapped_column(sa.String(200), default="")
    is_in_fujian: Mapped[bool | None]
    is_in_field: Mapped[bool | None]
    pay: Mapped[PayBand] = mapped_column(enum_column(PayBand), default=PayBand.UNTOLD)
    satisfaction: Mapped[int | None]
    comment: Mapped[str] = mapped_column(sa.String(500), default="")
    answered_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
    """When a later answer took its place; employer and remarks, which no report reads, go then."""

    __table_args__ = (
        sa.Index(
            "uq_graduate_answer_standing",
            "survey_id",
            "student_id",
            unique=True,
            sqlite_where=sa.text(_STANDS),
            postgresql_where=sa.text(_STANDS),
        ),
        sa.CheckConstraint("satisfaction IS NULL OR satisfaction BETWEEN 1 AND 5", name="one_to_five"),
    )
