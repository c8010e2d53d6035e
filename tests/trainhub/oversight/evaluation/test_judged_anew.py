"""A criterion is reopened while members of the working group have it open: what was said of the old finding is said anew."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.trainhub.oversight.evaluation.test_case_views import browser, played  # noqa: F401 - fixtures
from trainhub.kernel import clock
from trainhub.kernel.db import session as current
from trainhub.kernel.db import transaction
from trainhub.oversight.evaluation import catalogue, deciding
from trainhub.oversight.evaluation.rules.verdict import OPEN
from trainhub.oversight.evaluation.types import CriterionKind
from trainhub.oversight.evaluation.workflow import queries
from trainhub.oversight.evaluation.workflow.models import Application, Reopening
from trainhub.oversight.evaluation.workflow.types import State
from trainhub.policy.findings import Status
from trainhub.programmes import queries as programmes

AsRole = Callable[..., Any]


def _row(played: dict[str, int]) -> Application:
    row = queries.application(played["key"])
    assert row is not None
    return row


@pytest.fixture
def soft(session: Session, played: dict[str, int]) -> tuple[str, int]:
    """(a computed criterion that the data leave to the working group, its requirement); the group considers the application."""
    with transaction():
        row = _row(played)
        row.state, row.submitted_at = State.IN_WORKING_GROUP, clock.now() - timedelta(minutes=5)
    programme = programmes.by_id(played["programme"])
    assert programme is not None
    raw = deciding.raw(_row(played), programme)
    code = next(code for code, one in catalogue.criteria().items() if one.kind is CriterionKind.COMPUTED and raw[code].status in OPEN)
    return code, catalogue.criteria()[code].requirement


def reopen(played: dict[str, int], code: str, seconds: int) -> None:
    """As `reopening.reopen` writes it: what the data say now, of soft words still."""
    with transaction():
        programme = programmes.by_id(played["programme"])
        assert programme is not None
        finding = deciding.raw(_row(played), programme)[code].as_dict() | {"status": Status.JUDGE.value, "found": 1, "required": 2}
        now = clock.now() + timedelta(seconds=seconds)
        facts: dict[str, Any] = {"application_id": played["key"], "criterion": code, "reason": "补交", "finding": finding}
        current().add(Reopening(reopened_on=clock.today(), reopened_by="工作组", reopened_at=now, **facts))


def said(played: dict[str, int]) -> dict[str, str]:
    current().expire_all()
    return {code: one.remark for code, one in deciding.said_since(_row(played), clock.today()).items()}


def test_a_sheet_of_before_a_reopening_says_nothing_about_the_new_finding(
    session: Session, played: dict[str, int], soft: tuple[str, int], as_role: AsRole
) -> None:
    code, number = soft
    at = f"/evaluation/applications/{played['key']}/judging?r={number}"

    def marks(text: str) -> dict[str, str]:
        return dict(re.findall(r'name="(seen-[0-9.]+)" value="([^"]*)"', text))

    opened = marks(browser(as_role, played, "group").get(at).get_data(as_text=True))
    reopen(played, code, -1)
    sent = {f"result-{code}": "met", f"remark-{code}": "按旧数据"}
    late = browser(as_role, played, "group").post(at, data=sent | opened)
    assert (late.status_code, "重新核查" in late.get_data(as_text=True), said(played)) == (422, True, {})
    again = sent | marks(late.get_data(as_text=True))
    assert browser(as_role, played, "group").post(at, data=again).status_code == 303
    assert said(played) == {code: "按旧数据"}


def test_the_same_words_on_the_page_of_the_criterion_count_after_a_reopening(
    session: Session, played: dict[str, int], soft: tuple[str, int], as_role: AsRole
) -> None:
    code, _number = soft
    programme = programmes.by_id(played["programme"])
    assert programme is not None
    at = f"/evaluation/{programme.code}/criteria/{code}"

    reopen(played, code, -60)  # the page takes what soft words leave open
    group = browser(as_role, played, "group")  # the same member says it twice

    def judge() -> int:
        page = group.get(at).get_data(as_text=True)
        hidden = dict(re.findall(r'name="(version|submission_key)"[^>]*value="([^"]*)"', page))
        return int(group.post(at, data={"result": "met", "remark": "看过材料", **hidden}).status_code)

    assert judge() == 303
    assert said(played) == {code: "看过材料"}
    reopen(played, code, 0)
    assert said(played) == {}
    assert judge() == 303
    assert said(played) == {code: "看过材料"}
