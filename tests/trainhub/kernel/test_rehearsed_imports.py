"""The dry run of an import says what applying would say, whatever only the verb knows, and leaves nothing: no row, no audit event, no notice."""

from __future__ import annotations

import dataclasses
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from enterprises.mentors import imports as mentors
from enterprises.mentors.models import Mentor
from tests.factories import ground
from tests.factories import identity as make
from trainhub.cli import main
from trainhub.kernel import clock, files, import_pages, imports
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import transaction
from trainhub.kernel.files import StoredFile
from trainhub.ledger.holidays import imports as holidays
from trainhub.organisations import imports as organisations
from trainhub.organisations.models import Organisation
from trainhub.people.imports import backgrounds, moves, persons, students, teachers
from trainhub.people.models import Person

pytestmark = pytest.mark.database
PEOPLE = (students, teachers, backgrounds, moves, persons)
HEAD = "name,id_type,id_number,enterprise,post,since,load_limit"


def _file(enterprise: Organisation, *rows: tuple[str, date]) -> str:
    lines = [
        f"{name},resident_id,{ground.resident_id(date(1980, 1, n + 1))},{enterprise.uscc},工程师,{since},5" for n, (name, since) in enumerate(rows)
    ]
    return "\n".join((HEAD, *lines)) + "\n"


def _counts(session: Session) -> tuple[Any, ...]:
    return tuple(session.scalar(select(func.count()).select_from(table)) for table in (Person, Mentor, AuditEvent))


@pytest.fixture
def enterprise(session: Session) -> Organisation:
    """A verified enterprise."""
    with transaction():  # writes the events of its making
        return ground.enterprise()


def test_the_dry_run_refuses_what_apply_refuses(session: Session, enterprise: Organisation, tmp_path: Path) -> None:
    """A name with a character that no certificate prints passed the check of mentors, and stopped the work at its row."""
    path = tmp_path / "m.csv"
    path.write_text(_file(enterprise, ("好导师", date(2026, 1, 1)), ("王\ue000五", date(2026, 1, 1)), ("李\ue001六", date(2026, 1, 1))), "utf-8")
    before, said = _counts(session), []
    for dry in (True, False):
        with pytest.raises(imports.ImportRefused) as refused:
            imports.run_file(mentors.SPEC, str(path), dry_run=dry, by=SYSTEM, today=clock.today(), now=clock.now())
        said.append([(one["row"], one["column"], one["problem"]) for one in refused.value.details])
    assert [row for row, _column, _problem in said[0]] == [3, 4], "all of them at once"
    assert said[1][0] in said[0]
    assert _counts(session) == before


