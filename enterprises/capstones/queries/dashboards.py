"""Dashboards: the figures of a cohort or of an enterprise's desk."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, select
from sqlalchemy.orm import aliased

from enterprises.capstones.models import Capstone, Topic
from enterprises.capstones.queries.capstones import LIST_ROLES
from enterprises.capstones.queries.office import lacks_supervisor
from enterprises.capstones.queries.topics import has_seats
from enterprises.capstones.rules import half_up
from enterprises.capstones.types import CONCLUDED, LIVE, CapstoneState, TopicState
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.programmes.models import Cohort, Programme


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
        average_x10=half_up(sum(scores), len(scores)) if scores else None,
        topics=len(topics),
        topics_open=sum(1 for seats, taken in topics if taken < seats),
    )


DESK_ROLES = (Role.ENTERPRISE_COORDINATOR, Role.DEPT_EDU, Role.INSPECTOR, Role.AUDITOR, Role.SYSTEM_ADMIN)
University = aliased(Organisation)


def desks(identity: Identity, text: str = "") -> organisations.Statement:
    """(code, name) of the enterprises whose desk the reader may open, those with the most running capstones first."""
    running = select(func.count()).select_from(Capstone).where(Capstone.enterprise_id == Organisation.id, Capstone.state.in_(LIVE)).scalar_subquery()
    statement: organisations.Statement = (
        select(Organisation.code, Organisation.name)
        .where(
            Organisation.kind == OrganisationKind.ENTERPRISE,
            Organisation.id.in_(select(Topic.enterprise_id)),
            organisations.scope(identity, DESK_ROLES, organisations=(Organisation.id,), region=Organisation.region_code),
        )
        .order_by(running.desc(), Organisation.pinyin, Organisation.id)
    )
    return statement.where(organisations.matches(text, Organisation.name, Organisation.pinyin)) if text else statement


def cohorts(identity: Identity, text: str = "") -> organisations.Statement:
    """(programme code, university, programme, year) of the cohorts whose overview the reader may open."""
    clause = organisations.scope(
        identity,
        [role for role in LIST_ROLES if role is not Role.ENTERPRISE_COORDINATOR],
        organisations=(Programme.university_id,),
        programmes=(Programme.id,),
        region=University.region_code,
    )
    statement: organisations.Statement = (
        select(Programme.code, University.name, Programme.name, Cohort.year)
        .join(University, University.id == Programme.university_id)
        .join(Cohort, Cohort.programme_id == Programme.id)
        .where(clause)
        .order_by(University.pinyin, Programme.pinyin, Cohort.year.desc(), Cohort.id)
    )
    return statement.where(organisations.matches(text, University.name, University.pinyin, Programme.name, Programme.pinyin)) if text else statement


def board_of_cohort(programme_id: int, cohort_id: int, on: date) -> Board:
    """The board of a cohort: two queries. Who dropped out is in no count, as in the cohort's list of students (`facts.overview`)."""
    capstones = (
        select(Capstone.state, Capstone.grade_text, Capstone.score_x10, ~lacks_supervisor(on))
        .join(Student, Student.id == Capstone.student_id)
        .where(people.in_cohort(cohort_id, on), people.counts_in_cohort(on))
    )
    topics = select(case((has_seats(), Topic.seats), else_=Topic.taken), Topic.taken).where(
        Topic.state == TopicState.APPROVED, Topic.programme_id == programme_id
    )
    return board([(a, b, c, bool(d)) for a, b, c, d in session().execute(capstones)], [(a, b) for a, b in session().execute(topics)])


def boards_of(enterprise_ids: Sequence[int], on: date) -> dict[int, Board]:
    """The boards of enterprises over all programmes: two queries however many there are. Who dropped out is in no count."""
    capstones, topics = defaultdict(list), defaultdict(list)
    for key, state, grade, score, both in session().execute(
        select(Capstone.enterprise_id, Capstone.state, Capstone.grade_text, Capstone.score_x10, ~lacks_supervisor(on))
        .join(Student, Student.id == Capstone.student_id)
        .where(Capstone.enterprise_id.in_(enterprise_ids), people.counts_in_cohort(on))
    ):
        capstones[key].append((state, grade, score, bool(both)))
    for key, seats, taken in session().execute(
        select(Topic.enterprise_id, case((has_seats(), Topic.seats), else_=Topic.taken), Topic.taken).where(
            Topic.state == TopicState.APPROVED, Topic.enterprise_id.in_(enterprise_ids)
        )
    ):
        topics[key].append((seats, taken))
    return {key: board(capstones[key], topics[key]) for key in enterprise_ids}


def programmes_at(enterprise_id: int, on: date) -> list[tuple[str, str, int, int]]:
    """(university, programme, running, concluded) of the programmes whose students work at an enterprise."""
    statement = (
        select(
            University.name,
            Programme.name,
            func.count().filter(Capstone.state.in_(LIVE)),
            func.count().filter(Capstone.state.in_(CONCLUDED)),
        )
        .select_from(Capstone)
        .join(Student, Student.id == Capstone.student_id)
        .join(Programme, Programme.id == Student.programme_id)
        .join(University, University.id == Programme.university_id)
        .where(Capstone.enterprise_id == enterprise_id, people.counts_in_cohort(on))
        .group_by(University.name, Programme.id, Programme.name)
        .order_by(University.name, Programme.name)
    )
    return [(a, b, int(c), int(d)) for a, b, c, d in session().execute(statement)]
