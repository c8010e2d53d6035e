"""Weeks judged again when holidays were entered or withdrawn after the days they touch were confirmed: milestones, certificates."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from enterprises.placements import queries
from enterprises.placements.operations._support import parameter, tell
from enterprises.placements.operations.certifying import correct_certificate, has_brought
from enterprises.placements.operations.counting import settle_trainings
from enterprises.placements.operations.days import reach_weeks
from trainhub.kernel.access import Identity
from trainhub.kernel.i18n import N_
from trainhub.ledger import operations as ledger
from trainhub.ledger import queries as ledger_queries
from trainhub.ledger.holidays import queries as holidays
from trainhub.ledger.types import Source

LOOKS_BACK = timedelta(days=30)
"""How long a change of the holidays is asked after: whatever stood still for a while is made up for, and twice changes nothing."""
REASON = "放假安排有变动，实习周数重新核算"


def rejudge_weeks(*, today: date, by: Identity, now: datetime) -> dict[str, int]:
    """Judge the weeks of every student again in whose weeks a holiday was entered or withdrawn lately; how many milestones are
    new or gone, and how many certificates were corrected. Doing it again changes nothing."""
    students = ledger_queries.students_in_weeks_of(holidays.changed_since(now - LOOKS_BACK))
    told = {"students": len(students), "reached": 0, "lost": 0, "certificates": 0}
    if not students:
        return told
    required, totals = parameter("own.weeks.days_required", today).number, ledger_queries.weeks_of_many(students)
    for student_id in students:
        if totals[student_id].credited_days >= required:
            told["reached"] += reach_weeks(student_id=student_id, today=today, by=by, now=now)
        else:
            told["lost"] += _lose_weeks(student_id, by, now)
    placements = queries.of_students(students)
    settle_trainings(placements=placements, reason=REASON, today=today, by=by, now=now)
    for placement in placements:
        if has_brought(placement):
            told["certificates"] += correct_certificate(placement=placement, record="放假安排变动记录", by=by, today=today, now=now)
    return told


def _lose_weeks(student_id: int, by: Identity, now: datetime) -> bool:
    student, key = queries.student(student_id), f"weeks:{student_id}"
    if ledger_queries.live_milestone(student.person_id, Source.PLACEMENT, key) is None:
        return False
    ledger.withdraw_milestone(person_id=student.person_id, source=Source.PLACEMENT, key=key, reason=REASON, by=by, now=now)
    tell(
        [student.person_id],
        kind="placements.weeks_lost",
        message=N_("放假安排有变动，你的企业学习周数重新核算后不足要求，请查看每周的说明。"),
        url="/placements/mine/weeks",
        now=now,
    )
    return True
