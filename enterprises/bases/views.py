"""Pages of bases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, render_template, request, url_for

from enterprises.bases import forms, labels, operations, queries, rules
from enterprises.bases.types import AgreementSpan, BaseType, LeaderSide
from enterprises.permissions import Can
from trainhub.kernel import clock, downloads, files, paging
from trainhub.kernel.access import Role, Subject, guard, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.fields import blank, offered
from trainhub.kernel.forms import given, once
from trainhub.kernel.i18n import _, listed
from trainhub.kernel.numbers import whole
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.organisations import filter_queries as filters
from trainhub.organisations import labels as organisation_labels
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.policy.book import book
from trainhub.programmes import queries as programmes

blueprint = Blueprint("bases", __name__, url_prefix="/bases")
PANELS = "enterprises.bases.panels"
"""Rooms and features above add what they know of a base: functions (base id, identity) -> template context for their card."""


def load(code: str) -> Organisation:
    """The base of an address."""
    row = organisations.by_code(code)
    if row is None or row.kind is not OrganisationKind.BASE:
        raise NotFound(_("没有代码为 %(code)s 的基地。", code=code[:60]))
    return row


def load_unit(code: str) -> Organisation:
    """A base, or an enterprise: it takes students at posts of its own too, and is inspected and bound by an agreement like a base."""
    row = organisations.by_code(code)
    if row is None or row.kind not in (OrganisationKind.BASE, OrganisationKind.ENTERPRISE):
        raise NotFound(_("没有代码为 %(code)s 的实习单位。", code=code[:60]))
    return row


def subject_of_unit(unit: Organisation) -> Subject:
    """What permissions over a unit are judged on. An enterprise has no hosts: the schools for whose terms it offers seats answer
    for what they saw and signed there, as hosts do for a base."""
    known = organisations.subject_of(unit)
    if unit.kind is OrganisationKind.BASE:
        return known
    return replace(known, organisations=known.organisations | _schools(unit))


def _schools(unit: Organisation) -> set[int]:
    return operations.sending(unit.id)


def _own_schools(unit: Organisation) -> set[int | None]:
    """Whose agreements who is asked for is shown as their own: of their schools that send students there; at an enterprise of nobody named, too."""
    own: set[int | None] = set(who().organisation_ids(Role.UNIVERSITY_ADMIN) & _schools(unit))
    return own | {None} if own and unit.kind is OrganisationKind.ENTERPRISE else own


def agreed_subject(unit: Organisation) -> Subject:
    """What permissions to record agreements with a unit are judged on: a school that sends students to a base it does not build signs there, too,
    for itself alone (`partner_views.check_own`)."""
    known = subject_of_unit(unit)
    return replace(known, organisations=known.organisations | _schools(unit))


def inspected_subject(unit: Organisation) -> Subject:
    """What permissions to inspect a unit, and to read what was found, are judged on: the schools that send students there answer for it,
    with their programmes, whether they host it or not. Who runs the unit is inspected and does not inspect."""
    known, schools = subject_of_unit(unit), _schools(unit)
    return replace(known, organisations=known.organisations | schools, programmes=programmes.ids_at(known.organisations | schools))


COLUMNS = (
    Column("code", "基地代码"),
    Column("name", "基地"),
    Column("lead", "依托单位"),
    Column("types", "类型"),
    Column("region", "地区"),
    Column("capacity_per_term", "每期接收"),
    Column("agreement_until", "合作协议至"),
)


def _statement() -> Any:
    return queries.listing(forms.wanted(), on=clock.today(), sort=request.args.get("sort", ""))


@blueprint.get("/export.<form>")
@guard(Can.BASE_VIEW)
def export(form: str) -> Any:
    """The list as it is filtered and sorted, as a file."""
    rows = (
        (r.code, r.name, r.lead, listed(str(labels.BASE_TYPES[one]) for one in r.types), r.region, r.capacity, r.agreement_until)
        for r in queries.as_rows(session().execute(_statement()).all())
    )
    return downloads.table(rows, COLUMNS, name=_("实践基地"), form=form, codes=["code"])


@blueprint.get("/")
@guard(Can.BASE_VIEW)
def index() -> Any:
    """The list of bases."""
    today, (number, size) = clock.today(), paging.wanted()
    page = paging.paginate(_statement(), number=number, size=size, scalars=False)
    page.items[:] = queries.as_rows(page.items)  # type: ignore[index]
    days = book().at("own.warning.agreement_days", on=today).number
    return render_template(
        "enterprises/bases/index.html",
        page=page,
        labels=labels,
        regions=offered(organisations.prefecture_choices(), "region", filters.region_called),
        soon=today + timedelta(days=days),
        asked=request.args.to_dict(),
    )


@blueprint.get("/<code>")
@guard(Can.BASE_VIEW, load=load_unit, subject=subject_of_unit)
def show(base: Organisation) -> Any:
    """One base; of an enterprise, what it is as a unit for posts at no base."""
    today = clock.today()
    spans = queries.spans(queries.agreements_of(base.id))
    if base.kind is OrganisationKind.ENTERPRISE:
        return render_template("enterprises/bases/unit.html", **_papers(base, spans))
    profile = queries.profile(base.id)
    leaders = queries.leaders_of(base.id)
    panels: dict[str, Any] = {}
    for panel in current_app.extensions.get(PANELS, []):
        panels |= panel(base.id, who(), today)
    found = [
        rules.judge_capacity(
            panels.get("placed", 0),
            queries.capacities(base.id)(today),
            parameter=book().at("petoe.centre_leaders_per_side_min", on=today),
        ),
        rules.judge_leaders(
            [leader.side for leader, _name in leaders if leader.since <= today and (leader.until is None or leader.until >= today)],
            parameter=book().at("petoe.centre_leaders_per_side_min", on=today),
        ),
        rules.judge_agreement(spans, on=today, parameter=book().at("petoe.agreement_topics", on=today)),
    ]
    return render_template(
        "enterprises/bases/show.html",
        **_papers(base, spans),
        profile=profile,
        types=queries.types_of(base.id),
        leaders=leaders,
        led_for=organisations.names_of(leader.university_id for leader, _name in leaders),
        led_choices=queries.school_choices(base.id),
        acceptances=queries.acceptances_of(base.id),
        periods=queries.periods_of(base.id),
        hosts=[pair for pair in organisations.hosts_of(base.id) if pair[0].until is None],
        region=organisations.region(base.region_code) if base.region_code else None,
        findings=found,
        panels=panels,
        sides=organisation_labels.SIDES,
    )


def _papers(unit: Organisation, spans: list[AgreementSpan]) -> dict[str, Any]:
    """What the cards of agreements and inspections show of a unit."""
    today = clock.today()
    days = book().at("own.warning.agreement_days", on=today).number
    agreements, inspections = queries.agreements_of(unit.id), queries.inspections_of(unit.id)
    return {
        "base": unit,
        "subject": organisations.subject_of(unit),
        "inspected": inspected_subject(unit),
        "agreed": agreed_subject(unit),
        "own_schools": _own_schools(unit),
        "agreements": [
            (row, rules.is_in_force(span, today), rules.expires_soon(span, on=today, days=days)) for row, span in zip(agreements, spans, strict=True)
        ],
        "inspections": inspections,
        "schools": organisations.names_of(a.university_id for a in agreements),
        "kept": files.kept([*(a.file_id for a in agreements), *(i.file_id for i in inspections)]),
        "found": queries.findings_of(unit.id),
        "today": today,
        "labels": labels,
        "can": Can,
    }


def _page(form: Any, base: Organisation, title: str, action: str, lead: str = "") -> Any:
    back = url_for("bases.show", code=base.code)
    page = render_template("enterprises/bases/form.html", form=form, base=base, title=title, action=action, back=back, lead=lead)
    return page, 422 if form.is_submitted() else 200


def save(form: Any, base: Organisation, title: str, action: str, said: str, work: Callable[[Organisation], Any]) -> Any:
    """Show a form, or do its one operation once and go back to the base."""
    if form.validate_on_submit():
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    work(base)
                code = base.code
            return done(said, "bases.show", code=code)
        except Refused as refused:
            form.refuse(refused)
    return _page(form, base, title, action)


@blueprint.route("/<code>/edit", methods=["GET", "POST"])
@guard(Can.BASE_EDIT, load=load, subject=organisations.subject_of)
def edit(base: Organisation) -> Any:
    """The figures of a base; the first save opens its profile."""
    profile = queries.profile(base.id)
    form = forms.ProfileForm(obj=profile)

    def work(row: Organisation) -> None:
        known = queries.profile(row.id)
        if known is None:
            operations.open_base(base=row, by=who(), now=clock.now(), **form.facts())
        else:
            operations.change_base(profile=known, version=form.version.data, by=who(), now=clock.now(), **form.facts())

    return save(form, base, _("基地档案"), url_for("bases.edit", code=base.code), _("已保存。"), work)


@blueprint.route("/<code>/types", methods=["GET", "POST"])
@guard(Can.BASE_EDIT, load=load, subject=organisations.subject_of)
def add_type(base: Organisation) -> Any:
    """Add a type."""
    form = forms.TypeForm()
    return save(
        form,
        base,
        _("增加类型"),
        url_for("bases.add_type", code=base.code),
        _("已登记类型。"),
        lambda row: operations.add_type(base=row, type=form.type.data, since=form.since.data, by=who(), now=clock.now()),  # type: ignore[arg-type]
    )


def _typed(code: str, kind: str) -> tuple[Organisation, BaseType]:
    base = load(code)
    if kind not in {one.value for one in BaseType}:
        raise NotFound(_("没有这种基地类型。"))
    return base, BaseType(kind)


@blueprint.post("/<code>/types/<kind>/remove")
@guard(Can.BASE_EDIT, load=_typed, subject=lambda pair: organisations.subject_of(pair[0]))
def remove_type(pair: tuple[Organisation, BaseType]) -> Any:
    """Take off a type that was entered by mistake."""
    base, kind = pair
    with transaction():
        operations.remove_type(base=base, type=kind, by=who())
    return done(_("已取消类型。"), "bases.show", code=base.code)


@blueprint.route("/<code>/leaders", methods=["GET", "POST"])
@guard(Can.BASE_EDIT, load=load, subject=organisations.subject_of)
def add_leader(base: Organisation) -> Any:
    """Add a leader of one side."""
    form = forms.LeaderForm()
    form.person_id.choices = queries.leader_choices(base.id)
    form.university_id.choices = blank(queries.school_choices(base.id))

    def work(row: Organisation) -> None:
        person = queries.person(form.person_id.data or 0)
        if form.side.data is LeaderSide.SCHOOL and not form.university_id.data:
            raise Refused(_("请选择学校方负责人代表的学校。"), field="university_id")
        operations.add_leader(
            base=row,
            person=person,
            side=form.side.data,
            university_id=form.university_id.data,
            post=form.post.data or "",
            since=given(form.since.data),
            by=who(),
            now=clock.now(),
        )

    return save(form, base, _("增加负责人"), url_for("bases.add_leader", code=base.code), _("已增加负责人。"), work)


@blueprint.post("/<code>/leaders/<int:leader_id>/school")
@guard(Can.BASE_EDIT, load=lambda code, leader_id: (load(code), leader_id), subject=lambda pair: organisations.subject_of(pair[0]))
def name_leaders_school(pair: tuple[Organisation, int]) -> Any:
    """For which school somebody leads, said or corrected with a reason."""
    base, leader_id = pair
    with transaction():
        university_id = request.form.get("university_id", type=whole) or 0
        reason = request.form.get("reason", "")
        operations.name_leaders_school(base=base, leader_id=leader_id, university_id=university_id, reason=reason, by=who(), now=clock.now())
    return done(_("已登记所代表的学校。"), "bases.show", code=base.code)


@blueprint.post("/<code>/leaders/<int:leader_id>/end")
@guard(Can.BASE_EDIT, load=lambda code, leader_id: (load(code), leader_id), subject=lambda pair: organisations.subject_of(pair[0]))
def end_leader(pair: tuple[Organisation, int]) -> Any:
    """A leader leaves office today."""
    base, leader_id = pair
    with transaction():
        operations.end_leader(base=base, leader_id=leader_id, until=clock.today(), by=who(), now=clock.now())
    return done(_("已登记离任。"), "bases.show", code=base.code)


@blueprint.route("/<code>/acceptance", methods=["GET", "POST"])
@guard(Can.BASE_ACCEPT, load=load, subject=organisations.subject_of)
def accept(base: Organisation) -> Any:
    """A department records 认定, 验收 or 撤销."""
    form = forms.AcceptanceForm()
    form.type.choices = [(one.type.value, labels.BASE_TYPES[one.type]) for one in queries.types_of(base.id)]
    return save(
        form,
        base,
        _("认定与验收"),
        url_for("bases.accept", code=base.code),
        _("已登记。"),
        lambda row: operations.record_acceptance(
            base=row,
            type=form.type.data,
            step=form.step.data,
            on=given(form.on.data),
            document=form.document.data or "",
            by=who(),
            now=clock.now(),
        ),
    )
