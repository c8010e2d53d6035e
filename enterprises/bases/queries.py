"""Every select on bases."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, or_, select

from enterprises.bases.models import (
    BaseAcceptance,
    BaseAgreement,
    BaseFigurePast,
    BaseInspection,
    BaseLeader,
    BasePeriod,
    BaseProfile,
    BaseTyping,
    EnterpriseInterest,
    InspectionFinding,
)
from enterprises.bases.types import AgreementSpan, BaseFilter, BaseRow, BaseType, Capacities, InspectionKind
from enterprises.permissions import SCHOOL
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import BaseHost, Organisation, Region
from trainhub.organisations.types import SCHOOLS as SCHOOL_KINDS
from trainhub.organisations.types import HostSide, OrganisationKind, OrganisationState
from trainhub.people.models import Employment, Person, Teacher
from trainhub.programmes.models import Programme

SCHOOLS = "enterprises.bases.schools"
"""Rooms above name the schools that an enterprise offers seats to: functions (enterprise id) -> ids of universities."""


def universities_of(identity: Identity) -> sa.Select[Any]:
    """The universities for which the reader works at a school: those of their programmes, and those they run."""
    roles = (*SCHOOL, Role.SCHOOL_SUPERVISOR)
    inside = organisations.scope(identity, roles, organisations=(Programme.university_id,), programmes=(Programme.id,))
    return select(Programme.university_id).where(inside)


def partners(identity: Identity) -> sa.Select[Any]:
    """The organisations that host a base together with the reader's schools."""
    ours, theirs = sa.orm.aliased(BaseHost), sa.orm.aliased(BaseHost)
    return (
        select(theirs.organisation_id)
        .join(ours, ours.base_id == theirs.base_id)
        .where(ours.until.is_(None), theirs.until.is_(None), ours.organisation_id.in_(universities_of(identity)))
    )


def profile(base_id: int) -> BaseProfile | None:
    """The profile of a base."""
    return session().get(BaseProfile, base_id)


def on_campus(base_ids: Collection[int]) -> set[int]:
    """Which of the bases stand on a campus: what is done there earns no weeks in an enterprise (PETOE-7.3, RESEARCH-4.6b)."""
    if not base_ids:
        return set()
    return set(session().scalars(select(BaseProfile.base_id).where(BaseProfile.base_id.in_(list(base_ids)), BaseProfile.is_on_campus.is_(True))))


def campus_on(base_id: int) -> Callable[[date], bool]:
    """Whether a base stood on a campus on a day: as its profile says, and as it said before it was changed."""
    row = profile(base_id)
    if row is None:
        return lambda _day: False
    statement = select(BaseFigurePast).where(BaseFigurePast.base_id == base_id, BaseFigurePast.key == "is_on_campus")
    past = [(one.until, bool(one.value)) for one in session().scalars(statement.order_by(BaseFigurePast.until, BaseFigurePast.id))]
    return lambda day: next((value for until, value in past if day < until), row.is_on_campus)


def campus_spans(base_ids: Collection[int]) -> dict[int, list[tuple[date, date]]]:
    """By base the spans (both ends included) in which it stood on a campus, as `campus_on` says of each day; two queries, without bases that never did."""
    wanted = set(base_ids)
    if not wanted:
        return {}
    now = on_campus(wanted)
    past: dict[int, list[tuple[date, bool]]] = {}
    statement = select(BaseFigurePast).where(BaseFigurePast.base_id.in_(list(wanted)), BaseFigurePast.key == "is_on_campus")
    for row in session().scalars(statement.order_by(BaseFigurePast.until, BaseFigurePast.id)):
        past.setdefault(row.base_id, []).append((row.until, bool(row.value)))
    found = {}
    for base_id in now | set(past):
        since, spans = date.min + timedelta(days=1), []
        for until, value in past.get(base_id, []):
            if value and until > since:
                spans.append((since, until - timedelta(days=1)))
            since = max(since, until)
        if base_id in now:
            spans.append((since, date.max - timedelta(days=1)))
        if spans:
            found[base_id] = spans
    return found


def standing_on_campus(base_id: Any) -> Any:
    """The same for a column of base ids, as it is now: a part of a statement."""
    return select(BaseProfile.base_id).where(BaseProfile.base_id == base_id, BaseProfile.is_on_campus.is_(True))


def periods_of(base_id: int) -> list[BasePeriod]:
    """The spans for which a base says something of its own, the latest first."""
    statement = select(BasePeriod).where(BasePeriod.base_id == base_id)
    return list(session().scalars(statement.order_by(BasePeriod.since.desc(), BasePeriod.id)))


def period(period_id: int) -> BasePeriod | None:
    """A span of a base."""
    return session().get(BasePeriod, period_id)


