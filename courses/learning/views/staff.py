"""Those who teach a run: its settings, its learners, decisions, grading, preview."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, stream_with_context, url_for

from courses.assessment import queries as assessment
from courses.assessment import showing
from courses.assessment.models import Attempt
from courses.assessment.operations import attempts, quizzes
from courses.assessment.types import AttemptState
from courses.catalogue import authoring_queries as authored
from courses.catalogue import choice_queries
from courses.catalogue import labels as words
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.catalogue.operations import offerings, team
from courses.catalogue.run_settings import RunForm
from courses.catalogue.types import BlockKind, RunState, StaffRole
from courses.learning import exports, finding, labels, log_queries, opening, operations, queries, removed_queries, rules, seat_queries, tables
from courses.learning.models import Enrolment
from courses.learning.places import load_run, me
from courses.learning.types import EnrolmentState
from courses.learning.views.common import seen_of
from courses.permissions import Can
from trainhub.certificates.operations import why_it_waits
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import acting, guard, may, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import decimal_of, key_of
from trainhub.kernel.sheets.writing import for_reader, iter_csv
from trainhub.kernel.web import done

blueprint = Blueprint("staff", __name__, url_prefix="/teaching")


@blueprint.route("/runs/<int:run_id>/settings", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=load_run, subject=catalogue.subject_of_run)
def settings(run: Run) -> Any:
    """Dates, quota, rules and staff of a run; a raised quota promotes the waiting list, a long one by a job."""
    run_id = run.id
    cohorts = choice_queries.cohort_choices(run.course.owner_id)
    form = RunForm(obj=run, cohorts=cohorts, pass_mark=Decimal(run.pass_mark_x10) / 10)
    if request.method == "GET":
        form.mode.data, form.goal_category.data = run.mode.value, run.goal_category.value
    del form.code  # it stays as it is, and the page does not ask for it
    if run.state is not RunState.DRAFT:  # who may enrol does not change under those who enrolled
        del form.mode, form.cohort_id
    if form.validate_on_submit():
        try:
            with transaction():
                now = clock.now()
                offerings.update_run(run=run, version=form.version.data, by=me(), now=now, starts_on=form.starts_on.data, **form.values())
                promoted = operations.promote(run_id=run_id, by=me(), now=now)
                left = seat_queries.to_be_promoted(run_id) if promoted else 0
            saved = _("期次设置已保存。还有 %(n)d 名候补学员正在后台依次转正。", n=left) if left else _("期次设置已保存。")
            return done(saved, "staff.settings", run_id=run_id)
        except Refused as refused:
            form.refuse(refused)
            run = load_run(run_id)
    return render_template(
        "courses/learning/settings.html",
        run=run,
        form=form,
        cohort=dict(cohorts).get(run.cohort_id or 0, ""),
        words=words,
        invited=authored.invitations_of(run_id),
    )


@blueprint.post("/runs/<int:run_id>/staff")
@guard(Can.RUN_EDIT, load=load_run, subject=catalogue.subject_of_run)
def change_staff(run: Run) -> Any:
    """Invite a person to the staff by their sign-in name, change a role, or take one off."""
    run_id = run.id
    with transaction():
        if request.form.get("remove"):
            team.take_off(run=run, person_id=key_of(request.form["remove"]) or 0, by=me(), now=clock.now())
        else:
            person_id = finding.demand_person(request.form.get("login", ""), request.form.get("name", ""), home=run.course.owner.code)
            asked = request.form.get("role", "")
            role = StaffRole(asked) if asked in set(StaffRole) else StaffRole.CO_AUTHOR
            if catalogue.staff_member(run_id, person_id) is None:
                team.invite(run=run, person_id=person_id, role=role, by=me(), now=clock.now())
                return done(_("邀请已发出，对方接受后加入课程团队。"), "staff.settings", run_id=run_id)
            offerings.set_staff(run=run, person_id=person_id, role=role, by=me(), now=clock.now())
    return done(_("课程团队已更新。"), "staff.settings", run_id=run_id)


@blueprint.post("/runs/<int:run_id>/close")
@guard(Can.RUN_EDIT, load=load_run, subject=catalogue.subject_of_run)
def close(run: Run) -> Any:
    """End a run: it leaves the catalogue, whoever waits is told, learners keep their results."""
    run_id = run.id
    with transaction():
        now = clock.now()
        offerings.close_run(run=run, by=me(), now=now)
        operations.close_waiting(run_id=run_id, by=me(), now=now)
        quizzes.end_running(run_id=run_id, now=now)
    return done(_("期次已结束，不再接受报名；学员仍可查看内容和成绩。"), "staff.settings", run_id=run_id)


# -- learners -----------------------------------------------------------------------------------------------------------


@blueprint.get("/runs/<int:run_id>/learners")
@guard(Can.RUN_VIEW_LEARNERS, load=load_run, subject=catalogue.subject_of_run)
def learners(run: Run) -> Any:
    """The learners with their progress."""
    number, size = paging.wanted()
    page = paging.paginate(exports.statement(run.id, request.args), number=number, size=size, scalars=False)
    return render_template(
        "courses/learning/learners.html",
        run=run,
        page=page,
        rows=[queries.as_learner(row) for row in page.items],
        counts=queries.counts_by_state(run.id),
        labels=labels,
        words=words,
        Can=Can,
        subject=catalogue.subject_of_run(run),
    )


@blueprint.get("/runs/<int:run_id>/learners.<form>")
@guard(Can.RUN_VIEW_LEARNERS, load=lambda run_id, form: (load_run(run_id), form), subject=lambda pair: catalogue.subject_of_run(pair[0]))
def export(pair: tuple[Run, str]) -> Any:
    """The learners as they are filtered and sorted, as a file; CSV is sent while it is read, a workbook of very many made by a job."""
    run, form = pair
    statement, name = exports.statement(run.id, request.args), f"{run.course.code}-{run.code}-learners"
    if form == "csv":
        rows = iter_csv(exports.learner_rows(statement), exports.COLUMNS, headers=for_reader())
        return downloads.named(Response(stream_with_context(rows), mimetype="text/csv"), f"{name}.csv")
    if form == "xlsx" and tables.is_large(paging.count_of(statement)[0], exports.COLUMNS):
        return redirect(url_for("staff.table", run_id=run.id, what="learners", **tables.narrowing(request.args)))
    return downloads.table(exports.learner_rows(statement), exports.COLUMNS, name=name, form=form)


def _load_enrolment(enrolment_id: int) -> tuple[Run, Enrolment]:
    row = queries.enrolment_by_id(enrolment_id)
    if row is None:
        raise NotFound(_("没有这条报名记录。"))
    return load_run(row.run_id), row


def _subject(pair: tuple[Run, Any]) -> Any:
    return catalogue.subject_of_run(pair[0])


@blueprint.post("/enrolments/<int:enrolment_id>/<verb>")
@guard(Can.ENROLMENT_DECIDE, load=lambda enrolment_id, verb: (*_load_enrolment(enrolment_id), verb), subject=_subject)
def decide(loaded: tuple[Run, Enrolment, str]) -> Any:
    """Approve, turn down, take out, or ask again for the certificate."""
    run, enrolment, verb = loaded
    run_id, now = run.id, clock.now()
    with transaction():
        match verb:
            case "approve":
                operations.approve(enrolment=enrolment, by=me(), now=now)
                message = _("已通过报名。")
            case "reject":
                operations.reject(enrolment=enrolment, note=request.form.get("note", ""), by=me(), now=now)
                message = _("已退回报名，理由已告知本人。")
            case "withdraw":
                operations.take_out(enrolment=enrolment, note=request.form.get("note", ""), by=me(), now=now)
                message = _("已移出学员并告知本人；空出的名额已按候补顺序递补。")
            case "certificate":
                number = operations.issue_certificate(enrolment=enrolment, run=run, by=me(), now=now)
                waits = operations.certificate_of(enrolment, run) if number is None else None
                message = _("证书编号：%(number)s", number=number) if number else _("证书仍不能签发，原因见操作记录。")
                message = why_it_waits(waits) if waits is not None else message
            case _:
                raise NotFound(_("没有这项操作。"))
    return done(message, "staff.learners", run_id=run_id)


@blueprint.post("/runs/<int:run_id>/learners")
@guard(Can.ENROLMENT_DECIDE, load=load_run, subject=catalogue.subject_of_run)
def add_learner(run: Run) -> Any:
    """Invite or put in a person by their sign-in name; says whether a seat was free."""
    run_id = run.id
    with transaction():
        person_id = finding.demand_person(request.form.get("login", ""), request.form.get("name", ""), home=run.course.owner.code)
        if request.form.get("invite"):
            operations.invite(run=run, person_ids=[person_id], by=me(), now=clock.now())
            message = _("邀请已发出。")
        else:
            state = operations.enrol(run=run, person_id=person_id, by=me(), now=clock.now(), is_approved=True).state
            message = _("名额已满，这个人已进入候补；有名额空出时按顺序递补。") if state is EnrolmentState.WAITING else _("学员已加入。")
    return done(message, "staff.learners", run_id=run_id)


@blueprint.get("/enrolments/<int:enrolment_id>")
@guard(Can.RUN_VIEW_LEARNERS, load=_load_enrolment, subject=_subject)
def learner(pair: tuple[Run, Enrolment]) -> Any:
    """One learner: what is done and what is not, and why."""
    run, enrolment = pair
    now = clock.now()
    door = opening.door(enrolment, now)
    outline, states = door.outline, door.states
    counted = {block.id: block for block in queries.counted(outline, now, door.closed)}
    standing = operations.standing_of(enrolment, run, now, list(counted.values()))
    missing = queries.missing_of(standing)
    return render_template(
        "courses/learning/progress.html",
        unshown=frozenset(),
        todo=queries.todo(outline, missing, states),
        door=door,
        run=run,
        enrolment=enrolment,
        outline=outline,
        counted=counted,
        states=states,
        missing=missing,
        standing=standing,
        labels=labels,
        words=words,
        learner=enrolment.person.name,
        held=operations.is_held(enrolment, standing),
        left=removed_queries.left_marks(enrolment, standing, states, counted),
        at_once=int(rules.played_at_once(log_queries.watched_of(enrolment.id)) // 60),
    )


# -- grading ------------------------------------------------------------------------------------------------


@blueprint.get("/runs/<int:run_id>/grading")
@guard(Can.RUN_GRADE, load=load_run, subject=catalogue.subject_of_run)
def grading(run: Run) -> Any:
    """Attempts that wait for a person, the oldest first."""
    number, size = paging.wanted()
    page = paging.paginate(assessment.to_grade(run.id), number=number, size=size, scalars=False)
    return render_template(
        "courses/learning/grading.html",
        run=run,
        page=page,
        words=words,
        rows=[assessment.as_attempt_row(row) for row in page.items],
        quizzes=[
            (block, unit.title)
            for unit in catalogue.outline(run.id, only_published=not may(who(), Can.RUN_EDIT, catalogue.subject_of_run(run))).units
            for block in unit.blocks
            if block.kind is BlockKind.QUIZ
        ],
    )


def _load_attempt(attempt_id: int) -> tuple[Run, Attempt]:
    row = assessment.attempt_by_id(attempt_id)
    if row is None or row.state is AttemptState.IN_PROGRESS:
        raise NotFound(_("没有这份待批阅的作答。"))
    return load_run(row.block.run_id), row


@blueprint.route("/attempts/<int:attempt_id>", methods=["GET", "POST"])
@guard(Can.RUN_GRADE, load=_load_attempt, subject=_subject)
def grade(pair: tuple[Run, Attempt]) -> Any:
    """Read an attempt and give marks; the learner is told, and progress follows."""
    run, attempt = pair
    run_id, attempt_id = run.id, attempt.id
    error, status = "", 200
    if request.method == "POST":
        try:
            with transaction():
                now = clock.now()
                points, words_given = _marks(attempt)
                seen = seen_of({answer.position: answer.position for answer in attempt.answers})
                row = attempts.grade(attempt_id=attempt_id, points=points, feedback=words_given, by=me(), now=now, seen=seen)
                enrolment = queries.enrolment_of(run_id, row.person_id)
                if enrolment is not None:
                    operations.note_attempt(enrolment=enrolment, attempt=row, by=me(), now=now)
                    operations.tell_graded(enrolment=enrolment, attempt=row, now=now)
                is_graded = row.state is AttemptState.GRADED
            if not is_graded:
                return done(_("评分已保存；还有题目没有给分，全部给分后学员才会看到成绩。"), "staff.grade", attempt_id=attempt_id)
            return done(_("评分已保存，学员会收到通知。"), "staff.grading", run_id=run_id)
        except Refused as refused:
            error, status = refused.message, refused.status
            run, attempt = _load_attempt(attempt_id)
    return render_template("courses/learning/grade.html", run=run, attempt=attempt, error=error, showing=showing.At(run.id)), status


def _marks(attempt: Attempt) -> tuple[dict[int, int], dict[int, str]]:
    """Points in the form, in hundredths of a point; refuses what is not a number within the full points."""
    given: dict[int, int] = {}
    feedback: dict[int, str] = {}
    for answer in attempt.answers:
        text = request.form.get(f"points{answer.position}", "").strip()
        if text and (answer.share_x1000 is None or text != showing.points(answer)):
            full = Decimal(answer.points_x10) / 10
            points = decimal_of(text, places=2)
            if points is None or not 0 <= points <= full:
                raise Refused(_("第 %(n)d 题的得分应是 0 到 %(full)s 之间的数，最多两位小数。", n=answer.position, full=f"{full:f}"))
            given[answer.position] = int(points * 100)
        feedback[answer.position] = request.form.get(f"feedback{answer.position}", "")
    return given, feedback


def evidence_pages(keys: Sequence[str], is_own: bool) -> dict[str, str]:
    """The pages of the learning that a certificate rests on: the learner's own progress, or the learner as staff sees them."""
    found = {}
    for key in keys:  # a certificate rests on one enrolment
        enrolment = queries.enrolment_by_id(key_of(key) or 0)
        if enrolment is None:
            continue
        run = catalogue.run_by_id(enrolment.run_id)
        if is_own:
            found[key] = url_for("learning.progress", run_id=enrolment.run_id)
        elif run is not None and may(acting(), Can.RUN_VIEW_LEARNERS, catalogue.subject_of_run(run)):
            found[key] = url_for("staff.learner", enrolment_id=enrolment.id)
    return found
