"""The chain of course, placement and capstone: its judgement at its threshold, its pages, its certificates."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.certificates import queries as certificates
from trainhub.certificates.models import Certificate
from trainhub.certificates.operations import issuing
from trainhub.certificates.types import Kind, State
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import Milestone
from trainhub.ledger.types import Source
from trainhub.oversight.chains import cli, operations, queries, rules
from trainhub.oversight.chains.types import ChainFacts, Step
from trainhub.people.models import Student
from trainhub.people.types import StudentState
from trainhub.policy.book import book
from trainhub.programmes.models import Programme

TODAY = date(2026, 3, 2)
AsRole = Callable[..., FlaskClient]
COURSE, CAPSTONE = Step("course", 1, "智能制造导论", TODAY), Step("capstone", 2, "压装机控制", TODAY)


def _judged(facts: ChainFacts) -> dict[str, bool]:
    asked, weeks = book().at("own.certificate.programme_facts", on=TODAY), book().at("petoe.enterprise_weeks", on=TODAY)
    found = rules.judge(facts, asked=asked, weeks=weeks, days=book().at("own.weeks.days_required", on=TODAY))
    return {one.code: one.met for one in found}


@pytest.mark.parametrize(("days", "is_met"), [(0, False), (159, False), (160, True), (161, True)])
def test_the_year_in_enterprises_is_160_days(days: int, is_met: bool) -> None:
    facts = ChainFacts((COURSE,), (CAPSTONE,), days, Decimal(days) / 5)
    assert _judged(facts) == {"chain.course": True, "7.2": is_met, "chain.capstone": True}


def test_every_fact_is_asked_for() -> None:
    assert _judged(ChainFacts()) == {"chain.course": False, "7.2": False, "chain.capstone": False}
    assert _judged(ChainFacts(courses=(COURSE,))) == {"chain.course": True, "7.2": False, "chain.capstone": False}
    assert _judged(ChainFacts(capstones=(CAPSTONE,))) == {"chain.course": False, "7.2": False, "chain.capstone": True}


def _student(
    at: Programme,
    *,
    days: int = 160,
    course: bool = True,
    capstone: bool = True,
    year: int = 2022,
    first: date = date(2025, 1, 6),
    **given: Any,
) -> Student:
    row = ground.student(at, year=year, **given)
    enterprise = ground.enterprise()
    confirmed = [first + timedelta(days=7 * (n // 5) + n % 5) for n in range(days)]
    if confirmed:
        ledger.confirm_days(student_id=row.id, enterprise_id=enterprise.id, base_id=None, days=confirmed, source_id=1, by=SYSTEM, now=ground.NOW)
    push: dict[str, Any] = {"person_id": row.person_id, "reached_on": TODAY, "by": SYSTEM, "now": ground.NOW}
    if course:
        ledger.reach_milestone(source=Source.COURSE, key=f"course:{row.id}", title="智能制造导论", **push)
    if capstone:
        ledger.reach_milestone(source=Source.CAPSTONE, key=f"capstone:{row.id}", title="压装机控制系统", **push)
    return row


def test_the_programme_certificate_says_what_was_verified(session: Session) -> None:
    """One finished course, the weeks and a passed capstone are asked for: not every course of a plan, nor a standard."""
    said = "".join(getattr(one, "text", "") for one in certificates.layout_of("programme").elements)
    assert "三项记录经平台核对" in said
    assert "修完校内课程" not in said
    assert "达到培养标准" not in said


def test_certificates_only_for_whole_chains_and_once(session: Session) -> None:
    programme = ground.programme(ground.university(name="闽江理工大学"))
    whole, short = _student(programme), _student(programme, days=159)
    chains = queries.chains_of_programme(programme, on=TODAY)
    assert [(one.student_id, one.is_complete, one.met_count) for one in chains] == [(whole.id, True, 3), (short.id, False, 2)]
    given: dict[str, Any] = {"programme": programme, "by": SYSTEM, "today": TODAY, "now": ground.NOW}
    result = operations.issue(chains=chains, **given)
    assert (result.issued, result.known, result.waiting, result.incomplete) == (1, 0, 0, 1)
    made = certificates.by_asked_key(f"programme:{programme.code}:student:{whole.id}")
    assert made is not None
    assert (made.kind, made.programme_id, made.person_id) == (Kind.PROGRAMME, programme.id, whole.person_id)
    assert made.facts["weeks"] == "32"
    assert made.facts["capstone"] == "压装机控制系统"
    assert [one["kind"] for one in made.evidence] == ["milestone", "weeks", "milestone"]
    assert made.evidence[1]["text"] == "企业学习认定 32 周（160 天，2025-01-06 至 2025-08-15）"
    again = operations.issue(chains=queries.chains_of_programme(programme, on=TODAY), **given)
    assert (again.issued, again.known) == (0, 1)
    assert (operations.issue(chains=chains, **given).known, operations.issue(chains=chains, **given).issued) == (1, 0), "stale chains are asked anew"
    assert len(certificates.of_person(whole.person_id)) == 1


def test_nothing_whole_is_refused(session: Session) -> None:
    programme = ground.programme()
    _student(programme, course=False)
    with pytest.raises(operations.NothingToIssue):
        operations.issue(programme=programme, chains=queries.chains_of_programme(programme, on=TODAY), by=SYSTEM, today=TODAY, now=ground.NOW)


def test_who_left_has_no_chain(session: Session) -> None:
    programme = ground.programme()
    row = _student(programme)
    row.state = StudentState.WITHDRAWN
    session.flush()
    assert queries.chains_of_programme(programme, on=TODAY) == []


def test_the_page_of_a_programme_issues_its_certificates(session: Session, as_role: AsRole) -> None:
    session.expire_on_commit = False
    with transaction():
        programme, other = ground.programme(), ground.programme()
        whole, short = _student(programme), _student(programme, capstone=False)
        older = _student(programme, year=2020)
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme.id)
    listed = head.get("/chains/").text
    assert programme.code in listed
    assert other.code not in listed
    page = head.get(f"/chains/{programme.code}")
    assert whole.student_no in page.text
    assert short.student_no in page.text
    assert older.student_no not in page.text
    assert "160 / 160" in page.text
    assert older.student_no in head.get(f"/chains/{programme.code}?cohort=2020").text
    assert whole.student_no not in head.get(f"/chains/{programme.code}?show=missing").text
    assert head.get(f"/chains/{other.code}").status_code == 403
    assert as_role(Role.AUDITOR).post(f"/chains/{programme.code}/issue").status_code == 403
    answer = head.post(f"/chains/{programme.code}/issue", data={"cohort": "2022"})
    assert answer.status_code == 303
    assert "新签发 1 张培养证书" in head.get(answer.location).text
    mine = as_role(Role.STUDENT, person_id=whole.person_id).get("/chains/mine").text
    assert "35" in mine
    assert "压装机控制系统" in mine
    assert "还差 1 项" in as_role(Role.STUDENT, person_id=short.person_id).get("/chains/mine").text
    assert head.post(f"/chains/{programme.code}/issue", data={"cohort": "1999"}).status_code == 303


def test_a_student_does_not_follow_a_link_to_a_certificate_that_waits(session: Session, as_role: AsRole) -> None:
    session.expire_on_commit = False
    with transaction():
        programme = ground.programme()
        whole = _student(programme)
        operations.issue(programme=programme, chains=queries.chains_of_programme(programme, on=TODAY), by=SYSTEM, today=TODAY, now=ground.NOW)
        (made,) = certificates.of_person(whole.person_id)
    mine = as_role(Role.STUDENT, person_id=whole.person_id)
    assert f"/certificates/{made.number}" in mine.get("/chains/mine").text
    with transaction():
        made.state = State.DRAFT
        session.add(made)
    page = mine.get("/chains/mine").text
    assert f"/certificates/{made.number}" not in page
    assert "等待学校签发" in page


def test_a_draft_is_issued_with_the_chain_of_that_day_or_not_at_all(session: Session) -> None:
    programme = ground.programme()
    whole = _student(programme)
    operations.issue(programme=programme, chains=queries.chains_of_programme(programme, on=TODAY), by=SYSTEM, today=TODAY, now=ground.NOW)
    (made,) = certificates.of_person(whole.person_id)
    said = dict(made.facts)
    made.state, made.facts = State.DRAFT, {**said, "weeks": "1", "programme": "旧名"}
    issuing.release(certificate=made, by=SYSTEM, today=TODAY, now=ground.NOW)
    assert (made.state, made.facts) == (State.ISSUED, said)
    made.state = State.DRAFT
    for one in session.scalars(select(Milestone).where(Milestone.person_id == whole.person_id)):
        session.delete(one)
    session.flush()
    with pytest.raises(issuing.CannotIssue, match="来源记录"):
        issuing.release(certificate=made, by=SYSTEM, today=TODAY, now=ground.NOW)


def test_drafts_of_a_programme_are_asked_for_together(session: Session, count_queries: list[str]) -> None:
    programme = ground.programme()
    for _ in range(3):
        _student(programme)
    operations.issue(programme=programme, chains=queries.chains_of_programme(programme, on=TODAY), by=SYSTEM, today=TODAY, now=ground.NOW)
    keys = list(session.scalars(select(Certificate.id).order_by(Certificate.id)))

    def asked(count: int) -> tuple[int, set[int]]:
        session.flush()
        session.expunge_all()
        drafts = list(session.scalars(select(Certificate).where(Certificate.id.in_(keys[:count]))))
        count_queries.clear()
        found = operations.present_facts(drafts, TODAY)
        return len(count_queries), set(found)

    (few, one), (many, all_of_them) = asked(1), asked(3)
    assert (few, one, all_of_them) == (many, set(keys[:1]), set(keys))


def test_the_page_asks_the_same_number_of_queries_for_1_and_30(session: Session, as_role: AsRole, count_queries: list[str]) -> None:
    session.expire_on_commit = False
    with transaction():
        programme = ground.programme()
        _student(programme, days=3)
    client = as_role(Role.PROGRAMME_ADMIN, programme_id=programme.id)

    def asked() -> int:
        session.rollback()
        session.expunge_all()
        count_queries.clear()
        assert client.get(f"/chains/{programme.code}").status_code == 200
        return len(count_queries)

    asked()
    one = asked()
    with transaction():
        for _ in range(29):
            _student(session.merge(programme), days=3)
    assert asked() == one


def test_the_commands(session: Session, app: Flask) -> None:
    session.expire_on_commit = False
    with transaction():
        programme = ground.programme()
        whole, short = _student(programme), _student(programme, days=159)

    def run(*args: str) -> tuple[int, Any]:
        result = CliRunner().invoke(cli.chains, [*args, "--json"], obj={"create_app": lambda: app})
        return result.exit_code, json.loads(result.stdout)

    code, checked = run("check", "--programme", programme.code)
    assert (code, checked["complete"]) == (0, 1)
    assert [(one["student"], one["complete"], one["certificate"]) for one in checked["students"]] == [
        (whole.student_no, True, None),
        (short.student_no, False, None),
    ]
    assert [(one["code"], one["found"], one["required"]) for one in checked["students"][1]["findings"]] == [
        ("chain.course", 1, 1),
        ("7.2", 159, 160),
        ("chain.capstone", 1, 1),
    ]
    assert run("issue", "--programme", programme.code, "--dry-run")[1]["issued"] == 1
    assert run("issue", "--programme", programme.code)[1]["issued"] == 1
    code, again = run("issue", "--programme", programme.code)
    assert (code, again["issued"], again["known"]) == (0, 0, 1)
    assert run("check", "--programme", "nobody")[1]["error"]["code"] == "no_programme"
    assert run("check", "--programme", programme.code, "--cohort", "1990")[0] == 1
