"""Every select on grades that go into the assessment items of a training plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import aliased

from courses.catalogue.models import RUN_TITLE, Course, Run
from courses.curriculum.models import AssessmentItem, CurriculumCourse
from courses.gradebook import queries, rules
from courses.gradebook.models import Gradebook, GradeColumn, GradeFeed
from courses.learning import settled_queries
from courses.learning.models import Enrolment
from courses.learning.types import SEATED
from courses.teaching.models import Offering
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.people.models import Person, Student
from trainhub.people.types import StudentState
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort, ProgrammeVersion

LEARNER, STUDIES = aliased(Person), aliased(Person)
"""Made once: a new alias copies every column of its table."""


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed with what a page says about it; `column` is empty for the total."""

    feed: GradeFeed
    run: Run
    course: str
    book: Gradebook | None
    column: str


def feed(key: int) -> GradeFeed | None:
    """A feed by id."""
    return session().get(GradeFeed, key)


def feed_of(item_id: int, run_id: int) -> GradeFeed | None:
    """The feed of an item from a run."""
    return session().scalar(select(GradeFeed).where(GradeFeed.item_id == item_id, GradeFeed.run_id == run_id))


def feeds_of_course(course_id: int) -> list[FeedRow]:
    """The feeds of a course of a plan in the order of its items: one query."""
    statement = (
        select(GradeFeed, Run, RUN_TITLE, Gradebook, GradeColumn.title)
        .join(AssessmentItem, AssessmentItem.id == GradeFeed.item_id)
        .join(Run, Run.id == GradeFeed.run_id)
        .join(Course, Course.id == Run.course_id)
        .outerjoin(Gradebook, Gradebook.run_id == Run.id)
        .outerjoin(GradeColumn, GradeColumn.id == GradeFeed.column_id)
        .where(AssessmentItem.course_id == course_id)
        .order_by(AssessmentItem.id, GradeFeed.id)
    )
    return [FeedRow(row, run, title, book, column or "") for row, run, title, book, column in session().execute(statement)]


def every_feed() -> list[int]:
    """The ids of all feeds."""
    return list(session().scalars(select(GradeFeed.id).order_by(GradeFeed.id)))


def place_of(row: GradeFeed) -> tuple[AssessmentItem, CurriculumCourse, Run]:
    """Where a feed leads to and from."""
    statement = (
        select(AssessmentItem, CurriculumCourse, Run)
        .join(CurriculumCourse, CurriculumCourse.id == AssessmentItem.course_id)
        .join(Run, Run.id == row.run_id)
        .where(AssessmentItem.id == row.item_id)
    )
    item, course, run = session().execute(statement).one()
    return item, course, run


def students_of(run_id: int, version_id: int) -> list[tuple[int, int]]:
    """(enrolment, student) of everybody who holds a seat in a run and studies by a plan; those who withdrew are left out.

    One human may learn under one row of theirs and study under another: they were found to be one later.
    """
    cohorts = [row.id for row in programmes.cohorts_following(version_id)]
    statement = (
        select(Enrolment.id, Student.id)
        .join(LEARNER, LEARNER.id == Enrolment.person_id)
        .join(STUDIES, func.coalesce(STUDIES.merged_into_id, STUDIES.id) == func.coalesce(LEARNER.merged_into_id, LEARNER.id))
        .join(Student, Student.person_id == STUDIES.id)
        .join(Cohort, Cohort.id == Student.cohort_id)
        .where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED), Cohort.id.in_(cohorts), Student.state != StudentState.WITHDRAWN)
        .order_by(Enrolment.id)
    )
    found: dict[int, int] = {}
    for enrolment_id, student_id in session().execute(statement):
        found.setdefault(student_id, enrolment_id)
    return [(enrolment_id, student_id) for student_id, enrolment_id in found.items()]


