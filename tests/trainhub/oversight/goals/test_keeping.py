"""The band of the forecast, closed periods and late entries, parts of the target, reviews, reported figures, courses."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as accounts
from trainhub.kernel import audit, clock
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.kernel.errors import NotAllowed, Refused
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.types import Category, Source
from trainhub.oversight.goals import dashboards, operations, queries, reporting, rules
from trainhub.oversight.goals.models import Goal, GoalCourse, GoalFigure, GoalPerson, GoalTitle
from trainhub.oversight.goals.operations import facts as facts_of_goal
from trainhub.oversight.goals.types import ReviewKind
from trainhub.oversight.reports.queries import facts
from trainhub.oversight.reports.types import Asked, ReportKind
from trainhub.people import operations as people
from trainhub.people.types import PairDecision

NOW, TODAY = datetime(2016, 7, 1, 2, tzinfo=UTC), date(2016, 7, 1)
EARLY = NOW - timedelta(days=900)
AsRole = Callable[..., FlaskClient]
SPAN: dict[str, Any] = {"starts_on": date(2015, 1, 1), "deadline": date(2017, 12, 31), "on": date(2016, 6, 30), "window_months": 3}


def test_an_even_pace_has_no_band_and_an_uneven_one_is_as_documented() -> None:
    even = {date(2016, 4, 10): 10, date(2016, 5, 10): 10, date(2016, 6, 10): 10}
    assert rules.band(even, 200, **SPAN) == (200, 200)
    uneven = {date(2016, 4, 10): 5, date(2016, 5, 10): 10, date(2016, 6, 10): 15}
    # s = 5; 549 days are 18.04 months, known from 3; 1.8856 x 5 x √(18.04 + 18.04² / 3) = 106.1
    assert rules.band(uneven, 200, **SPAN) == (93, 307)


@pytest.mark.parametrize("window", [3, 6, 12])
def test_eight_of_ten_outcomes_lie_in_the_band(window: int) -> None:
    """What the page says of its band is true of months drawn alike: neither the pace nor its spread is known better than from the window."""
    rng, inside, trials = random.Random(5), 0, 3000
    starts_on, on, deadline = date(2015, 1, 1), date(2015, 12, 31), date(2017, 12, 31)
    for _ in range(trials):
        months = [max(0, round(rng.gauss(300, 60))) for _ in range(36)]
        by_day = {date(2015, month, 10): months[month - 1] for month in range(1, 13)}
        found = rules.forecast(by_day, target=9999, starts_on=starts_on, deadline=deadline, on=on, window_months=window)
        low, high = rules.band(by_day, found.on_deadline, starts_on=starts_on, deadline=deadline, on=on, window_months=window) or (0, 0)
        inside += low <= sum(months) <= high
    assert 0.77 < inside / trials < 0.83


def test_the_band_is_never_below_what_is_reached_and_needs_three_whole_months() -> None:
    uneven = {date(2016, 4, 10): 0, date(2016, 5, 10): 300, date(2016, 6, 10): 0}
    assert rules.band(uneven, 310, **SPAN) == (300, 3984)
    assert rules.band(uneven, 310, **{**SPAN, "starts_on": date(2016, 4, 2)}) is None
    assert rules.band(uneven, 310, **{**SPAN, "on": date(2017, 12, 31)}) is None


@pytest.mark.parametrize(
    ("completed", "recorded", "is_late"),
    [
        (date(2016, 6, 30), NOW + timedelta(seconds=1), True),
        (date(2016, 6, 30), NOW, False),
        (date(2016, 7, 1), NOW + timedelta(days=1), False),
    ],
)
def test_what_a_late_entry_is(completed: date, recorded: datetime, is_late: bool) -> None:
    assert rules.late_marks(completed, recorded, [(date(2016, 6, 30), NOW)]) is is_late


def _goal() -> Any:
    goal = queries.by_code("fj-400k")
    assert goal is not None
    return goal


def _trained(day: date, now: datetime, course: str = "电商", region: str = "350102", person: Any = None, base: Any = None) -> None:
    base = base or ground.base()
    ledger.record_training(
        person_id=(person or ground.person(is_verified=True, now=EARLY)).id,
        organisation_id=base.id,
        course=course,
        category=Category.WORKER,
        county_code=region,
        hours_x10=160,
        completed_on=day,
        is_counted=True,
        source=Source.ROSTER,
        source_id=None,
        by=SYSTEM,
        now=now,
    )


def test_late_entries_count_and_carry_a_mark_until_the_period_is_opened_again(session: Session) -> None:
    goal = _goal()
    _trained(date(2016, 3, 1), NOW - timedelta(days=1))
    row = operations.close_period(goal=goal, until=date(2016, 6, 30), reason="半年上报", by=SYSTEM, today=TODAY, now=NOW)
    for until in (date(2016, 6, 30), date(2016, 1, 1)):
        with pytest.raises(Refused, match="已经封存"):
            operations.close_period(goal=goal, until=until, reason="再次", by=SYSTEM, today=TODAY, now=NOW)
    for until in (date(2016, 7, 2), date(2014, 12, 31)):
        with pytest.raises(Refused):
            operations.close_period(goal=goal, until=until, reason="x", by=SYSTEM, today=TODAY, now=NOW)
    _trained(date(2016, 4, 1), NOW + timedelta(days=1))
    _trained(date(2016, 7, 1), NOW + timedelta(days=1))
    operations.rebuild(goal=goal, now=NOW)
    assert (queries.kept_totals(goal)[1], queries.late_counts(goal)) == (3, {"350100": 1})
    late = session.execute(queries.drill(goal, SYSTEM, late=True)).all()
    assert [(r.on, r.is_late) for r in late] == [(date(2016, 4, 1), True)]
    snapshot = queries.snapshot(row.snapshot_id or 0)
    assert snapshot is not None
    assert snapshot.persons == 1
    with pytest.raises(Refused, match="理由"):
        operations.reopen_period(closing=row, reason=" ", by=SYSTEM, now=NOW)
    operations.reopen_period(closing=row, reason="误封", by=SYSTEM, now=NOW)
    assert queries.late_counts(goal) == {}


def test_a_period_is_closed_up_to_yesterday_at_the_latest_and_the_form_proposes_that(session: Session, as_role: AsRole) -> None:
    goal = _goal()
    for until in (TODAY, TODAY + timedelta(days=1)):
        with pytest.raises(Refused, match="最晚到昨天"):
            operations.close_period(goal=goal, until=until, reason="上报", by=SYSTEM, today=TODAY, now=NOW)
    assert operations.close_period(goal=goal, until=TODAY - timedelta(days=1), reason="上报", by=SYSTEM, today=TODAY, now=NOW).id
    span: dict[str, Any] = {"target": 10, "starts_on": date(2016, 1, 1), "deadline": date(2099, 12, 31), "region_code": "350000", "source": "测试"}
    operations.define(code="t-open", name="测试目标", by=SYSTEM, now=NOW, **span)
    session.commit()
    client, yesterday = as_role(Role.DEPT_HR), clock.today() - timedelta(days=1)
    closing = client.get("/goals/t-open/keeping").text.split("/goals/t-open/closings")[1].split("</form>")[0]
    assert f'value="{yesterday}"' in closing
    answer = client.post("/goals/t-open/closings", data={"until": str(yesterday), "reason": "年度上报"})
    assert answer.status_code == 303


def test_the_late_notice_of_one_unit_tells_of_that_unit(session: Session, as_role: AsRole) -> None:
    goal = _goal()
    _trained(date(2016, 3, 1), NOW - timedelta(days=1))
    operations.close_period(goal=goal, until=date(2016, 6, 30), reason="半年上报", by=SYSTEM, today=TODAY, now=NOW)
    for day, region in ((date(2016, 4, 1), "350102"), (date(2016, 4, 2), "350102"), (date(2016, 4, 3), "350203")):
        _trained(day, NOW + timedelta(days=1), region=region)
    operations.rebuild(goal=goal, now=NOW)
    assert goal.late_by_unit == {"350100": 2, "350200": 1}
    assert [queries.late_persons(goal, unit) for unit in ("", "350100", "350200", "350300")] == [3, 2, 1, 0]
    session.commit()
    client = as_role(Role.DEPT_HR)
    for unit, said in (("", "补录 3 人"), ("350100", "补录 2 人"), ("350200", "补录 1 人")):
        assert said in client.get(f"/goals/{goal.code}?region={unit}").text
    page = client.get(f"/goals/{goal.code}?region=350200").text
    assert "late=1&amp;region=350200" in page or "region=350200&amp;late=1" in page
    assert "补录" not in client.get(f"/goals/{goal.code}?region=350300").text


def test_a_person_checked_later_is_counted_at_once(session: Session) -> None:
    goal, person = _goal(), ground.person(id_type=None)
    _trained(date(2016, 3, 1), NOW, person=person)
    operations.rebuild(goal=goal, now=NOW)
    assert queries.kept_totals(goal) == (0, 0)
    for is_verified, kept in ((True, (1, 1)), (False, (0, 0)), (True, (1, 1))):
        people.change_person(person=person, is_verified=is_verified, by=SYSTEM, now=clock.now())
        later = [operations.refresh(goal=goal, now=NOW + timedelta(minutes=minutes)) for minutes in (1, 2)]
        assert (later, queries.kept_totals(goal)) == ([True, False], kept)


def test_figures_by_course_are_the_same_kept_step_by_step_and_rebuilt(session: Session) -> None:
    goal = _goal()
    operations.rebuild(goal=goal, now=NOW)
    for course, region in (("电商", "350102"), ("物联网", "350203"), ("电商", "350203")):
        _trained(date(2016, 3, 1), NOW, course, region)
    operations.refresh(goal=goal, now=NOW)
    kept = queries.kept_courses(goal)
    assert kept == [("电商", 2, 2), ("物联网", 1, 1)]
    assert sorted(queries.kept_courses(goal, "350200")) == sorted([("物联网", 1, 1), ("电商", 1, 1)])
    operations.rebuild(goal=goal, now=NOW)
    assert queries.kept_courses(goal) == kept


def test_parts_that_do_not_sum_up_are_a_warning(session: Session, as_role: AsRole) -> None:
    goal = _goal()
    assert operations.set_targets(goal=goal, targets={"350100": 390_000, "350128": 10_000}, by=SYSTEM) == 400_000
    assert dashboards.dashboard(goal, on=TODAY).warning is None
    row = operations.take_snapshot(goal=goal, on=TODAY, reason="中期评估", by=SYSTEM, now=NOW)
    session.commit()
    operations.set_targets(goal=goal, targets={"350100": 390_000, "350128": 9_999}, by=SYSTEM)
    session.commit()
    assert row.report["targets"] == {"350100": 390_000, "350128": 10_000}, "by what it was read when it was given out"
    page = as_role(Role.DEPT_HR).get(f"/goals/fj-400k/snapshots/{row.id}").text
    assert ("当时的分目标" in page, "10,000" in page, "9,999" in page) == (True, True, False)
    assert dashboards.dashboard(goal, on=TODAY).warning == 399_999
    for bad in ({"110000": 1}, {"350100": -1}):
        with pytest.raises(Refused):
            operations.set_targets(goal=goal, targets=bad, by=SYSTEM)
    assert operations.set_targets(goal=goal, targets={"350100": 0}, by=SYSTEM) == 0
    assert queries.targets_of(goal.id) == {}


def test_a_review_freezes_the_figures_it_rests_on(session: Session) -> None:
    goal = _goal()
    row = operations.review(
        goal=goal, kind=ReviewKind.MIDTERM, on=date(2016, 6, 30), judgement="总体按计划", measures="", by=SYSTEM, today=TODAY, now=NOW
    )
    assert row.planned == rules.planned(400_000, goal.starts_on, goal.deadline, date(2016, 6, 30))
    assert [snapshot.reason for _row, snapshot in queries.reviews_of(goal.id)] == ["中期评估"]
    with pytest.raises(Refused, match="结论"):
        operations.review(goal=goal, kind=ReviewKind.FINAL, on=TODAY, judgement=" ", measures="", by=SYSTEM, today=TODAY, now=NOW)


@pytest.mark.parametrize(("at", "days", "is_good"), [("starts_on", -1, False), ("starts_on", 0, True), ("deadline", 0, True), ("deadline", 1, False)])
def test_a_review_is_of_a_day_of_the_goal(session: Session, at: str, days: int, is_good: bool) -> None:
    goal, later = _goal(), date(2026, 3, 2)
    call: dict[str, Any] = {"goal": goal, "kind": ReviewKind.FINAL, "judgement": "完成", "measures": "", "by": SYSTEM, "today": later, "now": NOW}
    on = getattr(goal, at) + timedelta(days=days)
    if is_good:
        assert operations.review(on=on, **call).on == on
        return
    with pytest.raises(Refused, match="起始日与截止日之间") as refused:
        operations.review(on=on, **call)
    assert (refused.value.field, queries.reviews_of(goal.id)) == ("on", [])


@pytest.mark.parametrize(
    ("code", "is_good"), [("a/b", False), ("A-1", False), ("a b", False), ("-a", False), ("中", False), ("", False), ("a" * 41, False), ("a" * 40, True), ("fj-2", True)]
)  # fmt: skip
def test_the_code_of_a_goal_has_a_page(session: Session, code: str, is_good: bool) -> None:
    span = {"target": 1, "starts_on": date(2026, 1, 1), "deadline": date(2026, 12, 31), "region_code": "350000", "source": "文件"}
    call: dict[str, Any] = {"code": code, "name": "测试", "by": SYSTEM, "now": NOW, **span}
    if is_good:
        assert operations.define(**call)[0].code == code
        return
    with pytest.raises(Refused, match="小写字母") as refused:
        operations.define(**call)
    assert (refused.value.field, queries.by_code(code)) == ("code", None)


def test_a_city_reports_for_itself_and_the_latest_figure_holds(session: Session) -> None:
    zones = queries.by_code("fj-zones")
    assert zones is not None
    fuzhou = Identity(None, None, "福州", (Grant(Role.PREFECTURE_OPERATOR, ScopeKind.REGION, region_code="350100"),))
    call: dict[str, Any] = {"goal": zones, "evidence": "", "today": TODAY, "now": NOW}
    for value in (1, 3):
        operations.report_figure(region_code="350100", on=TODAY, value=value, by=fuzhou, **call)
    assert queries.figures_of(zones.id)["350100"].value == 3
    with pytest.raises(NotAllowed):
        operations.report_figure(region_code="350200", on=TODAY, value=1, by=fuzhou, **call)
    for bad in ({"on": date(2016, 7, 2)}, {"on": date(2014, 1, 1)}, {"value": -1}, {"region_code": "110000"}):
        with pytest.raises(Refused):
            operations.report_figure(**{"region_code": "350100", "on": TODAY, "value": 1, "by": SYSTEM, **call, **bad})
    with pytest.raises(Refused, match="不用上报"):
        operations.report_figure(region_code="350100", on=TODAY, value=1, by=SYSTEM, **{**call, "goal": _goal()})


def test_the_list_of_reported_figures_is_paged_and_names_officers_to_offices_alone(session: Session, as_role: AsRole) -> None:
    """Departments read who reported, a city who did of its own, a centre nobody."""
    zones = session.scalars(select(Goal).where(Goal.code == "fj-zones")).one()
    officer = accounts.account(person=ground.person(name="陈上报"))
    for number in range(30):
        row = {"on": date(2016, 3, 1) + timedelta(days=number), "value": number, "evidence": f"文{number}", "reported_at": NOW}
        session.add(GoalFigure(goal_id=zones.id, region_code="350100", reported_by_id=officer.id, **row))
    by = replace(SYSTEM, account_id=officer.id, name="陈上报")
    audit.record(by=by, did="goals.figure.reported", on=zones, data={})
    audit.write_pending(session)
    session.commit()
    at, hr = "/goals/fj-zones/reported", as_role(Role.DEPT_HR)
    first, second = (hr.get(f"{at}?page={page}&size=20").text for page in (1, 2))
    assert ("文29" in first, "文9<" in first, "文9<" in second) == (True, False, True)
    base = ground.base().id
    session.commit()
    readers = {
        "department": hr,
        "its city": as_role(Role.PREFECTURE_OPERATOR, region_code="350100"),
        "another": as_role(Role.PREFECTURE_OPERATOR, region_code="350200"),
        "centre": as_role(Role.CENTRE_LEADER, organisation_id=base),
    }
    told = {name: ["陈上报" in one.get(where).text for where in (at, f"{at}.csv")] for name, one in readers.items()}
    assert told == {"department": [True, True], "its city": [True, True], "another": [False, False], "centre": [False, False]}
    assert hr.get(f"{at}.csv").text.count("文") == 30


def test_a_reported_goal_is_frozen_closed_and_reviewed_like_any(session: Session, as_role: AsRole) -> None:
    """What stood at a review does not change when a city reports for its day afterwards; such a figure is marked and holds."""
    zones = queries.by_code("fj-zones")
    assert zones is not None
    call: dict[str, Any] = {"goal": zones, "evidence": "闽数办", "by": SYSTEM, "today": TODAY}
    operations.report_figure(region_code="350100", on=date(2016, 6, 1), value=1, now=NOW, **call)
    hr, later = as_role(Role.DEPT_HR), NOW + timedelta(days=1)
    row = operations.review(goal=zones, kind=ReviewKind.MIDTERM, on=date(2016, 6, 30), judgement="过半", measures="", by=SYSTEM, today=TODAY, now=NOW)
    operations.close_period(goal=zones, until=date(2016, 6, 30), reason="半年上报", by=SYSTEM, today=TODAY, now=NOW)
    operations.report_figure(region_code="350200", on=date(2016, 6, 30), value=2, now=later, **call)
    operations.report_figure(region_code="350300", on=TODAY, value=1, now=later, **call)
    session.commit()
    then = reporting.report(zones, on=date(2016, 6, 30), known_at=NOW)
    assert (then["towards"], reporting.report(zones, on=date(2016, 6, 30))["towards"], reporting.report(zones, on=TODAY)["towards"]) == (1, 2, 3)
    page = hr.get(f"/goals/fj-zones/snapshots/{row.snapshot_id}").text
    assert ("快照不变" in page, "2016-06-01" in page) == (True, True)
    assert "计入目标 1 个" in hr.get("/goals/fj-zones/keeping").text
    assert hr.get("/goals/fj-zones/reported").text.count("补录</") == 1
    lines = hr.get("/goals/fj-zones/reported.csv").text.splitlines()
    assert [line.rsplit(",", 1)[1] for line in lines[1:]] == ["", "补录", ""]
    sent = hr.post("/goals/fj-zones/snapshots", data={"on": "2016-06-30", "reason": "年报"})
    assert (sent.status_code, queries.snapshots_of(zones.id)[0].persons) == (303, 2)


@pytest.mark.database
@pytest.mark.parametrize(("day", "counts"), [(date(2017, 12, 30), True), (date(2017, 12, 31), True), (date(2018, 1, 1), False)])
def test_a_figure_after_the_deadline_does_not_count(session: Session, day: date, counts: bool) -> None:
    zones = queries.by_code("fj-zones")
    assert zones is not None
    later = date(2026, 3, 2)
    call: dict[str, Any] = {"goal": zones, "region_code": "350100", "evidence": "", "by": SYSTEM, "today": later, "now": NOW}
    if not counts:
        with pytest.raises(Refused, match="2017-12-31 截止"):
            operations.report_figure(on=day, value=1, **call)
        old = GoalFigure(goal_id=zones.id, region_code="350100", on=day, value=1, evidence="", reported_by_id=None, reported_at=NOW)
        session.add(old)  # as it could be reported once
        session.flush()
        assert reporting.reported(zones, on=later) is None
        return
    operations.report_figure(on=day, value=1, **call)
    assert reporting.reported(zones, on=later) == 1


@pytest.mark.parametrize(
    ("values", "towards"),
    [
        ({}, 0),
        ({"350100": 0}, 0),
        ({"350100": 1}, 1),
        ({"350100": 2}, 1),
        ({"350100": 7}, 1),
        ({"350100": 7, "350200": 1}, 2),
        ({"350128": 1}, 0),  # 平潭 is no city
    ],
)
def test_what_one_city_has_too_much_does_not_stand_for_another(session: Session, as_role: AsRole, values: dict[str, int], towards: int) -> None:
    zones = queries.by_code("fj-zones")
    assert zones is not None
    for code, value in values.items():
        operations.report_figure(goal=zones, region_code=code, on=TODAY, value=value, evidence="", by=SYSTEM, today=TODAY, now=NOW)
    assert reporting.city_bounds(zones, on=TODAY) == (1, 2)
    assert reporting.reported(zones, on=TODAY) == (towards if values else None)
    assert (rules.towards(values, None), reporting.city_bounds(_goal(), on=TODAY)) == (sum(values.values()), None)
    session.commit()
    share = f"{towards / 9 * 100:.1f}%".replace(".0%", "%")
    assert share in as_role(Role.DEPT_HR).get("/goals/fj-zones/reported").text


def test_the_pages_of_who_keeps_a_goal(session: Session, as_role: AsRole) -> None:
    hr, city = as_role(Role.DEPT_HR), as_role(Role.PREFECTURE_OPERATOR, region_code="350100")
    assert [city.get(f"/goals/{path}").status_code for path in ("new", "fj-400k/edit", "fj-400k/keeping")] == [403, 403, 200]
    data = {
        "code": "Fz-Own", "name": "福州自设", "target": "100", "starts_on": "2026-01-01", "deadline": "2026-12-31", "state": "open",
        "counting_rule": "distinct_persons", "unit": "人", "region_code": "350100", "source": "市政府文件", "clause": "", "note": "",
    }  # fmt: skip
    assert hr.post("/goals/new", data={**data, "deadline": "2025-12-31"}).status_code == 422
    for wrong in ({"name": " "}, {"source": "\u3000"}, {"unit": " "}, {"code": "new"}):
        assert hr.post("/goals/new", data={**data, **wrong}).status_code == 422
    assert hr.post("/goals/new", data=data).status_code == 303
    assert hr.post("/goals/new", data=data).status_code == 422
    change = {"name": "福州自设目标", "target": "120", "deadline": "2026-12-31", "state": "open", "source": "市政府文件", "note": ""}
    assert hr.post("/goals/fz-own/edit", data=change).status_code == 303
    assert hr.post("/goals/fz-own/targets", data={"target_350100": "abc"}).status_code == 422
    answer = hr.post("/goals/fz-own/targets", data={"target_350100": "100"}, follow_redirects=True)
    assert "与总目标 120 不一致" in answer.text
    # opened before the parts were saved: the second editor is told, and they stay
    assert hr.post("/goals/fz-own/targets", data={"target_350100": "90", "version": "2"}).status_code == 409
    assert 'name="target_350100" inputmode="numeric" value="100"' in hr.get("/goals/fz-own/edit").text
    assert hr.post("/goals/fj-400k/closings", data={"until": "2016-12-31", "reason": "年报"}).status_code == 303
    assert hr.post("/goals/fj-400k/closings", data={"until": "2016-12-31", "reason": "年报"}).status_code == 422
    closing = queries.closings_of(_goal().id)[0]
    at = f"/goals/fj-400k/closings/{closing.id}/reopen"
    page = f"/goals/fj-400k/snapshots/{closing.snapshot_id}"
    assert "与现在的台账一致" in hr.get(page).text
    assert hr.get(page.replace("fj-400k", "fz-own")).status_code == 404
    assert city.post(at, data={"reason": "x"}).status_code == 403
    assert hr.post(at, data={"reason": "误封"}).status_code == 303
    assert hr.post("/goals/fj-400k/reviews", data={"kind": "midterm", "on": "2016-12-31", "judgement": "按计划", "measures": ""}).status_code == 303
    assert "按计划" in hr.get("/goals/fj-400k/keeping").text
    assert "与总目标" not in hr.get("/goals/fj-400k").text
    for name in dashboards.PLOTS:
        drawn = hr.get(f"/goals/fj-400k/plots/{name}.svg")
        assert (drawn.status_code, drawn.mimetype, drawn.text[:4]) == (200, "image/svg+xml", "<svg")
    assert hr.get("/goals/fj-400k/plots/x.svg").status_code == 404
    assert "/goals/fj-400k/plots/categories.svg" in hr.get("/goals/fj-400k").text
    assert "创业" in hr.get("/goals/fj-400k/plots/categories.svg").text
    assert hr.get("/goals/fj-zones").status_code == 302
    figure = {"region": "350100", "on": "2017-06-30", "value": "3", "evidence": ""}
    assert city.post("/goals/fj-zones/reported", data=figure).status_code == 303
    assert "应为 1 至 2 个" in hr.get("/goals/fj-zones/reported").text
    assert city.post("/goals/fj-zones/reported", data={**figure, "region": "350200"}).status_code == 422


def test_a_report_of_a_moment_counts_persons_as_they_were_joined_then(session: Session) -> None:
    """Joining or parting two persons later changes today's figures, never those of an earlier moment."""
    goal, since, until = _goal(), date(2016, 1, 1), date(2016, 12, 31)
    one, other = ground.person(is_verified=True, now=EARLY), ground.person(is_verified=True, now=EARLY)
    _trained(date(2016, 3, 1), NOW, person=one)
    base = session.scalars(select(TrainingRecord.organisation_id)).one()
    ledger.record_training(
        person_id=other.id, organisation_id=base, course="电商", category=Category.WORKER, county_code="350102", hours_x10=160,
        completed_on=date(2016, 4, 1), is_counted=True, source=Source.ROSTER, by=SYSTEM, now=NOW,
    )  # fmt: skip
    moments = [NOW + timedelta(days=days) for days in (1, 3, 5)]
    for decision, day in ((PairDecision.SAME, 2), (PairDecision.DIFFERENT, 4)):
        people.note_decision(first_id=one.id, second_id=other.id, decision=decision, reason="核对", by=SYSTEM, now=NOW + timedelta(days=day))
        counts = [reporting.report(goal, on=until, known_at=moment)["persons"] for moment in moments]
        trained = [facts.trained(Asked(ReportKind.QUALITY, since, until, moment, None))[base][1] for moment in moments]
        assert counts == trained == ([2, 1, 1] if day == 2 else [2, 1, 2])
        assert reporting.report(goal, on=until)["persons"] == counts[-1]


