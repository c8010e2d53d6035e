"""Pages of teaching: the offerings of a cohort with the six designated courses, tasks, secondments, and the pool of part-time teachers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from flask import Blueprint, render_template, request, url_for
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from courses.curriculum import queries as curriculum
from courses.permissions import Can
from courses.teaching import forms, labels, operations, queries, rules
from courses.teaching.models import Offering, PartTimeAppointment, Secondment
from trainhub.kernel import clock, paging
from trainhub.kernel.access import Subject, demand, guard, may, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import Form, once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import a_year
from trainhub.kernel.web import done
from trainhub.people import queries as people
from trainhub.people.types import TeacherKind
from trainhub.policy.book import book
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme

blueprint = Blueprint("teaching", __name__, url_prefix="/teaching")


def load(code: str) -> Programme:
    """The programme of an address."""
    row = programmes.by_code(code)
    if row is None:
        raise NotFound(_("没有代码为 %(code)s 的专业点。", code=code[:60]))
    return row


def of_pair(pair: tuple[Programme, Any]) -> Subject:
    """What a thing of a programme is judged on."""
    return programmes.subject_of(pair[0])


def load_offering(code: str, key: int) -> tuple[Programme, Offering]:
    """An offering of a programme's cohort."""
    programme, row = load(code), queries.offering(key)
    cohort = programmes.cohort_by_id(row.cohort_id) if row is not None else None
    if row is None or cohort is None or cohort.programme_id != programme.id:
        raise NotFound(_("没有这门开课。"))
    return programme, row


def of_staff(programme: Programme, teacher_id: int) -> None:
    """Raises NotFound unless a teacher belongs to a programme."""
    teacher = people.teacher(teacher_id)
    if teacher is None or teacher.programme_id != programme.id:
        raise NotFound(_("没有这位教师的记录。"))


def load_appointment(code: str, key: int) -> tuple[Programme, PartTimeAppointment]:
    """An appointment of a part-time teacher of a programme."""
    programme, row = load(code), queries.appointment(key)
    if row is None:
        raise NotFound(_("没有这份聘任档案。"))
    of_staff(programme, row.teacher_id)
    return programme, row


def load_secondment(code: str, key: int) -> tuple[Programme, Secondment]:
    """A secondment of a teacher of a programme."""
    programme, row = load(code), queries.secondment(key)
    if row is None:
        raise NotFound(_("没有这项企业工作计划。"))
    of_staff(programme, row.teacher_id)
    return programme, row


def _choices(rows: list[tuple[int, str]], *, is_open: bool = False) -> list[SelectChoice]:
    first = [SelectChoice("", "—")] if is_open else []
    return [*first, *(SelectChoice(key, label) for key, label in rows)]


def _save(form: Form, work: Callable[[dict[str, Any]], object]) -> bool:
    """One operation for a form that was checked; False when it was refused and the form says why."""
    try:
        with transaction():
            if once(form.submission_key.data or ""):
                work({"by": who(), "now": clock.now()})
    except Refused as refused:
        form.refuse(refused)
        return False
    return True


