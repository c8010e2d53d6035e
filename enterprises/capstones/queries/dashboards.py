"""Dashboards: the figures of a cohort or of an enterprise's desk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select

from enterprises.capstones.models import Capstone, Supervision, Topic
from enterprises.capstones.types import CONCLUDED, LIVE, CapstoneState, TopicState
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.people.models import Student
from trainhub.programmes.models import Programme


@dataclass(frozen=True, slots=True)
class Board:
    """The figures of a programme's cohort or of an enterprise."""

    states: dict[CapstoneState, int]
    grades: dict[str, int]
    alone: int
    average_x10: int | None
    topics: int
    topics_open: int


def board(capstones: Sequence[tuple[CapstoneState, str, int | None, bool]], topics: Sequence[tuple[int, int]]) -> Board:
    """The figures of (state, grade, score, has both supervisors) and of topics (seats, taken)."""
    states = Counter(state for state, *_rest in capstones)
    scores = [score for state, _grade, score, _both in capstones if state in CONCLUDED and score is not None]
    return Board(
        states={state: states[state] for state in CapstoneState if states[state]},
        grades=dict(Counter(grade for state, grade, *_rest in capstones if state in CONCLUDED)),
        alone=sum(1 for state, _grade, _score, both in capstones if state in LIVE and not both),
        average_x10=round(sum(scores) / len(scores)) if scores else None,
        topics=len(topics),
        topics_open=sum(1 for seats, taken in topics if taken < seats),
    )


DESK_ROLES = (Role.ENTERPRISE_COORDINATOR, Role.DEPT_EDU, Role.INSPECTOR, Role.AUDITOR, Role.SYSTEM_ADMIN)
MOST_DESKS = 30


def desks(identity: Identity) -> list[tuple[str, str]]:
    """(code, name) of the enterprises whose desk the reader may open, those with the most running capstones first."""
    running = select(func.count()).select_from(Capstone).where(Capstone.enterprise_id == Organisation.id, Capstone.state.in_(LIVE)).scalar_subquery()
    statement = (
        select(Organisation.code, Organisation.name)
        .where(
            Organisation.kind == OrganisationKind.ENTERPRISE,
            Organisation.id.in_(select(Topic.enterprise_id)),
            organisations.scope(identity, DESK_ROLES, organisations=(Organisation.id,), region=Organisation.region_code),
        )
        .order_by(running.desc(), Organisation.pinyin, Organisation.id)
        .limit(MOST_DESKS)
    )
    return [(code, name) for code, name in session().execute(statement)]


def board_of(*, cohort_id: int | None = None, enterprise_id: int | None = None, programme_id: int | None = None) -> Board:
    """The board of a cohort, or of an enterprise over all programmes: two queries."""
    both = (
        select(func.count())
        .select_from(Supervision)
        .where(Supervision.capstone_id == Capstone.id, Supervision.until.is_(None))
        .correlate(Capstone)
        .scalar_subquery()
    )
    statement = select(Capstone.state, Capstone.grade_text, Capstone.score_x10, both == 2).join(Student, Student.id == Capstone.student_id)
    topics = select(case((Topic.closed_at.is_not(None), Topic.taken), else_=Topic.seats), Topic.taken).where(Topic.state == TopicState.APPROVED)
    if cohort_id is not None:
        statement, topics = statement.where(Student.cohort_id == cohort_id), topics.where(Topic.programme_id == programme_id)
    if enterprise_id is not None:
        statement, topics = statement.where(Capstone.enterprise_id == enterprise_id), topics.where(Topic.enterprise_id == enterprise_id)
    rows = [(row[0], row[1], row[2], bool(row[3])) for row in session().execute(statement)]
    return board(rows, [(seats, taken) for seats, taken in session().execute(topics)])


def programmes_at(enterprise_id: int) -> list[tuple[str, str, int, int]]:
    """(university, programme, running, concluded) of the programmes whose students work at an enterprise."""
    university = Organisation.__table__.alias("university")
    statement = (
        select(
            university.c.name,
            Programme.name,
            func.count().filter(Capstone.state.in_(LIVE)),
            func.count().filter(Capstone.state.in_(CONCLUDED)),
        )
        .select_from(Capstone)
        .join(Student, Student.id == Capstone.student_id)
        .join(Programme, Programme.id == Student.programme_id)
        .join(university, university.c.id == Programme.university_id)
        .where(Capstone.enterprise_id == enterprise_id)
        .group_by(university.c.name, Programme.id, Programme.name)
        .order_by(university.c.name, Programme.name)
    )
    return [(a, b, int(c), int(d)) for a, b, c, d in session().execute(statement)]