def test_what_the_job_keeps_of_a_goal_is_no_edit_of_it(session: Session, as_role: AsRole) -> None:
    """Figures that are brought up to the ledger while a form stands open refuse nobody; two who edit are still told, with what they typed."""
    goal = _goal()
    operations.refresh(goal=goal, now=NOW)
    session.commit()
    hr, opened = as_role(Role.DEPT_HR), goal.version
    _trained(date(2016, 3, 1), NOW)
    for later in (1, 70, 140):  # something new; nothing new, an hour later
        operations.refresh(goal=_goal(), now=NOW + timedelta(minutes=later))
        session.commit()
    assert _goal().version == opened
    change = {"name": "目标", "target": "400000", "deadline": "2017-12-31", "state": "open", "source": "文件", "note": ""}
    assert hr.post("/goals/fj-400k/edit", data={**change, "version": str(opened)}).status_code == 303
    session.expire_all()
    assert hr.post("/goals/fj-400k/targets", data={"target_350100": "90", "version": str(_goal().version)}).status_code == 303
    late = hr.post("/goals/fj-400k/targets", data={"target_350100": "81234", "version": str(opened)})
    assert (late.status_code, 'value="81234"' in late.text, "刚被其他人修改" in late.text) == (409, True, True)
    assert queries.targets_of(_goal().id) == {"350100": 90}


