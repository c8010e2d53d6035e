"""What the forms of courses and runs offer to choose from, and the list of the command line."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, or_, select

from courses.catalogue.models import Course, Run
from courses.catalogue.types import RunState
from courses.permissions import AUTHORS, MANAGERS
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationState
from trainhub.programmes.models import Cohort, Programme


def courses_without_runs(identity: Identity) -> list[tuple[str, str, str]]:
    """(code, title, owner) of the courses nobody has offered yet, that one made oneself or answers for: the latest first."""
    places: dict[str, Any] = {"organisations": (Organisation.id, Organisation.parent_id), "region": Organisation.region_code}
    statement = (
        select(Course.code, Course.title, Organisation.name)
        .join(Organisation, Organisation.id == Course.owner_id)
        .where(
            ~select(Run.id).where(Run.course_id == Course.id).exists(),
            organisations.scope(identity, AUTHORS, **places),
            or_(Course.made_by_id == (identity.account_id or 0), organisations.scope(identity, MANAGERS, **places)),
        )
        .order_by(Course.id.desc())
        .limit(50)
    )
    return [(code, title, owner) for code, title, owner in session().execute(statement)]


def owner_choices(identity: Identity) -> list[tuple[int, str]]:
    """The verified organisations in whose name the reader may make courses."""
    clause = organisations.scope(identity, AUTHORS, organisations=(Organisation.id, Organisation.parent_id), region=Organisation.region_code)
    statement = select(Organisation.id, Organisation.name).where(clause, Organisation.state == OrganisationState.VERIFIED)
    return [(key, name) for key, name in session().execute(statement.order_by(Organisation.pinyin, Organisation.id).limit(500))]


def cohort_choices(university_id: int) -> list[tuple[int, str]]:
    """The cohorts of a university's programmes, the latest first."""
    statement = (
        select(Cohort.id, Programme.name, Cohort.year)
        .join(Programme, Programme.id == Cohort.programme_id)
        .where(Programme.university_id == university_id)
        .order_by(Cohort.year.desc(), Programme.name, Cohort.id)
        .limit(300)
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
