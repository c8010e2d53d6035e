"""How late what is handed in counts as, after an extension or a corrected rule: counted anew, marks follow, authors are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from courses.assignments import rules
from courses.assignments.models import Assignment, Submission
from courses.assignments.operations.grading import deduct, tell_authors
from courses.assignments.queries import lateness as late
from courses.assignments.queries import work
from courses.assignments.types import LatePolicy, SubmissionState
from trainhub.kernel import audit, jobs
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, say

RECOUNT_TASK = "courses.recount_lateness"
AT_ONCE = 100
"""More works than this are counted anew by a job."""


def policy_of(assignment: Assignment) -> LatePolicy:
    """The late policy as the rules see it."""
    return LatePolicy(assignment.due_at, timedelta(hours=assignment.grace_hours), assignment.percent_per_day, assignment.cutoff_at)


def recount_all(*, assignment: Assignment, by: Identity, now: datetime) -> int:
    """Count anew how late everything is that is handed in; returns how many changed. Very many go by a job (-1)."""
    if work.count_handed_in(assignment.id) > AT_ONCE:
        jobs.ask_anew(
            RECOUNT_TASK,
            by=by,
            title=say(N_("重新计算作业的迟交")),
            unique_key=f"{RECOUNT_TASK}:{assignment.id}",
            assignment_id=assignment.id,
        )
        return -1
    return recount(submissions=work.handed_in(assignment.id), by=by, now=now)


def recount(*, submissions: Sequence[Submission], by: Identity, now: datetime) -> int:
    """Count anew how late these works of one assignment are and what that costs, by the rules and extensions that hold now.

    Work never becomes later than it was when it was handed in. A mark that is there keeps its points, whoever gave them, and takes the new
    deduction; one that was shown is shown anew, and neither its days nor its deduction ever rise: nobody pays a price that was raised after their
    mark was known. Authors are told what changed. Returns how many changed; repeating it changes nothing.
    """
    if not submissions:
        return 0
    handed = late.handed_in_at([row.id for row in submissions])
    until = late.untils([row.person_id for one in submissions for row in one.members], submissions[0].assignment_id)
    changed = 0
    for one in submissions:
        policy = policy_of(one.assignment)
        given = max((until[row.person_id] for row in one.members if row.person_id in until), default=None)
        days = rules.late_days_anew(policy, handed[one.id], given)
        before = (one.late_days, one.penalty_x10)
        is_graded = one.state is SubmissionState.GRADED and one.points_x10 is not None
        is_shown = is_graded and one.released_at is not None
        days = min(days, one.late_days) if is_shown else days
        penalty = rules.penalty_x10(one.assignment.max_x10, policy.percent_per_day, days, one.points_x10 or 0) if is_graded else one.penalty_x10
        penalty = min(penalty, one.penalty_x10) if is_shown else penalty
        if before == (days, penalty):
            continue
        one.late_days = days
        session().flush()
        if is_graded:
            deduct(submission=one, penalty_x10=penalty, by=by, now=now, tells=not is_shown)
        audit.record(
            by=by,
            did="courses.submission.lateness_recounted",
            on=one,
            data={"late_days_before": before[0], "late_days": days, "penalty_before_x10": before[1], "penalty_x10": one.penalty_x10},
        )
        _tell(one, before, now)
        changed += 1
    return changed


def _tell(one: Submission, before: tuple[int, int], now: datetime) -> None:
    """Say what changed. A deduction of a mark that is still hidden says nothing to its author yet."""
    if one.late_days != before[0]:
        message = N_("作业《%(title)s》的迟交重新计算：原为 %(before)d 天，现为 %(days)d 天；已评的得分不变，迟交扣分随之更正。")
    elif one.released_at is not None:
        message = N_("作业《%(title)s》的迟交扣分规则有更改，你的成绩已按新规则重新计算。")
    else:
        return
    tell_authors(
        one,
        "courses.assignment.lateness",
        message,
        f"lateness:{one.id}:{one.version}",
        now,
        {"before": before[0], "days": one.late_days},
    )
