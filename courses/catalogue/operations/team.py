"""Who teaches a run: invitations and their answers. Courses that come before a course."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm.attributes import flag_modified

from courses.catalogue import authoring_queries as found
from courses.catalogue import choice_queries, holding_queries, labels, queries
from courses.catalogue.models import Course, CoursePrerequisite, Run, StaffInvitation
from courses.catalogue.operations.offerings import BadCourse, set_staff
from courses.catalogue.types import StaffRole
from trainhub.identity.queries import accounts
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _, listed
from trainhub.notifications import operations as notifications
from trainhub.people import queries as people


def invite(*, run: Run, person_id: int, role: StaffRole, by: Identity, now: datetime) -> StaffInvitation:
    """Ask somebody to join the staff; asked again the invitation is renewed. Nobody joins without saying yes."""
    if queries.staff_member(run.id, person_id) is not None:
        raise BadCourse(_("这位教师已在课程团队中；如需调整角色，请直接修改。"), field="login")
    row = found.invitation(run.id, person_id)
    if row is None:
        row = StaffInvitation(run_id=run.id, person_id=person_id, role=role, invited_by_id=by.account_id, invited_at=now)
        session().add(row)
    else:
        row.role, row.invited_at, row.invited_by_id, row.answered_at, row.is_accepted = role, now, by.account_id, None, False
    session().flush()
    notifications.notify(
        account_ids=accounts.accounts_of_persons([person_id]).values(),
        kind="courses.staff_invited",
        message=N_("%(who)s 邀请你加入课程《%(title)s》的团队，角色：%(role)s。"),
        values={"who": by.name, "title": run.title, "role": notifications.word(labels.STAFF_ROLES[role])},
        url="/teaching/invitations",
        unique_key=f"staff-invitation:{row.id}:{now.isoformat()}",
        now=now,
    )
    audit.record(by=by, did="courses.staff.invited", on=run, data={"person": person_id, "role": role})
    return row


def answer(*, invitation: StaffInvitation, is_accepted: bool, by: Identity, now: datetime) -> None:
    """Say yes or no, once."""
    if invitation.answered_at is not None:
        return
    invitation.answered_at, invitation.is_accepted = now, is_accepted
    session().flush()
    if is_accepted:
        run = queries.run_by_id(invitation.run_id)
        assert run is not None
        set_staff(run=run, person_id=people.human_id(invitation.person_id), role=invitation.role, by=by, now=now)
    audit.record(by=by, did="courses.staff.accepted" if is_accepted else "courses.staff.declined", on=invitation)


def take_back(*, invitation: StaffInvitation, by: Identity, now: datetime) -> None:
    """Withdraw an invitation that was not answered."""
    if invitation.answered_at is None:
        audit.record(by=by, did="courses.staff.invitation_withdrawn", on=invitation, data={"person": invitation.person_id})
        session().delete(invitation)
        session().flush()


def take_off(*, run: Run, person_id: int, by: Identity, now: datetime) -> None:
    """Take a person off the team of a run, and tell them unless they did it themselves. Twice is once; the last lead stays."""
    was = queries.staff_member(run.id, person_id)
    set_staff(run=run, person_id=person_id, role=None, by=by, now=now)
    if was is not None and by.person_id != person_id:
        notifications.notify(
            account_ids=accounts.accounts_of_persons([person_id]).values(),
            kind="courses.staff_removed",
            message=N_("你已不再是课程《%(title)s》的教学团队成员。有疑问请联系主讲教师。"),
            values={"title": run.title},
            url="/teaching",
            now=now,
        )


MOST = 50
"""So many courses another one may ask for: nobody learns more before the first lesson."""


def named(course: Course, codes: Collection[str]) -> list[int]:
    """The courses with these codes. Refuses a code that no course has which may be asked for before this one."""
    known = choice_queries.askable_by_code(course, codes) if codes else {}
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise BadCourse(_("没有可选的课程：%(codes)s。请核对课程代码。", codes=listed(code[:60] for code in unknown[:5])), field="more_prerequisites")
    return [known[code] for code in codes]


def set_prerequisites(*, course: Course, required_ids: Collection[int], by: Identity, now: datetime) -> None:
    """Which courses must be completed before this one. Refuses a circle. The course's version counts up with them, so that whoever
    opened its form before is told."""
    wanted = {key for key in required_ids if key != course.id}
    if len(wanted) > MOST and wanted - {
        row.required_id for row in found.prerequisite_rows(course.id)
    }:  # what stands already may be saved again, and made less
        raise BadCourse(_("先修课程最多 %(n)d 门，现在选了 %(m)d 门。请只保留直接需要的课程。", n=MOST, m=len(wanted)), field="prerequisites")
    holding_queries.hold_prerequisites()
    edges = found.prerequisite_edges()
    edges[course.id] = wanted
    seen: set[int] = set()
    todo = list(wanted)
    while todo:
        here = todo.pop()
        if here == course.id:
            raise BadCourse(_("先修课程互相要求，谁也不能开始。请去掉其中一门。"), field="prerequisites")
        if here not in seen:
            seen.add(here)
            todo += edges.get(here, ())
    known = {row.required_id: row for row in found.prerequisite_rows(course.id)}
    if set(known) == wanted:
        return
    for key in set(known) - wanted:
        session().delete(known[key])
    session().add_all(CoursePrerequisite(course_id=course.id, required_id=key) for key in sorted(wanted - set(known)))
    flag_modified(course, "title")
    session().flush()
    audit.record(by=by, did="courses.course.prerequisites", on=course, data={"required": sorted(wanted)})
