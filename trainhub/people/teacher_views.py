"""Pages of teachers. Their work in enterprises: see `employment_views`."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from trainhub.kernel import clock, downloads, files, paging
from trainhub.kernel.access import Role, demand, guard, may, signed_in, who
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.fields import offered
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.import_pages import add_pages
from trainhub.kernel.web import done
from trainhub.organisations import filter_queries as filters
from trainhub.organisations import queries as organisations
from trainhub.organisations.types import OrganisationKind
from trainhub.people import forms, labels, operations, queries, rules
from trainhub.people.imports import teachers as teacher_files
from trainhub.people.models import Teacher
from trainhub.people.panels import doors_of, doors_of_list
from trainhub.people.permissions import Can
from trainhub.people.views import blueprint, form_page
from trainhub.programmes import queries as programmes

add_pages(blueprint, teacher_files.SPEC, can=Can.TEACHER_IMPORT, path="/teachers/import", back="people.teachers")


def load_teacher(teacher_id: int) -> Teacher:
    """The teacher of an address."""
    row = queries.teacher(teacher_id)
    if row is None:
        raise NotFound(_("没有这名教师。"))
    return row


@blueprint.get("/teachers")
@guard(Can.TEACHER_LIST)
def teachers() -> Any:
    """The list."""
    number, size = paging.wanted()
    chosen = forms.wanted_teachers()
    statement = queries.teachers_listing(who(), chosen, request.args.get("sort", "name"))
    page = paging.paginate(statement, number=number, size=size, scalars=False)
    rows, today = [queries.as_teacher_row(row) for row in page.items], clock.today()
    spans = queries.enterprise_spans_of([row.person_id for row in rows])
    return render_template(
        "trainhub/people/teachers.html",
        page=page,
        rows=rows,
        formerly=queries.teachers_who_had(chosen.text),
        months={key: rules.months_worked(found, today) for key, found in spans.items()},
        universities=offered(programmes.university_choices(who()), "university", filters.called(who(), OrganisationKind.UNIVERSITY)),
        programmes=programmes.choices(who()),
        labels=labels,
        can=Can,
        doors=doors_of_list("teachers" if who().has(Role.UNIVERSITY_ADMIN, Role.SYSTEM_ADMIN) else "programme-teachers", who()),
        asked=request.args.to_dict(),
    )


@blueprint.get("/teachers/export.<form>")
@guard(Can.TEACHER_EXPORT)
def export_teachers(form: str) -> Any:
    """The list as a file that the import reads; numbers are masked."""
    rows, schema = list(teacher_files.export_rows(who(), forms.wanted_teachers(), request.args.get("sort", "name"))), teacher_files.SCHEMA
    answer = downloads.table(rows, schema.columns, name=_("教师"), form=form, codes=downloads.codes_of(schema))
    with transaction():
        teacher_files.note_export(rows, by=who(), file_name=f"teachers.{form}")
    return answer


@blueprint.get("/teachers/me")
@signed_in
def my_teaching() -> Any:
    """A teacher's own page, where the own work in enterprises is entered."""
    found = queries.teachers_of_person(who().person_id or 0)
    if not found:
        return render_template("trainhub/people/no_teaching.html")
    return redirect(url_for("people.teacher", teacher_id=found[0].id), 303)