def test_the_page_shows_the_first_courses_and_a_list_all_of_them(session: Session, as_role: AsRole) -> None:
    """Every title of a roster or placement is a course: they grow with use, the page does not."""
    goal, rows = _goal(), range(1, 31)
    session.add_all(GoalCourse(goal_id=goal.id, prefecture="350100", course=f"课程{n:02d}", persons=n, enrolments=100 - n) for n in rows)
    session.add_all(GoalTitle(goal_id=goal.id, course=f"课程{n:02d}", persons=n, enrolments=100 - n) for n in rows)
    session.commit()
    hr, city = as_role(Role.DEPT_HR), as_role(Role.PREFECTURE_OPERATOR, region_code="350200")
    page = hr.get("/goals/fj-400k").text
    assert ("课程30" in page, "课程11" in page, "课程10" in page, "共 30 门课程" in page, "/goals/fj-400k/courses" in page) == (
        True,
        True,
        False,
        True,
        True,
    )
    assert len([line for line in hr.get("/goals/fj-400k/figures.csv").text.splitlines() if "课程" in line and "课程,,课程" in line]) == 30
    every = hr.get("/goals/fj-400k/courses").text
    assert ("课程30" in every, "课程11" in every, "课程10" in every) == (True, True, False)
    assert "课程05" in hr.get("/goals/fj-400k/courses?page=2").text
    found = hr.get("/goals/fj-400k/courses?q=课程07").text
    assert ("课程07" in found, "课程08" in found) == (True, False)
    first = hr.get("/goals/fj-400k/courses?sort=-persons").text
    assert ("课程30" in first, "课程10" in first) == (True, False)
    assert "课程01" in hr.get("/goals/fj-400k/courses?sort=persons").text
    others = city.get("/goals/fj-400k/courses?q=课程07")
    assert (others.status_code, ">7<" in others.text, ">5<" in others.text) == (200, False, True)
    assert hr.get("/goals/fj-zones/courses").status_code == 404
    assert "/goals/fj-400k/courses.csv?q=%E8%AF%BE%E7%A8%8B0&amp;sort=persons" in hr.get("/goals/fj-400k/courses?q=课程0&sort=persons").text
    lines = hr.get("/goals/fj-400k/courses.csv?q=课程0&sort=persons").text.lstrip("\ufeff").splitlines()
    assert (len(lines), lines[1], lines[9]) == (10, "课程01,1,99", "课程09,9,91")
    assert city.get("/goals/fj-400k/courses.csv?q=课程07").text.splitlines()[1] == "课程07,5,90"
    assert len(hr.get("/goals/fj-400k/courses.csv?region=350200").text.splitlines()) == 1
    assert hr.get("/goals/fj-zones/courses.csv").status_code == 404