@blueprint.route("/programmes/<code>", methods=["GET", "POST"])
@guard(Can.TEACHING_VIEW, load=load, subject=programmes.subject_of)
def show(programme: Programme) -> Any:
    """The offerings of a cohort: which of them are the six, who leads how many, whose number is over the cap."""
    subject, today = programmes.subject_of(programme), clock.today()
    cohorts = programmes.cohorts_of(programme.id)
    year, offered_all = request.args.get("year", type=a_year), queries.offerings_of_cohorts([row.id for row in cohorts])
    taught = {row.cohort_id for row in offered_all}  # unless a year is asked for, the latest one that has courses
    cohort = next((row for row in cohorts if row.year == year), next((row for row in cohorts if row.id in taught), cohorts[0] if cohorts else None))
    rows = [row for row in offered_all if cohort is not None and row.cohort_id == cohort.id]
    version_id = programmes.followed_by(cohort) if cohort is not None else None
    courses = curriculum.courses_of(version_id) if version_id is not None else []
    offered = {row.course_id for row in rows}
    staff = queries.staff_choices(programme.id, today)
    form = forms.OfferingForm()
    form.course_id.choices = _choices([(one.id, f"{one.code} {one.name}") for one in courses if one.id not in offered])
    form.lead_teacher_id.choices = _choices(staff, is_open=True)
    if form.is_submitted():
        demand(who(), Can.TEACHING_EDIT, subject)
    if form.validate_on_submit() and cohort is not None:

        def offer(by: dict[str, Any]) -> None:
            course = curriculum.course(form.course_id.data)
            assert course is not None
            operations.offer_course(
                course=course,
                cohort=cohort,
                first_teaching_on=form.first_teaching_on.data or today,
                lead=people.teacher(form.lead_teacher_id.data) if form.lead_teacher_id.data else None,
                is_designated=bool(form.is_designated.data),
                relevance=form.relevance.data or "",
                **by,
            )

        if _save(form, offer):
            return done(_("已安排课程。"), "teaching.show", code=programme.code, year=cohort.year)
    cap = book().at("petoe.lecturer_course_cap_designated", on=today).number
    body = render_template(
        "courses/teaching/show.html",
        programme=programme,
        cohorts=cohorts,
        cohort=cohort,
        rows=rows,
        research={one.id: one.research_methods for one in courses},
        designated=sum(row.is_designated for row in rows),
        wanted=book().at("petoe.core_courses", on=today).number,
        cap=cap,
        over=rules.over_cap(rows, cap),
        optional={one.id for one in courses if one.is_optional},
        takers=queries.takers_by_offering([row.id for row in rows]),
        leads=Counter(row.lead_teacher_id for row in rows if row.is_designated),
        staff=staff,
        form=form if may(who(), Can.TEACHING_EDIT, subject) and form.course_id.choices else None,
        may_edit=may(who(), Can.TEACHING_EDIT, subject),
        tabs_of_page=tabs(programme, "show"),
    )
    return body, 422 if form.is_submitted() else 200


def tabs(programme: Programme, current: str) -> list[dict[str, Any]]:
    """The pages of a programme's teaching."""
    pages = (("show", _("开课与主讲教师")), ("tasks", _("教学任务书")), ("pool", _("兼职教师")), ("secondments", _("教师到企业工作")))
    return [{"label": label, "url": url_for(f"teaching.{key}", code=programme.code), "current": key == current} for key, label in pages]


@blueprint.post("/programmes/<code>/offerings/<int:key>/designate")
@guard(Can.TEACHING_EDIT, load=load_offering, subject=of_pair)
def designate(pair: tuple[Programme, Offering]) -> Any:
    """Make a course one of the six, or take that back."""
    programme, row = pair
    course = curriculum.course(row.course_id)
    assert course is not None
    with transaction():
        operations.designate(offering=row, course=course, is_designated="on" in request.form, by=who(), now=clock.now())
    return back(programme, row)


def back(programme: Programme, row: Offering) -> Any:
    """To the cohort of an offering that was saved."""
    cohort = programmes.cohort_by_id(row.cohort_id)
    return done(_("已保存。"), "teaching.show", code=programme.code, year=cohort.year if cohort is not None else None)


@blueprint.post("/programmes/<code>/offerings/<int:key>/lead")
@guard(Can.TEACHING_EDIT, load=load_offering, subject=of_pair)
def change_lead(pair: tuple[Programme, Offering]) -> Any:
    """Another lead lecturer."""
    programme, row = pair
    form = forms.LeadForm()
    form.lead_teacher_id.choices = _choices(queries.staff_choices(programme.id, clock.today()))
    if not form.validate_on_submit():
        raise Refused(_("请选择本专业的一位教师。"), field="lead_teacher_id")
    teacher = people.teacher(form.lead_teacher_id.data)
    assert teacher is not None
    with transaction():
        operations.change_lead(offering=row, lead=teacher, version=form.version.data or None, by=who(), now=clock.now())
    return back(programme, row)


