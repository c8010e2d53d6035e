"""Programmes (专业点), their versions, cohorts, graduation requirements and indicator points.

The head of a programme is a role grant, not a column."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.organisations.models import Organisation
from trainhub.programmes.types import AccreditationResult, DegreeLevel, PointKind, VersionState


class GeneralStandard(Base):
    """One of the 11 general standards of the 卓越计划 (002:235-247)."""

    __tablename__ = "general_standard"

    code: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    position: Mapped[int]
    text: Mapped[str] = mapped_column(sa.Text)
    text_en: Mapped[str] = mapped_column(sa.Text, default="")
    source: Mapped[str] = mapped_column(sa.String(40))


class Programme(Versioned, Base):
    """A programme of one university; the unit of evaluation (002:193). `major_code` is the ministry's code of the major."""

    __tablename__ = "programme"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    university_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    major_code: Mapped[str] = mapped_column(sa.String(20), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    name_en: Mapped[str] = mapped_column(sa.String(200), default="")
    pinyin: Mapped[str] = mapped_column(sa.String(300), default="")
    degree_level: Mapped[DegreeLevel] = mapped_column(enum_column(DegreeLevel), default=DegreeLevel.BACHELOR)
    study_years: Mapped[int | None]
    """Years of study when they are not the usual ones of the level (`rules.study_years`)."""
    key_field_no: Mapped[int | None]
    is_petoe: Mapped[bool] = mapped_column(default=False)
    petoe_since: Mapped[date | None]
    created_at: Mapped[datetime]

    university: Mapped[Organisation] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (sa.UniqueConstraint("university_id", "major_code", "degree_level"),)


class ProgrammeVersion(Versioned, Base):
    """The training plan of a programme from a cohort on; published versions stay as they are."""

    __tablename__ = "programme_version"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    label: Mapped[str] = mapped_column(sa.String(40))
    state: Mapped[VersionState] = mapped_column(enum_column(VersionState), default=VersionState.DRAFT)
    from_cohort_year: Mapped[int]
    published_on: Mapped[date | None]

    __table_args__ = (sa.UniqueConstraint("programme_id", "label"),)


class Cohort(Base):
    """The students who entered a programme in one year."""

    __tablename__ = "cohort"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    version_id: Mapped[int | None] = mapped_column(ref("programme_version.id"))
    year: Mapped[int]
    starts_on: Mapped[date]
    graduated_on: Mapped[date | None]

    programme: Mapped[Programme] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (sa.UniqueConstraint("programme_id", "year"),)


class GraduationChange(Base):
    """A graduation day of a cohort that was changed or taken away, and why. Append-only: which cohorts are judged hangs on it (PETOE-P5, 002:211)."""

    __tablename__ = "cohort_graduation_change"

    id: Mapped[Key]
    cohort_id: Mapped[int] = mapped_column(ref("cohort.id"), index=True)
    was: Mapped[date]
    became: Mapped[date | None]
    reason: Mapped[str] = mapped_column(sa.String(200))
    written_by_id: Mapped[int | None]
    written_at: Mapped[datetime]


class GraduationRequirement(Base):
    """One item of the school standard, which is a graduation requirement (requirements.md 8.1, 5)."""

    __tablename__ = "graduation_requirement"

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(ref("programme_version.id"), index=True)
    number: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(120))
    text: Mapped[str] = mapped_column(sa.Text)

    __table_args__ = (sa.UniqueConstraint("version_id", "number"),)


class RequirementStandard(Base):
    """A graduation requirement covers a general standard (SUP-1, 002:295)."""

    __tablename__ = "requirement_standard"

    requirement_id: Mapped[int] = mapped_column(ref("graduation_requirement.id"), primary_key=True)
    standard_code: Mapped[str] = mapped_column(ref("general_standard.code"), primary_key=True)


class IndicatorPoint(Base):
    """A requirement refined until it can be checked (标准点, 002:381)."""

    __tablename__ = "indicator_point"

    id: Mapped[Key]
    requirement_id: Mapped[int] = mapped_column(ref("graduation_requirement.id"), index=True)
    number: Mapped[str] = mapped_column(sa.String(12))
    kind: Mapped[PointKind] = mapped_column(enum_column(PointKind))
    text: Mapped[str] = mapped_column(sa.Text)

    __table_args__ = (sa.UniqueConstraint("requirement_id", "number"),)


class Accreditation(Base):
    """A conclusion of engineering programme accreditation, entered, never computed (PETOE-P2).

    What a programme enters about itself is its own word until somebody else has compared it with the association's paper: nothing is concluded
    from it before (`confirmed_at`). The association's own entry needs nobody else."""

    __tablename__ = "accreditation"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    result: Mapped[AccreditationResult] = mapped_column(enum_column(AccreditationResult))
    concluded_on: Mapped[date]
    valid_from: Mapped[date | None]
    valid_years: Mapped[int | None]
    entered_by_id: Mapped[int | None]
    entered_by: Mapped[str] = mapped_column(sa.String(200), default="")
    confirmed_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[int | None]
    confirmed_by: Mapped[str] = mapped_column(sa.String(200), default="")

    @property
    def is_from_association(self) -> bool:
        """Entered by the association itself: nobody else confirms what they entered."""
        return self.confirmed_at is not None and self.confirmed_by_id == self.entered_by_id

    __table_args__ = (
        sa.UniqueConstraint("programme_id", "concluded_on"),
        sa.CheckConstraint("valid_years IS NULL OR valid_years IN (3, 6)", name="valid_years_3_or_6"),
    )
