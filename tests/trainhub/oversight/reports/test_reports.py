"""Reports on a real database: made, counted again, published, as files; open data hides small groups."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.awards import operations as awards
from enterprises.placements.models import Placement
from enterprises.placements.types import PlacementState
from tests.factories import awards as make
from tests.factories import enterprises as field
from tests.factories import ground
from trainhub.kernel import jobs
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.kernel.i18n import in_language
from trainhub.ledger import operations as ledger
from trainhub.ledger.types import Category, Source
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind, OrganisationState
from trainhub.oversight.goals.models import Goal
from trainhub.oversight.reports import operations, rules
from trainhub.oversight.reports.building.common import bars, columns, source, table
from trainhub.oversight.reports.building.registry import RECIPES
from trainhub.oversight.reports.models import Report
from trainhub.oversight.reports.operations import ReportRefused
from trainhub.oversight.reports.pdf import WIDTH, _least, _register, _widths, pdf
from trainhub.oversight.reports.types import Column, Document, Figure, ReportKind, ReportState, Section, Table
from trainhub.oversight.reports.views import originals
from trainhub.oversight.reports.workbook import workbook
from trainhub.oversight.talents import operations as talents
from trainhub.oversight.talents import queries as queries_of_talents
from trainhub.oversight.talents.types import TalentKind
from trainhub.people import operations as people
from trainhub.people.types import PairDecision

NOW, TODAY = datetime(2026, 3, 2, 2, tzinfo=UTC), date(2026, 3, 2)
YEAR = {"since": date(2026, 1, 1), "until": date(2026, 2, 28)}
AsRole = Callable[..., FlaskClient]


def _days(student: Any, enterprise: Any, count: int, now: datetime = NOW) -> None:
    first = date(2026, 1, 5)
    days = [day for n in range(60) if (day := first + timedelta(days=n)).weekday() < 5][:count]
    ledger.confirm_days(student_id=student.id, enterprise_id=enterprise.id, base_id=None, source_id=None, days=days, by=SYSTEM, now=now)


def _made(kind: ReportKind, organisation: Any = None) -> Report:
    row = operations.ask(kind=kind, organisation=organisation, by=SYSTEM, today=TODAY, now=NOW, **YEAR)
    return operations.make(report=row, by=SYSTEM, now=NOW)


def test_contribution_counts_students_and_person_weeks_and_comes_out_again_after_a_late_entry(session: Session) -> None:
    student, other, enterprise = ground.student(), ground.student(), ground.enterprise(name="甲企业")
    _days(student, enterprise, 12)
    row = _made(ReportKind.CONTRIBUTION)
    table = operations.kept(row).sections[0].table
    assert table is not None
    assert [cell for cell in table.rows[0][:4]] == [1, "甲企业", 1, "2.4"]
    assert operations.recount(row).is_same
    _days(other, enterprise, 5, NOW + timedelta(days=1))
    ledger.withdraw_day(student_id=student.id, enterprise_id=enterprise.id, day=date(2026, 1, 5), reason="误", by=SYSTEM, now=NOW + timedelta(days=1))
    assert operations.recount(row).is_same
    assert operations.make(report=row, by=SYSTEM, now=NOW).sha256 == row.sha256


def test_the_forecast_of_demand_names_the_country_beside_it(session: Session) -> None:
    """RESEARCH-1.0, 002:27; a report of a year that the study does not know says nothing of it."""
    told = "".join(operations.kept(_made(ReportKind.DEMAND)).sections[0].paragraphs)
    assert "本科工科专业布点 16,284 个，其中与十大重点领域相关的约 8,000 个，占近 50%（RESEARCH-1.0, 002:27）" in told
    early = operations.ask(kind=ReportKind.DEMAND, since=date(2014, 1, 1), until=date(2014, 12, 31), by=SYSTEM, today=TODAY, now=NOW)
    assert "16,284" not in "".join(operations.kept(operations.make(report=early, by=SYSTEM, now=NOW)).sections[0].paragraphs)


def test_no_word_of_a_wide_table_is_broken_in_print() -> None:
    """Ten columns with English heads: smaller type instead of "Progra mme"."""
    heads = ("University", "#Programme", "#Students in enterprises", "#Placement person-weeks", "#Capstone", "#Part-time teachers", "#Completions")
    wide = Table("t", columns(*heads, "#Enrolments", "#Open courses", "#Training enrolments"), (("Minjiang University of Technology", *[1] * 9),))
    _register()
    widths, size = _widths(wide)
    assert (sum(widths) <= WIDTH + 0.01, size < 8.2) == (True, True)
    assert all(width >= _least(wide, place, size) - 0.01 for place, width in enumerate(widths))
    narrow = Table("t", columns("领域", "#人数"), (("新材料", 3),))
    assert _widths(narrow)[1] == 8.2


def _trained(now: datetime) -> Any:
    row, _is_new = ledger.record_training(
        person_id=ground.person().id,
        organisation_id=ground.base().id,
        course="电商",
        category=Category.WORKER,
        county_code="350102",
        hours_x10=160,
        completed_on=date(2016, 3, 1),
        is_counted=True,
        source=Source.ROSTER,
        by=SYSTEM,
        now=now,
    )
    return row


def test_the_progress_of_a_goal_in_a_report_does_not_move_with_late_rosters(session: Session) -> None:
    for goal in session.scalars(select(Goal)):
        goal.created_at = NOW - timedelta(days=1)
    first = _trained(NOW)
    row = _made(ReportKind.QUALITY)
    table = operations.kept(row).sections[3].table
    assert table is not None
    assert [line[2:4] for line in table.rows] == [(1, 1)]
    _trained(NOW + timedelta(days=1))
    assert operations.recount(row).is_same
    ledger.cancel_record(record_id=first.id, reason="误", by=SYSTEM, now=NOW + timedelta(days=1))
    session.expire_all()
    assert operations.recount(row).is_same


def test_a_scorecard_shows_awards_as_they_stood(session: Session) -> None:
    base, later = make.base(), date(2026, 3, 3)
    award = make.examined(make.apply(base))
    asked = operations.ask(kind=ReportKind.SCORECARD, organisation=base, since=date(2026, 1, 1), until=TODAY, by=SYSTEM, today=TODAY, now=NOW)
    row = operations.make(report=asked, by=SYSTEM, now=NOW)
    table = operations.kept(row).sections[3].table
    assert table is not None
    assert [line[1:] for line in table.rows] == [("已申请", None, None)]
    when: dict[str, Any] = {"by": SYSTEM, "today": later, "now": NOW + timedelta(days=1)}
    awards.recognise(award=award, on=later, **when)
    awards.accept(award=award, on=later, **when)
    awards.decide(award=award, amount_fen=60_000_000, minutes="纪要", **when)
    assert operations.recount(row).is_same


EVENING = NOW + timedelta(hours=10)
"""The same day as `NOW`, after the reports of the morning."""


def test_talent_recognised_after_a_report_of_the_same_day_does_not_change_it(session: Session) -> None:
    """Recognitions are kept with their day: a report tells of those until the day before it was made, and says so."""

    def talent(decided_on: date | None) -> Any:
        row = talents.nominate(person=ground.person(), kind=TalentKind.HIGH_LEVEL, merits="业绩", by=SYSTEM, today=TODAY, now=NOW - timedelta(days=5))
        talents.review(row=row, opinion="同意", by=SYSTEM, today=TODAY)
        return row if decided_on is None else talents.recognise(row=row, decision="同意", by=SYSTEM, today=decided_on)

    before, waiting = talent(TODAY - timedelta(days=1)), talent(None)
    talent(TODAY)
    asked = operations.ask(kind=ReportKind.TALENT, since=date(2026, 1, 1), until=TODAY, by=SYSTEM, today=TODAY, now=NOW)
    row = operations.make(report=asked, by=SYSTEM, now=NOW)
    table = next(one.table for one in operations.kept(row).sections if one.table and one.table.title == "已认定的入库人才")
    assert [line[1] for line in table.rows] == [1]
    assert any("计至统计时点的前一日" in line for line in operations.kept(row).method)
    talents.recognise(row=waiting, decision="同意", by=SYSTEM, today=TODAY)
    talents.end(row=before, decision="调离", by=SYSTEM, today=TODAY)
    assert operations.recount(row).is_same
    assert queries_of_talents.recognised_counts(EVENING + timedelta(days=1), TODAY) == [(TalentKind.HIGH_LEVEL, 3)]


def test_an_entry_that_had_run_out_is_not_longer_recognised_when_it_is_taken_out(session: Session) -> None:
    row = talents.nominate(person=ground.person(), kind=TalentKind.HIGH_LEVEL, merits="业绩", by=SYSTEM, today=TODAY, now=NOW)
    talents.review(row=row, opinion="同意", by=SYSTEM, today=TODAY)
    talents.recognise(row=row, decision="同意", valid_until=TODAY + timedelta(days=10), by=SYSTEM, today=TODAY)
    talents.end(row=row, decision="清理", by=SYSTEM, today=TODAY + timedelta(days=30))
    assert row.valid_until == TODAY + timedelta(days=10)


def test_a_grade_of_the_same_day_or_a_changed_one_does_not_change_a_scorecard(session: Session) -> None:
    """A mentor may change a grade until the placement is over: it is in the scorecard from the day after."""
    enterprise, base = ground.enterprise(), ground.base()
    position = field.position(enterprise=enterprise, is_approved=False)

    def graded(score_x10: int) -> Placement:
        student = ground.student()
        term = field.term(university=session.get_one(Organisation, student.university_id))
        row = Placement(
            student_id=student.id,
            position_id=position.id,
            term_id=term.id,
            enterprise_id=enterprise.id,
            base_id=base.id,
            state=PlacementState.STARTED,
            starts_on=date(2025, 11, 3),
            ends_on=date(2026, 2, 22),
            mentor_score_x10=score_x10,
            graded_on=date(2026, 2, 20),
            created_at=NOW - timedelta(days=90),
        )
        session.add(row)
        session.flush()
        return row

    first, second = graded(800), graded(900)
    first.state, first.finished_on = PlacementState.FINISHED, date(2026, 3, 1)
    session.flush()
    asked = operations.ask(kind=ReportKind.SCORECARD, organisation=base, since=date(2026, 1, 1), until=TODAY, by=SYSTEM, today=TODAY, now=NOW)
    row = operations.make(report=asked, by=SYSTEM, now=NOW)
    assert operations.kept(row).figures[3].value == "80.0"
    second.mentor_score_x10, second.state, second.finished_on = 700, PlacementState.FINISHED, TODAY
    session.flush()
    assert operations.recount(row).is_same
    later = operations.ask(
        kind=ReportKind.SCORECARD, organisation=base, since=date(2026, 1, 1), until=TODAY, by=SYSTEM, today=TODAY, now=NOW + timedelta(days=1)
    )
    assert operations.kept(operations.make(report=later, by=SYSTEM, now=NOW + timedelta(days=1))).figures[3].value == "75.0"


def test_one_human_under_two_numbers_is_one_person_of_a_base(session: Session) -> None:
    """As in the goal: joined before the report, they count once; parted or joined later, the report stays."""
    base, (stays, gone) = ground.base(), (ground.person(), ground.person())
    call: dict[str, Any] = {"organisation_id": base.id, "category": Category.WORKER, "county_code": "350102", "hours_x10": 160, "is_counted": True}
    for who, course in ((stays, "电商"), (gone, "直播")):
        ledger.record_training(person_id=who.id, course=course, completed_on=date(2026, 1, 9), source=Source.ROSTER, by=SYSTEM, now=NOW, **call)
    before, later = _made(ReportKind.SCORECARD, base), NOW + timedelta(days=1)
    people.decide_pair(first=stays, second=gone, decision=PairDecision.SAME, reason="已核对", by=SYSTEM, now=later)
    after = operations.ask(kind=ReportKind.SCORECARD, organisation=base, by=SYSTEM, today=TODAY, now=later, **YEAR)
    found = []
    for row in (before, operations.make(report=after, by=SYSTEM, now=later)):
        table = operations.kept(row).sections[0].table
        assert table is not None
        found.append([line[1] for line in table.rows[2:4]])
        assert operations.recount(row).is_same
    assert found == [[2, 2], [2, 1]]


@pytest.mark.parametrize("kind", list(ReportKind))
def test_every_kind_is_drawn_as_workbook_and_pdf(session: Session, kind: ReportKind) -> None:
    of = RECIPES[kind].of
    made = {None: lambda: None, OrganisationKind.ENTERPRISE: ground.enterprise, OrganisationKind.BASE: ground.base}[of]()
    if made is not None and of is OrganisationKind.ENTERPRISE:
        _days(ground.student(), made, 5)
    row = _made(kind, made)
    document = operations.kept(row)
    assert document.figures
    assert document.method
    assert document.sources
    book = openpyxl.load_workbook(io.BytesIO(workbook(document, stamp="x")))
    assert (book.sheetnames[0], len(book.sheetnames)) == ("概要", len(document.sections) + 1)
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None]
    assert all(cell.data_type != "f" for cell in cells)
    assert {cell.font.name for cell in cells} == {"Microsoft YaHei"}
    drawn = pdf(document, stamp="x", made_at=NOW)
    assert (drawn[:5], drawn) == (b"%PDF-", pdf(document, stamp="x", made_at=NOW))


CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("kind", list(ReportKind))
def test_every_kind_is_made_in_english_too(session: Session, kind: ReportKind, as_role: AsRole) -> None:
    """Page, workbook and PDF of a report asked for in English are English but for names and quotations, whoever reads it."""
    of = RECIPES[kind].of
    made = {None: lambda: None, OrganisationKind.ENTERPRISE: ground.enterprise, OrganisationKind.BASE: ground.base}[of]()
    if made is not None:
        made.name, made.name_en = "闽东电机", "Works"
    row = operations.ask(kind=kind, organisation=made, language="en", by=SYSTEM, today=TODAY, now=NOW, **YEAR)
    document = operations.kept(operations.make(report=row, by=SYSTEM, now=NOW))
    heads = [column.name for section in document.sections if section.table for column in section.table.columns]
    told = [text for section in document.sections for text in (section.title, *section.paragraphs, section.plot.title if section.plot else "")]
    figures = [text for one in document.figures for text in (one.label, one.value, one.hint)]
    assert [text for text in (document.title, document.subtitle, *document.method, *heads, *told, *figures) if CHINESE.search(text)] == []
    assert [text for text in document.sources if CHINESE.search(re.sub("「[^」]*」", "", text))] == []
    assert [text for text in document.sources if "「" in text and "original wording: 「" not in text] == []
    assert operations.recount(row).is_same
    key, has_quotation = row.id, any("「" in text for text in document.sources)
    session.commit()
    client = as_role(Role.DEPT_EDU)
    page = client.get(f"/reports/{key}?lang=zh").text
    assert ('<div lang="en" class="report">' in page, "Method and sources" in page, "计算方法和依据" in page) == (True, True, False)
    assert ('original wording: <span lang="zh-CN">「' in page) is has_quotation
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/reports/{key}/report.xlsx").data))
    assert book.sheetnames[0] == "Summary"
    assert client.get(f"/reports/{key}/report.pdf").data[:5] == b"%PDF-"


def test_a_report_is_asked_for_in_a_language_that_is_spoken_here(session: Session) -> None:
    with pytest.raises(ReportRefused, match="中文"):
        operations.ask(kind=ReportKind.QUALITY, language="fr", by=SYSTEM, today=TODAY, now=NOW, **YEAR)


def test_numbers_of_a_table_are_numbers_in_the_workbook() -> None:
    columns = (Column("项"), Column("数", True))
    rows: tuple[Any, ...] = (("人", 1200), ("周", "254.4"), ("元", "1,000.50"), ("率", "12.3%"), ("隐", "*"), ("=1+1", "—"))
    table = Section("表", table=Table("表", columns, rows, ("计", 3)))
    sheet = openpyxl.load_workbook(io.BytesIO(workbook(Document("题", "", (), (table,), (), ()), stamp="x")))["表"]
    cells = [(line[1].value, line[1].number_format) for line in sheet.iter_rows(min_row=2)]
    assert cells == [(1200, "#,##0"), (254.4, "#,##0.0"), (1000.5, "#,##0.00"), (0.123, "0.0%"), ("*", "General"), ("—", "General"), (3, "#,##0")]
    assert (sheet["A7"].value, sheet["A7"].data_type) == ("'=1+1", "s")


def test_what_cannot_be_asked_for(session: Session) -> None:
    call: dict[str, Any] = {"kind": ReportKind.QUALITY, "by": SYSTEM, "today": TODAY, "now": NOW}
    for bad in (
        {"since": TODAY, "until": date(2026, 3, 1)},
        {"since": TODAY, "until": date(2026, 3, 3)},
        {"since": date(2020, 1, 1), "until": TODAY},
    ):
        with pytest.raises(ReportRefused):
            operations.ask(**call, **bad)
    with pytest.raises(ReportRefused, match="企业或基地"):
        operations.ask(kind=ReportKind.CSR, organisation=ground.base(), by=SYSTEM, today=TODAY, now=NOW, **YEAR)


@pytest.mark.parametrize(
    ("since", "until", "is_good"),
    [
        (date(2026, 1, 1), date(2026, 1, 31), True),
        (date(2025, 12, 1), date(2026, 2, 28), True),
        (date(2026, 1, 1), date(2026, 1, 30), False),
        (date(2026, 1, 2), date(2026, 1, 31), False),
        (date(2026, 1, 5), date(2026, 1, 5), False),
    ],
)
def test_an_enterprise_asks_its_own_section_by_whole_months(session: Session, since: date, until: date, is_good: bool) -> None:
    """Its points of one day would tell how many the largest host took on that day; a department reads the counts anyway."""
    firm = ground.enterprise()
    own = Identity(None, None, "企业", frozenset({Grant(Role.ENTERPRISE_COORDINATOR, kind=ScopeKind.ORGANISATION, scope_id=firm.id)}))
    call: dict[str, Any] = {"kind": ReportKind.CSR, "organisation": firm, "since": since, "until": until, "today": TODAY, "now": NOW}
    assert operations.ask(by=SYSTEM, **call).id
    if is_good:
        assert operations.ask(by=own, **call).id
    else:
        with pytest.raises(ReportRefused, match="完整的月份"):
            operations.ask(by=own, **call)


def test_only_made_reports_of_the_province_are_published(session: Session) -> None:
    asked = operations.ask(kind=ReportKind.QUALITY, by=SYSTEM, today=TODAY, now=NOW, **YEAR)
    with pytest.raises(ReportRefused, match="已生成"):
        operations.publish(report=asked, by=SYSTEM, today=TODAY, now=NOW)
    operations.make(report=asked, by=SYSTEM, now=NOW)
    assert operations.publish(report=asked, by=SYSTEM, today=TODAY, now=NOW).state is ReportState.PUBLISHED
    with pytest.raises(ReportRefused, match="自行使用"):
        operations.publish(report=_made(ReportKind.CSR, ground.enterprise()), by=SYSTEM, today=TODAY, now=NOW)


def test_the_way_through_the_pages(session: Session, as_role: AsRole, client: FlaskClient) -> None:
    enterprise = ground.enterprise()
    key = enterprise.id
    session.commit()
    edu, coordinator = as_role(Role.DEPT_EDU), as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=key)
    assert edu.get("/reports/").status_code == 200
    data = {"kind": "contribution", "since": "2026-01-01", "until": "2026-02-28", "organisation": "0"}
    assert edu.post("/reports/", data={**data, "until": ""}).status_code == 422
    where = edu.post("/reports/", data=data).headers["Location"]
    assert "正在统计" in edu.get(where).text
    jobs.run_all()
    assert "企业对人才培养贡献度报告" in edu.get(where).text
    assert "核算一致" in edu.get(f"{where}/recount").text
    assert edu.get(f"{where}/report.pdf").data[:5] == b"%PDF-"
    assert edu.get(f"{where}/report.xlsx").status_code == 200
    assert edu.get(f"{where}/report.doc").status_code == 404
    assert coordinator.get(where).status_code == 403
    assert coordinator.post(f"{where}/publish").status_code == 403
    public = where.replace("/reports/", "/reports/published/")
    assert client.get(public).status_code == 404
    assert edu.post(f"{where}/publish").status_code == 303
    assert client.get(public).status_code == 200
    assert client.get(f"{public}.xlsx").status_code == 200
    assert "企业对人才培养贡献度报告" in client.get("/reports/published").text
    assert edu.post(f"{where}/withdraw", data={"reason": ""}).status_code == 422
    assert edu.post(f"{where}/withdraw", data={"reason": "更正"}).status_code == 303
    assert client.get(public).status_code == 404
    own = {"kind": "csr", "since": "2026-01-01", "until": "2026-02-28", "organisation": str(key)}
    assert coordinator.post("/reports/", data=own).status_code == 303
    assert coordinator.post("/reports/", data={**own, "organisation": "999999"}).status_code == 422
    assert coordinator.get("/reports/").status_code == 200


def test_open_data_counts_what_is_asked_for_alone_and_keeps_it(
    session: Session, client: FlaskClient, app: Flask, count_queries: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted(path: str) -> list[str]:
        count_queries.clear()
        assert client.get(path).status_code == 200
        return [
            name
            for name in ("goal_fact", "enrolment", "organisation")
            if any(f"FROM {name}" in one or f"JOIN {name}" in one for one in count_queries)
        ]

    assert counted("/open/bases.json") == ["organisation"]
    for path in ("/open/", "/open/trained-dictionary.csv", "/open/courses-dictionary.csv"):
        assert counted(path) == []
    assert counted("/open/courses.csv") == ["enrolment", "organisation"]
    monkeypatch.setitem(app.config, "TESTING", False)
    assert [counted("/open/courses.csv"), counted("/open/courses.json")] == [["enrolment", "organisation"], []]
    kept = app.extensions["trainhub.kept"]
    kept.held = {key: (at - timedelta(minutes=6), rows) for key, (at, rows) in kept.held.items()}
    assert counted("/open/courses.json") == ["enrolment", "organisation"]


def test_open_data_lists_the_bases_that_were_verified(session: Session, client: FlaskClient) -> None:
    """What somebody has registered and nobody has looked at is no base of the province."""
    states = {state: ground.base(is_verified=False) for state in OrganisationState}
    for state, row in states.items():
        row.state = state
    session.commit()
    answer = client.get("/open/bases.json").json
    assert answer is not None
    listed = {one["code"] for one in answer["rows"]}
    assert {state for state, row in states.items() if row.code in listed} == {OrganisationState.VERIFIED}


def test_open_data_tells_of_no_person(session: Session, client: FlaskClient) -> None:
    assert client.get("/open/").status_code == 200
    for code in ("trained", "courses", "bases"):
        answer = client.get(f"/open/{code}.json").json
        assert answer is not None
        assert answer["licence"]["name"] == "CC BY 4.0"
        assert set(answer["dictionary"]) == set(answer["rows"][0]) if answer["rows"] else True
        assert io.BytesIO(client.get(f"/open/{code}.csv").data).read(3) == b"\xef\xbb\xbf"
        link = client.get(f"/open/{code}.csv").headers["Link"]
        assert ("creativecommons.org/licenses/by/4.0" in link, f"/open/{code}-dictionary.csv" in link) == (True, True)
        words = client.get(f"/open/{code}-dictionary.csv").data.decode("utf-8-sig")
        assert "CC BY 4.0" in words
        assert all(name in words for name in client.get(f"/open/{code}.json").json["dictionary"])  # type: ignore[index]
    assert client.get("/open/nothing-dictionary.csv").status_code == 404
    assert client.get("/open/nothing.json").status_code == 404
    assert client.get("/open/trained.xml").status_code == 404


@pytest.mark.parametrize(
    ("text", "tag", "shown"),
    [
        (
            "Study (002:141), original wording: 「鼓励<企业>发布」",
            "en",
            'Study (002:141), original wording: <span lang="zh-CN">「鼓励&lt;企业&gt;发布」</span>',
        ),
        ("闽东电机 & Co", "en", '<span lang="zh-CN">闽东电机</span> &amp; Co'),
        ("Works", "en", "Works"),
        ("闽东电机", "zh-CN", "闽东电机"),
        (3, "en", 3),
    ],
)
def test_what_stays_chinese_is_marked_as_chinese(text: Any, tag: str, shown: Any) -> None:
    assert originals(text, tag) == shown


def test_a_document_is_cited_by_its_title_in_the_language_of_the_report(session: Session) -> None:
    with in_language("en"):
        told = source("research", "R-1, 002:1", "原话")
        assert told == "Study on Made in China 2025 and the training of engineers (R-1, 002:1), original wording: 「原话」"
        assert source("fj-ten", "FJ-1, 000:1") == "Fujian: ten measures for the internet economy (FJ-1, 000:1)"
    assert source("fj-ten", "FJ-1, 000:1") == "《福建省人民政府关于加快互联网经济发展十条措施的通知》（FJ-1, 000:1）"
    assert source("research", "R-1, 002:1", "原话") == "《中国制造2025》与工程技术人才培养研究报告（R-1, 002:1），原文：「原话」"


# -- small cells in what everybody reads --------------------------------------------------------------------------------
def _document(*rows: tuple[str | int, ...], total: tuple[Any, ...] = ()) -> Document:
    made = table("t", ("企业", "#@学生", "#人周", "#@高级"), rows, total, of={2: (1,)}, parts={3: 1})
    plot = bars("p", [(str(name), float(count)) for name, count, *_rest in rows], name="学生")
    figures = (Figure("合计", str(sum(int(row[1]) for row in rows)), is_of_persons=True), Figure("通过", "80.0%", of=(8, 10)))
    return Document("d", "", figures, (Section("s", (), plot, made),), (), ())


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ((7, 5, 6), [7, 5, 6]),
        ((7, 4, 6), [7, "*", "*"]),
        ((7, 4, 1), [7, "*", "*"]),
        ((7, 1, 1, 6), [7, "*", "*", "*"]),
        ((7, 0, 5), [7, 0, 5]),
        ((2, 0, 1), ["*", "*", "*"]),
    ],
)
def test_cells_of_fewer_than_five_persons_are_not_published(counts: tuple[int, ...], shown: list[Any]) -> None:
    """Below, at and above own.reports.small_cell_min; never one alone, which the sum would tell; what is told of the hidden goes with them."""
    document = _document(*[(f"{place}", count, f"{count}.0", 0) for place, count in enumerate(counts)])
    made = rules.public(document, 5, "说明")
    (section,) = made.sections
    assert section.table is not None
    assert [row[1] for row in section.table.rows] == shown
    assert [row[2] == "*" for row in section.table.rows] == [cell == "*" for cell in shown]
    labels = section.plot.labels if section.plot else ()
    assert list(labels) == [str(place) for place, cell in enumerate(shown) if cell != "*"]
    assert (made.figures[0].value, made.method) == ("*" if sum(counts) < 5 else str(sum(counts)), ("说明",))
    assert made.figures[1].value == "*"  # two of ten did not pass


def test_what_a_part_leaves_of_a_whole_is_a_small_group_too() -> None:
    document = _document(("甲", 20, "1.0", 18), ("乙", 30, "1.0", 10), ("丙", 40, "1.0", 40))
    found = rules.public(document, 5, "").sections[0].table
    assert found is not None
    assert [row[3] for row in found.rows] == ["*", "*", 40]
    plot = rules.public(document, 5, "").sections[0].plot
    assert plot is not None
    assert plot.labels == ("甲", "乙", "丙")  # it shows what is not hidden
    assert [row[1] for row in found.rows] == [20, 30, 40]


def test_everybody_reads_a_report_without_its_small_cells(session: Session, as_role: AsRole, client: FlaskClient) -> None:
    for name, students in (("甲企业", 7), ("乙企业", 3), ("丙企业", 6)):
        firm = ground.enterprise(name=name)
        for _n in range(students):
            _days(ground.student(), firm, 5)
    key = operations.publish(report=_made(ReportKind.CONTRIBUTION), by=SYSTEM, today=TODAY, now=NOW).id
    session.commit()
    office, page = as_role(Role.DEPT_EDU).get(f"/reports/{key}").text, client.get(f"/reports/published/{key}").text
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/reports/published/{key}.xlsx").data))
    cells = [[str(cell) for cell in row] for sheet in book for row in sheet.iter_rows(values_only=True)]
    public = {row[1]: row[2] for row in cells if len(row) > 2 and row[1] in ("甲企业", "乙企业", "丙企业")}
    assert public == {"甲企业": "7", "乙企业": "*", "丙企业": "*"}
    assert ("少于 5 人的单元" in page, "少于 5 人的单元" in office) == (True, False)
    assert client.get(f"/reports/published/{key}.pdf").status_code == 200
    row = session.get_one(Report, key)
    assert operations.recount(row).differences == []
    exact, public_now = operations.kept(row), operations.public(row, NOW)
    old = exact.as_dict()  # as one that was kept before columns and figures said what they count
    for column in [column for one in old["sections"] for column in one["table"]["columns"]]:
        for name in ("is_of_persons", "of", "part_of", "told_by"):
            del column[name]
    for figure in old["figures"]:
        del figure["is_of_persons"], figure["of"]
    del old["recipe"]
    row.document = json.loads(json.dumps(old))
    session.flush()
    assert [one.table.rows for one in operations.public(row, NOW).sections if one.table] == [
        one.table.rows for one in public_now.sections if one.table
    ]
