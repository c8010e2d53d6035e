"""After a change of study: by which number a student signs in, over which programme the role of a student stands, and who is told."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from trainhub.identity import queries, rules
from trainhub.identity.delivery import News, tell
from trainhub.identity.models import LoginName
from trainhub.identity.operations._support import AccountRefused
from trainhub.identity.operations.grants import lead_grant
from trainhub.identity.types import AccountState, LoginKind
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.db import is_taken, session
from trainhub.kernel.i18n import N_, _
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people
from trainhub.people import rules as people_rules
from trainhub.people.models import Student, Teacher
from trainhub.people.types import StudyPlace
from trainhub.programmes import queries as programmes

NUMBER = N_("你的学号已由 %(old)s 改为 %(new)s，请用新学号登录，原学号不能再登录。有疑问请联系学校。")
STAFF = N_("你的工号已由 %(old)s 改为 %(new)s。有疑问请联系学校。")
MINE = N_("你的学籍已变更：%(old)s → %(new)s。实习天数、成绩和毕业设计不变。有疑问请联系学校。")
LEFT = N_("%(name)s（%(no)s）的学籍已由 %(old)s 变更为 %(new)s，请核对其未结束的选课、实习和毕业设计。")
"""For the heads of both programmes."""


def follow_number(row: Student | Teacher, before: str, by: Identity, now: datetime) -> None:
    """The accounts of a student sign in by the number that holds now, by the former one no more, and are told: see `people.types.NUMBERED`.

    Raises AccountRefused when another account signs in by the new number: then nothing is changed.
    """
    accounts = [one for one in queries.all_of_human(row.person_id) if one.state is not AccountState.DELETED]
    number = row.student_no if isinstance(row, Student) else row.staff_no
    message = NUMBER if isinstance(row, Student) else STAFF
    for account in accounts:
        if isinstance(row, Student):
            _replace(queries.login_names(account.id), row, before, by)
        key = f"school-number:{row.__tablename__}:{row.id}:{row.version}:{account.id}"
        tell(News(account.id, "identity.study", message, "/account", key, values={"old": before, "new": number}), now=now)


def _replace(names: Collection[LoginName], student: Student, before: str, by: Identity) -> None:
    university = organisations.by_id(student.university_id)
    assert university is not None
    scope = rules.normalise_login(LoginKind.STUDENT_NO, university.code)
    spellings = {rules.normalise_login(LoginKind.STUDENT_NO, one) for one in people_rules.school_number_spellings(before)}
    value = rules.normalise_login(LoginKind.STUDENT_NO, student.student_no)
    for login in names:
        if login.kind is not LoginKind.STUDENT_NO or login.scope != scope or login.value not in spellings:
            continue
        account = queries.account(login.account_id)
        try:
            with session().begin_nested():
                login.value = value
                session().flush()
        except IntegrityError as twice:
            if not is_taken(twice):
                raise
            said = _("“%(name)s”已被另一个账号用于登录，请先在那个账号的页面核对并删除这个登录名。", name=student.student_no)
            raise AccountRefused(said, field="student_no", code="login_taken") from twice
        audit.record(by=by, did="identity.login.changed", on=account, data={"kind": login.kind})


def follow_move(student: Student, before: StudyPlace, by: Identity, now: datetime) -> None:
    """A role of a student over the old programme stands over the new one; the student and the heads of both are told: see `people.types.MOVED`."""
    today, after = local(now).date(), StudyPlace(student.programme_id, student.cohort_id)
    accounts = [one for one in queries.all_of_human(student.person_id) if one.state is not AccountState.DELETED]
    if after.programme_id != before.programme_id:
        for account in accounts:
            for grant in queries.stored_grants(account.id, today=today):
                if grant.role is Role.STUDENT and grant.programme_id == before.programme_id:
                    lead_grant(grant, account=account, programme_id=after.programme_id, by=by, today=today, now=now)
    old, new = _words(before), _words(after)
    key = f"study:{student.id}:{student.version}"
    for account in accounts:
        tell(News(account.id, "identity.study", MINE, "/account", f"{key}:{account.id}", values={"old": old, "new": new}), now=now)
    name = people.names_of([student.person_id]).get(student.person_id, "")
    heads = {one for place in (before, after) for one in queries.accounts_holding(Role.PROGRAMME_ADMIN, today=today, programme_id=place.programme_id)}
    for head in sorted(heads - {by.account_id}):
        values = {"name": name, "no": student.student_no, "old": old, "new": new}
        tell(News(head, "identity.study", LEFT, f"/people/students/{student.id}", f"{key}:{head}", values=values), now=now)


def _words(place: StudyPlace) -> str:
    programme, cohort = programmes.by_id(place.programme_id), programmes.cohort_by_id(place.cohort_id)
    facts: tuple[Any, Any] = (programme.name if programme else "", cohort.year if cohort else "")
    return "{} {}".format(*facts)
