"""Topics from practice, capstones with dual supervisors, guidance, grades of both sides."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from enterprises.capstones.types import CapstoneState, EvidenceKind, Stage, SupervisorRole, TopicOrigin, TopicSource, TopicState
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student

HOLDS_ITS_STUDENT = "state <> 'withdrawn' AND (state <> 'failed' OR archived_at IS NULL)"
"""Which capstones leave their student no other one. An archived failure is history: its result cannot change any more (`machine`)."""


class Topic(Versioned, Base):
    """A problem of an enterprise with its source in practice and the evidence for it (criterion 8.1)."""

    __tablename__ = "capstone_topic"

    id: Mapped[Key]
    enterprise_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    problem: Mapped[str] = mapped_column(sa.Text)
    source: Mapped[TopicSource] = mapped_column(enum_column(TopicSource))
    evidence: Mapped[str] = mapped_column(sa.Text, default="")
    evidence_kind: Mapped[EvidenceKind | None] = mapped_column(enum_column(EvidenceKind))
    evidence_file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    evidence_waits: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """It came after the school approved the topic, and no school has looked at it: it proves nothing yet."""
    evidence_before: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    """The number or description that stood before late evidence came; it stands again when that is sent back."""
    evidence_by_id: Mapped[int | None]
    """Who added it late: nobody takes what is their own."""
    skills: Mapped[list[str]]
    is_confidential: Mapped[bool] = mapped_column(default=False)
    seats: Mapped[int] = mapped_column(default=1)
    taken: Mapped[int] = mapped_column(default=0)
    state: Mapped[TopicState] = mapped_column(enum_column(TopicState), default=TopicState.PROPOSED)
    approved_by_school_on: Mapped[date | None]
    approved_by_enterprise_on: Mapped[date | None]
    approved_by_school_id: Mapped[int | None]
    approved_by_enterprise_id: Mapped[int | None]
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    proposed_by_id: Mapped[int | None]
    proposed_by_person_id: Mapped[int | None] = mapped_column(ref("person.id"))
    origin: Mapped[TopicOrigin] = mapped_column(enum_column(TopicOrigin), default=TopicOrigin.ENTERPRISE, server_default="enterprise")
    team_most: Mapped[int] = mapped_column(default=1, server_default="1")
    """Students who may work on it together; 1: nobody works in a team."""
    reserved_student_id: Mapped[int | None] = mapped_column(ref("student.id"))
    """The student who proposed it: nobody else may choose it."""
    closed_at: Mapped[datetime | None]
    """Since when it takes nobody further because its enterprise left; a seat that is given back stays closed too."""
    created_at: Mapped[datetime]

    enterprise: Mapped[Organisation] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        sa.CheckConstraint("taken >= 0 AND taken <= seats", name="seats_hold"),
        sa.Index("ix_capstone_topic_library", "programme_id", "state", "id"),
    )


class TopicMark(Base):
    """A checksum by which topics that are alike are found (`likeness.marks`); the answer itself is computed from the texts."""

    __tablename__ = "capstone_topic_mark"

    mark: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    topic_id: Mapped[int] = mapped_column(ref("capstone_topic.id"), primary_key=True, index=True)


class Capstone(Versioned, Base):
    """The capstone of one student; one at a time: only after a withdrawn one, or a failed one that is archived, may another follow."""

    __tablename__ = "capstone"

    id: Mapped[Key]
    student_id: Mapped[int] = mapped_column(ref("student.id"), index=True)
    topic_id: Mapped[int] = mapped_column(ref("capstone_topic.id"), index=True)
    enterprise_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    state: Mapped[CapstoneState] = mapped_column(enum_column(CapstoneState), default=CapstoneState.ASSIGNED)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    place: Mapped[str] = mapped_column(sa.String(200), default="")
    thesis_file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    submitted_at: Mapped[datetime | None]
    score_x10: Mapped[int | None]
    grade_text: Mapped[str] = mapped_column(sa.String(20), default="")
    finished_on: Mapped[date | None]
    findings: Mapped[list[Any]]
    note: Mapped[str] = mapped_column(sa.String(400), default="")
    team_id: Mapped[int | None] = mapped_column(ref("capstone_team.id"), index=True)
    computation: Mapped[dict[str, Any] | None]
    """How the score came about: parts, weights, what the third grade replaced; frozen with the result."""
    archived_at: Mapped[datetime | None]
    archive: Mapped[dict[str, Any] | None]
    """What was archived: every file with its checksum, grades, findings."""
    created_at: Mapped[datetime]

    student: Mapped[Student] = relationship(lazy="raise", viewonly=True)
    topic: Mapped[Topic] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        sa.Index(
            "uq_capstone_live",
            "student_id",
            unique=True,
            sqlite_where=sa.text(HOLDS_ITS_STUDENT),
            postgresql_where=sa.text(HOLDS_ITS_STUDENT),
        ),
        sa.CheckConstraint("ends_on > starts_on", name="ends_after_start"),
    )


class Supervision(Base):
    """Who supervises on which side; a person supervises a capstone on one side only."""

    __tablename__ = "supervision"

    id: Mapped[Key]
    capstone_id: Mapped[int] = mapped_column(ref("capstone.id"))
    role: Mapped[SupervisorRole] = mapped_column(enum_column(SupervisorRole))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    since: Mapped[date]
    until: Mapped[date | None]

    person: Mapped[Person] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        # both columns: SQLite knows no statistics, and would as soon look through all that one teacher ever supervised
        sa.Index("ix_supervision_capstone_person", "capstone_id", "person_id"),
        sa.Index(
            "uq_supervision_live",
            "capstone_id",
            "role",
            unique=True,
            sqlite_where=sa.text("until IS NULL"),
            postgresql_where=sa.text("until IS NULL"),
        ),
        sa.Index(
            "uq_supervision_person",
            "capstone_id",
            "person_id",
            unique=True,
            sqlite_where=sa.text("until IS NULL"),
            postgresql_where=sa.text("until IS NULL"),
        ),
    )


class GuidanceEntry(Base):
    """One guidance: what makes a supervisor substantive (criterion 8.3). It counts when the other party has confirmed it."""

    __tablename__ = "guidance_entry"

    id: Mapped[Key]
    capstone_id: Mapped[int] = mapped_column(ref("capstone.id"), index=True)
    person_id: Mapped[int] = mapped_column(ref("person.id"))
    role: Mapped[SupervisorRole] = mapped_column(enum_column(SupervisorRole))
    on: Mapped[date] = mapped_column("on_day")
    content: Mapped[str] = mapped_column(sa.Text)
    logged_by_person_id: Mapped[int | None] = mapped_column(ref("person.id"))
    confirmed_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[int | None]
    created_at: Mapped[datetime]
    counted: Mapped[bool | None]
    """Whether it was of a day in office when the capstone was archived (`guiding.in_term`); None: not archived, asked anew each time."""

    __table_args__ = (sa.UniqueConstraint("capstone_id", "role", "on_day"),)


class CapstonePaper(Base):
    """A version of what is handed in at a stage; never replaced, the latest one holds. Its checksum is the file's."""

    __tablename__ = "capstone_paper"

    id: Mapped[Key]
    capstone_id: Mapped[int] = mapped_column(ref("capstone.id"), index=True)
    stage: Mapped[Stage] = mapped_column(enum_column(Stage))
    file_id: Mapped[int] = mapped_column(ref("stored_file.id"))
    note: Mapped[str] = mapped_column(sa.String(400), default="")
    handed_in_by_id: Mapped[int | None]
    handed_in_at: Mapped[datetime]
    similarity_x10: Mapped[int | None]
    """Tenths of a per cent that a similarity report found: as typed, or as the school's supervisor corrected it."""
    similarity_typed_x10: Mapped[int | None]
    """What the student had typed, once it was corrected."""
    similarity_checked_by_id: Mapped[int | None]
    similarity_checked_at: Mapped[datetime | None]
    similarity_reason: Mapped[str] = mapped_column(sa.String(400), default="", server_default="")
    returned_at: Mapped[datetime | None]
    return_reason: Mapped[str] = mapped_column(sa.String(400), default="", server_default="")
    anonymous_file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    """The same version of a thesis without names: what a blind reviewer and an expert of a spot check read."""
    anonymous_said: Mapped[dict[str, Any] | None]
    """What was found in it (`anonymity`): whether its text could be read, and the words that stand in it all the same."""

    __table_args__ = (sa.CheckConstraint("similarity_x10 BETWEEN 0 AND 1000", name="similarity_in_range"),)


class CapstoneGrade(Base):
    """A signed grade of one side. Only correctable by a new entry with a reason that replaces it."""

    __tablename__ = "capstone_grade"

    id: Mapped[Key]
    capstone_id: Mapped[int] = mapped_column(ref("capstone.id"), index=True)
    role: Mapped[SupervisorRole] = mapped_column(enum_column(SupervisorRole))
    person_id: Mapped[int] = mapped_column(ref("person.id"))
    rubric: Mapped[dict[str, Any]]
    rubric_id: Mapped[int | None] = mapped_column(ref("capstone_rubric.id"))
    score_x10: Mapped[int]
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    signed_at: Mapped[datetime]
    replaces_id: Mapped[int | None] = mapped_column(ref("capstone_grade.id"), unique=True)
    replaced_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.String(400), default="")

    __table_args__ = (
        sa.CheckConstraint("score_x10 BETWEEN 0 AND 1000", name="score_in_range"),
        sa.Index(
            "uq_capstone_grade_live",
            "capstone_id",
            "role",
            unique=True,
            sqlite_where=sa.text("replaced_at IS NULL"),
            postgresql_where=sa.text("replaced_at IS NULL"),
        ),
    )
