"""Every select on assignments, groups, submissions, marks and comments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from courses.assignments.models import (
    Assignment,
    Submission,
    SubmissionComment,
    SubmissionFile,
    SubmissionMark,
    SubmissionMember,
    SubmissionVersion,
    WorkTeam,
)
from courses.assignments.queries import lateness as late
from courses.assignments.types import FileUse, Queue, SubmissionRow, SubmissionState, ToHandIn
from courses.catalogue.models import Block, Run, Section, Unit
from courses.catalogue.types import RunState
from courses.learning import opening, settled_queries
from courses.learning.models import Enrolment
from courses.learning.rules import is_settled
from courses.learning.types import EnrolmentState
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people
from trainhub.people.models import Person, Student

CHUNK = 1000
"""Submissions of a table that are read at once."""


def assignment_of(block_id: int) -> Assignment | None:
    """The rules of an assignment block with the block; None while its author has not set them."""
    return session().scalar(select(Assignment).where(Assignment.block_id == block_id).options(joinedload(Assignment.block)))


def assignment_by_id(assignment_id: int) -> Assignment | None:
    """An assignment with its block."""
    return session().scalar(select(Assignment).where(Assignment.id == assignment_id).options(joinedload(Assignment.block)))


def rules_of(block_ids: Collection[int]) -> dict[int, Assignment]:
    """The rules of several blocks, by block."""
    rows = session().scalars(select(Assignment).where(Assignment.block_id.in_(list(block_ids)))) if block_ids else ()
    return {row.block_id: row for row in rows}


def origin_of(row: Block) -> Assignment | None:
    """The rules of the block this one was copied from, when the run was copied from another."""
    came_from = select(Run.copied_from_id).where(Run.id == row.run_id).scalar_subquery()
    statement = select(Assignment).join(Block, Block.id == Assignment.block_id).where(Block.run_id == came_from, Block.key == row.key)
    return session().scalar(statement)


def block(block_id: int) -> Block | None:
    """An assignment block, also a removed one: what was handed in stays readable."""
    return session().get(Block, block_id)


def of_run(run_id: int) -> list[Any]:
    """The assignment blocks of a run in the order of the content: block, its rules (or None), and counts by state and queue."""
    rows = session().execute(
        select(Block, Assignment)
        .join(Unit, Unit.id == Block.unit_id)
        .join(Section, Section.id == Unit.section_id)
        .outerjoin(Assignment, Assignment.block_id == Block.id)
        .where(Block.run_id == run_id, Block.kind == "assignment")
        .order_by(Block.removed_at.is_not(None), Section.position, Unit.position, Block.position, Block.id)
    )
    found = [(one, rule) for one, rule in rows if one.removed_at is None or rule is not None]
    counts = counts_of([rule.id for _one, rule in found if rule is not None])
    return [(one, rule, counts.get(rule.id, {}) if rule is not None else {}) for one, rule in found]


def counts_of(assignment_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """How many submissions of each assignment were handed in, wait for staff, are graded, show their mark to its authors."""
    handed = func.count().filter(Submission.number > 0)
    waits = func.count().filter(Submission.queue != Queue.NONE)
    graded = func.count().filter(Submission.state == SubmissionState.GRADED)
    shown = func.count().filter(Submission.released_at.is_not(None))
    statement = (
        select(Submission.assignment_id, handed, waits, graded, shown)
        .where(Submission.assignment_id.in_(list(assignment_ids)))
        .group_by(Submission.assignment_id)
    )
    return {key: {"handed": a, "waits": b, "graded": c, "shown": d} for key, a, b, c, d in session().execute(statement)}


# -- submissions --------------------------------------------------------------------------------------------------------


def _whole() -> sa.Select[Submission]:
    return select(Submission).options(
        joinedload(Submission.assignment).joinedload(Assignment.block),
        joinedload(Submission.group),
        selectinload(Submission.members).joinedload(SubmissionMember.person),
    )


def submission_of(assignment_id: int, person_id: int) -> Submission | None:
    """A human's work for an assignment, alone or in a group; of two, which only a merging leaves, the one handed in, then the person's own."""
    of_human = people.of_human(SubmissionMember.person_id, person_id)
    mine = select(SubmissionMember.submission_id).where(SubmissionMember.assignment_id == assignment_id, of_human)
    own = mine.where(SubmissionMember.person_id == person_id)
    first = (Submission.number == 0, Submission.id.not_in(own), Submission.id)
    return session().scalar(_whole().where(Submission.id.in_(mine)).order_by(*first).limit(1))


def submission_of_group(assignment_id: int, group_id: int) -> Submission | None:
    """A group's work for an assignment."""
    return session().scalar(_whole().where(Submission.assignment_id == assignment_id, Submission.group_id == group_id))


