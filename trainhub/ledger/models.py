"""Facts, pushed down by the rooms and by rosters; never changed, corrected by new rows."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.kernel.db import Base, Key, enum_column, ref
from trainhub.ledger.types import Category, HolidayKind, Source
from trainhub.people.models import STAYS


class TrainingRecord(Base):
    """One completed training of one person at one base. Unique by person, base, course and day: a repeat is a duplicate.

    When persons are merged the record stays with the person under whose number it came, so that the same roster still finds it;
    readers look at the whole human. `is_counted` says whether the completion may count for goals. A record that is wrong is cancelled by a
    `RecordCancellation`, which keeps who and why; a corrected one is a new row.
    """

    __tablename__ = "training_record"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ref("person.id"), info=STAYS)
    organisation_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    course: Mapped[str] = mapped_column(sa.String(200))
    category: Mapped[Category] = mapped_column(enum_column(Category))
    county_code: Mapped[str] = mapped_column(ref("region.code"), index=True)
    hours_x10: Mapped[int]
    completed_on: Mapped[date]
    is_counted: Mapped[bool]
    by_number: Mapped[bool] = mapped_column(default=False)
    """A roster named the person by their full number, and nobody has said since that it is another's: whose training it is is sure."""
    source: Mapped[Source] = mapped_column(enum_column(Source))
    source_id: Mapped[int | None]
    batch_id: Mapped[int | None] = mapped_column(ref("roster_batch.id"), index=True)
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None]
    cancelled_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "uq_training_record_live",
            "person_id",
            "organisation_id",
            "course",
            "completed_on",
            unique=True,
            sqlite_where=sa.text("cancelled_at IS NULL"),
            postgresql_where=sa.text("cancelled_at IS NULL"),
        ),
        sa.CheckConstraint("hours_x10 >= 0", name="hours_not_negative"),
        sa.Index("ix_training_record_day", "completed_on", "id", "cancelled_at"),
        sa.Index("ix_training_record_first", "is_counted", "completed_on", "person_id"),
        sa.Index("ix_training_record_person", "person_id", "completed_on"),
        sa.Index("ix_training_record_course", "course", "completed_on"),
    )


class RecordCancellation(Base):
    """Why a record no longer stands, and which record replaces it."""

    __tablename__ = "record_cancellation"

    id: Mapped[Key]
    record_id: Mapped[int] = mapped_column(ref("training_record.id"), unique=True)
    replaced_by_id: Mapped[int | None] = mapped_column(ref("training_record.id"))
    reason: Mapped[str] = mapped_column(sa.String(400))
    by_account_id: Mapped[int | None]
    at: Mapped[datetime]

    __table_args__ = (sa.CheckConstraint("replaced_by_id <> record_id", name="by_another"),)


class RosterBatch(Base):
    """One imported roster: the file's checksum and what came out, so that a killed import goes on where it stopped.

    `rows_done` moves in the same transaction as the rows of a chunk: what it says is in the ledger, nothing more.
    """

    __tablename__ = "roster_batch"

    id: Mapped[Key]
    file_name: Mapped[str] = mapped_column(sa.String(255))
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    base_id: Mapped[int | None] = mapped_column(ref("organisation.id"))
    row_count: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    accepted_count: Mapped[int] = mapped_column(default=0)
    duplicate_count: Mapped[int] = mapped_column(default=0)
    rejected_count: Mapped[int] = mapped_column(default=0)
    new_person_count: Mapped[int] = mapped_column(default=0)
    upload_file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    rejections_file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    asked_by_id: Mapped[int | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class TrainingCourse(Base):
    """A course a training organisation teaches, and since when: a completion before that day cannot be."""

    __tablename__ = "training_course"

    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ref("organisation.id"))
    title: Mapped[str] = mapped_column(sa.String(200))
    since: Mapped[date]
    registered_by_id: Mapped[int | None]
    registered_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("organisation_id", "title"),)


