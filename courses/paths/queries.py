"""Every select on learning paths."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from courses.catalogue.choice_queries import CHOICES
from courses.catalogue.models import Course, Run
from courses.catalogue.types import RunState
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from courses.paths.models import LearningPath, PathCourse, PathMember
from courses.paths.types import PathCard, Step
from courses.permissions import AUTHORS
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people

_RANK = {
    EnrolmentState.COMPLETED: 0,
    EnrolmentState.ACTIVE: 1,
    EnrolmentState.WAITING: 2,
    EnrolmentState.PENDING: 3,
    EnrolmentState.WITHDRAWN: 4,
}


def path_by_code(code: str) -> LearningPath | None:
    """A path with its owner."""
    return session().scalar(select(LearningPath).where(LearningPath.code == code).options(joinedload(LearningPath.owner)))


def _cards() -> Any:
    courses = select(func.count()).select_from(PathCourse).where(PathCourse.path_id == LearningPath.id).correlate(LearningPath).scalar_subquery()
    hours = (
        select(func.coalesce(func.sum(Course.hours_x10), 0))
        .join(PathCourse, PathCourse.course_id == Course.id)
        .where(PathCourse.path_id == LearningPath.id)
        .correlate(LearningPath)
        .scalar_subquery()
    )
    return (
        select(
            LearningPath.id,
            LearningPath.code,
            LearningPath.title,
            LearningPath.summary,
            Organisation.name,
            courses.label("courses"),
            hours.label("hours"),
            LearningPath.is_published,
        )
        .join(Organisation, Organisation.id == LearningPath.owner_id)
        .order_by(LearningPath.id.desc())
    )


def published(text: str = "") -> sa.Select[Any]:
    """The paths everybody sees; see `as_card`."""
    statement = _cards().where(LearningPath.is_published)
    if text:
        statement = statement.where(organisations.matches(text, LearningPath.title, LearningPath.pinyin, LearningPath.code, LearningPath.summary))
    return statement  # type: ignore[no-any-return]


def managed(identity: Identity) -> sa.Select[Any]:
    """The paths of the organisations in whose name one may write."""
    clause = organisations.scope(identity, AUTHORS, organisations=(Organisation.id, Organisation.parent_id), region=Organisation.region_code)
    return _cards().where(clause)  # type: ignore[no-any-return]


def followed(person_id: int) -> sa.Select[Any]:
    """The paths a person follows, without those that were taken out meanwhile: their page is closed."""
    members = select(PathMember.path_id).where(people.of_human(PathMember.person_id, person_id))
    return _cards().where(LearningPath.id.in_(members), LearningPath.is_published)  # type: ignore[no-any-return]


def as_card(row: Any) -> PathCard:
    """A row of a list of paths."""
    return PathCard(*row)


def is_member(path_id: int, person_id: int) -> bool:
    """Whether a person follows a path."""
    mine = people.of_human(PathMember.person_id, person_id)
    return session().scalar(select(PathMember.id).where(PathMember.path_id == path_id, mine).limit(1)) is not None


def steps(path_id: int, person_id: int | None, today: date | None = None) -> list[Step]:
    """The courses of a path in order with a learner's best enrolment in each: two queries whatever their number.

    `has_run`: a run may still be entered on that day (without one: a run is published).
    """
    last_day = func.coalesce(Run.enrol_until, Run.ends_on)
    is_open = sa.true() if today is None else sa.or_(last_day.is_(None), last_day >= today)
    has_run = select(Run.id).where(Run.course_id == Course.id, Run.state == RunState.PUBLISHED, is_open).exists()
    statement = (
        select(Course.id, Course.code, Course.title, Course.summary, Course.hours_x10, PathCourse.is_required, has_run)
        .join(PathCourse, PathCourse.course_id == Course.id)
        .where(PathCourse.path_id == path_id)
        .order_by(PathCourse.position, PathCourse.id)
    )
    rows = list(session().execute(statement))
    best: dict[int, Any] = {}
    if person_id is not None and rows:
        mine = (
            select(Run.course_id, Enrolment.state, Enrolment.run_id, Enrolment.progress_x1000, Enrolment.completed_on)
            .join(Run, Run.id == Enrolment.run_id)
            .where(
                people.of_human(Enrolment.person_id, person_id),
                Run.course_id.in_([row[0] for row in rows]),
                Enrolment.state != EnrolmentState.WITHDRAWN,
            )
            .order_by(Enrolment.id)
        )
        for row in session().execute(mine):
            known = best.get(row.course_id)
            if known is None or _RANK[row.state] < _RANK[known.state]:
                best[row.course_id] = row
    return [Step(*row, *(tuple(best[row[0]])[1:] if row[0] in best else ())) for row in rows]


def is_cut() -> bool:
    """Whether there are more courses than `course_choices` offers: then one is named by its code."""
    published_runs = select(Run.course_id).where(Run.state == RunState.PUBLISHED)
    return (session().scalar(select(func.count()).select_from(Course).where(Course.id.in_(published_runs))) or 0) > CHOICES


def course_choices() -> list[tuple[str, str]]:
    """The published courses that a path may hold, by title, the first `CHOICES` of them."""
    published_runs = select(Run.course_id).where(Run.state == RunState.PUBLISHED)
    statement = (
        select(Course.code, Course.title, Organisation.name)
        .join(Organisation, Organisation.id == Course.owner_id)
        .where(Course.id.in_(published_runs))
        .order_by(Course.pinyin, Course.id)
        .limit(CHOICES)
    )
    return [(code, f"{title}（{owner}）") for code, title, owner in session().execute(statement)]
