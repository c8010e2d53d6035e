"""A spot check stays with the office that drew it, whoever holds a role there later; its to-do costs as much for one as for many."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from enterprises.capstones import operations
from enterprises.capstones.models import SpotCheck
from enterprises.capstones.operations.checking import runners
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from trainhub.identity.models import Account, RoleGrant
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role
from trainhub.organisations.models import Organisation
from trainhub.oversight.home import page

TIMES: dict[str, Any] = {"today": TODAY, "now": NOW}
TODO = "为抽检论文送专家"


def _officer(role: Role, **scope: Any) -> tuple[Account, RoleGrant, Identity]:
    account = identity.account(person=ground.person())
    grant = identity.grant(account, role, **scope)
    held = Grant(role, grant.scope_kind, scope.get("organisation_id"))
    return account, grant, Identity(account.id, account.person_id, account.display_name, (held,))


def _drawn(session: Session, by: Identity, found: make.Case | None = None) -> SpotCheck:
    found = found or make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = date(2025, 6, 10)
    university = session.get_one(Organisation, found.student.university_id)
    return operations.draw(university=university, year=2024, percent=100, by=by, **TIMES)


def _counted(who: Identity) -> list[int | None]:
    with current_app.test_request_context():
        return [one.count for one in page.of(who, TODAY).todos if str(one.text) == TODO]


def test_the_departments_check_stays_its_own_when_the_officer_leaves(session: Session) -> None:
    _left, grant, officer = _officer(Role.DEPT_EDU)
    colleague, _grant, other = _officer(Role.DEPT_EDU)
    check = _drawn(session, officer)
    _account, _held, checked = _officer(Role.UNIVERSITY_ADMIN, organisation_id=check.university_id)
    assert (_counted(other), _counted(checked)) == ([1], [])
    grant.ended_at = NOW + timedelta(days=30)
    session.flush()
    assert runners(check) == [colleague.id]
    assert (_counted(other), _counted(checked)) == ([1], []), "who is checked does not ask the experts"


def test_a_universitys_check_stays_its_own_when_who_drew_joins_the_department(session: Session) -> None:
    found = make.graded()
    drawer, _grant, by = _officer(Role.UNIVERSITY_ADMIN, organisation_id=found.student.university_id)
    check = _drawn(session, by, found)
    _account, _held, other = _officer(Role.DEPT_EDU)
    identity.grant(drawer, Role.DEPT_EDU, since=TODAY + timedelta(days=1))
    assert runners(check) == [drawer.id]
    assert (_counted(by), _counted(other)) == ([1], [])


def test_the_check_of_a_university_without_administrator_waits_at_the_department(session: Session) -> None:
    check = _drawn(session, SYSTEM)
    officer, _grant, who = _officer(Role.DEPT_EDU)
    assert runners(check) == [officer.id]
    assert _counted(who) == [1]


def test_the_first_page_asks_as_much_for_three_checks_as_for_one(session: Session, count_queries: list[str]) -> None:
    _account, _grant, officer = _officer(Role.DEPT_EDU)
    _drawn(session, officer)

    def asked() -> int:
        session.commit()
        count_queries.clear()
        assert _counted(officer) != []
        return len(count_queries)

    asked()
    one = asked()
    for _n in range(2):
        _drawn(session, officer, make.graded(guidances=1))
    assert asked() == one
    assert _counted(officer) == [3]
