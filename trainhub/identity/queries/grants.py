"""Role grants and what their scopes cover."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, or_, select

from trainhub.identity import rules
from trainhub.identity.models import Account, RoleGrant
from trainhub.identity.rules import EXPERT_HOMES
from trainhub.identity.types import AccountState
from trainhub.kernel.access import NOTHING, Identity, Role, ScopeKind, Subject
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation, Region
from trainhub.organisations.ruling_queries import ruling_subject
from trainhub.organisations.types import OrganisationState
from trainhub.people.models import Employment, Person, Student, Teacher
from trainhub.people.queries import places_that_count, rows_of_humans, settled
from trainhub.programmes.models import Programme


def active(on: date) -> sa.ColumnElement[bool]:
    """Whether a grant holds on a day, as a condition."""
    return sa.and_(RoleGrant.ended_at.is_(None), RoleGrant.since <= on, or_(RoleGrant.until.is_(None), RoleGrant.until >= on))


@cache
def rests() -> sa.ColumnElement[bool]:
    """Whether a grant rests: a role that rules an organisation which is taken out of use. It comes back when the organisation does."""
    closed = select(Organisation.id).where(Organisation.id == RoleGrant.organisation_id, Organisation.state == OrganisationState.CLOSED)
    return sa.and_(RoleGrant.role.in_(sorted(rules.PAUSED_WHEN_CLOSED)), closed.correlate(RoleGrant).exists())


def experts_outside_homes() -> list[RoleGrant]:
    """Grants of experts that were not ended and that could not be given today: not over an association or a group of experts."""
    statement = (
        select(RoleGrant)
        .outerjoin(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(
            RoleGrant.role == Role.EXPERT,
            RoleGrant.ended_at.is_(None),
            or_(Organisation.id.is_(None), Organisation.kind.not_in(EXPERT_HOMES)),
        )
        .order_by(RoleGrant.id)
    )
    return list(session().scalars(statement))


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
    is_coming: bool
    """It holds from a later day on."""
    rests: bool = False
    """It rules nothing while its organisation is out of use."""


def grants_of(account_id: int, *, today: date) -> list[GrantRow]:
    """All grants of an account with the names of their scopes, active ones first, then those that begin later."""
    statement = (
        select(RoleGrant, rests(), Organisation.name.label("organisation"), Programme.name.label("programme"), Region.name.label("region"))
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
            rules.is_active(grant.since, grant.until, grant.ended_at is not None, today),
            grant.ended_at is None and grant.since > today,
            bool(is_resting),
        )
        for grant, is_resting, organisation, programme, region in session().execute(statement)
    ]
    return sorted(rows, key=lambda row: (not row.is_active, not row.is_coming, row.id))


def stored_grants(account_id: int, *, today: date) -> list[RoleGrant]:
    """The grants that hold on a day."""
    return list(session().scalars(select(RoleGrant).where(RoleGrant.account_id == account_id, active(today)).order_by(RoleGrant.id)))


def lasting_grants(account_id: int, *, today: date) -> list[RoleGrant]:
    """The grants that hold on a day or will hold later."""
    lasting = (RoleGrant.ended_at.is_(None), or_(RoleGrant.until.is_(None), RoleGrant.until >= today))
    return list(session().scalars(select(RoleGrant).where(RoleGrant.account_id == account_id, *lasting).order_by(RoleGrant.id)))


def persons_above(person_ids: Iterable[int], by: Identity, *, today: date) -> set[int]:
    """Of these rows of persons those with an account that holds, or will hold, a role which `by` could not give; asked in portions.

    Judged once for a role over a scope: files name many people of one place. The roles of a learner count for who studies and teaches nowhere now:
    for all others their school answers, see `people.reach`.
    """
    ids, found, judged = sorted(set(person_ids)), set[int](), dict[tuple[Any, ...], bool]()
    learners = set[int]()
    lasting = (RoleGrant.ended_at.is_(None), or_(RoleGrant.until.is_(None), RoleGrant.until >= today))
    kinds = (RoleGrant.role, RoleGrant.scope_kind, RoleGrant.organisation_id, RoleGrant.programme_id, RoleGrant.region_code)
    for start in range(0, len(ids), 500):
        statement = select(Account.person_id, *kinds).join(RoleGrant, RoleGrant.account_id == Account.id)
        rows = session().execute(statement.where(Account.person_id.in_(ids[start : start + 500]), *lasting))
        for person_id, role, kind, organisation_id, programme_id, region_code in rows:
            key = (role, kind, organisation_id, programme_id, region_code)
            if key not in judged:
                judged[key] = rules.may_give(by, role, kind, subject_of_scope(kind, organisation_id, programme_id, region_code, to_give=True))
            if person_id is None or judged[key]:
                continue
            if role in rules.LEARNING:
                learners.add(person_id)
            else:
                found.add(person_id)
    rows_of = rows_of_humans(learners)
    at_school = settled({row for of_one in rows_of.values() for row in of_one}, today)
    return found | {person_id for person_id, of_one in rows_of.items() if of_one.isdisjoint(at_school)}


def is_above(account_id: int, by: Identity, *, today: date) -> bool:
    """`accounts_above` for one."""
    return account_id in accounts_above([account_id], by, today=today)


def accounts_above(account_ids: Iterable[int], by: Identity, *, today: date) -> set[int]:
    """The accounts whose holder, by whichever of their accounts, holds more than `by` could give: see `rules.is_above`. Who never held a role and
    has no place anywhere is looked after by who runs the platform. Asked in portions, judged once for a role over a scope."""
    holders = dict(_rows(select(Account.id, Account.person_id), Account.id, account_ids))
    rows_of = rows_of_humans(person_id for person_id in holders.values() if person_id is not None)
    rows = {row for of_one in rows_of.values() for row in of_one}
    own = dict(_rows(select(Account.id, Account.person_id), Account.person_id, rows)) | holders
    held: dict[int, list[RoleGrant]] = {}
    accounts: dict[int | None, list[int]] = {}
    for key, person_id in own.items():
        accounts.setdefault(person_id, []).append(key)
    for (grant,) in _rows(select(RoleGrant).order_by(RoleGrant.id), RoleGrant.account_id, own):
        held.setdefault(grant.account_id, []).append(grant)
    placed, at_school = {place.person_id for place in places_that_count(rows, today)}, settled(rows, today)
    judged: dict[tuple[Any, ...], bool] = {}

    def may_give(one: RoleGrant) -> bool:
        scope = (one.scope_kind, one.organisation_id, one.programme_id, one.region_code)
        if (one.role, *scope) not in judged:
            judged[one.role, *scope] = rules.may_give(by, one.role, one.scope_kind, subject_of_scope(*scope, to_give=True))
        return judged[one.role, *scope]

    found = set[int]()
    for account_id, person_id in holders.items():
        human = rows_of[person_id] if person_id is not None else frozenset()
        theirs = {account_id, *(key for row in human for key in accounts.get(row, ()))}
        grants = [grant for key in sorted(theirs) for grant in held.get(key, ())]
        if not grants and human.isdisjoint(placed):
            above = not by.everywhere(Role.SYSTEM_ADMIN)
        else:
            lasts = [one.ended_at is None and (one.until is None or one.until >= today) for one in grants]
            roles = [rules.Held(one.role, last, may_give(one)) for one, last in zip(grants, lasts, strict=True)]
            above = rules.is_above(roles, is_settled=not human.isdisjoint(at_school))
        if above:
            found.add(account_id)
    return found


def closed_above(person_ids: Iterable[int], by: Identity, *, today: date) -> set[int]:
    """Of these persons those with a closed account whose holder held more than `by` could give, whichever row of the human it hangs on. A closed account
    is taken up again with the records behind it: what its holder held then says whose it was."""
    rows = rows_of_humans(person_ids)
    human = {row: key for key, of_one in rows.items() for row in of_one}
    closed = select(Account.id, Account.person_id).where(Account.state == AccountState.DELETED)
    accounts = {key: human[person_id] for key, person_id in _rows(closed, Account.person_id, human)}
    return {accounts[key] for key in accounts_above(accounts, by, today=today)}


def _rows(statement: Any, column: Any, keys: Iterable[int]) -> list[Any]:
    wanted = sorted(set(keys))
    parts = (wanted[start : start + 500] for start in range(0, len(wanted), 500))
    return [row for part in parts for row in session().execute(statement.where(column.in_(part)))]


def same_grant(
    account_id: int, role: Role, kind: ScopeKind, organisation_id: int | None, programme_id: int | None, region_code: str | None, *, today: date
) -> RoleGrant | None:
    """A grant of the same role over the same scope that holds on a day."""
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


def subject_of_scope(
    kind: ScopeKind, organisation_id: int | None = None, programme_id: int | None = None, region_code: str | None = None, *, to_give: bool = False
) -> Subject:
    """What a grant over a scope belongs to; with `to_give` what is asked who gives or ends it: of a base the other partners have no say. Raises NotFound
    for an unknown scope."""
    if kind is ScopeKind.EVERYTHING:
        return NOTHING
    if kind is ScopeKind.REGION:
        if region_code is None or organisations.region(region_code) is None:
            raise NotFound(_("没有行政区划 %(code)s。", code=region_code or ""))
        return Subject.of(regions=organisations.region_path(region_code).codes)
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
        return Subject.of(organisations=(row.university_id,), programmes=(programme_id,), regions=organisations.region_path(row.region_code).codes)
    organisation = organisations.by_id(organisation_id) if organisation_id is not None else None
    if organisation is None:
        raise NotFound(_("没有这个机构。"))
    return ruling_subject(organisation) if to_give else organisations.subject_of(organisation)


def subject_of_account(account_id: int, *, today: date) -> Subject:
    """Where an account belongs: the organisations and programmes of its person and of its grants, and the person."""
    person_id = session().scalar(
        select(func.coalesce(Person.merged_into_id, Person.id)).join(Account, Account.person_id == Person.id).where(Account.id == account_id)
    )
    places: set[int | None] = set()
    programmes: set[int | None] = set()
    regions: set[str] = set()
    if person_id is not None:
        for university_id, programme_id in session().execute(
            select(Student.university_id, Student.programme_id).where(Student.person_id == person_id)
        ):
            places.add(university_id)
            programmes.add(programme_id)
        for university_id, programme in session().execute(select(Teacher.university_id, Teacher.programme_id).where(Teacher.person_id == person_id)):
            places.add(university_id)
            programmes.add(programme)
        places.update(
            session().scalars(
                select(Employment.organisation_id).where(
                    Employment.person_id == person_id, Employment.verified_at.is_not(None), or_(Employment.until.is_(None), Employment.until >= today)
                )
            )
        )
    for grant in stored_grants(account_id, today=today):
        if grant.scope_kind is not ScopeKind.EVERYTHING:
            subject = subject_of_scope(grant.scope_kind, grant.organisation_id, grant.programme_id, grant.region_code)
            places |= subject.organisations
            programmes |= subject.programmes
            regions |= subject.regions
    return Subject.of(organisations=places, programmes=programmes, regions=regions, persons=(person_id,))
