"""Pages of organisations."""

from __future__ import annotations

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
from trainhub.kernel.web import done
from trainhub.organisations import filter_queries as filters
from trainhub.organisations import forms, imports, labels, operations, queries
from trainhub.organisations.models import Organisation
from trainhub.organisations.permissions import Can
from trainhub.organisations.types import PANELS, OrganisationKind

blueprint = Blueprint("organisations", __name__, url_prefix="/organisations")
add_pages(blueprint, imports.SPEC, can=Can.IMPORT, path="/import", back="organisations.index")


def load(code: str) -> Organisation:
    """The organisation of an address; one that the reader may not see does not exist."""
    row = queries.by_code(code)
    if row is None or not queries.is_visible(who(), row.id):
        raise NotFound(_("没有代码为 %(code)s 的机构，或你无权查看。", code=code[:60]))
    return row


@blueprint.get("/")
@guard(Can.VIEW)
def index() -> Any:
    """The list."""
    wanted, (number, size) = forms.wanted(), paging.wanted()
    statement = queries.listing(who(), wanted, request.args.get("sort", "name"))
    page = paging.paginate(statement, number=number, size=size, scalars=False)
    page.items[:] = [queries.as_row(row) for row in page.items]  # type: ignore[index]
    return render_template(
        "trainhub/organisations/index.html",
        page=page,
        kinds=labels.KINDS,
        levels=labels.SCHOOL_LEVELS,
        states=labels.STATES,
        looks=labels.STATE_LOOKS,
        regions=offered(queries.prefecture_choices(), "region", filters.region_called),
        can=Can,
        asked=request.args.to_dict(),
    )


@blueprint.get("/export.<form>")
@guard(Can.EXPORT)
def export(form: str) -> Any:
    """The list as a file that the import reads."""
    rows = list(imports.export_rows(who(), forms.wanted(), request.args.get("sort", "name")))
    answer = downloads.table(rows, imports.SCHEMA.columns, name=_("机构"), form=form, codes=downloads.codes_of(imports.SCHEMA))
    with transaction():
        imports.note_export(rows, by=who(), file_name=f"organisations.{form}")
    return answer


@blueprint.get("/<code>")
@guard(Can.VIEW, load=load, subject=queries.subject_of)
def show(organisation: Organisation) -> Any:
    """One organisation."""
    hosts = queries.hosts_of(organisation.id) if organisation.kind is OrganisationKind.BASE else []
    return render_template(
        "trainhub/organisations/show.html",
        organisation=organisation,
        subject=queries.subject_of(organisation),
        region=queries.region(organisation.region_code) if organisation.region_code else None,
        parent=queries.by_id(organisation.parent_id) if organisation.parent_id else None,
        children=queries.children_of(organisation.id),
        hosts=hosts,
        may_host=organisation.kind is OrganisationKind.BASE and operations.may_host(organisation, who()),
        bases=queries.bases_hosted_by(organisation.id),
        history=queries.history_of("organisation", organisation.id),
        panels=panels_of(organisation),
        labels=labels,
        can=Can,
        form=forms.PlainForm(version=organisation.version),
    )


def panels_of(organisation: Organisation) -> list[dict[str, Any]]:
    """What the floors above know of an organisation: each is asked once, and answers None when it has nothing to say."""
    from flask import current_app

    asked = [panel(organisation, who()) for panel in current_app.extensions.get(PANELS, [])]
    return [answer for answer in asked if answer]


@blueprint.route("/new", methods=["GET", "POST"])
@guard(Can.CREATE)
def create() -> Any:
    """Register an organisation."""
    form = forms.NewOrganisationForm().prepare(who())
    if form.validate_on_submit():
        kind = OrganisationKind(form.kind.data)
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return done(_("这个表单已经提交过，没有重复登记。"), "organisations.index")
                facts = form.facts()
                demand(who(), Can.VERIFY, queries.subject_at(queries.region_path(facts["region_code"])))
                row = operations.register(code=form.code.data or "", kind=kind, by=who(), now=clock.now(), **facts)
            return done(_("已登记“%(name)s”，等待核验。", name=row.name), "organisations.show", code=row.code)
        except Refused as refused:
            form.refuse(refused)
    return _form_page(form, None, url_for("organisations.create"), url_for("organisations.index"))


