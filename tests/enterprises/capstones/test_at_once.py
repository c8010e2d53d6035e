"""The same act sent twice at once, and a supervisor exchanged while the grade is signed: answered in words, nothing twice, nothing lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from enterprises.capstones import operations, queries
from enterprises.capstones.models import Capstone, GuidanceEntry, Review, Supervision, SupervisorPlan
from enterprises.capstones.types import LinkPurpose, PlanMode, ReviewKind, SupervisorRole
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import NOW, START, TODAY
from tests.factories.parallel import together
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import session, transaction
from trainhub.kernel.forms import once
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort

TIMES = {"today": TODAY, "now": NOW}
SCHOOL, ENTERPRISE = SupervisorRole


def _one(key: int) -> Capstone:
    return session().get_one(Capstone, key)


def _log(key: int, by: Identity, content: str) -> Callable[[], object]:
    return lambda: operations.log_guidance(capstone=_one(key), role=SCHOOL, on=START, content=content, by=by, **TIMES)


def _assign(key: int, role: SupervisorRole, person_id: int) -> Callable[[], object]:
    return lambda: operations.assign_supervisor(
        capstone=_one(key), role=role, person=session().get_one(Person, person_id), reason="更换", by=SYSTEM, **TIMES
    )


def _able(found: make.Case, role: SupervisorRole) -> int:
    who = ground.person()
    if role is SCHOOL:
        ground.teacher(of=found.programme, who=who)
    else:
        make.mentor(found.enterprise, who=who)
    return who.id


def test_a_guidance_that_is_sent_twice_is_one(committed: Flask) -> None:
    with committed.app_context(), transaction():
        cases = [make.case() for _n in range(2)]
        keys, by, other = [found.capstone.id for found in cases], [found.by("student") for found in cases], cases[1].by("school")
    assert together(committed, _log(keys[0], by[0], "讨论方案"), _log(keys[0], by[0], "讨论方案")) == ["", "already_logged"]
    assert together(committed, _log(keys[1], by[1], "讨论方案"), _log(keys[1], other, "看现场")) == ["", "already_logged"]
    with committed.app_context():
        said = select(GuidanceEntry.capstone_id, GuidanceEntry.content).order_by(GuidanceEntry.id)
        assert [tuple(row) for row in session().execute(said)] == [(keys[0], "讨论方案"), (keys[1], "讨论方案")]


def test_a_guidance_is_confirmed_once(committed: Flask) -> None:
    with committed.app_context(), transaction():
        found = make.case()
        row = operations.log_guidance(capstone=found.capstone, role=SCHOOL, on=START, content="讨论", by=found.by("school"), **TIMES)
        entry_id, by = row.id, found.by("student")
    confirm = lambda: operations.confirm_guidance(entry=session().get_one(GuidanceEntry, entry_id), by=by, now=NOW)  # noqa: E731
    assert together(committed, confirm, confirm) == ["", ""]


def test_a_reviewer_who_is_asked_twice_is_asked_once(committed: Flask) -> None:
    with committed.app_context(), transaction():
        found = make.case()
        make.submit(found)
        key, person_id = found.capstone.id, make.signer().id

    def ask() -> object:
        who = session().get_one(Person, person_id)
        return operations.ask_review(capstone=_one(key), person=who, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)

    assert together(committed, ask, ask) == ["", ""]
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(Review)) == 1


@pytest.mark.parametrize("role", list(SupervisorRole))
def test_a_supervisor_who_is_given_twice_is_given_once(committed: Flask, role: SupervisorRole) -> None:
    with committed.app_context(), transaction():
        found = make.case(has_supervisors=False)
        key, one, other = found.capstone.id, _able(found, role), _able(found, role)
    assert together(committed, _assign(key, role, one), _assign(key, role, one)) == ["", ""]
    assert together(committed, _assign(key, role, other), _assign(key, role, one)) == ["", ""]  # the later of two choices holds
    with committed.app_context():
        held = select(Supervision.person_id, Supervision.until).order_by(Supervision.id)
        assert [tuple(row) for row in session().execute(held)] == [(one, TODAY), (other, TODAY), (one, None)]


@pytest.mark.parametrize("role", list(SupervisorRole))
def test_no_supervisor_is_exchanged_while_the_grade_is_signed(committed: Flask, role: SupervisorRole) -> None:
    with committed.app_context(), transaction():
        cases = [make.case() for _n in range(3)]
        for found in cases:
            make.submit(found)
        keys, by = [found.capstone.id for found in cases], [found.by(role) for found in cases]
        others = [_able(found, role) for found in cases]

    def grade(number: int) -> Callable[[], object]:
        return lambda: operations.grade(capstone=_one(keys[number]), role=role, points=make.points(), by=by[number], **TIMES)

    def end() -> object:
        held = queries.live_supervision(keys[2], role)
        assert held is not None
        return operations.end_supervision(supervision=held, reason="调离", by=SYSTEM, **TIMES)

    assert together(committed, grade(0), _assign(keys[0], role, others[0])) == ["", "graded"]
    assert together(committed, _assign(keys[1], role, others[1]), grade(1)) == ["", "wrong_person"]
    assert together(committed, grade(2), end) == ["", "graded"]
    with committed.app_context():
        for number, key in enumerate(keys):
            held, signed = queries.live_supervision(key, role), queries.grades_of(key).get(role)
            assert held is not None
            assert held.person_id == (signed.person_id if signed is not None else others[number])


def test_a_form_that_is_sent_twice_at_once_is_one_submission(committed: Flask) -> None:
    """A double click on a slow line: the second waits for the first and changes nothing."""
    answers: list[bool] = []
    send = lambda: answers.append(once("double-click"))  # noqa: E731
    assert together(committed, send, send) == ["", ""]
    assert answers == [True, False]


def test_of_two_links_that_are_made_at_once_the_newest_works(committed: Flask) -> None:
    with committed.app_context(), transaction():
        key = make.case().capstone.id
    link = lambda: operations.make_link(capstone=_one(key), purpose=LinkPurpose.GRADE, by=SYSTEM, now=NOW)  # noqa: E731
    assert together(committed, link, link) == ["", ""]
    with committed.app_context():
        assert sorted(row.revoked_at is None for row, _name in queries.links_of(key)) == [False, True]


def test_a_plan_that_is_asked_for_twice_at_once_is_one(committed: Flask) -> None:
    with committed.app_context(), transaction():
        key = make.case().student.cohort_id
    ask = lambda: operations.ask_for_plan(cohort=session().get_one(Cohort, key), mode=PlanMode.FILL, by=SYSTEM, now=NOW)  # noqa: E731
    assert together(committed, ask, ask) == ["", ""]
    with committed.app_context():
        assert session().scalar(select(func.count()).select_from(SupervisorPlan)) == 1
