"""The programme certificate follows its chain: issued when the last part comes, suspended when one goes, corrected when less is left than it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import REASON
from tests.factories.identity import account
from tests.trainhub.oversight.chains.test_chains import _student
from trainhub.certificates import operations as certifying
from trainhub.certificates import queries as certificates
from trainhub.certificates import verifying
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import Kind, State, Status
from trainhub.identity.models import RoleGrant
from trainhub.kernel import jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.clock import local
from trainhub.kernel.errors import Refused
from trainhub.kernel.jobs import Job
from trainhub.kernel.roles import ScopeKind
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import ConfirmedDay
from trainhub.ledger.types import MOVED, Source
from trainhub.notifications.models import Notice
from trainhub.oversight.chains import cli, mending, queries, tasks
from trainhub.people import operations as people_operations
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.people.types import PairDecision, StudentState
from trainhub.policy.book import book
from trainhub.policy.types import Parameter
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme

AsRole = Callable[..., FlaskClient]
pytestmark = pytest.mark.database
PUSH: dict[str, Any] = {"by": SYSTEM, "now": ground.NOW}


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _settle(session: Session) -> None:
    session.commit()
    jobs.run_all()


def _held(student: Student) -> Certificate | None:
    return next((one for one in certificates.of_person(student.person_id) if one.kind is Kind.PROGRAMME), None)


def _issued(session: Session, **given: Any) -> tuple[Student, Certificate]:
    student = _student(ground.programme(), **given)
    _settle(session)
    made = _held(student)
    assert made is not None
    return student, made


def _withdraw(session: Session, student: Student, days: int) -> None:
    for one in session.scalars(select(ConfirmedDay).where(ConfirmedDay.student_id == student.id).order_by(ConfirmedDay.on.desc()).limit(days)).all():
        ledger.withdraw_day(student_id=student.id, enterprise_id=one.enterprise_id, day=one.on, reason="误登", **PUSH)


def _lose(student: Student, source: Source) -> None:
    ledger.withdraw_milestone(person_id=student.person_id, source=source, key=f"{source.value}:{student.id}", reason="申诉", **PUSH)


def test_the_last_part_asks_for_the_certificate(session: Session) -> None:
    student = _student(ground.programme(), capstone=False)
    _settle(session)
    assert _held(student) is None
    assert session.scalar(select(Job).where(Job.task == mending.TASK)) is None, "nothing is queued before the chain is whole"
    ledger.reach_milestone(
        person_id=student.person_id, source=Source.CAPSTONE, key=f"capstone:{student.id}", title="压装机", reached_on=date(2026, 3, 2), **PUSH
    )
    _settle(session)
    made = _held(student)
    assert made is not None
    assert (made.state, made.facts["weeks"], made.facts["capstone"]) == (State.ISSUED, "32", "压装机")


def test_who_left_is_not_issued_one(session: Session) -> None:
    student = _student(ground.programme(), capstone=False)
    student.state = StudentState.WITHDRAWN
    ledger.reach_milestone(
        person_id=student.person_id, source=Source.CAPSTONE, key=f"capstone:{student.id}", title="压装机", reached_on=date(2026, 3, 2), **PUSH
    )
    _settle(session)
    assert _held(student) is None


def test_a_day_below_the_year_suspends_and_tells_the_heads(session: Session) -> None:
    student, made = _issued(session)
    head = account()
    session.add(
        RoleGrant(
            account_id=head.id,
            role=Role.PROGRAMME_ADMIN,
            scope_kind=ScopeKind.PROGRAMME,
            programme_id=student.programme_id,
            granted_at=ground.NOW,
            since=date(2020, 1, 1),
        )
    )
    _withdraw(session, student, 1)
    _settle(session)
    session.refresh(made)
    assert made.state is State.SUSPENDED
    assert verifying.check(made.number, made.code).status is Status.SUSPENDED
    told = session.scalars(select(Notice).where(Notice.account_id == head.id, Notice.kind == "chains.broken")).one()
    assert (told.values["number"], told.url) == (made.number, f"/certificates/{made.number}")
    count = len(certificates.events_of([made]))
    assert mending.judge(student=student, today=local(ground.NOW).date(), now=ground.NOW) == "", "doing it again changes nothing"
    assert len(certificates.events_of([made])) == count


@pytest.mark.parametrize("source", [Source.COURSE, Source.CAPSTONE])
def test_a_part_that_goes_suspends(session: Session, source: Source) -> None:
    student, made = _issued(session)
    _lose(student, source)
    _settle(session)
    session.refresh(made)
    assert made.state is State.SUSPENDED


def test_an_appeal_that_leaves_the_chain_whole_suspends_nothing(session: Session) -> None:
    student, made = _issued(session)
    _lose(student, Source.CAPSTONE)
    again = {"person_id": student.person_id, "source": Source.CAPSTONE, "key": f"capstone:{student.id}", "reached_on": date(2026, 3, 2)}
    ledger.reach_milestone(title="压装机控制系统", **again, **PUSH)
    _settle(session)
    session.refresh(made)
    assert made.state is State.ISSUED


def test_weeks_that_are_gone_are_corrected_and_those_earned_since_are_not_added(session: Session) -> None:
    student, made = _issued(session, days=175)
    assert made.facts["weeks"] == "35"
    _withdraw(session, student, 10)
    _settle(session)
    session.refresh(made)
    held = _held(student)
    assert held is not None
    assert (made.state, held.state, held.facts["weeks"]) == (State.SUPERSEDED, State.ISSUED, "33")
    more = [date(2026, 1, 5) + timedelta(days=day) for day in range(5)]
    ledger.confirm_days(student_id=student.id, enterprise_id=ground.enterprise().id, base_id=None, days=more, source_id=1, **PUSH)
    ledger.reach_milestone(person_id=student.person_id, source=Source.COURSE, key="another", title="另一门", reached_on=date(2026, 3, 2), **PUSH)
    _settle(session)
    assert [one.id for one in certificates.of_person(student.person_id) if one.kind is Kind.PROGRAMME] == [held.id]


def test_a_suspended_one_stays_so_until_somebody_resumes_it(session: Session) -> None:
    student, made = _issued(session, days=175)
    certifying.suspend(certificate=made, **{**REASON, "today": made.issued_on, "on": made.issued_on})
    _withdraw(session, student, 10)
    _settle(session)
    held = _held(student)
    assert held is not None
    assert (held.id != made.id, held.state, held.facts["weeks"]) == (True, State.SUSPENDED, "33")
    last = certificates.last_event(held)
    assert last is not None
    assert (last.reason, last.document) == (REASON["reason"], REASON["document"]), "whoever may resume it reads what it was suspended for"


@pytest.mark.parametrize(("state", "word"), [(State.SUSPENDED, "已暂停"), (State.REVOKED, "已撤销")])
def test_what_was_suspended_or_revoked_is_not_counted_as_held(session: Session, as_role: AsRole, state: State, word: str) -> None:
    student, made = _issued(session)
    programme = session.get_one(Programme, student.programme_id)
    head, mine = as_role(Role.PROGRAMME_ADMIN, programme_id=programme.id), as_role(Role.STUDENT, person_id=student.person_id)

    def seen() -> tuple[int, bool, bool, bool]:
        page, table = head.get(f"/chains/{programme.code}").text, head.get(f"/chains/{programme.code}/export.csv").get_data(as_text=True)
        counted = sum(one.is_certified for one in queries.chains_of_programme(programme, on=date(2026, 3, 2)))
        return counted, word in page, word in table, "notice-ok" in mine.get("/chains/mine").text

    assert seen() == (1, False, False, True)
    change = certifying.suspend if state is State.SUSPENDED else certifying.revoke
    change(certificate=made, **{**REASON, "today": made.issued_on, "on": made.issued_on})
    session.commit()
    assert seen() == (0, True, True, False)
    assert f"培养证书：{word}" in mine.get("/chains/mine").text


def _sweep(session: Session, **given: Any) -> dict[str, Any]:
    session.commit()
    return tasks.sweep_programmes(sorted(programmes.all_by_code()), **given)


def _unheard(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """As before there was anybody to hear."""
    monkeypatch.setitem(app.extensions, MOVED, [])


def test_a_sweep_finds_what_nobody_said(session: Session, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, first = _issued(session)
    less, second = _issued(session, days=170)
    _whole, third = _issued(session)
    with monkeypatch.context() as patched:
        _unheard(app, patched)
        _withdraw(session, broken, 1)
        _withdraw(session, less, 10)
        late = _student(ground.programme())
        left = _student(ground.programme())
        left.state = StudentState.WITHDRAWN
        _settle(session)
    assert (first.state, second.is_current, _held(late)) == (State.ISSUED, True, None)
    assert _sweep(session, is_dry=True) == {"due": 3, "issued": 0, "suspended": 0, "corrected": 0, "refused": []}
    assert _sweep(session) == {"due": 3, "issued": 1, "suspended": 1, "corrected": 1, "refused": []}
    session.expire_all()
    assert (first.state, second.state, third.state, third.is_current) == (State.SUSPENDED, State.SUPERSEDED, State.ISSUED, True)
    assert _held(late) is not None
    assert _held(left) is None
    assert _sweep(session)["due"] == 0, "again nothing changes"


def test_a_sweep_leaves_alone_what_a_person_resumed(session: Session) -> None:
    student, made = _issued(session)
    _withdraw(session, student, 1)
    _settle(session)
    session.refresh(made)
    assert made.state is State.SUSPENDED
    certifying.resume(certificate=made, **{**REASON, "on": made.state_on, "today": made.state_on})
    assert _sweep(session)["due"] == 0
    assert made.state is State.ISSUED


class Longer:
    """The rules as they are, and from a day on 165 days are asked for."""

    def __init__(self, since: date) -> None:
        self.since = since

    def at(self, key: str, *, on: date) -> Parameter:
        found = book().at(key, on=on)
        is_longer = key == "own.weeks.days_required" and on >= self.since
        return replace(found, value=165) if is_longer else found


def test_what_is_held_is_judged_by_the_rules_of_its_day(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A year that was made longer later breaks no chain of before; whose days are withdrawn is judged as then."""
    student, made = _issued(session, days=161)
    later = made.issued_on + timedelta(days=30)
    monkeypatch.setattr(queries, "book", lambda: Longer(later))
    assert not queries.chain_of_student(mending._programme_of(student), student, on=later).is_complete
    for days, then in ((0, ""), (1, "corrected"), (2, "suspended")):
        _withdraw(session, student, days)
        assert mending.judge(student=student, today=later, now=ground.NOW) == then


