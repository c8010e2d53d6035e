"""Experts as evaluation sees them: where they work, what ties them to a university, whom the association can assign."""

from __future__ import annotations

from datetime import date

from sqlalchemy import or_, select

from trainhub.identity import queries as identity
from trainhub.identity.models import Account, RoleGrant
from trainhub.kernel.access import Role
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.organisations.models import Organisation
from trainhub.people.models import Employment, Teacher
from trainhub.people.queries import of_human
from trainhub.programmes.models import Programme

OWN = (Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN, Role.LECTURER, Role.SCHOOL_SUPERVISOR, Role.STUDENT)
"""Roles over a university or programme that make somebody belong to it."""


def ties_to_university(person_id: int | None, account_id: int, programme: Programme, on: date) -> list[str]:
    """Why somebody belongs to the university of a programme, its colleges and other programmes included; empty when nothing ties them.

    A human is asked about, whichever of their persons and accounts is named.
    """
    found = []
    here = select(Organisation.id).where(or_(Organisation.id == programme.university_id, Organisation.parent_id == programme.university_id))
    if person_id is not None:
        teaches = select(Teacher.id).where(of_human(Teacher.person_id, person_id), Teacher.university_id == programme.university_id)
        if session().scalar(teaches.limit(1)) is not None:
            found.append(_("是本校教师"))
        works = select(Employment.id).where(
            of_human(Employment.person_id, person_id),
            or_(
                Employment.organisation_id.in_(here),
                Employment.organisation_name == select(Organisation.name).where(Organisation.id == programme.university_id).scalar_subquery(),
            ),
            or_(Employment.until.is_(None), Employment.until >= on),
        )
        if session().scalar(works.limit(1)) is not None:
            found.append(_("在本校任职"))
    holds = select(RoleGrant.id).where(
        RoleGrant.account_id.in_(identity.accounts_of_holder(account_id)),
        RoleGrant.role.in_(OWN),
        identity.active(on),
        or_(
            RoleGrant.organisation_id.in_(here),
            RoleGrant.programme_id.in_(select(Programme.id).where(Programme.university_id == programme.university_id)),
        ),
    )
    if session().scalar(holds.limit(1)) is not None:
        found.append(_("在本校担任角色"))
    return found


def unit_of(person_id: int | None, on: date) -> str:
    """Where somebody works on a day, empty when it is not known."""
    if person_id is None:
        return ""
    statement = (
        select(Employment.organisation_name)
        .where(Employment.person_id == person_id, Employment.since <= on, or_(Employment.until.is_(None), Employment.until >= on))
        .order_by(Employment.since.desc(), Employment.id.desc())
        .limit(1)
    )
    return session().scalar(statement) or ""


def expert_choices(on: date, taken: set[int]) -> list[tuple[int, str]]:
    """(account, name) of everybody who holds the expert role and is not taken."""
    keys = [key for key in identity.accounts_holding(Role.EXPERT, today=on) if key not in taken]
    statement = select(Account.id, Account.display_name).where(Account.id.in_(keys)).order_by(Account.display_name, Account.id)
    return [(key, name) for key, name in session().execute(statement)]