def test_a_good_dry_run_leaves_nothing(session: Session, enterprise: Organisation, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(_file(enterprise, ("好导师", date(2026, 1, 1))), "utf-8")
    before = _counts(session)
    for dry, applied in ((True, False), (True, False), (False, True)):
        told = imports.run_file(mentors.SPEC, str(path), dry_run=dry, by=SYSTEM, today=clock.today(), now=clock.now())
        assert (told["added"], told["applied"]) == (1, applied)
        if dry:
            session.expire_all()
            assert _counts(session) == before
    assert _counts(session)[:2] == (before[0] + 1, before[1] + 1)


def test_the_report_of_the_page_too(app: Flask, session: Session, enterprise: Organisation) -> None:
    client = make.signed_in_client(app, Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise.id)
    before = _counts(session)[:2]
    upload = io.BytesIO(_file(enterprise, ("王\ue000五", date(2026, 1, 1))).encode())
    path = client.post("/mentors/import", data={"file": (upload, "m.csv")}, content_type="multipart/form-data").location
    page = client.get(path).text
    assert ("无法识别的字符" in page, "submission_key" in page) == (True, False)
    assert "无法识别的字符" in client.get(f"{path}/problems").text
    session.expire_all()
    assert _counts(session)[:2] == before


def test_the_report_only_reads(app: Flask, session: Session, enterprise: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is looked at took the lock of writers as long as the file was tried; it is tried once, when it is handed in."""
    client = make.signed_in_client(app, Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise.id)
    upload = io.BytesIO(_file(enterprise, ("王\ue000五", date(2026, 1, 1)), ("好导师", date(2026, 1, 1))).encode())
    path = client.post("/mentors/import", data={"file": (upload, "m.csv")}, content_type="multipart/form-data").location
    kept = session.scalar(select(StoredFile).where(StoredFile.media_type == "application/json", StoredFile.kind == "import"))
    assert kept is not None
    assert kept.is_sealed, "it repeats cells of a file that names people"

    def writes() -> None:
        raise AssertionError("a page that is looked at writes")

    monkeypatch.setattr(import_pages, "transaction", writes)
    monkeypatch.setattr(import_pages, "rehearse", writes)
    for _again in range(2):
        assert ("无法识别的字符" in (page := client.get(path).text), "submission_key" in page) == (True, False)
    assert "无法识别的字符" in client.get(f"{path}/problems").text
    monkeypatch.undo()
    (problem,) = json.loads(files.read(kept))["problems"]
    assert "%(codes)s" in problem["problem"]["word"], "read in the language of whoever reads"
    assert client.get(path.rsplit("/", 1)[0] + f"/{kept.id}").status_code == 404, "what was found is no upload"


def test_what_the_database_refuses_is_told_of_its_row(session: Session, enterprise: Organisation, tmp_path: Path) -> None:
    """A constraint that a verb runs into made the report itself a page of a bug."""

    def apply(item: Any, by: Any, today: date, now: Any) -> None:
        session.add(Person(name="", created_at=now))
        session.flush()

    spec = dataclasses.replace(mentors.SPEC, apply=apply, at_once=None)
    found = imports.read(spec, io.BytesIO(_file(enterprise, ("好导师", date(2026, 1, 1))).encode()), filename="m.csv")
    before = _counts(session)
    with transaction():
        draft = imports.rehearse(spec, found, by=SYSTEM, today=clock.today(), now=clock.now())
    assert [(one.row, "冲突" in one.problem) for one in draft.problems] == [(2, True)]
    assert _counts(session) == before


@pytest.mark.parametrize(("most", "offered"), [(1, False), (0, True)])
def test_a_page_tries_files_of_a_size(
    app: Flask, session: Session, enterprise: Organisation, monkeypatch: pytest.MonkeyPatch, most: int, offered: bool
) -> None:
    """Others wait as long as a file is tried: of a longer one the pages show the check, and applying it refuses."""
    monkeypatch.setattr(import_pages, "REHEARSED_MOST", most)
    client = make.signed_in_client(app, Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise.id)
    upload = io.BytesIO(_file(enterprise, ("王\ue000五", date(2026, 1, 1))).encode())
    path = client.post("/mentors/import", data={"file": (upload, "m.csv")}, content_type="multipart/form-data").location
    page = client.get(path).text
    assert ("submission_key" in page) == offered
    assert ("没有试做" in page) == offered, "what the report does not know it says"
    assert ("trainhub mentors import FILE --dry-run" in page) == offered


def test_a_file_whose_fault_was_mended_in_the_system_says_that_it_was_not_tried(app: Flask, session: Session, enterprise: Organisation) -> None:
    """The check refused it when it was handed in, so that it was not tried then; now the check finds nothing."""
    client = make.signed_in_client(app, Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise.id)
    later = ground.uscc()
    line = f"好导师,resident_id,{ground.resident_id(date(1980, 1, 1))},{later},工程师,2026-01-01,5"
    upload = io.BytesIO(f"{HEAD}\n{line}\n".encode())
    path = client.post("/mentors/import", data={"file": (upload, "m.csv")}, content_type="multipart/form-data").location
    page = client.get(path).text
    assert ("submission_key" in page, "没有试做" in page) == (False, False)
    with transaction():
        enterprise.uscc = later
    page = client.get(path).text
    assert ("submission_key" in page, "没有试做" in page, "请重新上传同一文件" in page) == (True, True, True)


def test_a_page_names_no_command_that_is_not_there(app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_pages, "REHEARSED_MOST", 0)
    client = make.signed_in_client(app, Role.DEPT_HR)
    upload = io.BytesIO(f"uscc,name,reason,since,until\n{ground.uscc()},某某公司,拖欠工资,2026-01-01,\n".encode())
    path = client.post("/awards/credit/import", data={"file": (upload, "c.csv")}, content_type="multipart/form-data").location
    page = client.get(path).text
    assert ("没有试做" in page, "不超过 0 行" in page, "--dry-run" in page) == (True, True, False)
    named = [spec.command for spec in (holidays.SPEC, organisations.SPEC, mentors.SPEC, *(one.SPEC for one in PEOPLE)) if spec.command]
    assert len(named) == 8
    for words in named:
        program, group, name = words.split()
        commands = main.get_command(click.Context(main), group)
        assert isinstance(commands, click.Group)
        assert (program, name in commands.commands) == ("trainhub", True), words


def test_what_the_database_refuses_at_last_is_told_of_its_row(session: Session, enterprise: Organisation, tmp_path: Path) -> None:
    """Of a file that was not tried, somebody took the number between the check and the work."""

    def apply(item: Any, by: Any, today: date, now: Any) -> None:
        session.add(Person(name="", created_at=now))

    spec, path = dataclasses.replace(mentors.SPEC, apply=apply, at_once=None), tmp_path / "m.csv"
    path.write_text(_file(enterprise, ("好导师", date(2026, 1, 1))), "utf-8")
    before = _counts(session)
    with pytest.raises(imports.ImportRefused, match="第 2 行") as refused:
        imports.run_file(spec, str(path), dry_run=False, by=SYSTEM, today=clock.today(), now=clock.now())
    assert [(one["row"], "冲突" in one["problem"]) for one in refused.value.details] == [(2, True)]
    assert _counts(session) == before
