"""Pages on which a student changes the programme or the cohort or comes back, and on which a student or staff number is corrected."""

from __future__ import annotations

from typing import Any

from flask import url_for

from trainhub.kernel import clock
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.import_pages import add_pages
from trainhub.kernel.web import done
from trainhub.people import forms, operations, queries
from trainhub.people.imports import moves
from trainhub.people.models import Student, Teacher
from trainhub.people.permissions import Can
from trainhub.people.teacher_views import crumbs, load_teacher
from trainhub.people.views import blueprint, crumbs_of_student, form_page, load_student
from trainhub.programmes import queries as programmes

add_pages(blueprint, moves.SPEC, can=Can.STUDENT_IMPORT, path="/students/moves", back="people.students", crumbs=moves.SPEC.title)


@blueprint.route("/students/<int:student_id>/move", methods=["GET", "POST"])
@guard(Can.STUDENT_EDIT, load=load_student, subject=queries.subject_of_student)
def move_student(row: Student) -> Any:
    """Another programme or cohort from a day on, or a return."""
    cohort, key = programmes.cohort_by_id(row.cohort_id), row.id
    assert cohort is not None
    known = {"programme_id": row.programme_id, "cohort_year": cohort.year, "version": row.version}
    form = forms.MoveForm(data=known).prepare(who(), row.university_id)
    if form.validate_on_submit():
        try:
            with transaction():
                programme = programmes.by_id(form.programme_id.data or 0)
                if programme is None:
                    raise Refused(_("请选择专业点。"), field="programme_id")
                to = programmes.cohort_of(programme.id, form.cohort_year.data or 0)
                if to is None:
                    raise Refused(_("这个专业还没有 %(year)d 级，请先在专业页面增加年级。", year=form.cohort_year.data), field="cohort_year")
                assert form.moved_on.data is not None
                is_changed = operations.move_student(
                    student=row,
                    programme=programme,
                    cohort=to,
                    on=form.moved_on.data,
                    reason=form.reason.data or "",
                    student_no=form.student_no.data or "",
                    class_name=form.class_name.data or "",
                    is_return=bool(form.is_return.data),
                    version=form.version.data,
                    by=who(),
                    now=clock.now(),
                )
            return done(_("已登记学籍异动。") if is_changed else _("与现在的学籍相同，没有变更。"), "people.student", student_id=key)
        except Refused as refused:
            form.refuse(refused)
    lead = _(
        "用于转专业、编入其他年级、复学和退学后重新入学。生效日期以前计入原专业和原年级，从生效日期起计入新的；实习天数、成绩和毕业设计随学生走。转入另一个专业的，原专业的卓越计划身份止于前一天。"
    )
    back, number = url_for("people.student", student_id=key), row.student_no
    return form_page(form, _("学籍异动"), back=back, crumbs=crumbs_of_student(row), eyebrow=number, lead=lead)


@blueprint.route("/students/<int:student_id>/move/undo", methods=["GET", "POST"])
@guard(Can.STUDENT_EDIT, load=load_student, subject=queries.subject_of_student)
def undo_move(row: Student) -> Any:
    """Take back the last change, which was written down by mistake."""
    form, key = forms.TakeBackForm(data={"version": row.version}), row.id
    if form.validate_on_submit():
        try:
            with transaction():
                operations.take_back(student=row, reason=form.reason.data or "", version=form.version.data, by=who(), now=clock.now())
            return done(_("已撤销最近一次学籍异动。"), "people.student", student_id=key)
        except Refused as refused:
            form.refuse(refused)
    lead = _("专业、年级、班级、学籍状态和卓越计划恢复到异动以前；随异动换发的学号不变，可另行更正。")
    back, number = url_for("people.student", student_id=key), row.student_no
    return form_page(form, _("撤销最近一次异动"), back=back, crumbs=crumbs_of_student(row), eyebrow=number, lead=lead)


@blueprint.route("/students/<int:student_id>/number", methods=["GET", "POST"])
@guard(Can.STUDENT_EDIT, load=load_student, subject=queries.subject_of_student)
def renumber_student(row: Student) -> Any:
    """Correct the number of a student."""
    form, key = forms.StudentNumberForm(obj=row), row.id
    if form.validate_on_submit():
        try:
            with transaction():
                operations.renumber_student(
                    student=row,
                    student_no=form.student_no.data or "",
                    reason=form.reason.data or "",
                    version=form.version.data,
                    by=who(),
                    now=clock.now(),
                )
            return done(_("已保存。"), "people.student", student_id=key)
        except Refused as refused:
            form.refuse(refused)
    return form_page(form, _("更正学号"), back=url_for("people.student", student_id=key), crumbs=crumbs_of_student(row), eyebrow=row.student_no)


@blueprint.route("/teachers/<int:teacher_id>/number", methods=["GET", "POST"])
@guard(Can.TEACHER_EDIT, load=load_teacher, subject=queries.subject_of_teacher)
def renumber_teacher(row: Teacher) -> Any:
    """Correct the number of a teacher."""
    form, key = forms.StaffNumberForm(obj=row), row.id
    if form.validate_on_submit():
        try:
            with transaction():
                operations.renumber_teacher(
                    teacher=row,
                    staff_no=form.staff_no.data or "",
                    reason=form.reason.data or "",
                    version=form.version.data,
                    by=who(),
                    now=clock.now(),
                )
            return done(_("已保存。"), "people.teacher", teacher_id=key)
        except Refused as refused:
            form.refuse(refused)
    return form_page(form, _("更正工号"), back=url_for("people.teacher", teacher_id=key), crumbs=crumbs(row), eyebrow=row.staff_no)