def test_one_that_cannot_be_mended_keeps_no_other_from_it(session: Session, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        _unheard(app, patched)
        bad, good = _student(ground.programme()), _student(ground.programme())
        session.commit()

    def judge(*, student: Student, today: date, now: Any) -> str:
        if student.id == bad.id:
            raise Refused("时钟不准")
        return before(student=student, today=today, now=now)

    before = mending.judge
    monkeypatch.setattr(mending, "judge", judge)
    found = _sweep(session)
    assert (found["due"], found["issued"], found["refused"]) == (2, 1, [{"student": bad.student_no, "problem": "时钟不准"}])
    assert _held(good) is not None


def test_merging_two_persons_queues_the_judging(session: Session) -> None:
    student = _student(ground.programme(), capstone=False)
    other = ground.person()
    ledger.reach_milestone(person_id=other.id, source=Source.CAPSTONE, key="capstone:77", title="压装机", reached_on=date(2026, 3, 2), **PUSH)
    _settle(session)
    assert _held(student) is None
    stays = people.person(student.person_id)
    assert stays is not None
    ground.merge(stays, other)
    _settle(session)
    made = _held(student)
    assert made is not None, "the two together have all three"
    people_operations.decide_pair(first=stays, second=other, decision=PairDecision.DIFFERENT, reason="看错了", **PUSH)
    _settle(session)
    session.refresh(made)
    assert made.state is State.SUSPENDED, "parted again, one part is another's"


def test_the_command_sweeps(session: Session, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        _unheard(app, patched)
        student = _student(ground.programme())
        session.commit()
    code = programmes.by_id(student.programme_id)
    assert code is not None

    def run(*words: str) -> dict[str, Any]:
        found = CliRunner().invoke(cli.chains, ["sweep", *words, "--json"], obj={"create_app": lambda: app})
        answer = json.loads(found.stdout)
        assert isinstance(answer, dict)
        return answer

    assert run("--programme", "NONE")["error"]["code"] == "no_programme"
    assert (run("--dry-run")["due"], _held(student)) == (1, None)
    assert run("--programme", code.code)["issued"] == 1