def submission_by_id(submission_id: int) -> Submission | None:
    """A submission with its assignment, group and authors."""
    return session().scalar(_whole().where(Submission.id == submission_id).execution_options(populate_existing=True))


def handed_in(assignment_id: int) -> list[Submission]:
    """Every submission of an assignment that was handed in, with its authors."""
    statement = _whole().where(Submission.assignment_id == assignment_id, Submission.number > 0).order_by(Submission.id)
    return list(session().scalars(statement.execution_options(populate_existing=True)))


def handed_in_parts(assignment_id: int) -> Iterator[list[Submission]]:
    """The same in pieces, so that a hundred thousand are never held at once. A piece is read anew: whoever takes it may commit after it."""
    last = 0
    while True:
        statement = _whole().where(Submission.assignment_id == assignment_id, Submission.number > 0, Submission.id > last)
        part = list(session().scalars(statement.order_by(Submission.id).limit(CHUNK)))
        if not part:
            return
        last, is_last = part[-1].id, len(part) < CHUNK
        yield part
        if is_last:
            return


def whole(ids: Collection[int]) -> dict[int, Submission]:
    """Submissions by id as they stand now, with what grading them needs."""
    statement = _whole().where(Submission.id.in_(ids)).execution_options(populate_existing=True)
    return {row.id: row for row in session().scalars(statement)}


def student_numbers(person_ids: Iterable[int]) -> dict[int, str]:
    """The student number of each of these who has one; of several the first."""
    statement = select(Student.person_id, func.min(Student.student_no)).where(Student.person_id.in_(set(person_ids)))
    return {key: number for key, number in session().execute(statement.group_by(Student.person_id))}


def count_handed_in(assignment_id: int) -> int:
    """How many of these there are."""
    statement = select(func.count()).select_from(Submission).where(Submission.assignment_id == assignment_id, Submission.number > 0)
    return int(session().scalar(statement) or 0)


def versions_of(submission_id: int) -> list[SubmissionVersion]:
    """The versions handed in, the latest first, with their files."""
    statement = (
        select(SubmissionVersion)
        .where(SubmissionVersion.submission_id == submission_id)
        .options(selectinload(SubmissionVersion.files).joinedload(SubmissionFile.file))
        .order_by(SubmissionVersion.number.desc())
    )
    return list(session().scalars(statement))


def draft_files(submission_id: int) -> list[SubmissionFile]:
    """The files of the draft."""
    return _files(SubmissionFile.submission_id == submission_id, SubmissionFile.version_id.is_(None), SubmissionFile.use == FileUse.WORK)


def feedback_files(submission_id: int) -> list[SubmissionFile]:
    """The files the staff gave back."""
    return _files(SubmissionFile.submission_id == submission_id, SubmissionFile.use == FileUse.FEEDBACK)


def _files(*clauses: Any) -> list[SubmissionFile]:
    statement = select(SubmissionFile).where(*clauses).options(joinedload(SubmissionFile.file)).order_by(SubmissionFile.id)
    return list(session().scalars(statement))


def file_by_id(file_id: int) -> SubmissionFile | None:
    """A file of a submission."""
    return session().scalar(select(SubmissionFile).where(SubmissionFile.id == file_id).options(joinedload(SubmissionFile.file)))


def marks_of(submission_id: int) -> list[SubmissionMark]:
    """Every mark of a submission in the order they were given."""
    return list(session().scalars(select(SubmissionMark).where(SubmissionMark.submission_id == submission_id).order_by(SubmissionMark.id)))


