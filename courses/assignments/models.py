"""Assignments of a run, groups, submissions with their versions and files, marks, comments, peer reviews.

Rows of marks, versions, extensions and done reviews are only added to. A removed assignment block keeps its rows: grades stay explainable.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from courses.assignments.types import FileUse, MarkRole, Queue, ReviewState, SubmissionState
from courses.catalogue.models import Block
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.kernel.files import StoredFile
from trainhub.people.models import Person


class Assignment(Versioned, Base):
    """The rules of an assignment block: what is handed in, until when, how it is judged. Its text is the block's body.

    `max_x10` full points; `rubric` as `Rubric.as_data`; `file_kinds` of `FileKind`; `versions` None: as often as one likes until due.
    `peers` reviews per submission (0: none), of which `peers_needed` must be done by `peer_due_at`.
    """

    __tablename__ = "assignment"

    id: Mapped[Key]
    block_id: Mapped[int] = mapped_column(ref("course_block.id"), unique=True)
    run_id: Mapped[int] = mapped_column(ref("course_run.id"), index=True)
    max_x10: Mapped[int] = mapped_column(default=1000)
    rubric: Mapped[list[Any]]
    takes_text: Mapped[bool] = mapped_column(default=True)
    file_kinds: Mapped[list[str]]
    max_files: Mapped[int] = mapped_column(default=0)
    max_mb: Mapped[int] = mapped_column(default=20)
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    cutoff_at: Mapped[datetime | None]
    grace_hours: Mapped[int] = mapped_column(default=0)
    percent_per_day: Mapped[int] = mapped_column(default=0)
    versions: Mapped[int | None]
    is_group: Mapped[bool] = mapped_column(default=False)
    is_double: Mapped[bool] = mapped_column(default=False)
    limit_x10: Mapped[int] = mapped_column(default=100)
    checks_likeness: Mapped[bool] = mapped_column(default=False)
    peers: Mapped[int] = mapped_column(default=0)
    peers_needed: Mapped[int] = mapped_column(default=1)
    peer_due_at: Mapped[datetime | None]
    has_self_review: Mapped[bool] = mapped_column(default=False)
    allocated_at: Mapped[datetime | None]
    peers_closed_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]

    block: Mapped[Block] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        sa.CheckConstraint("max_x10 BETWEEN 10 AND 10000", name="max_range"),
        sa.CheckConstraint("percent_per_day BETWEEN 0 AND 100", name="percent_range"),
        sa.CheckConstraint("grace_hours >= 0 AND max_files >= 0 AND max_mb > 0", name="not_negative"),
        sa.CheckConstraint("versions IS NULL OR versions > 0", name="versions_positive"),
        sa.CheckConstraint("cutoff_at IS NULL OR due_at IS NULL OR cutoff_at >= due_at", name="cutoff_after_due"),
        sa.CheckConstraint("peers BETWEEN 0 AND 10 AND peers_needed >= 1", name="peers_range"),
        sa.CheckConstraint("peers = 0 OR (due_at IS NOT NULL AND peer_due_at IS NOT NULL AND peer_due_at > due_at)", name="peers_have_dates"),
    )


class WorkTeam(Base):
    """Learners of a run who hand in together; not the groups by which content opens (`catalogue.RunGroup`)."""

    __tablename__ = "work_team"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"))
    name: Mapped[str] = mapped_column(sa.String(60))
    made_at: Mapped[datetime]

    members: Mapped[list[WorkTeamMember]] = relationship(lazy="raise", viewonly=True, order_by="WorkTeamMember.id")

    __table_args__ = (sa.UniqueConstraint("run_id", "name"),)


class WorkTeamMember(Base):
    """A person in at most one group of a run. Who leaves keeps the marks of what was handed in before."""

    __tablename__ = "work_team_member"

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ref("course_run.id"))
    group_id: Mapped[int] = mapped_column(ref("work_team.id"), index=True)
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)

    person: Mapped[Person] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (sa.UniqueConstraint("run_id", "person_id"),)


class Submission(Versioned, Base):
    """The work of a person or group for an assignment: a draft that is saved by itself, and versions handed in.

    `alias` stands for the author wherever peers look. `late_days` follows extensions and corrected rules. `points_x10` is the raw result,
    `penalty_x10` what lateness costs, `score_x10` the result out of 1000. `queue` says why it waits for staff.
    """

    __tablename__ = "submission"

    id: Mapped[Key]
    assignment_id: Mapped[int] = mapped_column(ref("assignment.id"))
    group_id: Mapped[int | None] = mapped_column(ref("work_team.id"), index=True)
    alias: Mapped[str] = mapped_column(sa.String(12))
    state: Mapped[SubmissionState] = mapped_column(enum_column(SubmissionState), default=SubmissionState.DRAFT)
    queue: Mapped[Queue] = mapped_column(enum_column(Queue), default=Queue.NONE)
    number: Mapped[int] = mapped_column(default=0)
    draft_text: Mapped[str] = mapped_column(sa.Text, default="")
    draft_saved_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    late_days: Mapped[int] = mapped_column(default=0)
    points_x10: Mapped[int | None]
    penalty_x10: Mapped[int] = mapped_column(default=0)
    score_x10: Mapped[int | None]
    graded_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]

    assignment: Mapped[Assignment] = relationship(lazy="raise", viewonly=True)
    group: Mapped[WorkTeam | None] = relationship(lazy="raise", viewonly=True)
    members: Mapped[list[SubmissionMember]] = relationship(lazy="raise", viewonly=True, order_by="SubmissionMember.id")

    __table_args__ = (
        sa.UniqueConstraint("assignment_id", "alias"),
        sa.UniqueConstraint("assignment_id", "group_id"),
        sa.CheckConstraint("(state = 'graded') = (score_x10 IS NOT NULL)", name="graded_has_score"),
        sa.CheckConstraint("score_x10 BETWEEN 0 AND 1000", name="score_range"),
        sa.CheckConstraint("points_x10 >= 0 AND penalty_x10 >= 0", name="points_not_negative"),
        sa.Index("ix_submission_queue", "assignment_id", "queue", "id"),
    )


class SubmissionMember(Base):
    """Whose work it is: one person, or who was in the group when it was handed in."""

    __tablename__ = "submission_member"

    id: Mapped[Key]
    submission_id: Mapped[int] = mapped_column(ref("submission.id"), index=True)
    assignment_id: Mapped[int] = mapped_column(ref("assignment.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)

    person: Mapped[Person] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (sa.UniqueConstraint("assignment_id", "person_id"),)


class SubmissionVersion(Base):
    """What was handed in, never changed. `late_days`: days begun after due and grace by the rule of that moment; what counts is the submission's."""

    __tablename__ = "submission_version"

    id: Mapped[Key]
    submission_id: Mapped[int] = mapped_column(ref("submission.id"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(sa.Text, default="")
    submitted_at: Mapped[datetime]
    submitted_by_id: Mapped[int | None]
    late_days: Mapped[int] = mapped_column(default=0)

    files: Mapped[list[SubmissionFile]] = relationship(lazy="raise", viewonly=True, order_by="SubmissionFile.id")

    __table_args__ = (sa.UniqueConstraint("submission_id", "number"),)


class SubmissionFile(Base):
    """A file of a version, of the draft (`version_id` None), or a feedback file. One taken out of a draft keeps no row."""

    __tablename__ = "submission_file"

    id: Mapped[Key]
    submission_id: Mapped[int] = mapped_column(ref("submission.id"), index=True)
    version_id: Mapped[int | None] = mapped_column(ref("submission_version.id"), index=True)
    use: Mapped[FileUse] = mapped_column(enum_column(FileUse), default=FileUse.WORK)
    file_id: Mapped[int] = mapped_column(ref("stored_file.id"))

    file: Mapped[StoredFile] = relationship(lazy="raise", viewonly=True)


class AssignmentExtension(Base):
    """More time for one person: the latest row holds. Kept as a log, with its reason and who gave it."""

    __tablename__ = "assignment_extension"

    id: Mapped[Key]
    assignment_id: Mapped[int] = mapped_column(ref("assignment.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    until_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(sa.String(400))
    given_by_id: Mapped[int | None]
    given_by: Mapped[str] = mapped_column(sa.String(120))
    given_at: Mapped[datetime]

    person: Mapped[Person] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (sa.Index("ix_assignment_extension_person", "assignment_id", "person_id", "id"),)


class SubmissionMark(Base):
    """One judgement of a version by one grader, with the rubric as it was then. Only added to; the latest of a role counts."""

    __tablename__ = "submission_mark"

    id: Mapped[Key]
    submission_id: Mapped[int] = mapped_column(ref("submission.id"), index=True)
    number: Mapped[int]
    role: Mapped[MarkRole] = mapped_column(enum_column(MarkRole))
    grader_id: Mapped[int | None] = mapped_column(ref("person.id"), index=True)
    grader: Mapped[str] = mapped_column(sa.String(120))
    points_x10: Mapped[int]
    points: Mapped[dict[str, Any]]
    rubric: Mapped[list[Any]]
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    given_at: Mapped[datetime]

    __table_args__ = (sa.CheckConstraint("points_x10 >= 0", name="points_not_negative"),)


class SubmissionComment(Base):
    """A remark of the staff at a paragraph of the text (counted from 1), at a file and page, or on the whole.

    Authors read it from `shown_at`: with the released mark, or when the work is sent back.
    """

    __tablename__ = "submission_comment"

    id: Mapped[Key]
    submission_id: Mapped[int] = mapped_column(ref("submission.id"), index=True)
    number: Mapped[int]
    paragraph: Mapped[int | None]
    file_id: Mapped[int | None] = mapped_column(ref("submission_file.id"), index=True)
    page: Mapped[int | None]
    body: Mapped[str] = mapped_column(sa.Text)
    author: Mapped[str] = mapped_column(sa.String(120))
    author_id: Mapped[int | None]
    written_at: Mapped[datetime]
    shown_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]

    __table_args__ = (sa.CheckConstraint("paragraph > 0 AND (page IS NULL OR page > 0)", name="places_from_one"),)


class PeerReview(Versioned, Base):
    """One learner's review of another's work (or of the own one: `is_self`, never counted). `weight_x1000` from calibration."""

    __tablename__ = "peer_review"

    id: Mapped[Key]
    assignment_id: Mapped[int] = mapped_column(ref("assignment.id"), index=True)
    submission_id: Mapped[int] = mapped_column(ref("submission.id"))
    reviewer_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    is_self: Mapped[bool] = mapped_column(default=False)
    state: Mapped[ReviewState] = mapped_column(enum_column(ReviewState), default=ReviewState.ASSIGNED)
    points_x10: Mapped[int | None]
    points: Mapped[dict[str, Any]]
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    weight_x1000: Mapped[int] = mapped_column(default=1000)
    assigned_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    rating: Mapped[int | None]
    rating_note: Mapped[str] = mapped_column(sa.String(400), default="")

    submission: Mapped[Submission] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        sa.UniqueConstraint("submission_id", "reviewer_id"),
        sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done_has_instant"),
        sa.CheckConstraint("state <> 'done' OR points_x10 IS NOT NULL", name="done_has_points"),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name="rating_range"),
        sa.Index("ix_peer_review_of", "assignment_id", "reviewer_id"),
    )


class PeerExample(Base):
    """A piece of work that staff graded, by which reviewers are calibrated."""

    __tablename__ = "peer_example"

    id: Mapped[Key]
    assignment_id: Mapped[int] = mapped_column(ref("assignment.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    text: Mapped[str] = mapped_column(sa.Text)
    points_x10: Mapped[int]
    points: Mapped[dict[str, Any]]
    comment: Mapped[str] = mapped_column(sa.Text, default="")


class PeerExampleMark(Base):
    """What a learner gave an example; once, so that nobody corrects it after having seen the answer."""

    __tablename__ = "peer_example_mark"

    id: Mapped[Key]
    example_id: Mapped[int] = mapped_column(ref("peer_example.id"))
    reviewer_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    points_x10: Mapped[int]
    points: Mapped[dict[str, Any]]
    given_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("example_id", "reviewer_id"),)
