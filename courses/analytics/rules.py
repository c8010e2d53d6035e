"""Who is at risk, and who is stuck where. Pure; the thresholds are ours and are shown on the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from courses.analytics.types import Facts, Judged, Reason, Risk

GRACE_DAYS = 7
"""So long after enrolling nobody is called late."""
INACTIVE_DAYS = 14
"""So many days without an entry in the log."""
BEHIND_X1000 = 250
"""A quarter of the course behind what the calendar expects."""
POINTS: Mapping[Reason, int] = {
    Reason.NEVER_STARTED: 3,
    Reason.INACTIVE: 2,
    Reason.BEHIND: 2,
    Reason.OVERDUE: 2,
    Reason.LOW_SCORE: 2,
}
HIGH, MEDIUM = 4, 2
"""From so many points on."""
SESSION_GAP_SECONDS = 15 * 60
"""Two entries of the log that are further apart belong to two sittings; the time between them is nobody's."""


def expected_x1000(facts: Facts, today: date) -> int | None:
    """The share a learner should have reached when the work is spread evenly from his first day to the last day of the run.

    None when the run has no last day, or the learner came on it.
    """
    if facts.ends_on is None:
        return None
    begins = max(facts.starts_on, facts.enrolled_on)
    days = (facts.ends_on - begins).days
    if days <= 0:
        return None
    return max(0, min(1000, 1000 * (today - begins).days // days))


def judge(facts: Facts, today: date) -> Judged:
    """The reasons that apply to a learner who has not completed, their points, and the risk that follows.

    Work that waits for a mark counts as done, and who has nothing left to do is not called inactive.
    """
    reasons: list[Reason] = []
    begins = max(facts.starts_on, facts.enrolled_on)
    if facts.last_active_on is None:
        if (today - begins).days >= GRACE_DAYS:
            reasons.append(Reason.NEVER_STARTED)
    elif (today - facts.last_active_on).days >= INACTIVE_DAYS and facts.reached_x1000 < 1000:
        reasons.append(Reason.INACTIVE)
    expected = expected_x1000(facts, today)
    if expected is not None and (today - begins).days >= GRACE_DAYS and expected - facts.reached_x1000 >= BEHIND_X1000:
        reasons.append(Reason.BEHIND)
    if facts.overdue > 0:
        reasons.append(Reason.OVERDUE)
    if facts.score_x10 is not None and facts.score_x10 < facts.pass_mark_x10:
        reasons.append(Reason.LOW_SCORE)
    points = sum(POINTS[reason] for reason in reasons)
    risk = Risk.HIGH if points >= HIGH else Risk.MEDIUM if points >= MEDIUM else Risk.NONE
    return Judged(risk, points, tuple(reasons))


def stuck_at(order: Sequence[int], finished: Mapping[int, set[int]], active: Sequence[int]) -> dict[int, int]:
    """For each unit, how many active learners have it as their first unfinished one; `finished` maps a learner to finished units."""
    counts = dict.fromkeys(order, 0)
    nothing: set[int] = set()
    for enrolment in active:
        done = finished.get(enrolment, nothing)
        first = next((unit for unit in order if unit not in done), None)
        if first is not None:
            counts[first] += 1
    return counts
