"""A course that was added to a plan by mistake goes again; what it said and why it went stays in the audit log."""

from __future__ import annotations

from datetime import datetime

from courses.curriculum import holds, queries
from courses.curriculum.models import CurriculumCourse
from courses.curriculum.operations import BadCourse
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _


def remove_course(*, course: CurriculumCourse, reason: str, by: Identity, now: datetime, opened_at: int | None = None) -> None:
    """Take a course out of its plan that was added by mistake, with its assessment and what it requires; its objectives go before
    (`standards.remove_course`). Raises Stale, and BadCourse without a reason, when students were marked, and while something names it.
    """
    if not reason.strip():
        raise BadCourse(_("请写明删除的理由。"), field="reason")
    check_version(course, opened_at)
    if queries.is_concluded(course.id):
        raise BadCourse(_("这门课程已有学生成绩或达成结论，不能删除。"))
    following = queries.requiring(course.id)
    if following:
        raise BadCourse(_("它是“%(name)s”的先修课程，请先在那门课程中取消。", name=following[0].name))
    for why in holds.reasons(course):
        raise BadCourse(why)
    said = {column.name: getattr(course, key) for key, column in course.__mapper__.c.items()}
    objectives = queries.objectives_of(course.id)
    data = {"row": said, "objectives": [one.text for one in objectives], "reason": reason.strip()}
    audit.record(by=by, did="courses.curriculum.course_removed", on=course, data=data)
    for premise in queries.premises_of(course.id):
        session().delete(premise)
    for item in queries.assessments_of(course.id):
        for share in queries.shares_of_item(item.id):
            session().delete(share)
        session().flush()
        session().delete(item)
    session().flush()
    for objective in objectives:
        session().delete(objective)
    session().flush()
    session().delete(course)
    session().flush()
