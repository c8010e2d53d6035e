"""Those who teach set an assignment up: rules, extensions, groups of the run, examples for reviewers."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import render_template, request

from courses.assignments import forms, labels
from courses.assignments.operations import peers as reviewing
from courses.assignments.operations import setup
from courses.assignments.queries import lateness as late
from courses.assignments.queries import peers, teams, work
from courses.assignments.types import Rubric
from courses.assignments.views.common import Marked, blueprint, load_block, load_run, me
from courses.catalogue import authoring_queries as authoring
from courses.catalogue import labels as words
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.learning import finding, seat_queries
from courses.permissions import Can
from trainhub.kernel import clock, paging
from trainhub.kernel.access import guard
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.web import done

LISTED = 500
"""Up to so many learners stand in a list; of a larger run one is named by his login."""
SHOWN = 200
"""How many learners without a team a page offers; a search finds the others."""
OFFERED = 60
"""Up to so many teams are offered in a list; of more the name is typed."""


@blueprint.route("/teaching/assignments/<int:block_id>/setup", methods=["GET", "POST"], endpoint="setup")
@guard(Can.RUN_EDIT, load=load_block)
def set_up(marked: Marked) -> Any:
    """The rules of an assignment."""
    block_id = marked.block.id
    form = forms.SetupForm()
    origin = work.origin_of(marked.block) if marked.rules is None else None
    shown = marked.rules or origin
    if request.method == "GET" and shown is not None:
        form.show(shown, with_dates=origin is None)
    if form.validate_on_submit():
        try:
            with transaction():
                setup.save(block=marked.block, version=form.version.data, by=me(), now=clock.now(), **form.values())
            return done(_("作业设置已保存。"), "assignments.submissions", block_id=block_id)
        except Refused as refused:
            form.refuse(refused)
            marked = load_block(block_id)
    return render_template(
        "courses/assignments/setup.html",
        origin=origin,
        run=marked.run,
        block=marked.block,
        assignment=marked.rules,
        release=marked.release,
        form=form,
        words=words,
    )


@blueprint.route("/teaching/assignments/<int:block_id>/extensions", methods=["GET", "POST"])
@guard(Can.RUN_GRADE, load=load_block)
def extensions(marked: Marked) -> Any:
    """Who got more time, why and from whom; the form gives it."""
    block_id = marked.block.id
    form = forms.ExtensionForm(people=teams.learners(marked.run.id) if seat_queries.count_seats(marked.run.id) <= LISTED else ())
    if form.validate_on_submit():
        until_at = forms.instant(form.until_at.data)
        assert until_at is not None
        try:
            with transaction():
                setup.extend(
                    assignment=marked.assignment,
                    person_id=form.person_id.data
                    if "person_id" in form
                    else finding.demand_learner(form.login.data or "", home=marked.run.course.owner.code),
                    until_at=until_at,
                    reason=form.reason.data or "",
                    by=me(),
                    now=clock.now(),
                )
            return done(_("已延期，学员会收到通知；已经提交的，迟交天数和扣分已重新计算。"), "assignments.extensions", block_id=block_id)
        except Refused as refused:
            form.refuse(refused)
            marked = load_block(block_id)
    number, size = paging.wanted()
    return render_template(
        "courses/assignments/extensions.html",
        run=marked.run,
        block=marked.block,
        assignment=marked.assignment,
        release=marked.release,
        page=paging.paginate(late.extensions_of(marked.assignment.id), number=number, size=size),
        form=form,
        words=words,
    )


@blueprint.get("/teaching/runs/<int:run_id>/teams")
@guard(Can.RUN_GRADE, load=load_run, subject=catalogue.subject_of_run)
def groups(run: Run) -> Any:
    """The teams of a run, a page of them, and who is in none; a search finds teams and learners by name."""
    counts = Counter(group.set_name for group in authoring.groups_of(run.id))
    divisions = [(name, _("%(name)s（%(n)d 个组）", name=name or _("分组"), n=number)) for name, number in sorted(counts.items())]
    text = request.args.get("q", "").strip()[:60]
    number, size = paging.wanted()
    names = teams.ids_by_name(run.id)
    return render_template(
        "courses/assignments/groups.html",
        run=run,
        page=paging.paginate(teams.of_run(run.id, text), number=number, size=size),
        names=names if len(names) <= OFFERED else {},
        has_teams=bool(names),
        free=teams.named_free(run.id, text, SHOWN),
        free_count=teams.count_free(run.id),
        divisions=divisions,
        words=words,
    )


def _team_asked(run_id: int) -> int | None:
    """The team a learner is moved to: chosen from the list, or typed where there are too many to choose from; None for no team."""
    typed = request.form.get("group_name", "").strip()
    if not typed:
        return request.form.get("group_id", type=whole)
    found = teams.ids_by_name(run_id).get(typed)
    if found is None:
        raise NotFound(_("没有名为“%(name)s”的小组。请核对组名。", name=typed[:60]))
    return found


@blueprint.post("/teaching/runs/<int:run_id>/teams")
@guard(Can.RUN_GRADE, load=load_run, subject=catalogue.subject_of_run)
def change_groups(run: Run) -> Any:
    """Add a group, take groups over, draw them at random, or move a learner."""
    run_id, now = run.id, clock.now()
    with transaction():
        match request.form.get("do", ""):
            case "add":
                setup.add_group(run=run, name=request.form.get("name", ""), by=me(), now=now)
                message = _("小组已添加。")
            case "draw":
                made = setup.make_groups(run=run, size=request.form.get("size", 0, type=whole), by=me(), now=now)
                message = _("已随机分出 %(n)d 个小组。", n=made) if made else _("没有未分组的学员，没有新建小组。")
            case "take":
                count = setup.take_over_groups(run=run, set_name=request.form.get("set_name", ""), by=me(), now=now)
                message = _("已把 %(n)d 名学员编入作业小组。", n=count) if count else _("这种分组的学员都已在作业小组中，没有改动。")
            case "move":
                setup.put_into_group(
                    run=run,
                    person_id=request.form.get("person_id", 0, type=whole),
                    group_id=_team_asked(run_id),
                    by=me(),
                    now=now,
                )
                message = _("分组已调整；此前提交的作业和成绩不变。")
            case _other:
                raise NotFound(_("没有这项操作。"))
    return done(message, "assignments.groups", run_id=run_id)


@blueprint.route("/teaching/assignments/<int:block_id>/peers", methods=["GET", "POST"])
@guard(Can.RUN_GRADE, load=load_block)
def peer_overview(marked: Marked) -> Any:
    """Peer review for the staff: examples, who has written what, giving reviews out before time."""
    assignment, block_id, refused = marked.assignment, marked.block.id, None
    rubric = Rubric.of(assignment.rubric)
    if request.method == "POST":
        try:
            with transaction():
                if request.form.get("do") == "begin":
                    count = reviewing.begin(assignment=assignment, by=me(), now=clock.now())
                    message = _("已分配 %(n)d 份评阅。", n=count)
                else:
                    setup.add_example(
                        assignment=assignment,
                        title=request.form.get("title", ""),
                        text=request.form.get("text", ""),
                        marking=forms.marking_of(rubric, request.form),
                        by=me(),
                        now=clock.now(),
                    )
                    message = _("校准样例已添加。")
            return done(message, "assignments.peer_overview", block_id=block_id)
        except Refused as said:
            refused = said
            marked = load_block(block_id)
            assignment = marked.assignment
    page = render_template(
        "courses/assignments/peers.html",
        run=marked.run,
        block=marked.block,
        assignment=assignment,
        release=marked.release,
        rubric=rubric,
        examples=peers.examples_of(assignment.id),
        standing=peers.standing(assignment.id),
        given=request.form if refused is not None else {},
        refused=refused,
        labels=labels,
        words=words,
        now=clock.now(),
    )
    return page, refused.status if refused is not None else 200