@blueprint.post("/programmes/<code>/offerings/<int:key>/waive")
@guard(Can.TEACHING_EDIT, load=load_offering, subject=of_pair)
def waive(pair: tuple[Programme, Offering]) -> Any:
    """The written reason why a lecturer may lead more than two of the six."""
    programme, row = pair
    form = forms.ReasonForm()
    if not form.validate_on_submit():
        raise Refused(_("请写明理由。"), field="reason")
    with transaction():
        operations.waive_cap(offering=row, reason=form.reason.data or "", by=who(), now=clock.now())
    return back(programme, row)


@blueprint.post("/programmes/<code>/offerings/<int:key>/close")
@guard(Can.TEACHING_EDIT, load=load_offering, subject=of_pair)
def close(pair: tuple[Programme, Offering]) -> Any:
    """The conclusions about every student are complete."""
    programme, row = pair
    form = forms.DayForm()
    if not form.validate_on_submit():
        raise Refused(_("请填写日期。"), field="on")
    with transaction():
        operations.close_offering(offering=row, closed_on=form.on.data or clock.today(), by=who(), now=clock.now())
    return back(programme, row)


@blueprint.route("/programmes/<code>/tasks", methods=["GET", "POST"])
@guard(Can.TEACHING_VIEW, load=load, subject=programmes.subject_of)
def tasks(programme: Programme) -> Any:
    """The teaching tasks by semester (M4.7)."""
    subject, today = programmes.subject_of(programme), clock.today()
    staff = queries.staff_choices(programme.id, today)
    offerings = queries.offerings_of_cohorts([row.id for row in programmes.cohorts_of(programme.id)])
    form = forms.TaskForm()
    form.teacher_id.choices = _choices(staff)
    form.offering_id.choices = _choices([(o.id, f"{o.cohort_year} · {o.course}") for o in offerings], is_open=True)
    if form.is_submitted():
        demand(who(), Can.TEACHING_EDIT, subject)
    if form.validate_on_submit():

        def give(by: dict[str, Any]) -> None:
            teacher = people.teacher(form.teacher_id.data)
            assert teacher is not None
            operations.give_task(
                teacher=teacher,
                offering=queries.offering(form.offering_id.data) if form.offering_id.data else None,
                title=form.title.data or "",
                hours_x10=int((form.hours.data or 0) * 10),
                starts_on=form.starts_on.data or today,
                issued_no=form.issued_no.data or "",
                **by,
            )

        if _save(form, give):
            return done(_("已下达教学任务。"), "teaching.tasks", code=programme.code)
    names = dict(staff)
    number, size = paging.wanted()
    body = render_template(
        "courses/teaching/tasks.html",
        programme=programme,
        page=paging.slice_of(list(reversed(queries.tasks_of_teachers(names))), number=number, size=size),
        names=names,
        form=form if may(who(), Can.TEACHING_EDIT, subject) else None,
        tabs_of_page=tabs(programme, "tasks"),
    )
    return body, 422 if form.is_submitted() else 200


@blueprint.route("/programmes/<code>/pool", methods=["GET", "POST"])
@guard(Can.TEACHING_VIEW, load=load, subject=programmes.subject_of)
def pool(programme: Programme) -> Any:
    """Part-time teachers with appointment, training before the job, and appraisals (PETOE-4.7; M4.6)."""
    subject, today = programmes.subject_of(programme), clock.today()
    staff = queries.staff_choices(programme.id, today, TeacherKind.PART_TIME)
    form = forms.AppointmentForm()
    form.teacher_id.choices = _choices(staff)
    if form.is_submitted():
        demand(who(), Can.TEACHING_EDIT, subject)
    if form.validate_on_submit():

        def appoint(by: dict[str, Any]) -> None:
            teacher = people.teacher(form.teacher_id.data)
            assert teacher is not None
            operations.appoint_part_time(
                teacher=teacher,
                since=form.since.data or today,
                until=form.until.data,
                duties=form.duties.data or "",
                letter_no=form.letter_no.data or "",
                **by,
            )

        if _save(form, appoint):
            return done(_("已登记聘任。"), "teaching.pool", code=programme.code)
    names = dict(staff)
    appraisals: dict[int, list[Any]] = {}
    for _teacher_id, row in queries.appraisals_of_teachers(names):
        appraisals.setdefault(row.appointment_id, []).append(row)
    rows = queries.appointments_of_teachers(names)
    body = render_template(
        "courses/teaching/pool.html",
        programme=programme,
        names=names,
        rows=rows,
        without=[name for key, name in names.items() if key not in {row.teacher_id for row in rows}],
        appraisals=appraisals,
        tasks=Counter(task.teacher_id for task in queries.tasks_of_teachers(names)),
        labels=labels,
        form=form if may(who(), Can.TEACHING_EDIT, subject) and staff else None,
        training=forms.TrainingForm(),
        appraisal=forms.AppraisalForm(),
        today=today,
        may_edit=may(who(), Can.TEACHING_EDIT, subject),
        tabs_of_page=tabs(programme, "pool"),
    )
    return body, 422 if form.is_submitted() else 200


