"""One row per human. The identity number is encrypted; a keyed hash finds it and keeps it unique; pages show a mask."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainhub.kernel.db import Base, Json, Key, Versioned, enum_column, ref
from trainhub.organisations.models import Organisation
from trainhub.people.types import Degree, Gender, Identified, IdType, NationalityKind, PairDecision, StayKind, StudentState, TeacherKind
from trainhub.programmes.models import Cohort, Programme

STAYS: dict[str, Any] = {"merging": "stays"}
"""`info` of a column that names a person and is left alone when persons are merged: history, and the merging itself.

Every other column that refers to a person follows the person who stays (see `operations.merging`).
"""


_OTHER_DOCUMENT = "id_type <> 'resident_id'"


class Person(Versioned, Base):
    """A human being. `id_mask` is what pages show (3502**********1234).

    `id_number_encrypted` is empty bytes when the number has served its time (own.retention.id_number_months): the keyed
    hash still finds the person, nobody can read the number any more.
    """

    __tablename__ = "person"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(sa.String(120), index=True)
    pinyin: Mapped[str] = mapped_column(sa.String(300), default="", index=True)
    id_type: Mapped[IdType | None] = mapped_column(enum_column(IdType))
    id_number_encrypted: Mapped[bytes | None]
    id_number_hash: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    id_mask: Mapped[str] = mapped_column(sa.String(40), default="")
    number_by_holder: Mapped[bool] = mapped_column(default=False)
    """Nobody but the holder said the number: it proves nothing, and gives way to an office that brings it (`operations.claiming`)."""
    number_given_at: Mapped[datetime | None]
    """When the number was last given, also again (noted once a month); None: with the row. Its time runs from here (own.retention.id_number_months)."""
    is_verified: Mapped[bool] = mapped_column(default=False)
    identified_at: Mapped[datetime | None] = mapped_column(index=True)
    """Since when, without a break, it is known who this is: verified, or with a number that somebody else than the holder said; None: it is not. Earlier
    spans are `identity_models.PersonIdentified`. Figures count identified persons, so those of a past moment ask this."""
    identified_by_id: Mapped[int | None]
    identified_how: Mapped[Identified | None] = mapped_column(enum_column(Identified))
    birth_on: Mapped[date | None]
    gender: Mapped[Gender] = mapped_column(enum_column(Gender), default=Gender.UNKNOWN)
    nationality: Mapped[str] = mapped_column(sa.String(3), default="CN")
    nationality_kind: Mapped[NationalityKind] = mapped_column(enum_column(NationalityKind), default=NationalityKind.CHINA)
    phone: Mapped[str] = mapped_column(sa.String(30), default="")
    email: Mapped[str] = mapped_column(sa.String(200), default="")
    county_code: Mapped[str | None] = mapped_column(ref("region.code"), index=True)
    merged_into_id: Mapped[int | None] = mapped_column(ref("person.id"), index=True, info=STAYS)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("length(name) > 0", name="name_not_empty"),
        sa.CheckConstraint("(id_number_hash IS NULL) = (id_number_encrypted IS NULL)", name="id_number_whole"),
        sa.CheckConstraint(
            "(identified_at IS NOT NULL) = (is_verified OR (id_number_hash IS NOT NULL AND NOT number_by_holder))", name="identified_whole"
        ),
        sa.Index("ix_person_same", "name", "birth_on"),
        sa.Index("ix_person_other_document", "pinyin", sqlite_where=sa.text(_OTHER_DOCUMENT), postgresql_where=sa.text(_OTHER_DOCUMENT)),
    )


class FormerNumber(Base):
    """A number that was registered wrongly for a person and corrected since: its keyed hash alone, so that a file which still holds it is noticed."""

    __tablename__ = "person_former_number"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ref("person.id"))
    number_hash: Mapped[str] = mapped_column(sa.String(64), index=True)
    corrected_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("person_id", "number_hash"),)


class PersonPair(Base):
    """What somebody decided about two persons who look the same (same name and birth date, other number)."""

    __tablename__ = "person_pair"

    id: Mapped[Key]
    first_id: Mapped[int] = mapped_column(ref("person.id"), info=STAYS)
    second_id: Mapped[int] = mapped_column(ref("person.id"), index=True, info=STAYS)
    decision: Mapped[PairDecision] = mapped_column(enum_column(PairDecision))
    reason: Mapped[str] = mapped_column(sa.String(500))
    decided_by_id: Mapped[int | None]
    decided_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("first_id", "second_id"),
        sa.CheckConstraint("first_id < second_id", name="in_order"),
    )


class PersonMerge(Base):
    """Which rows followed a person who was merged into another, so that a mistaken merging can be taken back.

    `moved` and `stayed` hold row ids by "table.column"; what stayed would have been there twice (a second account, the same
    course run). A merging that was taken back keeps its row (`undone_at`).
    """

    __tablename__ = "person_merge"

    id: Mapped[Key]
    gone_id: Mapped[int] = mapped_column(ref("person.id"), info=STAYS)
    into_id: Mapped[int] = mapped_column(ref("person.id"), index=True, info=STAYS)
    moved: Mapped[dict[str, Any]]
    stayed: Mapped[dict[str, Any]]
    merged_by_id: Mapped[int | None]
    merged_at: Mapped[datetime]
    undone_by_id: Mapped[int | None]
    undone_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "uq_person_merge_standing",
            "gone_id",
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        ),
        sa.CheckConstraint("gone_id <> into_id", name="two_persons"),
    )


class LegalHold(Base):
    """While it stands, nothing of the person is deleted or made anonymous by its time (a dispute, an inspection, an order of a court)."""

    __tablename__ = "legal_hold"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    reason: Mapped[str] = mapped_column(sa.String(400))
    document: Mapped[str] = mapped_column(sa.String(200), default="")
    placed_by_id: Mapped[int | None]
    placed_at: Mapped[datetime]
    lifted_by_id: Mapped[int | None]
    lifted_at: Mapped[datetime | None]

    __table_args__ = (sa.CheckConstraint("length(reason) > 0", name="reason_not_empty"),)


class Student(Versioned, Base):
    """A person studying in a programme; unique by university and student number."""

    __tablename__ = "student"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    university_id: Mapped[int] = mapped_column(ref("organisation.id"))
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    cohort_id: Mapped[int] = mapped_column(ref("cohort.id"), index=True)
    student_no: Mapped[str] = mapped_column(sa.String(40))
    class_name: Mapped[str] = mapped_column(sa.String(60), default="")
    state: Mapped[StudentState] = mapped_column(enum_column(StudentState), default=StudentState.ENROLLED)
    enrolled_on: Mapped[date]
    left_on: Mapped[date | None]
    left_reason: Mapped[str] = mapped_column(sa.String(200), default="")
    """Why somebody of the 卓越计划 withdrew from the school: who judges the programme reads it beside the name (PETOE-7.2).
    Told only of who has withdrawn; it is still there after a return, which may be taken back."""
    guardian_name: Mapped[str] = mapped_column(sa.String(60), default="")
    guardian_phone: Mapped[str] = mapped_column(sa.String(40), default="")
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship(lazy="raise", viewonly=True)
    programme: Mapped[Programme] = relationship(lazy="raise", viewonly=True)
    cohort: Mapped[Cohort] = relationship(lazy="raise", viewonly=True)
    petoe_spans: Mapped[list[PetoeSpan]] = relationship(lazy="raise", viewonly=True, order_by="PetoeSpan.since")

    __table_args__ = (
        sa.UniqueConstraint("university_id", "student_no"),
        sa.UniqueConstraint("person_id", "programme_id"),
        sa.Index("ix_student_list", "programme_id", "cohort_id", "student_no"),
    )


class Suspension(Base):
    """When a student is or was suspended (休学): the days between earn nothing, those before and after do."""

    __tablename__ = "student_suspension"

    id: Mapped[Key]
    student_id: Mapped[int] = mapped_column(ref("student.id"), index=True)
    since: Mapped[date]
    until: Mapped[date | None]
    """The last day; None while it goes on."""

    __table_args__ = (sa.CheckConstraint("until IS NULL OR until >= since", name="in_order"),)


class FormerStudy(Base):
    """Where a student was before a change of programme or cohort, or before leaving and coming back; `Student` says where they are now.

    Questions of a day ask both (`queries.in_programme`): an evaluation counts a student where they were on its day.
    """

    __tablename__ = "student_former_study"

    id: Mapped[Key]
    student_id: Mapped[int] = mapped_column(ref("student.id"), index=True)
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    cohort_id: Mapped[int] = mapped_column(ref("cohort.id"))
    class_name: Mapped[str] = mapped_column(sa.String(60), default="")
    since: Mapped[date]
    until: Mapped[date]
    """The last day there."""
    next_since: Mapped[date]
    """The first day of what came next: the day after, or the one on which who had left came back."""
    ended_as: Mapped[StudentState] = mapped_column(enum_column(StudentState, name="endedas"))
    """What the student was when it ended: who comes back from a suspension or after leaving is again, when that is taken back."""
    ended_plan: Mapped[bool] = mapped_column(default=False)
    """Whether the change cut a span in the 卓越计划 short on the day before."""
    plan_until: Mapped[date | None]
    """The end that span had until then; None: it was open."""
    reason: Mapped[str] = mapped_column(sa.String(200))
    written_by_id: Mapped[int | None]
    written_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("student_id", "since"),
        sa.CheckConstraint("since <= until AND until < next_since", name="in_order"),
    )


class FormerSchoolNumber(Base):
    """A student or staff number that somebody had until it was corrected or a new one was given: a file that still holds it is told which holds now.

    The number itself is free again: often it is that of whom it was taken for.
    """

    __tablename__ = "former_school_number"

    id: Mapped[Key]
    university_id: Mapped[int] = mapped_column(ref("organisation.id"))
    number: Mapped[str] = mapped_column(sa.String(40))
    student_id: Mapped[int | None] = mapped_column(ref("student.id"), index=True)
    teacher_id: Mapped[int | None] = mapped_column(ref("teacher.id"), index=True)
    reason: Mapped[str] = mapped_column(sa.String(200))
    written_by_id: Mapped[int | None]
    written_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("student_id", "number"),
        sa.UniqueConstraint("teacher_id", "number"),
        sa.Index("ix_former_school_number", "number", "university_id"),
        sa.CheckConstraint("(student_id IS NULL) <> (teacher_id IS NULL)", name="of_one"),
    )


class PetoeSpan(Base):
    """When a student belongs to the 卓越计划: dated, because students join and leave it (requirements.md 9, 1)."""

    __tablename__ = "petoe_span"

    id: Mapped[Key]
    student_id: Mapped[int] = mapped_column(ref("student.id"), index=True)
    since: Mapped[date]
    until: Mapped[date | None]

    __table_args__ = (
        sa.UniqueConstraint("student_id", "since"),
        sa.CheckConstraint("until IS NULL OR until >= since", name="until_after_since"),
    )


class PetoeChange(Base):
    """A span in the 卓越计划 that got an end, was changed or taken away, and why. Append-only: who is judged hangs on the spans (requirements.md 9, 1).

    `was_*`: the span before (None: it was entered with its end at once); `since`, `until`: after (None: it is there no more). An end that a
    change of programme or leaving the school brings stands with these. `cohort_id`: the span stays, and its student was taken out of this
    cohort by the correction of the place (`move_student`), which leaves no former study.
    """

    __tablename__ = "petoe_change"

    id: Mapped[Key]
    student_id: Mapped[int] = mapped_column(ref("student.id"), index=True)
    was_since: Mapped[date | None]
    was_until: Mapped[date | None]
    since: Mapped[date | None]
    until: Mapped[date | None]
    cohort_id: Mapped[int | None] = mapped_column(ref("cohort.id"), index=True)
    reason: Mapped[str] = mapped_column(sa.String(200))
    written_by_id: Mapped[int | None]
    written_at: Mapped[datetime]

    __table_args__ = (sa.CheckConstraint("was_since IS NOT NULL OR since IS NOT NULL", name="of_a_span"),)


class Teacher(Versioned, Base):
    """A person teaching at a university, full-time or part-time."""

    __tablename__ = "teacher"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    university_id: Mapped[int] = mapped_column(ref("organisation.id"))
    programme_id: Mapped[int | None] = mapped_column(ref("programme.id"), index=True)
    staff_no: Mapped[str] = mapped_column(sa.String(40))
    kind: Mapped[TeacherKind] = mapped_column(enum_column(TeacherKind))
    title: Mapped[str] = mapped_column(sa.String(60), default="")
    discipline: Mapped[str] = mapped_column(sa.String(60), default="")
    is_senior: Mapped[bool] = mapped_column(default=False)
    phd_country: Mapped[str] = mapped_column(sa.String(3), default="")
    """What is said of a doctorate; it counts once it is entered as a degree and verified (`PersonDegree`)."""
    overseas_months: Mapped[int] = mapped_column(default=0)
    """What was said of time abroad before stays had days: told, never counted (`PersonStay`)."""
    since: Mapped[date]
    until: Mapped[date | None]
    capstone_capacity: Mapped[int] = mapped_column(default=8)
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship(lazy="raise", viewonly=True)
    university: Mapped[Organisation] = relationship(lazy="raise", viewonly=True)
    programme: Mapped[Programme | None] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (sa.UniqueConstraint("university_id", "staff_no"),)


class Employment(Base):
    """A span of work of a person in an enterprise, with who verified it and by which file (M5.3)."""

    __tablename__ = "employment"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ref("organisation.id"), index=True)
    organisation_name: Mapped[str] = mapped_column(sa.String(200))
    post: Mapped[str] = mapped_column(sa.String(100))
    is_enterprise: Mapped[bool] = mapped_column(default=True)
    is_full_time: Mapped[bool] = mapped_column(default=True)
    since: Mapped[date]
    until: Mapped[date | None]
    entered_by_ids: Mapped[list[int]] = mapped_column(Json, default=list)
    """The accounts that entered or corrected it, none of which verifies it; empty where that is not known."""
    verified_by_id: Mapped[int | None]
    verified_at: Mapped[datetime | None]
    verified_basis: Mapped[str] = mapped_column(sa.String(200), default="")
    evidence_file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))

    __table_args__ = (sa.CheckConstraint("until IS NULL OR until >= since", name="until_after_since"),)


class PersonStay(Base):
    """A span of study or work outside the mainland, with who verified it and by which file (PETOE-9.1, M9.1)."""

    __tablename__ = "person_stay"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    kind: Mapped[StayKind] = mapped_column(enum_column(StayKind))
    organisation_name: Mapped[str] = mapped_column(sa.String(200))
    region: Mapped[str] = mapped_column(sa.String(2))
    """ISO 3166; never CN, but HK, MO and TW (境外, requirements.md 8.2, 23)."""
    since: Mapped[date]
    until: Mapped[date]
    entered_by_id: Mapped[int | None]
    """Who entered it, and does not verify it; nobody where it came before that was kept."""
    verified_by_id: Mapped[int | None]
    verified_at: Mapped[datetime | None]
    verified_basis: Mapped[str] = mapped_column(sa.String(200), default="")
    evidence_file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))

    __table_args__ = (sa.CheckConstraint("until >= since", name="until_after_since"),)


class PersonDegree(Base):
    """A degree somebody holds, with who verified it and by which file (M4.1, M9.1; a doctorate for PETOE-9.1)."""

    __tablename__ = "person_degree"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    degree: Mapped[Degree] = mapped_column(enum_column(Degree))
    university_name: Mapped[str] = mapped_column(sa.String(200))
    region: Mapped[str] = mapped_column(sa.String(2))
    field: Mapped[str] = mapped_column(sa.String(120), default="")
    awarded_on: Mapped[date]
    entered_by_id: Mapped[int | None]
    """Who entered it, and does not verify it; nobody where it came before that was kept."""
    verified_by_id: Mapped[int | None]
    verified_at: Mapped[datetime | None]
    verified_basis: Mapped[str] = mapped_column(sa.String(200), default="")
    evidence_file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
