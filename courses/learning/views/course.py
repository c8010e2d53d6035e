"""The page of a course, enrolling, and the list of one's own courses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from courses.catalogue import authoring_queries as authored
from courses.catalogue import labels as words
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.catalogue.types import RunMode, RunState
from courses.learning import invitation_queries, labels, opening, operations, queries, removed_queries, review_queries, rules
from courses.learning.models import InviteLink
from courses.learning.places import Place, load_place, load_run, me
from courses.learning.types import EnrolmentState
from courses.learning.views.common import blueprint
from courses.permissions import Can
from trainhub.kernel import clock, paging
from trainhub.kernel.access import Subject, acting, guard, may, public
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations


@blueprint.get("/courses/<code>")
@public
def course(code: str) -> Any:
    """What a visitor sees of a course: what it teaches, by whom, when, and how to get in; where every run is closed, that it is: old links lead here."""
    found = catalogue.course_by_code(code)
    reader = acting()
    runs = catalogue.published_runs_of(found.id) if found is not None else []
    can_edit = found is not None and reader is not None and may(reader, Can.COURSE_EDIT, catalogue.subject_of_course(found))
    closed = [run for run in catalogue.runs_of(found.id) if run.state is RunState.CLOSED] if found is not None and not runs else []
    if found is None or not (runs or closed or can_edit):
        raise NotFound(_("没有这门课程，或它还没有发布。"))
    mine = queries.enrolments_by_run([run.id for run in runs or closed], reader.person_id) if reader and reader.person_id else {}
    today = clock.today()
    person_id = reader.person_id or 0 if reader is not None else 0
    door = {r.id: rules.enrolment_open(r.state, r.enrol_from, r.enrol_until, r.ends_on, today) for r in runs}
    not_for = {r.id: operations.why_not_for(r, person_id, today) for r in runs} if person_id else {}

    def entry(r: Run) -> int:
        """First where one is, then where one gets in at once, then where one waits for a seat: else the latest runs, of others, stand before one's own."""
        if r.id in mine and mine[r.id].state is not EnrolmentState.WITHDRAWN:
            return 0
        if door[r.id] != "open" or (not_for[r.id] if person_id else r.mode in (RunMode.INVITATION, RunMode.COHORT)):
            return 3
        return 1 if r.quota is None or r.taken < r.quota else 2

    runs = sorted(runs, key=entry)
    run = next((r for r in runs if r.code == request.args.get("run")), runs[0] if runs else None)
    enrolment = mine.get(run.id) if run else None
    missing = queries.missing_prerequisites(found.id, person_id)
    return render_template(
        "courses/learning/course.html",
        course=found,
        run=run,
        runs=runs,
        closed=closed,
        has_draft=bool(closed) and can_edit and any(run.state is RunState.DRAFT for run in catalogue.runs_of(found.id)),
        mine=mine,
        outline=catalogue.outline(run.id, only_published=True) if run else None,
        door=door,
        place=queries.place_in_queue(enrolment) if enrolment is not None and enrolment.state is EnrolmentState.WAITING else 0,
        can_edit=can_edit,
        required=authored.prerequisites_of(found.id),
        missing={row.id for row in missing},
        barred={key: why or (operations.first_these(missing) if missing else "") for key, why in not_for.items()},
        can_open=can_edit and may(reader, Can.COURSE_CREATE) and may(reader, Can.COURSE_CREATE_FOR, organisations.subject_of(found.owner)),
        words=words,
        labels=labels,
        today=today,
    )


@blueprint.post("/learning/runs/<int:run_id>/enrol")
@guard(Can.ENROLMENT_CREATE, load=load_run, subject=lambda _run: Subject())
def enrol(run: Run) -> Any:
    """Enrol oneself; pressing twice enrols once."""
    run_id, code = run.id, run.course.code
    person_id = me().person_id
    if person_id is None:
        raise Refused(_("你的账户没有关联个人信息，不能报名。请联系管理员补全。"))
    with transaction():
        state = operations.enrol(run=run, person_id=person_id, by=me(), now=clock.now()).state
    return _entered(state, run_id, code)


def _entered(state: EnrolmentState, run_id: int, code: str) -> Any:
    """Say what became of asking to be let in, and go on."""
    match state:
        case EnrolmentState.PENDING:
            return done(_("报名已提交，等待课程教师审核。结果会通知你。"), "learning.course", code=code)
        case EnrolmentState.WAITING:
            return done(_("名额已满，你已进入候补。有人退出时会按顺序自动递补并通知你。"), "learning.course", code=code)
        case _:
            return done(_("报名成功，开始学习吧。"), "learning.home", run_id=run_id)


def _load_link(token: str) -> tuple[InviteLink, Run]:
    link = invitation_queries.link_by_token(token)
    if link is None:
        raise NotFound(_("没有这个邀请链接。请核对地址是否完整，或向课程教师要一个新的链接。"))
    return link, load_run(link.run_id)