def marks_of_many(submission_ids: Collection[int]) -> dict[int, list[SubmissionMark]]:
    """The same of several submissions: one query."""
    found: dict[int, list[SubmissionMark]] = defaultdict(list)
    for row in session().scalars(select(SubmissionMark).where(SubmissionMark.submission_id.in_(submission_ids)).order_by(SubmissionMark.id)):
        found[row.submission_id].append(row)
    return found


def latest_comments(submission_ids: Collection[int]) -> dict[int, str]:
    """The comment of the latest mark of each of these submissions."""
    statement = (
        select(SubmissionMark.submission_id, SubmissionMark.comment)
        .where(SubmissionMark.submission_id.in_(list(submission_ids)))
        .order_by(SubmissionMark.id)
    )
    return {key: comment for key, comment in session().execute(statement)}


def comments_of(submission_id: int) -> list[SubmissionComment]:
    """The remarks on a submission that were not removed."""
    statement = select(SubmissionComment).where(SubmissionComment.submission_id == submission_id, SubmissionComment.removed_at.is_(None))
    return list(session().scalars(statement.order_by(SubmissionComment.number, SubmissionComment.paragraph, SubmissionComment.id)))


def comment_by_id(comment_id: int) -> SubmissionComment | None:
    """A remark that was not removed."""
    return session().scalar(select(SubmissionComment).where(SubmissionComment.id == comment_id, SubmissionComment.removed_at.is_(None)))


def _who() -> Any:
    named = select(func.min(Person.name)).join(SubmissionMember, SubmissionMember.person_id == Person.id)
    return func.coalesce(WorkTeam.name, named.where(SubmissionMember.submission_id == Submission.id).correlate(Submission).scalar_subquery())


def rows(assignment_id: int, *, queue: str = "", text: str = "") -> sa.Select[Any]:
    """The submissions of an assignment for its staff; see `as_row`. `queue`: "waits", "graded", "draft" or empty."""
    number = (
        select(func.min(Student.student_no))
        .join(SubmissionMember, SubmissionMember.person_id == Student.person_id)
        .where(SubmissionMember.submission_id == Submission.id)
        .correlate(Submission)
        .scalar_subquery()
    )
    statement: Any = (
        select(
            Submission.id,
            _who().label("who"),
            sa.case((Submission.group_id.is_(None), number), else_="").label("student_no"),
            Submission.state,
            Submission.queue,
            Submission.number,
            Submission.submitted_at,
            Submission.late_days,
            Submission.points_x10,
            Submission.score_x10,
            Submission.released_at,
        )
        .outerjoin(WorkTeam, WorkTeam.id == Submission.group_id)
        .where(Submission.assignment_id == assignment_id)
        .order_by(Submission.queue == Queue.NONE, Submission.submitted_at, Submission.id)
    )
    if queue == "waits":
        statement = statement.where(Submission.queue != Queue.NONE)
    elif queue == "graded":
        statement = statement.where(Submission.state == SubmissionState.GRADED)
    elif queue == "draft":
        statement = statement.where(Submission.number == 0)
    if text:
        named = select(SubmissionMember.submission_id).join(Person, Person.id == SubmissionMember.person_id)
        statement = statement.where(
            sa.or_(
                Submission.id.in_(named.where(organisations.matches(text, Person.name, Person.pinyin))), WorkTeam.name.contains(text, autoescape=True)
            )
        )
    return statement  # type: ignore[no-any-return]


def as_row(row: Any) -> SubmissionRow:
    """A row of `rows`."""
    return SubmissionRow(*row)


def next_in_queue(assignment_id: int, after_id: int) -> int | None:
    """The next submission that waits for staff."""
    statement = select(Submission.id).where(Submission.assignment_id == assignment_id, Submission.queue != Queue.NONE, Submission.id != after_id)
    return session().scalar(statement.order_by(Submission.submitted_at, Submission.id).limit(1))