def test_a_completion_in_no_county_is_told_until_it_is_corrected(session: Session, as_role: AsRole) -> None:
    """A provincial organisation's learner without a county counts in no city: who keeps the goal reads how many, and finds them."""
    goal = _goal()
    _trained(date(2016, 3, 1), NOW, region="350000")
    _trained(date(2016, 3, 1), NOW)
    operations.refresh(goal=goal, now=NOW)
    session.commit()
    hr = as_role(Role.DEPT_HR)
    page = hr.get("/goals/fj-400k").text
    assert ("另有 1 人次没有所属县区" in page, "身份待核实，未计入" in page, "region=350000" in page) == (True, False, True)
    assert "没有所属县区" not in hr.get("/goals/fj-400k?region=350100").text
    assert "共 1 " in hr.get(re.search(r'href="([^"]+region=350000)"', page)[1]).text  # type: ignore[index]
    (row,) = session.scalars(select(TrainingRecord).where(TrainingRecord.county_code == "350000"))
    ledger.correct_record(
        record=row, course=row.course, category=row.category, county_code="350203", hours_x10=row.hours_x10, completed_on=row.completed_on,
        is_counted=True, reason="补登县区", by=SYSTEM, today=TODAY, now=NOW + timedelta(minutes=1),
    )  # fmt: skip
    operations.refresh(goal=_goal(), now=NOW + timedelta(minutes=2))
    session.commit()
    assert queries.kept_totals(_goal()) == (2, 2)
    assert "没有所属县区" not in hr.get("/goals/fj-400k").text


