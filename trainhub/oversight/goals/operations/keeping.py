"""Closed periods, reviews, parts of the target, reported figures: what an office keeps about a goal beside its count."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import delete, insert
from sqlalchemy.orm.attributes import flag_modified

from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed, Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.oversight.goals import queries, rules
from trainhub.oversight.goals.models import Goal, GoalClosing, GoalFigure, GoalReview, GoalTarget
from trainhub.oversight.goals.operations.facts import BadGoal, check_named, hold_kept, keep, take_snapshot
from trainhub.oversight.goals.operations.holding import Clock, after_recorded
from trainhub.oversight.goals.types import CountingRule, GoalState, ReviewKind


class BadClosing(Refused):
    """A period that cannot be closed or opened again."""

    code = "bad_closing"


def change(
    *, goal: Goal, name: str, target: int, deadline: date, source: str, note: str, state: GoalState, by: Identity, now: datetime, version: int | None
) -> Goal:
    """Change what may change of a goal. Its start, region and categories stay: they are what the kept figures count.

    A deadline that moves makes the figures be counted again. Raises BadGoal, Stale.
    """
    check_version(goal, version)
    if target <= 0:
        raise BadGoal(_("目标数必须大于 0。"), field="target")
    if deadline < goal.starts_on:
        raise BadGoal(_("截止日不能早于起始日。"), field="deadline")
    check_named(name=name, source=source)
    before = {key: getattr(goal, key) for key in ("name", "target", "deadline", "state")}
    if deadline != goal.deadline:
        goal.refreshed_at = None
        flag_modified(goal, "refreshed_at")  # the job may have set it since this was read
    goal.name, goal.target, goal.deadline = name.strip()[:200], target, deadline
    goal.source, goal.note, goal.state = source.strip()[:400], note.strip()[:400], state
    session().flush()
    audit.record(
        by=by, did="goals.goal.changed", on=goal, data={key: [was, getattr(goal, key)] for key, was in before.items() if was != getattr(goal, key)}
    )
    return goal


def set_targets(*, goal: Goal, targets: Mapping[str, int], by: Identity, version: int | None = None) -> int:
    """Put parts of the target in place of the earlier ones; 0 takes a part out. Returns their sum: parts that do not sum up
    to the target are a warning, no refusal (the document gives only the total). Raises Stale, and BadGoal for an unknown unit. The goal's
    version counts up with its parts."""
    check_version(goal, version)
    known = dict(queries.regions_of(goal))
    wrong = sorted(set(targets) - set(known))
    if wrong or any(value < 0 for value in targets.values()):
        raise BadGoal(_("分目标须为本目标范围内的设区市，且不为负数。"), field="targets")
    before = queries.targets_of(goal.id)
    session().execute(delete(GoalTarget).where(GoalTarget.goal_id == goal.id).execution_options(synchronize_session=False))
    rows = [{"goal_id": goal.id, "region_code": code, "target": value} for code, value in sorted(targets.items()) if value]
    if rows:
        session().execute(insert(GoalTarget), rows)
    flag_modified(goal, "name")
    total = sum(targets.values())
    audit.record(
        by=by, did="goals.target.set", on=goal, data={"before": before, "targets": dict(sorted(targets.items())), "sum": total, "of": goal.target}
    )
    return total


def close_period(*, goal: Goal, until: date, reason: str, by: Identity, today: date, now: datetime, clock: Clock | None = None) -> GoalClosing:
    """Close the days up to one: a snapshot is kept, and records that come in later for these days carry a mark.

    Late entries still count (the goal tells the truth); the mark says that they were not in the figures given out. Today is not over:
    what is recorded this afternoon would be called late. Whoever is writing a portion of a roster, a record, a cancellation or who somebody is, is
    waited for, so that each is either in the figures or late; `clock` says what time it is then.
    """
    if until >= today:
        raise BadClosing(_("只能封存已经过去的日子，最晚到昨天：今天还会有记录登记。"), field="until")
    if until < goal.starts_on:
        raise BadClosing(_("封存日不能早于目标的起始日。"), field="until")
    hold_kept(goal)  # first: the job that has it writes the row of the goal at its end
    if goal.counting_rule is CountingRule.DISTINCT_PERSONS:
        now = after_recorded(now, clock)
    queries.hold(goal.id)
    now = queries.after_reported(goal.id, now)
    standing = queries.closings_of(goal.id, only_standing=True)
    if any(row.until >= until for row in standing):
        raise BadClosing(_("截至 %(day)s 的时段已经封存。", day=max(row.until for row in standing)), field="until", code="already_closed")
    snapshot = take_snapshot(goal=goal, on=min(until, goal.deadline), reason=reason, by=by, now=now)
    row = GoalClosing(goal_id=goal.id, until=until, reason=snapshot.reason, snapshot_id=snapshot.id, closed_by_id=by.account_id, closed_at=now)
    keep(goal, late_by_unit=None)
    session().add(row)
    session().flush()
    audit.record(by=by, did="goals.period.closed", on=row, data={"goal": goal.code, "until": until})
    return row


def reopen_period(*, closing: GoalClosing, reason: str, by: Identity, now: datetime) -> GoalClosing:
    """Take a closing back, with a reason; the row and its snapshot stay. Doing it twice changes nothing."""
    reason = reason.strip()
    if not reason:
        raise BadClosing(_("请写明解除封存的理由。"), field="reason")
    if closing.reopened_at is None:
        closing.reopened_at, closing.reopened_by_id, closing.reopening_reason = now, by.account_id, reason[:200]
        goal = session().get_one(Goal, closing.goal_id)
        hold_kept(goal)
        keep(goal, late_by_unit=None)
        session().flush()
        audit.record(by=by, did="goals.period.reopened", on=closing, data={"reason": reason[:200]})
    return closing


def review(
    *,
    goal: Goal,
    kind: ReviewKind,
    on: date,
    judgement: str,
    measures: str,
    by: Identity,
    today: date,
    now: datetime,
    clock: Clock | None = None,
) -> GoalReview:
    """A mid-term, yearly or final review (IIDG-5.5, 001:362): the figures of the day frozen beside what is judged of them."""
    if on > today:
        raise BadGoal(_("截至日期不能晚于今天。"), field="on")
    if not goal.starts_on <= on <= goal.deadline:
        first, last = goal.starts_on, goal.deadline
        raise BadGoal(_("截至日期须在目标起始日与截止日之间（%(a)s 至 %(b)s）。", a=first, b=last), field="on")
    if not judgement.strip():
        raise BadGoal(_("请写明评估结论。"), field="judgement")
    words = {ReviewKind.MIDTERM: _("中期评估"), ReviewKind.YEARLY: _("年度评估"), ReviewKind.FINAL: _("终期评估")}
    snapshot = take_snapshot(goal=goal, on=on, reason=words[kind], by=by, now=now, clock=clock)
    row = GoalReview(
        goal_id=goal.id,
        kind=kind,
        on=on,
        snapshot_id=snapshot.id,
        planned=rules.planned(goal.target, goal.starts_on, goal.deadline, on),
        judgement=judgement.strip(),
        measures=measures.strip(),
        reviewed_by_id=by.account_id,
        reviewed_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="goals.goal.reviewed", on=row, data={"goal": goal.code, "kind": kind, "on": on, "persons": snapshot.persons})
    return row


def report_figure(*, goal: Goal, region_code: str, on: date, value: int, evidence: str, by: Identity, today: date, now: datetime) -> GoalFigure:
    """What a reporting unit has reached of a goal that is reported, not computed. A new figure is a new row; the latest holds.

    An operator of a city reports for the city only. Raises BadGoal and NotAllowed.
    """
    if goal.counting_rule is not CountingRule.REPORTED:
        raise BadGoal(_("这个目标按培训记录计数，不用上报。"))
    if region_code not in dict(queries.regions_of(goal)):
        raise BadGoal(_("请选择本目标范围内的设区市。"), field="region")
    if not (by.everywhere(Role.DEPT_HR, Role.DEPT_EDU, Role.DEPT_ST, Role.SYSTEM_ADMIN) or region_code in by.region_codes(Role.PREFECTURE_OPERATOR)):
        raise NotAllowed(_("你只能上报本市的数字。"))
    if on > today or on < goal.starts_on:
        raise BadGoal(_("截至日期须在目标起始日与今天之间。"), field="on")
    if on > goal.deadline:
        said = _("本目标于 %(day)s 截止，截止以后的数字不计入。请填报截至该日或更早的数字。", day=goal.deadline)
        raise BadGoal(said, field="on")
    if value < 0:
        raise BadGoal(_("数字不能为负。"), field="value")
    queries.hold(goal.id)  # a figure is either in what a closing gives out or late
    now = queries.after_frozen(goal.id, now)
    row = GoalFigure(
        goal_id=goal.id,
        region_code=region_code,
        on=on,
        value=value,
        evidence=evidence.strip()[:400],
        reported_by_id=by.account_id,
        reported_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="goals.figure.reported", on=row, data={"goal": goal.code, "region": region_code, "on": on, "value": value})
    return row
