"""Pages and the command of awards: scopes, the way of an award, refusals at the form, steady numbers of queries."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.awards import labels, operations, queries
from enterprises.awards.models import Award
from enterprises.awards.types import AwardState, Verdict
from enterprises.bases.types import BaseType
from tests.factories import awards as make
from tests.factories.awards import NOW, TODAY
from tests.factories.capstones import PDF
from trainhub.cli import main
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.i18n import format_yuan

AsRole = Callable[..., FlaskClient]


@pytest.fixture
def as_role(session: Session, as_role: AsRole) -> AsRole:
    """Requests share the test's session: what was read before ends here, so that a refusal rolls back its own request only."""

    def made(*roles: Role, **scope: Any) -> FlaskClient:
        session.commit()
        return as_role(*roles, **scope)

    return made


def test_the_way_of_an_award_through_the_pages(session: Session, as_role: AsRole) -> None:
    base = make.base()
    code, key = base.code, base.id
    leader = as_role(Role.CENTRE_LEADER, organisation_id=key)
    edu, fin = as_role(Role.DEPT_EDU), as_role(Role.DEPT_FIN)
    page = leader.get(f"/awards/bases/{code}").text
    assert ("条件未齐" in page, "省教育厅认定" in page, "000:745" in page) == (True, True, True)
    where = f"/awards/bases/{code}/FJ-16b/apply"
    assert leader.get(where).status_code == 200
    assert leader.post(where, data={"statement": ""}).status_code == 422
    answer = leader.post(where, data={"statement": "合作共建", "files": [(io.BytesIO(PDF), "协议.pdf")]})
    assert answer.status_code == 303
    (award,) = queries.awards_of(key)
    at = f"/awards/{award.id}"
    session.commit()
    assert leader.get(f"{at}/evidence/{award.evidence[0]}").data == PDF
    assert leader.get(f"{at}/evidence/999").status_code == 404
    again = leader.post(where, data={"statement": "再次申请", "files": [(io.BytesIO(PDF), "二.pdf")]})
    assert (again.status_code, "已有正在办理的申请" in again.text, "再次申请" in again.text) == (409, True, True)
    assert "补充说明和材料" in leader.get(at).text
    more = {"statement": "补充协议", "files": [(io.BytesIO(PDF), "补.pdf")]}
    assert leader.post(f"{at}/supplement", data={"statement": ""}).status_code == 422
    assert as_role(Role.DEPT_EDU).post(f"{at}/supplement", data=more).status_code == 403
    assert leader.post(f"{at}/supplement", data={**more, "files": [(io.BytesIO(PDF), "补.pdf")]}).status_code == 303
    assert "补充协议" in leader.get(at).text
    assert len(queries.awards_of(key)[0].evidence) == 2
    session.commit()
    assert leader.post(f"{at}/recognise", data={"on": "2026-03-02"}).status_code == 403
    assert edu.get(at).status_code == 200
    city, today = as_role(Role.PREFECTURE_OPERATOR, region_code="350100"), clock.today().isoformat()
    step = {"on": today, "is_positive": "yes", "text": "材料属实"}
    assert edu.post(f"{at}/check", data=step).status_code == 403
    assert "初审通过后才能现场考察" in edu.post(f"{at}/inspect", data=step).text
    assert "还没有初审通过" in edu.post(f"{at}/recognise", data={"on": "2026-03-01"}).text
    assert city.post(f"{at}/check", data={**step, "text": ""}).status_code == 422
    assert city.post(f"{at}/check", data=step).status_code == 303
    assert city.post(f"{at}/inspect", data=step).status_code == 403
    assert edu.post(f"{at}/inspect", data=step).status_code == 303
    assert edu.post(f"{at}/recognise", data={"on": today, "document": "闽教1号"}).status_code == 303
    assert edu.post(f"{at}/accept", data={"on": today, "document": "闽教2号"}).status_code == 303
    refused = edu.post(f"{at}/decide", data={"amount": "1000000.01", "minutes": "纪要"})
    assert (refused.status_code, "金额须在 ¥500,000 至 ¥1,000,000 之间" in refused.text) == (422, True)
    assert edu.post(f"{at}/decide", data={"amount": "1000000", "minutes": "纪要"}).status_code == 303
    assert "待联席会议审议" in leader.get(at).text
    assert fin.post(f"{at}/confer", data={**step, "text": "同意"}).status_code == 403
    again = {**step, "is_positive": "no", "text": "金额偏高"}
    assert (edu.post(f"{at}/confer", data=again).status_code, "须由另一人办理" in edu.get(at).text) == (403, True)
    assert as_role(Role.DEPT_EDU).post(f"{at}/confer", data=again).status_code == 303
    assert edu.post(f"{at}/decide", data={"amount": "600000", "minutes": "厅务会纪要"}).status_code == 303
    again = edu.post(f"{at}/decide", data={"amount": "700000", "minutes": "再次"})  # the form is gone, its refusal is not
    assert (again.status_code, "这项奖励现为“已决定”，不能决定金额" in again.text) == (409, True)
    assert edu.post(f"{at}/pay", data={"on": "2026-03-02", "reference": "1"}).status_code == 403
    assert fin.post(f"{at}/pay", data={"on": clock.today().isoformat(), "reference": "闽财1", "pool": "0"}).status_code == 303
    assert fin.post(f"{at}/close").status_code == 303
    session.expire_all()
    (award,) = queries.awards_of(key)
    assert (award.state, award.amount_fen) == (AwardState.CLOSED, 60_000_000)
    assert "已获得" in leader.get(f"/awards/bases/{code}").text
    assert "不得重复享受" in leader.post(where, data={"statement": "再申请"}).text