def test_a_completion_in_no_county_counts_once_the_learners_county_is_entered(session: Session) -> None:
    """Nobody has to correct each record by hand; what lies in a county already, and what was cancelled, stays as it is."""
    goal, person, other = _goal(), ground.person(is_verified=True, now=EARLY), ground.person(is_verified=True, now=EARLY)
    twin = ground.person(is_verified=True, now=EARLY)
    ground.merge(person, twin)
    _trained(date(2016, 3, 1), NOW, region="350000", person=person)
    _trained(date(2016, 3, 2), NOW, "网课", region="350000", person=twin)
    _trained(date(2016, 3, 3), NOW, region="350102", person=person)
    _trained(date(2016, 3, 1), NOW, region="350000", person=other)
    gone = session.scalars(select(TrainingRecord).order_by(TrainingRecord.id)).all()[1]
    ledger.cancel_record(record_id=gone.id, reason="误记", by=SYSTEM, now=NOW)
    operations.refresh(goal=goal, now=NOW)
    assert (queries.kept_totals(goal), queries.waiting_counts(goal)) == ((1, 1), {"350000": 2})
    people.change_person(person=person, phone="13800000000", by=SYSTEM, now=NOW)
    assert queries.waiting_counts(goal) == {"350000": 2}
    people.change_person(person=person, county_code="350203", by=SYSTEM, now=NOW + timedelta(minutes=1))
    operations.refresh(goal=_goal(), now=NOW + timedelta(minutes=2))
    assert queries.waiting_counts(_goal()) == {"350000": 1}
    assert queries.kept_totals(_goal()) == (2, 1)
    standing = session.scalars(select(TrainingRecord).where(TrainingRecord.person_id == person.id, TrainingRecord.cancelled_at.is_(None)))
    assert sorted((one.completed_on.day, one.county_code) for one in standing) == [(1, "350203"), (3, "350102")]
    people.change_person(person=person, county_code="350102", by=SYSTEM, now=NOW + timedelta(minutes=3))
    assert queries.kept_courses(_goal(), "350200") == [("电商", 1, 1)]


