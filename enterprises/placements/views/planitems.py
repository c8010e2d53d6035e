"""Pages of the enterprise training plan of a programme version."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import render_template, url_for

from enterprises.bases import queries as bases
from enterprises.permissions import Can
from enterprises.placements import forms, labels, operations, queries, rules
from enterprises.placements.models import PlanHostSignature, PlanItem
from enterprises.placements.types import PlanSide
from enterprises.placements.views.shared import act, blueprint, save
from trainhub.kernel import clock, files, paging, sniff
from trainhub.kernel.access import Role, Subject, guard, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused, Stale
from trainhub.kernel.forms import given
from trainhub.kernel.i18n import _
from trainhub.kernel.sending import send
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.policy.book import book
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import ProgrammeVersion

SCHOOL, UNNAMED = "school", "unnamed"
"""Parties of a plan beside the enterprises that its items name, which are their ids."""


def load_version(version_id: int) -> ProgrammeVersion:
    """The programme version of an address."""
    row = programmes.version_by_id(version_id)
    if row is None:
        raise NotFound(_("没有这个培养方案版本。"))
    return row


def subject_of_version(version: ProgrammeVersion) -> Any:
    """The programme of a version."""
    programme = programmes.by_id(version.programme_id)
    assert programme is not None
    return programmes.subject_of(programme)


@blueprint.get("/plans")
@guard(Can.TERM_LIST)
def plans() -> Any:
    """The versions of the reader's programmes, to choose a plan."""
    number, size = paging.wanted()
    page = paging.paginate(queries.versions_visible(who()), number=number, size=size, scalars=False)
    return render_template("enterprises/placements/plans.html", page=page, weeks=rules.weeks_text)


@blueprint.route("/plans/<int:version_id>", methods=["GET", "POST"])
@guard(Can.PLAN_EDIT, load=load_version, subject=subject_of_version)
def plan(version: ProgrammeVersion) -> Any:
    """The items of a version's enterprise training plan, with the rules 6.3, 6.8, 6.9, 7.1, 7.3; and adding an item."""
    form = forms.PlanItemForm()
    form.base_id.choices = [("", "—"), *bases.choices()]
    if form.validate_on_submit():
        try:
            with transaction():
                operations.add_plan_item(version=version, by=who(), now=clock.now(), **form.facts())
                key = version.id
            return done(_("已增加教学环节。"), "placements.plan", version_id=key)
        except Refused as refused:
            form.refuse(refused)
    copy_form = forms.CopyPlanForm(formdata=None)
    copy_form.source_id.choices = _sources(version) if not queries.plan_items(version.id) else []
    page = _page(version, edits=True, form=form, copy_form=copy_form, sign_form=_sign_form(version, formdata=None))
    return page, 422 if form.is_submitted() else 200


def _page(version: ProgrammeVersion, *, edits: bool, **more: Any) -> str:
    """The plan with what is asked of it, for the school that edits it and for an enterprise that signs it."""
    items, signatures, by_hosts = queries.plan_items(version.id), queries.plan_signatures(version.id), queries.plan_host_signatures(version.id)
    lines, today = queries.plan_lines(version.id), clock.today()

    def at(key: str) -> Any:
        return book().at(key, on=today)

    found = [
        rules.judge_plan_weeks(lines, parameter=at("petoe.plan_weeks")),
        rules.judge_plan_place(lines, parameter=at("petoe.plan_location")),
        rules.judge_plan_mentors(lines, parameter=at("petoe.plan_item_enterprise_mentors_min")),
        rules.judge_plan_assessment(lines, parameter=at("petoe.plan_item_assessments_min")),
        rules.judge_plan_signatures([row.side.value for row in signatures], parameter=at("petoe.plan_signatures")),
    ]
    return render_template(
        "enterprises/placements/plan.html",
        version=version,
        programme=programmes.by_id(version.programme_id),
        items=items,
        total=rules.weeks_text(sum(row.weeks_x10 for row in items)),
        weeks=rules.weeks_text,
        signatures=signatures,
        by_hosts=by_hosts,
        scans=files.kept([row.file_id for row in by_hosts]),
        unsigned=operations.unsigned_places(version.id),
        signers=organisations.names_of([row.organisation_id for row in by_hosts]),
        hosts=organisations.names_of(queries.plan_enterprises(version.id)),
        findings=found,
        edits=edits,
        base_names=organisations.names_of([row.base_id for row in items]),
        campus=bases.on_campus({row.base_id for row in items if row.base_id is not None}),
        labels=labels,
        today=today,
        **more,
    )


