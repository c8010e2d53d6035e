"""Selects on spot checks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, or_, select, union

from enterprises.capstones.models import Capstone, SpotCheck, SpotItem, SpotOpinion, Topic
from enterprises.capstones.queries.capstones import rows_of
from enterprises.capstones.types import CapstoneRow, CapstoneState, SpotOutcome
from trainhub.identity.models import Account, RoleGrant
from trainhub.identity.queries import active, without_holder
from trainhub.kernel.access import Identity, Role, Subject
from trainhub.kernel.clock import academic_year, local
from trainhub.kernel.db import session
from trainhub.kernel.files import StoredFile
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.people.models import Person, Student, Teacher
from trainhub.people.queries import of_human
from trainhub.policy.book import book
from trainhub.programmes.models import Programme

SPOT_ROLES = (Role.UNIVERSITY_ADMIN, Role.DEPT_EDU, Role.INSPECTOR, Role.EXPERT, Role.AUDITOR, Role.SYSTEM_ADMIN)

RUN_ROLES = (Role.UNIVERSITY_ADMIN, Role.DEPT_EDU, Role.SYSTEM_ADMIN)


def spot_tasks(person_id: int) -> list[tuple[Any, str]]:
    """The theses an expert was asked about, the open ones first, with their titles."""
    statement = (
        select(SpotOpinion, Topic.title)
        .join(SpotItem, SpotItem.id == SpotOpinion.item_id)
        .join(Capstone, Capstone.id == SpotItem.capstone_id)
        .join(Topic, Topic.id == Capstone.topic_id)
        .join(SpotCheck, SpotCheck.id == SpotItem.check_id)
        .where(SpotOpinion.person_id == person_id, SpotCheck.voided_at.is_(None))
        .order_by(SpotOpinion.signed_at.is_not(None), SpotOpinion.id)
    )
    return [(row, title) for row, title in session().execute(statement)]


def spot_check(check_id: int) -> SpotCheck | None:
    """A spot check by id."""
    return session().get(SpotCheck, check_id)


def spot_check_of(university_id: int, year: int) -> SpotCheck | None:
    """The spot check of a university and year that stands."""
    mine = select(SpotCheck).where(SpotCheck.university_id == university_id, SpotCheck.year == year)
    return session().scalar(mine.where(SpotCheck.voided_at.is_(None)))


def is_void(check_id: int) -> bool:
    """Whether a sample was declared void, read anew."""
    return session().scalar(select(SpotCheck.voided_at).where(SpotCheck.id == check_id)) is not None


def other_draws(row: SpotCheck) -> list[SpotCheck]:
    """The other samples of the same university and year, void or valid, in the order in which they were drawn."""
    statement = select(SpotCheck).where(SpotCheck.university_id == row.university_id, SpotCheck.year == row.year, SpotCheck.id != row.id)
    return list(session().scalars(statement.order_by(SpotCheck.id)))


def spot_subject(row: SpotCheck) -> Subject:
    """The university with its region."""
    university = organisations.by_id(row.university_id)
    assert university is not None
    return university_subject(university)


def university_subject(university: Organisation) -> Subject:
    """A university with its region, to judge who may draw."""
    return Subject.of(organisations=(university.id,), regions=organisations.region_path(university.region_code).codes)


def spot_checks(identity: Identity) -> list[tuple[SpotCheck, str, int]]:
    """(check, university, size of the sample) inside the reader's scope, the latest first."""
    size = select(func.count()).select_from(SpotItem).where(SpotItem.check_id == SpotCheck.id).correlate(SpotCheck).scalar_subquery()
    statement = (
        select(SpotCheck, Organisation.name, size)
        .join(Organisation, Organisation.id == SpotCheck.university_id)
        .where(organisations.scope(identity, SPOT_ROLES, organisations=(SpotCheck.university_id,), region=Organisation.region_code))
        .order_by(SpotCheck.year.desc(), Organisation.pinyin, SpotCheck.id)
    )
    return [(row, name, int(number)) for row, name, number in session().execute(statement)]


def readable_checks(identity: Identity) -> frozenset[int]:
    """The spot checks whose sample the reader may open: the list names them to experts too, who read theses without names."""
    roles = [role for role in SPOT_ROLES if role is not Role.EXPERT]
    statement = select(SpotCheck.id).join(Organisation, Organisation.id == SpotCheck.university_id)
    mine = organisations.scope(identity, roles, organisations=(SpotCheck.university_id,), region=Organisation.region_code)
    return frozenset(session().scalars(statement.where(mine)))