def capacities(base_id: int) -> Capacities:
    """How many students a base takes on a day: what it says for the span, else what its profile says; None: not known."""
    known = profile(base_id)
    spans = tuple((row.since, row.until, row.capacity) for row in periods_of(base_id))
    return Capacities(spans, known.capacity_per_term if known is not None else None)


def types_of(base_id: int) -> list[BaseTyping]:
    """The types a base carries, the oldest first."""
    return list(session().scalars(select(BaseTyping).where(BaseTyping.base_id == base_id).order_by(BaseTyping.since, BaseTyping.type)))


def types_of_many(base_ids: Collection[int]) -> dict[int, tuple[BaseType, ...]]:
    """The types of several bases."""
    found: dict[int, list[BaseType]] = {key: [] for key in base_ids}
    statement = select(BaseTyping.base_id, BaseTyping.type).where(BaseTyping.base_id.in_(list(base_ids)))
    for key, kind in session().execute(statement.order_by(BaseTyping.base_id, BaseTyping.since, BaseTyping.type)):
        found[key].append(kind)
    return {key: tuple(kinds) for key, kinds in found.items()}


def schools_of(base_id: int) -> list[tuple[int, str]]:
    """(id, name) of the schools that build a base now."""
    hosts = organisations.hosts_of(base_id)
    return list({one.id: (one.id, one.name) for host, one in hosts if host.side is HostSide.SCHOOL and host.until is None}.values())


def schools_ever(base_id: int) -> list[tuple[int, str]]:
    """(id, name) of the schools that build a base or did, those that build it now first: what a former one signed stays its own."""
    return list({one.id: (one.id, one.name) for host, one in organisations.hosts_of(base_id) if host.side is HostSide.SCHOOL}.values())


def school_choices(base_id: int, others: Collection[int | None] = ()) -> list[tuple[int, str]]:
    """The schools that may have signed at a unit: those that build the base or did, else all (an enterprise has no hosts); and `others`, as those that send
    students there and a row's own."""
    found = schools_ever(base_id) or organisations.choices(*SCHOOL_KINDS)
    known = dict(found)
    return [*found, *sorted(organisations.names_of(one for one in set(others) if one is not None and one not in known).items())]


def leader_rows(base_id: int) -> list[BaseLeader]:
    """Every leader a base had."""
    return list(session().scalars(select(BaseLeader).where(BaseLeader.base_id == base_id).order_by(BaseLeader.side, BaseLeader.since, BaseLeader.id)))


def leaders_of(base_id: int) -> list[tuple[BaseLeader, str]]:
    """Every leader with the person's name, those in office first."""
    statement = (
        select(BaseLeader, Person.name)
        .join(Person, Person.id == BaseLeader.person_id)
        .where(BaseLeader.base_id == base_id)
        .order_by(BaseLeader.until.is_not(None), BaseLeader.side, BaseLeader.since, BaseLeader.id)
    )
    return [(leader, name) for leader, name in session().execute(statement)]


def agreements_of(base_id: int, *, university_ids: Collection[int] | None = None) -> list[BaseAgreement]:
    """Every agreement of a base, the one that lasts longest first; with `university_ids` those of schools alone, and those that name none (nobody has said
    whose they are)."""
    statement = select(BaseAgreement).where(BaseAgreement.base_id == base_id)
    if university_ids is not None:
        statement = statement.where(or_(BaseAgreement.university_id.in_(list(university_ids)), BaseAgreement.university_id.is_(None)))
    return list(session().scalars(statement.order_by(BaseAgreement.until.desc(), BaseAgreement.id.desc())))


def agreement(agreement_id: int) -> BaseAgreement | None:
    """An agreement by its id."""
    return session().get(BaseAgreement, agreement_id)


def spans(rows: list[BaseAgreement]) -> list[AgreementSpan]:
    """What rules ask of agreements."""
    return [AgreementSpan(row.signed_on, row.since, row.until, tuple(row.topics)) for row in rows]


def acceptances_of(base_id: int) -> list[BaseAcceptance]:
    """Every step of recognition and acceptance, the oldest first."""
    statement = select(BaseAcceptance).where(BaseAcceptance.base_id == base_id)
    return list(session().scalars(statement.order_by(BaseAcceptance.on, BaseAcceptance.id)))


