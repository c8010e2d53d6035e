"""Who belongs to a group whose accounts are opened at once, and how far each of them is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, or_, select

from trainhub.identity import rules
from trainhub.identity.groups import Group, Listed, Why
from trainhub.identity.models import Account, DataRequest, LoginName, RoleGrant
from trainhub.identity.permissions import OPENERS
from trainhub.identity.queries.accounts import accounts_of_persons, with_account
from trainhub.identity.queries.grants import active
from trainhub.identity.types import AccountState, LoginKind
from trainhub.kernel import contacts
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import SCHOOLS
from trainhub.people import queries as people
from trainhub.people.models import Person, Student, Teacher
from trainhub.people.types import StudentState
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort, Programme

STUDYING = (StudentState.ENROLLED, StudentState.SUSPENDED)
TEACHING = (Role.LECTURER, Role.SCHOOL_SUPERVISOR)
PART = 900
"""Values in one condition: what a database takes at once."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a group with the account they have, or why none is opened; neither: one will be."""

    listed: Listed
    account_id: int | None = None
    state: AccountState | None = None
    has_role: bool = False
    email: str = ""
    """Where the account's own messages go."""
    why: Why | None = None

    @property
    def is_due(self) -> bool:
        """Whether an account would be opened now."""
        return self.account_id is None and self.why is None

    @property
    def lacks_role(self) -> bool:
        """Whether there is an account that may be used, without a role of this list over its scope. Who also belongs elsewhere gets one too: a role lets
        nobody into the account."""
        is_here = self.listed.why in (None, Why.ELSEWHERE)
        return is_here and not self.has_role and self.state in (AccountState.ACTIVE, AccountState.INVITED)

    @property
    def is_waiting(self) -> bool:
        """Whether there is an account that nobody has used yet."""
        return self.state is AccountState.INVITED


def _parts(values: Iterable[Any]) -> Iterable[list[Any]]:
    wanted = sorted(set(values))
    return (wanted[start : start + PART] for start in range(0, len(wanted), PART))


def members(group: Group, listed: Sequence[Listed], *, today: date) -> list[Member]:
    """Each of the list with their account or the reason against one; as many queries for ten as for nine hundred."""
    ids = [one.person_id for one in listed]
    held = accounts_of_persons(ids)
    states, with_role, addresses = _accounts(held.values(), group, today)
    unknown = [one for one in listed if one.person_id not in held]
    taken = _names_taken(unknown)
    closed, doubtful = _closed(one.person_id for one in unknown), people.undecided_same([one.person_id for one in unknown])
    shared = Counter(rules.normalise_login(LoginKind.EMAIL, one.email) for one in listed if one.email)
    found = []
    for one in listed:
        account_id = held.get(one.person_id)
        if account_id is not None:
            email = addresses.get(account_id, "") or one.email
            found.append(Member(one, account_id, states[account_id], account_id in with_role, email))
        else:
            why = one.why or (Why.CLOSED if one.person_id in closed else Why.SAME if one.person_id in doubtful else _why(one, taken, shared))
            found.append(Member(one, email=one.email, why=why))
    return found


def _why(one: Listed, taken: Collection[tuple[LoginKind, str, str]], shared: Counter[str]) -> Why | None:
    email = rules.normalise_login(LoginKind.EMAIL, one.email)
    if email and not contacts.is_email(email):
        return Why.EMAIL_MALFORMED
    if shared[email] > 1:
        return Why.EMAIL_SHARED
    names = names_of(one)
    for kind, why in ((LoginKind.STUDENT_NO, Why.NUMBER_TAKEN), (LoginKind.EMAIL, Why.EMAIL_TAKEN), (LoginKind.PHONE, Why.PHONE_TAKEN)):
        if any(name in taken for name in names if name[0] is kind):
            return why
    return None if names or one.names_itself else Why.NO_NAME


def names_of(one: Listed) -> list[tuple[LoginKind, str, str]]:
    """By what somebody will sign in, each in the spelling that is stored; a number that cannot be a mobile phone's is none of them."""
    found = [(LoginKind.STUDENT_NO, number, code) for number, code in one.numbers]
    found += [(LoginKind.EMAIL, one.email, "")] if one.email else []
    found += [(LoginKind.PHONE, one.phone, "")] if rules.phone_is_plausible(one.phone) else []
    return [(kind, rules.normalise_login(kind, value), rules.normalise_login(LoginKind.STUDENT_NO, scope)) for kind, value, scope in found]


def _names_taken(listed: Iterable[Listed]) -> set[tuple[LoginKind, str, str]]:
    wanted = {name for one in listed for name in names_of(one)}
    found: set[tuple[LoginKind, str, str]] = set()
    for part in _parts(value for _kind, value, _scope in wanted):
        rows = session().execute(select(LoginName.kind, LoginName.value, LoginName.scope).where(LoginName.value.in_(part)))
        found.update((kind, value, scope) for kind, value, scope in rows)
    return wanted & found


