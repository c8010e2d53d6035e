"""Surveys: contradictions, closing days, who may answer, answering again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground, identity
from trainhub.identity import operations as identity_operations
from trainhub.identity.queries import without_holder
from trainhub.identity.types import RequestKind, RequestState
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.kernel.errors import NotAllowed, Refused, Stale
from trainhub.notifications.models import Notice
from trainhub.organisations.models import Organisation, OrganisationPast
from trainhub.organisations.types import OrganisationState
from trainhub.oversight.reports import operations as reports
from trainhub.oversight.reports.building.graduates import outcome
from trainhub.oversight.reports.types import Asked, ReportKind
from trainhub.oversight.surveys import asked_queries, operations, queries, rules, telling
from trainhub.oversight.surveys.models import Survey
from trainhub.oversight.surveys.operations import SurveyRefused
from trainhub.oversight.surveys.rules import Demand
from trainhub.oversight.surveys.types import GraduateFigures, GraduateStatus, PayBand, SurveyKind
from trainhub.people import operations as people
from trainhub.people.models import Person, Student
from trainhub.programmes.models import Cohort

NOW, TODAY = datetime(2026, 3, 2, 2, tzinfo=UTC), date(2026, 3, 2)
WHEN: dict[str, Any] = {"today": TODAY, "now": NOW}
AsRole = Callable[..., FlaskClient]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (Demand(1, staff=5, staff_senior=5, staff_outside=5), []),
        (Demand(1, staff=5, staff_senior=6), ["senior"]),
        (Demand(1, staff=5, staff_outside=6), ["outside"]),
        (Demand(1, needed_engineers=3, needed_three_years=3), []),
        (Demand(1, needed_engineers=3, needed_managers=1, needed_three_years=3), ["three_years"]),
        (Demand(1, mean_pay_yuan=5000), ["pay"]),
        (Demand(1, staff=1_000_001), ["size"]),
    ],
)
def test_an_answer_may_not_contradict_itself(answer: Demand, found: list[str]) -> None:
    assert rules.problems(answer) == found


def _survey(kind: SurveyKind, year: int = 2026, closes_on: date = date(2026, 3, 31)) -> Any:
    return operations.open_survey(kind=kind, year=year, title="调查", opens_on=date(2026, 3, 1), closes_on=closes_on, by=SYSTEM, now=NOW)


def test_answering_again_replaces_and_contradictions_keep_nothing(session: Session) -> None:
    survey, enterprise = _survey(SurveyKind.DEMAND), ground.enterprise()
    call: dict[str, Any] = {"survey": survey, "enterprise": enterprise, "by": SYSTEM, **WHEN}
    first = [Demand(1, staff=10, mean_pay_yuan=8000, needed_three_years=4), Demand(2, staff=3), Demand(3)]
    assert operations.answer_demand(answers=first, **call) == 2
    with pytest.raises(SurveyRefused, match="高级人才数不能多于在岗人数"):
        operations.answer_demand(answers=[Demand(1, staff=1, staff_senior=2)], **call)
    assert operations.answer_demand(answers=[Demand(1, staff=12, mean_pay_yuan=9000)], **call) == 1
    (row,) = queries.demand_by_field(survey.id, NOW)
    assert (row.key_field_no, row.staff, row.mean_pay_yuan, row.enterprises) == (1, 12, 9000, 1)
    with pytest.raises(SurveyRefused, match="不在填报期内"):
        operations.answer_demand(**{**call, "today": date(2026, 4, 1)}, answers=first)
    with pytest.raises(NotAllowed):
        operations.answer_demand(**{**call, "by": Identity(1, 1, "他人")}, answers=first)
    with pytest.raises(SurveyRefused, match="已经有同类调查"):
        _survey(SurveyKind.DEMAND)


def test_only_the_graduates_of_the_year_answer_and_what_is_not_asked_is_dropped(session: Session) -> None:
    mine, later = ground.student(year=2021), ground.student(year=2025)
    survey = _survey(SurveyKind.GRADUATES, 2025)
    me = Identity(None, mine.person_id, "我", (Grant(Role.STUDENT, ScopeKind.EVERYTHING),))
    call: dict[str, Any] = {"survey": survey, "student": mine, "by": me, **WHEN}
    row = operations.answer_graduate(status=GraduateStatus.EMPLOYED, employer="甲", is_in_field=True, pay=PayBand.FROM_8, satisfaction=5, **call)
    again = operations.answer_graduate(status=GraduateStatus.STUDYING, employer="甲", is_in_field=True, pay=PayBand.FROM_8, **call)
    assert (again.id != row.id, again.employer, again.is_in_field, again.pay) == (True, "", None, PayBand.UNTOLD)
    assert (row.replaced_at, row.employer, queries.answer_of(survey.id, mine.id)) == (NOW, "", again)
    assert queries.asked_count(2025) >= 1
    with pytest.raises(NotAllowed):
        operations.answer_graduate(survey=survey, student=later, status=GraduateStatus.OTHER, by=Identity(None, later.person_id, "晚一届"), **WHEN)
    with pytest.raises(SurveyRefused, match="1 至 5"):
        operations.answer_graduate(status=GraduateStatus.OTHER, satisfaction=6, **call)


@pytest.mark.parametrize(("opens_on", "refused"), [(date(2027, 6, 29), True), (date(2027, 6, 30), False), (date(2027, 7, 1), False)])
def test_graduates_are_asked_from_the_day_on_which_the_last_of_them_graduates(session: Session, opens_on: date, refused: bool) -> None:
    """Students who are still there cannot say where they went; those of another year, and those who left, are not waited for."""
    ground.student(year=2023), ground.student(year=2024)
    call: dict[str, Any] = {"kind": SurveyKind.GRADUATES, "year": 2027, "title": "跟踪", "closes_on": date(2027, 9, 30), "by": SYSTEM, "now": NOW}
    if not refused:
        assert operations.open_survey(opens_on=opens_on, **call).opens_on == opens_on
        return
    with pytest.raises(SurveyRefused, match="毕业日为 2027-06-30，调查最早从这一天开始") as told:
        operations.open_survey(opens_on=opens_on, **call)
    assert (told.value.field, told.value.code, queries.of_year(SurveyKind.GRADUATES, 2027)) == ("opens_on", "not_graduated", None)


def test_a_survey_that_would_ask_nobody_is_not_opened(session: Session) -> None:
    ground.student(year=2023)
    with pytest.raises(SurveyRefused, match="没有 2029 年毕业的学生"):
        _survey(SurveyKind.GRADUATES, 2029)


def test_who_graduates_later_than_the_survey_was_opened_for_answers_then(session: Session) -> None:
    """The day of a cohort may have moved since the survey was opened."""
    mine = ground.student(year=2021)
    survey = _survey(SurveyKind.GRADUATES, 2025)
    assert mine.cohort_id is not None
    session.get_one(Cohort, mine.cohort_id).graduated_on = date(2025, 12, 31)
    session.flush()
    call: dict[str, Any] = {
        "survey": survey,
        "student": mine,
        "status": GraduateStatus.EMPLOYED,
        "by": Identity(None, mine.person_id, "我"),
        "now": NOW,
    }
    survey.opens_on = date(2025, 12, 1)
    with pytest.raises(SurveyRefused, match="毕业日为 2025-12-31，毕业后才能填写"):
        operations.answer_graduate(today=date(2025, 12, 30), **call)
    assert operations.answer_graduate(today=date(2025, 12, 31), **call).status is GraduateStatus.EMPLOYED


def test_the_pages_of_a_survey(session: Session, as_role: AsRole) -> None:
    enterprise = ground.enterprise()
    key = enterprise.id
    session.commit()
    hr, coordinator = as_role(Role.DEPT_HR), as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=key)
    year = clock.today().year
    data = {"kind": "demand", "year": str(year), "title": "需求调查", "opens_on": f"{year}-01-01", "closes_on": f"{year}-12-31"}
    assert hr.post("/surveys/", data={**data, "closes_on": f"{year - 1}-12-31"}).status_code == 422
    assert hr.post("/surveys/", data=data).status_code == 303
    assert coordinator.post("/surveys/", data=data).status_code == 403
    survey = queries.of_year(SurveyKind.DEMAND, year)
    assert survey is not None
    where = f"/surveys/{survey.id}/demand"
    session.commit()
    assert "需求调查" in coordinator.get("/surveys/mine").text
    assert coordinator.get(f"{where}?organisation={key}").status_code == 200
    assert coordinator.get(f"{where}?organisation={key + 999}").status_code == 404
    bad = coordinator.post(where, data={"organisation": key, "staff_1": "十人"})
    assert (bad.status_code, "不是人数或金额" in bad.text, 'value="十人"' in bad.text) == (422, True, True)
    assert (
        coordinator.post(where, data={"organisation": key, "staff_1": "10", "needed_engineers_1": "2", "needed_three_years_1": "5"}).status_code
        == 303
    )
    assert "已填" in coordinator.get("/surveys/mine").text
    at = where.removesuffix("/demand")
    assert hr.get(at).status_code == 200
    assert hr.get(f"{at}/answers.csv").status_code == 200
    assert hr.get("/surveys/").status_code == 200


def test_the_office_sees_who_has_not_answered_and_who_can_be_told_of_it(session: Session, as_role: AsRole) -> None:
    answered, led, alone, closed = (ground.enterprise(name=f"{name}有限公司", region_code="350203") for name in ("已答", "未答", "无人", "停用"))
    identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=led.id)
    closed.state = OrganisationState.CLOSED
    session.flush()
    survey = _survey(SurveyKind.DEMAND)
    operations.answer_demand(survey=survey, enterprise=answered, answers=[Demand(1, staff=1)], by=SYSTEM, **WHEN)
    found = asked_queries.as_silent(session.execute(asked_queries.silent_listing(survey)).all())
    assert [(one.name, one.city, one.has_nobody) for one in found if one.code in {led.code, alone.code, answered.code, closed.code}] == [
        ("未答有限公司", "厦门市", False),
        ("无人有限公司", "厦门市", True),
    ]
    assert asked_queries.demand_counts(survey) == (len(found) + 1, 1)
    assert {one.code for one in found} >= {session.get_one(Organisation, key).code for key in queries.silent_enterprises(survey)}
    key = survey.id
    session.commit()
    hr = as_role(Role.DEPT_HR)
    text = hr.get(f"/surveys/{key}").text
    assert ("无人有限公司" in text, "没有，收不到通知" in text, "停用有限公司" in text) == (True, True, False)
    assert "无人有限公司" in hr.get(f"/surveys/{key}/silent.csv").text
    for region, is_there in (("350200", True), ("350203", True), ("350100", False)):
        for page in (f"/surveys/{key}", f"/surveys/{key}/silent.csv"):
            told = hr.get(page, query_string={"region": region})
            assert (told.status_code, "无人有限公司" in told.text) == (200, is_there), (page, region)
    assert as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=led.id).get(f"/surveys/{key}/silent.csv").status_code == 403


def test_what_each_enterprise_answered_is_paged_searched_and_sorted(session: Session, as_role: AsRole) -> None:
    """Ten thousand enterprises stood in one table."""
    survey = _survey(SurveyKind.DEMAND)
    for n in range(25):
        firm = ground.enterprise(name=f"企业{n:02d}有限公司")
        lines = [Demand(1, staff=n, needed_engineers=25 - n, needed_three_years=25), *([Demand(2, staff=100)] if n == 3 else [])]
        operations.answer_demand(survey=survey, enterprise=firm, answers=lines, by=SYSTEM, **WHEN)
    ground.student(year=2021)
    outcome = _survey(SurveyKind.GRADUATES, 2025).id
    at = f"/surveys/{survey.id}"
    session.commit()
    hr = as_role(Role.DEPT_HR)
    assert ("企业03" in hr.get(at).text, f"{at}/answers" in hr.get(at).text) == (False, True)

    def named(query: str = "") -> list[str]:
        return re.findall(r">(企业\d\d)有限公司", hr.get(f"{at}/answers{query}").text)

    assert (len(named()), len(named("?page=2")), "共 26 行" in hr.get(f"{at}/answers").text) == (20, 6, True)
    assert named("?q=企业07") == ["企业07"]
    assert named("?field=2") == ["企业03"]
    assert named("?sort=-staff")[:2] == ["企业03", "企业24"]
    assert named("?sort=needed")[:2] == ["企业03", "企业24"]
    assert "没有符合条件的填报" in hr.get(f"{at}/answers?q=无此企业").text
    lines = hr.get(f"{at}/answers.csv?q=企业0&sort=-staff").text.splitlines()
    assert (len(lines), "企业03" in lines[1], "企业09" in lines[2]) == (12, True, True)
    assert [hr.get(f"/surveys/{outcome}/answers{form}").status_code for form in ("", ".csv")] == [404, 404]
    assert as_role(Role.STUDENT).get(f"{at}/answers").status_code == 403


def test_what_comes_or_closes_after_a_survey_changes_no_share_of_it(session: Session) -> None:
    survey = _survey(SurveyKind.DEMAND)
    gone = ground.enterprise()
    end = datetime.combine(survey.closes_on + timedelta(days=1), datetime.min.time(), UTC) - timedelta(hours=8)
    gone.created_at = end - timedelta(seconds=1)
    session.flush()
    asked, _answered = asked_queries.demand_counts(survey)
    ground.enterprise().created_at = end
    gone.state = OrganisationState.CLOSED
    session.add(OrganisationPast(organisation_id=gone.id, key="is_closed", value=False, until=survey.closes_on + timedelta(days=1), replaced_at=end))
    session.flush()
    assert asked_queries.demand_counts(survey) == (asked, 0)
    ground.enterprise().created_at = end - timedelta(seconds=1)
    session.flush()
    assert asked_queries.demand_counts(survey) == (asked + 1, 0)
    assert len(without_holder(Role.ENTERPRISE_COORDINATOR, range(10**6, 10**6 + 40_000))) == 40_000


def test_of_two_who_answer_for_one_enterprise_the_second_is_told(session: Session, as_role: AsRole) -> None:
    """Both opened the form while it was empty: the second takes nothing of the first away, keeps what they typed, and saves both."""
    key, year = ground.enterprise().id, clock.today().year
    span = {"opens_on": date(year, 1, 1), "closes_on": date(year, 12, 31)}
    survey = operations.open_survey(kind=SurveyKind.DEMAND, year=year, title="调查", by=SYSTEM, now=NOW, **span)
    where = f"/surveys/{survey.id}/demand"
    session.commit()
    first, second = (as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=key) for _ in range(2))

    def seen(text: str) -> str:
        found = re.search(r'name="seen" value="([0-9,]*)"', text)
        assert found is not None
        return found[1]

    def stands() -> dict[int, int]:
        session.expire_all()
        return {number: row.staff for number, row in queries.demand_of(survey.id, key).items()}

    opened = seen(first.get(f"{where}?organisation={key}").text)
    assert opened == ""
    sent = {"organisation": key, "seen": opened}
    assert first.post(where, data={**sent, "staff_1": "120", "needed_three_years_1": "40"}).status_code == 303
    refused = second.post(where, data={**sent, "staff_3": "7"})
    assert (refused.status_code, "本企业的其他人保存了这份答卷" in refused.text, 'value="7"' in refused.text, 'value="120"' in refused.text) == (
        409, True, True, True,
    )  # fmt: skip
    assert stands() == {1: 120}
    both = {"organisation": key, "seen": seen(refused.text), "staff_1": "120", "needed_three_years_1": "40", "staff_3": "7"}
    assert second.post(where, data=both).status_code == 303
    assert second.post(where, data={**both, "seen": ""}).status_code == 303, "the same again changes nothing"
    assert stands() == {1: 120, 3: 7}
    cleared = {"organisation": key, "staff_3": "7", "seen": seen(first.get(f"{where}?organisation={key}").text)}
    assert first.post(where, data=cleared).status_code == 303
    assert stands() == {3: 7}
    gone = second.post(where, data={**both, "staff_3": "8"})  # field 1 was taken back meanwhile
    assert (gone.status_code, stands()) == (409, {3: 7})


def test_what_the_second_did_not_touch_is_what_the_first_saved(session: Session, as_role: AsRole) -> None:
    """The form comes filled in: a number that is as it was when the page was opened was not typed, and takes nothing back from the colleague."""
    key, year = ground.enterprise().id, clock.today().year
    span = {"opens_on": date(year, 1, 1), "closes_on": date(year, 12, 31)}
    survey = operations.open_survey(kind=SurveyKind.DEMAND, year=year, title="调查", by=SYSTEM, now=NOW, **span)
    where = f"/surveys/{survey.id}/demand"
    session.commit()
    first, second = (as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=key) for _ in range(2))

    def fields(text: str) -> dict[str, str]:
        found = dict(re.findall(r'name="(staff_\d+)"[^>]*? value="([^"]+)"', text))
        return found | dict(re.findall(r'name="(seen|organisation)" value="([^"]*)"', text))

    def opened(client: FlaskClient) -> dict[str, str]:
        return fields(client.get(f"{where}?organisation={key}").text)

    def stands() -> dict[int, int]:
        session.expire_all()
        return {number: row.staff for number, row in queries.demand_of(survey.id, key).items()}

    assert first.post(where, data={**opened(first), "staff_1": "120", "staff_2": "5"}).status_code == 303
    early = opened(second)
    assert first.post(where, data={**opened(first), "staff_1": "150"}).status_code == 303
    refused = second.post(where, data={**early, "staff_3": "7"})
    page = fields(refused.text)
    assert (refused.status_code, page["staff_1"], page["staff_2"], page["staff_3"]) == (409, "150", "5", "7")
    assert second.post(where, data=page).status_code == 303
    assert stands() == {1: 150, 2: 5, 3: 7}
    early = opened(second)
    assert first.post(where, data={**opened(first), "staff_1": ""}).status_code == 303
    page = fields(second.post(where, data={**early, "staff_3": "8"}).text)
    assert ("staff_1" in page, page["staff_2"], page["staff_3"]) == (False, "5", "8")
    assert second.post(where, data=page).status_code == 303
    assert stands() == {2: 5, 3: 8}
    early = opened(second)
    assert first.post(where, data={**opened(first), "staff_2": "6"}).status_code == 303
    refused = second.post(where, data={**early, "staff_2": "9"})
    assert (fields(refused.text)["staff_2"], "现在：6" in refused.text) == ("9", True)
    assert first.post(where, data={**opened(first), "staff_2": ""}).status_code == 303
    refused = second.post(where, data={**fields(refused.text)})
    assert (refused.status_code, fields(refused.text)["staff_2"], "现在：没有填写" in refused.text) == (409, "9", True)
    assert second.post(where, data=fields(refused.text)).status_code == 303
    assert stands() == {2: 9, 3: 8}


def test_who_is_asked_is_told_when_it_opens_and_before_it_closes(session: Session) -> None:
    """Coordinators of enterprises that have not answered; nobody twice, nobody who answered, nobody of another survey."""
    asked, done = ground.enterprise(), ground.enterprise()
    first, second = (identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=one.id) for one in (asked, done))
    survey = operations.open_survey(
        kind=SurveyKind.DEMAND, year=2026, title="需求调查", opens_on=TODAY, closes_on=TODAY + timedelta(days=30), by=SYSTEM, now=NOW
    )

    def told(days: int) -> list[tuple[int, str]]:
        telling.tell(today=TODAY + timedelta(days=days), now=NOW)
        rows = session.scalars(select(Notice).where(Notice.kind.like("surveys.%")).order_by(Notice.id))
        return [(row.account_id, row.kind) for row in rows]

    opened = [(first.id, "surveys.open"), (second.id, "surveys.open")]
    assert told(-1) == []
    assert told(0) == told(22) == opened
    answer = [Demand(1, staff=5)]
    operations.answer_demand(survey=survey, enterprise=done, answers=answer, by=SYSTEM, today=TODAY, now=NOW)
    assert told(23) == told(30) == [*opened, (first.id, "surveys.closing")]
    assert told(31) == [*opened, (first.id, "surveys.closing")]


def test_a_report_rests_on_the_survey_of_its_year(session: Session) -> None:
    """That of the next year may be open already; before the first survey there is none."""
    this = _survey(SurveyKind.DEMAND)
    _survey(SurveyKind.DEMAND, 2027)
    asked = (date(2026, 2, 28), date(2026, 3, 1), date(2026, 12, 31))
    assert [queries.latest(SurveyKind.DEMAND, day, NOW) for day in asked] == [None, this, this]
    following = queries.latest(SurveyKind.DEMAND, date(2027, 1, 1), NOW)
    assert following is not None
    assert following.year == 2027
    assert queries.latest(SurveyKind.DEMAND, date(2027, 1, 1), NOW - timedelta(seconds=1)) is None


def test_a_report_is_counted_again_from_what_was_answered_then(session: Session) -> None:
    """An answer changed before the survey closes takes nothing from a report that was made before."""
    survey, enterprise, later = _survey(SurveyKind.DEMAND), ground.enterprise(), NOW + timedelta(days=1)
    call: dict[str, Any] = {"survey": survey, "enterprise": enterprise, "by": SYSTEM, "today": TODAY}
    first = [Demand(1, staff=10, needed_three_years=4, hard_posts="焊工"), Demand(2, staff=3)]
    operations.answer_demand(answers=first, now=NOW, **call)
    then = [(row.key_field_no, row.staff) for row in queries.demand_by_field(survey.id, NOW)]
    operations.answer_demand(answers=[Demand(1, staff=12), Demand(2, staff=3)], now=later, **call)
    operations.answer_demand(answers=[Demand(1, staff=12)], now=later + timedelta(hours=1), **call)
    assert [(row.key_field_no, row.staff) for row in queries.demand_by_field(survey.id, NOW)] == then == [(1, 10), (2, 3)]
    assert queries.hard_posts(survey.id, NOW) == [(1, "焊工")]
    assert [(row.key_field_no, row.staff) for row in queries.demand_by_field(survey.id, later)] == [(1, 12), (2, 3)]
    assert [(row.key_field_no, row.staff) for row in queries.demand_by_field(survey.id, later + timedelta(hours=1))] == [(1, 12)]
    assert [(answer.key_field_no, answer.staff) for answer, _code, _name in session.execute(queries.demand_listing(survey.id))] == [(1, 12)]
    assert [count for row, count in queries.listing() if row.id == survey.id] == [1]


def test_the_outcome_is_counted_again_from_what_was_answered_then(session: Session) -> None:
    mine = ground.student(year=2021)
    survey = _survey(SurveyKind.GRADUATES, 2025)
    me = Identity(None, mine.person_id, "我", (Grant(Role.STUDENT, ScopeKind.EVERYTHING),))
    call: dict[str, Any] = {"survey": survey, "student": mine, "by": me, "today": TODAY}
    operations.answer_graduate(status=GraduateStatus.SEEKING, now=NOW, **call)
    operations.answer_graduate(status=GraduateStatus.EMPLOYED, now=NOW + timedelta(days=1), **call)
    told = [dict(queries.graduate_figures(survey, NOW + timedelta(days=days)).status) for days in (0, 1)]
    assert told == [{GraduateStatus.SEEKING: 1}, {GraduateStatus.EMPLOYED: 1}]
    assert [count for row, count in queries.listing() if row.id == survey.id] == [1]


# -- forgetting ---------------------------------------------------------------------------------------------------------

CLOSED, FIRST_DAY = date(2026, 3, 31), date(2028, 4, 1)
"""Twenty-four months after the survey closed its last answer has served its time."""


@pytest.fixture
def answered(session: Session) -> tuple[Survey, list[Student]]:
    """A survey that two graduates of a programme answered."""
    students = [ground.student(year=2021) for _n in range(2)]
    survey = _survey(SurveyKind.GRADUATES, 2025, closes_on=CLOSED)
    for student, status in zip(students, (GraduateStatus.EMPLOYED, GraduateStatus.STUDYING), strict=True):
        me = Identity(None, student.person_id, "我", (Grant(Role.STUDENT, ScopeKind.EVERYTHING),))
        operations.answer_graduate(
            survey=survey, student=student, status=status, is_in_field=True, pay=PayBand.FROM_8, satisfaction=5, comment="很好", by=me, **WHEN
        )
    return survey, students


def _reported(survey: Survey) -> Any:
    asked = Asked(kind=ReportKind.OUTCOME, since=date(2026, 1, 1), until=date(2026, 12, 31), known_at=datetime(2026, 12, 31, tzinfo=UTC))
    return outcome(asked)


def test_answers_of_graduates_go_when_their_time_is_over_and_the_report_stays(session: Session, answered: tuple[Survey, list[Student]]) -> None:
    survey, students = answered
    before = _reported(survey)
    assert operations.forget_answers(today=FIRST_DAY - timedelta(days=1)) == 0
    assert survey.figures is None
    assert operations.forget_answers(today=FIRST_DAY) == 2
    assert [queries.answer_of(survey.id, one.id) for one in students] == [None, None]
    assert operations.forget_answers(today=FIRST_DAY + timedelta(days=1)) == 0
    figures = queries.graduate_figures(survey, NOW)
    assert (figures.answered, figures.status[GraduateStatus.EMPLOYED], figures.pay, figures.satisfaction) == (2, 1, {PayBand.FROM_8: 1}, {5: 2})
    assert _reported(survey) == before
    assert [count for row, count in queries.listing() if row.id == survey.id] == [2]


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_recount_says_that_the_answers_of_its_moment_are_gone(
    session: Session, answered: tuple[Survey, list[Student]], as_role: AsRole, is_closed: bool
) -> None:
    """Of a report that was made before the survey closed: kept are the figures of the closing, and no entry is named as the cause."""
    survey, third = answered[0], ground.student(year=2021)
    made_on = CLOSED + timedelta(days=1) if is_closed else TODAY
    days = {"since": date(2026, 1, 1), "until": made_on}
    asked = reports.ask(kind=ReportKind.OUTCOME, by=SYSTEM, today=made_on, now=NOW + (made_on - TODAY), **days)
    row = reports.make(report=asked, by=SYSTEM, now=NOW)
    me = Identity(None, third.person_id, "我", (Grant(Role.STUDENT, ScopeKind.EVERYTHING),))
    if not is_closed:
        operations.answer_graduate(survey=survey, student=third, status=GraduateStatus.EMPLOYED, by=me, today=TODAY, now=NOW + timedelta(days=2))
        assert reports.recount(row).is_same
    assert operations.forget_answers(today=FIRST_DAY) == (2 if is_closed else 3)
    found = reports.recount(row)
    assert (found.is_same, found.forgotten) == ((True, "") if is_closed else (False, "调查"))
    key = row.id
    session.commit()
    assert ("当时的答卷不能再核算" in as_role(Role.DEPT_EDU).get(f"/reports/{key}/recount").text) is not is_closed


def test_a_hold_and_an_open_request_keep_an_answer_until_they_end(session: Session, answered: tuple[Survey, list[Student]]) -> None:
    survey, (held, asking) = answered
    hold = people.place_hold(person=session.get_one(Person, held.person_id), reason="监察机关调取", by=SYSTEM, now=NOW)
    account = identity.account(person=session.get_one(Person, asking.person_id))
    me = Identity(account.id, asking.person_id, "我")
    request = identity_operations.ask_about_data(account=account, kind=RequestKind.DELETION, text="请删除", by=me, now=NOW)
    assert operations.forget_answers(today=FIRST_DAY) == 0
    people.lift_hold(hold=hold, by=SYSTEM, now=NOW)
    assert operations.forget_answers(today=FIRST_DAY) == 1
    assert queries.answer_of(survey.id, asking.id) is not None
    request.state = RequestState.REFUSED
    session.flush()
    assert operations.forget_answers(today=FIRST_DAY) == 1
    assert queries.graduate_figures(survey, NOW).answered == 2


@pytest.mark.parametrize(("least", "kept"), [(2, 2), (3, 2), (4, None)])
def test_of_few_answers_only_their_number_is_kept(least: int, kept: int | None) -> None:
    said = rules.Said(GraduateStatus.STARTUP, PayBand.UNTOLD, None, None, True, "机械", "甲大学")
    other = rules.Said(GraduateStatus.SEEKING, PayBand.UNTOLD, None, None, None, "机械", "甲大学")
    (one,) = rules.without_small(rules.sum_up([said, said, other]), least).programmes
    assert (one.answered, one.working) == (3, kept)


def test_figures_are_kept_as_they_are_read() -> None:
    said = rules.Said(GraduateStatus.EMPLOYED, PayBand.FROM_6, 4, True, False, "机械", "甲大学")
    figures = rules.sum_up([said])
    assert GraduateFigures.of(json.loads(json.dumps(figures.as_data()))) == figures


def test_a_survey_is_put_right_extended_and_withdrawn(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """A wrong day is put right, more time is given, and what was opened by mistake gives its year free; two editors: the second is told."""
    call: dict[str, Any] = {"kind": SurveyKind.DEMAND, "title": "需求", "by": SYSTEM, "now": NOW}
    with pytest.raises(Refused, match="已经过去"):
        operations.open_survey(year=2026, opens_on=date(2026, 1, 1), closes_on=date(2026, 3, 1), **call)
    old = operations.open_survey(year=2025, opens_on=date(2025, 3, 1), closes_on=date(2026, 3, 2), **call)
    row = operations.open_survey(year=2026, opens_on=date(2026, 3, 1), closes_on=date(2026, 3, 2), **call)
    days: dict[str, Any] = {"title": "需求", "opens_on": date(2026, 3, 1), "by": SYSTEM, "now": NOW}
    opened = row.version
    operations.change_survey(survey=row, closes_on=date(2026, 3, 31), version=opened, **days)
    operations.change_survey(survey=row, closes_on=date(2026, 3, 31), **days)
    with pytest.raises(Stale):
        operations.change_survey(survey=row, closes_on=date(2026, 4, 1), version=opened, **days)
    for bad in (date(2026, 3, 1), date(2026, 2, 1)):
        with pytest.raises(Refused):
            operations.change_survey(survey=row, closes_on=bad, **days)
    known: dict[str, Any] = {"until": date(2026, 12, 31), "known_at": NOW + timedelta(days=9)}
    assert queries.latest(SurveyKind.DEMAND, **known) is row
    operations.withdraw_survey(survey=row, reason="年度填错", by=SYSTEM, now=NOW + timedelta(minutes=1))
    operations.withdraw_survey(survey=row, reason="", by=SYSTEM, now=NOW)
    assert (queries.latest(SurveyKind.DEMAND, **known), queries.latest(SurveyKind.DEMAND, until=date(2026, 12, 31), known_at=NOW)) == (old, row)
    assert queries.open_on(SurveyKind.DEMAND, date(2026, 3, 10)) == []
    with pytest.raises(Refused, match="已撤回"):
        operations.change_survey(survey=row, closes_on=date(2026, 4, 1), **days)
    again = operations.open_survey(year=2026, opens_on=date(2026, 3, 1), closes_on=date(2026, 3, 31), **call)
    firm = ground.enterprise()
    operations.answer_demand(survey=again, enterprise=firm, answers=[Demand(1, staff=10)], by=SYSTEM, today=date(2026, 3, 2), now=NOW)
    with pytest.raises(Refused, match="已经有人填报"):
        operations.withdraw_survey(survey=again, reason="x", by=SYSTEM, now=NOW)
    with pytest.raises(Refused, match="开始日不能再改"):
        operations.change_survey(survey=again, closes_on=date(2026, 4, 1), **{**days, "opens_on": date(2026, 3, 2)})
    key, version = again.id, again.version
    session.commit()
    hr = as_role(Role.DEPT_HR)
    late = (clock.today() + timedelta(days=9)).isoformat()
    assert "撤回调查" not in hr.get(f"/surveys/{key}").text
    sent = {"title": "需求调查", "opens_on": "2026-03-01", "closes_on": late}
    assert hr.post(f"/surveys/{key}", data={**sent, "version": str(version)}).status_code == 303
    stale = hr.post(f"/surveys/{key}", data={**sent, "title": "另一名称", "version": str(version)})
    assert (stale.status_code, "另一名称" in stale.text) == (409, True)
    assert hr.post(f"/surveys/{key}/withdraw", data={"reason": "误开"}).status_code == 422
    assert as_role(Role.AUDITOR).post(f"/surveys/{key}", data=sent).status_code == 403
    assert "已撤回" in hr.get("/surveys/").text


def test_an_extended_survey_is_reminded_of_anew(session: Session) -> None:
    firm = ground.enterprise()
    one = identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=firm.id)
    survey = _survey(SurveyKind.DEMAND)
    telling.tell(today=date(2026, 3, 30), now=NOW)
    operations.change_survey(survey=survey, title="调查", opens_on=survey.opens_on, closes_on=date(2026, 4, 20), by=SYSTEM, now=NOW)
    for day in (date(2026, 4, 18), date(2026, 4, 19)):
        telling.tell(today=day, now=NOW)
    kinds = list(session.scalars(select(Notice.kind).where(Notice.account_id == one.id)))
    assert kinds.count("surveys.closing") == 2
