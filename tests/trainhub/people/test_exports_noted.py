"""A file with whole telephones leaves an event in the audit log: who took it and how many it holds; one with masks alone leaves none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from trainhub.cli import main
from trainhub.kernel.access import Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import db
from trainhub.organisations.models import Organisation

pytestmark = pytest.mark.database
FILES = {
    "/people/students/export.csv": ("people.student.exported", "students.csv"),
    "/people/teachers/export.xlsx": ("people.teacher.exported", "teachers.xlsx"),
    "/organisations/export.csv": ("organisations.organisation.exported", "organisations.csv"),
}


def _events() -> list[tuple[str, dict[str, Any], str]]:
    db.session.expire_all()
    rows = db.session.scalars(select(AuditEvent).where(AuditEvent.did.like("%.exported")).order_by(AuditEvent.id))
    return [(row.did, row.data, row.origin) for row in rows]


@pytest.fixture
def school(session: Session) -> Organisation:
    """A school with two students and a teacher who have telephones, one student without, and its own contact."""
    programme = ground.programme()
    for phone in ("13800138000", "13800138001", ""):
        ground.student(programme, who=ground.person(phone=phone))
    found = session.get_one(Organisation, programme.university_id)
    ground.teacher(found, who=ground.person(phone="13800138002"), of=programme)
    found.contact_phone = "0591-8888888"
    session.commit()
    return found


def _client(app: Flask, school: Organisation, role: Role) -> FlaskClient:
    return make.signed_in_client(app, role, organisation_id=school.id)


@pytest.mark.parametrize("path", FILES)
def test_who_takes_whole_telephones_is_noted(app: Flask, school: Organisation, path: str) -> None:
    client, (did, name) = _client(app, school, Role.UNIVERSITY_ADMIN), FILES[path]
    assert client.get(path).status_code == 200
    rows = {"people.student.exported": 2}.get(did, 1)
    assert _events() == [(did, {"rows": rows, "file": name}, "127.0.0.1")]
    assert client.get("/people/students/export.pdf").status_code == 404
    assert len(_events()) == 1, "what is refused is no export"


def test_masks_alone_are_nothing_to_note(app: Flask, session: Session, school: Organisation) -> None:
    account = make.account(roles=(Role.DEPT_EDU,))
    session.commit()
    client = make.sign_in(app, account)
    for path in ("/people/students/export.csv", "/people/teachers/export.csv"):
        answer = client.get(path)
        assert (answer.status_code, "13800138000" in answer.text) == (200, False)
    assert _events() == []


def test_the_commands_too(app: Flask, session: Session, school: Organisation, tmp_path: Path) -> None:
    for group, name in (("people", "export-students"), ("people", "export-teachers"), ("organisations", "export")):
        result = CliRunner().invoke(
            main, [group, name, str(tmp_path / f"{name}.csv"), "--json"], obj={"create_app": lambda: app}, catch_exceptions=False
        )
        assert result.exit_code == 0
    assert [(did, data["rows"], origin) for did, data, origin in _events()] == [
        ("people.student.exported", 2, "command line"),
        ("people.teacher.exported", 1, "command line"),
        ("organisations.organisation.exported", 1, "command line"),
    ]
