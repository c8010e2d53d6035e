"""Batches: nothing before the second person, everything once, whole portions, tables checked row by row."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import TODAY
from tests.factories.identity import account
from trainhub.certificates import cli, imports, numbers, operations, queries
from trainhub.certificates.models import Certificate, IssueBatch, IssueItem
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.operations.issuing import CannotIssue
from trainhub.certificates.types import BatchSource, BatchState, Kind, State
from trainhub.certificates.views import batches as views
from trainhub.kernel import fonts, jobs
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import transaction
from trainhub.kernel.i18n import in_language
from trainhub.notifications.models import Notice
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person
from trainhub.people.types import IdType, StudentState

AsRole = Callable[..., FlaskClient]
FACTS = {"course": "工业互联网应用", "base": "榕城智造基地", "hours": "48", "class_name": "二班"}
with_fonts = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _who(number: int) -> Identity:
    return Identity(account_id=number, person_id=None, name="某人", grants=())


def _prepare(persons: list[Person], issuer: Organisation, **given: Any) -> IssueBatch:
    rows = given.pop("rows", None) or [Wanted(one.id, {**FACTS, **given.pop("facts", {})}) for one in persons]
    fixed = {"kind": Kind.TRAINING, "template": "training", "source": BatchSource.SELECTION, "by": _who(1), "now": ground.NOW}
    return batches.prepare(title="春季班", issuer=issuer, rows=rows, **{**fixed, **given})


def _decide(batch: IssueBatch, **given: Any) -> IssueBatch:
    return batches.decide(batch=batch, **{"is_approved": True, "reason": "", "by": _who(2), "today": TODAY, "now": ground.NOW, **given})


def _issue(batch: IssueBatch) -> None:
    while batches.issue_portion(batch=batch, by=SYSTEM, today=TODAY, now=ground.NOW):
        pass


def test_four_eyes(session: Session) -> None:
    batch = _prepare([ground.person()], ground.university())
    with pytest.raises(batches.CannotDecide, match="另一人"):
        _decide(batch, by=_who(1))
    with pytest.raises(batches.CannotDecide, match="理由"):
        _decide(batch, is_approved=False)
    assert batches.issue_portion(batch=batch, by=SYSTEM, today=TODAY, now=ground.NOW) == 0
    assert session.scalar(sa.select(sa.func.count()).select_from(Certificate)) == 0
    _decide(batch)
    assert batch.state is BatchState.APPROVED
    with pytest.raises(batches.CannotDecide, match="已经审核过"):
        _decide(batch)


def test_a_second_account_is_not_a_second_pair_of_eyes(session: Session) -> None:
    stays, gone = ground.person(), ground.person()
    mine = [Identity(account_id=account(person=one).id, person_id=stays.id, name="某人") for one in (stays, gone)]
    ground.merge(stays, gone)
    batch = _prepare([ground.person()], ground.university(), by=mine[0])
    with pytest.raises(batches.CannotDecide, match="另一人"):
        _decide(batch, by=mine[1])
    assert _decide(batch, by=_who(9_999)).state is BatchState.APPROVED


def test_who_prepared_may_take_it_back(session: Session) -> None:
    batch = _prepare([ground.person()], ground.university())
    assert _decide(batch, is_approved=False, reason="名单有误", by=_who(1)).state is BatchState.REJECTED


def test_a_portion_asks_as_often_for_many_holders_as_for_one(session: Session, count_queries: list[str]) -> None:
    issuer, asked = ground.university(), []
    for size in (1, 1, 5):  # the first gives the issuer its unit
        persons = [ground.person() for _one in range(size)]
        for one in persons:
            account(person=one)
        batch = _decide(_prepare(persons, issuer))
        session.expire_all()
        count_queries.clear()
        batches.issue_portion(batch=batch, by=SYSTEM, today=TODAY, now=ground.NOW)
        asked.append(sum(one.startswith("SELECT") for one in count_queries))
    assert session.scalar(sa.select(sa.func.count()).select_from(Notice)) == 7
    assert asked[1] == asked[2]


def test_portions_give_gap_free_numbers_and_whole_histories(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PORTION", 2)
    issuer, persons = ground.university(), [ground.person(f"张{mark}") for mark in "甲乙丙丁戊"]
    account(person=persons[0])
    batch = _decide(_prepare(persons, issuer))
    assert batches.issue_portion(batch=batch, by=SYSTEM, today=TODAY, now=ground.NOW) == 3
    _issue(batch)
    assert batch.state is BatchState.ISSUED
    made = list(session.scalars(sa.select(Certificate).order_by(Certificate.number)))
    assert [int(one.number[11:17]) for one in made] == [1, 2, 3, 4, 5]
    assert all(numbers.is_number(one.number) and queries.is_whole(one) for one in made)
    assert [one.holder for one in made] == [one.name for one in persons]
    assert made[0].facts == {**FACTS, "name": "张甲", "issuer": issuer.name, "issued_on": TODAY.isoformat(), **_english(issuer)}
    assert session.scalar(sa.select(sa.func.count()).select_from(Notice)) == 1
    assert batches.issue_portion(batch=batch, by=SYSTEM, today=TODAY, now=ground.NOW) == 0
    operations.revoke(certificate=made[0], reason="误发", document="一号文", on=TODAY, by=SYSTEM, today=TODAY, now=ground.NOW)
    assert queries.is_whole(made[0])


def _english(issuer: Organisation) -> dict[str, str]:
    return {"issuer_en": issuer.name_en} if issuer.name_en else {}


def test_the_same_thing_is_issued_once(session: Session) -> None:
    issuer, who = ground.university(), ground.person()
    first = _decide(_prepare([who, who], issuer))
    assert first.count == 1
    _issue(first)
    second = _prepare([who], issuer)
    assert queries.known_in(second) == 1
    _decide(second)
    _issue(second)
    assert session.scalar(sa.select(sa.func.count()).select_from(Certificate)) == 1
    third = _decide(_prepare([who], issuer, facts={"class_name": "三班"}))
    _issue(third)
    assert session.scalar(sa.select(sa.func.count()).select_from(Certificate)) == 2


def test_a_selection_keeps_the_checksum_of_its_rows(session: Session, as_role: AsRole) -> None:
    issuer, who = ground.university(), ground.person()
    batch = _prepare([who, ground.person()], issuer)
    session.commit()
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=issuer.id)
    assert batch.digest in admin.get(f"/certificates/batches/{batch.id}").text
    table = admin.get(f"/certificates/batches/{batch.id}/table.jsonl").data
    assert hashlib.sha256(table).hexdigest() == batch.digest, "anybody who may see the batch computes it"
    assert [json.loads(line)["facts"]["class_name"] for line in table.splitlines()] == ["二班", "二班"]
    session.execute(sa.update(IssueItem).where(IssueItem.position == 2).values(facts={**FACTS, "hours": "64"}))
    session.commit()
    assert hashlib.sha256(queries.table_of(batch.id)).hexdigest() != batch.digest


def test_a_holder_reads_which_list_and_batch_it_rests_on(session: Session, as_role: AsRole) -> None:
    issuer = ground.university()
    who = ground.person()
    batch = _prepare([who], issuer, digest="ab" * 32, source=BatchSource.IMPORT)
    _issue(_decide(batch))
    session.commit()
    made = session.scalars(sa.select(Certificate)).one()
    made.evidence = [{"kind": "roster", "id": "2", "text": "名单“班.csv”第2行"}, *made.evidence]
    session.commit()
    page = as_role(Role.TRAINEE, person_id=who.id).get(f"/certificates/{made.number}").text
    assert "文件 SHA-256 " + "ab" * 32 in page
    assert f"第 {batch.id} 号批次" in page
    assert "由另一人审核通过" in page
    assert f'"/certificates/batches/{batch.id}"' not in page, "the page of a batch names others: it is not the holder's"


@with_fonts
def test_a_name_in_no_font_is_counted_before_and_waits_after(session: Session) -> None:
    batch = _prepare([ground.person("张\U000323b0"), ground.person("张三")], ground.university())
    assert (batch.count, batch.waiting) == (2, 1)
    _decide(batch)
    _issue(batch)
    states = session.scalars(sa.select(Certificate.state).order_by(Certificate.number)).all()
    assert states == [State.DRAFT, State.ISSUED]


def _table(rows: list[str]) -> bytes:
    head = "姓名,证件号码,学号,培训项目,培训基地,学时,班级,开始日期,结束日期"
    return "\n".join([head, *rows]).encode()


def test_a_kind_that_is_none_is_an_error_of_the_field(app: Flask, as_role: AsRole) -> None:
    with transaction():
        here = ground.university()
    data = {"title": "春季班", "kind": "medal", "template": "training", "issuer_id": here.id, "file": (io.BytesIO(_table([])), "名单.csv")}
    answer = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id).post("/certificates/batches/import", data=data)
    assert (answer.status_code, "请从列出的选项中选择" in answer.text) == (422, True)


def test_the_pages_from_a_table_to_certificates(session: Session, app: Flask, as_role: AsRole) -> None:
    with transaction():
        here, there = ground.university(), ground.university()
        programme = ground.programme(here)
        student = ground.student(programme, who=ground.person("张三"), student_no="2026001")
    maker, checker = (as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id) for _ in range(2))

    def post(rows: list[str], key: str, issuer: int = here.id) -> Any:
        data = {"title": "春季班", "kind": "training", "issuer_id": issuer, "submission_key": key, "file": (io.BytesIO(_table(rows)), "名单.csv")}
        return maker.post("/certificates/batches/import", data=data)

    bad = post(["李四,,2026001,课程,基地,48,二班,,", "张三,,999,课程,基地,x,二班,,", "张三,,,课程,基地,48,,,"], "a")
    assert bad.status_code == 422
    for said in ("姓名与登记的不一致", "没有这个人", "至少填写一项"):
        assert said in bad.text
    assert "第 3 行" in bad.text
    assert "姓名" in bad.text.split("需要改正的内容")[1], "columns are called as in the table"
    assert "没有数据行" in post([], "e").text
    assert post(["张三,,2026001,课程,基地,48,二班,,"], "b", there.id).status_code == 422
    answer = post(["张三,,2026001,课程,基地,48,二班,2026/1/5,2026/2/5"], "c")
    assert answer.status_code == 303
    where = answer.location
    assert hashlib.sha256(_table(["张三,,2026001,课程,基地,48,二班,2026/1/5,2026/2/5"])).hexdigest() in maker.get(where).text
    assert maker.post(f"{where}/decide", data={"decision": "approve"}).status_code == 422
    assert "另一人审核" in maker.get(where).text
    if fonts.available():
        preview = maker.get(f"{where}/preview.pdf").data
        assert preview.startswith(b"%PDF-")
        if shutil.which("pdftotext"):
            said = subprocess.run(["pdftotext", "-", "-"], input=preview, check=True, capture_output=True).stdout.decode()
            assert ("示例核验码" in said, "缺：" in said) == (True, False), "a code is made at issuing, a preview lacks nothing"
    assert checker.post(f"{where}/decide", data={"decision": "approve"}).status_code == 303
    jobs.run_all()
    made = session.scalar(sa.select(Certificate))
    assert made is not None
    assert (made.holder, made.facts["ends_on"], made.programme_id) == ("张三", "2026-02-05", programme.id)
    assert [one["text"] for one in made.evidence] == ["名单“名单.csv”第2行", "春季班"]
    assert made.person_id == student.person_id
    assert "已签发" in checker.get("/certificates/batches").text
    assert as_role(Role.UNIVERSITY_ADMIN, organisation_id=there.id).get(where).status_code == 403
    page = maker.get("/certificates/batches/import").text
    for kind in ("training", "exam", "mentor", "completion", "placement", "capstone"):  # every kind but the programme's
        assert f"/certificates/batches/import/{kind}.xlsx" in page
        assert f'value="{kind}"' in page
        assert maker.get(f"/certificates/batches/import/{kind}.xlsx").data.startswith(b"PK")
    assert 'value="programme"' not in page


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_batch_rests_on_the_same_words_whoever_imports_it_reads_what(session: Session, language: str) -> None:
    number = ground.resident_id(date(1999, 1, 1))
    who, issuer = ground.person("张三", id_type=IdType.RESIDENT_ID, id_number=number), ground.university()
    table = f"姓名,证件类型,证件号码,培训项目,培训基地,学时\n张三,居民身份证,{number},课程,基地,48"
    with in_language(language):
        found = imports.read(io.BytesIO(table.encode()), "名单.csv", queries.layout_of("training"), issuer.id, kind=Kind.TRAINING)
        assert found.problems == []
        batch = _prepare([], issuer, rows=found.rows)
        _decide(batch)
        _issue(batch)
        (made,) = queries.of_person(who.id)
        correction = operations.prepare_correction(
            certificate=made, facts={"hours": 40}, reason="误", document="1号", on=TODAY, by=_who(1), today=TODAY, now=ground.NOW
        )
        _decide(correction)
    (after,) = [one for one in queries.of_person(who.id) if one.is_current]
    assert [one["text"] for one in after.evidence] == ["名单“名单.csv”第2行", "春季班", f"更正 {numbers.show_number(made.number)}"]


def test_the_forms_call_the_facts_in_the_readers_language(session: Session, as_role: AsRole) -> None:
    with transaction():
        here = ground.university()
        programme = ground.programme(here)
        student = ground.student(programme)
        batch = _prepare([ground.person()], here)
        _decide(batch)
        _issue(batch)
    made = session.scalar(sa.select(Certificate))
    assert made is not None
    head = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
    for path in (f"/certificates/{made.number}/change/correct?x=1", f"/certificates/batches/select?kind=training&programme={student.programme_id}"):
        for language, shown, other in (("en", "Training base", "培训基地"), ("zh", "培训基地", "Training base")):
            page = head.get(f"{path}&lang={language}").text
            assert shown in page
            assert other not in page


FORM_SHOWS = (("培训项目", "课程"), ("培训基地", "基地"), ("学时", "8"))


def test_the_pages_of_a_selection(session: Session, as_role: AsRole) -> None:
    with transaction():
        here = ground.university()
        programme = ground.programme(here)
        students = [ground.student(programme) for _ in range(3)]
    maker = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
    where = f"/certificates/batches/select?kind=training&programme={programme.id}"
    assert students[0].student_no in maker.get(where).text
    form = {"title": "选", "issuer_id": here.id, "template": "training", "fact_course": "课程", "fact_base": "基地", "fact_hours": "8"}
    assert maker.post(where, data=form).status_code == 422
    for hours in ("-5", "很多", "1e3"):
        refused = maker.post(where, data={**form, "fact_hours": hours, "persons": [students[0].person_id], "submission_key": hours})
        assert (refused.status_code, hours in refused.text) == (422, True), "what a table may not say, a form may not either"
    for first, last, said in (("2026-02-02", "2026-02-01", "早于开始日期"), ("2099-01-01", "", "还没有到")):
        days = {"fact_starts_on": first, "fact_ends_on": last, "persons": [students[0].person_id], "submission_key": first}
        refused = maker.post(where, data={**form, **days})
        assert (refused.status_code, said in refused.text) == (422, True)
    answer = maker.post(where, data={**form, "persons": [students[0].person_id, students[2].person_id], "submission_key": "s"})
    assert answer.status_code == 303
    batch = session.scalar(sa.select(IssueBatch))
    assert batch is not None
    assert (batch.count, batch.source) == (2, BatchSource.SELECTION)
    page = maker.get(answer.location).text
    order = [page.index(f'<span class="faint">{label}</span> <span class="text-nowrap">{value}') for label, value in FORM_SHOWS]
    assert order == sorted(order), "who decides reads what is what, as on the page"


def test_everyone_is_everyone_however_many_are_listed(session: Session, as_role: AsRole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST_LISTED", 2)
    with transaction():
        here = ground.university()
        programme = ground.programme(here)
        studying = [ground.student(programme) for _ in range(2)]
    maker = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
    where = f"/certificates/batches/select?kind=training&programme={programme.id}"
    page = maker.get(where).text
    assert "共 2 人" in page
    assert "只列出前" not in page
    with transaction():
        studying.append(ground.student(programme))
        graduate = ground.student(programme)
        graduate.state = StudentState.GRADUATED
    page = maker.get(where).text
    assert "共 3 人，下面只列出前 2 人" in page
    assert graduate.student_no not in page
    assert graduate.student_no in maker.get(f"{where}&studying=graduated").text
    assert "共 4 人，下面只列出前 2 人" in maker.get(f"{where}&studying=both").text
    form = {
        "title": "选",
        "issuer_id": here.id,
        "template": "training",
        "fact_course": "课程",
        "fact_base": "基地",
        "fact_hours": "8",
        "is_everyone": "y",
    }
    for asked, count in (("", 3), ("&studying=both", 4)):
        assert maker.post(where + asked, data={**form, "submission_key": f"all{asked}"}).status_code == 303
        batch = session.scalar(sa.select(IssueBatch).order_by(IssueBatch.id.desc()))
        assert batch is not None
        assert batch.count == count


def test_the_command_checks_and_prepares(session: Session, app: Flask, tmp_path: Path) -> None:
    with transaction():
        here = ground.university()
        ground.student(ground.programme(here), who=ground.person("张三"), student_no="2026001")
    file = tmp_path / "a.csv"
    file.write_bytes(_table(["张三,,2026001,课程,基地,48,二班,,"]))

    def run(*more: str) -> Any:
        args = ["issue", str(file), "--kind", "training", "--issuer", here.code or "", "--title", "春", *more, "--json"]
        return json.loads(CliRunner().invoke(cli.certificates, args, obj={"create_app": lambda: app}).stdout or "null")

    with transaction():
        preparer = account(username="zhou", roles=(Role.UNIVERSITY_ADMIN,), organisation_id=here.id).id
        account(username="lin", roles=(Role.UNIVERSITY_ADMIN,), organisation_id=ground.university().id)

    assert run("--dry-run") == {
        "rows": 1,
        "certificates": 1,
        "known": 0,
        "revoked": 0,
        "unlike": 0,
        "drafts": 0,
        "needs_glyph": 0,
        "lacks_facts": 0,
        "overflows": 0,
        "batch": None,
    }
    assert session.scalar(sa.select(sa.func.count()).select_from(IssueBatch)) == 0
    assert run() is None, "wrong usage: who prepares it is not said"
    assert run("--as", "nobody")["error"]["code"] == "not_found"
    assert run("--as", "lin")["error"]["code"] == "not_allowed", "somebody of another university"
    assert session.scalar(sa.select(sa.func.count()).select_from(IssueBatch)) == 0
    batch = session.get(IssueBatch, run("--as", "zhou")["batch"])
    assert batch is not None
    assert batch.asked_by_id == preparer
    given: dict[str, Any] = {"batch": batch, "is_approved": True, "reason": "", "today": TODAY, "now": ground.NOW}
    with pytest.raises(batches.CannotDecide, match="另一人"):
        batches.decide(by=_who(preparer), **given)
    batches.decide(by=_who(2), **given)
    file.write_bytes(_table([f"张三,,2026001,{'工业互联网平台架构与数据采集' * 20},基地,48,二班,,"]))
    args = ["issue", str(file), "--kind", "training", "--issuer", here.code or "", "--title", "春", "--dry-run", "--json"]
    told = CliRunner().invoke(cli.certificates, args, obj={"create_app": lambda: app})
    assert (json.loads(told.stdout)["needs_glyph"], json.loads(told.stdout)["overflows"]) == (0, 1)
    assert "张三：" in told.stderr
    assert "（多出" in told.stderr
    file.write_bytes(_table(["李四,,2026001,课程,基地,48,二班,,"]))
    assert run("--as", "zhou")["error"]["details"][0]["problem"].startswith("姓名与登记的不一致")


def test_what_nobody_is_known_to_have_prepared_is_approved_by_nobody(session: Session) -> None:
    """A batch put together by a command of before names no preparer: whoever approved it may have been the same person."""
    with transaction():
        row, issuer = Wanted(ground.person().id, FACTS), ground.university()
        one = batches.prepare(title="一期", kind=Kind.TRAINING, source=BatchSource.IMPORT, issuer=issuer, rows=[row], by=SYSTEM, now=ground.NOW)
    given: dict[str, Any] = {"today": TODAY, "now": ground.NOW}
    with pytest.raises(batches.CannotDecide, match="不知道由谁建立"):
        batches.decide(batch=one, is_approved=True, reason="", by=_who(2), **given)
    assert batches.decide(batch=one, is_approved=False, reason="重新建立", by=_who(2), **given).state is BatchState.REJECTED


def test_a_programme_certificate_is_for_the_chain_alone(session: Session, as_role: AsRole) -> None:
    with transaction():
        row, issuer = Wanted(ground.person().id, {"programme": "机械工程", "weeks": "32"}), ground.university()
    with pytest.raises(CannotIssue, match="培养链条"):
        batches.prepare(title="一期", kind=Kind.PROGRAMME, source=BatchSource.IMPORT, issuer=issuer, rows=[row], by=SYSTEM, now=ground.NOW)
    page = as_role(Role.SYSTEM_ADMIN).get("/certificates/batches/select?kind=programme").text
    assert 'value="programme"' not in page
    assert 'value="training" selected' in page
