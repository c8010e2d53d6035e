"""Who takes an optional course: entered from the registrar's list before anybody is marked, so that 2.5 can ask about each of them (002:389).

Whoever has a mark, a conclusion or a seat in a run whose grades go into the course takes it too, without being listed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from courses.curriculum import queries as curriculum
from courses.teaching import queries
from courses.teaching.models import Offering, OfferingTaker
from courses.teaching.operations import BadOffering, OfferingGone
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import lock, session
from trainhub.kernel.i18n import _, listed
from trainhub.programmes.models import Cohort

TOLD = 5
"""So many student numbers are named in a refusal."""
MOST = 400
"""The longest reason, in characters."""


def list_takers(*, offering: Offering, add: Collection[int], remove: Collection[int] = (), by: Identity, now: datetime, reason: str = "") -> int:
    """Say which students of the cohort take an optional course and which no longer do; returns how many changed, again none.

    Who left the cohort meanwhile may always be taken off. Raises OfferingGone, and BadOffering for a compulsory course, for somebody who is
    not in the cohort, for somebody to be removed who was marked, and without a reason where 2.5 already asks for their conclusion.
    """
    lock(Cohort, offering.cohort_id)
    if not queries.is_there(Offering, queries.key_of(offering)):
        raise OfferingGone(_("这门开课刚被收回。"))
    session().refresh(offering)
    course = curriculum.course(offering.course_id)
    assert course is not None
    curriculum.hold_to_change(course.id)  # marks are entered before, or find the list as it will be
    session().refresh(course)
    if not course.is_optional:
        raise BadOffering(_("“%(name)s”是必修课程，由该年级全体学生修读，不另列名单。", name=course.name))
    numbers = {key: number for key, _name, number in curriculum.students_of_cohort(offering.cohort_id)}
    if set(add) - numbers.keys():
        raise BadOffering(_("名单中有人不是该年级的在籍学生。"), field="numbers")
    known = {row.student_id: row for row in queries.takers_of(offering.id)}
    gone = sorted(known.keys() & set(remove) - set(add))
    leaving = [key for key in gone if key in numbers]
    marked = curriculum.concluded_students(course.id, leaving)
    if marked:
        raise BadOffering(
            _("%(numbers)s 已有成绩或达成结论，不能移出名单。", numbers=listed(_few(numbers.get(key, str(key)) for key in sorted(marked))))
        )
    if leaving and is_asked(offering) and not reason.strip():
        raise BadOffering(_("这门课已结课，或该年级已毕业。请填写移出名单的理由。"), field="reason")
    new = sorted(set(add) - known.keys())
    session().add_all(OfferingTaker(offering_id=offering.id, student_id=key, listed_at=now) for key in new)
    for key in gone:
        session().delete(known[key])
    session().flush()
    if new or gone:
        said = {"reason": reason.strip()[:MOST]} if gone and reason.strip() else {}
        audit.record(by=by, did="courses.teaching.takers_listed", on=offering, data={"added": new, "removed": gone, **said})
    return len(new) + len(gone)


def is_asked(offering: Offering) -> bool:
    """Whether a conclusion is asked of whoever is on the list by now: the course is closed, or the cohort graduated (002:389)."""
    return offering.closed_on is not None or session().get_one(Cohort, offering.cohort_id).graduated_on is not None


def list_numbers(*, offering: Offering, text: str, by: Identity, now: datetime) -> int:
    """The same by student numbers, parted by blanks, commas or lines; returns how many are new. Raises BadOffering with the unknown ones."""
    wanted = dict.fromkeys(text.replace(",", " ").replace("，", " ").replace("、", " ").replace(";", " ").replace("；", " ").split())
    if not wanted:
        raise BadOffering(_("请填写学号。"), field="numbers")
    students = {number: key for key, _name, number in curriculum.students_of_cohort(offering.cohort_id)}
    unknown = [number for number in wanted if number not in students]
    if unknown:
        why = _("该年级没有学号为 %(numbers)s 的在籍学生。", numbers=listed(_few(unknown)))
        raise BadOffering(why, field="numbers")
    return list_takers(offering=offering, add=[students[number] for number in wanted], by=by, now=now)


def _few(numbers: Iterable[str]) -> list[str]:
    found = [number[:40] for number in numbers]
    return [*found[:TOLD], _("等 %(n)s 人", n=len(found))] if len(found) > TOLD else found