def of_department(rows: Collection[SpotCheck]) -> frozenset[int]:
    """The checks that the department of education runs: drawn by one of it, or of a university that has no administrator; two queries.

    What counts is the office held when the sample was drawn: a check does not change hands with whoever drew it, least of all to
    the university that is checked.
    """
    grants = list(
        session().scalars(select(RoleGrant).where(RoleGrant.role == Role.DEPT_EDU, RoleGrant.account_id.in_({row.drawn_by_id for row in rows})))
    )
    alone = without_holder(Role.UNIVERSITY_ADMIN, {row.university_id for row in rows})
    drew = {row.id for row in rows for one in grants if one.account_id == row.drawn_by_id and _held_at(one, row.drawn_at)}
    return frozenset(row.id for row in rows if row.id in drew or row.university_id in alone)


def _held_at(grant: RoleGrant, at: datetime) -> bool:
    day = local(at).date()
    if grant.granted_at > at or (grant.ended_at is not None and grant.ended_at <= at):
        return False
    return grant.since <= day and (grant.until is None or grant.until >= day)


def to_send(identity: Identity, on: date) -> dict[int, int]:
    """{check: theses for which experts have to be asked, at first or further ones} of valid samples in the scope of who runs checks."""
    first = SpotItem.outcome == SpotOutcome.OPEN
    sent = (
        select(func.count())
        .select_from(SpotOpinion)
        .where(SpotOpinion.item_id == SpotItem.id, SpotOpinion.stage == case((first, 1), else_=2))
        .correlate(SpotItem)
        .scalar_subquery()
    )
    wanted = case((first, book().at("cn.thesis.experts", on=on).number), else_=book().at("cn.thesis.review_experts", on=on).number)
    statement = (
        select(SpotCheck.id, func.count())
        .join(SpotItem, SpotItem.check_id == SpotCheck.id)
        .join(Organisation, Organisation.id == SpotCheck.university_id)
        .where(
            SpotCheck.voided_at.is_(None),
            SpotItem.outcome.in_((SpotOutcome.OPEN, SpotOutcome.MORE_EXPERTS)),
            sent < wanted,
            organisations.scope(identity, RUN_ROLES, organisations=(SpotCheck.university_id,), region=Organisation.region_code),
        )
        .group_by(SpotCheck.id)
    )
    return {key: int(number) for key, number in session().execute(statement)}


def is_problem(capstone_id: int) -> bool:
    """Whether a valid spot check found problems in a thesis."""
    statement = select(SpotItem.id).join(SpotCheck, SpotCheck.id == SpotItem.check_id)
    found = statement.where(SpotItem.capstone_id == capstone_id, SpotItem.outcome == SpotOutcome.PROBLEM, SpotCheck.voided_at.is_(None))
    return session().scalar(found.limit(1)) is not None


def drawable(identity: Identity, last: int) -> dict[tuple[int, str], dict[int, int]]:
    """{(university, name): {academic year: theses that passed}} of which the reader may draw a sample: years up to `last` without one that stands."""
    drawn = {(key, year) for key, year in session().execute(select(SpotCheck.university_id, SpotCheck.year).where(SpotCheck.voided_at.is_(None)))}
    statement = (
        select(Organisation.id, Organisation.name, Capstone.finished_on, func.count())
        .join(Student, Student.university_id == Organisation.id)
        .join(Capstone, Capstone.student_id == Student.id)
        .where(
            Organisation.kind == OrganisationKind.UNIVERSITY,
            Capstone.state == CapstoneState.PASSED,
            Capstone.finished_on <= date(last + 1, 8, 31),
            organisations.scope(identity, RUN_ROLES, organisations=(Organisation.id,), region=Organisation.region_code),
        )
        .group_by(Organisation.id, Organisation.name, Organisation.pinyin, Capstone.finished_on)
        .order_by(Organisation.pinyin, Organisation.id, Capstone.finished_on.desc())
    )
    found: dict[tuple[int, str], dict[int, int]] = {}
    for key, name, day, number in session().execute(statement):
        if day is not None and (key, year := academic_year(day)) not in drawn:
            years = found.setdefault((key, name), {})
            years[year] = years.get(year, 0) + number
    return found


def passed_in(university_id: int, year: int) -> list[int]:
    """The capstones a university's students passed, by the day of publication, in the academic year that begins in a calendar year."""
    statement = (
        select(Capstone.id)
        .join(Student, Student.id == Capstone.student_id)
        .where(
            Student.university_id == university_id,
            Capstone.state == CapstoneState.PASSED,
            Capstone.finished_on >= date(year, 9, 1),
            Capstone.finished_on <= date(year + 1, 8, 31),
        )
        .order_by(Capstone.id)
    )
    return list(session().scalars(statement))


