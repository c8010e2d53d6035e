"""What the rule of two asks next is told: further experts to who runs the check, a thesis with problems to the heads and supervisors too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import current_app
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import SpotItem
from enterprises.capstones.types import SpotOutcome, SpotVerdict
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from trainhub.identity.models import Account
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.organisations.models import Organisation
from trainhub.oversight.home import page
from trainhub.people.models import Person

TIMES: dict[str, Any] = {"today": TODAY, "now": NOW}
KIND, TODO = "capstones.spot_check", "为抽检论文送专家"
GOOD, BAD = SpotVerdict.QUALIFIED, SpotVerdict.UNQUALIFIED


def _officer(role: Role, organisation_id: int | None = None) -> Account:
    row = identity.account(person=ground.person())
    identity.grant(row, role, organisation_id=organisation_id)
    return row


def _sent(session: Session, by: Identity = SYSTEM) -> tuple[make.Case, SpotItem, list[Person]]:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = date(2025, 6, 10)
    university = session.get_one(Organisation, found.student.university_id)
    check = operations.draw(university=university, year=2024, percent=100, by=by, **TIMES)
    item, people = queries.spot_items(check.id)[0][0], [make.expert() for _n in range(5)]
    operations.send_to_experts(item=item, people=people[:3], by=SYSTEM, **TIMES)
    return found, item, people


def _sign(item: SpotItem, verdicts: Sequence[SpotVerdict]) -> None:
    waiting = [row for row, _name in queries.opinions_of(item.id) if row.signed_at is None]
    for row, verdict in zip(waiting, verdicts, strict=True):
        by = Identity(account_id=None, person_id=row.person_id, name="", grants=())
        operations.give_opinion(opinion=row, verdict=verdict, comment="意见", by=by, **TIMES)


def _todo(account: Account, role: Role, organisation_id: int | None = None) -> int | None:
    scope = ScopeKind.ORGANISATION if organisation_id is not None else ScopeKind.EVERYTHING
    who = Identity(account_id=account.id, person_id=account.person_id, name="", grants=(Grant(role, scope, organisation_id),))
    with current_app.test_request_context():
        return next((one.count for one in page.of(who, TODAY).todos if str(one.text) == TODO), None)


def test_the_university_is_told_that_further_experts_are_needed(session: Session) -> None:
    found, item, people = _sent(session)
    school = found.student.university_id
    office, head = _officer(Role.UNIVERSITY_ADMIN, school), identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=found.programme.id)
    department = _officer(Role.DEPT_EDU, ground.department().id)
    assert _todo(office, Role.UNIVERSITY_ADMIN, school) is None, "three were asked and have time to answer"
    _sign(item, [GOOD, BAD, GOOD])
    assert item.outcome is SpotOutcome.MORE_EXPERTS
    text = f"抽检论文有专家评为不合格，须再送 2 位专家：{found.topic.title}"
    assert [make.told(one.id, KIND) for one in (office, head, department)] == [[text], [], []]
    assert _todo(office, Role.UNIVERSITY_ADMIN, school) == 1
    assert _todo(department, Role.DEPT_EDU) is None, "the university runs this check"
    operations.send_to_experts(item=item, people=people[3:], by=SYSTEM, **TIMES)
    assert _todo(office, Role.UNIVERSITY_ADMIN, school) is None
    _sign(item, [GOOD, GOOD])
    assert item.outcome is SpotOutcome.FINE
    assert [make.told(one.id, KIND) for one in (office, head)] == [[text], []]


@pytest.mark.parametrize("is_later", [False, True])
def test_a_thesis_with_problems_is_told_to_heads_and_supervisors(session: Session, is_later: bool) -> None:
    found, item, people = _sent(session)
    assert found.school is not None
    office = _officer(Role.UNIVERSITY_ADMIN, found.student.university_id)
    head = identity.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=found.programme.id)
    teacher, student = identity.account(person=found.school), identity.account(person=found.who)
    if is_later:
        _sign(item, [GOOD, BAD, GOOD])
        operations.send_to_experts(item=item, people=people[3:], by=SYSTEM, **TIMES)
        _sign(item, [BAD, GOOD])
    else:
        _sign(item, [BAD, BAD, GOOD])
    assert item.outcome is SpotOutcome.PROBLEM
    text = f"论文抽检结论：存在问题毕业论文。{found.who.name}，{found.topic.title}"
    assert [make.told(one.id, KIND)[-1:] for one in (office, head, teacher, student)] == [[text], [text], [text], []]


def test_the_department_that_drew_runs_its_check(session: Session) -> None:
    department = _officer(Role.DEPT_EDU, ground.department().id)
    found, item, _people = _sent(session, replace(SYSTEM, account_id=department.id))
    office = _officer(Role.UNIVERSITY_ADMIN, found.student.university_id)
    _sign(item, [GOOD, BAD, GOOD])
    assert [len(make.told(one.id, KIND)) for one in (department, office)] == [1, 0]
    assert (_todo(department, Role.DEPT_EDU), _todo(office, Role.UNIVERSITY_ADMIN, found.student.university_id)) == (1, None)


def test_who_manages_reads_the_conclusion_on_the_page(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found, item, _people = _sent(session)
    head, student = (
        as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id),
        as_role(Role.STUDENT, organisation_id=found.student.university_id, person_id=found.who.id),
    )
    key = found.capstone.id
    session.commit()
    assert "存在问题毕业论文" not in head.get(f"/capstones/{key}").text
    _sign(item, [BAD, BAD, GOOD])
    session.commit()
    assert "存在问题毕业论文" in head.get(f"/capstones/{key}").text
    assert "存在问题毕业论文" not in student.get(f"/capstones/{key}").text
