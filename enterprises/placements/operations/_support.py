"""What the operations of placements share: refusals, numbers of the policy book, telling people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import update

from enterprises.mentors import queries as mentors
from enterprises.mentors.accounts import demand_proven
from enterprises.mentors.models import Mentor
from enterprises.placements import queries
from enterprises.placements.models import Placement, PositionSeats
from trainhub.identity import queries as identities
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.db import hold as hold_name
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.notifications.operations import notify
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.policy.book import book
from trainhub.policy.types import Parameter


class BadPlacement(Refused):
    """A fact of a placement, term, position or round is impossible."""

    code = "bad_placement"


class WrongState(Refused):
    """The thing is not in a state that allows this."""

    code = "wrong_state"


class NoSeat(Refused):
    """The last seat is taken."""

    code = "no_seat"


class NotReady(Refused):
    """The checklist before the start is not complete; `details` hold the findings."""

    code = "not_ready"


class BadDay(Refused):
    """A day that cannot be logged or decided."""

    code = "bad_day"


def parameter(key: str, on: date) -> Parameter:
    """A number of the policy book on a day."""
    return book().at(key, on=on)


def demand_free(mentor: Mentor, placement: Placement, *, today: date) -> None:
    """A mentor whose office at the enterprise is over, or who has to stand back from the student, decides and grades no more: the enterprise names another.
    Raises WrongState."""
    demand_office(mentor, today=today)
    if mentors.conflict(mentor.id, placement.student_id) is not None:
        name = mentors.name_of(mentor.id)
        raise WrongState(_("%(name)s须回避这名学生，不能确认、评定或批准，请企业另行安排指导教师。", name=name), code="conflict")


def demand_office(mentor: Mentor, *, today: date) -> None:
    """A mentor whose office at the enterprise is over decides and grades no more: the enterprise names another. Raises WrongState."""
    if mentor.until is not None and mentor.until < today:
        name = mentors.name_of(mentor.id)
        raise WrongState(_("%(name)s的聘任已于 %(day)s 结束，请企业另行安排指导教师。", name=name, day=mentor.until), code="office_over")


def demand_other(placement: Placement, *, by: Identity) -> None:
    """Nobody confirms, grades, starts, ends, takes back or grants leave to themselves, whichever of their rows became the mentor. Raises WrongState."""
    if people.is_same_human(by.person_id, queries.person_of_student(placement.student_id)):
        raise WrongState(
            _("学生不能代表企业或学校办理自己的实习（确认、评定、批准、开始、结束或撤销），请由其他人办理；自己是指导教师的，请企业另行安排。"),
            code="own_mentor",
        )


def demand_signer(placement: Placement, *, by: Identity) -> None:
    """Who confirms, grades or grants leave: nobody to themselves, and no account that only the enterprise vouches for. Raises WrongState, NotProven."""
    demand_other(placement, by=by)
    demand_proven(by)


def demand_host(placement: Placement, *, by: Identity, today: date) -> None:
    """Who confirms and grades stands for the enterprise: not a mentor who heads or supervises the student's programme by now. Raises WrongState."""
    mentor = mentors.by_id(placement.mentor_id) if placement.mentor_id is not None else None
    if mentor is None or not people.is_same_human(by.person_id, mentor.person_id):
        return
    if is_of_school(mentor, queries.student(placement.student_id), today):
        name = mentors.name_of(mentor.id)
        raise WrongState(
            _("%(name)s现在负责或管理这名学生所在的专业，不能再代表企业确认和评分，请企业另行安排指导教师。", name=name), code="both_sides"
        )


def is_of_school(mentor: Mentor, student: Student, today: date) -> bool:
    """Whether a mentor answers for the school about the student: one side does not check the other when both are one human."""
    account = identities.accounts_of_persons([mentor.person_id]).get(mentor.person_id)
    if account is None:
        return False
    school = {
        *identities.accounts_holding(Role.PROGRAMME_ADMIN, Role.SCHOOL_SUPERVISOR, today=today, programme_id=student.programme_id),
        *identities.accounts_holding(Role.UNIVERSITY_ADMIN, Role.SCHOOL_SUPERVISOR, today=today, organisation_id=student.university_id),
    }
    return not school.isdisjoint(identities.accounts_of_holder(account))


