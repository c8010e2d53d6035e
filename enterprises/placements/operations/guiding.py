"""Who guides a student at the enterprise: somebody else than the student, and not the school's side."""

from __future__ import annotations

from datetime import date, datetime

from enterprises.mentors import queries as mentors
from enterprises.mentors.models import Mentor
from enterprises.placements import queries
from enterprises.placements.models import Placement
from enterprises.placements.operations._support import BadPlacement, WrongState, is_of_school, tell
from enterprises.placements.operations.certifying import has_ended
from enterprises.placements.types import PlacementState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _
from trainhub.people import queries as people


def guided_from(placement: Placement, today: date) -> date:
    """From when on a mentor named today guides: the first day, or today once it is past. Who is in office then may be named."""
    return max(today, placement.starts_on)


def takes_mentor(placement: Placement) -> bool:
    """Whether a mentor may be named: before the end, and afterwards as long as one that ran has no mark or days that wait, since whoever guided it may be
    gone by then."""
    if placement.state not in (PlacementState.WITHDRAWN, PlacementState.FINISHED):
        return True
    return has_ended(placement) and (placement.mentor_score_x10 is None or queries.pending_count(placement.id) > 0)


def has_work(placement: Placement) -> bool:
    """Whether its mentor has something to confirm or to mark, or will have: what runs, and what is over as long as it takes a mentor."""
    return placement.state is PlacementState.STARTED or (has_ended(placement) and takes_mentor(placement))


def assign_mentor(*, placement: Placement, mentor: Mentor, by: Identity, now: datetime) -> Placement:
    """Give the student a mentor of the enterprise. Above the mentor's own limit it is refused; the page warns from the
    limit of own.placement.students_per_mentor_max on. The same mentor again changes nothing. Of what is over somebody takes over what is left to grade
    or confirm (`takes_mentor`), which takes no room of theirs.

    The mentor answers for the enterprise, of somebody else: neither the student nor who heads or supervises the student's programme.
    """
    if not takes_mentor(placement):
        raise WrongState(_("实习已结束或撤销，不能更换指导教师。"))
    if mentor.enterprise_id != placement.enterprise_id:
        raise BadPlacement(_("指导教师不属于这家企业。"), field="mentor_id")
    first = guided_from(placement, local(now).date())
    if mentor.until is not None and mentor.until < first:
        raise BadPlacement(
            _("这位指导教师的聘任到 %(day)s 为止，已经结束或在实习开始前结束。", day=mentor.until), field="mentor_id", code="office_over"
        )
    if mentor.since > first:
        raise BadPlacement(_("这位指导教师从 %(day)s 起才受聘。", day=mentor.since), field="mentor_id", code="office_to_come")
    if placement.mentor_id == mentor.id:
        return placement
    conflict = mentors.conflict(mentor.id, placement.student_id)
    if conflict is not None:
        raise BadPlacement(_("这位指导教师须回避这名学生：%(reason)s。请换一位。", reason=conflict.reason), field="mentor_id", code="conflict")
    student = queries.student(placement.student_id)
    if people.is_same_human(mentor.person_id, student.person_id):
        raise BadPlacement(_("学生本人不能担任自己的企业指导教师。请换一位。"), field="mentor_id", code="own_mentor")
    if is_of_school(mentor, student, local(now).date()):
        said = _("%(name)s负责或管理这名学生所在的专业，不能同时代表企业指导。请换一位。", name=mentors.name_of(mentor.id))
        raise BadPlacement(said, field="mentor_id", code="both_sides")
    session().refresh(mentor, with_for_update=True)  # two students at once do not both take the last place
    today = local(now).date()
    load = queries.load_beside(placement.student_id, mentor_id=mentor.id, starts_on=placement.starts_on, ends_on=placement.ends_on, today=today)
    is_past = has_ended(placement) or (placement.state is PlacementState.STARTED and placement.ends_on < today)
    if load >= mentor.load_limit and not is_past:
        raise BadPlacement(
            _("这位指导教师在该时段已指导 %(load)d 名学生，达到上限。请换一位，或先调整上限。", load=load), field="mentor_id", code="mentor_full"
        )
    before, placement.mentor_id = placement.mentor_id, mentor.id
    session().flush()
    audit.record(by=by, did="placements.mentor.assigned", on=placement, data={"before": before, "after": mentor.id})
    tell(
        [mentor.person_id],
        kind="placements.mentor",
        message=N_("你成为一名实习学生的企业指导教师，请查看。"),
        url=f"/placements/{placement.id}",
        key=f"placement:{placement.id}:mentor:{mentor.id}:{now.isoformat()}",
        now=now,
    )
    return placement
