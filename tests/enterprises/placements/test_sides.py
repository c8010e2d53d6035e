"""Each side acts for itself: who signs for whom, when, and who confirms days by a link."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.placements import operations, queries
from enterprises.placements.operations._support import BadPlacement
from enterprises.placements.types import AgreementParty
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel import files
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction

AsRole = Callable[..., FlaskClient]
NOW, TODAY = make.NOW, make.TODAY
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A placement that was made today, with nothing signed."""
    with transaction():
        university, enterprise = ground.university(), ground.enterprise()
        programme, base = ground.programme(university), ground.base(enterprise)
        make.opened_base(base=base)
        term = make.term(university=university)
        student = ground.student(programme)
        row = operations.place_student(
            student=student, position=make.position(enterprise=enterprise, base=base, terms=[term]), term=term, by=SYSTEM, now=NOW
        )
        return SimpleNamespace(key=row.id, programme_id=programme.id, enterprise_id=enterprise.id, base_id=base.id, person_id=student.person_id)


def scan() -> tuple[io.BytesIO, str]:
    return io.BytesIO(PDF), "签名页.pdf"


def as_read(browser: FlaskClient, world: SimpleNamespace) -> dict[str, str]:
    """What the page says of what is signed, as a browser sends it back."""
    found = re.search(r'name="edition" value="([^"]+)"', browser.get(f"/placements/{world.key}/agreement").text)
    assert found is not None
    return {"edition": found[1]}


def test_a_school_records_another_party_only_with_the_scan(world: SimpleNamespace, as_role: AsRole) -> None:
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=world.programme_id)
    url, wanted = f"/placements/{world.key}/agreement/1/sign", {"signed_name": "张三", "signed_on": TODAY.isoformat()}
    for party in ("student", "enterprise", "guardian"):
        refused = head.post(url, data={**wanted, "party": party}, follow_redirects=True)
        assert "须上传纸质签署件的扫描件" in refused.text
        assert queries.signatures_of(world.key) == []
    assert head.post(url, data={**wanted, "party": "student", "file": scan()}, content_type="multipart/form-data").status_code == 303
    assert head.post(url, data={**wanted, "party": "school"}).status_code == 409  # nothing was read
    assert head.post(url, data={**wanted, "party": "school", **as_read(head, world)}).status_code == 303
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise_id)
    assert host.post(url, data={**wanted, "party": "enterprise", **as_read(host, world)}).status_code == 303
    rows = {row.party: row for row in queries.signatures_of(world.key)}
    assert set(rows) == {AgreementParty.SCHOOL, AgreementParty.ENTERPRISE, AgreementParty.STUDENT}
    assert rows[AgreementParty.STUDENT].person_id is None  # whoever recorded the paper did not sign it


@pytest.mark.parametrize("over", ["base_id", "enterprise_id"])
def test_a_head_of_a_base_signs_for_no_enterprise(world: SimpleNamespace, as_role: AsRole, over: str) -> None:
    """A university that hosts the base too may give the role: the enterprise would be signed for by the school's own man."""
    leader = as_role(Role.CENTRE_LEADER, organisation_id=getattr(world, over))
    wanted = {"party": "enterprise", "signed_name": "张三", "signed_on": TODAY.isoformat()}
    assert leader.get(f"/placements/{world.key}/agreement").status_code == 200
    assert leader.post(f"/placements/{world.key}/agreement/1/sign", data=wanted).status_code == 403
    assert queries.signatures_of(world.key) == []


def test_a_student_signs_as_themself(world: SimpleNamespace, as_role: AsRole) -> None:
    student = as_role(Role.STUDENT, programme_id=world.programme_id, person_id=world.person_id)
    url, wanted = f"/placements/{world.key}/agreement/1/sign", {"party": "student", "signed_name": "张三"}
    wanted |= as_read(student, world)
    assert student.post(url, data={**wanted, "signed_on": "2026-03-01"}).status_code == 422
    assert student.post(url, data={**wanted, "signed_on": "0001-01-01"}).status_code == 422
    assert student.post(url, data={**wanted, "signed_on": "2026-03-02"}).status_code == 303
    [row] = queries.signatures_of(world.key)
    assert (row.person_id, row.signed_on) == (world.person_id, TODAY)


@pytest.mark.parametrize(("days", "code"), [(-1, "before_text"), (0, ""), (3, ""), (4, "bad_placement")])
def test_a_paper_is_dated_from_the_day_of_its_text_until_today(world: SimpleNamespace, days: int, code: str) -> None:
    now = make.at(TODAY + timedelta(days=3))
    kept = files.keep(io.BytesIO(PDF), name="协议.pdf", kind="agreement", by=SYSTEM, now=NOW)
    assert signed(world, TODAY + timedelta(days=days), now=now, file_id=kept.id) == code


@pytest.mark.parametrize(("days", "code"), [(2, "not_today"), (3, ""), (4, "bad_placement")])
def test_what_is_signed_on_the_page_is_signed_today(world: SimpleNamespace, days: int, code: str) -> None:
    assert signed(world, TODAY + timedelta(days=days), now=make.at(TODAY + timedelta(days=3))) == code


def signed(world: SimpleNamespace, on: date, **more: Any) -> str:
    """What a signature of a day is refused with."""
    row = queries.placement(world.key)
    assert row is not None
    try:
        operations.sign_placement(placement=row, party=AgreementParty.ENTERPRISE, signed_name="人力资源部", signed_on=on, by=SYSTEM, **more)
    except BadPlacement as refused:
        return refused.code
    return ""
