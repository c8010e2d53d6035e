"""Wrong offerings, tasks and plans are corrected or taken back with the reason."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from courses.curriculum import queries as curriculum
from courses.permissions import Can
from courses.teaching import correcting, forms, queries
from courses.teaching.models import Offering, Secondment, TeachingTask
from courses.teaching.operations import OfferingGone
from courses.teaching.views import back, load, load_offering, load_secondment, of_pair, of_staff, tabs
from courses.teaching.views import blueprint as blueprint
from trainhub.kernel import clock
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.web import done
from trainhub.people import queries as people
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme


def load_task(code: str, key: int) -> tuple[Programme, TeachingTask]:
    """A teaching task of a teacher of a programme."""
    programme, row = load(code), queries.task_by_id(key)
    if row is None:
        raise NotFound(_("没有这项教学任务。"))
    of_staff(programme, row.teacher_id)
    return programme, row


def _reason(lacking: str = "") -> str:
    form = forms.ReasonForm()
    if not form.validate_on_submit():
        raise Refused(lacking or _("请写明删除的理由。"), field="reason")
    return form.reason.data or ""


def _lecturers(programme: Programme, row: Offering) -> list[SelectChoice]:
    """Today's teachers of the programme, and who leads the course although they have left."""
    staff = queries.staff_choices(programme.id, clock.today())
    former = people.teacher(row.lead_teacher_id) if row.lead_teacher_id is not None else None
    if former is not None and former.id not in dict(staff):
        staff.append((former.id, people.names_of([former.person_id])[former.person_id]))
    return [SelectChoice("", "—"), *(SelectChoice(key, label) for key, label in staff)]


@blueprint.route("/programmes/<code>/offerings/<int:key>/correct", methods=["GET", "POST"])
@guard(Can.TEACHING_EDIT, load=load_offering, subject=of_pair)
def correct_offering(pair: tuple[Programme, Offering]) -> Any:
    """The first day, lead, closing, relevance and waiver as they are right."""
    programme, row = pair
    form = forms.CorrectionForm(obj=row)
    form.lead_teacher_id.choices = _lecturers(programme, row)
    if form.validate_on_submit():
        facts = {name: form[name].data for name in ("first_teaching_on", "lead_teacher_id", "closed_on")}
        facts |= {name: form[name].data or "" for name in ("relevance", "waiver", "reason")}
        try:
            with transaction():
                correcting.correct_offering(offering=row, opened_at=form.version.data or None, by=who(), now=clock.now(), **facts)
            return back(programme, row)
        except OfferingGone:
            raise  # nothing is left to draw a form of
        except Refused as refused:
            form.refuse(refused)
    course, cohort = curriculum.course(row.course_id), programmes.cohort_by_id(row.cohort_id)
    assert course is not None
    assert cohort is not None
    body = render_template(
        "courses/teaching/correct.html",
        programme=programme,
        course=course,
        cohort=cohort,
        form=form,
        overview=url_for("teaching.show", code=programme.code, year=cohort.year),
        tabs_of_page=tabs(programme, "show"),
    )
    return body, 422 if form.is_submitted() else 200


@blueprint.post("/programmes/<code>/offerings/<int:key>/unwaive")
@guard(Can.TEACHING_EDIT, load=load_offering, subject=of_pair)
def unwaive(pair: tuple[Programme, Offering]) -> Any:
    """The written reason for more than two of the six is taken back."""
    programme, row = pair
    why, opened_at = _reason(_("请写明撤销的理由。")), request.form.get("version", type=whole)
    with transaction():
        correcting.take_back_waiver(offering=row, reason=why, opened_at=opened_at, by=who(), now=clock.now())
    return back(programme, row)


@blueprint.post("/programmes/<code>/offerings/<int:key>/remove")
@guard(Can.TEACHING_EDIT, load=load_offering, subject=of_pair)
def remove_offering(pair: tuple[Programme, Offering]) -> Any:
    """An offering that was arranged by mistake."""
    programme, row = pair
    cohort = programmes.cohort_by_id(row.cohort_id)
    with transaction():
        correcting.take_back_offering(offering=row, reason=_reason(), by=who(), now=clock.now())
    year = cohort.year if cohort is not None else None
    return done(_("已收回，理由记入操作记录。"), "teaching.show", code=programme.code, year=year)


@blueprint.post("/programmes/<code>/tasks/<int:key>/remove")
@guard(Can.TEACHING_EDIT, load=load_task, subject=of_pair)
def remove_task(pair: tuple[Programme, TeachingTask]) -> Any:
    """A task that was given by mistake."""
    programme, row = pair
    with transaction():
        correcting.take_back_task(task=row, reason=_reason(), by=who(), now=clock.now())
    return done(_("已删除，理由记入操作记录。"), "teaching.tasks", code=programme.code)


@blueprint.post("/programmes/<code>/secondments/<int:key>/remove")
@guard(Can.TEACHING_EDIT, load=load_secondment, subject=of_pair)
def remove_secondment(pair: tuple[Programme, Secondment]) -> Any:
    """A plan that nobody has begun."""
    programme, row = pair
    with transaction():
        correcting.take_back_secondment(secondment=row, reason=_reason(), by=who(), now=clock.now())
    return done(_("已删除，理由记入操作记录。"), "teaching.secondments", code=programme.code)
