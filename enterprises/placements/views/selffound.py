"""Pages of places that students find themselves: the student's own, and the school's list with its decision."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for

from enterprises.permissions import Can
from enterprises.placements import forms, labels, operations, queries
from enterprises.placements.models import SelfFound
from enterprises.placements.types import SelfFoundState
from enterprises.placements.views.shared import act, blueprint, my_student, save
from trainhub.kernel import clock, files, paging, sniff
from trainhub.kernel.access import guard, may, signed_in, who
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.sending import send
from trainhub.organisations import queries as organisations
from trainhub.organisations.types import OrganisationKind


def load_self_found(row_id: int) -> SelfFound:
    """The place of an address."""
    row = queries.self_found(row_id)
    if row is None:
        raise NotFound(_("没有这项自主联系的实习申请。"))
    return row


@blueprint.route("/self-found", methods=["GET", "POST"])
@signed_in
def self_found() -> Any:
    """A student's own places, and handing one in."""
    student, today = my_student(), clock.today()
    form = forms.SelfFoundForm()
    form.term_id.choices = [
        (term.id, f"{term.title}（{term.starts_on} – {term.ends_on}）") for term in queries.terms_of(student.university_id) if term.ends_on >= today
    ]

    def work() -> dict[str, Any]:
        term = queries.term(form.term_id.data or 0)
        if term is None:
            raise Refused(_("请选择实习学期。"), field="term_id")
        upload = form.file.data
        kept = (
            files.keep(upload.stream, name=upload.filename, kind="self_found", by=who(), now=clock.now(), allowed=sniff.EVIDENCE) if upload else None
        )
        operations.propose_self_found(
            student=student,
            term=term,
            enterprise_name=form.enterprise_name.data or "",
            enterprise_code=form.enterprise_code.data or "",
            title=form.title.data or "",
            address=form.address.data or "",
            contact=form.contact.data or "",
            text=form.text.data or "",
            file_id=kept.id if kept else None,
            by=who(),
            now=clock.now(),
        )
        return {}

    if form.is_submitted():
        return save(
            form,
            title=_("自主联系实习单位"),
            action=url_for("placements.self_found"),
            back=url_for("placements.self_found"),
            said=_("已提交学校审核。"),
            endpoint="placements.self_found",
            work=work,
        )
    terms = {term.id: term.title for term in queries.terms_of(student.university_id)}
    return render_template("enterprises/placements/self_found.html", rows=queries.self_found_of(student.id), form=form, terms=terms, labels=labels)


@blueprint.post("/self-found/<int:row_id>/cancel")
@guard(Can.PLACEMENT_OWN, load=load_self_found, subject=queries.subject_of_self_found)
def cancel_self_found(row: SelfFound) -> Any:
    """The student takes it back."""

    def run() -> dict[str, Any]:
        operations.cancel_self_found(row=row, by=who(), now=clock.now())
        return {}

    return act(forms.PlainForm(), _("已撤回。"), "placements.self_found", run)


@blueprint.get("/self-found/list")
@guard(Can.ROUND_LIST)
def self_found_list() -> Any:
    """What students of the reader's programmes found, those that wait first."""
    number, size = paging.wanted()
    page = paging.paginate(queries.self_found_listing(who()), number=number, size=size, scalars=False)
    return render_template("enterprises/placements/self_found_list.html", page=page, labels=labels)


@blueprint.get("/self-found/<int:row_id>")
@guard(Can.PLACEMENT_VIEW, load=load_self_found, subject=queries.subject_of_self_found)
def show_self_found(row: SelfFound) -> Any:
    """One, with the decision."""
    form = forms.ApproveSelfFoundForm(formdata=None)
    form.enterprise_id.choices = organisations.choices(OrganisationKind.ENTERPRISE, only_verified=True)
    same = queries.same_enterprises(row)
    if same:
        form.enterprise_id.data = same[0]
    term = queries.term(row.term_id)
    student = queries.student(row.student_id)
    return render_template(
        "enterprises/placements/self_found_show.html",
        letter=files.kept([row.file_id]).get(row.file_id),
        row=row,
        term=term,
        student=student,
        name=queries.student_names({student.id})[student.id],
        form=form,
        is_known=bool(same),
        decides=may(who(), Can.PLACEMENT_ARRANGE, queries.subject_of_self_found(row)) and row.state is SelfFoundState.SUBMITTED,
        labels=labels,
    )


@blueprint.get("/self-found/<int:row_id>/file")
@guard(Can.PLACEMENT_VIEW, load=load_self_found, subject=queries.subject_of_self_found)
def self_found_file(row: SelfFound) -> Any:
    """The letter of the enterprise."""
    kept = session().get(files.StoredFile, row.file_id) if row.file_id else None
    if kept is None:
        raise NotFound(_("这项申请没有上传接收函。"))
    return send(kept)


@blueprint.post("/self-found/<int:row_id>/approve")
@guard(Can.PLACEMENT_ARRANGE, load=load_self_found, subject=queries.subject_of_self_found)
def approve_self_found(row: SelfFound) -> Any:
    """The school approves: the placement is made."""
    form = forms.ApproveSelfFoundForm()
    form.enterprise_id.choices = organisations.choices(OrganisationKind.ENTERPRISE, only_verified=True)

    def run() -> dict[str, Any]:
        enterprise = organisations.by_id(form.enterprise_id.data or 0)
        if enterprise is None:
            raise NotFound(_("没有这家企业。"))
        placement = operations.approve_self_found(row=row, enterprise=enterprise, by=who(), now=clock.now())
        return {"placement_id": placement.id}

    return act(form, _("已通过，实习安排已建立，学生收到通知。"), "placements.show", run)


@blueprint.post("/self-found/<int:row_id>/return")
@guard(Can.PLACEMENT_ARRANGE, load=load_self_found, subject=queries.subject_of_self_found)
def return_self_found(row: SelfFound) -> Any:
    """The school gives it back."""
    form = forms.ReasonForm()

    def run() -> dict[str, Any]:
        operations.return_self_found(row=row, reason=form.reason.data or "", by=who(), now=clock.now())
        return {"row_id": row.id}

    return act(form, _("已退回，学生收到通知。"), "placements.show_self_found", run)