def subject_of_hosts(version: ProgrammeVersion) -> Subject:
    """The enterprises at whose bases items of a version's plan take place."""
    return Subject.of(organisations=queries.plan_enterprises(version.id))


@blueprint.route("/plans/<int:version_id>/enterprise", methods=["GET", "POST"])
@guard(Can.PLAN_SIGN, load=load_version, subject=subject_of_hosts)
def host_plan(version: ProgrammeVersion) -> Any:
    """The plan as its enterprises see it, with the items at their own bases marked, and the signature of each of them."""
    mine = who().organisation_ids(Role.ENTERPRISE_COORDINATOR) & set(queries.plan_enterprises(version.id))
    open_ = mine - {row.organisation_id for row in queries.plan_host_signatures(version.id)}
    edition = queries.plan_edition(version.id)
    form = forms.HostPlanSignForm(signed_name=who().name, edition=edition)
    form.organisation_id.choices = sorted(organisations.names_of(mine if form.is_submitted() else open_).items(), key=lambda one: one[1])
    if form.validate_on_submit():
        try:
            with transaction():
                operations.sign_plan_as_enterprise(
                    version=version,
                    enterprise_id=form.organisation_id.data or 0,
                    signed_name=form.signed_name.data or "",
                    edition=form.edition.data or None,
                    by=who(),
                    now=clock.now(),
                )
                key = version.id
            return done(_("已签署，并通知学校。"), "placements.host_plan", version_id=key)
        except Refused as refused:
            form.refuse(refused)
            if isinstance(refused, Stale):  # the page shows the plan as it reads now: it is looked at again, then agreed to
                form.edition.data, form.is_agreed.data = queries.plan_edition(version.id), False
    own = {base for place in queries.plan_places(version.id) if place.hosts & mine for base in place.bases}
    return _page(version, edits=False, form=form, mine=mine, own_bases=own, is_open=bool(open_)), 422 if form.is_submitted() else 200


def load_item(item_id: int) -> PlanItem:
    """The plan item of an address."""
    row = queries.plan_item(item_id)
    if row is None:
        raise NotFound(_("没有这个教学环节。"))
    return row


@blueprint.route("/plan-items/<int:item_id>/edit", methods=["GET", "POST"])
@guard(Can.PLAN_EDIT, load=load_item, subject=lambda item: subject_of_version(load_version(item.version_id)))
def edit_plan_item(item: PlanItem) -> Any:
    """Change an item of an unsigned plan."""
    form = forms.PlanItemForm(obj=item, weeks=Decimal(item.weeks_x10) / 10)
    form.base_id.choices = [("", "—"), *bases.choices()]

    def work() -> dict[str, Any]:
        operations.change_plan_item(item=item, version=form.version.data, by=who(), now=clock.now(), **form.facts())
        return {"version_id": item.version_id}

    here = url_for("placements.plan", version_id=item.version_id)
    action = url_for("placements.edit_plan_item", item_id=item.id)
    return save(form, title=_("编辑教学环节"), action=action, back=here, said=_("已保存。"), endpoint="placements.plan", work=work)


@blueprint.post("/plan-items/<int:item_id>/remove")
@guard(Can.PLAN_EDIT, load=load_item, subject=lambda item: subject_of_version(load_version(item.version_id)))
def remove_plan_item(item: PlanItem) -> Any:
    """Take an item out of an unsigned plan."""
    version_id = item.version_id
    with transaction():
        operations.remove_plan_item(item=item, by=who(), now=clock.now())
    return done(_("已删除教学环节。"), "placements.plan", version_id=version_id)


