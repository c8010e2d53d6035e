"""What is typed of an organisation in its form is what its import takes: no hidden characters, and a telephone that can be one."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.organisations import operations, queries
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind

pytestmark = pytest.mark.database
FORM = {"code": "NEW-9", "kind": "association", "region_code": "350102"}


@pytest.fixture
def hr(app: Flask, session: Session) -> FlaskClient:
    """Who verifies organisations, signed in."""
    return make.signed_in_client(app, Role.DEPT_HR)


def _report(client: FlaskClient, **cells: str) -> tuple[str, str]:
    columns = {"code": "NEW-9", "kind": "行业协会", "region_code": "350102", **cells}
    text = ",".join(columns) + "\n" + ",".join(columns.values()) + "\n"
    at = client.post("/organisations/import", data={"file": (io.BytesIO(text.encode()), "a.csv")}, content_type="multipart/form-data").location
    return at, client.get(at).text


@pytest.mark.parametrize("sign", ["\u202e", "\u2067"])
def test_what_the_import_refuses_the_form_refuses(hr: FlaskClient, session: Session, sign: str) -> None:
    answer = hr.post("/organisations/new", data=FORM | {"name": f"甲企{sign}业"})
    assert (answer.status_code, "看不见的控制字符" in answer.text) == (422, True)
    assert "不可见的控制字符" in _report(hr, name=f"甲企{sign}业")[1]
    with pytest.raises(operations.BadOrganisation) as refused:
        operations.register(code="NEW-9", kind=OrganisationKind.ASSOCIATION, name=f"甲企{sign}业", by=SYSTEM, now=clock.now())
    assert refused.value.field == "name"
    assert queries.by_code("NEW-9") is None


@pytest.mark.parametrize("sign", ["\u200b", "\u00ad", "\u200f", "\u2060", "\u200d"])
def test_what_nobody_sees_is_left_out_by_both(hr: FlaskClient, session: Session, sign: str) -> None:
    assert hr.post("/organisations/new", data=FORM | {"name": f"甲企{sign}业", "short_name": f"甲{sign}"}).status_code == 303
    at, page = _report(hr, code="NEW-8", name=f"乙企{sign}业")
    assert "检查通过" in page
    assert hr.post(at, data={}).status_code == 303
    session.expire_all()
    one, other = queries.by_code("NEW-9"), queries.by_code("NEW-8")
    assert one is not None
    assert other is not None
    assert (one.name, one.short_name, other.name) == ("甲企业", "甲", "乙企业")


@pytest.mark.parametrize("name", ["\u200b\u2060", "\u3164"])
def test_a_name_of_nothing_is_refused_by_both(hr: FlaskClient, session: Session, name: str) -> None:
    assert hr.post("/organisations/new", data=FORM | {"name": name}).status_code == 422
    page = _report(hr, name=name)[1]
    assert ("检查通过" in page, "submission_key" in page) == (False, False)


def test_pictures_of_several_characters_and_scripts_that_join_stay_whole(hr: FlaskClient, session: Session) -> None:
    """A family is three faces with joiners between them; Persian and Indic spelling needs them too."""
    names = {"name": "👨\u200d👩\u200d👧 \u0628\u06cc\u200c\u062e \u0915\u094d\u200d\u0937", "short_name": "❤\ufe0f\u200d🔥"}
    assert hr.post("/organisations/new", data=FORM | names).status_code == 303
    row = queries.by_code("NEW-9")
    assert row is not None
    assert {"name": row.name, "short_name": row.short_name} == names


@pytest.mark.parametrize(
    ("phone", "is_good"), [("12", False), ("123456", False), ("1234567", True), ("电话", False), ("0591-87654321转12", True), ("", True)]
)
def test_the_telephone_of_a_contact(hr: FlaskClient, session: Session, phone: str, is_good: bool) -> None:
    answer = hr.post("/organisations/new", data=FORM | {"name": "甲协会", "contact_phone": phone})
    assert (answer.status_code == 303, "不完整或含有其他字符" in answer.text) == (is_good, not is_good)
    page = _report(hr, code="NEW-8", name="乙协会", contact_phone=phone)[1]
    assert ("检查通过" in page, "不完整或含有其他字符" in page) == (is_good, not is_good)


def test_a_number_that_stood_before_holds_nothing_back(hr: FlaskClient, session: Session) -> None:
    with transaction():
        row = ground.enterprise(name="甲企")
        row.contact_phone, key, code = "12", row.id, row.code
    assert "文件内容与系统一致" in _report(hr, code=code, kind="企业", name="甲企", contact_phone="12", region_code="")[1]
    with transaction():
        operations.change(organisation=session.get_one(Organisation, key), name="甲企改", contact_phone="12", by=SYSTEM, now=clock.now())
    with pytest.raises(operations.BadOrganisation) as refused, transaction():
        operations.change(organisation=session.get_one(Organisation, key), contact_phone="13", by=SYSTEM, now=clock.now())
    assert refused.value.field == "contact_phone"
