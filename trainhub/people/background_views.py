"""Pages of the degrees and the stays abroad of teachers: entered by the teacher or the school, verified by somebody else."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from trainhub.kernel import clock, files, sniff
from trainhub.kernel.access import Subject, guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import given, once
from trainhub.kernel.i18n import _, format_date
from trainhub.kernel.import_pages import add_pages
from trainhub.kernel.sending import send
from trainhub.kernel.web import done
from trainhub.people import forms, labels, operations, queries
from trainhub.people.imports import backgrounds
from trainhub.people.models import PersonStay, Teacher
from trainhub.people.permissions import Can
from trainhub.people.teacher_views import crumbs, load_teacher
from trainhub.people.views import blueprint, form_page

add_pages(blueprint, backgrounds.SPEC, can=Can.TEACHER_IMPORT, path="/teachers/backgrounds", back="people.teachers", crumbs=backgrounds.SPEC.title)
Pair = tuple[Teacher, operations.Background]


def load_row(teacher_id: int, thing: str, key: int) -> Pair:
    """A teacher and a stay or degree of the same person."""
    row = load_teacher(teacher_id)
    found: operations.Background | None = queries.stay(key) if thing == "stays" else queries.degree(key)
    if found is None or found.person_id != row.person_id:
        raise NotFound(_("没有这条学历或境外经历。"))
    return row, found


def subject_of_pair(pair: Pair) -> Subject:
    """Judged on the teacher."""
    return queries.subject_of_teacher(pair[0])


def words(row: operations.Background) -> str:
    """A stay or degree in a line."""
    if isinstance(row, PersonStay):
        return f"{row.organisation_name}（{row.region}），{format_date(row.since)} — {format_date(row.until)}"
    return f"{row.university_name}（{row.region}），{labels.DEGREES[row.degree]}，{format_date(row.awarded_on)}"


@blueprint.route("/teachers/<int:teacher_id>/stays/new", methods=["GET", "POST"])
@guard(Can.EMPLOYMENT_EDIT, load=load_teacher, subject=queries.subject_of_teacher)
def new_stay(row: Teacher) -> Any:
    """Note a span of study or work outside the mainland."""
    form = forms.StayForm()

    def work(person: Any) -> None:
        operations.add_stay(
            person=person,
            kind=form.kind.data,
            organisation_name=form.organisation_name.data or "",
            region=form.region.data or "",
            since=given(form.since.data),
            until=given(form.until.data),
            by=who(),
            now=clock.now(),
        )

    return _new(row, form, _("登记境外经历"), work)


@blueprint.route("/teachers/<int:teacher_id>/degrees/new", methods=["GET", "POST"])
@guard(Can.EMPLOYMENT_EDIT, load=load_teacher, subject=queries.subject_of_teacher)
def new_degree(row: Teacher) -> Any:
    """Note a degree."""
    form = forms.DegreeForm()

    def work(person: Any) -> None:
        operations.add_degree(
            person=person,
            degree=form.degree.data,
            university_name=form.university_name.data or "",
            region=form.region.data or "",
            field=form.field.data or "",
            awarded_on=given(form.awarded_on.data),
            by=who(),
            now=clock.now(),
        )

    return _new(row, form, _("登记学历"), work)


def _new(row: Teacher, form: Any, title: str, work: Any) -> Any:
    key = row.id
    if form.validate_on_submit():
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return done(_("这个表单已经提交过，没有重复登记。"), "people.teacher", teacher_id=key)
                work(queries.person(row.person_id))
            return done(_("已登记，核实后计入。"), "people.teacher", teacher_id=key)
        except Refused as refused:
            form.refuse(refused)
    return form_page(form, title, back=url_for("people.teacher", teacher_id=key), crumbs=crumbs(row), eyebrow=row.staff_no)


@blueprint.post("/teachers/<int:teacher_id>/<any(stays, degrees):thing>/<int:key>/remove")
@guard(Can.EMPLOYMENT_EDIT, load=load_row, subject=subject_of_pair)
def remove_background(pair: Pair) -> Any:
    """Remove a row entered by mistake."""
    with transaction():
        operations.remove_background(row=pair[1], by=who(), now=clock.now())
    return done(_("已删除这条未核实的记录。"), "people.teacher", teacher_id=pair[0].id)


@blueprint.route("/teachers/<int:teacher_id>/<any(stays, degrees):thing>/<int:key>/verify", methods=["GET", "POST"])
@guard(Can.EMPLOYMENT_VERIFY, load=load_row, subject=subject_of_pair)
def verify_background(pair: Pair) -> Any:
    """Confirm a row by a file or a basis."""
    row, found = pair
    person = queries.person(row.person_id)
    assert person is not None
    form, key = forms.VerifyForm(version=person.version), row.id
    if form.validate_on_submit():
        upload = form.evidence.data
        try:
            with transaction():
                kept = None
                if upload:
                    kept = files.keep(upload.stream, name=upload.filename or "", kind="evidence", by=who(), now=clock.now(), allowed=sniff.EVIDENCE)
                operations.verify_background(
                    row=found, evidence_file=kept, basis=form.basis.data or "", opened_at=form.version.data, by=who(), now=clock.now()
                )
            return done(_("已核实。"), "people.teacher", teacher_id=key)
        except Refused as refused:
            form.refuse(refused)
    back = url_for("people.teacher", teacher_id=key)
    return form_page(form, _("核实学历或境外经历"), back=back, crumbs=crumbs(row), lead=words(found), eyebrow=row.staff_no)


@blueprint.post("/teachers/<int:teacher_id>/<any(stays, degrees):thing>/<int:key>/withdraw")
@guard(Can.EMPLOYMENT_VERIFY, load=load_row, subject=subject_of_pair)
def withdraw_background(pair: Pair) -> Any:
    """Take a verification back, with the reason."""
    with transaction():
        operations.withdraw_background(row=pair[1], reason=request.form.get("reason", ""), by=who(), now=clock.now())
    return done(_("已撤销核实，这条记录不再计入。"), "people.teacher", teacher_id=pair[0].id)


@blueprint.get("/teachers/<int:teacher_id>/<any(stays, degrees):thing>/<int:key>/evidence")
@guard(Can.TEACHER_VIEW, load=load_row, subject=subject_of_pair)
def background_evidence(pair: Pair) -> Any:
    """The file by which a row was verified."""
    file_id = pair[1].evidence_file_id
    kept = files.kept([file_id]).get(file_id) if file_id is not None else None
    if kept is None:
        raise NotFound(_("这条记录没有证明文件。"))
    return send(kept)