def _checked(form: Form) -> None:
    if not form.validate_on_submit():
        raise Refused("".join(str(text) for errors in form.errors.values() for text in errors) or _("请重新打开页面后再提交。"))


@blueprint.post("/programmes/<code>/pool/<int:key>/training")
@guard(Can.TEACHING_EDIT, load=load_appointment, subject=of_pair)
def train(pair: tuple[Programme, PartTimeAppointment]) -> Any:
    """The training before the job is passed."""
    programme, row = pair
    form = forms.TrainingForm()
    _checked(form)
    with transaction():
        operations.pass_training(
            appointment=row, passed_on=form.passed_on.data or clock.today(), hours=form.hours.data or 0, by=who(), now=clock.now()
        )
    return done(_("已保存。"), "teaching.pool", code=programme.code)


@blueprint.post("/programmes/<code>/pool/<int:key>/appraisal")
@guard(Can.TEACHING_EDIT, load=load_appointment, subject=of_pair)
def appraise(pair: tuple[Programme, PartTimeAppointment]) -> Any:
    """A periodic appraisal."""
    programme, row = pair
    form = forms.AppraisalForm()
    _checked(form)
    facts = {"appraised_on": form.appraised_on.data or clock.today(), "result": form.result.data, "remark": form.remark.data or ""}
    with transaction():
        operations.appraise(appointment=row, by=who(), now=clock.now(), **facts)
    return done(_("已保存。"), "teaching.pool", code=programme.code)


@blueprint.get("/programmes/<code>/secondments")
@guard(Can.TEACHING_VIEW, load=load, subject=programmes.subject_of)
def secondments(programme: Programme) -> Any:
    """Teachers at work in enterprises: planned, begun, done with a report, or exempt (PETOE-4.2, 4.3)."""
    subject, today = programmes.subject_of(programme), clock.today()
    names = dict(queries.staff_choices(programme.id, today, TeacherKind.FULL_TIME))
    rows = queries.secondments_of_teachers(names)
    return render_template(
        "courses/teaching/secondments.html",
        programme=programme,
        names=names,
        rows=rows,
        without=[name for key, name in names.items() if key not in {row.teacher_id for row in rows}],
        labels=labels,
        may_edit=may(who(), Can.TEACHING_EDIT, subject),
        today=today,
        tabs_of_page=tabs(programme, "secondments"),
    )


@blueprint.post("/programmes/<code>/secondments/<int:key>/start")
@guard(Can.TEACHING_EDIT, load=load_secondment, subject=of_pair)
def start_secondment(pair: tuple[Programme, Secondment]) -> Any:
    """The first day in the enterprise."""
    programme, row = pair
    form = forms.DayForm()
    _checked(form)
    with transaction():
        operations.start_secondment(secondment=row, started_on=form.on.data or clock.today(), by=who(), now=clock.now())
    return done(_("已保存。"), "teaching.secondments", code=programme.code)


@blueprint.post("/programmes/<code>/secondments/<int:key>/finish")
@guard(Can.TEACHING_EDIT, load=load_secondment, subject=of_pair)
def finish_secondment(pair: tuple[Programme, Secondment]) -> Any:
    """The last day and the report after it."""
    programme, row = pair
    form = forms.ReportForm()
    _checked(form)
    with transaction():
        operations.finish_secondment(secondment=row, ended_on=form.on.data or clock.today(), report=form.report.data or "", by=who(), now=clock.now())
    return done(_("已保存。"), "teaching.secondments", code=programme.code)
