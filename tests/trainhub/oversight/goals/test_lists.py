"""The lists behind a figure: pages by the days of the kept sums are the pages of the whole list, whoever reads and whatever is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.kernel.db import session as current
from trainhub.kernel.db import transaction
from trainhub.ledger import operations as ledger
from trainhub.ledger.types import Category, Source
from trainhub.oversight.goals import operations, queries
from trainhub.oversight.goals.models import GoalPerson
from trainhub.oversight.goals.queries import days

NOW = datetime(2016, 7, 1, 2, tzinfo=UTC)
COUNTIES = ("350102", "350128", "350203")
NOTHING: dict[str, Any] = {"region": "", "base_id": None, "category": "", "since": "", "month": "", "course": "", "late": False, "sort": ""}


@remembered
def _filled() -> tuple[Any, int]:
    """Forty completions on nine days of 24 humans in three units, the kept sums up to date; the goal and one of the bases."""
    goal = queries.by_code("fj-400k")
    assert goal is not None
    bases = [ground.enterprise().id for _ in range(2)]
    people = [ground.person(is_verified=True, now=NOW - timedelta(days=900)).id for _ in range(24)]
    for n in range(40):
        ledger.record_training(
            person_id=people[n % 24], organisation_id=bases[n % 2], course=f"课程{n % 3}", category=list(Category)[n % 2],
            county_code=COUNTIES[n % 3], hours_x10=160, completed_on=date(2016, 3, 1) + timedelta(days=n * 5 % 9), is_counted=True,
            source=Source.ROSTER, by=SYSTEM, now=NOW,
        )  # fmt: skip
    operations.refresh(goal=goal, now=NOW)
    return goal, bases[0]


def _reader(role: Role, **scope: Any) -> Identity:
    return Identity(1, None, frozenset({Grant(role, **scope)}))


ASKED: list[dict[str, Any]] = [
    {}, {"region": "350128"}, {"category": "worker"}, {"month": "2016-03"}, {"month": "2016-04"}, {"since": "2016-02", "month": "2016-03"},
    {"course": "课程1"}, {"sort": "on"},
    {"sort": "-on"}, {"sort": "name"}, {"region": "350100", "category": "founder"},
]  # fmt: skip


@pytest.mark.parametrize("measure", ["people", "enrolments"])
@pytest.mark.parametrize("reader", ["province", "prefecture", "county", "base"])
def test_pages_are_those_of_the_whole_list(session: Session, measure: str, reader: str) -> None:
    """For whoever reads, however the list is narrowed and sorted: page behind page it is the list that is exported."""
    goal, base = _filled()
    identity = {
        "province": SYSTEM,
        "prefecture": _reader(Role.PREFECTURE_OPERATOR, kind=ScopeKind.REGION, region_code="350100"),
        "county": _reader(Role.PREFECTURE_OPERATOR, kind=ScopeKind.REGION, region_code="350203"),
        "base": _reader(Role.CENTRE_LEADER, kind=ScopeKind.ORGANISATION, scope_id=base),
    }[reader]
    rows, page = {
        "people": (queries.drill, queries.people_page),
        "enrolments": (queries.enrolments, queries.enrolments_page),
    }[measure]  # type: ignore[index]
    for asked in ASKED:
        wanted = NOTHING | asked
        whole = [row.record_id for row in session.execute(rows(goal, identity, **wanted))]
        assert whole or asked == {"month": "2016-04"} or reader != "province", asked
        read: list[int] = []
        for number in range(1, -(-len(whole) // 7) + 1):
            found = page(goal, identity, number=number, size=7, **wanted)
            assert (found.number, found.total, found.is_more) == (number, len(whole), False), asked
            read += [row.record_id for row in found.items]
        assert read == whole, asked
        assert page(goal, identity, number=99, size=7, **wanted).number == max(1, -(-len(whole) // 7)), asked


def test_a_row_that_a_refresh_takes_away_between_both_questions_is_left_out(session: Session) -> None:
    """On PostgreSQL the second question sees what was committed since the first: facts are deleted and made anew each minute."""
    goal, _base = _filled()
    page = queries.people_page(goal, SYSTEM, number=1, size=5, **NOTHING)
    statement = queries.drill(goal, SYSTEM, **NOTHING)
    keys = list(session.scalars(days._keys(statement, GoalPerson).limit(3)))
    assert [row.record_id for row in days._rows(statement, GoalPerson, [keys[0], 10**9, *keys[1:]])] == [row.record_id for row in page.items][:3]


@pytest.mark.parametrize("page", [queries.people_page, queries.enrolments_page])
@pytest.mark.parametrize("asked", [{}, {"course": "课程1"}])
def test_the_rows_before_a_page_are_passed_over_by_their_keys(session: Session, page: Any, asked: dict[str, str]) -> None:
    """What a list tells of a row (since when somebody is known, whether late) is asked of the rows of the page, not of those before it."""
    goal, _base = _filled()
    said: list[str] = []
    sa.event.listen(session.get_bind(), "before_cursor_execute", lambda _c, _k, statement, *_more: said.append(statement))
    page(goal, SYSTEM, number=2, size=5, **NOTHING | asked)
    (passing,) = (one for one in said if "OFFSET" in one)
    assert passing.split("FROM")[0].count("SELECT") == 1
    assert passing.split("FROM")[0].count(",") == 0


@pytest.mark.database
def test_postgresql_compiles_no_page(committed: Flask) -> None:
    with committed.app_context():
        if current().get_bind().dialect.name == "postgresql":
            assert current().scalar(sa.text("SHOW jit")) == "off"


def test_a_list_too_long_to_sort_keeps_its_days_and_says_so(app: Flask, as_role: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context(), transaction():
        _filled()
    client = as_role(Role.DEPT_HR)
    monkeypatch.setattr(days, "MOST_COUNTED", 10)
    for address in ("/goals/fj-400k/enrolments", "/goals/fj-400k/people"):
        assert "只按日期排列" not in client.get(f"{address}?sort=on").text
        assert "只按日期排列" in client.get(f"{address}?sort=name").text
        assert "只按日期排列" not in client.get(f"{address}?sort=name&region=350128&month=2016-04").text
    assert "共 40 人次" in client.get("/goals/fj-400k/enrolments").text
    text = client.get("/goals/fj-400k/enrolments?course=课程1").text
    assert "共 13 人次，列出前 10 条" in text
    assert "超过 10 人次，列出前 10 条" in client.get("/goals/fj-400k/enrolments?course=课程1&month=2016-03").text
    monkeypatch.setattr(days, "MOST_COUNTED", 13)  # as many as there are
    assert "共 13 人次" in client.get("/goals/fj-400k/enrolments?course=课程1").text


def test_late_persons_are_kept_and_counted_again_when_a_period_is_closed_or_opened(session: Session) -> None:
    goal, _base = _filled()
    assert goal.late_by_unit == {}
    closing = operations.close_period(goal=goal, until=date(2016, 6, 30), reason="上报", by=SYSTEM, today=date(2016, 7, 1), now=NOW)
    assert (goal.late_by_unit, queries.late_persons(goal)) == (None, 0)
    ledger.record_training(
        person_id=ground.person(is_verified=True, now=NOW - timedelta(days=900)).id, organisation_id=ground.enterprise().id, course="补", category=Category.WORKER, county_code="350102",
        hours_x10=10, completed_on=date(2016, 5, 1), is_counted=True, source=Source.ROSTER, by=SYSTEM, now=NOW + timedelta(hours=2),
    )  # fmt: skip
    operations.refresh(goal=goal, now=NOW + timedelta(hours=2))
    assert (goal.late_by_unit, queries.late_persons(goal)) == ({"350100": 1}, 1)
    operations.reopen_period(closing=closing, reason="更正", by=SYSTEM, now=NOW + timedelta(hours=3))
    assert (goal.late_by_unit, queries.late_persons(goal)) == (None, 0)
    operations.refresh(goal=goal, now=NOW + timedelta(hours=2, minutes=1))
    assert goal.late_by_unit == {}
    assert current() is session