def listing(wanted: BaseFilter, *, on: date, sort: str = "") -> sa.Select[Any]:
    """Bases with a profile as columns, see `as_rows`; every signed-in person may look through them."""
    lasts = (
        select(BaseAgreement.base_id, func.max(BaseAgreement.until).label("until"))
        .where(BaseAgreement.signed_on <= on, BaseAgreement.since <= on, BaseAgreement.until >= on)
        .group_by(BaseAgreement.base_id)
        .subquery()
    )
    lead = sa.orm.aliased(Organisation)
    statement: sa.Select[Any] = (
        select(
            Organisation.id,
            Organisation.code,
            Organisation.name,
            Region.name.label("region"),
            BaseProfile.capacity_per_term,
            BaseProfile.is_on_campus,
            lead.name.label("lead"),
            lasts.c.until,
        )
        .join(BaseProfile, BaseProfile.base_id == Organisation.id)
        .outerjoin(Region, Region.code == Organisation.region_code)
        .outerjoin(BaseHost, sa.and_(BaseHost.base_id == Organisation.id, BaseHost.is_lead.is_(True), BaseHost.until.is_(None)))
        .outerjoin(lead, lead.id == BaseHost.organisation_id)
        .outerjoin(lasts, lasts.c.base_id == Organisation.id)
        .where(Organisation.kind == OrganisationKind.BASE, Organisation.state != OrganisationState.CLOSED)
    )
    if wanted.text:
        statement = statement.where(organisations.matches(wanted.text, Organisation.name, Organisation.pinyin, Organisation.code))
    if wanted.type is not None:
        statement = statement.where(Organisation.id.in_(select(BaseTyping.base_id).where(BaseTyping.type == wanted.type)))
    if wanted.region:
        statement = statement.where(organisations.within_regions(Organisation.region_code, [wanted.region]))
    if wanted.agreement == "none":
        statement = statement.where(lasts.c.until.is_(None))
    elif wanted.agreement == "valid":
        statement = statement.where(lasts.c.until.is_not(None))
    sorts: dict[str, tuple[Any, ...]] = {
        "name": (Organisation.pinyin, Organisation.name),
        "region": (Organisation.region_code, Organisation.pinyin),
        "capacity": (BaseProfile.capacity_per_term, Organisation.pinyin),
        "agreement": (lasts.c.until, Organisation.pinyin),
    }
    return organisations.ordered_or(statement, sort, sorts, Organisation.pinyin, Organisation.name, Organisation.id)


def as_rows(rows: Collection[Any]) -> list[BaseRow]:
    """Rows of `listing` with their types, in two queries whatever their number."""
    types = types_of_many([row.id for row in rows])
    return [
        BaseRow(row.id, row.code, row.name, row.region, row.capacity_per_term, row.is_on_campus, types[row.id], row.lead or "", row.until)
        for row in rows
    ]


def ending_agreements(base_ids: Collection[int] | None, *, on: date, until: date) -> list[tuple[BaseAgreement, str]]:
    """Agreements in force that end by a day and are not followed by one of the same school that leaves no gap, with the base's name; None: of all bases.
    Of one that names no school nobody knows whose it is: it follows all, and all follow it."""
    statement = (
        select(BaseAgreement, Organisation.name)
        .join(Organisation, Organisation.id == BaseAgreement.base_id)
        .where(BaseAgreement.since <= on, BaseAgreement.until >= on, BaseAgreement.until <= until)
        .order_by(BaseAgreement.until, BaseAgreement.id)
    )
    if base_ids is not None:
        statement = statement.where(BaseAgreement.base_id.in_(list(base_ids)))
    ending = [(row, name) for row, name in session().execute(statement)]
    by_base: dict[int, list[BaseAgreement]] = {}
    for one in session().scalars(select(BaseAgreement).where(BaseAgreement.base_id.in_({row.base_id for row, _name in ending}))):
        by_base.setdefault(one.base_id, []).append(one)
    return [(row, name) for row, name in ending if not any(_follows(one, row) for one in by_base[row.base_id])]


def _follows(one: BaseAgreement, before: BaseAgreement) -> bool:
    is_of_school = one.university_id == before.university_id or None in (one.university_id, before.university_id)
    return is_of_school and one.since <= before.until + timedelta(days=1) and one.until > before.until


def choices(enterprise_id: int | None = None) -> list[tuple[int, str]]:
    """Bases for forms; with an enterprise only those it hosts now."""
    statement = select(Organisation.id, Organisation.name).where(
        Organisation.kind == OrganisationKind.BASE, Organisation.state != OrganisationState.CLOSED
    )
    if enterprise_id is not None:
        hosted = select(BaseHost.base_id).where(BaseHost.organisation_id == enterprise_id, BaseHost.until.is_(None))
        statement = statement.where(or_(Organisation.id.in_(hosted), Organisation.parent_id == enterprise_id))
    return [(key, name) for key, name in session().execute(statement.order_by(Organisation.pinyin, Organisation.id))]


def person(person_id: int) -> Person:
    """A person chosen as leader."""
    found = session().get(Person, person_id)
    if found is None:
        raise NotFound(_("没有这个人，请重新选择。"))
    return found


