"""Verbs on goals: define, keep the facts current, rebuild them, give out a report. Only their own tables are written."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import delete, insert, update

from trainhub.kernel import addresses, audit
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import hold, session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, listed
from trainhub.ledger.types import Category
from trainhub.oversight.goals import queries, rules
from trainhub.oversight.goals.models import Goal, GoalCourse, GoalDay, GoalFact, GoalPerson, GoalShare, GoalSnapshot, GoalTarget, GoalTitle
from trainhub.oversight.goals.operations.holding import Clock, after_recorded
from trainhub.oversight.goals.reporting import report
from trainhub.oversight.goals.types import CountingRule, GoalState
from trainhub.policy.book import book

MANY = 3_000
CHECK_EVERY = timedelta(hours=1)
"""How often the kept sums are held against the ledger when nothing is new: what a long transaction beside ours wrote may have been missed."""
Key = tuple[date, str, int, str]


class BadGoal(Refused):
    """A definition that cannot be."""

    code = "bad_goal"


class ReasonNeeded(Refused):
    """A report is given out for a reason."""

    code = "reason_needed"


def check_named(**texts: str) -> None:
    """Refuse (BadGoal) a goal without a name, a source or a unit: `name`, `source`, `unit`."""
    words = {"name": _("请填写目标名称。"), "source": _("请填写目标的依据。"), "unit": _("请填写计量单位。")}
    for field, text in texts.items():
        if not text.strip():
            raise BadGoal(words[field], field=field)


def define(
    *,
    code: str,
    name: str,
    target: int,
    starts_on: date,
    deadline: date,
    region_code: str,
    source: str,
    by: Identity,
    now: datetime,
    categories: Collection[str] = (),
    counting_rule: CountingRule = CountingRule.DISTINCT_PERSONS,
    state: GoalState = GoalState.OPEN,
    unit: str = "人",
    clause: str = "",
    note: str = "",
    is_demo: bool = False,
    parts: Mapping[str, int] | None = None,
) -> tuple[Goal, bool]:
    """Define a goal, with what each region is to bring by its code; a known code is returned unchanged (False).

    Raises BadGoal.
    """
    hold(f"goals.define:{code}")  # of two who define the same at once the second finds the first's
    known = queries.by_code(code)
    if known is not None:
        return known, False
    if not rules.is_code(code):
        raise BadGoal(_("代码由小写字母、数字和中间的连字符组成，不超过 40 个，例如 fj-400k。"), field="code")
    if addresses.is_page(code, addresses.Kind.GOAL):
        raise BadGoal(_("“%(code)s”是页面自己用的地址，请换一个代码。", code=code), field="code")
    check_named(name=name, source=source, unit=unit)
    if target <= 0:
        raise BadGoal(_("目标数必须大于 0。"), field="target")
    if deadline < starts_on:
        raise BadGoal(_("截止日不能早于起始日。"), field="deadline")
    unknown = sorted(set(categories) - {category.value for category in Category})
    if unknown:
        raise BadGoal(_("没有人员类别“%(names)s”。", names=listed(unknown)), field="categories")
    parts = parts or {}
    if any(part <= 0 for part in parts.values()):
        raise BadGoal(_("分解到各地的目标数必须大于 0。"), field="parts")
    goal = Goal(
        code=code,
        name=name,
        state=state,
        counting_rule=counting_rule,
        target=target,
        unit=unit,
        starts_on=starts_on,
        deadline=deadline,
        region_code=region_code,
        categories=sorted(set(categories)),
        source=source,
        clause=clause,
        note=note,
        is_demo=is_demo,
        created_at=now,
    )
    session().add(goal)
    session().flush()
    session().add_all(GoalTarget(goal_id=goal.id, region_code=region, target=part) for region, part in sorted(parts.items()))
    session().flush()
    audit.record(by=by, did="goals.goal.defined", on=goal, data={"code": code, "target": target, "deadline": deadline})
    return goal, True


def load_definitions(file: Path, *, now: datetime) -> int:
    """Load the goals of the documents from their file; numbers come from the policy book. The number of goals that were new."""

    def value(row: Mapping[str, Any], name: str) -> Any:
        key = row.get(f"{name}_parameter")
        if key is not None:
            return book().versions(key)[-1].value
        found = row[name]
        return date.fromisoformat(found) if name in ("starts_on", "deadline") else found

    added = 0
    for row in json.loads(file.read_text(encoding="utf-8")):
        _goal, is_new = define(
            code=row["code"],
            name=row["name"],
            target=value(row, "target"),
            starts_on=value(row, "starts_on"),
            deadline=value(row, "deadline"),
            region_code=row["region_code"],
            categories=value(row, "categories") if "categories_parameter" in row else row.get("categories", ()),
            counting_rule=CountingRule(row["counting_rule"]),
            state=GoalState(row["state"]),
            unit=row["unit"],
            source=row["source"],
            clause=row["clause"],
            note=row.get("note", ""),
            by=SYSTEM,
            now=now,
        )
        added += is_new
    return added


# -- facts --------------------------------------------------------------------------------------------------------------
def refresh(*, goal: Goal, now: datetime) -> bool:
    """Bring the kept facts up to the ledger: only what changed since the last time; True when something was written.

    Persons joined or parted, a big import, or a count that does not agree with the ledger lead to a rebuild. The columns that are kept are no edit of the
    goal: its version is that of who defines it.
    """
    hold_kept(goal)
    marks = queries.ledger_marks()
    kept = (goal.last_record_id, goal.last_cancellation_id, goal.last_decision_at, goal.last_identified_at, goal.last_unidentified_id)
    if goal.refreshed_at is not None and marks == kept:
        if goal.late_by_unit is None:
            keep(goal, late_by_unit=queries.late_counts(goal))
        if now - goal.refreshed_at < CHECK_EVERY:
            return False
        if queries.kept_totals(goal) == queries.completion_count(goal) and queries.is_as_in_ledger(goal):
            _mark(goal, marks, now)
            return False
        rebuild(goal=goal, now=now)
        return True
    # A correction that became visible late moves no total: once an hour, however much is new, every kept key is held against the ledger.
    is_due = goal.refreshed_at is not None and goal.refreshed_at.replace(minute=0, second=0, microsecond=0) + CHECK_EVERY <= now
    touched = queries.touched_persons(goal, at_most=MANY)
    if touched is None or len(touched) > MANY:
        rebuild(goal=goal, now=now)
        return True
    _recount(goal, touched)
    _mark(goal, marks, now)
    if queries.kept_totals(goal) != queries.completion_count(goal) or (is_due and not queries.is_as_in_ledger(goal)):
        rebuild(goal=goal, now=now)  # a record became visible late (a long transaction beside ours)
    return True


def _recount(goal: Goal, touched: set[int]) -> None:
    """Persons and days that the touched persons stand on, again from the ledger."""
    current = session()
    humans = queries.humans_of(touched)
    days = queries.days_of_records(touched)
    for piece in queries.pieces(humans):
        days.update(queries.kept_days_of(goal, piece))
        current.execute(
            delete(GoalPerson).where(GoalPerson.goal_id == goal.id, GoalPerson.person_id.in_(piece)).execution_options(synchronize_session=False)
        )
        _insert_persons(goal, piece)
    for start in range(0, len(days), 300):
        some = sorted(days)[start : start + 300]
        current.execute(delete(GoalFact).where(GoalFact.goal_id == goal.id, GoalFact.on.in_(some)).execution_options(synchronize_session=False))
        _insert_facts(goal, queries.persons_by_key(goal, some), queries.enrolments_by_key(goal, some))
    for courses in queries.course_pieces(touched):
        _recount_courses(goal, courses)
    _sum_up(goal)


def _sum_up(goal: Goal) -> None:
    """The sums of the facts by day and by share, in place of the earlier ones."""
    for table, names, source in (
        (GoalDay, ("prefecture", "on_day", "persons"), queries.sums_by_day(goal)),
        (GoalShare, ("prefecture", "organisation_id", "category", "persons", "enrolments"), queries.sums_by_share(goal)),
    ):
        session().execute(delete(table).where(table.goal_id == goal.id).execution_options(synchronize_session=False))
        session().execute(insert(table.__table__).from_select(["goal_id", *names], source))  # type: ignore[arg-type]


def _recount_courses(goal: Goal, courses: Collection[str] | None) -> None:
    """Figures of some courses (None: of all) again from the ledger and the kept persons."""
    table: Any = GoalCourse.__table__
    gone = delete(GoalCourse).where(GoalCourse.goal_id == goal.id)
    session().execute((gone if courses is None else gone.where(GoalCourse.course.in_(courses))).execution_options(synchronize_session=False))
    rows = [
        {"goal_id": goal.id, "prefecture": unit, "course": course, "persons": persons, "enrolments": enrolments}
        for (unit, course), (persons, enrolments) in sorted(queries.course_figures(goal, courses).items())
    ]
    if rows:
        session().execute(insert(table), rows)
    _sum_titles(goal, courses)


def _sum_titles(goal: Goal, courses: Collection[str] | None) -> None:
    """The sums over all units of some courses (None: of all), in place of the earlier ones; of a course that nobody has any more none is left."""
    gone = delete(GoalTitle).where(GoalTitle.goal_id == goal.id)
    session().execute((gone if courses is None else gone.where(GoalTitle.course.in_(courses))).execution_options(synchronize_session=False))
    table: Any = GoalTitle.__table__
    session().execute(insert(table).from_select(["goal_id", "course", "persons", "enrolments"], queries.sums_by_title(goal, courses)))


def rebuild(*, goal: Goal, now: datetime) -> None:
    """Make all kept facts of a goal again from the ledger; the result is the same as by `refresh`."""
    hold_kept(goal)
    current = session()
    marks = queries.ledger_marks()
    for table in (GoalPerson, GoalFact):
        current.execute(delete(table).where(table.goal_id == goal.id).execution_options(synchronize_session=False))
    _insert_persons(goal, None)
    _insert_facts(goal, queries.persons_by_key(goal), queries.enrolments_by_key(goal))
    _recount_courses(goal, None)
    _sum_up(goal)
    _mark(goal, marks, now)


def _insert_persons(goal: Goal, humans: Collection[int] | None) -> None:
    columns = ("goal_id", "person_id", "record_id", "on_day", "county_code", "prefecture", "organisation_id", "category")
    table: Any = GoalPerson.__table__
    session().execute(insert(table).from_select(columns, queries.persons_to_keep(goal, humans)))


def _insert_facts(goal: Goal, persons: Mapping[Key, int], enrolments: Mapping[Key, int]) -> None:
    table: Any = GoalFact.__table__
    rows = [
        {
            "goal_id": goal.id,
            "on_day": key[0],
            "prefecture": key[1],
            "organisation_id": key[2],
            "category": key[3],
            "persons": persons.get(key, 0),
            "enrolments": enrolments.get(key, 0),
        }
        for key in sorted({*persons, *enrolments})
    ]
    if rows:
        session().execute(insert(table), rows)


def _mark(goal: Goal, marks: queries.Marks, now: datetime) -> None:
    names = ("last_record_id", "last_cancellation_id", "last_decision_at", "last_identified_at", "last_unidentified_id")
    columns = Goal.__table__.c
    # A deadline that was moved beside this is what nothing was counted by yet.
    is_of_this = sa.case((columns.deadline == goal.deadline, sa.literal(now, columns.refreshed_at.type)), else_=None)
    kept: dict[str, Any] = dict(zip(names, marks, strict=True))
    keep(goal, **kept, refreshed_at=is_of_this, late_by_unit=queries.late_counts(goal), waiting_by_unit=queries.waiting_counts(goal))


def hold_kept(goal: Goal) -> None:
    """Let those who write what is kept of a goal come one after the other, and read the goal as the one before left it."""
    hold(f"goals.kept:{goal.id}")
    session().refresh(goal)


def keep(goal: Goal, **values: Any) -> None:
    """Write columns that the job keeps, beside the version: whoever has a form of the goal open may still save it."""
    table: Any = Goal.__table__
    session().execute(update(table).where(table.c.id == goal.id).values(**values))
    session().expire(goal, list(values))


def take_snapshot(*, goal: Goal, on: date, reason: str, by: Identity, now: datetime, clock: Clock | None = None) -> GoalSnapshot:
    """Keep the report of a day as it was given out, with the parts of the target (`targets`, by unit) it was read against; later entries change
    the goal, never the snapshot. Of a reported goal `persons` is what counts towards the target, `enrolments` the sum that was reported."""
    reason = reason.strip()
    if not reason:
        raise ReasonNeeded(_("请写明固定快照的用途，例如“2016年度中期评估”。"), field="reason")
    is_counted = goal.counting_rule is CountingRule.DISTINCT_PERSONS
    if is_counted:
        now = after_recorded(now, clock)
    else:
        queries.hold(goal.id)
        now = queries.after_reported(goal.id, now)
    found = report(goal, on=on) | {"targets": queries.targets_of(goal.id)}
    row = GoalSnapshot(
        goal_id=goal.id,
        on=on,
        reason=reason[:200],
        persons=found["persons" if is_counted else "towards"],
        enrolments=found["enrolments" if is_counted else "reported"],
        report=json.loads(json.dumps(found, default=str)),
        taken_by_id=by.account_id,
        taken_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="goals.snapshot.taken", on=row, data={"goal": goal.code, "on": on, "persons": row.persons, "reason": row.reason})
    return row
