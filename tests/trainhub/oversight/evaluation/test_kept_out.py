"""Who judged on a visit, or stepped aside from it, handles the application for no office: pages say it and offer nothing that would be refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as accounts
from tests.factories.identity import sign_in
from tests.factories.remembering import remembered
from tests.trainhub.oversight.evaluation.test_workflow import DAY, Play, accredited, at, go, hand, judge, planned, play, scheduled_alone  # noqa: F401 - fixtures
from trainhub.identity import queries as identity_queries
from trainhub.kernel.access import SYSTEM, Role
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation.workflow import former_queries, queries
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.operations import moving, outside, visiting
from trainhub.oversight.evaluation.workflow.types import DocumentKind, Event
from trainhub.oversight.evaluation.workflow.waiting_queries import programmes_kept_from, waiting_for
from trainhub.oversight.home.panels import province
from trainhub.people.models import Employment

pytestmark = pytest.mark.database


@remembered
def visited(play: Play) -> Application:
    """Alone, with a visit that is over."""
    row = scheduled_alone(play)
    judge(play, row, play.leader, DAY)
    visiting.end_assignment(
        expert=queries.experts_of(row.id)[1], reason="合作课题", has_conflict=True, by=play.association, now=at(DAY) + timedelta(minutes=1)
    )
    go(row, Event.END_VISIT, DAY, play.who(play.leader))
    hand(row, DocumentKind.ACCREDITATION_CONCLUSION, DAY)
    return row


@pytest.mark.parametrize(
    ("who", "office", "group"),
    [
        ("leader", "你是这项申请的现场考查专家，不能再为认证协会", "你是这项申请的现场考查专家，请由工作组其他成员评判"),
        ("member", "被查明有利益冲突，不能为认证协会", "被查明有利益冲突，请由工作组其他成员评判"),
    ],
)
def test_who_visited_is_told_and_offered_nothing(play: Play, session: Session, app: Any, who: str, office: str, group: str) -> None:
    row = visited(play)
    account, key, code = getattr(play, who), row.id, play.built.programme.code
    other = accounts.account()
    for one in (account, other):
        for side in (play.association, play.group):
            accounts.grant(one, Role.EXPERT, organisation_id=next(iter(side.organisation_ids(Role.EXPERT))))
    session.commit()
    tied, free = (sign_in(app, identity_queries.account(one.id)) for one in (account, other))
    at_page = f"/evaluation/applications/{key}"

    def offers(client: Any) -> tuple[bool, int]:
        page = client.get(at_page).text
        return office in page, page.count('value="send_alone"') + page.count('value="conclude"') + page.count("/judging") + page.count("/reopen")

    assert offers(free) == (False, 2)
    assert offers(tied) == (True, 0)
    assert tied.post(f"{at_page}/step", data={"event": "send_alone"}).status_code == 422
    assert (waiting_for(play.who(account), DAY), len(waiting_for(play.who(other), DAY))) == ([], 1)
    assert go(row, Event.SEND_ALONE, DAY, play.association)
    session.commit()
    assert offers(free) == (False, 2)
    assert offers(tied) == (True, 0)
    assert "特色" not in tied.get(at_page).text.split("下一步")[1]
    for address in (f"{at_page}/judging?r=1", f"/evaluation/{code}/criteria/1.3"):
        assert (group in tied.get(address).text, group in free.get(address).text) == (True, False), address
        assert tied.post(address, data={"result-1.3": "met", "result": "met", "remark": "好"}).status_code == 422
    sheet, usual = (client.get(f"{at_page}/judging?r=1").text for client in (tied, free))
    assert ("保存并继续" in sheet, sheet.count("<fieldset") == sheet.count(" disabled>")) == (False, True)
    assert ("保存并继续" in usual, " disabled>" in usual) == (True, False)
    assert former_queries.programmes_visited_by(account.id) == {row.programme_id}
    for one, has_work in ((account, False), (other, True)):
        with app.test_request_context():
            todos = province.expert(play.who(one), DAY).todos
        assert any(play.built.programme.name in todo.text for todo in todos) is has_work


def test_the_plan_of_a_visit_offers_nothing_to_who_is_in_it(play: Play, session: Session, app: Any) -> None:
    accredited(play)
    row = moving.open_application(programme=play.built.programme, has_prerequisite=True, by=SYSTEM, today=DAY, now=at(DAY))
    go(go(row, Event.APPLY_ALONE, DAY), Event.ACCEPT, DAY, play.association)
    hand(row, DocumentKind.SUPPLEMENTARY_REPORT, DAY)
    go(row, Event.SUBMIT, DAY)
    planned(play, row)
    office = next(iter(play.association.organisation_ids(Role.EXPERT)))
    accounts.grant(play.member, Role.EXPERT, organisation_id=office)
    other = accounts.account()
    accounts.grant(other, Role.EXPERT, organisation_id=office)
    key = row.id
    session.commit()
    found = {}
    for name, account in (("tied", play.member), ("free", other)):
        page = sign_in(app, identity_queries.account(account.id)).get(f"/evaluation/applications/{key}/visit").text
        found[name] = ("你是这项申请的现场考查专家" in page, "保存日期" in page, "指派专家" in page, "/end" in page, "增加日程" in page)
    assert found == {"tied": (True, False, False, False, False), "free": (False, True, True, True, True)}


@pytest.mark.parametrize("tie", ["teaches", "works", "works by name", "holds a role"])
def test_nothing_waits_for_who_belongs_to_the_university(play: Play, session: Session, app: Any, tie: str) -> None:
    """Neither the office's step nor the criteria of the programme."""
    row = visited(play)
    university = organisations.by_id(play.built.programme.university_id)
    assert university is not None
    person = ground.person()
    account, elsewhere = accounts.account(person=person), accounts.account(person=ground.person())
    if tie == "teaches":
        ground.teacher(university, who=person)
    elif tie == "holds a role":
        accounts.grant(account, Role.LECTURER, organisation_id=university.id)
    else:
        named = {"organisation_id": university.id} if tie == "works" else {}
        session.add(Employment(person_id=person.id, organisation_name=university.name, post="教师", since=DAY - timedelta(days=9), **named))
    for one in (account, elsewhere):
        for side in (play.association, play.group):
            accounts.grant(one, Role.EXPERT, organisation_id=next(iter(side.organisation_ids(Role.EXPERT))))
    session.flush()

    def shown() -> list[list[str]]:
        with app.test_request_context():
            return [
                [todo.text for todo in province.expert(play.who(one), DAY).todos if play.built.programme.name in todo.text]
                for one in (account, elsewhere)
            ]

    tied, free = shown()
    assert (tied, any("评价申请" in one for one in free)) == ([], True)
    assert outside.kept_out(row, play.who(account), DAY) != ""
    go(row, Event.SEND_ALONE, DAY, play.association)
    tied, free = shown()
    assert (tied, any("评价申请" in one for one in free)) == ([], True)
    assert [programmes_kept_from(play.who(one), DAY) for one in (account, elsewhere)] == [{row.programme_id}, set()]