@blueprint.get("/teachers/<int:teacher_id>")
@guard(Can.TEACHER_VIEW, load=load_teacher, subject=queries.subject_of_teacher)
def teacher(row: Teacher) -> Any:
    """One teacher with the spans of work in enterprises."""
    person, today = queries.person(row.person_id), clock.today()
    assert person is not None
    spans = queries.enterprise_spans_of([person.id])[person.id]
    claimed = queries.enterprise_spans_of([person.id], only_verified=False)[person.id]
    employment = queries.employment_of(person.id)
    stays, degrees = queries.stays_of([person.id])[person.id], queries.degrees_of([person.id])[person.id]
    return render_template(
        "trainhub/people/teacher.html",
        teacher=row,
        person=person,
        subject=queries.subject_of_teacher(row),
        person_subject=queries.subject_of_person(person),
        university=organisations.by_id(row.university_id),
        programme=programmes.by_id(row.programme_id) if row.programme_id else None,
        employment=employment,
        kept=files.kept([*(e.evidence_file_id for e in employment), *(s.evidence_file_id for s in stays), *(d.evidence_file_id for d in degrees)]),
        stays=stays,
        degrees=degrees,
        abroad=queries.months_abroad(stays, today),
        months=rules.months_worked(spans, today),
        claimed=rules.months_worked(claimed, today),
        phone=rules.mask_phone(person.phone),
        email=rules.mask_email(person.email),
        numbers=queries.former_numbers_of(teacher_id=row.id),
        history=history(row),
        doors=doors_of(person, who()),
        labels=labels,
        can=Can,
    )


WORK = ("people.employment.", "people.stay.", "people.degree.")


def history(row: Teacher) -> list[AuditEvent]:
    """What happened to the teacher, and to the work of the same person, the latest first."""
    work = [event for event in organisations.history_of("person", row.person_id) if event.did.startswith(WORK)]
    return sorted([*organisations.history_of("teacher", row.id), *work], key=lambda event: -event.id)[:50]


def crumbs(row: Teacher | None = None) -> list[tuple[str, str]]:
    made = [(_("教师"), url_for("people.teachers"))] if may(who(), Can.TEACHER_LIST) else []
    if row is not None:
        made.append((row.staff_no, url_for("people.teacher", teacher_id=row.id)))
    return made


@blueprint.route("/teachers/new", methods=["GET", "POST"])
@guard(Can.TEACHER_IMPORT)
def new_teacher() -> Any:
    """Note one teacher."""
    form = forms.NewTeacherWhole()
    form.prepare_new(who())
    form.prepare(None, who())
    if form.validate_on_submit():
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return done(_("这个表单已经提交过，没有重复登记。"), "people.teachers")
                university = organisations.by_id(form.university_id.data or 0)
                programme = programmes.by_id(form.programme_id.data) if form.programme_id.data else None
                if university is None:
                    raise Refused(_("请选择学校。"), field="university_id")
                demand(who(), Can.TEACHER_CREATE, programmes.subject_of(programme) if programme else organisations.subject_of(university))
                person = operations.register_person(by=who(), now=clock.now(), **form.person())
                row = operations.add_teacher(
                    person=person,
                    university=university,
                    programme=programme,
                    staff_no=form.staff_no.data or "",
                    by=who(),
                    now=clock.now(),
                    **form.facts(),
                )
                key, left = row.id, form.told(person.phone, person.email)
            return done(_("已登记教师。") + left, "people.teacher", teacher_id=key)
        except Refused as refused:
            form.refuse(refused)
    return form_page(form, _("登记教师"), back=url_for("people.teachers"), crumbs=crumbs())


@blueprint.route("/teachers/<int:teacher_id>/edit", methods=["GET", "POST"])
@guard(Can.TEACHER_EDIT, load=load_teacher, subject=queries.subject_of_teacher)
def edit_teacher(row: Teacher) -> Any:
    """Change the facts of a teacher."""
    form, key = forms.TeacherFacts(obj=row), row.id
    form.prepare(row.university_id, who())
    if form.validate_on_submit():
        try:
            with transaction():
                programme = programmes.by_id(form.programme_id.data) if form.programme_id.data else None
                operations.change_teacher(teacher=row, programme=programme, version=form.version.data, by=who(), now=clock.now(), **form.facts())
            return done(_("已保存。"), "people.teacher", teacher_id=key)
        except Refused as refused:
            form.refuse(refused)
    return form_page(form, _("编辑教师信息"), back=url_for("people.teacher", teacher_id=key), crumbs=crumbs(row), eyebrow=row.staff_no)
