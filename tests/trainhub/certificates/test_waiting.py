"""What would be printed wrong waits for a person: told why, nothing lost, issued under its number once it is put right."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import FACTS, REASON, TODAY, certificate
from trainhub.certificates import operations, queries, tasks
from trainhub.certificates.layouts.fitting import cuts
from trainhub.certificates.layouts.model import built_in
from trainhub.certificates.layouts.svg import svg
from trainhub.certificates.operations import batches, templates
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.types import BatchSource, Kind, State
from trainhub.certificates.views import waiting as views
from trainhub.kernel import audit, clock, fonts, jobs
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import transaction

pytestmark = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
AsRole = Callable[..., FlaskClient]
LONG = "面向智能制造现场的工业互联网平台架构与数据采集技术综合实践" * 9


def _wide(code: str = "wide_completion") -> None:
    """An approved template of the kind with room for anything."""
    row = templates.start(code=code, kind=Kind.COMPLETION, owner=None, by=Identity(1, None, "甲", ()), now=ground.NOW)
    body = json.loads(row.body)
    for one in body["elements"]:
        if one.get("text") == "{course}":
            one.update(box=[20, 90, 257, 45], max_lines=20, min_size=5)
    templates.save(template=row, body=json.dumps(body), version=row.version, by=Identity(1, None, "甲", ()))
    templates.submit(template=row, by=Identity(1, None, "甲", ()), now=ground.NOW)
    templates.decide(template=row, is_approved=True, reason="", by=Identity(2, None, "乙", ()), now=ground.NOW)


@pytest.mark.parametrize(("length", "cut"), [(1, ()), (60, ()), (130, ("name",))])
def test_a_name_is_cut_only_when_it_cannot_fit(length: int, cut: tuple[str, ...]) -> None:
    facts = {"course": "导论", "hours": "8", "name": "诺" * length, "issued_on": "2026-03-02", "number": "350001120260000017", "code": "0" * 12}
    assert tuple(name for name, _lost in cuts(built_in("completion"), facts)) == cut


def test_what_would_be_cut_waits_and_is_issued_from_a_wider_template(session: Session) -> None:
    made = certificate(facts={"course": LONG})
    assert (made.state, made.note) == (State.DRAFT, "overflows")
    assert queries.by_number_and_code(made.number, made.code) is None
    with pytest.raises(operations.CannotIssue, match="课程"):
        operations.release(certificate=made, by=SYSTEM, today=TODAY, now=ground.NOW)
    _wide()
    operations.release(certificate=made, by=SYSTEM, today=TODAY, now=ground.NOW, template="wide_completion")
    assert (made.state, made.note, made.template) == (State.ISSUED, "", "wide_completion")
    with pytest.raises(operations.CannotChange, match="截断"):
        operations.prepare_correction(
            certificate=certificate(), facts={"course": LONG}, reason="改名", document="1号", on=TODAY, by=SYSTEM, today=TODAY, now=ground.NOW
        )


def test_a_batch_names_what_would_be_cut_before_anybody_decides(session: Session, as_role: AsRole) -> None:
    issuer, facts = ground.university(), FACTS[Kind.TRAINING]
    rows = [Wanted(ground.person().id, facts), Wanted(ground.person().id, {**facts, "course": LONG})]
    batch = batches.prepare(
        title="一期", kind=Kind.TRAINING, template="training", source=BatchSource.SELECTION, issuer=issuer, rows=rows, by=SYSTEM, now=ground.NOW
    )
    assert (batch.count, batch.waiting) == (2, 1)
    assert [one.note for one in queries.first_items(batch.id, 2)] == ["", "overflows"]
    session.commit()
    page = as_role(Role.SYSTEM_ADMIN).get(f"/certificates/batches/{batch.id}").text
    assert re.search(r"内容太长，会被截断.*（多出\d+字）", page)


def test_a_preview_frames_what_would_be_cut(session: Session) -> None:
    layout, frame = built_in("completion"), 'stroke="#c2262b"'
    facts = templates.sample_facts(layout)
    assert svg(layout, {**facts, "course": LONG}, base_url="https://example.org").count(frame) == 1 + svg(
        layout, facts, base_url="https://example.org"
    ).count(frame)


@pytest.mark.parametrize(
    "element",
    [
        {"kind": "text", "text": "特此证明" * 20, "box": [20, 20, 30, 8], "size": 12},
        {"kind": "signature", "label": "特此证明" * 20, "box": [20, 20, 30, 20]},
        {"kind": "signature", "label": "校长", "label_en": "特此证明" * 20, "box": [20, 20, 30, 20]},
    ],
)
def test_wording_that_does_not_fit_is_not_handed_in(session: Session, element: dict[str, Any]) -> None:
    by = Identity(1, None, "甲", ())
    row = templates.start(code="narrow", kind=Kind.COMPLETION, owner=None, by=by, now=ground.NOW)
    body = json.loads(row.body)
    body["elements"].append(element)
    templates.save(template=row, body=json.dumps(body), version=row.version, by=by)
    assert any("特此证明" in said for said in templates.warnings_of(templates.checked_layout(row.body)))
    with pytest.raises(templates.BadTemplate, match="特此证明"):
        templates.submit(template=row, by=by, now=ground.NOW)


def test_a_clock_that_was_set_back_stops_issuing(session: Session) -> None:
    with transaction():
        who, issuer, stands = ground.person(), ground.university(), certificate()
        audit.record(by=SYSTEM, did="certificates.certificate.issued", on=("certificate", "0"))
    assert audit.clock_set_back() is None
    with time_machine.travel(clock.now() - timedelta(minutes=50), tick=False):
        assert audit.clock_set_back() is None, "clocks of several servers may stand apart a little"
    with time_machine.travel(clock.now() - timedelta(days=400), tick=False):
        made = certificate(who=who, issuer=issuer)
        assert (made.state, made.note) == (State.DRAFT, "clock")
        with pytest.raises(operations.CannotIssue, match="时钟"):
            operations.release(certificate=made, by=SYSTEM, today=TODAY, now=ground.NOW)
        for verb in (operations.reissue, partial(operations.prepare_correction, facts={"hours": 48})):
            with pytest.raises(operations.CannotIssue, match="时钟"):
                verb(certificate=stands, **REASON)
    operations.release(certificate=made, by=SYSTEM, today=TODAY, now=ground.NOW)
    assert (made.state, stands.state) == (State.ISSUED, State.ISSUED)


def test_many_are_looked_at_again_by_a_job(session: Session, as_role: AsRole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST_AT_ONCE", 1)
    with transaction():
        issuer, rare, other = ground.university(), ground.person("王某"), ground.person("李四")
        rare.name = other.name = "王\U00033479"
        session.flush()
        numbers = [certificate(who=one, issuer=issuer).number for one in (rare, other)]
        stranger = certificate(who=rare).number
        session.flush()
        rare.name = "王某"
    head = as_role(Role.UNIVERSITY_ADMIN, organisation_id=issuer.id)
    answer = head.post("/certificates/waiting/release", follow_redirects=True)
    assert "正在后台重新检查 2 张待处理的证书" in answer.text
    assert head.post("/certificates/waiting/release").status_code == 303
    assert jobs.due_count(tasks.RELEASE, most=5) == 1, "pressed twice, looked at once"
    assert [queries.by_number(one).state for one in numbers] == [State.DRAFT, State.DRAFT]  # type: ignore[union-attr]
    for _once_and_again in range(2):
        jobs.run_all()
        states = [queries.by_number(one).state for one in (*numbers, stranger)]  # type: ignore[union-attr]
        assert states == [State.ISSUED, State.DRAFT, State.DRAFT], "what is still in the way waits, and what is another issuer's"
        assert head.post("/certificates/waiting/release").status_code == 303


def test_the_page_names_characters_and_facts_and_issues_what_is_mended(session: Session, as_role: AsRole) -> None:
    with transaction():
        issuer, other, rare, long = ground.university(), ground.university(), ground.person("王某"), ground.person("李四")
        rare.name = "王\U00033479"
        session.flush()
        waiting = [certificate(who=rare, issuer=issuer), certificate(who=long, issuer=issuer, facts={"course": LONG})]
        numbers = [one.number for one in waiting]
    head = as_role(Role.UNIVERSITY_ADMIN, organisation_id=issuer.id)
    page = head.get("/certificates/waiting").text
    assert all(said in page for said in ("U+33479", "有不能打印的字", "现有字体中没有", "内容太长，会被截断", "课程", "全部重新检查并签发"))
    assert "/certificates/waiting" in head.get("/certificates/").text
    assert "U+33479" in head.get(f"/certificates/{numbers[0]}").text
    assert numbers[0][-5:] not in as_role(Role.UNIVERSITY_ADMIN, organisation_id=other.id).get("/certificates/waiting").text
    with transaction():
        rare.name = "王某"
        session.add(rare)
    assert head.post("/certificates/waiting/release").status_code == 303
    states = {one: queries.by_number(one).state for one in numbers}  # type: ignore[union-attr]
    assert states == {numbers[0]: State.ISSUED, numbers[1]: State.DRAFT}
    with transaction():
        _wide()
    assert head.post(f"/certificates/{numbers[1]}/release", data={"template": "wide_completion"}).status_code == 303
    assert queries.by_number(numbers[1]).state is State.ISSUED  # type: ignore[union-attr]


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.INSPECTOR, Role.PROGRAMME_ADMIN, Role.PREFECTURE_OPERATOR])
def test_what_a_list_shows_to_those_who_only_look_opens(role: Role, session: Session, as_role: AsRole) -> None:
    with transaction():
        programme, holder = ground.programme(), ground.person()
        made = certificate(who=holder, issuer=ground.university(), facts={"course": LONG}, programme_id=programme.id)
        where = f"/certificates/{made.number}"
    reader = as_role(
        role, programme_id=programme.id if role is Role.PROGRAMME_ADMIN else None, region_code="350000" if role is Role.PREFECTURE_OPERATOR else None
    )
    for page in ("/certificates/", "/certificates/waiting"):
        assert where in reader.get(page).text
    page = reader.get(where)
    assert page.status_code == 200
    assert f"{where}/release" not in page.text
    assert reader.post(f"{where}/release").status_code == 403
    assert as_role(Role.TRAINEE, person_id=holder.id).get(where).status_code == 404, "the holder does not learn of it before it is issued"