def takers_seated(courses: Select[int], until: datetime) -> Select[int, int, datetime, date, date]:
    """(course, student, since when, closed on, graduated on) of everybody who held a seat by a moment in a run whose grades go into some
    courses of plans, as a select: who held it in time (`is_in_time`) takes the course, although nothing was graded yet. The days are those of
    the student's own cohort. One human may learn under one row and study under another; both sides are gathered before they are compared,
    so that nobody is looked for once for each learner."""
    human = func.coalesce(LEARNER.merged_into_id, LEARNER.id)
    seats = (
        select(AssessmentItem.course_id, human.label("human"), func.min(Enrolment.enrolled_at).label("since"))
        .join(GradeFeed, GradeFeed.item_id == AssessmentItem.id)
        .join(Enrolment, Enrolment.run_id == GradeFeed.run_id)
        .join(LEARNER, LEARNER.id == Enrolment.person_id)
        .where(AssessmentItem.course_id.in_(courses), Enrolment.state.in_(SEATED), Enrolment.enrolled_at <= until)
        .group_by(AssessmentItem.course_id, human)
        .subquery()
    )
    students = (
        select(
            CurriculumCourse.id.label("course_id"),
            Student.id,
            func.coalesce(STUDIES.merged_into_id, STUDIES.id).label("human"),
            Offering.closed_on,
            Cohort.graduated_on,
        )
        .join(ProgrammeVersion, ProgrammeVersion.id == CurriculumCourse.version_id)
        .join(Student, Student.programme_id == ProgrammeVersion.programme_id)
        .join(Cohort, Cohort.id == Student.cohort_id)
        .outerjoin(Offering, and_(Offering.course_id == CurriculumCourse.id, Offering.cohort_id == Cohort.id))
        .join(STUDIES, STUDIES.id == Student.person_id)
        .where(CurriculumCourse.id.in_(courses), Student.state != StudentState.WITHDRAWN)
        .distinct()
        .subquery()
    )
    same = and_(seats.c.course_id == students.c.course_id, seats.c.human == students.c.human)
    return select(students.c.course_id, students.c.id, seats.c.since, students.c.closed_on, students.c.graduated_on).join(seats, same)


def is_in_time(since: datetime, closed_on: date | None, graduated_on: date | None) -> bool:
    """Whether a seat was taken before the course was closed for the cohort and the cohort graduated, or on that day: who comes to an open run
    later takes the course no more, and what somebody outside does with a click changes nothing in what is over."""
    return all(local(since).date() <= day for day in (closed_on, graduated_on) if day is not None)


def seated_students(course_id: int, until: datetime) -> set[int]:
    """Those of one course who held a seat in time."""
    mine = select(CurriculumCourse.id).where(CurriculumCourse.id == course_id)
    found = session().execute(takers_seated(mine, until))
    return {student_id for _course, student_id, since, closed_on, graduated_on in found if is_in_time(since, closed_on, graduated_on)}


def runs_of_plan(version_id: int) -> list[tuple[Run, str]]:
    """The runs with a gradebook in which students of a plan hold a seat, the latest first, with the course's title."""
    cohorts = [row.id for row in programmes.cohorts_following(version_id)]
    mine = (
        select(Enrolment.run_id)
        .join(LEARNER, LEARNER.id == Enrolment.person_id)
        .join(STUDIES, func.coalesce(STUDIES.merged_into_id, STUDIES.id) == func.coalesce(LEARNER.merged_into_id, LEARNER.id))
        .join(Student, Student.person_id == STUDIES.id)
        .join(Cohort, Cohort.id == Student.cohort_id)
        .where(Cohort.id.in_(cohorts), Enrolment.state.in_(SEATED))
    )
    statement = (
        select(Run, RUN_TITLE)
        .join(Course, Course.id == Run.course_id)
        .join(Gradebook, Gradebook.run_id == Run.id)
        .where(Run.id.in_(mine))
        .order_by(Run.starts_on.desc(), Run.id.desc())
    )
    return [(run, title) for run, title in session().execute(statement)]


def scores_of(book: Gradebook, column_id: int | None, enrolment_ids: Sequence[int]) -> dict[int, int]:
    """By enrolment: the score out of 1000 that a column, or the total, gives; nobody without a result. Six queries a piece.

    Of who had completed before there was a book the total is the mark that stands, as in transcript and certificate.
    """
    categories, columns = queries.rules_of(book.id)
    found: dict[int, int] = {}
    for start in range(0, len(enrolment_ids), queries.CHUNK):
        some = enrolment_ids[start : start + queries.CHUNK]
        cells = queries.cells_of(columns, some)
        kept = settled_queries.kept_marks(some) if column_id is None else {}
        for key in some:
            score = (
                kept[key]
                if key in kept
                else rules.fed(rules.total(categories, columns, cells.get(key, {}), missing_is_zero=book.missing_is_zero), column_id)
            )
            if score is not None:
                found[key] = score
    return found
