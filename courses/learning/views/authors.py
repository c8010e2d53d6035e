"""Authors' pages that look above content: groups of the learners, preview as a student, invitations."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from courses.catalogue import authoring_queries as authored
from courses.catalogue import labels as words
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run, RunGroup, StaffInvitation
from courses.catalogue.operations import groups, judging, team
from courses.learning import seat_queries
from courses.learning.places import load_run, me, subject_of_learner
from courses.learning.views.player import Preview, render_unit
from courses.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import guard, may, signed_in
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.fields import instant
from trainhub.kernel.i18n import N_, _
from trainhub.kernel.numbers import whole
from trainhub.kernel.web import done

SHOWN = 200
"""How many members and how many other learners a group's page offers; a search finds the others."""
NAMED = 20
"""So many names of each group stand in the list of groups."""

blueprint = Blueprint("authors", __name__, url_prefix="/teaching")


def _subject(pair: tuple[Run, Any]) -> Any:
    return catalogue.subject_of_run(pair[0])


# -- preview ------------------------------------------------------------------------------------------------------------


@blueprint.get("/runs/<int:run_id>/preview", endpoint="preview")
@guard(Can.RUN_PREVIEW, load=load_run, subject=catalogue.subject_of_run)
def preview(run: Run) -> Any:
    """The first unit as a student sees it; what waits to be published is for the authors."""
    units = catalogue.outline(run.id, only_published=True).units
    wanted: dict[str, Any] = request.args.to_dict()
    if not units and may(me(), Can.RUN_EDIT, catalogue.subject_of_run(run)):
        units, wanted["drafts"] = catalogue.outline(run.id).units, "1"
    if not units:
        raise NotFound(_("这期课程还没有单元，无法预览。"))
    return redirect(url_for("authors.preview_unit", run_id=run.id, unit_id=units[0].id, **wanted), 302)


def _load_preview(run_id: int, unit_id: int) -> tuple[Run, int]:
    return load_run(run_id), unit_id


@blueprint.get("/runs/<int:run_id>/preview/<int:unit_id>")
@guard(Can.RUN_PREVIEW, load=_load_preview, subject=_subject)
def preview_unit(pair: tuple[Run, int]) -> Any:
    """A unit as a student sees it, on a chosen day and in a chosen group; nothing is recorded."""
    at = clock.now()
    if request.args.get("on"):
        try:
            at = instant(datetime.fromisoformat(request.args["on"]).replace(tzinfo=None)) or at
        except ValueError as error:
            raise Refused(_("日期时间写错了，请重新选择。"), field="on") from error
    group = request.args.get("group", "")
    is_author = may(me(), Can.RUN_EDIT, catalogue.subject_of_run(pair[0]))
    look = Preview(at, frozenset({group}) if group else frozenset(), is_author and request.args.get("drafts") == "1", is_author)
    return render_unit(pair[0], pair[1], None, look)


# -- groups -------------------------------------------------------------------------------------------------------------


@blueprint.route("/runs/<int:run_id>/groups", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=load_run, subject=catalogue.subject_of_run)
def run_groups(run: Run) -> Any:
    """The groups of a run: made by hand, or all learners divided by lot."""
    run_id = run.id
    if request.method == "POST":
        with transaction():
            now = clock.now()
            if request.form.get("rest"):
                name, learners = request.form.get("set_name", ""), seat_queries.seated_persons(run_id)
                seed = f"{run_id}:{name}:{now.isoformat()}"
                number = groups.place_rest(run=run, set_name=name, learners=learners, seed=seed, by=me(), now=now)
                if number:
                    _judge_anew(run_id)
                message = _("%(n)d 名未入组的学员已分到各组。", n=number) if number else _("在学学员都已入组。")
            elif request.form.get("number"):
                number, name = request.form.get("number", 0, type=whole), request.form.get("set_name", "")
                learners = seat_queries.seated_persons(run_id)
                made = groups.split(
                    run=run, set_name=name, number=number, learners=learners, seed=f"{run_id}:{name}:{now.isoformat()}", by=me(), now=now
                )
                _judge_anew(run_id)
                message = _("%(n)d 名学员已随机分为 %(m)d 组。", n=len(learners), m=len(made))
            else:
                groups.add_group(run=run, name=request.form.get("name", ""), set_name=request.form.get("set_name", ""), by=me(), now=now)
                message = _("分组已建立。现在选择成员。")
        return done(message, "authors.run_groups", run_id=run_id)
    return render_template(
        "courses/catalogue/groups.html",
        run=run,
        groups=authored.groups_of(run_id),
        sizes=authored.group_sizes(run_id),
        names=authored.names_in_groups(run_id, NAMED),
        learners=seat_queries.count_seats(run_id),
        labels=words,
    )


