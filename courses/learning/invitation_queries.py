"""Selects on invitations, their links, and the persons who may be invited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from courses.learning.models import Enrolment, InviteLink, RunInvitation
from courses.learning.types import EnrolmentState, Holder
from trainhub.identity.models import Account, LoginName
from trainhub.identity.types import LoginKind
from trainhub.kernel.db import portions, session
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.people.types import StudentState


def invited_among(run_id: int, person_ids: Sequence[int]) -> set[int]:
    """Which of the persons were invited to a run before."""
    found: set[int] = set()
    for some in portions(person_ids):
        found.update(session().scalars(select(RunInvitation.person_id).where(RunInvitation.run_id == run_id, RunInvitation.person_id.in_(some))))
    return found


def pending_among(run_id: int, person_ids: Sequence[int]) -> list[Enrolment]:
    """The enrolments of some humans that wait for approval, whichever row of theirs is named."""
    found: list[Enrolment] = []
    for some in portions(sorted(frozenset[int]().union(*people.rows_of_humans(person_ids).values()))):
        waits = (Enrolment.run_id == run_id, Enrolment.state == EnrolmentState.PENDING, Enrolment.person_id.in_(some))
        found += session().scalars(select(Enrolment).where(*waits).order_by(Enrolment.id))
    return found


def invitations_of(run_id: int) -> sa.Select[Any]:
    """Who was invited, the latest first: name, day, last day, and what became of it (None: not yet enrolled)."""
    statement: Any = (
        select(Person.name, RunInvitation.invited_at, RunInvitation.expires_on, Enrolment.state)
        .join(Person, Person.id == RunInvitation.person_id)
        .outerjoin(Enrolment, sa.and_(Enrolment.run_id == RunInvitation.run_id, Enrolment.person_id == RunInvitation.person_id))
        .where(RunInvitation.run_id == run_id)
        .order_by(RunInvitation.id.desc())
    )
    return statement  # type: ignore[no-any-return]


def link_by_token(token: str) -> InviteLink | None:
    """An invitation link by its secret."""
    return session().scalar(select(InviteLink).where(InviteLink.token == token))


def link_by_id(link_id: int) -> InviteLink | None:
    """An invitation link."""
    return session().get(InviteLink, link_id)


def links_of(run_id: int) -> list[InviteLink]:
    """The invitation links of a run, the latest first."""
    return list(session().scalars(select(InviteLink).where(InviteLink.run_id == run_id).order_by(InviteLink.id.desc()).limit(50)))


def open_person_ids(run_id: int) -> set[int]:
    """Who is in a run or waits for it: whoever has not left."""
    statement = select(Enrolment.person_id).where(Enrolment.run_id == run_id, Enrolment.state != EnrolmentState.WITHDRAWN)
    return set(session().scalars(statement))


def seated_or_waiting_ids(run_id: int) -> set[int]:
    """Whom staff need not put into a run: who holds a seat or waits for one. Who waits for approval does need it."""
    statement = select(Enrolment.person_id).where(Enrolment.run_id == run_id)
    return set(session().scalars(statement.where(Enrolment.state.not_in((EnrolmentState.WITHDRAWN, EnrolmentState.PENDING)))))


def withdrawn_ids(run_id: int) -> set[int]:
    """Who has left a run or was taken out of it: every person row of these humans."""
    left = session().scalars(select(Enrolment.person_id).where(Enrolment.run_id == run_id, Enrolment.state == EnrolmentState.WITHDRAWN))
    return set().union(*people.rows_of_humans(left).values())


def persons_of_cohort(cohort_id: int) -> list[int]:
    """The enrolled students of a cohort by number."""
    statement = select(Student.person_id).where(Student.cohort_id == cohort_id, Student.state == StudentState.ENROLLED)
    return list(session().scalars(statement.order_by(Student.student_no, Student.id)))


def holders(values: Sequence[str]) -> dict[str, list[Holder]]:
    """Whose sign-in names, numbers, telephone numbers and addresses these are, by value; of merged persons the one who stays."""
    standing = func.coalesce(Person.merged_into_id, Person.id)
    found: dict[str, list[Holder]] = defaultdict(list)
    for some in portions(values):
        statement = (
            select(LoginName.value, LoginName.kind, LoginName.scope, standing, Person.name)
            .join(Account, Account.id == LoginName.account_id)
            .join(Person, Person.id == Account.person_id)
            .where(LoginName.value.in_(some))
            .order_by(LoginName.id)
        )
        for value, kind, scope, person_id, name in session().execute(statement):
            found[value].append(Holder(kind, scope, person_id, name))
    return found


def without_account(home: str, numbers: Sequence[str]) -> dict[str, list[Holder]]:
    """Students of the school with the code `home` who have no account yet, by number as it is typed (small letters): most of a new cohort at first."""
    standing = func.coalesce(Person.merged_into_id, Person.id)
    folded = func.lower(Student.student_no)
    found: dict[str, list[Holder]] = defaultdict(list)
    for some in portions(numbers):
        statement = (
            select(folded, standing, Person.name)
            .join(Person, Person.id == Student.person_id)
            .join(Organisation, Organisation.id == Student.university_id)
            .where(Organisation.code == home, folded.in_(some), Student.state == StudentState.ENROLLED)
            .where(standing.not_in(select(Account.person_id).where(Account.person_id.is_not(None))))
            .order_by(Student.id)
        )
        for number, person_id, name in session().execute(statement):
            found[number].append(Holder(LoginKind.STUDENT_NO, home, person_id, name))
    return found


def names_of_persons(person_ids: Sequence[int]) -> dict[int, str]:
    """Names by person."""
    found: dict[int, str] = {}
    for some in portions(person_ids):
        found.update((key, name) for key, name in session().execute(select(Person.id, Person.name).where(Person.id.in_(some))))
    return found