def leader_choices(base_id: int) -> list[tuple[int, str]]:
    """Teachers of the hosting schools and people employed at the hosting enterprises, with where they are from."""
    hosts = organisations.host_ids(base_id)
    teachers = (
        select(Person.id, Person.name, Organisation.name)
        .join(Teacher, Teacher.person_id == Person.id)
        .join(Organisation, Organisation.id == Teacher.university_id)
        .where(Teacher.university_id.in_(hosts), Teacher.until.is_(None))
    )
    staff = (
        select(Person.id, Person.name, Organisation.name)
        .join(Employment, Employment.person_id == Person.id)
        .join(Organisation, Organisation.id == Employment.organisation_id)
        .where(Employment.organisation_id.in_(hosts), Employment.until.is_(None))
    )
    found = {(key, name, where) for statement in (teachers, staff) for key, name, where in session().execute(statement)}
    return [(key, f"{name}（{where}）") for key, name, where in sorted(found, key=lambda row: (row[2], row[1], row[0]))]


# -- inspections and interest --------------------------------------------------------------------------------------------
def inspections_of(base_id: int) -> list[BaseInspection]:
    """Every inspection and review of a base, the latest first."""
    statement = select(BaseInspection).where(BaseInspection.base_id == base_id)
    return list(session().scalars(statement.order_by(BaseInspection.on.desc(), BaseInspection.id.desc())))


def inspection(inspection_id: int) -> BaseInspection | None:
    """An inspection by id."""
    return session().get(BaseInspection, inspection_id)


def last_on_site(base_id: int, on: date) -> BaseInspection | None:
    """The latest on-site inspection of a base until a day."""
    statement = select(BaseInspection).where(
        BaseInspection.base_id == base_id, BaseInspection.kind == InspectionKind.ON_SITE, BaseInspection.on <= on
    )
    return session().scalar(statement.order_by(BaseInspection.on.desc(), BaseInspection.id.desc()).limit(1))


def last_inspections(on: date) -> list[tuple[int, str, str, date]]:
    """(base, code, name, day) of the latest on-site inspection of every base that is not closed and has one."""
    statement = (
        select(Organisation.id, Organisation.code, Organisation.name, func.max(BaseInspection.on))
        .join(BaseInspection, BaseInspection.base_id == Organisation.id)
        .where(BaseInspection.kind == InspectionKind.ON_SITE, BaseInspection.on <= on, Organisation.state != OrganisationState.CLOSED)
        .group_by(Organisation.id, Organisation.code, Organisation.name)
        .order_by(Organisation.id)
    )
    return [(key, code, name, day) for key, code, name, day in session().execute(statement)]


def overdue_findings(on: date) -> list[tuple[InspectionFinding, int, str, str]]:
    """(finding, base, code, name) of what was to be mended before a day and is not."""
    statement = (
        select(InspectionFinding, Organisation.id, Organisation.code, Organisation.name)
        .join(BaseInspection, BaseInspection.id == InspectionFinding.inspection_id)
        .join(Organisation, Organisation.id == BaseInspection.base_id)
        .where(InspectionFinding.closed_on.is_(None), InspectionFinding.due_on < on)
        .order_by(InspectionFinding.id)
    )
    return [(row, key, code, name) for row, key, code, name in session().execute(statement)]


def findings_of(base_id: int) -> dict[int, list[InspectionFinding]]:
    """By inspection what was found, in order."""
    statement = (
        select(InspectionFinding).join(BaseInspection, BaseInspection.id == InspectionFinding.inspection_id).where(BaseInspection.base_id == base_id)
    )
    found: dict[int, list[InspectionFinding]] = {}
    for row in session().scalars(statement.order_by(InspectionFinding.id)):
        found.setdefault(row.inspection_id, []).append(row)
    return found


def finding(finding_id: int) -> tuple[InspectionFinding, int] | None:
    """A finding with its base."""
    statement = (
        select(InspectionFinding, BaseInspection.base_id)
        .join(BaseInspection, BaseInspection.id == InspectionFinding.inspection_id)
        .where(InspectionFinding.id == finding_id)
    )
    row = session().execute(statement).one_or_none()
    return (row[0], row[1]) if row is not None else None


def interest(enterprise_id: int, year: int) -> EnterpriseInterest | None:
    """What an enterprise said for a year."""
    return session().get(EnterpriseInterest, (enterprise_id, year))


def interests_in(year: int) -> list[tuple[EnterpriseInterest, str]]:
    """What every enterprise said for a year, those who take students first."""
    statement = (
        select(EnterpriseInterest, Organisation.name)
        .join(Organisation, Organisation.id == EnterpriseInterest.enterprise_id)
        .where(EnterpriseInterest.year == year)
        .order_by(EnterpriseInterest.is_interested.desc(), Organisation.pinyin, Organisation.id)
    )
    return [(row, name) for row, name in session().execute(statement)]