@blueprint.route("/<code>/edit", methods=["GET", "POST"])
@guard(Can.EDIT, load=load, subject=queries.subject_of)
def edit(organisation: Organisation) -> Any:
    """Change the facts of an organisation."""
    form = forms.OrganisationForm(obj=organisation).prepare(who(), of=organisation)
    back = url_for("organisations.show", code=organisation.code)
    if form.validate_on_submit():
        try:
            with transaction():
                row = queries.by_id(organisation.id)
                assert row is not None
                operations.change(organisation=row, version=form.version.data, by=who(), now=clock.now(), **form.facts())
                code = row.code
            return done(_("已保存。"), "organisations.show", code=code)
        except Refused as refused:
            form.refuse(refused)
    return _form_page(form, organisation, url_for("organisations.edit", code=organisation.code), back)


def _form_page(form: Any, organisation: Organisation | None, action: str, back: str) -> Any:
    page = render_template("trainhub/organisations/form.html", form=form, organisation=organisation, action=action, back=back)
    return page, 422 if form.is_submitted() else 200


def _act(organisation: Organisation, form: Any, said: str, work: Any) -> Any:
    """One button: the operation in a transaction, then back to the page."""
    if not form.validate_on_submit():
        raise Refused("；".join(str(message) for messages in form.errors.values() for message in messages) or _("请重新打开页面后再提交。"))
    with transaction():
        row = queries.by_id(organisation.id)
        assert row is not None
        work(row, form.version.data or None)
        code = row.code
    return done(said, "organisations.show", code=code)


@blueprint.post("/<code>/verify")
@guard(Can.VERIFY, load=load, subject=queries.subject_of)
def verify(organisation: Organisation) -> Any:
    """Confirm that the organisation is who it says it is."""
    return _act(
        organisation,
        forms.PlainForm(),
        _("已核验。"),
        lambda row, version: operations.verify(organisation=row, version=version, by=who(), now=clock.now()),
    )


@blueprint.post("/<code>/close")
@guard(Can.VERIFY, load=load, subject=queries.subject_of)
def close(organisation: Organisation) -> Any:
    """Take the organisation out of use."""
    form = forms.ReasonForm()
    return _act(
        organisation,
        form,
        _("已停用。"),
        lambda row, version: operations.close(organisation=row, reason=form.reason.data or "", version=version, by=who(), now=clock.now()),
    )


@blueprint.post("/<code>/reopen")
@guard(Can.VERIFY, load=load, subject=queries.subject_of)
def reopen(organisation: Organisation) -> Any:
    """Take the organisation into use again."""
    return _act(
        organisation,
        forms.PlainForm(),
        _("已恢复使用，等待核验。"),
        lambda row, version: operations.reopen(organisation=row, version=version, by=who(), now=clock.now()),
    )


@blueprint.route("/<code>/hosts", methods=["GET", "POST"])
@guard(Can.EDIT, load=load, subject=queries.subject_of)
def add_host(organisation: Organisation) -> Any:
    """Add a partner to a base."""
    operations.check_may_host(organisation, who())
    form = forms.HostForm(version=organisation.version).prepare(who(), without=organisation.id)
    back = url_for("organisations.show", code=organisation.code)
    if form.validate_on_submit():
        try:
            with transaction():
                partner = queries.by_id(form.organisation_id.data or 0)
                if partner is None:
                    raise Refused(_("请选择共建单位。"), field="organisation_id")
                operations.add_host(
                    base=organisation,
                    organisation=partner,
                    side=form.chosen_side,
                    is_lead=bool(form.is_lead.data),
                    since=form.since.data,
                    version=form.version.data,
                    by=who(),
                    now=clock.now(),
                )
                name = partner.name
            return done(_("已增加共建单位“%(name)s”。", name=name), "organisations.show", code=organisation.code)
        except Refused as refused:
            form.refuse(refused)
    return _form_page(form, organisation, url_for("organisations.add_host", code=organisation.code), back)


def load_host(code: str, host_id: int) -> tuple[Organisation, int]:
    """The base and one of its partnerships."""
    return load(code), host_id


@blueprint.post("/<code>/hosts/<int:host_id>/end")
@guard(Can.EDIT, load=load_host, subject=lambda pair: queries.subject_of(pair[0]))
def end_host(pair: tuple[Organisation, int]) -> Any:
    """End a partnership today."""
    base, host_id = pair
    with transaction():
        operations.end_host(base=base, host_id=host_id, until=clock.today(), by=who(), now=clock.now())
    return done(_("已结束共建。"), "organisations.show", code=base.code)
