"""Role grants and what their scopes cover."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy import or_, select

from trainhub.identity.models import Account, RoleGrant
from trainhub.kernel.access import NOTHING, Role, ScopeKind, Subject
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.organisations.models import BaseHost, Organisation, Region
from trainhub.people.models import Employment, Student, Teacher
from trainhub.programmes.models import Programme


def active(on: date) -> sa.ColumnElement[bool]:
    """Whether a grant holds on a day, as a condition."""
    return sa.and_(RoleGrant.ended_at.is_(None), RoleGrant.since <= on, or_(RoleGrant.until.is_(None), RoleGrant.until >= on))


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant as pages show it."""

    id: int
    role: Role
    scope_kind: ScopeKind
    scope_name: str
    since: date
    until: date | None
    is_active: bool


def grants_of(account_id: int, *, today: date) -> list[GrantRow]:
    """All grants of an account with the names of their scopes, active ones first."""
    statement = (
        select(RoleGrant, Organisation.name.label("organisation"), Programme.name.label("programme"), Region.name.label("region"))
        .outerjoin(Organisation, Organisation.id == RoleGrant.organisation_id)
        .outerjoin(Programme, Programme.id == RoleGrant.programme_id)
        .outerjoin(Region, Region.code == RoleGrant.region_code)
        .where(RoleGrant.account_id == account_id)
        .order_by(RoleGrant.id)
    )
    rows = [
        GrantRow(
            grant.id,
            grant.role,
            grant.scope_kind,
            organisation or programme or region or "",
            grant.since,
            grant.until,
            grant.ended_at is None and grant.since <= today and (grant.until is None or grant.until >= today),
        )
        for grant, organisation, programme, region in session().execute(statement)
    ]
    return sorted(rows, key=lambda row: (not row.is_active, row.id))


def stored_grants(account_id: int, *, today: date) -> list[RoleGrant]:
    """The grants that hold on a day."""
    return list(session().scalars(select(RoleGrant).where(RoleGrant.account_id == account_id, active(today)).order_by(RoleGrant.id)))


def same_grant(
    account_id: int, role: Role, kind: ScopeKind, organisation_id: int | None, programme_id: int | None, region_code: str | None, *, today: date
) -> RoleGrant | None:
    """A grant of the same role over the same scope that holds today."""
    return session().scalar(
        select(RoleGrant).where(
            RoleGrant.account_id == account_id,
            RoleGrant.role == role,
            RoleGrant.scope_kind == kind,
            RoleGrant.organisation_id.is_not_distinct_from(organisation_id),
            RoleGrant.programme_id.is_not_distinct_from(programme_id),
            RoleGrant.region_code.is_not_distinct_from(region_code),
            active(today),
        )
    )


def subject_of_scope(kind: ScopeKind, organisation_id: int | None = None, programme_id: int | None = None, region_code: str | None = None) -> Subject:
    """What a grant over a scope is judged on. Raises NotFound for an unknown scope."""
    if kind is ScopeKind.EVERYTHING:
        return NOTHING
    if kind is ScopeKind.REGION:
        codes = _region_codes(region_code)
        if not codes:
            raise NotFound(_("没有行政区划 %(code)s。", code=region_code or ""))
        return Subject.of(regions=codes)
    if kind is ScopeKind.PROGRAMME:
        row = (
            session()
            .execute(
                select(Programme.university_id, Organisation.region_code)
                .join(Organisation, Organisation.id == Programme.university_id)
                .where(Programme.id == programme_id)
            )
            .one_or_none()
        )
        if row is None:
            raise NotFound(_("没有这个专业点。"))
        return Subject.of(organisations=(row.university_id,), programmes=(programme_id,), regions=_region_codes(row.region_code))
    organisation = session().execute(select(Organisation.parent_id, Organisation.region_code).where(Organisation.id == organisation_id)).one_or_none()
    if organisation is None:
        raise NotFound(_("没有这个机构。"))
    hosts = session().scalars(select(BaseHost.organisation_id).where(BaseHost.base_id == organisation_id))
    return Subject.of(organisations=(organisation_id, organisation.parent_id, *hosts), regions=_region_codes(organisation.region_code))


def _region_codes(code: str | None) -> list[str]:
    """A region with what reports above it; 平潭 350128 stands beside 350100, not under it."""
    if code is None:
        return []
    parent = sa.orm.aliased(Region)
    row = (
        session()
        .execute(
            select(Region.code, Region.reporting_code, Region.is_reported_separately, Region.parent_code, parent.parent_code.label("above"))
            .outerjoin(parent, parent.code == Region.parent_code)
            .where(Region.code == code)
        )
        .one_or_none()
    )
    if row is None:
        return []
    found = [row.code, row.reporting_code, row.above, None if row.is_reported_separately else row.parent_code]
    return [c for c in dict.fromkeys(found) if c]


def subject_of_account(account_id: int, *, today: date) -> Subject:
    """Where an account belongs: the organisations and programmes of its person and of its grants, and the person."""
    person_id = session().scalar(select(Account.person_id).where(Account.id == account_id))
    organisations: set[int | None] = set()
    programmes: set[int | None] = set()
    regions: set[str] = set()
    if person_id is not None:
        for university_id, programme_id in session().execute(
            select(Student.university_id, Student.programme_id).where(Student.person_id == person_id)
        ):
            organisations.add(university_id)
            programmes.add(programme_id)
        for university_id, programme in session().execute(select(Teacher.university_id, Teacher.programme_id).where(Teacher.person_id == person_id)):
            organisations.add(university_id)
            programmes.add(programme)
        organisations.update(
            session().scalars(
                select(Employment.organisation_id).where(
                    Employment.person_id == person_id, Employment.verified_at.is_not(None), or_(Employment.until.is_(None), Employment.until >= today)
                )
            )
        )
    for grant in stored_grants(account_id, today=today):
        if grant.scope_kind is not ScopeKind.EVERYTHING:
            subject = subject_of_scope(grant.scope_kind, grant.organisation_id, grant.programme_id, grant.region_code)
            organisations |= subject.organisations
            programmes |= subject.programmes
            regions |= subject.regions
    return Subject.of(organisations=organisations, programmes=programmes, regions=regions, persons=(person_id,))
