"""Grades of both sides and of a third person, moderation, publication, appeal, archive."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import render_template, request

from enterprises.capstones import forms, labels, operations, queries
from enterprises.capstones.impartiality import Office
from enterprises.capstones.models import Capstone, CapstoneGrade, Topic
from enterprises.capstones.types import Action, Stage, SupervisorRole
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._page import refused_on, roles_of
from enterprises.capstones.views._support import cohort_of, judge_chosen, load, on_page
from enterprises.mentors.accounts import against_signing
from enterprises.permissions import Can
from trainhub.certificates.operations import why_it_waits
from trainhub.kernel import clock
from trainhub.kernel.access import Subject, guard, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import decimal_of, key_of, whole
from trainhub.kernel.web import done
from trainhub.people.models import Person, Student


def times() -> dict[str, Any]:
    """Who acts and when, for an operation."""
    return {"by": who(), "today": clock.today(), "now": clock.now()}


@blueprint.get("/<int:capstone_id>/grade")
@guard(Can.CAPSTONE_SUPERVISE, load=load, subject=queries.supervisor_subject)
def grade(row: Capstone) -> Any:
    """The rubric of one side."""
    form = forms.grade_form(queries.rubric_items(row, clock.today()))
    mine = queries.grades_of(row.id).get(roles_of(row)[0])
    if mine is not None:
        form.fill(mine.rubric, mine.comment)
    return _grade_page(row, form)


def _against_grade(row: Capstone, role: SupervisorRole) -> Refused | None:
    """Why the reader signs or corrects nothing now."""
    return operations.against_grade(row, role, clock.now()) or operations.against_own_correction(row, who()) or against_signing(who())


def _grade_page(row: Capstone, form: forms.GradeForm, status: int = 200) -> Any:
    role = roles_of(row)[0]
    student, against = session().get_one(Student, row.student_id), _against_grade(row, role)
    mine = queries.grades_of(row.id).get(role)
    if mine is not None:  # a correction without its reason is refused
        form.reason.flags.required = True
    html = render_template(
        "enterprises/capstones/grade.html",
        capstone=row,
        topic=session().get_one(Topic, row.topic_id),
        person=session().get_one(Person, student.person_id),
        form=form,
        who_grades=labels.ROLES[role],
        action="capstones.sign_grade",
        mine=mine,
        papers=[(p, f) for p, f in queries.papers_of(row.id) if p.stage is Stage.THESIS][:1],
        against="" if against is None or form.is_submitted() else against.message,
        is_named=True,
        labels=labels,
    )
    return html, status


@blueprint.post("/<int:capstone_id>/grade")
@guard(Can.CAPSTONE_SUPERVISE, load=load, subject=queries.supervisor_subject)
def sign_grade(row: Capstone) -> Any:
    """Sign the grade, or correct the signed one with a reason."""
    form, key = forms.grade_form(queries.rubric_items(row, clock.today())), row.id
    if not form.validate_on_submit():
        return _grade_page(row, form, 422)
    try:
        with transaction():
            row = load(key)
            role = roles_of(row)[0]
            seen = _seen(key, role)
            call: dict[str, Any] = {"points": form.points(), "comment": form.comment.data or "", **times()}
            if seen is None:
                operations.grade(capstone=row, role=role, **call)
            elif once(form.submission_key.data or ""):
                operations.correct_grade(grade=seen, reason=form.reason.data or "", **call)
    except Refused as refused:
        form.refuse(refused)
        return _grade_page(load(key), form, refused.status)
    return done(_("评分已签名。"), "capstones.show", capstone_id=key, _anchor="grades")


def _seen(capstone_id: int, role: SupervisorRole) -> CapstoneGrade | None:
    """The grade that stood when the form was opened (None: there was none), so that a second window corrects nothing it has not seen."""
    asked = request.form.get("seen")
    if asked is None:
        return queries.grades_of(capstone_id).get(role)
    found = queries.grade_by_id(key) if (key := key_of(asked)) is not None else None
    return found if found is not None and (found.capstone_id, found.role) == (capstone_id, role) else None


# -- the third grade ----------------------------------------------------------------------------------------------------


def third_subject(row: Capstone) -> Subject:
    """Only the person who was asked for a third grade."""
    third = queries.third_of(row.id)
    return Subject.of(persons=(third.person_id if third is not None else None,))


@blueprint.get("/<int:capstone_id>/third")
@guard(Can.CAPSTONE_FINISH, load=load, subject=queries.subject_of)
def third_person(row: Capstone) -> Any:
    """Choose who gives the third grade."""
    return _third_page(row)


def _third_page(row: Capstone, problem: str = "", status: int = 200) -> Any:
    student = session().get_one(Student, row.student_id)
    barred = queries.barred_from(row, Office.THIRD)
    able = queries.judge_choices(student.university_id, student.cohort_id, clock.today(), signing=True)
    against = operations.against_own_grade(row, who(), field="person_id")
    html = render_template(
        "enterprises/capstones/third_person.html",
        capstone=row,
        person=session().get_one(Person, student.person_id),
        people=[pair for pair in able if pair[0] not in barred],
        against=against.message if against is not None else "",
        problem=problem,
    )
    return html, status


@blueprint.post("/<int:capstone_id>/third")
@guard(Can.CAPSTONE_FINISH, load=load, subject=queries.subject_of)
def ask_third(row: Capstone) -> Any:
    """Ask for a third grade."""
    key = row.id

    def act() -> Any:
        person = judge_chosen(cohort_of(load(key)), "person_id")
        operations.ask_third(capstone=load(key), person=person, **times())
        return partial(done, _("已请第三方评分，对方会收到通知。"), "capstones.show", capstone_id=key, _anchor="grades")

    return on_page(act, lambda refused: _third_page(load(key), refused.message, refused.status))


@blueprint.route("/<int:capstone_id>/third-grade", methods=["GET", "POST"])
@guard(Can.REVIEW_SIGN, load=load, subject=third_subject)
def grade_third(row: Capstone) -> Any:
    """The third person's rubric."""
    form, key, third = forms.grade_form(queries.rubric_items(row, clock.today())), row.id, queries.third_of(row.id)
    assert third is not None
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                with transaction():
                    operations.grade_third(capstone=load(key), points=form.points(), comment=form.comment.data or "", **times())
                return done(_("评分已签名。"), "capstones.tasks")
            except Refused as refused:
                form.refuse(refused)
                status, row = refused.status, load(key)
    elif third.signed_at is not None and third.rubric is not None:
        form.fill(third.rubric, third.comment)
    against = against_third(row, third.person_id) if third.signed_at is None else ""
    html = render_template(
        "enterprises/capstones/grade.html",
        capstone=row,
        topic=session().get_one(Topic, row.topic_id),
        person=session().get_one(Person, session().get_one(Student, row.student_id).person_id),
        form=form,
        who_grades=_("第三方评分"),
        action="capstones.grade_third",
        mine=None,
        papers=[],
        thesis_at="" if against else "capstones.third_thesis",
        against="" if form.is_submitted() else against,
        is_done=third.signed_at is not None,
        is_named=False,
        labels=labels,
    )
    return html, status


