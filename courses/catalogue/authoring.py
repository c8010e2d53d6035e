"""Authoring: the runs one teaches, courses and runs made, content edited. Thin edges over the operations."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from courses.catalogue import labels, queries
from courses.catalogue.forms import BlockForm, CourseForm, RunForm, TitleForm, UnitForm, tenths
from courses.catalogue.models import Block, Course, Run, Section, Unit
from courses.catalogue.operations import content, offerings
from courses.catalogue.types import BlockKind, BodyFormat, MoveTo, StaffRole
from courses.permissions import Can
from trainhub.kernel import clock, files, paging, sniff
from trainhub.kernel.access import Identity, acting, demand, guard
from trainhub.kernel.clock import SHANGHAI
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations

blueprint = Blueprint("authoring", __name__, url_prefix="/teaching")
UPLOADS = sniff.IMAGES | sniff.DOCUMENTS | sniff.VIDEOS | {sniff.ZIP.mime, sniff.TEXT.mime, sniff.CSV.mime}


def me() -> Identity:
    """Who acts; the guard has seen to it that somebody does."""
    identity = acting()
    assert identity is not None
    return identity


def load_run(run_id: int) -> Run:
    """A run with everything a page needs."""
    run = queries.run_by_id(run_id)
    if run is None:
        raise NotFound(_("没有这期课程，可能已被移除。"))
    return run


def load_course(code: str) -> Course:
    """A course with its owner."""
    course = queries.course_by_code(code)
    if course is None:
        raise NotFound(_("没有代码为“%(code)s”的课程。", code=code))
    return course


def load_section(section_id: int) -> tuple[Run, Section]:
    """A section with its run."""
    row = queries.section_by_id(section_id)
    if row is None:
        raise NotFound(_("这一章已被移除。"))
    return load_run(row.run_id), row


def load_unit(unit_id: int) -> tuple[Run, Unit]:
    """A unit with its run."""
    row = queries.unit_by_id(unit_id)
    if row is None:
        raise NotFound(_("这个单元已被移除。"))
    return load_run(row.run_id), row


def load_block(block_id: int) -> tuple[Run, Block]:
    """A block with its run."""
    row = queries.block_by_id(block_id)
    if row is None:
        raise NotFound(_("这个内容块已被移除。"))
    return load_run(row.run_id), row


def load_part(kind: str, part_id: int) -> tuple[Run, Any]:
    """A section, unit or block with its run."""
    loaders: dict[str, Any] = {"section": load_section, "unit": load_unit, "block": load_block}
    if kind not in loaders:
        raise NotFound(_("没有这种内容。"))
    run, part = loaders[kind](part_id)
    return run, part


def subject_of_pair(pair: tuple[Run, Any]) -> Any:
    """What a part of a run is judged on: its run."""
    return queries.subject_of_run(pair[0])


# -- courses and runs ---------------------------------------------------------------------------------------------------


@blueprint.get("")
@guard(Can.RUN_LIST)
def index() -> Any:
    """The runs one teaches or answers for."""
    number, size = paging.wanted()
    page = paging.paginate(queries.taught_runs(me(), request.args.get("q", "").strip()[:100]), number=number, size=size, scalars=False)
    rows = [queries.as_taught_run(row) for row in page.items]
    return render_template("courses/catalogue/teaching.html", page=page, rows=rows, labels=labels, today=clock.today(), Can=Can)


@blueprint.route("/courses/new", methods=["GET", "POST"])
@guard(Can.COURSE_CREATE)
def new_course() -> Any:
    """Make a course in the name of an organisation over which one may."""
    form = CourseForm(owners=queries.owner_choices(me()))
    if form.validate_on_submit():
        owner = organisations.by_id(form.owner_id.data)
        assert owner is not None
        demand(me(), Can.COURSE_CREATE_FOR, organisations.subject_of(owner))
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return redirect(url_for("authoring.index"), 303)
                course = offerings.create_course(
                    code=form.code.data or "", title=form.title.data or "", owner=owner, by=me(), now=clock.now(), **form.values()
                )
                code = course.code
            return done(_("课程已创建。接着新建一个期次，就可以添加内容。"), "authoring.new_run", code=code)
        except Refused as refused:
            form.refuse(refused)
    return render_template("courses/catalogue/course_form.html", form=form, course=None)


@blueprint.route("/courses/<code>/edit", methods=["GET", "POST"])
@guard(Can.COURSE_EDIT, load=load_course, subject=queries.subject_of_course)
def edit_course(course: Course) -> Any:
    """Change what the catalogue says about a course."""
    owners = [(course.owner_id, course.owner.name)]
    form = CourseForm(owners=owners, obj=course, hours=Decimal(course.hours_x10) / 10, credits=Decimal(course.credits_x10) / 10)
    if request.method == "GET":
        form.family.data, form.education_type.data = course.family.value, course.education_type.value
    form.code.data, form.owner_id.data = course.code, course.owner_id
    code, title = course.code, course.title
    if form.validate_on_submit():
        try:
            with transaction():
                offerings.update_course(course=course, version=form.version.data, by=me(), now=clock.now(), title=form.title.data, **form.values())
            return done(_("课程信息已保存。"), "learning.course", code=code)
        except Refused as refused:
            form.refuse(refused)
    return render_template("courses/catalogue/course_form.html", form=form, course={"code": code, "title": title})


@blueprint.route("/courses/<code>/runs/new", methods=["GET", "POST"])
@guard(Can.COURSE_CREATE)
def new_run(code: str) -> Any:
    """Make a draft run; who makes it leads it."""
    course = load_course(code)
    demand(me(), Can.COURSE_CREATE_FOR, organisations.subject_of(course.owner))
    form = RunForm(cohorts=queries.cohort_choices(course.owner_id), pass_mark=Decimal(60))
    if form.validate_on_submit():
        try:
            with transaction():
                leader = me().person_id
                staff = [] if leader is None else [(leader, StaffRole.LEAD)]
                assert form.code.data  # both are required by the form
                assert form.starts_on.data
                run = offerings.create_run(
                    course=course,
                    code=form.code.data,
                    starts_on=form.starts_on.data,
                    by=me(),
                    now=clock.now(),
                    staff=staff,
                    **form.values(),
                )
                run_id = run.id
            return done(_("期次已创建。现在添加章节和内容。"), "authoring.contents", run_id=run_id)
        except Refused as refused:
            form.refuse(refused)
            course = load_course(code)
    return render_template("courses/catalogue/run_form.html", form=form, course=course)


@blueprint.post("/runs/<int:run_id>/publish")
@guard(Can.RUN_EDIT, load=load_run, subject=queries.subject_of_run)
def publish_run(run: Run) -> Any:
    """Put a run into the catalogue."""
    run_id = run.id
    with transaction():
        offerings.publish_run(run=run, by=me(), now=clock.now())
    return done(_("课程已发布，学员可以在课程目录中看到并报名。"), "authoring.contents", run_id=run_id)


# -- content ------------------------------------------------------------------------------------------------------------


@blueprint.get("/runs/<int:run_id>")
@guard(Can.RUN_EDIT, load=load_run, subject=queries.subject_of_run)
def contents(run: Run) -> Any:
    """The content of a run, to edit."""
    return render_template(
        "courses/catalogue/contents.html", run=run, outline=queries.outline(run.id), labels=labels, form=TitleForm(), now=clock.now()
    )


@blueprint.post("/runs/<int:run_id>/sections")
@guard(Can.RUN_EDIT, load=load_run, subject=queries.subject_of_run)
def add_section(run: Run) -> Any:
    """Add a section at the end."""
    run_id = run.id
    with transaction():
        if once(request.form.get("submission_key", "")):
            row = content.add_section(run=run, title=request.form.get("title", ""), by=me(), now=clock.now())
            return redirect(url_for("authoring.contents", run_id=run_id, _anchor=f"section-{row.id}"), 303)
    return redirect(url_for("authoring.contents", run_id=run_id), 303)


@blueprint.post("/sections/<int:section_id>/units")
@guard(Can.RUN_EDIT, load=load_section, subject=subject_of_pair)
def add_unit(pair: tuple[Run, Section]) -> Any:
    """Add a unit at the end of a section."""
    run_id = pair[0].id
    with transaction():
        unit = content.add_unit(section=pair[1], title=request.form.get("title", ""), by=me(), now=clock.now())
        unit_id = unit.id
    return done(_("单元已添加。现在为它添加内容块。"), "authoring.unit", unit_id=unit_id) if unit_id else redirect(str(run_id))


@blueprint.route("/units/<int:unit_id>", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=load_unit, subject=subject_of_pair)
def unit(pair: tuple[Run, Unit]) -> Any:
    """One unit: its title and its blocks."""
    run, row = pair
    unit_id = row.id
    form = UnitForm(obj=row)
    if request.method == "GET" and row.release_at is not None:
        form.release_at.data = clock.local(row.release_at).replace(tzinfo=None)
    if form.validate_on_submit():
        try:
            with transaction():
                lesson = form.lesson_title.data or ""
                content.update_part(
                    part=row,
                    version=form.version.data,
                    by=me(),
                    now=clock.now(),
                    title=form.title.data,
                    lesson_title=lesson,
                    lesson_key=row.lesson_key if lesson == row.lesson_title else lesson[:120],
                    release_at=_instant(form.release_at.data),
                )
            return done(_("单元已保存。"), "authoring.unit", unit_id=unit_id)
        except Refused as refused:
            form.refuse(refused)
            run, row = load_unit(unit_id)
    return render_template("courses/catalogue/unit.html", run=run, unit=row, blocks=queries.blocks_of(unit_id), form=form, labels=labels)


def _instant(wall: datetime | None) -> datetime | None:
    """A wall-clock time of Shanghai as an instant."""
    return None if wall is None else wall.replace(tzinfo=SHANGHAI)


@blueprint.route("/units/<int:unit_id>/blocks/new", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=load_unit, subject=subject_of_pair)
def new_block(pair: tuple[Run, Unit]) -> Any:
    """Add a block of a kind."""
    run, row = pair
    asked = request.args.get("kind", "")
    if asked not in {kind.value for kind in BlockKind if kind is not BlockKind.UNKNOWN}:
        raise NotFound(_("没有这种内容块。"))
    kind, unit_id = BlockKind(asked), row.id
    form = BlockForm()
    if form.validate_on_submit():
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return redirect(url_for("authoring.unit", unit_id=unit_id), 303)
                now = clock.now()
                block = content.add_block(
                    unit=row, kind=kind, by=me(), now=now, settings=form.settings_of(kind, {}), file_id=_upload(form, None, now), **_common(form)
                )
                block_id = block.id
            if kind is BlockKind.QUIZ:
                return done(_("测验已添加。现在添加题目。"), "assessment.items", block_id=block_id)
            return done(_("内容块已添加。"), "authoring.unit", unit_id=unit_id)
        except Refused as refused:
            form.refuse(refused)
            run, row = load_unit(unit_id)
    return render_template("courses/catalogue/block_form.html", run=run, unit=row, kind=kind, form=form, block=None, labels=labels)


def _common(form: BlockForm) -> dict[str, Any]:
    return {
        "title": form.title.data or "",
        "body": form.body.data or "",
        "body_format": BodyFormat(form.body_format.data or "markdown"),
        "is_required": bool(form.is_required.data),
        "is_graded": bool(form.is_graded.data),
        "weight_x10": tenths(form.weight.data),
    }


def _upload(form: BlockForm, known: int | None, now: datetime) -> int | None:
    upload = form.upload.data
    if not upload or not getattr(upload, "filename", ""):
        return known
    return files.keep(upload.stream, name=upload.filename, kind="course", by=me(), now=now, allowed=UPLOADS).id


@blueprint.route("/blocks/<int:block_id>", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=load_block, subject=subject_of_pair)
def edit_block(pair: tuple[Run, Block]) -> Any:
    """Change a block."""
    run, block = pair
    block_id, unit_id, kind = block.id, block.unit_id, block.kind
    form = BlockForm(obj=block, weight=Decimal(block.weight_x10) / 10)
    if request.method == "GET":
        form.body_format.data = block.body_format.value
        form.show(kind, block.settings)
    if form.validate_on_submit():
        try:
            with transaction():
                now = clock.now()
                content.update_block(
                    block=block,
                    version=form.version.data,
                    by=me(),
                    now=now,
                    settings=form.settings_of(kind, block.settings),
                    file_id=_upload(form, block.file_id, now),
                    **_common(form),
                )
            return done(_("内容块已保存。"), "authoring.unit", unit_id=unit_id)
        except Refused as refused:
            form.refuse(refused)
            run, block = load_block(block_id)
    row = queries.unit_by_id(unit_id)
    return render_template("courses/catalogue/block_form.html", run=run, unit=row, kind=kind, form=form, block=block, labels=labels)


def _back(part: Section | Unit | Block, run_id: int) -> Any:
    if isinstance(part, Block):
        return redirect(url_for("authoring.unit", unit_id=part.unit_id), 303)
    anchor = f"section-{part.section_id if isinstance(part, Unit) else part.id}"
    return redirect(url_for("authoring.contents", run_id=run_id, _anchor=anchor), 303)


@blueprint.post("/<kind>/<int:part_id>/move")
@guard(Can.RUN_EDIT, load=load_part, subject=subject_of_pair)
def move(pair: tuple[Run, Any]) -> Any:
    """One place up or down."""
    run, part = pair
    back = _back(part, run.id)
    with transaction():
        content.move(part=part, to=MoveTo.UP if request.form.get("to") == "up" else MoveTo.DOWN, by=me(), now=clock.now())
    return back


@blueprint.post("/<kind>/<int:part_id>/order")
@guard(Can.RUN_EDIT, load=load_part, subject=subject_of_pair)
def order(pair: tuple[Run, Any]) -> Any:
    """The siblings of a part in the order of a dragged list."""
    run, part = pair
    back = _back(part, run.id)
    ids = [int(value) for value in request.form.getlist("order") if value.isdigit()]
    with transaction():
        content.reorder(part=part, ids=ids, by=me(), now=clock.now())
    return back


@blueprint.post("/<kind>/<int:part_id>/publish")
@guard(Can.RUN_EDIT, load=load_part, subject=subject_of_pair)
def publish(pair: tuple[Run, Any]) -> Any:
    """Show a part to learners, or take it back."""
    run, part = pair
    back = _back(part, run.id)
    with transaction():
        content.publish(part=part, is_published=request.form.get("published") == "yes", by=me(), now=clock.now())
    return back


@blueprint.post("/<kind>/<int:part_id>/remove")
@guard(Can.RUN_EDIT, load=load_part, subject=subject_of_pair)
def remove(pair: tuple[Run, Any]) -> Any:
    """Remove a part and what is in it."""
    run, part = pair
    back = _back(part, run.id)
    with transaction():
        content.remove(part=part, by=me(), now=clock.now())
    return back


@blueprint.post("/sections/<int:section_id>/rename")
@guard(Can.RUN_EDIT, load=load_section, subject=subject_of_pair)
def rename_section(pair: tuple[Run, Section]) -> Any:
    """Give a section another title."""
    run, section = pair
    back = _back(section, run.id)
    with transaction():
        content.update_part(
            part=section, version=request.form.get("version", type=int), by=me(), now=clock.now(), title=request.form.get("title", "")
        )
    return back
