"""Pages of students. Teachers and persons: see `teacher_views` and `person_views`."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request, url_for

from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import demand, guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.fields import offered
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.import_pages import add_pages
from trainhub.kernel.numbers import a_year
from trainhub.kernel.sheets.parsers import parse_date
from trainhub.kernel.web import done
from trainhub.organisations import filter_queries as filters
from trainhub.organisations import queries as organisations
from trainhub.organisations.types import OrganisationKind
from trainhub.people import forms, labels, operations, past, queries, rules
from trainhub.people.imports import students as student_files
from trainhub.people.models import Student
from trainhub.people.panels import doors_of, doors_of_list, panels_of_student
from trainhub.people.permissions import Can
from trainhub.people.types import StudentState
from trainhub.programmes import queries as programmes

blueprint = Blueprint("people", __name__, url_prefix="/people")
add_pages(blueprint, student_files.SPEC, can=Can.STUDENT_IMPORT, path="/students/import", back="people.students")


def form_page(
    form: Any, title: str, *, back: str, crumbs: list[tuple[str, str]], lead: str = "", eyebrow: str = "", offer: tuple[str, str] | None = None
) -> Any:
    """A form with its errors. `offer`: (words, address) of another way to what was wanted."""
    page = render_template(
        "trainhub/people/form.html", form=form, title=title, back=back, crumbs_before=crumbs, lead=lead, eyebrow=eyebrow, offer=offer
    )
    return page, 422 if form.is_submitted() else 200


def load_student(student_id: int) -> Student:
    """The student of an address."""
    row = queries.student(student_id)
    if row is None:
        raise NotFound(_("没有这名学生。"))
    return row


@blueprint.get("/students")
@guard(Can.STUDENT_LIST)
def students() -> Any:
    """The list."""
    (number, size), today = paging.wanted(), clock.today()
    chosen = forms.wanted_students()
    statement = queries.students_listing(who(), chosen, on=today, sort=request.args.get("sort", "no"))
    page = paging.paginate(statement, number=number, size=size, scalars=False)
    return render_template(
        "trainhub/people/students.html",
        page=page,
        rows=[queries.as_student_row(row) for row in page.items],
        formerly=queries.students_who_had(chosen.text),
        universities=offered(programmes.university_choices(who()), "university", filters.called(who(), OrganisationKind.UNIVERSITY)),
        programmes=programmes.choices(who()),
        years=offered([(year, year) for year in programmes.cohort_years(who())], "year", a_year),
        labels=labels,
        can=Can,
        doors=doors_of_list("cohort", who(), programme_id=chosen.programme_id, year=chosen.cohort_year),
        asked=request.args.to_dict(),
        today=today,
    )


@blueprint.get("/students/export.<form>")
@guard(Can.STUDENT_EXPORT)
def export_students(form: str) -> Any:
    """The list as a file that the import reads; numbers are masked."""
    rows = list(student_files.export_rows(who(), forms.wanted_students(), clock.today(), sort=request.args.get("sort", "no")))
    schema = student_files.SCHEMA
    answer = downloads.table(rows, schema.columns, name=_("学生"), form=form, codes=downloads.codes_of(schema))
    with transaction():
        student_files.note_export(rows, by=who(), file_name=f"students.{form}")
    return answer


@blueprint.get("/students/<int:student_id>")
@guard(Can.STUDENT_VIEW, load=load_student, subject=queries.subject_of_student)
def student(row: Student) -> Any:
    """One student."""
    person = queries.person(row.person_id)
    assert person is not None
    cohort = programmes.cohort_by_id(row.cohort_id)
    subject = queries.subject_of_student(row)
    return render_template(
        "trainhub/people/student.html",
        student=row,
        person=person,
        subject=subject,
        person_subject=queries.subject_of_person(person),
        programme=programmes.by_id(row.programme_id),
        cohort=cohort,
        plan=programmes.version_by_id(programmes.followed_by(cohort) or 0) if cohort else None,
        university=organisations.by_id(row.university_id),
        county=organisations.region(person.county_code) if person.county_code else None,
        spans=queries.spans_of([row.id])[row.id],
        changes=queries.petoe_changes_of([row.id])[row.id],
        studies=past.studies_of(row),
        undone=past.undone_of(row),
        is_mine=who().person_id is not None and who().person_id == queries.human_id(row.person_id),
        numbers=queries.former_numbers_of(student_id=row.id),
        is_petoe=queries.is_petoe(row, clock.today()),
        phone=rules.mask_phone(person.phone),
        email=rules.mask_email(person.email),
        history=organisations.history_of("student", row.id),
        panels=panels_of_student(row, who()),
        doors=doors_of(person, who()),
        labels=labels,
        can=Can,
    )


def crumbs_of_student(row: Student | None = None) -> list[tuple[str, str]]:
    made = [(_("学生"), url_for("people.students"))]
    if row is not None:
        made.append((row.student_no, url_for("people.student", student_id=row.id)))
    return made


@blueprint.route("/students/new", methods=["GET", "POST"])
@guard(Can.STUDENT_IMPORT)
def new_student() -> Any:
    """Enrol one student."""
    form = forms.NewStudentForm().prepare(who())
    if form.validate_on_submit():
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return done(_("这个表单已经提交过，没有重复登记。"), "people.students")
                programme = programmes.by_id(form.programme_id.data or 0)
                if programme is None:
                    raise Refused(_("请选择专业点。"), field="programme_id")
                demand(who(), Can.STUDENT_CREATE, programmes.subject_of(programme))
                cohort = programmes.cohort_of(programme.id, form.cohort_year.data or 0)
                if cohort is None:
                    raise Refused(_("这个专业还没有 %(year)d 级，请先在专业页面增加年级。", year=form.cohort_year.data), field="cohort_year")
                assert form.enrolled_on.data is not None
                person = operations.register_person(by=who(), now=clock.now(), **form.person())
                row = operations.add_student(
                    person=person,
                    programme=programme,
                    cohort=cohort,
                    student_no=form.student_no.data or "",
                    class_name=form.class_name.data or "",
                    enrolled_on=form.enrolled_on.data,
                    petoe_since=form.petoe_since.data,
                    guardian_name=form.guardian_name.data or "",
                    guardian_phone=form.guardian_phone.data or "",
                    by=who(),
                    now=clock.now(),
                )
                key, left = row.id, form.told(person.phone, person.email)
            return done(_("已登记学籍。") + left, "people.student", student_id=key)
        except Refused as refused:
            form.refuse(refused)
    return form_page(form, _("登记学生"), back=url_for("people.students"), crumbs=crumbs_of_student())


@blueprint.route("/students/<int:student_id>/edit", methods=["GET", "POST"])
@guard(Can.STUDENT_EDIT, load=load_student, subject=queries.subject_of_student)
def edit_student(row: Student) -> Any:
    """Change the facts of a student."""
    form, key = forms.StudentForm(obj=row), row.id
    if not form.is_submitted() and row.state is not StudentState.WITHDRAWN:
        form.left_reason.data = ""  # of a withdrawal that is over: the next one has its own
    if form.validate_on_submit():
        try:
            with transaction():
                operations.change_student(student=row, version=form.version.data, by=who(), now=clock.now(), **form.facts())
            return done(_("已保存。"), "people.student", student_id=key)
        except Refused as refused:
            form.refuse(refused)
    return form_page(form, _("编辑学籍"), back=url_for("people.student", student_id=key), crumbs=crumbs_of_student(row), eyebrow=row.student_no)


def read_spans(text: str) -> list[tuple[date, date | None]]:
    """Spans as they are typed, one a line; raises Refused naming the line."""
    found: list[tuple[date, date | None]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        parts = [part for part in re.split(r"\s*(?:至|到|~|～|—|/)\s*|\s{2,}|\s+-\s+", line.strip()) if part]
        if not parts:
            continue
        try:
            days = [parse_date(part) for part in parts]
        except ValueError as error:
            raise Refused(_("第 %(line)d 行：%(said)s", line=number, said=str(error)), field="spans") from error
        if len(days) > 2:
            raise Refused(_("第 %(line)d 行有两个以上的日期，请每行写一段。", line=number), field="spans")
        found.append((days[0], days[1] if len(days) == 2 else None))
    return found


@blueprint.route("/students/<int:student_id>/petoe", methods=["GET", "POST"])
@guard(Can.STUDENT_EDIT, load=load_student, subject=queries.subject_of_student)
def edit_spans(row: Student) -> Any:
    """When the student belongs to the 卓越计划."""
    key = row.id
    known = [f"{span.since} 至 {span.until}" if span.until else f"{span.since}" for span in queries.spans_of([key])[key]]
    form = forms.SpansForm(version=row.version, spans="\n".join(known))
    if form.validate_on_submit():
        try:
            with transaction():
                spans = read_spans(form.spans.data or "")
                operations.set_petoe_spans(
                    student=row, spans=spans, reason=form.reason.data or "", version=form.version.data, by=who(), now=clock.now()
                )
            return done(_("已保存卓越计划的起止日期。"), "people.student", student_id=key)
        except Refused as refused:
            if refused.field not in ("spans", "reason", None):
                refused.field = "spans"
            form.refuse(refused)
    back = url_for("people.student", student_id=key)
    return form_page(form, _("卓越计划起止日期"), back=back, crumbs=crumbs_of_student(row), eyebrow=row.student_no)
