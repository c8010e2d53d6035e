"""What everybody reads tells of nobody by date: one report of a kind over the same days, of a survey that is closed, of enough enterprises."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM
from trainhub.ledger import operations as ledger
from trainhub.oversight.reports import operations, rules
from trainhub.oversight.reports.models import Report
from trainhub.oversight.reports.operations import ReportRefused
from trainhub.oversight.reports.types import Document, ReportKind, ReportState
from trainhub.oversight.surveys import operations as surveys
from trainhub.oversight.surveys.models import Survey
from trainhub.oversight.surveys.operations import SurveyRefused
from trainhub.oversight.surveys.rules import Demand
from trainhub.oversight.surveys.types import SurveyKind

NOW, TODAY = datetime(2026, 3, 2, 2, tzinfo=UTC), date(2026, 3, 2)


def _made(kind: ReportKind, since: date = date(2026, 1, 1), until: date = date(2026, 2, 28), now: datetime = NOW, language: str = "zh") -> Report:
    row = operations.ask(kind=kind, since=since, until=until, language=language, by=SYSTEM, today=now.date(), now=now)
    return operations.make(report=row, by=SYSTEM, now=now)


def _publish(row: Report) -> Report:
    return operations.publish(report=row, by=SYSTEM, today=TODAY, now=NOW)


def _hosted(count: int, firm: Any, now: datetime = NOW - timedelta(days=1)) -> None:
    for _n in range(count):
        ledger.confirm_days(
            student_id=ground.student().id, enterprise_id=firm.id, base_id=None, source_id=None, days=[date(2026, 1, 5)], by=SYSTEM, now=now
        )


@remembered
def _hosting(count: int) -> Any:
    """A firm that hosts so many students."""
    firm = ground.enterprise()
    _hosted(count, firm)
    return firm


def _survey(kind: SurveyKind = SurveyKind.DEMAND, closes_on: date = date(2026, 2, 28), year: int = 2026) -> Survey:
    return surveys.open_survey(
        kind=kind, year=year, title="调查", opens_on=date(2026, 2, 1), closes_on=closes_on, by=SYSTEM, now=NOW - timedelta(days=20)
    )


def _answer(survey: Survey, *pays: tuple[int, int | None]) -> None:
    for staff, pay in pays:
        answer = [Demand(1, staff=staff, mean_pay_yuan=pay, needed_engineers=staff, needed_three_years=staff, hard_posts="焊工")]
        when: dict[str, Any] = {"today": date(2026, 2, 10), "now": NOW - timedelta(days=10)}
        surveys.answer_demand(survey=survey, enterprise=ground.enterprise(), answers=answer, by=SYSTEM, **when)


def _row(document: Document, section: int) -> tuple[Any, ...]:
    table = document.sections[section].table
    assert table is not None
    return table.rows[0]


# -- what enterprises told ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("payers", "pay"), [(1, "*"), (2, "*"), (3, 8000), (4, 8000)])
def test_the_mean_pay_of_few_enterprises_is_told_to_nobody(session: Session, payers: int, pay: Any) -> None:
    """RESEARCH-4.1a; own.reports.enterprises_min of those that told their pay, however many answered and however large their staff."""
    survey = _survey()
    _answer(survey, *[(40, 8000)] * payers, (40, None), (40, None))
    document = operations.kept(_made(ReportKind.TALENT))
    assert _row(document, 0)[5] == pay
    assert any("不足3家" in line for line in document.method)


@pytest.mark.parametrize(("firms", "is_told"), [(2, False), (3, True)])
def test_what_few_enterprises_told_of_themselves_is_not_published(session: Session, firms: int, is_told: bool) -> None:
    survey = _survey()
    _answer(survey, *[(40, 8000)] * firms)
    talent, demand = (operations.public(_publish(_made(kind)), NOW) for kind in (ReportKind.TALENT, ReportKind.DEMAND))
    told = (_row(talent, 0)[2:6], _row(talent, 1)[2], talent.figures[0].value, _row(demand, 0)[2:6], _row(demand, 0)[9], demand.figures[0].value)
    if is_told:
        assert told == ((120, 0, 0, 8000), 120, "120", (0, 120, 0, 120), "焊工", "120")
    else:
        assert told == (("*",) * 4, "*", "*", ("*",) * 4, "*", "*")
    levels = demand.sections[1].table
    assert levels is not None
    assert [row[1:] for row in levels.rows if row[1]] == [(firms, 40 * firms if is_told else "*")]


def test_a_report_that_was_kept_before_is_published_by_the_rule_of_today(session: Session) -> None:
    survey = _survey()
    _answer(survey, (40, 8000), (40, 8000))
    row = _publish(_made(ReportKind.TALENT))
    old = operations.kept(row).as_dict()
    for column in [column for one in old["sections"] for column in one["table"]["columns"]]:
        del column["told_by"]
    old["sections"][0]["table"]["rows"] = [[8000 if cell == "*" else cell for cell in line] for line in old["sections"][0]["table"]["rows"]]
    del old["recipe"]
    row.document = json.loads(json.dumps(old))
    session.flush()
    assert _row(operations.kept(row), 0)[5] == 8000
    assert _row(operations.public(row, NOW), 0)[2:6] == ("*",) * 4


# -- by date --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [ReportKind.TALENT, ReportKind.DEMAND, ReportKind.OUTCOME])
def test_a_report_of_a_survey_is_published_when_it_was_closed(session: Session, kind: ReportKind) -> None:
    """Not what was counted on the last day, when one more may answer."""
    if kind is ReportKind.OUTCOME:
        ground.student(year=2021)
    is_outcome = kind is ReportKind.OUTCOME
    _survey(SurveyKind.GRADUATES if is_outcome else SurveyKind.DEMAND, closes_on=TODAY, year=2025 if is_outcome else 2026)
    with pytest.raises(ReportRefused, match="截止之前统计"):
        _publish(_made(kind, until=TODAY))
    assert _publish(_made(kind, until=TODAY, now=NOW + timedelta(days=1))).state is ReportState.PUBLISHED


@pytest.mark.parametrize(("since", "until", "is_refused"), [(date(2026, 1, 1), date(2026, 2, 27), True), (date(2026, 3, 1), TODAY, False)])
def test_of_days_that_overlap_one_report_is_published_at_a_time(session: Session, since: date, until: date, is_refused: bool) -> None:
    _hosting(6)
    _publish(_made(ReportKind.CONTRIBUTION))
    other = _made(ReportKind.CONTRIBUTION, since, until)
    if is_refused:
        with pytest.raises(ReportRefused, match="时段重叠"):
            _publish(other)
    else:
        assert _publish(other).state is ReportState.PUBLISHED
    _publish(_made(ReportKind.UNIVERSITY))  # another kind


def test_the_same_numbers_in_english_stand_beside(session: Session) -> None:
    firm = _hosting(6)
    _publish(_made(ReportKind.CONTRIBUTION))
    _publish(_made(ReportKind.CONTRIBUTION, language="en"))
    _hosted(1, firm, NOW + timedelta(hours=1))
    with pytest.raises(ReportRefused, match="时段重叠"):
        _publish(_made(ReportKind.CONTRIBUTION, now=NOW + timedelta(hours=2), language="en"))


@pytest.mark.parametrize(("more", "is_refused"), [(0, False), (1, True), (4, True), (5, False)])
def test_what_was_once_read_is_not_subtracted_from_what_is_read_next(session: Session, more: int, is_refused: bool) -> None:
    """Withdrawn is not unread: below, at own.reports.small_cell_min."""
    firm = _hosting(6)
    first = _publish(_made(ReportKind.CONTRIBUTION))
    _hosted(more, firm, NOW + timedelta(hours=1))
    second = _made(ReportKind.CONTRIBUTION, now=NOW + timedelta(hours=2))
    operations.withdraw(report=first, reason="更正", by=SYSTEM)
    if is_refused:
        with pytest.raises(ReportRefused, match="相减"):
            _publish(second)
    else:
        assert _publish(second).state is ReportState.PUBLISHED


@pytest.mark.parametrize(("first", "second"), [("zh", "en"), ("en", "zh")])
@pytest.mark.parametrize(("more", "is_refused"), [(0, False), (1, True), (4, True), (5, False)])
def test_what_was_once_read_is_compared_in_another_language_too(session: Session, first: str, second: str, more: int, is_refused: bool) -> None:
    firm = _hosting(6)
    was = _publish(_made(ReportKind.CONTRIBUTION, language=first))
    _hosted(more, firm, NOW + timedelta(hours=1))
    now = _made(ReportKind.CONTRIBUTION, now=NOW + timedelta(hours=2), language=second)
    operations.withdraw(report=was, reason="更正", by=SYSTEM)
    if is_refused:
        with pytest.raises(ReportRefused, match="相减"):
            _publish(now)
    else:
        assert _publish(now).state is ReportState.PUBLISHED


def test_what_comes_out_otherwise_today_is_compared_in_its_own_language(session: Session) -> None:
    _hosting(6)
    was = _publish(_made(ReportKind.CONTRIBUTION))
    old = json.loads(json.dumps(operations.kept(was).as_dict()))
    old["sections"][0]["table"]["rows"][0][2] = 60
    was.document = old
    operations.withdraw(report=was, reason="更正", by=SYSTEM)
    with pytest.raises(ReportRefused, match="请先发布与它同一种语言的报告"):
        _publish(_made(ReportKind.CONTRIBUTION, language="en"))
    _publish(_made(ReportKind.CONTRIBUTION))
    assert _publish(_made(ReportKind.CONTRIBUTION, language="en")).state is ReportState.PUBLISHED  # what it says is read already


def test_firms_that_change_places_are_no_persons(session: Session) -> None:
    one, other = ground.enterprise(), ground.enterprise()
    _hosted(8, one)
    _hosted(6, other)
    first = _publish(_made(ReportKind.CONTRIBUTION))
    operations.withdraw(report=first, reason="更正", by=SYSTEM)
    _hosted(5, other, NOW + timedelta(hours=1))
    second = _made(ReportKind.CONTRIBUTION, now=NOW + timedelta(hours=2))
    assert [_row(operations.kept(row), 0)[:2] for row in (first, second)] == [(1, one.name), (1, other.name)]
    assert _publish(second).state is ReportState.PUBLISHED


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        ([("甲", 10, 15), ("乙", 10, 10), ("丙", 20, 30)], [10, 10, 20]),
        ([("甲", 10, 14), ("乙", 10, 30), ("丙", 20, 40)], [None, None, 20]),  # four did not answer
        ([("甲", 10, 11), ("乙", 10, 11), ("丙", 20, 40)], [None, None, None]),  # two of both together
        ([("甲", 4, 30), ("乙", 10, 30), ("丙", 20, 40)], [None, None, 20]),
    ],
)
def test_how_few_did_not_answer_is_not_told(rows: list[tuple[str, int, int]], shown: list[int | None]) -> None:
    assert [count for _name, count in rules.hide_parts(rows, 5)] == shown


def test_a_recount_of_an_earlier_recipe_names_the_change_of_the_recipe(session: Session) -> None:
    _hosting(6)
    row = _made(ReportKind.CONTRIBUTION)
    assert operations.recount(row).changed == ()
    old = operations.kept(row).as_dict()
    del old["recipe"]
    old["figures"][0]["value"] = "5"
    row.document = json.loads(json.dumps(old))
    ground.enterprise(name="后来登记的企业")
    found = operations.recount(row)
    assert ([words for _day, words in found.changed], found.is_same) == (
        [
            "培训人次和培训人员改按目标的口径统计；学生评价按已结束的半年成组公布；质量报告列出由各地上报的目标；填报薪酬的企业不足最少企业数时不公布平均月薪；各专业未应答人数很少时隐去应答人数；需求预测报告的学历层次表加列填报企业数。",
            "开放课程只计已发布的各期课程，选课人次只计已录取的学习者；草稿、待审核、候补和未录取的不再计入。",
        ],
        False,
    )
    row.document = {**json.loads(json.dumps(old)), "recipe": 2}
    assert len(operations.recount(row).changed) == 1
    row.document = {**json.loads(json.dumps(old)), "recipe": 3}
    assert operations.recount(row).changed == []


@pytest.mark.parametrize(("told", "is_refused"), [("made", False), ("published", True), ("withdrawn", True)])
def test_a_survey_on_which_a_published_report_rests_gets_no_other_days(session: Session, told: str, is_refused: bool) -> None:
    """Two reports with answers of before and after an extension would tell what those said who answered between."""
    survey = _survey()
    _answer(survey, *[(40, 8000)] * 5)
    row = _made(ReportKind.TALENT)
    if told != "made":
        _publish(row)
    if told == "withdrawn":
        operations.withdraw(report=row, reason="有误", by=SYSTEM)

    def change(title: str = "调查", closes_on: date = survey.closes_on) -> Survey:
        return surveys.change_survey(survey=survey, title=title, opens_on=survey.opens_on, closes_on=closes_on, by=SYSTEM, now=NOW)

    assert change(title="需求调查").title == "需求调查"
    if is_refused:
        with pytest.raises(SurveyRefused, match=row.title) as refused:
            change(closes_on=date(2026, 3, 20))
        assert (refused.value.code, refused.value.field) == ("told_already", "closes_on")
        assert survey.closes_on == date(2026, 2, 28)
    else:
        assert change(closes_on=date(2026, 3, 20)).closes_on == date(2026, 3, 20)
        with pytest.raises(ReportRefused, match="截止之前统计"):
            _publish(row)


def test_a_report_that_rests_on_another_survey_leaves_the_days_alone(session: Session) -> None:
    first, later = _survey(year=2025), _survey(closes_on=date(2026, 3, 1))
    _answer(later, *[(40, 8000)] * 5)
    _publish(_made(ReportKind.TALENT))
    changed = surveys.change_survey(survey=first, title="调查", opens_on=first.opens_on, closes_on=date(2026, 3, 20), by=SYSTEM, now=NOW)
    assert changed.closes_on == date(2026, 3, 20)
