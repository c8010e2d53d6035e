"""What the forms of courses and runs offer to choose from, and the list of the command line."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, or_, select

from courses.catalogue.models import Course, Run
from courses.catalogue.types import RunState
from courses.permissions import ANSWERING, AUTHORS
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationState
from trainhub.programmes.models import Cohort, Programme

CHOICES = 500
"""So many courses or organisations a form offers; others are named by their codes."""


def courses_without_runs(identity: Identity) -> list[tuple[str, str, str]]:
    """(code, title, owner) of the courses nobody has offered yet, that one made oneself or answers for: the latest first."""
    places: dict[str, Any] = {"organisations": (Organisation.id, Organisation.parent_id), "region": Organisation.region_code}
    statement = (
        select(Course.code, Course.title, Organisation.name)
        .join(Organisation, Organisation.id == Course.owner_id)
        .where(
            ~select(Run.id).where(Run.course_id == Course.id).exists(),
            organisations.scope(identity, AUTHORS, **places),
            or_(Course.made_by_id == (identity.account_id or 0), organisations.scope(identity, ANSWERING, **places)),
        )
        .order_by(Course.id.desc())
        .limit(50)
    )
    return [(code, title, owner) for code, title, owner in session().execute(statement)]


def owner_choices(identity: Identity) -> list[tuple[int, str]]:
    """The verified organisations in whose name the reader may make courses, the first `CHOICES` of them (`owning.OwnedForm` asks for the code of others)."""
    clause = organisations.scope(identity, AUTHORS, organisations=(Organisation.id, Organisation.parent_id), region=Organisation.region_code)
    statement = select(Organisation.id, Organisation.name).where(clause, Organisation.state == OrganisationState.VERIFIED)
    return [(key, name) for key, name in session().execute(statement.order_by(Organisation.pinyin, Organisation.id).limit(CHOICES))]


def cohort_choices(university_id: int) -> list[tuple[int, str]]:
    """The cohorts of a university's programmes, the latest first: all of them, some thousands where a large university keeps twenty years."""
    statement = (
        select(Cohort.id, Programme.name, Cohort.year)
        .join(Programme, Programme.id == Cohort.programme_id)
        .where(Programme.university_id == university_id)
        .order_by(Cohort.year.desc(), Programme.name, Cohort.id)
    )
    return [(key, f"{name} · {year}") for key, name, year in session().execute(statement)]


def all_courses() -> list[Any]:
    """Every course for the command line: code, title, owner's code, runs, published runs; by code."""
    published = func.count(Run.id).filter(Run.state == RunState.PUBLISHED)
    statement = (
        select(Course.code, Course.title, Organisation.code.label("owner"), func.count(Run.id).label("runs"), published.label("published"))
        .join(Organisation, Organisation.id == Course.owner_id)
        .outerjoin(Run, Run.course_id == Course.id)
        .group_by(Course.id, Course.code, Course.title, Organisation.code)
        .order_by(Course.code)
    )
    return list(session().execute(statement))


def course_choices(course: Course, chosen: Collection[int] = ()) -> list[tuple[int, str]]:
    """The courses that may be asked for before a course, by title: those of the same owner and those in the catalogue, the first `CHOICES` of them, and
    whichever are `chosen` already."""
    published = select(Run.course_id).where(Run.state == "published")
    statement = select(Course.id, Course.code, Course.title).where(
        or_(Course.owner_id == course.owner_id, Course.id.in_(published)), Course.id != course.id
    )
    rows = list(session().execute(statement.order_by(Course.title, Course.id).limit(CHOICES)))
    kept = select(Course.id, Course.code, Course.title).where(Course.id.in_(set(chosen) - {row[0] for row in rows})).order_by(Course.title, Course.id)
    return [(key, f"{title}（{code}）") for key, code, title in (*session().execute(kept), *rows)]


def askable_by_code(course: Course, codes: Collection[str]) -> dict[str, int]:
    """Of some codes those whose courses may be asked for before a course."""
    published = select(Run.course_id).where(Run.state == "published")
    statement = select(Course.code, Course.id).where(Course.code.in_(codes), or_(Course.owner_id == course.owner_id, Course.id.in_(published)))
    return {code: key for code, key in session().execute(statement)}
