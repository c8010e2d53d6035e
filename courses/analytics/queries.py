"""What analytics reads: columns only, a fixed number of queries for any number of learners."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from courses.analytics.models import RunSummary
from courses.analytics.settled_queries import is_in, settled_of
from courses.analytics.types import GroupFacts, Summary, UnitFacts
from courses.assessment.queries import hours
from courses.assignments.models import Assignment, AssignmentExtension
from courses.catalogue import rules as content
from courses.catalogue.models import Block, Run, RunGroup, RunGroupMember, Section, Unit
from courses.catalogue.types import BlockKind, RunState
from courses.gradebook import queries as gradebook
from courses.learning.models import BlockProgress, Enrolment
from courses.learning.types import SEATED
from trainhub.kernel.db import session
from trainhub.people.models import Person, Student
from trainhub.programmes.models import Cohort, Programme


class Needed(NamedTuple):
    """A block that completion needs."""

    id: int
    unit_id: int
    due_at: datetime | None


def needed(run_id: int) -> list[Needed]:
    """The published blocks that completion needs of everybody, with the day each is due: an assignment by its own, a quiz when it closes,
    else with its unit.

    What is only for some groups is left out: who is not in them is neither behind nor overdue with it.
    """
    due_at = func.coalesce(Assignment.due_at, Unit.due_at, type_=Unit.due_at.type).label("due_at")
    closes = sa.case((Block.kind == BlockKind.QUIZ, Block.settings["closes_at"].as_string())).label("closes")
    statement = (
        select(Block.id, Block.unit_id, due_at, closes, Block.access, Unit.access.label("unit_access"), Section.access.label("section_access"))
        .join(Unit, Unit.id == Block.unit_id)
        .join(Section, Section.id == Unit.section_id)
        .outerjoin(Assignment, Assignment.block_id == Block.id)
        .where(
            Block.run_id == run_id,
            Block.kind != BlockKind.UNKNOWN,
            sa.or_(Block.is_required, Block.is_graded),
            *(part.removed_at.is_(None) for part in (Block, Unit, Section)),
            *(part.is_published for part in (Block, Unit, Section)),
        )
        .order_by(Block.id)
    )
    rows = session().execute(statement)
    return [
        Needed(row.id, row.unit_id, hours.instant(row.closes) or row.due_at)
        for row in rows
        if not content.is_foreign((row.access, row.unit_access, row.section_access), ())
    ]


def _names(column: Any) -> sa.ColumnElement[bool]:
    """SQL: the column names the joined person of an enrolment, or the one they were merged into.

    What belongs to a human follows to the row that stands for them; an enrolment that is further than theirs does not.
    """
    clause: sa.ColumnElement[bool] = column.in_((Person.id, Person.merged_into_id))
    return clause


def learners(run_id: int) -> list[Any]:
    """The learners with a seat by id: state, progress, days, name, cohort (None: none)."""
    cohort = select(func.max(Student.cohort_id)).where(_names(Student.person_id)).correlate(Person).scalar_subquery().label("cohort_id")
    statement = (
        select(
            Enrolment.id,
            Person.name,
            Enrolment.state,
            Enrolment.progress_x1000,
            Enrolment.score_x10,
            Enrolment.enrolled_at,
            Enrolment.last_active_at,
            cohort,
        )
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED))
        .order_by(Enrolment.id)
    )
    return list(session().execute(statement))


def cohorts_of(run_id: int) -> list[int]:
    """The cohorts of the learners of a run."""
    statement = (
        select(Student.cohort_id)
        .select_from(Enrolment)
        .join(Person, Person.id == Enrolment.person_id)
        .join(Student, _names(Student.person_id))
        .where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED))
    )
    return [key for key in session().scalars(statement.distinct()) if key is not None]


def cohort_names(ids: Sequence[int]) -> dict[int, str]:
    """Programme and year of cohorts."""
    statement = select(Cohort.id, Programme.name, Cohort.year).join(Programme, Programme.id == Cohort.programme_id).where(Cohort.id.in_(ids))
    return {key: f"{name} {year}" for key, name, year in session().execute(statement)} if ids else {}


def memberships(run_id: int, enrolment_ids: Sequence[int] | None = None) -> list[Any]:
    """Who is in which group of a run: enrolment, group, its division and name. `enrolment_ids`: only of these."""
    statement = (
        select(Enrolment.id, RunGroup.id.label("group_id"), RunGroup.set_name, RunGroup.name)
        .join(Person, Person.id == Enrolment.person_id)
        .join(RunGroupMember, _names(RunGroupMember.person_id))
        .join(RunGroup, RunGroup.id == RunGroupMember.group_id)
        .where(Enrolment.run_id == run_id, RunGroup.run_id == run_id, Enrolment.state.in_(SEATED))
        .order_by(RunGroup.set_name, RunGroup.name, Enrolment.id)
        .distinct()  # a merging may have left one human in a group under two rows
    )
    return list(session().execute(statement if enrolment_ids is None else statement.where(Enrolment.id.in_(enrolment_ids))))


def units(run_id: int) -> list[Any]:
    """The published units in the order of the course: id, section, title."""
    statement = (
        select(Unit.id, Section.title.label("section"), Unit.title)
        .join(Section, Section.id == Unit.section_id)
        .where(Unit.run_id == run_id, Unit.removed_at.is_(None), Section.removed_at.is_(None), Unit.is_published, Section.is_published)
        .order_by(Section.position, Section.id, Unit.position, Unit.id)
    )
    return list(session().execute(statement))


def unit_progress(run_id: int, blocks: Collection[int], first: int, last: int) -> list[Any]:
    """For each learner with a seat, of the enrolments from `first` to `last`, and each unit touched: how many of these blocks are done or wait for a mark."""
    done = func.sum(sa.case((sa.and_(is_in(), Block.id.in_(blocks)), 1), else_=0))
    statement = (
        select(BlockProgress.enrolment_id, Block.unit_id, done.label("done"))
        .join(Block, Block.id == BlockProgress.block_id)
        .join(Enrolment, Enrolment.id == BlockProgress.enrolment_id)
        .where(Block.run_id == run_id, Enrolment.run_id == run_id, Enrolment.state.in_(SEATED), BlockProgress.enrolment_id.between(first, last))
        .group_by(BlockProgress.enrolment_id, Block.unit_id)
    )
    return list(session().execute(statement))


def scores(run_id: int) -> dict[int, int]:
    """How each learner stands in what was graded so far, out of 1000: by the run's gradebook, without one the weighted mean."""
    book = gradebook.book_of(run_id)
    return means(run_id) if book is None else gradebook.so_far(book)


