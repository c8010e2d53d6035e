"""The mentor pool: persons of an enterprise who guide students, with skills and a load limit over all programmes."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from enterprises.mentors.types import AppraisalGrade
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person


class SealedCode:
    """A code that a school makes for somebody of an enterprise and tells them itself; known only by its hash."""

    id: Mapped[Key]
    failures: Mapped[int] = mapped_column(default=0)
    """Wrong answers to who one is; five close the link, or void the code."""
    code_hash: Mapped[str | None] = mapped_column(sa.String(64))
    code_made_at: Mapped[datetime | None]
    code_made_by_id: Mapped[int | None]


class ProvenLink(SealedCode):
    """What a one-time link for a mentor without an account keeps of who opens it."""

    is_handed: Mapped[bool] = mapped_column(default=False)
    """Shown to the enterprise's coordinator because it could not be sent: whoever opens it also has to know the code that the school tells its person."""
    sent_to: Mapped[str | None] = mapped_column(sa.String(64))
    """The digest of the address it was sent to (`address_queries.digest_of`): unless somebody vouches for that, the code is asked for too."""


class MentorProof(SealedCode, Base):
    """That the holder of an account which an enterprise opened or reset is who it says: by a code of a school, once. It holds until somebody of the
    enterprise has a way into the account again (`Account.handled_at` after `proven_at`)."""

    __tablename__ = "mentor_proof"

    account_id: Mapped[int] = mapped_column(ref("account.id"), unique=True)
    proven_at: Mapped[datetime | None]


class MentorAddress(Base):
    """That an address (known only by its digest) is the person's own: who vouches for it, and how it is known (empty: an office or
    the holder entered it). Another address starts anew."""

    __tablename__ = "mentor_address"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ref("person.id"))
    digest: Mapped[str] = mapped_column(sa.String(64))
    how: Mapped[str] = mapped_column(sa.String(200))
    vouched_by_id: Mapped[int | None]
    vouched_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("person_id", "digest"),)


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


class MentorAppraisal(Base):
    """What an enterprise or a school thinks of a mentor's year; one a year."""

    __tablename__ = "mentor_appraisal"

    mentor_id: Mapped[int] = mapped_column(ref("mentor.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    grade: Mapped[AppraisalGrade] = mapped_column(enum_column(AppraisalGrade))
    text: Mapped[str] = mapped_column(sa.Text, default="")
    appraised_by_id: Mapped[int | None]
    appraised_at: Mapped[datetime]


class MentorConflict(Base):
    """A student whom a mentor must not guide, and why: a relative, a business tie."""

    __tablename__ = "mentor_conflict"

    mentor_id: Mapped[int] = mapped_column(ref("mentor.id"), primary_key=True)
    student_id: Mapped[int] = mapped_column(ref("student.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(sa.String(200))
    declared_by_id: Mapped[int | None]
    declared_at: Mapped[datetime]