def test_of_one_training_that_both_rows_of_a_human_have_one_counts_once_the_county_is_entered(session: Session) -> None:
    """The county was refused, and with it a whole list of students: "already there"."""
    goal, base = _goal(), ground.base()
    person, twin = ground.person(is_verified=True, now=EARLY), ground.person(is_verified=True, now=EARLY)
    for one in (person, twin):
        _trained(date(2016, 3, 1), NOW, region="350000", person=one, base=base)
    ground.merge(person, twin)
    people.change_person(person=person, county_code="350203", by=SYSTEM, now=NOW + timedelta(minutes=1))
    operations.refresh(goal=goal, now=NOW + timedelta(minutes=2))
    assert (queries.waiting_counts(_goal()), queries.kept_totals(_goal())) == ({}, (1, 1))


@pytest.mark.parametrize("is_new", [False, True])
def test_a_correction_that_became_visible_late_comes_into_the_kept_facts_within_the_hour(session: Session, is_new: bool) -> None:
    """One is cancelled and one recorded: the totals agree, and the marks have passed both (a long transaction beside the refresh, PostgreSQL)."""
    goal = _goal()
    _trained(date(2016, 3, 1), NOW)
    operations.refresh(goal=goal, now=NOW)
    (row,) = session.scalars(select(TrainingRecord))
    made = ledger.correct_record(
        record=row, course=row.course, category=row.category, county_code="350203", hours_x10=row.hours_x10, completed_on=row.completed_on,
        is_counted=True, reason="县区有误", by=SYSTEM, today=TODAY, now=NOW + timedelta(minutes=1),
    )  # fmt: skip
    names = ("last_record_id", "last_cancellation_id", "last_decision_at", "last_identified_at", "last_unidentified_id")
    facts_of_goal.keep(goal, **dict(zip(names, queries.ledger_marks(), strict=True)))
    if is_new:
        _trained(date(2016, 4, 1), NOW)
    operations.refresh(goal=goal, now=NOW + timedelta(hours=1, minutes=1))
    kept = {one.record_id: one.prefecture for one in session.scalars(select(GoalPerson).order_by(GoalPerson.id))}
    assert kept[made.id] == "350200"
    assert row.id not in kept
    assert queries.kept_courses(goal, "350200") == [("电商", 1, 1)]


