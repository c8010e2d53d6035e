"""Pages of programmes: the list, one programme, its cohorts. Training plans: see `plan_views`; conclusions: `accreditation_views`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, render_template, request, url_for

from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import demand, guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.fields import offered
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.organisations import filter_queries as filters
from trainhub.organisations import queries as organisations
from trainhub.organisations.types import OrganisationKind
from trainhub.programmes import forms, labels, operations, queries, reference
from trainhub.programmes.models import Cohort, Programme
from trainhub.programmes.permissions import Can
from trainhub.programmes.types import COUNTS

blueprint = Blueprint("programmes", __name__, url_prefix="/programmes")

COLUMNS = (
    Column("code", "专业点代码"),
    Column("name", "专业名称"),
    Column("major_code", "专业代码"),
    Column("degree_level", "层次"),
    Column("university", "学校"),
    Column("is_petoe", "卓越计划专业"),
)


def load(code: str) -> Programme:
    """The programme of an address."""
    row = queries.by_code(code)
    if row is None:
        raise NotFound(_("没有代码为 %(code)s 的专业点。", code=code[:60]))
    return row


def form_page(form: Any, title: str, *, action: str, back: str, programme: Programme | None = None, lead: str = "", **more: Any) -> Any:
    """A form with its errors."""
    page = render_template("trainhub/programmes/form.html", form=form, title=title, action=action, back=back, programme=programme, lead=lead, **more)
    return page, 422 if form.is_submitted() else 200


@blueprint.get("/")
@guard(Can.LIST)
def index() -> Any:
    """The list."""
    number, size = paging.wanted()
    statement = queries.listing(who(), forms.wanted(), request.args.get("sort", "code"))
    page = paging.paginate(statement, number=number, size=size, scalars=False)
    return render_template(
        "trainhub/programmes/index.html",
        page=page,
        rows=[queries.as_row(row) for row in page.items],
        universities=offered(queries.university_choices(who()), "university", filters.called(who(), OrganisationKind.UNIVERSITY)),
        regions=offered(organisations.prefecture_choices(), "region", filters.region_called),
        labels=labels,
        can=Can,
        asked=request.args.to_dict(),
    )


@blueprint.get("/export.<form>")
@guard(Can.LIST)
def export(form: str) -> Any:
    """The list as a file."""
    rows = [queries.as_row(row) for row in queries.rows_of(queries.listing(who(), forms.wanted()))]
    cells = ([r.code, r.name, r.major_code, str(labels.DEGREES[r.degree_level]), r.university, downloads.unsealed(r.is_petoe)] for r in rows)
    return downloads.table(cells, COLUMNS, name=_("专业点"), form=form, codes=["code", "major_code"])


@blueprint.get("/<code>")
@guard(Can.VIEW, load=load, subject=queries.subject_of)
def show(programme: Programme) -> Any:
    """One programme."""
    counts = current_app.extensions.get(COUNTS)
    versions = queries.versions_of(programme.id)
    return render_template(
        "trainhub/programmes/show.html",
        programme=programme,
        subject=queries.subject_of(programme),
        university=organisations.by_id(programme.university_id),
        versions=versions,
        version_names={row.id: row.label for row in versions},
        cohorts=queries.cohorts_of(programme.id),
        followed=queries.plans_followed(programme.id),
        counts=counts(programme.id, clock.today()) if counts else {},
        accreditations=queries.accreditations_of(programme.id),
        history=organisations.history_of("programme", programme.id),
        key_fields=dict(reference.key_fields()),
        labels=labels,
        can=Can,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@guard(Can.CREATE)
def create() -> Any:
    """Set up a programme."""
    form = forms.NewProgrammeForm().prepare_new(who(), reference.key_fields())
    if form.validate_on_submit():
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return done(_("这个表单已经提交过，没有重复登记。"), "programmes.index")
                university = organisations.by_id(form.university_id.data or 0)
                if university is None:
                    raise Refused(_("请选择学校。"), field="university_id")
                demand(who(), Can.EDIT, organisations.subject_of(university))
                row = operations.create_programme(
                    code=form.code.data or "",
                    university=university,
                    major_code=form.major_code.data or "",
                    degree_level=form.level,
                    by=who(),
                    now=clock.now(),
                    **form.facts(),
                )
                code = row.code
            return done(_("已设立专业。"), "programmes.show", code=code)
        except Refused as refused:
            form.refuse(refused)
    return form_page(form, _("设立专业"), action=url_for("programmes.create"), back=url_for("programmes.index"))


@blueprint.route("/<code>/edit", methods=["GET", "POST"])
@guard(Can.EDIT, load=load, subject=queries.subject_of)
def edit(programme: Programme) -> Any:
    """Change the facts of a programme."""
    form = forms.ProgrammeForm(obj=programme).prepare(reference.key_fields())
    if form.validate_on_submit():
        try:
            with transaction():
                operations.change_programme(programme=programme, version=form.version.data, by=who(), now=clock.now(), **form.facts())
            return done(_("已保存。"), "programmes.show", code=programme.code)
        except Refused as refused:
            form.refuse(refused)
    return form_page(form, _("编辑专业信息"), action="", back=url_for("programmes.show", code=programme.code), programme=programme)


@blueprint.route("/<code>/cohorts/new", methods=["GET", "POST"])
@guard(Can.EDIT, load=load, subject=queries.subject_of)
def new_cohort(programme: Programme) -> Any:
    """Open a cohort."""
    form = forms.CohortForm().prepare(programme.id)
    if form.validate_on_submit():
        try:
            with transaction():
                version = queries.version_by_id(form.version_id.data) if form.version_id.data else None
                operations.create_cohort(
                    programme=programme, year=form.year.data or 0, starts_on=form.starts_on.data, version=version, by=who(), now=clock.now()
                )
            return done(_("已增加年级。"), "programmes.show", code=programme.code)
        except Refused as refused:
            form.refuse(refused)
    back = url_for("programmes.show", code=programme.code)
    return form_page(form, _("增加年级"), action="", back=back, programme=programme, skip=["graduated_on", "reason"])


def load_cohort(code: str, year: int) -> tuple[Programme, Cohort]:
    """A programme and its cohort of a year."""
    programme = load(code)
    cohort = queries.cohort_of(programme.id, year)
    if cohort is None:
        raise NotFound(_("%(name)s 没有 %(year)d 级。", name=programme.name, year=year))
    return programme, cohort


@blueprint.route("/<code>/cohorts/<int:year>", methods=["GET", "POST"])
@guard(Can.EDIT, load=load_cohort, subject=lambda pair: queries.subject_of(pair[0]))
def edit_cohort(pair: tuple[Programme, Cohort]) -> Any:
    """Put a cohort under a plan, or note when it graduated."""
    programme, cohort = pair
    form = forms.CohortForm(obj=cohort, version=programme.version).prepare(programme.id)
    if form.validate_on_submit():
        try:
            with transaction():
                version = queries.version_by_id(form.version_id.data) if form.version_id.data else None
                operations.change_cohort(
                    cohort=cohort,
                    version=version,
                    graduated_on=form.graduated_on.data,
                    reason=form.reason.data or "",
                    opened_at=form.version.data,
                    by=who(),
                    now=clock.now(),
                )
            return done(_("已保存。"), "programmes.show", code=programme.code)
        except Refused as refused:
            form.refuse(refused)
    back = url_for("programmes.show", code=programme.code)
    title = _("%(year)d 级", year=cohort.year)
    return form_page(form, title, action="", back=back, programme=programme, skip=["starts_on"], fixed=["year"])