def against_third(row: Capstone, person_id: int) -> str:
    """Why the third grade cannot be signed (any more), for instance because the result was published."""
    found = (
        operations.against_state(row, Action.GRADE_THIRD)
        or operations.against_scoring(row)
        or operations.against_third(row, clock.today())
        or operations.against_office(row, session().get_one(Person, person_id), Office.THIRD)
    )
    return found.message if found is not None else ""


# -- moderation, publication, appeal, archive ---------------------------------------------------------------------------


def _score() -> int | None:
    """The new score of a decision in tenths; None: the old one stands."""
    text = request.form.get("score", "").strip()
    if not text:
        return None
    score = decimal_of(text, places=1)
    if score is None or not 0 <= score <= 100:
        raise Refused(_("成绩“%(text)s”不能保存：须是 0 至 100 的数，最多一位小数；维持原成绩请留空。", text=text[:20]), field="score")
    return int(score * 10)


def _deed(key: int, act: Callable[[], object], said: str, *, anchor: str | None = None) -> Any:
    """Do one act on a capstone and go back to its page; what is refused is told there, with what was typed."""

    def whole() -> Any:
        act()
        return partial(done, said, "capstones.show", capstone_id=key, _anchor=anchor)

    return on_page(whole, refused_on(key))


@blueprint.post("/<int:capstone_id>/send-back")
@guard(Can.CAPSTONE_FINISH, load=load, subject=queries.subject_of)
def send_back(row: Capstone) -> Any:
    """Have a thesis that its reviewers failed revised and read again."""
    key = row.id
    return _deed(
        key,
        lambda: operations.send_back(capstone=load(key), reason=request.form.get("reason", ""), by=who(), now=clock.now()),
        _("已退回修改：学生重新提交后，原评阅人复评。"),
        anchor="reviews",
    )


