"""A list that brings a new organisation and puts a standing one below it: one import does both, and there is nothing left to do."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from tests.trainhub.kernel.test_confirmed_imports import hand_in, shown_fields, words
from trainhub.kernel import clock, imports
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.organisations import imports as files
from trainhub.organisations import operations, queries

HEAD = "机构代码,名称,类型,上级单位代码\n"


def run(text: str) -> imports.Draft:
    return imports.execute_bytes(files.SPEC, text.encode(), filename="a.csv", by=SYSTEM, today=clock.today(), now=clock.now())


@pytest.mark.parametrize("is_parent_first", [True, False])
def test_a_new_parent_is_written_by_the_same_import(session: Session, is_parent_first: bool) -> None:
    standing = ground.enterprise(name="榕城智造")
    rows = ["NEW-PARENT,榕城集团,企业,\n", f"{standing.code},榕城智造,企业,NEW-PARENT\n"]
    text = HEAD + "".join(rows if is_parent_first else reversed(rows))
    first = run(text)
    assert (first.added, first.changed, first.unchanged) == (1, 1, 0)
    parent = queries.by_code("NEW-PARENT")
    assert parent is not None
    assert standing.parent_id == parent.id
    again = run(text)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)


def test_a_standing_parent_and_an_empty_cell_are_left(session: Session) -> None:
    parent = ground.enterprise(name="榕城集团")
    standing = ground.enterprise(name="榕城智造")
    text = HEAD + f"{standing.code},榕城智造,企业,{parent.code}\n"
    assert run(text).changed == 1
    assert run(text).unchanged == 1
    assert run(HEAD + f"{standing.code},榕城智造,企业,\n").unchanged == 1
    assert standing.parent_id == parent.id


@pytest.mark.database
def test_a_report_of_an_applied_file_claims_no_cause_of_what_is_left(app: Flask, session: Session) -> None:
    """What differs may be the file's own doing (two rows of one person with two telephones): nothing is said of who changed what."""
    with transaction():
        code = ground.enterprise(name="榕城智造").code
    client = make.signed_in_client(app, Role.DEPT_HR)
    at, page = hand_in(client, "/organisations/import", f"机构代码,名称,类型\n{code},榕城智能制造,企业\n")
    assert client.post(at, data=shown_fields(page)).status_code == 303
    with transaction():
        organisation = queries.by_code(code)
        assert organisation is not None
        operations.change(organisation=organisation, name="榕城", by=SYSTEM, now=clock.now())
    page = words(client.get(at).text)
    assert "文件与系统现在仍有不同" in page
    assert "此后系统里的数据又有变化" not in page