def _judge_anew(run_id: int, after: timedelta = timedelta(0)) -> None:
    """Progress and marks follow the new groups, in the background; nothing to do where everything is for everybody."""
    if authored.has_work_of_groups(run_id):
        judging.ask_anew(run_id=run_id, by=me(), now=clock.now(), title=N_("按新的分组核对进度和成绩"), after=after)


def _load_group(group_id: int) -> tuple[Run, RunGroup]:
    row = authored.group_by_id(group_id)
    if row is None:
        raise NotFound(_("这个分组已解散。"))
    return load_run(row.run_id), row


@blueprint.route("/groups/<int:group_id>", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=_load_group, subject=_subject)
def group(pair: tuple[Run, RunGroup]) -> Any:
    """One group: its name and members; or dissolve it."""
    run, row = pair
    run_id, group_id, text = run.id, row.id, request.args.get("q", "").strip()[:60]
    if request.method == "POST":
        with transaction():
            now = clock.now()
            if request.form.get("remove"):
                groups.remove(group=row, by=me(), now=now)
                _judge_anew(run_id, judging.UNDO)
                return done(_("分组已解散。"), "authors.run_groups", run_id=run_id)
            groups.rename(group=row, name=request.form.get("name", ""), was=request.form.get("name_was"), by=me(), now=now)
            _change_members(row, now)
            _judge_anew(run_id)
        return done(_("分组已保存。"), "authors.group", group_id=group_id, q=text or None)
    members = authored.people_in_group(group_id, text, SHOWN)
    others = seat_queries.seated_outside(group_id, run_id, text, limit=SHOWN)
    return render_template(
        "courses/catalogue/group.html",
        run=run,
        group=row,
        size=authored.group_sizes(run_id).get(group_id, 0),
        members=members,
        others=others,
        is_cut=SHOWN in (len(members), len(others)),
        labels=words,
    )


def _change_members(row: RunGroup, now: datetime) -> None:
    """Only a tick that was set or taken away moves somebody: who is not listed stays, and so does whom a second editor moved meanwhile."""
    was, chosen = set(request.form.getlist("was", type=whole)), set(request.form.getlist("member", type=whole))
    here = authored.inside_group(row.id, was | chosen)
    joining = (chosen - was) - here
    learners = seat_queries.seated_among(row.run_id, joining)
    groups.change_members(group=row, joining=joining, leaving=(was - chosen) & here, learners=learners, by=me(), now=now)


# -- invitations to the staff -------------------------------------------------------------------------------------------


@blueprint.get("/invitations")
@signed_in
def invitations() -> Any:
    """Courses whose team asks for the reader."""
    return render_template(
        "courses/catalogue/invitations.html",
        rows=authored.my_invitations(me().person_id or 0),
        teams=authored.my_teams(me().person_id or 0),
        labels=words,
    )


def _load_invitation(invitation_id: int) -> StaffInvitation:
    row = authored.invitation_by_id(invitation_id)
    if row is None:
        raise NotFound(_("邀请已撤回。"))
    return row


@blueprint.post("/invitations/<int:invitation_id>")
@guard(Can.STAFF_ANSWER, load=_load_invitation, subject=lambda row: subject_of_learner(row.person_id))
def answer(row: StaffInvitation) -> Any:
    """Say yes or no to an invitation of one's own."""
    is_accepted = request.form.get("answer") == "yes"
    with transaction():
        team.answer(invitation=row, is_accepted=is_accepted, by=me(), now=clock.now())
    return done(_("你已加入课程团队。") if is_accepted else _("已谢绝邀请。"), "authors.invitations")


def _load_sent(invitation_id: int) -> tuple[Run, StaffInvitation]:
    row = _load_invitation(invitation_id)
    return load_run(row.run_id), row


@blueprint.post("/invitations/<int:invitation_id>/withdraw")
@guard(Can.RUN_EDIT, load=_load_sent, subject=_subject)
def take_back(pair: tuple[Run, StaffInvitation]) -> Any:
    """Withdraw an invitation to the staff."""
    run_id = pair[0].id
    with transaction():
        team.take_back(invitation=pair[1], by=me(), now=clock.now())
    return done(_("邀请已撤回。"), "staff.settings", run_id=run_id)