def means(run_id: int) -> dict[int, int]:
    """The weighted mean, out of 1000 and rounded half up, of what was graded of each learner and counts for the completion; who has nothing of it is
    not in it."""
    statement: Any = (
        select(BlockProgress.enrolment_id, func.sum(BlockProgress.score_x10 * Block.weight_x10), func.sum(Block.weight_x10))
        .join(Block, Block.id == BlockProgress.block_id)
        .join(Unit, Unit.id == Block.unit_id)
        .join(Section, Section.id == Unit.section_id)
        .where(
            Block.run_id == run_id,
            Block.is_graded,
            Block.weight_x10 > 0,
            BlockProgress.score_x10.is_not(None),
            *(part.removed_at.is_(None) for part in (Block, Unit, Section)),
            *(part.is_published for part in (Block, Unit, Section)),
        )
        .group_by(BlockProgress.enrolment_id)
    )
    return {enrolment: (2 * int(total) + int(weights)) // (2 * int(weights)) for enrolment, total, weights in session().execute(statement)}


def handed_in(run_id: int, enrolment_ids: Sequence[int] | None = None) -> dict[int, tuple[int, int]]:
    """Of each learner who has finished anything that everybody needs: its share in thousandths, and how many of it wait for a mark.

    Finished is what is done, what waits for a mark and what a teacher wrote a mark for; what a learner is excused of is no part of the whole.
    `enrolment_ids`: only of these.
    """
    blocks = [block.id for block in needed(run_id)]
    if not blocks:
        return {}
    waiting = func.sum(sa.case((sa.and_(BlockProgress.waits_for_grade, ~BlockProgress.is_done), 1), else_=0))
    statement = (
        select(BlockProgress.enrolment_id, func.count(), waiting)
        .where(BlockProgress.block_id.in_(blocks), is_in())
        .group_by(BlockProgress.enrolment_id)
    )
    if enrolment_ids is not None:
        statement = statement.where(BlockProgress.enrolment_id.in_(enrolment_ids))
    counts = {key: (int(number), int(waits)) for key, number, waits in session().execute(statement)}
    found = {key: (1000 * number // len(blocks), waits) for key, (number, waits) in counts.items()}
    for key, mine in settled_of(run_id, blocks, enrolment_ids).items():
        number, waits = counts.get(key, (0, 0))
        asked, done = len(blocks) - len(mine.excused), number - len(mine.excused & mine.finished) + len(mine.written - mine.finished)
        found[key] = (1000 * done // asked if asked else 1000, waits)
    return found


def overdue(run_id: int, now: datetime) -> tuple[int, dict[int, int]]:
    """How many needed blocks are past their date, and how many of them nobody waits for of each learner.

    Those are what the learner has done, what was handed in and waits for a mark, what a person settled, and work and quizzes for which the
    learner was given more time; each block once.
    """
    late = [row.id for row in needed(run_id) if row.due_at is not None and row.due_at < now]
    if not late:
        return 0, {}
    statement = select(BlockProgress.enrolment_id, func.count()).where(BlockProgress.block_id.in_(late), is_in()).group_by(BlockProgress.enrolment_id)
    found = {enrolment: int(number) for enrolment, number in session().execute(statement)}
    spared = {*_given_time(run_id, late, now), *_given_hours(run_id, late, now)}
    spared |= {(enrolment, block_id) for enrolment, mine in settled_of(run_id, late).items() for block_id in mine.open}
    for enrolment, _block in spared:
        found[enrolment] = found.get(enrolment, 0) + 1
    return len(late), found


def _given_time(run_id: int, blocks: Sequence[int], now: datetime) -> set[tuple[int, int]]:
    """Who has more time for which work of these blocks that was not handed in, (enrolment, block); the latest extension holds."""
    later = aliased(AssignmentExtension)
    is_latest = ~(
        select(later.id)
        .where(
            later.assignment_id == AssignmentExtension.assignment_id,
            later.person_id == AssignmentExtension.person_id,
            later.id > AssignmentExtension.id,
        )
        .exists()
    )
    handed_in = (
        select(BlockProgress.id)
        .where(
            BlockProgress.enrolment_id == Enrolment.id,
            BlockProgress.block_id == Assignment.block_id,
            is_in(),
        )
        .exists()
    )
    statement = (
        select(Enrolment.id, Assignment.block_id)
        .join(Person, Person.id == Enrolment.person_id)
        .join(AssignmentExtension, _names(AssignmentExtension.person_id))
        .join(Assignment, Assignment.id == AssignmentExtension.assignment_id)
        .where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED), Assignment.block_id.in_(blocks))
        .where(AssignmentExtension.until_at >= now, is_latest, ~handed_in)
    )
    return {(enrolment, block_id) for enrolment, block_id in session().execute(statement)}


def _given_hours(run_id: int, blocks: Sequence[int], now: datetime) -> set[tuple[int, int]]:
    """Who may still take which quizzes of these blocks that have closed for the others and that were not handed in, (enrolment, block)."""
    longer = hours.open_longer(blocks, now).subquery()
    has_it = (
        select(BlockProgress.id)
        .where(BlockProgress.enrolment_id == Enrolment.id, BlockProgress.block_id == longer.c.block_id, is_in())
        .correlate(Enrolment, longer)
        .exists()
    )
    cohorts = select(Student.cohort_id).where(_names(Student.person_id)).correlate(Person)
    statement = (
        select(Enrolment.id, longer.c.block_id)
        .join(Person, Person.id == Enrolment.person_id)
        .join(longer, sa.or_(_names(longer.c.human_id), longer.c.cohort_id.in_(cohorts)))
        .where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED), ~has_it)
        .distinct()
    )
    return {(enrolment, block_id) for enrolment, block_id in session().execute(statement)}