def hold(placement: Placement) -> None:
    """Let whatever is sent to a placement at the same time (a button pressed twice) queue up: the second sees what the first wrote."""
    session().flush()
    session().refresh(placement, with_for_update={"key_share": True})  # who only refers to the row does not wait


def hold_weeks(student_id: int) -> None:
    """Let whoever changes what a student's ledger holds come one after the other, at whatever enterprise: each sees the days before it, so
    that nobody misses the 160th. Taken after the placements."""
    hold_name(f"weeks:{student_id}")


def take_seats(position_id: int, term_id: int, count: int) -> bool:
    """Take seats by one conditional UPDATE, whatever runs at the same time; False when not so many are left."""
    taken = session().execute(
        update(PositionSeats)
        .where(PositionSeats.position_id == position_id, PositionSeats.term_id == term_id, PositionSeats.taken + count <= PositionSeats.seats)
        .values(taken=PositionSeats.taken + count)
        .execution_options(synchronize_session="fetch")
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def give_back_seat(position_id: int, term_id: int) -> None:
    """Free one seat."""
    session().execute(
        update(PositionSeats)
        .where(PositionSeats.position_id == position_id, PositionSeats.term_id == term_id, PositionSeats.taken > 0)
        .values(taken=PositionSeats.taken - 1)
        .execution_options(synchronize_session="fetch")
    )


def take_seat_back(position_id: int, term_id: int) -> None:
    """Take a seat out of the offer together with who had it."""
    session().execute(
        update(PositionSeats)
        .where(PositionSeats.position_id == position_id, PositionSeats.term_id == term_id, PositionSeats.taken > 0)
        .values(taken=PositionSeats.taken - 1, seats=PositionSeats.seats - 1)
        .execution_options(synchronize_session="fetch")
    )


def tell(person_ids: Iterable[int | None], *, kind: str, message: str, now: datetime, url: str, key: str | None = None, **values: Any) -> None:
    """Tell persons who have an account."""
    wanted = {person for person in person_ids if person is not None}
    if not wanted:
        return
    accounts = identities.accounts_of_persons(wanted)
    notify(account_ids=accounts.values(), kind=kind, message=message, values=values, url=url, unique_key=key, now=now)


def tell_heads(student: Student, *, kind: str, message: str, now: datetime, url: str, key: str | None = None, **values: Any) -> None:
    """Tell who heads the programme of a student, and who runs the university's part."""
    today = local(now).date()
    accounts = {
        *identities.accounts_holding(Role.PROGRAMME_ADMIN, today=today, programme_id=student.programme_id),
        *identities.accounts_holding(Role.UNIVERSITY_ADMIN, today=today, organisation_id=student.university_id),
    }
    notify(account_ids=accounts, kind=kind, message=message, values=values, url=url, unique_key=key, now=now)


def has_reader(mentor: Mentor | None, *, today: date) -> bool:
    """Whether the mentor of a placement can read what waits: in office, and with an account."""
    if mentor is None or (mentor.until is not None and mentor.until < today):
        return False
    return bool(identities.accounts_of_persons([mentor.person_id]))


def tell_hosts(enterprise_id: int, *, by: Identity, kind: str, message: str, now: datetime, url: str, key: str | None = None, **values: Any) -> None:
    """Tell the coordinators of an enterprise what others did with its places; not whoever did it."""
    accounts = identities.accounts_holding(Role.ENTERPRISE_COORDINATOR, today=local(now).date(), organisation_id=enterprise_id)
    notify(account_ids={*accounts} - {by.account_id}, kind=kind, message=message, values=values, url=url, unique_key=key, now=now)
