"""The one question of every act that names somebody and of every signature: may this person hold this office of this capstone?"""

from __future__ import annotations

from datetime import date

from enterprises.capstones import queries
from enterprises.capstones.impartiality import JUDGES, SUPERVISES, Office, Tie
from enterprises.capstones.models import Capstone
from enterprises.capstones.operations._support import CapstoneRefused, heads_of, stop
from enterprises.capstones.queries import guiding
from enterprises.capstones.queries.impartiality import bar_of
from enterprises.capstones.queries.office import people_of_enterprise
from enterprises.capstones.queries.supervising import enrolled_among
from trainhub.identity import queries as identity
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _
from trainhub.people.models import Person, Student
from trainhub.people.queries import rows_of_humans

JUDGED = {
    Tie.REVIEWER: N_("%(name)s 是这篇论文的评阅人（包括曾评阅），须回避：导师和评阅人不能是同一人。请另选一人，或先撤回未签名的评阅。"),
    Tie.PANEL: N_("%(name)s 在这名学生的答辩组，须回避：导师和答辩组成员不能是同一人。请另选一人；还没有答辩的，可先重排时间表。"),
    Tie.THIRD: N_("%(name)s 已为这个毕业设计作第三方评分，须回避。请另选一人。"),
}
"""Words for who has judged a capstone and is to supervise it, or to read it as an expert."""


def against_office(capstone: Capstone, person: Person, office: Office, *, field: str | None = "person_id") -> CapstoneRefused | None:
    """Why somebody may not hold an office of a capstone (`capstones.impartiality`); None: nothing is known against it."""
    tie = bar_of(capstone, person.id, office)
    if tie is None:
        return None
    if tie is Tie.CONFLICT:
        conflict = queries.conflict_between(person.id, capstone.student_id)
        reason = conflict.reason if conflict is not None else ""
        return CapstoneRefused(
            _("%(name)s 与该学生有利益关系（%(reason)s），须回避。", name=person.name, reason=reason), field=field, code="conflict"
        )
    if tie in JUDGES:
        return CapstoneRefused(_(JUDGED[tie], name=person.name), field=field, code="judges")
    if office not in (Office.SCHOOL, Office.ENTERPRISE):
        assert tie in SUPERVISES
        return CapstoneRefused(_("%(name)s 是这个毕业设计的学生或导师（包括曾任），须回避。", name=person.name), field=field, code="conflict")
    if tie is Tie.STUDENT:
        return CapstoneRefused(_("学生不能担任自己的导师。"), field=field)
    return CapstoneRefused(_("%(name)s 已是（或曾是）另一方的导师：同一人不能担任双方导师。", name=person.name), field=field, code="both_sides")


def demand_office(capstone: Capstone, person: Person, office: Office, *, field: str | None = "person_id") -> None:
    """Refuse who may not hold an office of a capstone."""
    stop(against_office(capstone, person, office, field=field))


def demand_impartial(capstone: Capstone, by: Identity) -> None:
    """Refuse who would decide on a score of the own hand, or on somebody near: another one of the office does it."""
    if bar_of(capstone, by.person_id, Office.DECISION) is not None:
        raise CapstoneRefused(
            _(
                "你是这个毕业设计的导师、评分人或与学生有利益关系的人，不能由你决定它的复核或申诉。请本专业的其他负责人办理；没有其他负责人时由学校教务管理员办理。"
            ),
            field="note",
            code="own_grade",
        )


def against_own_grade(capstone: Capstone, by: Identity, *, field: str) -> CapstoneRefused | None:
    """Why somebody neither chooses who decides between two grades or outvotes a reviewer nor prolongs the time to grade: a grade is the own, or of somebody near."""
    if bar_of(capstone, by.person_id, Office.DECISION) is None:
        return None
    return CapstoneRefused(
        _(
            "你是这个毕业设计的导师、评分人或与学生有利益关系的人，不能由你选定第三方评分人、为不通过的论文另请评阅人或延长评分时间。请本专业的其他负责人办理；没有其他负责人时由学校教务管理员办理。"
        ),
        field=field,
        code="own_grade",
    )


def against_house(capstone: Capstone, person: Person, office: Office, on: date) -> CapstoneRefused | None:
    """Why somebody does not stand for the school: the person is a mentor of the capstone's enterprise on that day.

    8.3 (002:569) wants a supervisor of the enterprise beside the one of the school; with both from the register of the enterprise there is
    none of the school, and the grades of 8.4 would be those of one side.
    """
    if office is not Office.SCHOOL or not guiding.is_mentor_at(capstone.enterprise_id, person.id, on):
        return None
    return CapstoneRefused(
        _("%(name)s 也是该企业在任的指导教师，不能代表学校：双导师应分别来自学校和企业（8.3）。请另行指派校内导师。", name=person.name),
        field="person_id",
        code="of_enterprise",
    )


def demand_other_house(capstone: Capstone, person: Person, on: date, *, field: str = "person_id") -> None:
    """Refuse who belongs to the topic's enterprise where the judgement is to be blind: such a reader knows whose thesis it is, and whose interest."""
    if person.id in people_of_enterprise(capstone.enterprise_id, on):
        raise CapstoneRefused(
            _("%(name)s 是选题企业的人员（指导教师或联系人），须回避盲评和抽检，请另选一人。", name=person.name), field=field, code="own_enterprise"
        )


def demand_no_head(capstone: Capstone, person: Person) -> None:
    """Refuse a blind review to who reads names, scores and the signed thesis by an office: the heads of the programme and the university's administrators."""
    student = session().get_one(Student, capstone.student_id)
    offices = [*heads_of(student), *identity.accounts_holding(Role.UNIVERSITY_ADMIN, organisation_id=student.university_id)]
    named = [one.person_id for one in identity.accounts_by_id(offices).values() if one.person_id is not None]
    if any(person.id in rows for rows in rows_of_humans(named).values()):
        raise CapstoneRefused(
            _("%(name)s 是本专业的负责人或学校教务管理员，看得到学生和导师的姓名，不能盲评，可作交叉评阅。", name=person.name),
            field="person_id",
            code="reads_names",
        )


def demand_no_student(*persons: Person, field: str | None = "person_id") -> None:
    """Refuse an enrolled student who is to judge: on the register of mentors or not, a classmate reads, hears and grades nobody."""
    enrolled = enrolled_among([person.id for person in persons])
    for person in persons:
        if person.id in enrolled:
            raise CapstoneRefused(_("%(name)s 是在读学生，不能评阅、答辩或评分。请另选一人。", name=person.name), field=field, code="is_student")


def demand_still(capstone: Capstone, by: Identity, office: Office) -> None:
    """Refuse a signature of somebody whom something bars by now, although nothing did when the person was named."""
    assert by.person_id is not None
    demand_office(capstone, session().get_one(Person, by.person_id), office, field=None)
