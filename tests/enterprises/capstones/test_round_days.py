"""Rounds: days that are possible, the order of kinds, changed and dropped as long as nobody loses a choice, who cannot be placed does not stop the others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import ChoiceRound
from enterprises.capstones.operations import CapstoneRefused, WrongState
from enterprises.capstones.types import ChoiceState, RoundKind
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import END, NOW, START, TODAY
from tests.factories.parallel import together
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import session as current
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Stale
from trainhub.people.models import Person, Student
from trainhub.people.types import StudentState
from trainhub.programmes.models import Cohort, Programme

SAID: dict[str, Any] = {"by": SYSTEM, "now": NOW}
DAYS: dict[str, Any] = {"opens_on": TODAY, "closes_on": TODAY, "starts_on": START, "ends_on": END, "most": 5}
YEAR = timedelta(days=366)


def _cohort(session: Session, programme: Programme | None = None, students: int = 1) -> tuple[Cohort, list[Student]]:
    found = [ground.student(programme or ground.programme()) for _n in range(students)]
    for one in found:
        one.cohort_id = found[0].cohort_id
    session.flush()
    return session.get_one(Cohort, found[0].cohort_id), found


def _made(cohort: Cohort, kind: RoundKind = RoundKind.FIRST, **days: Any) -> ChoiceRound:
    return operations.create_choices(cohort=cohort, kind=kind, **{**DAYS, **days}, **SAID)


@pytest.mark.parametrize(
    ("days", "field"),
    [
        ({"opens_on": TODAY - timedelta(days=1)}, ""),
        ({"opens_on": TODAY - timedelta(days=2), "closes_on": TODAY - timedelta(days=1)}, "closes_on"),
        ({"closes_on": TODAY + YEAR, "ends_on": TODAY + YEAR + timedelta(days=1)}, ""),
        ({"closes_on": TODAY + YEAR + timedelta(days=1), "ends_on": TODAY + YEAR + timedelta(days=9)}, "closes_on"),
        ({"closes_on": END - timedelta(days=1)}, ""),
        ({"closes_on": END}, "ends_on"),
        ({"starts_on": date(9998, 1, 1), "ends_on": date(9999, 1, 1)}, "starts_on"),
    ],
)
def test_impossible_days_are_refused(session: Session, days: dict[str, date], field: str) -> None:
    cohort, _students = _cohort(session)
    if not field:
        assert _made(cohort, **days).state is ChoiceState.DRAFT
        return
    with pytest.raises(CapstoneRefused) as no:
        _made(cohort, **days)
    assert no.value.field == field


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], "first"),
        (["first"], "supplementary final"),
        (["first", "supplementary"], "supplementary final"),
        (["first", "final"], "final"),
        (["first", "final", "final"], "final"),
    ],
)
def test_rounds_follow_each_other_and_never_go_back(session: Session, before: list[str], after: str) -> None:
    cohort, _students = _cohort(session)
    for kind in before:
        _made(cohort, RoundKind(kind)).state = ChoiceState.PUBLISHED
    session.flush()
    assert [kind.value for kind in operations.kinds_after([RoundKind(kind) for kind in before])] == after.split()
    for kind in RoundKind:
        if kind.value not in after.split():
            with pytest.raises(CapstoneRefused) as no:
                _made(cohort, kind)
            assert no.value.field == "kind"


def test_a_round_is_changed_as_far_as_nobody_loses_anything(session: Session) -> None:
    cohort, students = _cohort(session)
    account = identity.account(person=session.get_one(Person, students[0].person_id)).id
    row = _made(cohort)
    change = {**DAYS, **SAID, "round": row}
    later = TODAY + timedelta(days=3)
    assert operations.change_choices(**{**change, "opens_on": TODAY - timedelta(days=1), "closes_on": later, "most": 2}).most == 2
    change |= {"opens_on": TODAY - timedelta(days=1), "closes_on": later, "most": 2}
    operations.open_choices(round=row, **SAID)
    for wrong, field in (({"most": 1}, "most"), ({"opens_on": TODAY}, "opens_on")):
        with pytest.raises(CapstoneRefused) as no:
            operations.change_choices(**{**change, **wrong})
        assert no.value.field == field
    change |= {"closes_on": later + timedelta(days=1), "most": 3}
    assert operations.change_choices(**change).closes_on == later + timedelta(days=1)
    operations.change_choices(**change)  # a repeat
    assert ["改为" in text for text in make.told(account, "capstones.round_open")] == [False, True]
    with pytest.raises(Stale):
        operations.change_choices(**{**change, "most": 4, "version": row.version - 1})
    operations.close_choices(round=row, **SAID)
    operations.plan_choices(round=row, **SAID)
    with pytest.raises(CapstoneRefused, match="已经关闭"):
        operations.change_choices(**{**change, "most": 4})
    operations.change_choices(**{**change, "ends_on": END + timedelta(days=1)})
    assert (row.state, row.plan) == (ChoiceState.CLOSED, None)
    row.state = ChoiceState.PUBLISHED
    session.flush()
    for act in (lambda: operations.change_choices(**change), lambda: operations.drop_choices(round=row, by=SYSTEM)):
        with pytest.raises(WrongState, match="已公布"):
            act()


def test_a_round_in_which_somebody_has_chosen_is_not_dropped(session: Session) -> None:
    programme = ground.programme()
    cohort, students = _cohort(session, programme)
    topic = make.topic(programme=programme)
    row = _made(cohort)
    operations.open_choices(round=row, **SAID)
    operations.save_choices(round=row, student=students[0], topic_ids=[topic.id], **SAID)
    with pytest.raises(CapstoneRefused) as no:
        operations.drop_choices(round=row, by=SYSTEM)
    assert no.value.code == "has_choices"
    operations.save_choices(round=row, student=students[0], topic_ids=[], **SAID)
    operations.drop_choices(round=row, by=SYSTEM)
    assert queries.rounds_of(cohort.id) == []
    assert _made(cohort).kind is RoundKind.FIRST


def test_who_is_enrolled_later_stops_nobody_and_a_leader_on_leave_keeps_the_choices_of_the_team(session: Session) -> None:
    programme = ground.programme()
    cohort, (leader, mate, late) = _cohort(session, programme, 3)
    topic = make.topic(programme=programme, seats=3, team_most=2)
    row = _made(cohort)
    operations.open_choices(round=row, **SAID)
    me = make.as_person(session.get_one(Person, leader.person_id))
    team = operations.form_team(round=row, leader=leader, name="一队", by=me, now=NOW)
    operations.ask_into_team(team=team, student=mate, by=me, now=NOW)
    operations.join_team(team=team, student=mate, **SAID)
    for student in (leader, late):
        operations.save_choices(round=row, student=student, topic_ids=[topic.id], **SAID)
    leader.state, late.enrolled_on = StudentState.SUSPENDED, START + timedelta(days=1)
    operations.close_choices(round=row, **SAID)
    operations.plan_choices(round=row, **SAID)
    assert row.plan is not None
    assert [line[:3] for line in row.plan["assignments"]] == [[mate.id, topic.id, 1]]
    assert row.plan["unplaced"] == [[late.id, {"cause": "enrolled_later"}]]
    assert operations.publish_choices(round=row, today=TODAY, **SAID) == 1


@pytest.mark.database
def test_a_round_that_is_published_twice_at_once_is_published_once(committed: Flask) -> None:
    with committed.app_context(), transaction():
        programme = ground.programme()
        cohort, students = _cohort(current(), programme)
        make.topic(programme=programme)
        row = _made(cohort)
        operations.open_choices(round=row, **SAID)
        operations.save_choices(round=row, student=students[0], topic_ids=[queries.topics_with_seats(programme.id)[0][0].id], **SAID)
        operations.close_choices(round=row, **SAID)
        operations.plan_choices(round=row, **SAID)
        key = row.id
    publish = lambda: operations.publish_choices(round=current().get_one(ChoiceRound, key), today=TODAY, **SAID)  # noqa: E731
    assert together(committed, publish, publish) == ["", ""]


def test_the_page_changes_and_drops(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    programme = ground.programme()
    cohort, _students = _cohort(session, programme)
    row = _made(cohort)
    day = clock.today()
    key, url = row.id, f"/capstones/rounds/{row.id}"
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme.id)
    session.commit()
    data = {"opens_on": day, "closes_on": day + timedelta(days=9), "starts_on": day, "ends_on": day + timedelta(days=100), "most": "4"}
    answer = head.post(f"{url}/days", data=data | {"closes_on": day - timedelta(days=1), "most": "7"})
    assert (answer.status_code, "不能早于" in answer.text, 'value="7"' in answer.text) == (422, True, True)
    assert head.post(f"{url}/days", data=data).status_code == 303
    session.expire_all()
    assert session.get_one(ChoiceRound, key).closes_on == day + timedelta(days=9)
    page = head.get(url).text
    assert ("更改时间" in page, "删除这一轮" in page) == (True, True)
    assert head.post(f"{url}/drop").status_code == 303
    assert head.get(url).status_code == 404
