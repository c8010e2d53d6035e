"""Experts as evaluation sees them: where they work, what ties them to a university, whom the association can assign."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from sqlalchemy import or_, select

from enterprises.bases.models import BaseLeader
from enterprises.capstones.models import Capstone, Supervision
from enterprises.mentors.models import Mentor
from enterprises.placements.models import Placement
from enterprises.placements.queries.daily import broken_off
from enterprises.placements.types import PlacementState
from trainhub.identity import queries as identity
from trainhub.identity.models import Account, RoleGrant
from trainhub.kernel.access import Role
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.organisations.models import Organisation
from trainhub.oversight.evaluation import employers
from trainhub.people.models import Employment, Student, Teacher
from trainhub.people.queries import of_human
from trainhub.people.types import StudentState
from trainhub.programmes.models import Programme

OWN = (Role.PROGRAMME_ADMIN, Role.UNIVERSITY_ADMIN, Role.LECTURER, Role.SCHOOL_SUPERVISOR, Role.STUDENT)
"""Roles over a university or programme that make somebody belong to it."""


def ties_to_university(person_id: int | None, account_id: int, programme: Programme, on: date, *, is_visiting: bool = False) -> list[str]:
    """Why somebody belongs to the university of a programme, its colleges and other programmes included; empty when nothing ties them.

    A human is asked about, whichever of their persons and accounts is named. `is_visiting`: a member of the visit, who finishes it: that a typed
    employer is a part of the university by its name was asked when they were chosen and declared.
    """
    return ties_to_universities(person_id, account_id, [programme.university_id], on, is_visiting=is_visiting).get(programme.university_id, [])


def ties_to_universities(
    person_id: int | None, account_id: int, university_ids: Collection[int], on: date, *, is_visiting: bool = False
) -> dict[int, list[str]]:
    """By university: what `ties_to_university` says; those are left out to which nothing ties somebody. At most five queries whatever their number."""
    found: dict[int, list[str]] = defaultdict(list)
    if not university_ids:
        return found
    here = Organisation.id.in_(university_ids) | Organisation.parent_id.in_(university_ids)

    def tied(keys: Collection[int | None], why: str) -> None:
        for key in university_ids:
            if key in keys:
                found[key].append(why)

    if person_id is not None:
        teaches = select(Teacher.university_id).where(of_human(Teacher.person_id, person_id), Teacher.university_id.in_(university_ids))
        tied(set(session().scalars(teaches)), _("是本校教师"))
        works = (
            select(Organisation.id, Organisation.parent_id)
            .join(Employment, Employment.organisation_id == Organisation.id)
            .where(of_human(Employment.person_id, person_id), here, or_(Employment.until.is_(None), Employment.until >= on))
        )
        employed = {key for row in session().execute(works) for key in row}
        tied(employed | _works_by_name(person_id, university_ids, on, is_visiting=is_visiting), _("在本校任职"))
    held = RoleGrant.account_id.in_(identity.accounts_of_holder(account_id)), RoleGrant.role.in_(OWN), identity.active(on)
    over = select(Organisation.id, Organisation.parent_id).join(RoleGrant, RoleGrant.organisation_id == Organisation.id).where(*held, here)
    leads = (
        select(Programme.university_id)
        .join(RoleGrant, RoleGrant.programme_id == Programme.id)
        .where(*held, Programme.university_id.in_(university_ids))
    )
    tied({key for row in session().execute(over) for key in row} | set(session().scalars(leads)), _("在本校担任角色"))
    return found


def ties_of_expert(person_id: int | None, account_id: int, programme: Programme, on: date) -> list[str]:
    """What ties an expert who is to be chosen, or declares: as `ties_to_university`, and who studies there, leads its side of a base or guides
    students of the programme. Who was chosen finishes the visit: that is asked before it, not in the middle."""
    found = ties_to_university(person_id, account_id, programme, on)
    if person_id is not None:
        studies = select(Student.id).where(
            of_human(Student.person_id, person_id),
            Student.university_id == programme.university_id,
            Student.state.in_((StudentState.ENROLLED, StudentState.SUSPENDED)),
        )
        if session().scalar(studies.limit(1)) is not None:
            found.append(_("是本校学生"))
        leads = select(BaseLeader.id).where(
            of_human(BaseLeader.person_id, person_id),
            BaseLeader.university_id == programme.university_id,
            or_(BaseLeader.until.is_(None), BaseLeader.until >= on),
        )
        if session().scalar(leads.limit(1)) is not None:
            found.append(_("是与本校共建的基地的负责人"))
        if _guides(person_id, programme.id):
            found.append(_("指导本专业学生的实习或毕业设计"))
    return found


def _works_by_name(person_id: int, university_ids: Collection[int], on: date, *, is_visiting: bool) -> set[int]:
    """The universities that somebody's typed employers of a day are by their name, or a part of."""
    typed = (
        select(Organisation.id, Organisation.name, Employment.organisation_name)
        .join(Employment, Organisation.id.in_(university_ids))
        .where(
            of_human(Employment.person_id, person_id),
            Employment.organisation_id.is_(None),
            or_(Employment.until.is_(None), Employment.until >= on),
        )
    )
    return {
        key
        for key, name, employer in session().execute(typed)
        if employers.is_university(name, employer) or (not is_visiting and employers.is_part(name, employer))
    }


def _guides(person_id: int, programme_id: int) -> bool:
    """Whether somebody guides, or guided, students of a programme in enterprises, to the end or until it was broken off, or at their capstones:
    requirements 6 and 8 judge that."""
    of_programme = select(Student.id).where(Student.programme_id == programme_id)
    placements = (
        select(Placement.id)
        .join(Mentor, Mentor.id == Placement.mentor_id)
        .where(
            of_human(Mentor.person_id, person_id),
            Placement.student_id.in_(of_programme),
            or_(Placement.state != PlacementState.WITHDRAWN, broken_off()),
        )
    )
    capstones = (
        select(Supervision.id)
        .join(Capstone, Capstone.id == Supervision.capstone_id)
        .where(of_human(Supervision.person_id, person_id), Capstone.student_id.in_(of_programme))
    )
    return any(session().scalar(one.limit(1)) is not None for one in (placements, capstones))


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
