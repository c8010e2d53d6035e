"""Pages of inspections with their findings, and of what enterprises say for a year."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from enterprises.bases import forms, labels, operations, queries
from enterprises.bases.models import BaseInspection, InspectionFinding
from enterprises.bases.views import blueprint, inspected_subject, load_unit, subject_of_unit
from enterprises.permissions import Can
from trainhub.kernel import clock, files, paging, sniff
from trainhub.kernel.access import Role, demand, guard, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import given, once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import a_year
from trainhub.kernel.sending import send
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind


@blueprint.route("/<code>/inspections", methods=["GET", "POST"])
@guard(Can.BASE_INSPECT, load=load_unit, subject=inspected_subject)
def add_inspection(base: Organisation) -> Any:
    """Record an inspection or review."""
    form = forms.InspectionForm()
    if form.validate_on_submit():
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    upload = form.file.data
                    kept = (
                        files.keep(upload.stream, name=upload.filename, kind="inspection", by=who(), now=clock.now(), allowed=sniff.EVIDENCE)
                        if upload
                        else None
                    )
                    operations.record_inspection(
                        base=base,
                        kind=form.kind.data,
                        on=given(form.on.data),
                        inspectors=form.inspectors.data or "",
                        conclusion=form.conclusion.data,
                        text=form.text.data or "",
                        findings=(form.findings.data or "").splitlines(),
                        due_on=form.due_on.data,
                        file_id=kept.id if kept else None,
                        by=who(),
                        now=clock.now(),
                    )
                code = base.code
            return done(_("已登记。"), "bases.show", code=code)
        except Refused as refused:
            form.refuse(refused)
    here = url_for("bases.add_inspection", code=base.code)
    page = render_template(
        "enterprises/bases/form.html", form=form, base=base, title=_("登记检查"), action=here, back=url_for("bases.show", code=base.code), lead=""
    )
    return page, 422 if form.is_submitted() else 200


def load_finding(finding_id: int) -> tuple[Organisation, InspectionFinding]:
    """A finding with its base."""
    found = queries.finding(finding_id)
    base = organisations.by_id(found[1]) if found is not None else None
    if found is None or base is None:
        raise NotFound(_("没有这条整改问题。"))
    return base, found[0]


def _measure() -> str:
    form = forms.MeasureForm()
    if not form.validate_on_submit():
        raise Refused(_("整改措施最多 400 个字。"), field="measure")
    return form.measure.data or ""


@blueprint.post("/findings/<int:finding_id>/measure")
@guard(Can.BASE_EDIT, load=load_finding, subject=lambda pair: subject_of_unit(pair[0]))
def report_measure(pair: tuple[Organisation, InspectionFinding]) -> Any:
    """Say how something found was mended; who inspects closes it."""
    base, row = pair
    with transaction():
        operations.report_measure(finding=row, base=base, measure=_measure(), by=who(), now=clock.now())
        code = base.code
    return done(_("已报整改，等待检查方核实。"), "bases.show", code=code)


@blueprint.post("/findings/<int:finding_id>/close")
@guard(Can.BASE_INSPECT, load=load_finding, subject=lambda pair: inspected_subject(pair[0]))
def close_finding(pair: tuple[Organisation, InspectionFinding]) -> Any:
    """Who inspects has seen that something found was mended."""
    base, row = pair
    with transaction():
        operations.close_finding(finding=row, base=base, measure=_measure(), on=clock.today(), by=who(), now=clock.now())
        code = base.code
    return done(_("已核实整改。"), "bases.show", code=code)


def load_inspection(inspection_id: int) -> tuple[Organisation, BaseInspection]:
    """An inspection with its base."""
    row = queries.inspection(inspection_id)
    base = organisations.by_id(row.base_id) if row is not None else None
    if row is None or base is None:
        raise NotFound(_("没有这次检查。"))
    return base, row


@blueprint.get("/inspections/<int:inspection_id>/file")
@guard(Can.BASE_INSIDE, load=load_inspection, subject=lambda pair: inspected_subject(pair[0]))
def inspection_file(pair: tuple[Organisation, BaseInspection]) -> Any:
    """The record of an inspection, for those inside."""
    kept = session().get(files.StoredFile, pair[1].file_id) if pair[1].file_id else None
    if kept is None:
        raise NotFound(_("没有上传检查记录。"))
    return send(kept)


@blueprint.route("/interest", methods=["GET", "POST"])
@guard(Can.INTEREST_LIST)
def interest() -> Any:
    """What enterprises say for a year; an enterprise says it here."""
    year = request.args.get("year", type=a_year) or clock.today().year
    mine = who().organisation_ids(Role.ENTERPRISE_COORDINATOR)
    every = organisations.choices(OrganisationKind.ENTERPRISE)
    own = every if who().everywhere(Role.SYSTEM_ADMIN) else [one for one in every if one[0] in mine]
    known = queries.interest(own[0][0], year) if len(own) == 1 else None
    form = forms.InterestForm(obj=known, year=year)
    form.enterprise_id.choices = own
    if own and form.validate_on_submit():
        try:
            with transaction():
                enterprise = organisations.by_id(form.enterprise_id.data or 0)
                if enterprise is None:
                    raise NotFound(_("没有这家企业。"))
                demand(who(), Can.INTEREST_STATE, organisations.subject_of(enterprise))
                if len(own) == 1 and form.year.data != year and queries.interest(enterprise.id, form.year.data or 0) is not None:
                    raise Refused(_("%(y)s 年的意向已经填报，请打开那一年的页面修改。", y=form.year.data), field="year")
                operations.state_interest(
                    enterprise=enterprise,
                    year=form.year.data or 0,
                    is_interested=bool(form.is_interested.data),
                    seats=form.seats.data,
                    reasons=form.reasons.data or [],
                    text=form.text.data or "",
                    version=form.version.data if known is not None and form.year.data == year else None,
                    by=who(),
                    now=clock.now(),
                )
            return done(_("已保存。接收的企业可以继续填报岗位。"), "bases.interest", year=form.year.data)
        except Refused as refused:
            form.refuse(refused)
    rows = queries.interests_in(year)
    # Why an enterprise says no, and with which school it had trouble, is written for schools and departments: others read their own.
    own_ids = who().organisation_ids(Role.ENTERPRISE_COORDINATOR, Role.CENTRE_LEADER)
    reads = may(who(), Can.INTEREST_READ)
    shown = paging.slice_wanted(rows if reads else [row for row in rows if row[0].enterprise_id in own_ids])
    page = render_template(
        "enterprises/bases/interest.html",
        page=shown,
        yes=sum(row.is_interested for row, _name in rows),
        count=len(rows),
        reads=reads,
        year=year,
        form=form if own else None,
        labels=labels,
    )
    return page, 422 if form.is_submitted() else 200