def test_a_base_sees_only_itself(session: Session, as_role: AsRole) -> None:
    mine, other = make.base(), make.base()
    award = make.apply(other)
    keys = (mine.id, mine.code, other.code, award.id, mine.name, other.name)
    leader = as_role(Role.CENTRE_LEADER, organisation_id=keys[0])
    assert [leader.get(f"/awards/bases/{code}").status_code for code in keys[1:3]] == [200, 403]
    assert leader.get(f"/awards/{keys[3]}").status_code == 403
    page = leader.get("/awards/").text
    assert [name in page for name in keys[4:]] == [True, False]
    assert keys[5] not in leader.get("/awards/decisions").text
    assert keys[5] not in leader.get("/awards/decisions.csv").text


def test_a_city_sees_the_bases_of_its_region(session: Session, as_role: AsRole) -> None:
    code = make.base().code
    assert as_role(Role.PREFECTURE_OPERATOR, region_code="350100").get(f"/awards/bases/{code}").status_code == 200
    assert as_role(Role.PREFECTURE_OPERATOR, region_code="350200").get(f"/awards/bases/{code}").status_code == 403


def test_the_27_incentives_are_shown_with_their_words(session: Session, as_role: AsRole) -> None:
    student = as_role(Role.STUDENT)
    assert "<span>省人社厅</span>" not in student.get("/awards/rules?lang=en").text  # who pays, in the language of the page
    page = student.get("/awards/rules?lang=zh").text
    assert page.count("<tr id=") == 27
    assert "由省教育厅认定验收后，一次性给予 50 万~100 万元奖励" in page


def test_unknown_things_and_days_are_answered(session: Session, as_role: AsRole) -> None:
    code = make.base().code
    client = as_role(Role.SYSTEM_ADMIN)
    for where, status in (
        ("/awards/bases/nowhere", 404),
        (f"/awards/bases/{code}/FJ-99/apply", 404),
        ("/awards/999999", 404),
        (f"/awards/bases/{code}?on=2026-02-30", 422),
        (f"/awards/bases/{code}?on=2014-12-31", 422),
        (f"/awards/bases/{code}?on=2015-01-01", 200),
        ("/awards/decisions.pdf", 404),
    ):
        assert (where, client.get(where).status_code) == (where, status)


@pytest.mark.parametrize("where", ["/awards/", "/awards/decisions"])
def test_lists_make_the_same_number_of_queries_at_1_and_at_20(session: Session, as_role: AsRole, count_queries: list[str], where: str) -> None:
    make.apply()
    client = as_role(Role.DEPT_EDU)
    counts = []
    for more in (0, 19):
        for _ in range(more):
            make.apply(make.base(BaseType.PRACTICE_BASE, BaseType.TRAINING_BASE))
        session.commit()
        session.expire_all()
        count_queries.clear()
        assert client.get(where).status_code == 200
        counts.append(len(count_queries))
    assert counts[0] == counts[1]


def test_the_command(app: Flask, session: Session) -> None:
    code = make.base().code
    session.commit()
    runner = CliRunner()
    done = runner.invoke(main, ["awards", "check", "--base", code, "--on", "2026-03-02", "--json"], obj={"create_app": lambda: app})
    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["base"], answer["on"], len(answer["rules"])) == (0, code, "2026-03-02", 9)
    for bad in (["--base", "nowhere", "--on", "2026-03-02"], ["--base", code, "--on", "2014-12-31"]):
        refused = runner.invoke(main, ["awards", "check", *bad, "--json"], obj={"create_app": lambda: app})
        assert (refused.exit_code, set(json.loads(refused.stdout))) == (1, {"error"})
    assert runner.invoke(main, ["awards", "check", "--base", code, "--on", "2026-02-30"], obj={"create_app": lambda: app}).exit_code == 2


