"""Pages of placing one student by hand: who joined after the rounds, gave a term up by mistake, or is needed in a term that runs."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from enterprises.permissions import Can
from enterprises.placements import forms, operations, queries
from enterprises.placements.views.shared import blueprint, load_position, load_student, load_term, save
from trainhub.kernel import clock
from trainhub.kernel.access import guard, who
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import N_, _, listed
from trainhub.kernel.numbers import is_key
from trainhub.people import queries as people
from trainhub.people.models import Student


@blueprint.get("/place")
@guard(Can.ROUND_LIST)
def choose_whom() -> Any:
    """From a list of students to the page of the one that was chosen."""
    wanted = request.args.get("student", "")
    if not is_key(wanted):
        raise NotFound(_("请先选择学生。"))
    return redirect(url_for("placements.place_student", student_id=int(wanted)), 303)


@blueprint.route("/students/<int:student_id>/place", methods=["GET", "POST"])
@guard(Can.PLACEMENT_ARRANGE, load=load_student, subject=people.subject_of_student)
def place_student(student: Student) -> Any:
    """Place the student at a position that is on offer."""
    form = forms.PlaceForm()
    # What was taken while the page stood open is told as taken, not as a choice that there is not.
    terms, positions = queries.seats_for(student, clock.today(), only_free=not form.is_submitted())
    form.term_id.choices = [(term.id, f"{term.title}（{term.starts_on} – {term.ends_on}）") for term in terms]
    form.position_id.choices = [
        (key, _("%(name)s · %(title)s（空余席位：%(free)s）", name=name, title=title, free=listed(f"{term} {count}" for term, count in free)))
        for key, name, title, free in positions
    ]

    def work() -> dict[str, Any]:
        row = operations.place_student(
            student=student,
            position=load_position(form.position_id.data or 0),
            term=load_term(form.term_id.data or 0),
            explanation=N_("由学校直接安排：%(reason)s") % {"reason": (form.reason.data or "").strip()},
            by=who(),
            now=clock.now(),
        )
        return {"placement_id": row.id}

    lead = _("只列出学校已审核、接收该专业、还有空余席位的岗位。学期已开始的，从今天起算；学生自己退出过的学期也可以在这里重新安排。")
    if not terms:
        lead = _("学校没有尚未结束的实习学期。请先建立实习学期。")
    elif not positions:
        lead = _("现在没有接收该专业、还有空余席位的岗位。请联系企业增加席位，或由学生自主联系单位。")
    name = people.names_of([student.person_id]).get(student.person_id, student.student_no)
    return save(
        form,
        title=_("直接安排 %(name)s", name=name),
        action=url_for("placements.place_student", student_id=student.id),
        back=url_for("placements.weeks", student_id=student.id),
        said=_("已安排，席位已占用，学生收到通知。"),
        endpoint="placements.show",
        work=work,
        lead=lead,
    )
