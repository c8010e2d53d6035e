"""Authoring: the runs one teaches, courses and runs made. The pages of content add themselves to the same blueprint."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from courses.catalogue import authoring_queries as found
from courses.catalogue import choice_queries, empties, labels, queries
from courses.catalogue.forms import CourseForm
from courses.catalogue.models import Block, Course, Run, Section, Unit
from courses.catalogue.operations import offerings, team
from courses.catalogue.run_settings import RunForm
from courses.catalogue.types import StaffRole
from courses.permissions import Can
from trainhub.kernel import clock, files, paging, sniff
from trainhub.kernel.access import Identity, acting, demand, guard, may
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations

blueprint = Blueprint("authoring", __name__, url_prefix="/teaching")
AUDIO = frozenset({sniff.MP3.mime, sniff.M4A.mime, sniff.WAV.mime, sniff.OGG.mime})
UPLOADS = sniff.IMAGES | sniff.DOCUMENTS | sniff.VIDEOS | AUDIO | {sniff.ZIP.mime, sniff.TEXT.mime, sniff.CSV.mime, sniff.MARKDOWN.mime}


def me() -> Identity:
    """Who acts; the guard has seen to it that somebody does."""
    identity = acting()
    assert identity is not None
    return identity


def may_in_run(run: Run, *wanted: str) -> frozenset[str]:
    """Which of these permissions the reader has over a run, for the tabs of its pages: nobody is shown a door that is closed to him."""
    subject = queries.subject_of_run(run)
    return frozenset(name for name in wanted if may(me(), Can[name], subject))


def counts_nowhere(run: Run) -> str:
    """What an author is warned of where completions of a run are to count for the goal (FJ-16c), but lie in no reporting unit unless the learner's county
    is known (`learning.operations.record_training`); empty: nothing."""
    owner = run.course.owner
    if not run.counts_for_goal or organisations.region_path(owner.region_code).prefecture is not None:
        return ""
    if owner.region_code is None:
        said = _("开课单位“%(name)s”没有登记所在地区：没有登记所属县区的学员，完成后不记入培训记录，也不计入培训目标。", name=owner.name)
        return said + _("请先登记开课单位的所在地区，并在学员完成以前登记其所属县区。")
    said = _("培训目标按设区市统计，而开课单位“%(name)s”不属于任何一个设区市：没有登记所属县区的学员，完成后暂不计入。", name=owner.name)
    return said + _("请学员所在学校在学生名册中、或请系统管理员在人员资料中登记所属县区，登记并核实身份后自动计入。")


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
    unborn = choice_queries.courses_without_runs(me()) if may(me(), Can.COURSE_CREATE) else []
    return render_template("courses/catalogue/teaching.html", page=page, rows=rows, unborn=unborn, labels=labels, today=clock.today(), Can=Can)


@blueprint.route("/courses/new", methods=["GET", "POST"])
@guard(Can.COURSE_CREATE)
def new_course() -> Any:
    """Make a course in the name of an organisation over which one may."""
    form = CourseForm(owners=choice_queries.owner_choices(me()))
    if form.validate_on_submit():
        owner = form.owner()
        demand(me(), Can.COURSE_CREATE_FOR, organisations.subject_of(owner))
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return redirect(url_for("authoring.index"), 303)
                course = offerings.create_course(
                    code=form.code.data or "", title=form.title.data or "", owner=owner, by=me(), now=clock.now(), **form.values(), **_cover(form)
                )
                code = course.code
            return done(_("课程已创建。接着新建一个期次，就可以添加内容。"), "authoring.new_run", code=code)
        except Refused as refused:
            form.refuse(refused)
    return render_template("courses/catalogue/course_form.html", form=form, course=None)


def _cover(form: CourseForm) -> dict[str, Any]:
    """The picture of a course, when one was handed in."""
    upload = form.cover.data
    if not upload or not getattr(upload, "filename", ""):
        return {}
    row = files.keep(upload.stream, name=upload.filename, kind="cover", by=me(), now=clock.now(), allowed=sniff.IMAGES)
    return {"cover_file_id": row.id}


@blueprint.route("/courses/<code>/edit", methods=["GET", "POST"])
@guard(Can.COURSE_EDIT, load=load_course, subject=queries.subject_of_course)
def edit_course(course: Course) -> Any:
    """Change what the catalogue says about a course."""
    owners = [(course.owner_id, course.owner.name)]
    required = [row.id for row in found.prerequisites_of(course.id)]
    form = CourseForm(
        owners=owners,
        courses=choice_queries.course_choices(course, required),
        obj=course,
        prerequisites=required,
        hours=Decimal(course.hours_x10) / 10,
        credits=Decimal(course.credits_x10) / 10,
    )
    if request.method == "GET":
        form.family.data, form.education_type.data = course.family.value, course.education_type.value
    form.code.data, form.owner_id.data = course.code, course.owner_id
    code, title = course.code, course.title
    if form.validate_on_submit():
        try:
            with transaction():
                offerings.update_course(
                    course=course, version=form.version.data, by=me(), now=clock.now(), title=form.title.data, **form.values(), **_cover(form)
                )
                if form.prerequisites:
                    wanted = [*(form.prerequisites.data or ()), *team.named(course, form.more_codes())]
                    team.set_prerequisites(course=course, required_ids=wanted, by=me(), now=clock.now())
            return done(_("课程信息已保存。"), "learning.course", code=code)
        except Refused as refused:
            form.refuse(refused)
    return render_template("courses/catalogue/course_form.html", form=form, course={"code": code, "title": title, "cover": course.cover_file_id})


@blueprint.route("/courses/<code>/runs/new", methods=["GET", "POST"])
@guard(Can.COURSE_CREATE)
def new_run(code: str) -> Any:
    """Make a draft run; who makes it leads it, and who leads a run edits the course and reads its questions: so only its team does, who made a course
    that has no run yet, and who answers for it at the owner."""
    course = load_course(code)
    demand(me(), Can.COURSE_CREATE_FOR, organisations.subject_of(course.owner))
    demand(me(), Can.COURSE_EDIT, queries.subject_of_course(course))
    form = RunForm(cohorts=choice_queries.cohort_choices(course.owner_id), pass_mark=Decimal(60))
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
        is_nowhere = bool(counts_nowhere(run))
        empties.warn(run_id)
    said = _("课程已发布，学员可以在课程目录中看到并报名。")
    return done(said + _("部分学员完成后可能不计入培训目标，见下方说明。") if is_nowhere else said, "authoring.contents", run_id=run_id)