def _accounts(ids: Iterable[int], group: Group, today: date) -> tuple[dict[int, AccountState], set[int], dict[int, str]]:
    states: dict[int, AccountState] = {}
    with_role: set[int] = set()
    schools = group.subject.organisations if group.programme_id is not None else {group.organisation_id}
    over: sa.ColumnElement[bool] = RoleGrant.organisation_id.in_([key for key in schools if key is not None])
    if group.programme_id is not None:  # asked of a list without one, `IS NULL` would mean any organisation
        over = or_(over, RoleGrant.programme_id == group.programme_id)
    addresses: dict[int, str] = {}
    for part in _parts(ids):
        states.update({key: state for key, state in session().execute(select(Account.id, Account.state).where(Account.id.in_(part)))})
        holding = select(RoleGrant.account_id).where(RoleGrant.account_id.in_(part), RoleGrant.role.in_(group.roles), over, active(today))
        with_role.update(session().scalars(holding))
        mails = select(LoginName.account_id, LoginName.value).where(LoginName.account_id.in_(part), LoginName.kind == LoginKind.EMAIL)
        for key, value in session().execute(mails.order_by(LoginName.id.desc())):
            addresses[key] = value
    return states, with_role, addresses


def _closed(person_ids: Iterable[int]) -> set[int]:
    """Whose account was closed because they asked for it: no list opens it again, as it does one that was closed for want of use."""
    rows = people.rows_of_humans(person_ids)
    found: set[int | None] = set()
    for part in _parts(frozenset().union(*rows.values())):
        asked = (DataRequest.closed_account.is_(True), or_(Account.reopened_at.is_(None), Account.reopened_at < DataRequest.decided_at))
        closed = select(Account.person_id).join(DataRequest, DataRequest.account_id == Account.id)
        found.update(session().scalars(closed.where(Account.person_id.in_(part), Account.state == AccountState.DELETED, *asked)))
    return {key for key, of_one in rows.items() if of_one & found}


# -- students of a cohort -----------------------------------------------------------------------------------------------


def cohort_group(cohort_id: int) -> Group | None:
    """The students of a cohort: a student over the programme."""
    cohort = programmes.cohort_by_id(cohort_id)
    programme = programmes.by_id(cohort.programme_id) if cohort is not None else None
    school = organisations.by_id(programme.university_id) if programme is not None else None
    if cohort is None or programme is None or school is None:
        return None
    title = _("%(school)s %(programme)s %(year)s 级学生", school=school.name, programme=programme.name, year=cohort.year)
    return Group("cohort", cohort_id, title, (Role.STUDENT,), programmes.subject_of(programme), programme_id=programme.id)


def cohort_named(code: str) -> int | None:
    """The cohort of `PROGRAMME/YEAR`."""
    name, _slash, year = code.rpartition("/")
    programme = programmes.by_code(name.strip())
    cohort = programmes.cohort_of(programme.id, int(year)) if programme is not None and year.isascii() and year.isdigit() else None
    return cohort.id if cohort is not None else None


def cohort_members(group: Group, _today: date) -> list[Listed]:
    """The students in the order of their numbers, whoever left among them; each signs in by the numbers of all studies that go on."""
    columns = (Student.person_id, Person.name, Student.student_no, Person.email, Person.phone, Student.state)
    statement = select(*columns).join(Person, Person.id == Student.person_id).where(Student.cohort_id == group.id)
    rows = session().execute(statement.order_by(Student.student_no, Student.id)).all()
    numbers: dict[int, list[tuple[str, str]]] = {}
    for part in _parts(row.person_id for row in rows):
        studies = select(Student.person_id, Student.student_no, Organisation.code).join(Organisation, Organisation.id == Student.university_id)
        for person_id, number, code in session().execute(
            studies.where(Student.person_id.in_(part), Student.state.in_(STUDYING)).order_by(Student.enrolled_on.desc(), Student.id)
        ):
            numbers.setdefault(person_id, []).append((number, code))
    return [
        Listed(r.person_id, r.name, r.student_no, r.email, r.phone, tuple(numbers.get(r.person_id, ())), None if r.state in STUDYING else Why.LEFT)
        for r in rows
    ]


