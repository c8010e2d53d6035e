"""Pages of training plans: coverage of the 11 standards (SUP-1), requirements and points of a draft, publication."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for

from trainhub.kernel import clock
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done
from trainhub.programmes import forms, labels, operations, queries, rules
from trainhub.programmes.models import GraduationRequirement, IndicatorPoint, Programme, ProgrammeVersion
from trainhub.programmes.permissions import Can
from trainhub.programmes.views import blueprint, form_page, load

Pair = tuple[Programme, ProgrammeVersion]


def load_version(code: str, version_id: int) -> Pair:
    """A programme and one of its versions."""
    programme, version = load(code), queries.version_by_id(version_id)
    if version is None or version.programme_id != programme.id:
        raise NotFound(_("这个专业没有这一版培养方案。"))
    return programme, version


def load_requirement(code: str, version_id: int, requirement_id: int) -> tuple[Programme, ProgrammeVersion, GraduationRequirement]:
    """The same with one requirement."""
    programme, version = load_version(code, version_id)
    requirement = queries.requirement_by_id(requirement_id)
    if requirement is None or requirement.version_id != version.id:
        raise NotFound(_("这一版培养方案没有这条毕业要求。"))
    return programme, version, requirement


def load_point(
    code: str, version_id: int, requirement_id: int, point_id: int
) -> tuple[Programme, ProgrammeVersion, GraduationRequirement, IndicatorPoint]:
    """The same with one point."""
    programme, version, requirement = load_requirement(code, version_id, requirement_id)
    point = queries.point_by_id(point_id)
    if point is None or point.requirement_id != requirement.id:
        raise NotFound(_("这条毕业要求没有这个指标点。"))
    return programme, version, requirement, point


def of_programme(loaded: tuple[Any, ...]) -> Any:
    """All of a plan is judged on its programme."""
    return queries.subject_of(loaded[0])


def plan_url(programme: Programme, version: ProgrammeVersion) -> str:
    """The page of a version."""
    return url_for("programmes.version", code=programme.code, version_id=version.id)


@blueprint.route("/<code>/versions/new", methods=["GET", "POST"])
@guard(Can.EDIT, load=load, subject=queries.subject_of)
def new_version(programme: Programme) -> Any:
    """A new draft."""
    form = forms.VersionForm().prepare(programme.id)
    if form.validate_on_submit():
        try:
            with transaction():
                source = queries.version_by_id(form.copy_from.data) if form.copy_from.data else None
                row = operations.create_version(
                    programme=programme,
                    label=form.label.data or "",
                    from_cohort_year=form.from_cohort_year.data or 0,
                    copy_from=source,
                    by=who(),
                    now=clock.now(),
                )
                key = row.id
            return done(_("已新建培养方案草稿。"), "programmes.version", code=programme.code, version_id=key)
        except Refused as refused:
            form.refuse(refused)
    return form_page(form, _("新建培养方案"), action="", back=url_for("programmes.show", code=programme.code), programme=programme)


@blueprint.get("/<code>/versions/<int:version_id>")
@guard(Can.VIEW, load=load_version, subject=of_programme)
def version(pair: Pair) -> Any:
    """A plan with its coverage of the general standards and its points."""
    programme, plan = pair
    found, standards = queries.requirements_of(plan.id), queries.standards()
    return render_template(
        "trainhub/programmes/version.html",
        programme=programme,
        plan=plan,
        subject=queries.subject_of(programme),
        requirements=found,
        standards=standards,
        coverage=rules.coverage(found, [row.code for row in standards]),
        points=sum(len(row.points) for row in found),
        labels=labels,
        can=Can,
    )


def _act(pair: Pair, said: str, work: Any) -> Any:
    form = forms.PlainForm()
    if not form.validate_on_submit():
        raise Refused(_("请重新打开页面后再提交。"))
    programme, plan = pair
    with transaction():
        work(plan, form.version.data or None)
    return done(said, "programmes.version", code=programme.code, version_id=plan.id)


@blueprint.post("/<code>/versions/<int:version_id>/publish")
@guard(Can.PUBLISH, load=load_version, subject=of_programme)
def publish(pair: Pair) -> Any:
    """Publish a draft."""
    return _act(
        pair,
        _("已发布培养方案，内容不再改动。"),
        lambda plan, opened_at: operations.publish_version(version=plan, today=clock.today(), by=who(), now=clock.now(), opened_at=opened_at),
    )


@blueprint.post("/<code>/versions/<int:version_id>/retire")
@guard(Can.PUBLISH, load=load_version, subject=of_programme)
def retire(pair: Pair) -> Any:
    """Take a version out of use."""
    return _act(
        pair,
        _("已停用培养方案。"),
        lambda plan, opened_at: operations.retire_version(version=plan, by=who(), now=clock.now(), opened_at=opened_at),
    )


def _standards() -> list[tuple[str, str]]:
    return [(row.code, f"{row.position}. {row.text}") for row in queries.standards()]


@blueprint.route("/<code>/versions/<int:version_id>/requirements/new", methods=["GET", "POST"])
@guard(Can.EDIT, load=load_version, subject=of_programme)
def new_requirement(pair: Pair) -> Any:
    """Add a requirement to a draft."""
    programme, plan = pair
    following = max((row.number for row in queries.requirements_of(plan.id)), default=0) + 1
    form = forms.RequirementForm(version=plan.version, number=following).prepare(_standards())
    if form.validate_on_submit():
        try:
            with transaction():
                row = operations.add_requirement(
                    version=plan,
                    number=form.number.data or 0,
                    title=form.title.data or "",
                    text=form.text.data or "",
                    opened_at=form.version.data,
                    standards=form.standards.data or [],
                    by=who(),
                    now=clock.now(),
                )
                number = row.number
            return done(_("已增加毕业要求 %(n)d。", n=number), "programmes.version", code=programme.code, version_id=plan.id)
        except Refused as refused:
            form.refuse(refused)
    return form_page(form, _("增加毕业要求"), action="", back=plan_url(programme, plan), programme=programme, lead=plan.label)


@blueprint.route("/<code>/versions/<int:version_id>/requirements/<int:requirement_id>", methods=["GET", "POST"])
@guard(Can.EDIT, load=load_requirement, subject=of_programme)
def edit_requirement(loaded: tuple[Programme, ProgrammeVersion, GraduationRequirement]) -> Any:
    """Reword a requirement and say which standards it covers."""
    programme, plan, requirement = loaded
    form = forms.RequirementForm(
        version=plan.version,
        number=requirement.number,
        title=requirement.title,
        text=requirement.text,
        standards=sorted(queries.mapping_of(requirement.id)),
    ).prepare(_standards())
    if form.validate_on_submit():
        try:
            with transaction():
                operations.change_requirement(
                    requirement=requirement,
                    number=form.number.data,
                    title=form.title.data or "",
                    text=form.text.data or "",
                    standards=form.standards.data or [],
                    opened_at=form.version.data,
                    by=who(),
                    now=clock.now(),
                )
            return done(_("已保存。"), "programmes.version", code=programme.code, version_id=plan.id)
        except Refused as refused:
            form.refuse(refused)
    title = _("毕业要求 %(n)d", n=requirement.number)
    return form_page(form, title, action="", back=plan_url(programme, plan), programme=programme, lead=plan.label)


@blueprint.post("/<code>/versions/<int:version_id>/requirements/<int:requirement_id>/remove")
@guard(Can.EDIT, load=load_requirement, subject=of_programme)
def remove_requirement(loaded: tuple[Programme, ProgrammeVersion, GraduationRequirement]) -> Any:
    """Remove a requirement of a draft."""
    programme, plan, requirement = loaded
    return _act(
        (programme, plan),
        _("已删除毕业要求。"),
        lambda _plan, opened_at: operations.remove_requirement(requirement=requirement, opened_at=opened_at, by=who(), now=clock.now()),
    )


@blueprint.route("/<code>/versions/<int:version_id>/requirements/<int:requirement_id>/points/new", methods=["GET", "POST"])
@guard(Can.EDIT, load=load_requirement, subject=of_programme)
def new_point(loaded: tuple[Programme, ProgrammeVersion, GraduationRequirement]) -> Any:
    """Refine a requirement by a point."""
    programme, plan, requirement = loaded
    form = forms.PointForm(version=plan.version)
    if form.validate_on_submit():
        try:
            with transaction():
                row = operations.add_point(
                    requirement=requirement,
                    kind=form.chosen_kind,
                    text=form.text.data or "",
                    opened_at=form.version.data,
                    by=who(),
                    now=clock.now(),
                )
                number = row.number
            return done(_("已增加指标点 %(n)s。", n=number), "programmes.version", code=programme.code, version_id=plan.id)
        except Refused as refused:
            form.refuse(refused)
    lead = _("毕业要求 %(n)d：%(title)s", n=requirement.number, title=requirement.title)
    return form_page(form, _("增加指标点"), action="", back=plan_url(programme, plan), programme=programme, lead=lead)


@blueprint.route("/<code>/versions/<int:version_id>/requirements/<int:requirement_id>/points/<int:point_id>", methods=["GET", "POST"])
@guard(Can.EDIT, load=load_point, subject=of_programme)
def edit_point(loaded: tuple[Programme, ProgrammeVersion, GraduationRequirement, IndicatorPoint]) -> Any:
    """Reword a point."""
    programme, plan, _requirement, point = loaded
    form = forms.PointForm(version=plan.version, kind=point.kind.value, text=point.text)
    if form.validate_on_submit():
        try:
            with transaction():
                operations.change_point(
                    point=point, kind=form.chosen_kind, text=form.text.data or "", opened_at=form.version.data, by=who(), now=clock.now()
                )
            return done(_("已保存。"), "programmes.version", code=programme.code, version_id=plan.id)
        except Refused as refused:
            form.refuse(refused)
    title = _("指标点 %(n)s", n=point.number)
    return form_page(form, title, action="", back=plan_url(programme, plan), programme=programme, lead=plan.label)


@blueprint.post("/<code>/versions/<int:version_id>/requirements/<int:requirement_id>/points/<int:point_id>/remove")
@guard(Can.EDIT, load=load_point, subject=of_programme)
def remove_point(loaded: tuple[Programme, ProgrammeVersion, GraduationRequirement, IndicatorPoint]) -> Any:
    """Remove a point of a draft."""
    programme, plan, _requirement, point = loaded
    return _act(
        (programme, plan),
        _("已删除指标点。"),
        lambda _plan, opened_at: operations.remove_point(point=point, opened_at=opened_at, by=who(), now=clock.now()),
    )