def summary_of(run_id: int) -> Summary | None:
    """The latest summary of a run."""
    row = session().scalar(select(RunSummary).where(RunSummary.run_id == run_id))
    if row is None:
        return None
    data = row.data
    return Summary(
        computed_at=row.computed_at,
        learners=data["learners"],
        completed=data["completed"],
        active_week=data["active_week"],
        never=data["never"],
        units=tuple(UnitFacts(**unit) for unit in data["units"]),
        groups=tuple(GroupFacts(**group) for group in data["groups"]),
        weeks=tuple((week, number) for week, number in data["weeks"]),
        histogram=tuple(data["histogram"]),
    )


def hold(run_id: int) -> None:
    """Who stores a summary of a run waits for whoever is storing one; who only refers to the run does not."""
    session().execute(select(Run.id).where(Run.id == run_id).with_for_update(key_share=True))


def summary_row(run_id: int) -> RunSummary | None:
    """The row of the latest summary."""
    return session().scalar(select(RunSummary).where(RunSummary.run_id == run_id))


def active_runs(since: datetime, today: date) -> list[int]:
    """The published runs in which somebody learnt since an instant, and all that have begun, have learners and a last day to come.

    In those it is news as well that nobody learns any more.
    """
    learnt = select(Enrolment.id).where(Enrolment.run_id == Run.id, Enrolment.last_active_at >= since).exists()
    seated = select(Enrolment.id).where(Enrolment.run_id == Run.id, Enrolment.state.in_(SEATED)).exists()
    lasts = sa.and_(Run.starts_on <= today, Run.ends_on >= today, seated)
    return list(session().scalars(select(Run.id).where(Run.state == RunState.PUBLISHED, sa.or_(learnt, lasts)).order_by(Run.id)))
