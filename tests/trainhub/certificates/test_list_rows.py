"""Rows of a list: what contradicts another row is told at both, equal rows become one certificate and it is said, no column is dropped silently."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import certificate, corrected
from trainhub.certificates import cli, imports, list_tasks, queries
from trainhub.certificates.models import IssueBatch, IssueItem
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.operations.changing import CannotChange
from trainhub.certificates.operations.issuing import CannotIssue
from trainhub.certificates.types import BatchSource, Kind
from trainhub.certificates.views import lists
from trainhub.kernel import clock, jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.kernel.i18n import in_language
from trainhub.kernel.imports import ImportRefused
from trainhub.organisations.models import Organisation

AsRole = Callable[..., FlaskClient]
HEAD = "姓名,学号,培训项目,培训基地,学时,班级,结束日期"
ROW = "张三,2026001,课程,基地,48,二班,2026-02-05"


@pytest.fixture
def issuer(session: Session) -> Organisation:
    session.expire_on_commit = False
    with transaction():
        here = ground.university()
        programme = ground.programme(here)
        ground.student(programme, who=ground.person("张三"), student_no="2026001")
        ground.student(programme, who=ground.person("李四"), student_no="2026002")
    return here


def _table(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *rows]).encode()


def _read(issuer: Organisation, *rows: str, head: str = HEAD) -> imports.Read:
    return imports.read(io.BytesIO(_table(*rows, head=head)), "名单.csv", queries.layout_of("training"), issuer.id, kind=Kind.TRAINING)


def _told(found: imports.Read) -> list[tuple[int | None, str | None]]:
    return [(one.row, one.column) for one in found.problems]


def test_a_student_number_is_read_however_it_is_typed(issuer: Organisation, session: Session) -> None:
    with transaction():
        ground.student(ground.programme(issuer), who=ground.person("王五"), student_no="s-2026（3）")
    found = _read(issuer, *(ROW.replace("张三,2026001", f"王五,{number}") for number in ("S-2026(3)", " s—2026（3）")))
    assert not found.problems
    assert len(found.rows) == 1


def test_rows_that_contradict_each_other_are_both_told(session: Session, issuer: Organisation) -> None:
    found = _read(issuer, ROW, "李四,2026002,课程,基地,48,二班,2026-02-05", ROW.replace("48", "64").replace("基地", "别处"))
    assert _told(found) == [(2, "base"), (2, "hours"), (4, "base"), (4, "hours")]
    assert [one.value for one in found.problems] == ["基地", "48", "别处", "64"]
    assert "与第 4 行矛盾" in found.problems[0].problem
    assert "与第 2 行矛盾" in found.problems[2].problem
    with pytest.raises(imports.ImportRefused):
        imports.refuse_problems(found)


def test_each_of_three_rows_is_told_what_it_contradicts(session: Session, issuer: Organisation) -> None:
    found = _read(issuer, ROW, ROW, ROW.replace("48", "64"))
    assert _told(found) == [(2, "hours"), (3, "hours"), (4, "hours")]


def test_a_row_with_a_mistake_of_its_own_is_told_that_alone(session: Session, issuer: Organisation) -> None:
    found = _read(issuer, ROW, ROW.replace("48", "很多"))
    assert _told(found) == [(3, "hours")]
    assert "不是数字" in found.problems[0].problem


def test_other_things_of_one_person_are_no_contradiction(session: Session, issuer: Organisation) -> None:
    found = _read(issuer, ROW, ROW.replace("二班", "三班").replace("48", "64"), ROW.replace("02-05", "03-05"), ROW.replace("课程", "另一门"))
    assert (found.problems, found.warnings, len(found.rows)) == ([], [], 4)


def test_equal_rows_are_one_certificate_that_rests_on_both(session: Session, issuer: Organisation) -> None:
    found = _read(issuer, ROW, "李四,2026002,课程,基地,48,二班,2026-02-05", ROW.replace("48", "48.0").replace("2026-02-05", "2026/2/5"))
    assert [(one.row, one.level) for one in found.warnings] == [(4, "warning")]
    assert "与第 2 行相同" in found.warnings[0].problem
    assert len(found.rows) == 2
    assert [text for _kind, _id, text in found.rows[0].evidence] == ["名单“名单.csv”第2行", "名单“名单.csv”第4行"]


DATES = "姓名,学号,培训项目,培训基地,学时,班级,开始日期,结束日期"


@pytest.mark.parametrize(
    ("hours", "first", "last", "told"),
    [
        ("1", "2026-02-01", "2026-02-01", []),
        ("0", "2026-02-01", "2026-02-05", ["hours"]),
        ("0.0", "", "", ["hours"]),
        ("48", "2026-02-02", "2026-02-01", ["ends_on"]),
        ("48", "2098-02-02", "2098-03-01", ["ends_on", "starts_on"]),
        ("48", "", "2099-12-31", ["ends_on"]),
        ("48", "2099-12-31", "2026-02-01", ["ends_on", "starts_on"]),
        ("48", "二月", "2026-02-01", ["starts_on"]),
    ],
)
def test_what_cannot_be_true_is_told(session: Session, issuer: Organisation, hours: str, first: str, last: str, told: list[str]) -> None:
    found = _read(issuer, f"张三,2026001,课程,基地,{hours},二班,{first},{last}", head=DATES)
    assert _told(found) == [(2, one) for one in told]


@pytest.mark.parametrize(("days", "is_right"), [(0, True), (1, False)])
def test_an_examination_is_over_when_it_is_certified(session: Session, issuer: Organisation, days: int, is_right: bool) -> None:
    on = clock.today() + timedelta(days=days)
    table = _table(f"张三,2026001,考试,86,{on.isoformat()}", head="姓名,学号,考试名称,成绩,考试日期")
    found = imports.read(io.BytesIO(table), "名单.csv", queries.layout_of("exam"), issuer.id, kind=Kind.EXAM)
    assert (found.problems == []) is is_right
    assert is_right or "还没有到" in found.problems[0].problem


def test_a_correction_is_asked_the_same(session: Session) -> None:
    made = certificate(Kind.TRAINING, facts={"starts_on": date(2026, 2, 2), "ends_on": date(2026, 2, 6)})
    for facts, said in (({"ends_on": "2026-02-01"}, "早于开始日期"), ({"ends_on": "2099-01-01"}, "还没有到")):
        with pytest.raises(CannotChange, match=said):
            corrected(made, facts=facts)
    assert corrected(made, facts={"ends_on": "2026-02-02"}).facts["ends_on"] == "2026-02-02"
    old = certificate(Kind.TRAINING, facts={"starts_on": date(2026, 2, 2), "ends_on": date(2026, 2, 1)})
    assert corrected(old, facts={"course": "另一门"}).facts["course"] == "另一门", "a mistake of before keeps no other from being put right"


def test_a_heading_that_was_mistyped_is_named_with_the_mistakes(session: Session, issuer: Organisation) -> None:
    found = _read(issuer, ROW.replace("48", "-1"), head=HEAD.replace("班级", "班组"))
    with pytest.raises(ImportRefused, match=r"1 处错误.*未识别的列已忽略：班组"):
        imports.refuse_problems(found)


def test_columns_nobody_knows_are_named(session: Session, issuer: Organisation) -> None:
    found = _read(issuer, f"{ROW},很好,x", head=f"{HEAD},备注,成绩等第")
    assert found.problems == []
    assert [(one.column, one.problem) for one in found.warnings] == [("备注", "未识别的列，已忽略。"), ("成绩等第", "未识别的列，已忽略。")]


@pytest.mark.parametrize("heading", ["发证日期", "签发日期", "issued_on"])
def test_a_date_of_issue_in_a_list_is_refused_in_words(session: Session, issuer: Organisation, heading: str) -> None:
    found = _read(issuer, f"{ROW},", f"{ROW.replace('二班', '三班')},2026-01-01", head=f"{HEAD},{heading}")
    assert _told(found) == [(3, "issued_on")]
    assert "签发的当天" in found.problems[0].problem
    assert _read(issuer, f"{ROW},", head=f"{HEAD},{heading}").problems == [], "an empty column asks for nothing"


def _post(client: FlaskClient, content: bytes, issuer_id: int) -> Any:
    data = {"title": "春季班", "kind": "training", "issuer_id": issuer_id, "submission_key": "k", "file": (io.BytesIO(content), "名单.csv")}
    return client.post("/certificates/batches/import", data=data)


@pytest.mark.parametrize("is_long", [False, True])
def test_the_pages_say_what_was_merged_and_left_out(session: Session, issuer: Organisation, as_role: AsRole, is_long: bool) -> None:
    maker = as_role(Role.UNIVERSITY_ADMIN, organisation_id=issuer.id)
    remark = "x" * (lists.SHORT if is_long else 1)
    answer = _post(maker, _table(f"{ROW},{remark[:30000]},{remark[:30000]},{remark[:9000]}", f"{ROW},,,", head=f"{HEAD},备注,甲,乙"), issuer.id)
    assert answer.status_code == 303
    if is_long:
        jobs.run_all()
        job = session.scalars(sa.select(jobs.Job).where(jobs.Job.task == list_tasks.IMPORT)).one()
        assert "备注" not in json.dumps(job.args, ensure_ascii=False)
        with in_language("en"):
            answer = maker.get(answer.location)
            assert "Row 3 says the same as row 2" in maker.get(answer.location).text
        answer = maker.get(f"/certificates/batches/import/{job.id}")
    page = maker.get(answer.location).text
    assert "第 3 行与第 2 行相同" in page
    assert "备注" in page
    assert session.scalars(sa.select(IssueItem)).one().evidence[1]["id"] == "3"


def test_the_page_names_both_rows_of_a_contradiction(session: Session, issuer: Organisation, as_role: AsRole) -> None:
    maker = as_role(Role.UNIVERSITY_ADMIN, organisation_id=issuer.id)
    answer = _post(maker, _table(ROW, ROW.replace("48", "64")), issuer.id)
    assert answer.status_code == 422
    for said in ("第 2 行", "第 3 行", "学时", "48", "64", "矛盾"):
        assert said in answer.text
    assert session.scalar(sa.select(sa.func.count()).select_from(IssueBatch)) == 0


def test_the_command_gives_warnings_and_both_rows(session: Session, app: Flask, issuer: Organisation, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"

    def run(content: bytes) -> Any:
        file.write_bytes(content)
        args = ["issue", str(file), "--kind", "training", "--issuer", issuer.code or "", "--title", "春", "--dry-run", "--json"]
        return json.loads(CliRunner().invoke(cli.certificates, args, obj={"create_app": lambda: app}).stdout)

    found = run(_table(f"{ROW},x", f"{ROW},x", head=f"{HEAD},备注"))
    assert (found["rows"], found["certificates"]) == (2, 1)
    assert [(one["row"], one["column"]) for one in found["warnings"]] == [(1, "备注"), (3, "name")]
    bad = run(_table(ROW, ROW.replace("48", "64")))["error"]["details"]
    assert [(one["row"], one["column"], one["value"]) for one in bad] == [(2, "hours", "48"), (3, "hours", "64")]


def test_a_selection_with_contradictions_is_refused_by_name(session: Session, issuer: Organisation) -> None:
    who, other = ground.person("张三"), ground.person("李四")
    facts = {"course": "课程", "base": "基地", "hours": 48}
    rows = [Wanted(who.id, facts), Wanted(other.id, facts), Wanted(who.id, {**facts, "hours": 64})]
    with pytest.raises(CannotIssue, match=r"张三（学时 48、64）"):
        batches.check(kind=Kind.TRAINING, issuer=issuer, rows=rows, template="training")
    found = batches.check(
        kind=Kind.TRAINING,
        issuer=issuer,
        rows=[Wanted(who.id, facts, [("a", 1, "甲")]), Wanted(who.id, facts, [("a", 2, "乙")])],
        template="training",
    )
    assert [one["text"] for one in found.items[0]["evidence"]] == ["甲", "乙"]
    batch = batches.prepare(title="一", kind=Kind.TRAINING, source=BatchSource.SELECTION, issuer=issuer, checked=found, by=SYSTEM, now=ground.NOW)
    assert batch.count == 1
