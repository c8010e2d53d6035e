"""The code of an enterprise is its USCC (GB 32100-2015): judged like one, and known as one, in the form and in the import."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from trainhub.kernel.access import Role
from trainhub.organisations import imports, operations, queries, rules
from trainhub.organisations.types import OrganisationKind

pytestmark = pytest.mark.database

RIGHT, OTHER, WRONG, FORBIDDEN = "91350100MA344AMM9H", "91350100MADEM0001Y", "91350100MA344AMM9M", "91350100OA344AMM9H"


@pytest.fixture
def hr(app: Flask, session: Session) -> FlaskClient:
    """Who verifies organisations, signed in."""
    return make.signed_in_client(app, Role.DEPT_HR)


def _report(client: FlaskClient, *rows: tuple[str, str, str]) -> tuple[str, str]:
    lines = [f"{code},{name},企业,{uscc},350102" for code, name, uscc in rows]
    text = "\n".join(["code,name,kind,uscc,region_code", *lines])
    at = client.post("/organisations/import", data={"file": (io.BytesIO(text.encode()), "a.csv")}, content_type="multipart/form-data").location
    return at, client.get(at).text


@pytest.mark.parametrize(
    ("code", "uscc", "says"),
    [
        (WRONG, "", "校验位不符"),
        (FORBIDDEN, "", "不应出现的字符"),
        (RIGHT, OTHER, f"与机构代码 {RIGHT} 不一致"),
        (WRONG[:17], "", None),
        (WRONG + "1", "", None),
        ("ENT-ABROAD", "", None),
        ("ENT-ABROAD", OTHER, None),
        (RIGHT, RIGHT, None),
        (RIGHT, "", None),
    ],
)
def test_a_code_of_eighteen_signs_is_a_right_one(hr: FlaskClient, code: str, uscc: str, says: str | None) -> None:
    """One sign less or more is a code of one's own, for who has no USCC yet; what has the form of one must be one."""
    _at, page = _report(hr, (code, "甲企业", uscc))
    assert ("检查通过" in page, says is None or says in page) == (says is None, True)
    given = {"code": code, "name": "甲企业", "kind": "enterprise", "uscc": uscc, "region_code": "350102"}
    answer = hr.post("/organisations/new", data=given)
    assert (answer.status_code, says is None or says in answer.text) == (303 if says is None else 422, True)
    row = queries.by_code(code)
    assert (row is not None) == (says is None)
    if row is not None:
        assert row.uscc == (uscc or (RIGHT if code == RIGHT else None))


def test_the_code_fills_the_number_of_an_imported_enterprise(hr: FlaskClient, session: Session) -> None:
    at, page = _report(hr, (RIGHT, "甲企业", ""), (OTHER.lower(), "乙企业", ""))
    assert "检查通过" in page
    assert hr.post(at, data={}).status_code == 303
    session.expire_all()
    assert [row.uscc for code in (RIGHT, OTHER.lower()) if (row := queries.by_code(code))] == [RIGHT, OTHER]
    assert f"已登记在机构 {RIGHT} 名下" in _report(hr, ("ENT-2", "丙企业", RIGHT))[1]


def test_one_number_twice_in_a_file_is_told(hr: FlaskClient) -> None:
    assert "与第 2 行重复" in _report(hr, (RIGHT, "甲企业", ""), ("ENT-2", "乙企业", RIGHT))[1]


def test_another_number_than_the_code_is_refused_later_too(hr: FlaskClient, session: Session) -> None:
    """The code cannot be changed: verified with another number, an enterprise would stand there under two."""
    row = ground.organisation(OrganisationKind.ENTERPRISE, code=RIGHT, uscc=RIGHT)
    with pytest.raises(operations.BadOrganisation, match="不一致") as refused:
        operations.change(organisation=row, uscc=OTHER, by=make.SYSTEM, now=make.NOW)
    assert refused.value.field == "uscc"
    assert "不一致" in _report(hr, (RIGHT, row.name, OTHER))[1]


def test_what_was_registered_before_is_imported_again(hr: FlaskClient, session: Session) -> None:
    """Under a wrong code, as it stands there: who exports and imports again changes nothing, and the number can be completed."""
    row = ground.organisation(OrganisationKind.ENTERPRISE)
    row.code, row.uscc = WRONG, None
    session.commit()
    assert "检查通过" in _report(hr, (WRONG, row.name, ""))[1]
    assert "检查通过" in _report(hr, (WRONG, row.name, RIGHT))[1]
    row.code, row.uscc = RIGHT, OTHER
    session.commit()
    assert "检查通过" in _report(hr, (RIGHT, row.name, OTHER))[1]
    assert operations.change(organisation=row, uscc=OTHER, short_name="甲", by=make.SYSTEM, now=make.NOW).keys() == {"short_name"}


def test_examples_of_the_template_are_right() -> None:
    for example in imports.SPEC.examples:
        assert rules.uscc_problem(example["code"]) is None
        assert example["uscc"] == example["code"]