@blueprint.post("/<int:capstone_id>/conclude")
@guard(Can.CAPSTONE_FINISH, load=load, subject=queries.subject_of)
def conclude_failed(row: Capstone) -> Any:
    """End a capstone that its reviewers failed, without a defence."""
    key = row.id
    return _deed(
        key,
        lambda: operations.conclude_failed(capstone=load(key), score_x10=_score(), note=request.form.get("note", ""), **times()),
        _("已按不合格办理，可以公布成绩。"),
        anchor="grades",
    )


@blueprint.post("/<int:capstone_id>/moderation")
@guard(Can.CAPSTONE_FINISH, load=load, subject=queries.subject_of)
def moderate(row: Capstone) -> Any:
    """Look at a result again before it is published."""
    key = row.id
    return _deed(
        key,
        lambda: operations.moderate(capstone=load(key), reason=request.form.get("reason", ""), by=who(), now=clock.now()),
        _("已进入复核：结束前双方不能更正评分。"),
        anchor="grades",
    )


@blueprint.post("/<int:capstone_id>/moderation/settle")
@guard(Can.CAPSTONE_FINISH, load=load, subject=queries.subject_of)
def settle(row: Capstone) -> Any:
    """End the moderation."""
    key = row.id
    return _deed(
        key,
        lambda: operations.settle(capstone=load(key), score_x10=_score(), note=request.form.get("note", ""), **times()),
        _("复核结论已登记，可以公布成绩。"),
        anchor="grades",
    )


@blueprint.post("/<int:capstone_id>/finish")
@guard(Can.CAPSTONE_FINISH, load=load, subject=queries.subject_of)
def finish(row: Capstone) -> Any:
    """Publish the result."""
    key = row.id
    return _deed(
        key,
        lambda: operations.finish(capstone=load(key), note=request.form.get("note", ""), version=request.form.get("version", type=whole), **times()),
        _("成绩已公布。"),
    )


@blueprint.post("/<int:capstone_id>/certificate")
@guard(Can.CAPSTONE_FINISH, load=load, subject=queries.subject_of)
def certificate(row: Capstone) -> Any:
    """Ask for the certificate again when the placements are right."""
    key = row.id

    def act() -> Any:
        made = operations.issue_certificate(capstone=load(key), **times())
        waits = why_it_waits(made) if made is not None else _("8.2 或企业指导教师尚不满足，证书没有签发。请先补全实习安排。")
        message = waits or _("证书已签发。")
        return partial(done, message, "capstones.show", capstone_id=key)

    return on_page(act, refused_on(key))


@blueprint.post("/<int:capstone_id>/appeal")
@guard(Can.CAPSTONE_SUBMIT, load=load, subject=queries.student_subject)
def appeal(row: Capstone) -> Any:
    """The student appeals."""
    key = row.id
    return _deed(
        key,
        lambda: operations.appeal(capstone=load(key), reason=request.form.get("reason", ""), **times()),
        _("申诉已提交，专业负责人会给出书面结论。"),
        anchor="grades",
    )


@blueprint.post("/<int:capstone_id>/accept")
@guard(Can.CAPSTONE_SUBMIT, load=load, subject=queries.student_subject)
def accept_result(row: Capstone) -> Any:
    """The student accepts the result."""
    key = row.id
    return _deed(key, lambda: operations.accept_result(capstone=load(key), **times()), _("你已认可成绩。"), anchor="grades")


@blueprint.post("/<int:capstone_id>/appeal/decide")
@guard(Can.CAPSTONE_FINISH, load=load, subject=queries.subject_of)
def decide_appeal(row: Capstone) -> Any:
    """Decide the appeal."""
    key = row.id
    return _deed(
        key,
        lambda: operations.decide_appeal(capstone=load(key), score_x10=_score(), note=request.form.get("note", ""), **times()),
        _("申诉结论已登记，学生会收到通知。"),
        anchor="grades",
    )


@blueprint.post("/<int:capstone_id>/archive")
@guard(Can.CAPSTONE_FINISH, load=load, subject=queries.subject_of)
def archive(row: Capstone) -> Any:
    """Archive."""
    key = row.id
    return _deed(key, lambda: operations.archive(capstone=load(key), **times()), _("已归档：全部材料连同校验码已固定，不再改动。"))


@blueprint.post("/<int:capstone_id>/withdraw")
@guard(Can.CAPSTONE_FINISH, load=load, subject=queries.subject_of)
def withdraw(row: Capstone) -> Any:
    """End a capstone before its grade."""
    key = row.id
    return _deed(
        key, lambda: operations.withdraw(capstone=load(key), reason=request.form.get("reason", ""), **times()), _("毕业设计已终止，选题名额已退回。")
    )