@blueprint.get("/join/<token>")
@public
def invited(token: str) -> Any:
    """Who was sent an invitation link sees what it leads to; a link that does not work any more says why."""
    link, run = _load_link(token)
    operations.check_link(link, clock.today())
    reader = acting()
    known = queries.enrolment_of(run.id, reader.person_id) if reader is not None and reader.person_id is not None else None
    why = operations.why_closed(run, clock.today())
    return render_template("courses/learning/join.html", run=run, link=link, enrolment=known, why_closed=why, words=words, labels=labels)


@blueprint.post("/join/<token>")
@guard(Can.ENROLMENT_CREATE, load=_load_link, subject=lambda _pair: Subject())
def join(pair: tuple[InviteLink, Run]) -> Any:
    """Enrol by a link."""
    link, run = pair
    run_id, code, person_id = run.id, run.course.code, me().person_id
    if person_id is None:
        raise Refused(_("你的账户没有关联个人信息，不能报名。请联系管理员补全。"))
    with transaction():
        state = operations.join(link=link, run=run, person_id=person_id, by=me(), now=clock.now()).state
    return _entered(state, run_id, code)


def _own_enrolment(run_id: int) -> Place:
    run = load_run(run_id)
    enrolment = queries.enrolment_of(run.id, me().person_id or 0)
    if enrolment is None:
        raise NotFound(_("你还没有报名这期课程。"))
    return Place(run, enrolment)


@blueprint.post("/learning/runs/<int:run_id>/withdraw")
@guard(Can.ENROLMENT_LEARN, load=_own_enrolment)
def withdraw(place: Place) -> Any:
    """Leave a run, or its queue."""
    with transaction():
        operations.leave(enrolment=place.enrolment, run=place.run, by=me(), now=clock.now(), note=request.form.get("note", ""))
    return done(_("你已退出这期课程。学习记录会保留，再次报名可以接着学。"), "learning.mine")


@blueprint.get("/learning")
@guard(Can.ENROLMENT_LIST)
def mine() -> Any:
    """One's own courses with their progress."""
    number, size = paging.wanted()
    page = paging.paginate(queries.my_runs(me().person_id or 0), number=number, size=size, scalars=False)
    rows = [queries.as_my_run(row) for row in page.items]
    hidden = review_queries.unshown(me().person_id or 0, [row.run_id for row in rows if row.state is EnrolmentState.ACTIVE], clock.now())
    rows = [replace(row, score_x10=None) if row.run_id in hidden else row for row in rows]
    return render_template("courses/learning/mine.html", page=page, rows=rows, labels=labels)


@blueprint.get("/learning/runs/<int:run_id>")
@guard(Can.ENROLMENT_LEARN, load=load_place)
def home(place: Place) -> Any:
    """Go on where something is still to do."""
    door = opening.door(place.enrolment, clock.now())
    open_units = [unit for unit in door.outline.units if unit.id not in door.closed.units and unit.blocks]
    left = [(u, [b for b in u.blocks if (b.is_required or b.is_graded) and not door.is_done(b.id)]) for u in open_units]
    todo = [u for u, blocks in left if any(not door.closed.block(b.id, u.id) for b in blocks)] or [u for u, blocks in left if blocks]
    target = (todo or open_units)[:1]
    if not target:
        flash(_("课程内容还没有开放，请稍后再来。"), "info")
        return redirect(url_for("learning.progress", run_id=place.run.id), 302)
    return redirect(url_for("learning.unit", run_id=place.run.id, unit_id=target[0].id), 302)


@blueprint.get("/learning/runs/<int:run_id>/progress")
@guard(Can.ENROLMENT_LEARN, load=load_place)
def progress(place: Place) -> Any:
    """Why is this not done: every block with its state and the reason, and what completion still needs."""
    now = clock.now()
    door = opening.door(place.enrolment, now)
    outline, states = door.outline, door.states
    counted = {block.id: block for block in queries.counted(outline, now, door.closed)}
    standing = operations.standing_of(place.enrolment, place.run, now, list(counted.values()))
    unshown = review_queries.unshown_in(place.run.id, place.enrolment.person_id, now)
    if unshown and place.enrolment.completed_on is None:
        standing = replace(standing, is_shown=False)  # from the total the mark could be reckoned
    missing = queries.missing_of(standing)
    return render_template(
        "courses/learning/progress.html",
        held=operations.is_held(place.enrolment, standing),
        left=removed_queries.left_marks(place.enrolment, standing, states, counted),
        unshown=unshown,
        todo=queries.todo(outline, missing, states),
        door=door,
        may_leave=rules.may_leave(place.enrolment.state, place.run.withdraw_until, clock.today()),
        run=place.run,
        enrolment=place.enrolment,
        outline=outline,
        counted=counted,
        states=states,
        missing=missing,
        standing=standing,
        labels=labels,
        words=words,
    )