def spot_items(check_id: int) -> list[tuple[SpotItem, CapstoneRow, list[tuple[SpotOpinion, str]]]]:
    """The sample with capstones and opinions: three queries."""
    items = list(session().scalars(select(SpotItem).where(SpotItem.check_id == check_id).order_by(SpotItem.id)))
    rows = rows_of(item.capstone_id for item in items)
    opinions: dict[int, list[tuple[SpotOpinion, str]]] = {}
    statement = (
        select(SpotOpinion, Person.name)
        .join(Person, Person.id == SpotOpinion.person_id)
        .where(SpotOpinion.item_id.in_([item.id for item in items]))
        .order_by(SpotOpinion.stage, SpotOpinion.id)
    )
    for row, name in session().execute(statement):
        opinions.setdefault(row.item_id, []).append((row, name))
    return [(item, rows[item.capstone_id], opinions.get(item.id, [])) for item in items]


def theses_of(ids: Collection[int]) -> dict[int, tuple[Capstone, Topic, StoredFile | None]]:
    """The capstones of a sample with topic and thesis, by id; one query."""
    statement = (
        select(Capstone, Topic, StoredFile)
        .join(Topic, Topic.id == Capstone.topic_id)
        .outerjoin(StoredFile, StoredFile.id == Capstone.thesis_file_id)
        .where(Capstone.id.in_(list(ids)))
    )
    return {row.id: (row, topic, file) for row, topic, file in session().execute(statement)}


def spot_item(item_id: int) -> SpotItem | None:
    """A thesis of a sample."""
    return session().get(SpotItem, item_id)


def opinion_by_id(opinion_id: int) -> SpotOpinion | None:
    """An opinion by id."""
    return session().get(SpotOpinion, opinion_id)


def opinion_now(opinion_id: int) -> SpotOpinion | None:
    """The same, read anew: another session may have signed it or taken it back since."""
    return session().get(SpotOpinion, opinion_id, populate_existing=True)


def opinions_of(item_id: int) -> list[tuple[SpotOpinion, str]]:
    """The opinions on a thesis with the expert's name, read anew: another session may have signed one since."""
    statement = (
        select(SpotOpinion, Person.name)
        .join(Person, Person.id == SpotOpinion.person_id)
        .where(SpotOpinion.item_id == item_id)
        .order_by(SpotOpinion.stage, SpotOpinion.id)
        .execution_options(populate_existing=True)
    )
    return [(row, name) for row, name in session().execute(statement)]


def open_opinions(capstone_id: int, person_id: int) -> list[SpotOpinion]:
    """The opinions on a thesis that a human was asked for in valid samples and has not signed."""
    statement = (
        select(SpotOpinion)
        .join(SpotItem, SpotItem.id == SpotOpinion.item_id)
        .join(SpotCheck, SpotCheck.id == SpotItem.check_id)
        .where(SpotItem.capstone_id == capstone_id, SpotOpinion.signed_at.is_(None), SpotCheck.voided_at.is_(None))
        .where(of_human(SpotOpinion.person_id, person_id))
    )
    return list(session().scalars(statement.order_by(SpotOpinion.id)))


def people_of_university(university_id: int, on: date) -> frozenset[int]:
    """Every person row of the humans who belong to a university on a day: its teachers and students, and who holds a role there or in one of its
    programmes. Somebody merged keeps the second account with the row that is gone."""
    teachers = select(Teacher.person_id).where(
        Teacher.university_id == university_id, Teacher.since <= on, or_(Teacher.until.is_(None), Teacher.until >= on)
    )
    students = select(Student.person_id).where(Student.university_id == university_id, or_(Student.left_on.is_(None), Student.left_on > on))
    programmes = select(Programme.id).where(Programme.university_id == university_id)
    officers = (
        select(Account.person_id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(
            Account.person_id.is_not(None),
            RoleGrant.ended_at.is_(None),
            or_(RoleGrant.until.is_(None), RoleGrant.until >= on),
            or_(RoleGrant.organisation_id == university_id, RoleGrant.programme_id.in_(programmes)),
        )
    )
    named = union(teachers, students, officers).subquery()
    stays = select(func.coalesce(Person.merged_into_id, Person.id)).where(Person.id.in_(select(named.c[0])))
    return frozenset(session().scalars(select(Person.id).where(or_(Person.id.in_(stays), Person.merged_into_id.in_(stays)))))


def expert_choices(university_id: int, on: date) -> list[tuple[int, str]]:
    """(person, name) of everybody who holds the role of an expert on a day and does not belong to the university."""
    own = people_of_university(university_id, on)
    statement = (
        select(Person.id, Person.name)
        .join(Account, Account.person_id == Person.id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(RoleGrant.role == Role.EXPERT, active(on))
        .distinct()
        .order_by(Person.name, Person.id)
    )
    return [(key, name) for key, name in session().execute(statement) if key not in own]