def test_the_page_tells_what_is_missing_for_rules_of_other_types_too(session: Session, as_role: AsRole, app: Flask) -> None:
    """The command and the page answer alike: a base without a type that brings awards sees each rule's conditions, not their names alone."""
    base = make.base(BaseType.EPEC)
    code, key = base.code, base.id
    page = as_role(Role.CENTRE_LEADER, organisation_id=key).get(f"/awards/bases/{code}").text
    answers = [one for one in queries.entitlements_of(key, clock.today()) if one.verdict is Verdict.NOT_OF_TYPE]
    assert len(answers) > 5
    for one in answers:
        part = page.split(f"{one.rule.value} {labels.name_of(one.rule)}")[1]
        assert all(str(labels.condition(finding.code)) in part for finding in one.missing), one.rule
    assert page.count('<li class="finding ') == sum(len(one.missing) for one in answers)


@pytest.mark.parametrize(
    ("action", "role"), [("revoke", Role.DEPT_EDU), ("publish", Role.DEPT_EDU), ("reject", Role.DEPT_EDU), ("close", Role.DEPT_FIN)]
)
def test_a_step_that_was_seen_in_another_state_is_not_taken(session: Session, as_role: AsRole, action: str, role: Role) -> None:
    """Who opened a decided award does not revoke one that was paid meanwhile; what was typed stays, and the page says why."""
    row = make.accepted() if action == "reject" else make.decided()
    if action == "close":
        operations.pay(award=row, on=TODAY, reference="1", by=SYSTEM, today=TODAY, now=NOW)
    key, seen = row.id, row.version
    session.commit()
    client = as_role(role)
    at = f"/awards/{key}"
    assert f'name="version" value="{seen}"' in client.get(at).text
    row.statement = "改动"  # somebody else
    session.commit()
    before = session.get_one(Award, key).state
    answer = client.post(f"{at}/{action}", data={"version": str(seen), "reason": "材料不实，见核查报告"})
    assert (answer.status_code, "刚被其他人修改过" in answer.text) == (409, True)
    assert ("材料不实，见核查报告" in answer.text) is (action in ("revoke", "reject"))
    session.expire_all()
    assert (session.get_one(Award, key).state, session.get_one(Award, key).published_on) == (before, None)
    now = session.get_one(Award, key).version
    session.commit()
    assert client.post(f"{at}/{action}", data={"version": str(now), "reason": "材料不实，见核查报告"}).status_code == 303


def test_a_button_that_is_pressed_twice_blames_nobody(session: Session, as_role: AsRole) -> None:
    """Publishing twice changes nothing; a step that was taken is told with the state it led to."""
    row = make.decided()
    at, data = f"/awards/{row.id}", {"version": str(row.version), "reason": "材料不实"}
    session.commit()
    edu = as_role(Role.DEPT_EDU)
    assert [edu.post(f"{at}/publish", data=data).status_code for _ in range(2)] == [303, 303]
    session.expire_all()
    data["version"] = str(session.get_one(Award, row.id).version)
    session.commit()
    assert edu.post(f"{at}/revoke", data=data).status_code == 303
    again = edu.post(f"{at}/revoke", data=data)
    assert (again.status_code, "这项奖励现为“" in again.text, "刚被其他人修改过" in again.text) == (409, True, False)


@pytest.mark.parametrize("action", ["reject", "revoke"])
def test_a_reason_that_lacks_is_told_on_the_page(session: Session, as_role: AsRole, action: str) -> None:
    row = make.accepted() if action == "reject" else make.decided()
    at = f"/awards/{row.id}"
    session.commit()
    answer = as_role(Role.DEPT_EDU).post(f"{at}/{action}", data={"reason": " "})
    assert (answer.status_code, "请写明" in answer.text, f'action="{at}/{action}"' in answer.text) == (422, True, True)


def test_an_amount_that_wants_a_figure_is_not_called_unstated(session: Session, as_role: AsRole) -> None:
    without, counted = make.base(BaseType.INCUBATOR), make.base(BaseType.INCUBATOR, area_extended_m2=1_000)
    session.commit()
    education = as_role(Role.DEPT_EDU)
    card = education.get(f"/awards/bases/{without.code}").text.split("FJ-26b-ext ")[1].split("拨付：")[0]
    assert ("原文没有金额" in card, "金额按原文计算，所需的数据还没有登记" in card) == (False, True)
    assert f"金额不超过 {format_yuan(5_000_000)}" in education.get(f"/awards/bases/{counted.code}").text
