"""Every kind of thing in the audit log has words, and what is told of it is there: table, columns, page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel import audit_kinds
from trainhub.kernel.access import Grant, Identity, Role
from trainhub.kernel.db import Base
from trainhub.kernel.i18n import in_language

ROOT = Path(__file__).resolve().parents[3]
LITERAL = re.compile(r'\bon=\("([a-z_]+)",')
"""A kind that is written out; that rows name theirs by their table is watched in every test (`app` in tests/conftest.py)."""
NO_TABLE = {"instance", "certificate_counter", "certificate_layout", "keys", "mail_queue", "retention", "status_shift"}
"""Kinds that are no rows with a number of their own: one thing of the whole installation, many at once, a counter by issuer and year, a template that is built in, places from a certificate on."""


def test_every_kind_that_is_written_out_has_words(app: Flask) -> None:
    files = [path for room in ("trainhub", "courses", "enterprises") for path in (ROOT / room).rglob("*.py") if "demo" not in path.parts]
    written = {kind for path in files for kind in LITERAL.findall(path.read_text(encoding="utf-8"))}
    assert len(written) > 15
    assert written - set(audit_kinds.kinds_of(app)) == set()


def test_words_in_both_languages(app: Flask) -> None:
    with app.test_request_context():
        for kind in audit_kinds.kinds_of(app):
            with in_language("zh"):
                chinese = audit_kinds.kind_words(kind)
            with in_language("en"):
                english = audit_kinds.kind_words(kind)
            assert chinese not in (kind, english), kind
            assert english.isascii(), kind


def test_what_is_told_of_a_kind_is_there(app: Flask, session: Session) -> None:
    arguments = {rule.endpoint: rule.arguments for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    for kind, known in audit_kinds.kinds_of(app).items():
        table = known.table or kind
        if kind in NO_TABLE:
            assert known.name == known.page == "", kind
            continue
        assert table in Base.metadata.tables, kind
        session.execute(audit_kinds.statement_of(known, table)[0].limit(1)).all()
        if known.page:
            assert set(known.address) == arguments[known.page], kind


@pytest.mark.parametrize(("roles", "opens"), [((Role.SYSTEM_ADMIN,), True), ((Role.STUDENT,), False)])
def test_a_thing_has_its_name_and_a_page_for_who_may_open_it(app: Flask, session: Session, roles: tuple[Role, ...], opens: bool) -> None:
    person = ground.person("林小满")
    identity = Identity(account_id=1, person_id=None, name="x", grants=tuple(Grant(role) for role in roles))
    with app.test_request_context():
        key = ("person", str(person.id))
        found = audit_kinds.things([key, ("person", "999999999"), ("retention", "*"), ("sung", "1")], identity=identity)
    assert found[key] == audit_kinds.Thing("人员", "林小满", f"/people/persons/{person.id}" if opens else "")
    assert found["person", "999999999"] == audit_kinds.Thing("人员")
    assert found["retention", "*"] == audit_kinds.Thing("保存期限")
    assert found["sung", "1"] == audit_kinds.Thing("sung")


def test_a_kind_is_told_by_one_room(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="person"):
        audit_kinds.name_kinds(app, {"person": audit_kinds.Kind("x")})