def _hidden(assignment_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(Submission.assignment_id == assignment_id, Submission.state == SubmissionState.GRADED, Submission.released_at.is_(None))


def unreleased(assignment_id: int, limit: int) -> list[Submission]:
    """The first graded submissions whose mark is still hidden, as they stand now."""
    statement = _whole().where(_hidden(assignment_id)).order_by(Submission.id).limit(limit)
    return list(session().scalars(statement.execution_options(populate_existing=True)))


def count_unreleased(assignment_id: int) -> int:
    """How many of these there are."""
    return session().scalar(select(func.count()).select_from(Submission).where(_hidden(assignment_id))) or 0


def to_hand_in(person_id: int, until: datetime, now: datetime) -> list[ToHandIn]:
    """The assignments of a human's runs due until then and not handed in, or returned for revision; first what is due first.

    By the time the human was given. What is due already stays as long as late work is taken, with that day; what was returned stays
    in any case. What is not open for the human now is not asked for: the calendar says what opens it. Nor is what a person excused them of, or
    wrote a mark for. A run that was ended asks only for what `handing_in` still takes.
    """
    of_human = people.of_human(SubmissionMember.person_id, person_id)
    begun: Any = select(SubmissionMember.assignment_id).join(Submission, Submission.id == SubmissionMember.submission_id).where(of_human)
    mine = begun.where(Submission.number > 0, Submission.state != SubmissionState.RETURNED)
    returned = set(session().scalars(begun.where(Submission.state == SubmissionState.RETURNED)))
    learns = select(Enrolment.run_id).where(people.of_human(Enrolment.person_id, person_id), Enrolment.state == EnrolmentState.ACTIVE)
    first = func.coalesce(Assignment.due_at, Assignment.cutoff_at)
    statement = (
        select(Assignment.id, Assignment.block_id, Block.title, Assignment.due_at, Assignment.cutoff_at, Assignment.run_id, Block.unit_id, Run.state)
        .join(Block, Block.id == Assignment.block_id)
        .join(Run, Run.id == Assignment.run_id)
        .join(Unit, Unit.id == Block.unit_id)
        .join(Section, Section.id == Unit.section_id)
        .where(
            Assignment.run_id.in_(learns),
            *(part.removed_at.is_(None) for part in (Block, Unit, Section)),
            *(part.is_published for part in (Block, Unit, Section)),
            first <= until,
            Assignment.peers_closed_at.is_(None),
            Assignment.id.not_in(mine),
        )
        .order_by(first, Assignment.id)
    )
    rows = session().execute(statement).all()
    given = late.untils_of(person_id, [row.id for row in rows])
    found = []
    for row in rows:
        due, last = (max(at, given.get(row.id, at)) if at is not None else None for at in (row.due_at, row.cutoff_at))
        is_late = due is not None and due <= now
        if row.state is RunState.CLOSED and row.id not in returned and (row.id not in given or given[row.id] < now):
            continue
        at = last if due is None or (is_late and last is not None) else due
        if at is not None and (is_late or at <= until) and (last is None or last > now or row.id in returned):
            found.append((ToHandIn(row.block_id, row.title, at, is_late), row))
    doors = opening.doors(person_id, {row.run_id for _one, row in found}, now)
    settled = settled_queries.by_run(person_id, {row.run_id for _one, row in found})
    asked = [(one, row) for one, row in found if not is_settled(settled.get(row.run_id, {}), row.block_id)]
    return [one for one, row in asked if row.run_id not in doors or doors[row.run_id].is_open(row.unit_id, row.block_id)][:10]


def waiting(run_ids: Collection[int]) -> dict[int, int]:
    """How many submissions wait for the staff of each run."""
    statement = (
        select(Assignment.run_id, func.count())
        .join(Submission, Submission.assignment_id == Assignment.id)
        .where(Assignment.run_id.in_(list(run_ids)), Submission.queue != Queue.NONE)
        .group_by(Assignment.run_id)
    )
    return {run_id: count for run_id, count in session().execute(statement)}


def due_for_allocation(now: datetime) -> list[int]:
    """Assignments whose peer review has to begin."""
    statement = select(Assignment.id).where(Assignment.peers > 0, Assignment.allocated_at.is_(None), Assignment.due_at <= now)
    return list(session().scalars(statement.order_by(Assignment.id)))


def with_open_reviews(now: datetime, *, is_over: bool) -> list[int]:
    """Assignments whose peer review is under way, or over and not yet closed."""
    clause = Assignment.peer_due_at <= now if is_over else Assignment.peer_due_at > now
    statement = select(Assignment.id).where(Assignment.allocated_at.is_not(None), Assignment.peers_closed_at.is_(None), clause)
    return list(session().scalars(statement.order_by(Assignment.id)))
