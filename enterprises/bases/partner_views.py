"""Pages of agreements with a unit, of inspections with their findings, and of what enterprises say for a year."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import render_template, request, url_for

from enterprises.bases import forms, labels, operations, queries
from enterprises.bases.models import BaseAgreement, BaseInspection, InspectionFinding
from enterprises.bases.views import agreed_subject, blueprint, inspected_subject, load_unit, save, subject_of_unit
from enterprises.permissions import Can
from trainhub.kernel import clock, files, paging, sniff
from trainhub.kernel.access import Role, demand, guard, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotAllowed, NotFound, Refused
from trainhub.kernel.fields import blank
from trainhub.kernel.forms import given, once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import a_year
from trainhub.kernel.sending import send
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind


def check_own(unit: Organisation, university_id: int | None, *, row: BaseAgreement | None = None) -> None:
    """Refuse the agreement of somebody else to who is there only because their school sends students: whose it is opens a start. Raises NotAllowed."""
    if may(who(), Can.BASE_EDIT, organisations.subject_of(unit)):
        return
    own = who().organisation_ids(Role.UNIVERSITY_ADMIN) & operations.sending(unit.id)
    before = {row.university_id} - _unnamed(unit) if row is not None else set()
    if not {university_id, *before} <= own:
        raise NotAllowed(_("你的学校不共建这个基地，只能登记和更正本校签署的协议，请选择本校。"), field="university_id")


def _unnamed(unit: Organisation) -> set[int | None]:
    """At an enterprise, which no school hosts, a school says of an old agreement that names none that it is its own."""
    return {None} if unit.kind is OrganisationKind.ENTERPRISE else set()


def _kept(upload: Any, kind: str) -> int | None:
    """The file of a form, kept; None where none was chosen."""
    if not upload:
        return None
    return files.keep(upload.stream, name=upload.filename, kind=kind, by=who(), now=clock.now(), allowed=sniff.EVIDENCE).id


@blueprint.route("/<code>/agreements", methods=["GET", "POST"])
@guard(Can.BASE_EDIT, load=load_unit, subject=agreed_subject)
def add_agreement(base: Organisation) -> Any:
    """Record a signed agreement."""
    form = forms.AgreementForm()
    form.university_id.choices = blank(queries.school_choices(base.id, operations.sending(base.id)))

    def work(row: Organisation) -> None:
        check_own(row, form.university_id.data)
        operations.sign_agreement(
            base=row,
            title=form.title.data or "",
            signed_on=form.signed_on.data,  # type: ignore[arg-type]
            since=form.since.data,  # type: ignore[arg-type]
            until=form.until.data,  # type: ignore[arg-type]
            topics=form.topics.data or [],
            university_id=form.university_id.data,
            file_id=_kept(form.file.data, "agreement"),
            by=who(),
            now=clock.now(),
        )

    return save(form, base, _("登记合作教育文本"), url_for("bases.add_agreement", code=base.code), _("已登记协议。"), work)


def load_agreement(agreement_id: int) -> BaseAgreement:
    """The agreement of an address."""
    row = queries.agreement(agreement_id)
    if row is None:
        raise NotFound(_("没有这份协议。"))
    return row


def _own_agreement_subject(row: BaseAgreement) -> Any:
    """Who runs or hosts the unit, and of the schools that send students there the one whose agreement it is."""
    unit = organisations.by_id(row.base_id)
    assert unit is not None
    known, schools = organisations.subject_of(unit), operations.sending(unit.id)
    own = schools if row.university_id in _unnamed(unit) else schools & {row.university_id}
    return replace(known, organisations=known.organisations | own)


@blueprint.route("/agreements/<int:agreement_id>/edit", methods=["GET", "POST"])
@guard(Can.BASE_EDIT, load=load_agreement, subject=_own_agreement_subject)
def edit_agreement(row: BaseAgreement) -> Any:
    """Correct an agreement, or end it early."""
    form, base = forms.AgreementChangeForm(obj=row), organisations.by_id(row.base_id)
    assert base is not None
    form.university_id.choices = blank(queries.school_choices(base.id, {*operations.sending(base.id), row.university_id}))

    def work(unit: Organisation) -> None:
        check_own(unit, form.university_id.data, row=row)
        operations.change_agreement(
            agreement=row,
            base=unit,
            title=form.title.data or "",
            signed_on=form.signed_on.data,  # type: ignore[arg-type]
            since=form.since.data,  # type: ignore[arg-type]
            until=form.until.data,  # type: ignore[arg-type]
            topics=form.topics.data or [],
            university_id=form.university_id.data,
            reason=form.reason.data or "",
            version=form.version.data,
            file_id=_kept(form.file.data, "agreement"),
            by=who(),
            now=clock.now(),
        )

    return save(
        form, base, _("更正或提前终止协议"), url_for("bases.edit_agreement", agreement_id=row.id), _("协议已更正，原来的内容留在操作日志中。"), work
    )


@blueprint.get("/agreements/<int:agreement_id>/file")
@guard(Can.BASE_INSIDE, load=load_agreement, subject=_own_agreement_subject)
def agreement_file(row: BaseAgreement) -> Any:
    """The text of an agreement, for those inside."""
    kept = session().get(files.StoredFile, row.file_id) if row.file_id else None
    if kept is None:
        raise NotFound(_("这份协议没有上传文本。"))
    return send(kept)


@blueprint.route("/<code>/inspections", methods=["GET", "POST"])
@guard(Can.BASE_INSPECT, load=load_unit, subject=inspected_subject)
def add_inspection(base: Organisation) -> Any:
    """Record an inspection or review."""
    form = forms.InspectionForm()
    if form.validate_on_submit():
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    operations.record_inspection(
                        base=base,
                        kind=form.kind.data,
                        on=given(form.on.data),
                        inspectors=form.inspectors.data or "",
                        conclusion=form.conclusion.data,
                        text=form.text.data or "",
                        findings=(form.findings.data or "").splitlines(),
                        due_on=form.due_on.data,
                        file_id=_kept(form.file.data, "inspection"),
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
