"""Results are published and capstones archived by ticks from a list: each is judged on its own, and who stays is told with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import Capstone
from enterprises.capstones.types import CapstoneState
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.programmes.models import Cohort

TIMES: dict[str, Any] = {"today": TODAY, "now": NOW}


def _at(session: Session, found: make.Case) -> str:
    return f"/capstones/cohorts/{found.programme.code}/{session.get_one(Cohort, found.student.cohort_id).year}/concluding"


def _form(deed: str, *rows: Capstone) -> dict[str, Any]:
    return {"deed": deed, "capstone": [row.id for row in rows], **{f"version-{row.id}": row.version for row in rows}}


def test_results_are_published_one_by_one_and_who_stays_is_told_why(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    good = make.graded(80, 80)
    apart, other, strange = (
        make.graded(60, 95, programme=good.programme, guidances=1),
        make.graded(70, 70, programme=good.programme, guidances=1),
        make.graded(80, 80),
    )
    head, at = as_role(Role.PROGRAMME_ADMIN, programme_id=good.programme.id), _at(session, good)
    ids = [one.capstone.id for one in (good, apart, other, strange)]
    session.commit()
    page = head.get(at).text
    assert [f'name="capstone" value="{key}"' in page for key in ids] == [True, True, True, False]
    answer = head.post(at, data=_form("finish", *(session.get_one(Capstone, key) for key in ids)))
    assert "已公布 2 项成绩" in answer.text
    assert f"{apart.who.name}" in answer.text
    assert "双方评分相差" in answer.text
    assert strange.who.name not in answer.text
    session.expire_all()
    states = [session.get_one(Capstone, key).state for key in ids]
    assert states == [CapstoneState.PASSED, CapstoneState.GRADED, CapstoneState.PASSED, CapstoneState.GRADED]


def test_a_result_that_changed_since_the_list_was_opened_stays(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.graded(80, 80)
    head, at, sent = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id), _at(session, found), _form("finish", found.capstone)
    sent[f"version-{found.capstone.id}"] = found.capstone.version - 1
    key = found.capstone.id
    session.commit()
    assert "已公布" not in head.post(at, data=sent).text.split("<main")[1].split("没有办理")[0]
    session.expire_all()
    assert session.get_one(Capstone, key).state is CapstoneState.GRADED


def test_what_may_be_archived_is_and_the_others_wait(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    ready = make.graded(80, 80)
    early = make.graded(85, 85, programme=ready.programme, guidances=1)
    for one in (ready, early):
        operations.finish(capstone=one.capstone, by=SYSTEM, **TIMES)
    ready.capstone.finished_on, early.capstone.finished_on = clock.today() - timedelta(days=60), clock.today()
    head, at = as_role(Role.PROGRAMME_ADMIN, programme_id=ready.programme.id), _at(session, ready)
    keys = [one.capstone.id for one in (ready, early)]
    session.commit()
    answer = head.post(at, data=_form("archive", *(session.get_one(Capstone, key) for key in keys)))
    assert "已归档 1 项" in answer.text
    assert "申诉期" in answer.text
    session.expire_all()
    assert [session.get_one(Capstone, key).archived_at is not None for key in keys] == [True, False]
    page = head.get(f"{at}?deed=archive").text
    assert [f'name="capstone" value="{key}"' in page for key in keys] == [False, True]


@pytest.mark.parametrize("role", [Role.LECTURER, Role.AUDITOR])
def test_others_publish_nothing(session: Session, as_role: Callable[..., FlaskClient], role: Role) -> None:
    found = make.graded(80, 80)
    client = as_role(role, organisation_id=ground.university().id) if role is Role.LECTURER else as_role(role)
    at, sent, key = _at(session, found), _form("finish", found.capstone), found.capstone.id
    session.commit()
    assert (client.get(at).status_code, client.post(at, data=sent).status_code) == (403, 403)
    session.expire_all()
    assert queries.by_id(key).state is CapstoneState.GRADED  # type: ignore[union-attr]


def test_nothing_ticked_is_told(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.graded(80, 80)
    head, at = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id), _at(session, found)
    session.commit()
    answer = head.post(at, data={"deed": "finish"})
    assert answer.status_code == 422
    assert "请先勾选" in answer.text


def test_a_form_that_was_sent_twice_complains_of_nothing(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.graded(80, 80)
    head, at, key = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id), _at(session, found), found.capstone.id
    session.commit()
    mark = re.search(r'name="submission_key" value="([^"]+)"', head.get(at).text)
    assert mark is not None
    sent = _form("finish", session.get_one(Capstone, key)) | {"submission_key": mark[1]}
    assert head.post(at, data=sent).status_code == 303
    again = head.post(at, data=sent, follow_redirects=True)
    assert "已经提交过" in again.text
    assert "刚被其他人修改过" not in again.text


@pytest.mark.parametrize(("number", "is_taken"), [(100, True), (101, False)])
def test_a_form_names_no_more_than_a_page_holds(session: Session, as_role: Callable[..., FlaskClient], number: int, is_taken: bool) -> None:
    found = make.graded(80, 80)
    head, at, key = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id), _at(session, found), found.capstone.id
    sent = _form("finish", found.capstone)
    session.commit()
    sent["capstone"] += [key + 1000 + n for n in range(number - 1)]
    answer = head.post(at, data=sent)
    assert ("一次最多办理 100 项" in answer.text) is not is_taken
    session.expire_all()
    assert session.get_one(Capstone, key).state is (CapstoneState.PASSED if is_taken else CapstoneState.GRADED)
