"""The list of those who take an optional course."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from courses.curriculum import queries as curriculum
from courses.permissions import Can
from courses.teaching import forms, queries, seats, taking
from courses.teaching.correcting_views import blueprint as blueprint
from courses.teaching.models import Offering
from courses.teaching.operations import OfferingGone
from courses.teaching.views import load_offering, of_pair, tabs
from trainhub.kernel import clock, paging
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import keys_of
from trainhub.kernel.web import done
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme


@blueprint.route("/programmes/<code>/offerings/<int:key>/takers", methods=["GET", "POST"])
@guard(Can.TEACHING_EDIT, load=load_offering, subject=of_pair)
def takers(pair: tuple[Programme, Offering]) -> Any:
    """The students of the cohort with who takes the course and why; student numbers add to the list, ticks of the page change it."""
    programme, row = pair
    course, cohort = curriculum.course(row.course_id), programmes.cohort_by_id(row.cohort_id)
    assert course is not None
    assert cohort is not None
    if not course.is_optional:
        raise NotFound(_("必修课程由该年级全体学生修读，不另列名单。"))
    wrong, is_ticking = "", "numbers" not in request.form and request.method == "POST"
    form = forms.TakersForm(request.form if "numbers" in request.form else None)
    if request.method == "POST" and ("numbers" not in request.form or form.validate()):
        by: dict[str, Any] = {"by": who(), "now": clock.now()}
        try:
            with transaction():
                changed = taking.list_numbers(offering=row, text=form.numbers.data or "", **by) if "numbers" in request.form else _ticked(row, by)
            return done(_("已保存，名单有 %(n)s 处变动。", n=changed), "teaching.takers", code=programme.code, key=row.id, **_place())
        except OfferingGone:
            raise  # nothing is left to draw a form of
        except Refused as refused:
            if "numbers" in request.form:
                form.refuse(refused)
            elif refused.field != "reason":
                raise
            wrong = refused.message
    number, size = paging.wanted()
    page = paging.slice_of(curriculum.students_of_cohort(cohort.id), number=number, size=size)
    ids = [student_id for student_id, _name, _number in page.items]
    former = queries.former_takers(row.id)
    on_list = {one.student_id for one in queries.takers_of(row.id)}
    ticked = set(keys_of(request.form.getlist("on"))) if is_ticking else on_list
    body = render_template(
        "courses/teaching/takers.html",
        programme=programme,
        offering=row,
        course=course,
        cohort=cohort,
        page=page,
        on_list=on_list,
        ticked=ticked,
        former=former,
        listed=len(on_list) - len(former),
        needs_reason=taking.is_asked(row),
        most=taking.MOST,
        wrong=wrong if is_ticking else "",
        marked=curriculum.concluded_students(course.id, ids),
        seated=seats.seated_students(course.id, clock.now()) & set(ids),
        form=form,
        overview=url_for("teaching.show", code=programme.code, year=cohort.year),
        tabs_of_page=tabs(programme, "show"),
    )
    return body, 422 if form.errors or wrong else 200


def _ticked(row: Offering, by: dict[str, Any]) -> int:
    """What was ticked or unticked of the students on the page; who was not on it stays as they are."""
    was, is_on = set(keys_of(request.form.getlist("was"))), set(keys_of(request.form.getlist("on")))
    shown = set(keys_of(request.form.getlist("shown")))
    return taking.list_takers(offering=row, add=(is_on & shown) - was, remove=(was & shown) - is_on, reason=request.form.get("reason", ""), **by)


def _place() -> dict[str, str]:
    return {name: request.args[name] for name in ("page", "size") if name in request.args}