@blueprint.post("/plans/<int:version_id>/copy")
@guard(Can.PLAN_EDIT, load=load_version, subject=subject_of_version)
def copy_plan(version: ProgrammeVersion) -> Any:
    """Begin with the items of another version."""
    form = forms.CopyPlanForm()
    form.source_id.choices = _sources(version)

    def work() -> dict[str, Any]:
        operations.copy_plan(source=load_version(form.source_id.data or 0), version=version, by=who(), now=clock.now())
        return {"version_id": version.id}

    return act(form, _("已复制，请核对后签署。"), "placements.plan", work)


def _sources(version: ProgrammeVersion) -> list[tuple[int, str]]:
    """The other versions of the programme that have a plan."""
    return [(row.id, row.label) for row in programmes.versions_of(version.programme_id) if row.id != version.id and queries.plan_items(row.id)]


def _sign_form(version: ProgrammeVersion, **more: Any) -> forms.PlanSignForm:
    """The form for a paper signature with the parties of the plan: those that have not signed first."""
    form, signed = (
        forms.PlanSignForm(edition=queries.plan_edition(version.id), **more),
        {row.organisation_id for row in queries.plan_host_signatures(version.id)},
    )
    places = queries.plan_places(version.id)
    names = organisations.names_of({one for place in places for one in place.hosts})
    hosts = sorted(names.items(), key=lambda one: (one[0] in signed, one[1]))
    unnamed = [(UNNAMED, labels.place_words([]))] if not places or any(not place.hosts for place in places) else []
    form.party.choices = [(SCHOOL, labels.PLAN_SIDES[PlanSide.SCHOOL]), *((str(key), name) for key, name in hosts), *unnamed]
    return form


@blueprint.post("/plans/<int:version_id>/sign")
@guard(Can.PLAN_EDIT, load=load_version, subject=subject_of_version)
def sign_plan(version: ProgrammeVersion) -> Any:
    """Record what the school signed, or an enterprise on paper, with its scan."""
    form = _sign_form(version)

    def work() -> dict[str, Any]:
        signed: dict[str, Any] = {
            "version": version,
            "signed_name": form.signed_name.data or "",
            "signed_on": given(form.signed_on.data),
            "edition": form.edition.data or None,
            "by": who(),
            "now": clock.now(),
        }
        if form.party.data == SCHOOL:
            operations.sign_plan(**signed)
        else:
            enterprise_id = None if form.party.data == UNNAMED else int(form.party.data)
            operations.record_plan_signature(enterprise_id=enterprise_id, file_id=_kept(form.file.data), **signed)
        return {"version_id": version.id}

    return act(form, _("已登记签署。"), "placements.plan", work)


def _kept(upload: Any) -> int | None:
    """The id of an uploaded scan, or None."""
    if not upload:
        return None
    return files.keep(upload.stream, name=upload.filename, kind="plan_signature", by=who(), now=clock.now(), allowed=sniff.EVIDENCE).id


def load_scan(version_id: int, signature_id: int) -> tuple[ProgrammeVersion, PlanHostSignature]:
    """A paper signature of an enterprise under a plan."""
    row = queries.plan_host_signature(signature_id)
    if row is None or row.version_id != version_id or row.file_id is None:
        raise NotFound(_("没有上传文件。"))
    return load_version(version_id), row


def subject_of_signer(pair: tuple[ProgrammeVersion, PlanHostSignature]) -> Subject:
    """The enterprise that signed."""
    organisation_id = pair[1].organisation_id
    return Subject.of(organisations=[organisation_id] if organisation_id is not None else [])


@blueprint.get("/plans/<int:version_id>/signatures/<int:signature_id>")
@guard(Can.PLAN_EDIT, load=load_scan, subject=lambda pair: subject_of_version(pair[0]))
def plan_scan(pair: tuple[ProgrammeVersion, PlanHostSignature]) -> Any:
    """The scan of a paper signature, for the school."""
    return send(session().get_one(files.StoredFile, pair[1].file_id))


@blueprint.get("/plans/<int:version_id>/signatures/<int:signature_id>/enterprise")
@guard(Can.PLAN_SIGN, load=load_scan, subject=subject_of_signer)
def host_plan_scan(pair: tuple[ProgrammeVersion, PlanHostSignature]) -> Any:
    """The same for the enterprise that signed; not for the others of the plan."""
    return send(session().get_one(files.StoredFile, pair[1].file_id))