class RosterRejection(Base):
    """Why one row of a roster was left out, or (`is_notice`) what to look at in a row that was taken.

    The row's values stay in the file: no identity number is written here.
    """

    __tablename__ = "roster_rejection"

    id: Mapped[Key]
    batch_id: Mapped[int] = mapped_column(ref("roster_batch.id"))
    row: Mapped[int] = mapped_column("row_number")
    column: Mapped[str] = mapped_column("column_name", sa.String(60), default="")
    problem: Mapped[str] = mapped_column(sa.String(400))
    is_notice: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (sa.Index("ix_roster_rejection_row", "batch_id", "row_number"),)


class PossibleDuplicate(Base):
    """Two persons with the same name and birth date but other numbers, waiting for a person's eye.

    `person_id` is the lower id of the two. A decision "same" lets both count as one person; it may be taken back.
    """

    __tablename__ = "possible_duplicate"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ref("person.id"), info=STAYS)
    other_person_id: Mapped[int] = mapped_column(ref("person.id"), info=STAYS)
    found_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None]
    is_same: Mapped[bool | None]
    note: Mapped[str] = mapped_column(sa.String(400), default="")

    __table_args__ = (
        sa.UniqueConstraint("person_id", "other_person_id"),
        sa.CheckConstraint("person_id < other_person_id", name="lower_first"),
        sa.Index("ix_possible_duplicate_open", "decided_at", "id"),
    )


class ConfirmedDay(Base):
    """One day a student worked in an enterprise, confirmed by its mentor. A withdrawn day keeps its row (`withdrawn_at`).

    Unique while it stands by student, day and enterprise; across enterprises a day counts once (requirements.md 1.x).
    """

    __tablename__ = "confirmed_day"

    id: Mapped[Key]
    student_id: Mapped[int] = mapped_column(ref("student.id"))
    enterprise_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    base_id: Mapped[int | None] = mapped_column(ref("organisation.id"), index=True)
    on: Mapped[date] = mapped_column("on_day")
    source_id: Mapped[int | None]
    confirmed_by_id: Mapped[int | None]
    confirmed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawal_reason: Mapped[str] = mapped_column(sa.String(400), default="")

    __table_args__ = (
        sa.Index(
            "uq_confirmed_day_live",
            "student_id",
            "on_day",
            "enterprise_id",
            unique=True,
            sqlite_where=sa.text("withdrawn_at IS NULL"),
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        ),
    )


class Milestone(Base):
    """One finished thing of a student or trainee that a room pushed down: a course completed, a capstone passed.

    `key` is the room's stable name of the thing (`course:MC-101/2026`, `capstone:42`), so that pushing twice is harmless.
    """

    __tablename__ = "milestone"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    source: Mapped[Source] = mapped_column(enum_column(Source))
    key: Mapped[str] = mapped_column(sa.String(120))
    title: Mapped[str] = mapped_column(sa.String(300))
    organisation_id: Mapped[int | None] = mapped_column(ref("organisation.id"))
    programme_id: Mapped[int | None] = mapped_column(ref("programme.id"), index=True)
    hours_x10: Mapped[int] = mapped_column(default=0)
    score_x10: Mapped[int | None]
    reached_on: Mapped[date]
    recorded_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "uq_milestone_live",
            "person_id",
            "source",
            "key",
            unique=True,
            sqlite_where=sa.text("withdrawn_at IS NULL"),
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        ),
    )


class HolidayDay(Base):
    """One day of a notice about public holidays: free, or a weekend day that is worked instead. Closed when it was wrong, never changed."""

    __tablename__ = "holiday_day"

    id: Mapped[Key]
    day: Mapped[date] = mapped_column(index=True)
    kind: Mapped[HolidayKind] = mapped_column(enum_column(HolidayKind))
    name: Mapped[str] = mapped_column(sa.String(60))
    document: Mapped[str] = mapped_column(sa.String(200))
    entered_at: Mapped[datetime]
    entered_by_id: Mapped[int | None]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None]
    close_reason: Mapped[str] = mapped_column(sa.String(400), default="")

    __table_args__ = (
        sa.Index(
            "uq_holiday_day_live",
            "day",
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
    )