def cohort_listing(identity: Identity, text: str, _today: date) -> organisations.Statement:
    """The cohorts that have students and are inside the reader's scope, the newest first."""
    inside = organisations.scope(identity, OPENERS, organisations=(Programme.university_id,), programmes=(Programme.id,))
    title = Programme.name.concat(sa.literal(" ")).concat(sa.cast(Cohort.year, sa.String))
    statement: organisations.Statement = (
        select(Cohort.id, title.label("title"), Organisation.name.label("sub"), func.count(), with_account(Student.person_id))
        .join(Programme, Programme.id == Cohort.programme_id)
        .join(Organisation, Organisation.id == Programme.university_id)
        .join(Student, Student.cohort_id == Cohort.id)
        .where(inside, Student.state.in_(STUDYING))
        .group_by(Cohort.id, Programme.id, Organisation.id)
    )
    if text:
        statement = statement.where(organisations.matches(text, title, Programme.pinyin, Programme.code, Organisation.name, Organisation.pinyin))
    return statement.order_by(Cohort.year.desc(), Organisation.pinyin, Programme.pinyin, Cohort.id)


# -- teachers -----------------------------------------------------------------------------------------------------------


def teachers_group(organisation_id: int) -> Group | None:
    """The teachers of a school: a teaching role over the school."""
    school = organisations.by_id(organisation_id)
    if school is None or school.kind not in SCHOOLS:
        return None
    title = _("%(school)s教师", school=school.name)
    return Group("teachers", school.id, title, TEACHING, organisations.subject_of(school), organisation_id=school.id)


def programme_teachers_group(programme_id: int) -> Group | None:
    """The teachers of a programme: a teaching role over the programme."""
    programme = programmes.by_id(programme_id)
    school = organisations.by_id(programme.university_id) if programme is not None else None
    if programme is None or school is None:
        return None
    title = _("%(school)s %(programme)s教师", school=school.name, programme=programme.name)
    return Group("programme-teachers", programme.id, title, TEACHING, programmes.subject_of(programme), programme_id=programme.id)


def organisation_named(code: str) -> int | None:
    """An organisation by its code or unified social credit code."""
    found = organisations.by_code(code.strip())
    return found.id if found is not None else None


def programme_named(code: str) -> int | None:
    """A programme by its code."""
    found = programmes.by_code(code.strip())
    return found.id if found is not None else None


def teacher_members(group: Group, today: date) -> list[Listed]:
    """The teachers in the order of their numbers."""
    here = Teacher.university_id == group.organisation_id if group.organisation_id is not None else Teacher.programme_id == group.programme_id
    columns = (Teacher.person_id, Person.name, Teacher.staff_no, Person.email, Person.phone, Teacher.until)
    rows = session().execute(select(*columns).join(Person, Person.id == Teacher.person_id).where(here).order_by(Teacher.staff_no, Teacher.id))
    found: dict[int, Listed] = {}
    for r in rows:  # a teacher may have several numbers at a school; one that is in use counts
        left = Why.LEFT if r.until is not None and r.until < today else None
        if r.person_id not in found or (found[r.person_id].why is not None and left is None):
            found[r.person_id] = Listed(r.person_id, r.name, r.staff_no, r.email, r.phone, why=left)
    return list(found.values())


def _teachers_by(column: Any, today: date) -> organisations.Statement:
    in_office = or_(Teacher.until.is_(None), Teacher.until >= today)
    counted = (func.count(sa.distinct(Teacher.person_id)), with_account(Teacher.person_id))
    statement: organisations.Statement = select(
        column.label("key"), *(c.label(name) for c, name in zip(counted, ("members", "accounts"), strict=True))
    )
    return statement.where(in_office).group_by(column)


def teachers_listing(identity: Identity, text: str, today: date) -> organisations.Statement:
    """The schools inside the reader's scope that have teachers."""
    counts = _teachers_by(Teacher.university_id, today).subquery()
    statement: organisations.Statement = (
        select(Organisation.id, Organisation.name.label("title"), Organisation.code.label("sub"), counts.c.members, counts.c.accounts)
        .join(counts, counts.c.key == Organisation.id)
        .where(organisations.scope(identity, OPENERS, organisations=(Organisation.id,)))
    )
    if text:
        statement = statement.where(organisations.matches(text, Organisation.name, Organisation.pinyin, Organisation.code))
    return statement.order_by(Organisation.pinyin, Organisation.id)


def programme_teachers_listing(identity: Identity, text: str, today: date) -> organisations.Statement:
    """The programmes inside the reader's scope that have teachers."""
    counts = _teachers_by(Teacher.programme_id, today).subquery()
    inside = organisations.scope(identity, OPENERS, organisations=(Programme.university_id,), programmes=(Programme.id,))
    statement: organisations.Statement = (
        select(Programme.id, Programme.name.label("title"), Organisation.name.label("sub"), counts.c.members, counts.c.accounts)
        .join(counts, counts.c.key == Programme.id)
        .join(Organisation, Organisation.id == Programme.university_id)
        .where(inside)
    )
    if text:
        statement = statement.where(organisations.matches(text, Programme.name, Programme.pinyin, Programme.code, Organisation.name))
    return statement.order_by(Organisation.pinyin, Programme.pinyin, Programme.id)
