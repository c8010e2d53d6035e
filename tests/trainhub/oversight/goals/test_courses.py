"""The courses of a goal over all reporting units, kept so that the largest of thousands are read by an index."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from tests.courses.discussion.test_migration import AT, put
from tests.trainhub.oversight.goals.test_keeping import NOW, TODAY, _goal, _trained
from trainhub.kernel import migrations
from trainhub.kernel.access import SYSTEM, Role
from trainhub.ledger import operations as ledger
from trainhub.ledger.models import TrainingRecord
from trainhub.oversight.goals import operations, queries
from trainhub.oversight.goals.models import GoalCourse, GoalTitle

AsRole = Callable[..., FlaskClient]
DAY = TODAY.replace(year=2016, month=3, day=1)


def _titles(session: Session) -> list[tuple[str, int, int]]:
    return sorted((one.course, one.persons, one.enrolments) for one in session.scalars(select(GoalTitle)))


def _summed(session: Session) -> list[tuple[str, int, int]]:
    columns = (GoalCourse.course, sa.func.sum(GoalCourse.persons), sa.func.sum(GoalCourse.enrolments))
    return sorted((course, int(some), int(all_)) for course, some, all_ in session.execute(select(*columns).group_by(GoalCourse.course)))


def test_the_sums_over_all_units_are_the_same_kept_step_by_step_and_rebuilt(session: Session) -> None:
    goal = _goal()
    operations.rebuild(goal=goal, now=NOW)
    for course, region in (("电商", "350102"), ("物联网", "350203"), ("电商", "350203")):
        _trained(DAY, NOW, course, region)
    operations.refresh(goal=goal, now=NOW)
    kept = [("物联网", 1, 1), ("电商", 2, 2)]
    assert _titles(session) == _summed(session) == kept
    operations.rebuild(goal=goal, now=NOW)
    assert _titles(session) == kept
    # A course that nobody has any more leaves nothing behind, one that loses a unit keeps the others.
    for record in session.scalars(select(TrainingRecord).where(TrainingRecord.county_code == "350203")).all():
        ledger.cancel_record(record_id=record.id, reason="误记", by=SYSTEM, now=NOW + timedelta(minutes=1))
    operations.refresh(goal=goal, now=NOW + timedelta(minutes=2))
    assert _titles(session) == _summed(session) == [("电商", 1, 1)]
    operations.rebuild(goal=goal, now=NOW + timedelta(minutes=3))
    assert _titles(session) == [("电商", 1, 1)]


@pytest.mark.parametrize("spoiled", [delete(GoalTitle), update(GoalTitle).values(persons=7), update(GoalTitle).values(enrolments=7)])
def test_sums_that_are_not_those_of_the_ledger_are_made_again_within_the_hour(session: Session, spoiled: Any) -> None:
    goal = _goal()
    _trained(DAY, NOW)
    operations.refresh(goal=goal, now=NOW)
    assert queries.is_as_in_ledger(goal)
    session.execute(spoiled)
    assert not queries.is_as_in_ledger(goal)
    assert operations.refresh(goal=goal, now=NOW + timedelta(hours=1, minutes=1))
    assert _titles(session) == [("电商", 1, 1)]
    session.execute(insert(GoalTitle), [{"goal_id": goal.id, "course": "无人学过", "persons": 1, "enrolments": 1}])
    assert not queries.is_as_in_ledger(goal)


def test_the_page_the_list_and_its_file_read_the_sums_and_a_unit_its_own(session: Session, as_role: AsRole) -> None:
    goal = _goal()
    for course, region in (("电商", "350102"), ("电商", "350203"), ("物联网", "350203")):
        _trained(DAY, NOW, course, region)
    operations.refresh(goal=goal, now=NOW)
    session.commit()
    hr = as_role(Role.DEPT_HR)
    assert queries.top_courses(goal, "", step=1, most=1) == ([("电商", 2, 2)], 2)
    assert queries.top_courses(goal, "", step=1, most=2) == ([("电商", 2, 2), ("物联网", 1, 1)], 2)
    assert queries.top_courses(goal, "", step=1, most=3) == ([("电商", 2, 2), ("物联网", 1, 1)], 2)
    assert queries.top_courses(goal, "350100", step=1, most=3) == ([("电商", 1, 1)], 1)
    # Whoever reads whole steps reads an order by whole steps: both are 0 there, and the name decides.
    assert queries.top_courses(goal, "", step=5, most=3)[0] == [("物联网", 1, 1), ("电商", 2, 2)]
    for at, lines in (("", ["电商,2,2", "物联网,1,1"]), ("?region=350100", ["电商,1,1"]), ("?region=350200", ["物联网,1,1", "电商,1,1"])):
        assert hr.get(f"/goals/fj-400k/courses.csv{at}").text.lstrip("\ufeff").splitlines()[1:] == lines
    assert "共 2 " in hr.get("/goals/fj-400k/people?course=电商").text
    assert "共 1 " in hr.get("/goals/fj-400k/people?course=电商&region=350100").text


def test_the_largest_are_read_in_the_order_of_an_index(session: Session) -> None:
    """By sorting all titles the page of the goal took more than twice the time at 400,000 persons."""
    goal, is_sqlite = _goal(), session.get_bind().dialect.name == "sqlite"
    for name in () if is_sqlite else ("enable_seqscan", "enable_bitmapscan", "enable_sort"):  # a few rows are sorted, whatever indexes there are
        session.execute(sa.text(f"SET LOCAL {name} = off"))
    for region, index in (("", "ix_goal_title_size"), ("350100", "ix_goal_course_size")):
        statement = queries.course_listing(goal, region).limit(20).compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = " ".join(str(row[-1]) for row in session.execute(sa.text(f"EXPLAIN {'QUERY PLAN' if is_sqlite else ''} {statement}")))
        assert re.search(f"USING COVERING INDEX {index}" if is_sqlite else f"Index (Only )?Scan (Backward )?using {index}", plan), plan
        # by size they come out of the index; PostgreSQL puts those of one size by name
        assert "TEMP B-TREE FOR ORDER BY" not in plan, plan
        assert "Sort Key" not in plan or "Presorted Key: persons" in plan, plan


def test_courses_that_were_kept_by_unit_are_summed_up_by_the_migration(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0133")
    with engine.begin() as connection:
        put(connection, "region", code="350000", name="福建省", level="province")
        facts = {"name": "目标", "state": "open", "counting_rule": "distinct_persons", "target": 10, "unit": "人", "region_code": "350000"}
        span = {"starts_on": AT.date(), "deadline": AT.date(), "source": "x"}
        for key in (1, 2):
            put(connection, "goal", id=key, code=f"g{key}", categories=[], created_at=AT, **facts, **span)
        for goal, unit, course, some, every in ((1, "350100", "电商", 2, 3), (1, "350200", "电商", 0, 4), (2, "350100", "电商", 1, 1)):
            put(connection, "goal_course", goal_id=goal, prefecture=unit, course=course, persons=some, enrolments=every)
    migrations.upgrade(engine, "0134")
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT goal_id, course, persons, enrolments FROM goal_title ORDER BY goal_id")).all()
    assert [tuple(row) for row in found] == [(1, "电商", 2, 7), (2, "电商", 1, 1)]
    migrations.downgrade(engine, "0133")
    assert "goal_title" not in sa.inspect(engine).get_table_names()
