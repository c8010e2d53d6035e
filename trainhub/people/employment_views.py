"""Pages of the work of teachers in enterprises: entered by the teacher or the school, verified by somebody else."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from trainhub.kernel import clock, files, sniff
from trainhub.kernel.access import Subject, guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import given, once
from trainhub.kernel.i18n import _, format_date
from trainhub.kernel.sending import send
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.people import forms, operations, queries
from trainhub.people.models import Employment, Teacher
from trainhub.people.permissions import Can
from trainhub.people.teacher_views import crumbs, load_teacher
from trainhub.people.views import blueprint, form_page

Pair = tuple[Teacher, Employment]


def load_employment(teacher_id: int, employment_id: int) -> Pair:
    """A teacher and one span of the same person's work."""
    row, employment = load_teacher(teacher_id), queries.employment(employment_id)
    if employment is None or employment.person_id != row.person_id:
        raise NotFound(_("没有这段工作经历。"))
    return row, employment


def subject_of_pair(pair: Pair) -> Subject:
    """Judged on the teacher."""
    return queries.subject_of_teacher(pair[0])


def facts(form: forms.EmploymentForm) -> dict[str, Any]:
    """The values for the operations."""
    return {
        "organisation": organisations.by_id(form.organisation_id.data) if form.organisation_id.data else None,
        "organisation_name": form.organisation_name.data or "",
        "post": form.post.data or "",
        "since": given(form.since.data),
        "until": form.until.data,
        "is_enterprise": bool(form.is_enterprise.data),
        "is_full_time": bool(form.is_full_time.data),
        "by": who(),
        "now": clock.now(),
    }


@blueprint.route("/teachers/<int:teacher_id>/employment/new", methods=["GET", "POST"])
@guard(Can.EMPLOYMENT_EDIT, load=load_teacher, subject=queries.subject_of_teacher)
def new_employment(row: Teacher) -> Any:
    """Note a span of work of a teacher."""
    form, key = forms.EmploymentForm().prepare(), row.id
    if form.validate_on_submit():
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return done(_("这个表单已经提交过，没有重复登记。"), "people.teacher", teacher_id=key)
                person = queries.person(row.person_id)
                assert person is not None
                operations.add_employment(person=person, **facts(form))
            return done(_("已登记工作经历，核实后计入企业工作年限。"), "people.teacher", teacher_id=key)
        except Refused as refused:
            form.refuse(refused)
    back = url_for("people.teacher", teacher_id=key)
    return form_page(form, _("登记工作经历"), back=back, crumbs=crumbs(row), eyebrow=row.staff_no)


@blueprint.route("/teachers/<int:teacher_id>/employment/<int:employment_id>", methods=["GET", "POST"])
@guard(Can.EMPLOYMENT_EDIT, load=load_employment, subject=subject_of_pair)
def edit_employment(pair: Pair) -> Any:
    """Correct a span that nobody has verified; of a verified one only the last day may move forward."""
    row, employment = pair
    key, is_verified = row.id, employment.verified_at is not None
    person = queries.person(row.person_id)
    assert person is not None
    form: Any = (
        forms.EndForm(obj=employment, version=person.version)
        if is_verified
        else forms.EmploymentForm(obj=employment, version=person.version).prepare()
    )
    if form.validate_on_submit():
        try:
            with transaction():
                if is_verified:
                    operations.end_employment(
                        employment=employment, until=given(form.until.data), opened_at=form.version.data, by=who(), now=clock.now()
                    )
                else:
                    operations.change_employment(employment=employment, opened_at=form.version.data, **facts(form))
            return done(_("已保存。"), "people.teacher", teacher_id=key)
        except Refused as refused:
            form.refuse(refused)
    title = _("登记结束日期") if is_verified else _("修改工作经历")
    return form_page(form, title, back=url_for("people.teacher", teacher_id=key), crumbs=crumbs(row), lead=words(employment), eyebrow=row.staff_no)


def words(employment: Employment) -> str:
    """A span of work in a line."""
    return f"{employment.organisation_name} · {employment.post}"


@blueprint.post("/teachers/<int:teacher_id>/employment/<int:employment_id>/remove")
@guard(Can.EMPLOYMENT_EDIT, load=load_employment, subject=subject_of_pair)
def remove_employment(pair: Pair) -> Any:
    """Remove a span entered by mistake."""
    key = pair[0].id
    with transaction():
        operations.remove_employment(employment=pair[1], by=who(), now=clock.now())
    return done(_("已删除这段未核实的经历。"), "people.teacher", teacher_id=key)


@blueprint.route("/teachers/<int:teacher_id>/employment/<int:employment_id>/verify", methods=["GET", "POST"])
@guard(Can.EMPLOYMENT_VERIFY, load=load_employment, subject=subject_of_pair)
def verify_employment(pair: Pair) -> Any:
    """Confirm a span of work by a file or a basis."""
    row, employment = pair
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
                operations.verify_employment(
                    employment=employment,
                    evidence_file=kept,
                    basis=form.basis.data or "",
                    opened_at=form.version.data,
                    by=who(),
                    now=clock.now(),
                )
            return done(_("已核实。"), "people.teacher", teacher_id=key)
        except Refused as refused:
            form.refuse(refused)
    back = url_for("people.teacher", teacher_id=key)
    until = format_date(employment.until) if employment.until else _("至今")
    lead = _("%(work)s，%(since)s 至 %(until)s", work=words(employment), since=format_date(employment.since), until=until)
    return form_page(form, _("核实工作经历"), back=back, crumbs=crumbs(row), lead=lead, eyebrow=row.staff_no)


@blueprint.post("/teachers/<int:teacher_id>/employment/<int:employment_id>/withdraw")
@guard(Can.EMPLOYMENT_VERIFY, load=load_employment, subject=subject_of_pair)
def withdraw_verification(pair: Pair) -> Any:
    """Take a verification back, with the reason."""
    key = pair[0].id
    with transaction():
        operations.withdraw_verification(employment=pair[1], reason=request.form.get("reason", ""), by=who(), now=clock.now())
    return done(_("已撤销核实，这段经历不再计入。"), "people.teacher", teacher_id=key)


@blueprint.get("/teachers/<int:teacher_id>/employment/<int:employment_id>/evidence")
@guard(Can.TEACHER_VIEW, load=load_employment, subject=subject_of_pair)
def evidence(pair: Pair) -> Any:
    """The file by which a span of work was verified."""
    kept = queries.evidence_of(pair[1])
    if kept is None:
        raise NotFound(_("这段经历没有证明文件。"))
    return send(kept)