@pytest.mark.parametrize("on", [date(2016, 3, 1), date(2016, 3, 15), date(2016, 3, 31), date(2016, 4, 1)])
def test_the_line_of_the_running_month_is_that_of_the_day_beside_its_persons(session: Session, on: date) -> None:
    """At the beginning of a month the persons of today stood beside the plan of its last day, as if the goal were a month behind."""
    goal = _goal()
    board = dashboards.dashboard(goal, on=on)
    assert board.months[-1] == f"{on:%Y-%m}"
    assert board.cumulative_planned[-1] == board.planned
    assert board.cumulative_planned[0] == rules.planned(goal.target, goal.starts_on, goal.deadline, rules.end_of_month(board.months[0]))


@pytest.mark.parametrize("days", [-400, 400])
def test_the_line_ends_on_the_deadline_and_stands_at_nothing_before_the_start(session: Session, days: int) -> None:
    goal = _goal()
    on = (goal.starts_on if days < 0 else goal.deadline) + timedelta(days=days)
    board = dashboards.dashboard(goal, on=on)
    assert board.cumulative_planned[-1] == board.planned == (0 if days < 0 else goal.target)


def test_a_late_correction_of_the_course_of_a_further_completion_comes_into_the_kept_courses_within_the_hour(session: Session) -> None:
    """Neither who counts nor any enrolment by day, place and category differs: only the list of courses."""
    goal = _goal()
    _trained(date(2016, 3, 1), NOW)
    (row,) = session.scalars(select(TrainingRecord))
    same: dict[str, Any] = {
        "category": row.category,
        "county_code": row.county_code,
        "hours_x10": 10,
        "completed_on": date(2016, 4, 1),
        "is_counted": True,
    }
    second, _new = ledger.record_training(
        person_id=row.person_id,
        organisation_id=row.organisation_id,
        course="第二课",
        source=Source.ROSTER,
        by_number=True,
        by=SYSTEM,
        now=NOW,
        **same,
    )
    operations.refresh(goal=goal, now=NOW)
    assert sorted(queries.kept_courses(goal)) == [("电商", 1, 1), ("第二课", 0, 1)]
    ledger.correct_record(record=second, course="第三课", reason="课程有误", by=SYSTEM, today=TODAY, now=NOW + timedelta(minutes=1), **same)
    names = ("last_record_id", "last_cancellation_id", "last_decision_at", "last_identified_at", "last_unidentified_id")
    facts_of_goal.keep(goal, **dict(zip(names, queries.ledger_marks(), strict=True)))
    operations.refresh(goal=goal, now=NOW + timedelta(hours=1, minutes=1))
    assert sorted(queries.kept_courses(goal)) == [("电商", 1, 1), ("第三课", 0, 1)]
    assert operations.refresh(goal=goal, now=NOW + timedelta(hours=2, minutes=2)) is False


@pytest.mark.parametrize(
    ("wrong", "field"), [({"name": " "}, "name"), ({"source": ""}, "source"), ({"unit": "\u3000"}, "unit"), ({"code": "new"}, "code")]
)
def test_a_goal_has_a_name_a_source_and_a_unit_and_an_address(session: Session, wrong: dict[str, str], field: str) -> None:
    told: dict[str, Any] = {"code": "own", "name": "自设", "source": "文件", "unit": "人", "region_code": "350100"}
    with pytest.raises(operations.BadGoal) as refused:
        operations.define(**{**told, **wrong}, target=1, starts_on=TODAY, deadline=TODAY, by=SYSTEM, now=NOW)
    assert refused.value.field == field
