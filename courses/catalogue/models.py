"""Courses, their runs, and the content of a run: section > unit (one page) > block.

Content belongs to a run, so that a course that is running never changes because the next run is prepared.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses.catalogue.own_facts import OwnFacts
from courses.catalogue.types import BlockKind, BodyFormat, EducationType, Family, PartKind, RunMode, RunState, StaffRole
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.kernel.files import StoredFile
from trainhub.ledger.types import Category
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person


class Course(Versioned, Base):
    """What is taught; `owner` is the university, enterprise or institution that answers for it and signs certificates.

    `made_by_id` is the account that made it: it prepares the first run, whose team then answers for the content.
    `needs` is what a learner should bring, `gains` what the course gives: one point a line, for the public page.
    """

    __tablename__ = "course"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(sa.String(60), unique=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    title_en: Mapped[str] = mapped_column(sa.String(200), default="")
    pinyin: Mapped[str] = mapped_column(sa.String(400), default="")
    summary: Mapped[str] = mapped_column(sa.String(500), default="")
    description: Mapped[str] = mapped_column(sa.Text, default="")
    description_html: Mapped[str] = mapped_column(sa.Text, default="")
    needs: Mapped[str] = mapped_column(sa.String(1000), default="")
    gains: Mapped[str] = mapped_column(sa.String(2000), default="")
    owner_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    language: Mapped[str] = mapped_column(sa.String(12), default="zh")
    family: Mapped[Family] = mapped_column(enum_column(Family), default=Family.PROFESSIONAL)
    education_type: Mapped[EducationType] = mapped_column(enum_column(EducationType), default=EducationType.CONTINUING)
    key_field_no: Mapped[int | None]
    focus_area_no: Mapped[int | None]
    hours_x10: Mapped[int] = mapped_column(default=0)
    credits_x10: Mapped[int] = mapped_column(default=0)
    level: Mapped[str] = mapped_column(sa.String(40), default="")
    cover_file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    made_by_id: Mapped[int | None]

    owner: Mapped[Organisation] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        sa.CheckConstraint("length(code) > 0", name="code_not_empty"),
        sa.CheckConstraint("length(title) > 0", name="title_not_empty"),
        sa.CheckConstraint("hours_x10 >= 0", name="hours_not_negative"),
        sa.CheckConstraint("credits_x10 >= 0", name="credits_not_negative"),
        sa.CheckConstraint("key_field_no BETWEEN 1 AND 10", name="key_field_of_ten"),
        sa.CheckConstraint("focus_area_no BETWEEN 1 AND 8", name="focus_area_of_eight"),
        sa.Index("ix_course_title", "title", "id"),
    )


class Run(OwnFacts, Versioned, Base):
    """One offering of a course. `taken` counts active and completed learners and never passes `quota` (None: no limit).

    `counts_for_goal` says whether completions are recorded as training in `goal_category` (FJ-16c). Marks in tenths.
    Complete is who has done `completion_share_x1000` of the required blocks and reached the pass mark. Title, summary, hours, credits and
    language are those of the course unless the run has its own (`own_…`); who selects columns takes `RUN_TITLE` and the like.
    """

    __tablename__ = "course_run"

    id: Mapped[Key]
    course_id: Mapped[int] = mapped_column(ref("course.id"))
    code: Mapped[str] = mapped_column(sa.String(40))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    enrol_from: Mapped[date | None]
    enrol_until: Mapped[date | None]
    withdraw_until: Mapped[date | None]
    quota: Mapped[int | None]
    taken: Mapped[int] = mapped_column(default=0)
    mode: Mapped[RunMode] = mapped_column(enum_column(RunMode), default=RunMode.OPEN)
    state: Mapped[RunState] = mapped_column(enum_column(RunState), default=RunState.DRAFT, index=True)
    counts_for_goal: Mapped[bool] = mapped_column(default=False)
    goal_category: Mapped[Category] = mapped_column(enum_column(Category), default=Category.WORKER)
    pass_mark_x10: Mapped[int]
    completion_share_x1000: Mapped[int] = mapped_column(default=1000, server_default="1000")
    programme_id: Mapped[int | None] = mapped_column(ref("programme.id"), index=True)
    cohort_id: Mapped[int | None] = mapped_column(ref("cohort.id"), index=True)
    copied_from_id: Mapped[int | None] = mapped_column(ref("course_run.id"))
    import_report: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]

    course: Mapped[Course] = relationship(lazy="raise", viewonly=True)
    staff: Mapped[list[RunStaff]] = relationship(lazy="raise", viewonly=True, order_by="RunStaff.id")

    __table_args__ = (
        sa.UniqueConstraint("course_id", "code"),
        sa.CheckConstraint("taken >= 0 AND (quota IS NULL OR taken <= quota)", name="taken_within_quota"),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_after_start"),
        sa.CheckConstraint("enrol_from IS NULL OR enrol_until IS NULL OR enrol_until >= enrol_from", name="enrol_until_after_from"),
        sa.CheckConstraint("pass_mark_x10 BETWEEN 0 AND 1000", name="pass_mark_range"),
        sa.CheckConstraint("completion_share_x1000 BETWEEN 1 AND 1000", name="completion_share_range"),
        sa.CheckConstraint("own_hours_x10 >= 0", name="own_hours_not_negative"),
        sa.CheckConstraint("own_credits_x10 >= 0", name="own_credits_not_negative"),
    )


RUN_TITLE: sa.ColumnElement[str] = sa.func.coalesce(Run.own_title, Course.title)
RUN_PINYIN: sa.ColumnElement[str] = sa.func.coalesce(Run.own_pinyin, Course.pinyin)
RUN_SUMMARY: sa.ColumnElement[str] = sa.func.coalesce(Run.own_summary, Course.summary)
"""What a run is called, for statements that join Run and Course."""


class RunStaff(Base):
    """Who teaches a run; the lead answers for it."""

    __tablename__ = "run_staff"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    role: Mapped[StaffRole] = mapped_column(enum_column(StaffRole), default=StaffRole.LEAD)

    person: Mapped[Person] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (sa.UniqueConstraint("run_id", "person_id"),)


class Section(Versioned, Base):
    """A chapter of a run. `key` is stable over copies and formats.

    Of every part the columns are what learners see; `draft_no` names the version that waits to be published.
    """

    __tablename__ = "course_section"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"))
    key: Mapped[str] = mapped_column(sa.String(120))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(200))
    release_at: Mapped[datetime | None]
    is_published: Mapped[bool] = mapped_column(default=True)
    access: Mapped[dict[str, Any] | None]
    draft_no: Mapped[int | None]
    removed_at: Mapped[datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("run_id", "key"),
        sa.Index("ix_course_section_order", "run_id", "position", "id"),
    )


class Unit(Versioned, Base):
    """One page of a section. Units of one `lesson_key` that follow each other form a lesson (an OLX sequential)."""

    __tablename__ = "course_unit"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"))
    section_id: Mapped[int] = mapped_column(ref("course_section.id"))
    key: Mapped[str] = mapped_column(sa.String(120))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(200))
    lesson_key: Mapped[str] = mapped_column(sa.String(120), default="")
    lesson_title: Mapped[str] = mapped_column(sa.String(200), default="")
    assignment: Mapped[str] = mapped_column(sa.String(80), default="")
    release_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    is_published: Mapped[bool] = mapped_column(default=True)
    access: Mapped[dict[str, Any] | None]
    draft_no: Mapped[int | None]
    removed_at: Mapped[datetime | None]

    __table_args__ = (
        sa.UniqueConstraint("run_id", "key"),
        sa.Index("ix_course_unit_order", "section_id", "position", "id"),
    )


class Block(Versioned, Base):
    """One component of a unit. `body` is what the author wrote, `body_html` the sanitised HTML that is shown.

    `settings` by kind: video {source, duration, renditions [{file, height}], captions [{file, lang, label}], poster},
    file {}, link {url}, vsim {url, self_marked}, quiz {attempts, minutes, is_shuffled, shows_answers}, poll {options [text], is_public, corrected {place: text}},
    live {url, starts_at, ends_at, recording}, discussion {}; `origin` in it keeps what a format said, to write it back.
    A removed block stays as a row (`removed_at`), because grades may point at it.
    """

    __tablename__ = "course_block"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"))
    unit_id: Mapped[int] = mapped_column(ref("course_unit.id"))
    key: Mapped[str] = mapped_column(sa.String(120))
    position: Mapped[int]
    kind: Mapped[BlockKind] = mapped_column(enum_column(BlockKind))
    title: Mapped[str] = mapped_column(sa.String(200), default="")
    body_format: Mapped[BodyFormat] = mapped_column(enum_column(BodyFormat), default=BodyFormat.MARKDOWN)
    body: Mapped[str] = mapped_column(sa.Text, default="")
    body_html: Mapped[str] = mapped_column(sa.Text, default="")
    settings: Mapped[dict[str, Any]]
    file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    is_graded: Mapped[bool] = mapped_column(default=False)
    is_required: Mapped[bool] = mapped_column(default=True)
    weight_x10: Mapped[int] = mapped_column(default=10)
    is_published: Mapped[bool] = mapped_column(default=True)
    access: Mapped[dict[str, Any] | None]
    draft_no: Mapped[int | None]
    removed_at: Mapped[datetime | None]

    file: Mapped[StoredFile | None] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        sa.UniqueConstraint("run_id", "key"),
        sa.CheckConstraint("weight_x10 >= 0", name="weight_not_negative"),
        sa.Index("ix_course_block_order", "unit_id", "position", "id"),
    )


class RunAsset(Base):
    """A file of a run under the name its texts refer to (`/static/name`)."""

    __tablename__ = "run_asset"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"))
    name: Mapped[str] = mapped_column(sa.String(255))
    file_id: Mapped[int] = mapped_column(ref("stored_file.id"))

    file: Mapped[StoredFile] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (sa.UniqueConstraint("run_id", "name"),)


class CoursePrerequisite(Base):
    """A course that must be completed before one enrols in another."""

    __tablename__ = "course_prerequisite"

    id: Mapped[Key]
    course_id: Mapped[int] = mapped_column(ref("course.id"))
    required_id: Mapped[int] = mapped_column(ref("course.id"), index=True)

    required: Mapped[Course] = relationship(lazy="raise", viewonly=True, foreign_keys=[required_id])

    __table_args__ = (sa.UniqueConstraint("course_id", "required_id"), sa.CheckConstraint("course_id <> required_id", name="not_itself"))


class ContentVersion(Base):
    """One saved state of a section, unit or block: who, when, why. Never changed but for the instant it was published."""

    __tablename__ = "content_version"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"), index=True)
    part: Mapped[PartKind] = mapped_column(enum_column(PartKind))
    part_id: Mapped[int]
    number: Mapped[int]
    data: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(sa.String(300), default="")
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[int | None]
    saved_by: Mapped[str] = mapped_column(sa.String(200), default="")
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[int | None]
    published_note: Mapped[str] = mapped_column(sa.String(300), default="")

    __table_args__ = (
        sa.UniqueConstraint("part", "part_id", "number"),
        sa.CheckConstraint("number > 0", name="number_from_one"),
    )


class RunGroup(Base):
    """A group of learners of a run; groups of one `set_name` are a division of the run."""

    __tablename__ = "run_group"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"))
    key: Mapped[str] = mapped_column(sa.String(40))
    set_name: Mapped[str] = mapped_column(sa.String(80), default="")
    name: Mapped[str] = mapped_column(sa.String(80))

    __table_args__ = (
        sa.UniqueConstraint("run_id", "key"),
        sa.UniqueConstraint("run_id", "set_name", "name"),
        sa.CheckConstraint("length(name) > 0", name="name_not_empty"),
    )


class RunGroupMember(Base):
    """A learner in a group."""

    __tablename__ = "run_group_member"

    id: Mapped[Key]
    group_id: Mapped[int] = mapped_column(ref("run_group.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)

    __table_args__ = (sa.UniqueConstraint("group_id", "person_id"),)


class StaffInvitation(Base):
    """Somebody asked to join the staff of a run; the answer stays."""

    __tablename__ = "staff_invitation"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    role: Mapped[StaffRole] = mapped_column(enum_column(StaffRole))
    invited_by_id: Mapped[int | None]
    invited_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    is_accepted: Mapped[bool] = mapped_column(default=False)

    run: Mapped[Run] = relationship(lazy="raise", viewonly=True)
    person: Mapped[Person] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (sa.UniqueConstraint("run_id", "person_id"),)


class PollVote(Base):
    """What a person chose in a poll, once; `choice` is the place of the option from 0."""

    __tablename__ = "poll_vote"

    id: Mapped[Key]
    block_id: Mapped[int] = mapped_column(ref("course_block.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    choice: Mapped[int]
    voted_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("block_id", "person_id"), sa.CheckConstraint("choice >= 0", name="choice_not_negative"))


class LabKey(Base):
    """The secret that a laboratory and this platform share for one block; encrypted at rest."""

    __tablename__ = "lab_key"

    block_id: Mapped[int] = mapped_column(ref("course_block.id"), primary_key=True)
    secret: Mapped[bytes]


class LabLaunch(Base):
    """A learner who was sent to a laboratory. `token` names the launch outside; it says nothing about the person."""

    __tablename__ = "lab_launch"

    id: Mapped[Key]
    token: Mapped[str] = mapped_column(sa.String(64), unique=True)
    block_id: Mapped[int] = mapped_column(ref("course_block.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    launched_at: Mapped[datetime]

    block: Mapped[Block] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (sa.Index("ix_lab_launch_block", "block_id", "person_id"),)


class LabReport(Base):
    """What a laboratory reported about a launch, each `report_key` once. Marks in tenths."""

    __tablename__ = "lab_report"

    id: Mapped[Key]
    launch_id: Mapped[int] = mapped_column(ref("lab_launch.id"))
    report_key: Mapped[str] = mapped_column(sa.String(80))
    is_completed: Mapped[bool]
    score_x10: Mapped[int | None]
    digest: Mapped[str] = mapped_column(sa.String(64))
    received_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("launch_id", "report_key"),
        sa.CheckConstraint("score_x10 BETWEEN 0 AND 1000", name="score_range"),
    )
