"""Learning paths: for everybody, for those who follow one, for those who make them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from courses.catalogue import choice_queries
from courses.learning.places import me
from courses.paths import labels, operations, queries, rules
from courses.paths.forms import PathForm
from courses.paths.models import LearningPath
from courses.permissions import Can
from trainhub.kernel import clock, paging
from trainhub.kernel.access import Subject, acting, demand, guard, may, public
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations

blueprint = Blueprint("paths", __name__)


def load_path(code: str) -> LearningPath:
    """A path with its owner."""
    row = queries.path_by_code(code)
    if row is None:
        raise NotFound(_("没有这条学习路径，可能已被移除。"))
    return row


def _subject(path: LearningPath) -> Subject:
    return organisations.subject_of(path.owner)


@blueprint.get("/paths")
@public
def index() -> Any:
    """The published paths."""
    number, _size = paging.wanted()
    page = paging.paginate(queries.published(request.args.get("q", "").strip()[:100]), number=number, size=24, scalars=False)
    return render_template("courses/paths/index.html", page=page, cards=[queries.as_card(row) for row in page.items], can_make=_can_make())


def _can_make() -> bool:
    reader = acting()
    return reader is not None and may(reader, Can.COURSE_CREATE)


@blueprint.get("/paths/<code>")
@public
def show(code: str) -> Any:
    """One path; who is signed in sees how far he is."""
    path, reader = load_path(code), acting()
    can_edit = reader is not None and may(reader, Can.COURSE_CREATE_FOR, _subject(path))
    if not path.is_published and not can_edit:
        raise NotFound(_("没有这条学习路径，可能已被移除。"))
    person_id = reader.person_id if reader is not None else None
    steps = queries.steps(path.id, person_id, clock.today())
    return render_template(
        "courses/paths/show.html",
        path=path,
        steps=steps,
        standing=rules.progress(steps, is_ordered=path.is_ordered),
        is_member=person_id is not None and queries.is_member(path.id, person_id),
        can_edit=can_edit,
        labels=labels,
    )


@blueprint.post("/paths/<code>/follow")
@guard(Can.ENROLMENT_CREATE, load=load_path, subject=lambda _path: Subject())
def follow(path: LearningPath) -> Any:
    """Follow a path, or stop it."""
    code, person_id, is_on = path.code, me().person_id, bool(request.form.get("on"))
    if person_id is None:
        raise Refused(_("你的账户没有关联个人信息，不能加入。请联系管理员补全。"))
    with transaction():
        operations.follow(path=path, person_id=person_id, is_on=is_on, by=me(), now=clock.now())
    return done(_("已加入学习路径。") if is_on else _("已退出学习路径；已学的课程不受影响。"), "paths.show", code=code)


@blueprint.get("/learning/paths")
@guard(Can.ENROLMENT_LIST)
def mine() -> Any:
    """The paths one follows."""
    number, size = paging.wanted()
    page = paging.paginate(queries.followed(me().person_id or 0), number=number, size=size, scalars=False)
    return render_template("courses/paths/mine.html", page=page, cards=[queries.as_card(row) for row in page.items])


@blueprint.get("/teaching/paths")
@guard(Can.COURSE_CREATE)
def managed() -> Any:
    """The paths of one's own organisations."""
    number, size = paging.wanted()
    page = paging.paginate(queries.managed(me()), number=number, size=size, scalars=False)
    return render_template("courses/paths/managed.html", page=page, cards=[queries.as_card(row) for row in page.items])


@blueprint.route("/teaching/paths/new", methods=["GET", "POST"])
@guard(Can.COURSE_CREATE)
def new() -> Any:
    """Make a path."""
    form = PathForm(owners=choice_queries.owner_choices(me()))
    if form.validate_on_submit():
        owner = form.owner()
        demand(me(), Can.COURSE_CREATE_FOR, organisations.subject_of(owner))
        try:
            with transaction():
                path = operations.create(
                    code=form.code.data or "", title=form.title.data or "", owner=owner, by=me(), now=clock.now(), **form.values()
                )
                code = path.code
            return done(_("学习路径已创建。现在添加课程。"), "paths.edit", code=code)
        except Refused as refused:
            form.refuse(refused)
    return render_template("courses/paths/form.html", form=form, path=None), 422 if form.errors or form.form_errors else 200


@blueprint.route("/teaching/paths/<code>", methods=["GET", "POST"])
@guard(Can.COURSE_CREATE_FOR, load=load_path, subject=_subject)
def edit(path: LearningPath) -> Any:
    """Change a path."""
    code = path.code
    form = PathForm(owners=[(path.owner_id, path.owner.name)], obj=path)
    form.code.data, form.owner_id.data = code, path.owner_id
    if form.validate_on_submit():
        try:
            with transaction():
                operations.change(path=path, version=form.version.data, title=form.title.data or "", by=me(), now=clock.now(), **form.values())
            return done(_("学习路径已保存。"), "paths.edit", code=code)
        except Refused as refused:
            form.refuse(refused)
            path = load_path(code)
    page = render_template(
        "courses/paths/form.html", form=form, path=path, steps=queries.steps(path.id, None), choices=queries.course_choices(), is_cut=queries.is_cut()
    )
    return page, 422 if form.errors or form.form_errors else 200


@blueprint.post("/teaching/paths/<code>/courses")
@guard(Can.COURSE_CREATE_FOR, load=load_path, subject=_subject)
def courses(path: LearningPath) -> Any:
    """Put a course in, take one out, move one, or change whether it is required."""
    code, form = path.code, request.form
    with transaction():
        operations.arrange(
            path=path,
            verb=form.get("verb", "add"),
            code=form.get("course_code", "").strip() or form.get("course", ""),
            is_required=bool(form.get("is_required")),
            by=me(),
            now=clock.now(),
        )
    return done(_("课程已更新。"), "paths.edit", code=code, _anchor="courses")


@blueprint.post("/teaching/paths/<code>/publish")
@guard(Can.COURSE_CREATE_FOR, load=load_path, subject=_subject)
def publish(path: LearningPath) -> Any:
    """Show a path in the catalogue, or take it out."""
    code, is_on = path.code, bool(request.form.get("on"))
    with transaction():
        operations.publish(path=path, is_published=is_on, by=me(), now=clock.now())
    return done(_("学习路径已发布。") if is_on else _("学习路径已撤下。"), "paths.edit", code=code)
