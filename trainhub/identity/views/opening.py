"""Accounts for a whole list at once: what would happen, one button, and the slips for those whom no e-mail reaches."""

from __future__ import annotations

from typing import Any

import segno
from flask import Blueprint, Response, redirect, render_template, request, url_for

from trainhub.identity import groups, labels
from trainhub.identity import operations as ops
from trainhub.identity.groups import Group, Why
from trainhub.identity.permissions import OPENERS, Can
from trainhub.identity.slips import SLIP_COLUMNS, slip_rows
from trainhub.kernel import clock, downloads, jobs
from trainhub.kernel.access import ROLE_LABELS, Identity, Role, guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import JobState
from trainhub.kernel.numbers import whole
from trainhub.kernel.paging import paginate, wanted
from trainhub.programmes import queries as programmes

blueprint = Blueprint("account_groups", __name__, url_prefix="/accounts/groups")
BARS = {JobState.DONE: "succeeded", JobState.FAILED: "failed"}


def load(kind: str, key: int) -> Group:
    """The list of an address."""
    return groups.group(kind, key)


def door_of_list(kind: str, identity: Identity, programme_id: int | None, year: int | None) -> tuple[str, str, str] | None:
    """Where a list of students, teachers or mentors leads: to its cohort when it is narrowed to one, else to all of that kind."""
    if kind not in groups.sources() or not identity.has(*OPENERS):
        return None
    address = url_for("account_groups.index", kind=kind)
    if kind == "cohort" and programme_id is not None and year is not None:
        cohort = programmes.cohort_of(programme_id, year)
        if cohort is not None:
            address = url_for("account_groups.show", kind=kind, key=cohort.id)
    return _("批量开通账号"), address, "key"


@blueprint.get("/")
@guard(Can.ACCOUNT_LIST)
def index() -> Any:
    """The lists inside one's scope, a kind at a time, with how many have an account."""
    kinds, text, today = groups.sources(), request.args.get("q", "").strip()[:100], clock.today()
    kind = request.args.get("kind", "") if request.args.get("kind", "") in kinds else next(iter(kinds))
    number, size = wanted()
    page = paginate(kinds[kind].listing(who(), text, today), number=number, size=size, scalars=False)
    return render_template("trainhub/identity/account_groups.html", page=page, kinds=kinds, kind=kind, asked=bool(text))


def _job(group: Group) -> jobs.Job | None:
    return jobs.known(ops.job_key(group))


def _bar(group: Group, job: jobs.Job) -> dict[str, Any]:
    percent = round(100 * job.done_count / job.total_count) if job.total_count else 0
    return {"job": job, "state": BARS.get(job.state, job.state.value), "percent": percent, "group": group}


def _page(group: Group, refused: Refused | None = None) -> Any:
    members, job = ops.members_of(group, today=clock.today()), _job(group)
    due = [one for one in members if one.is_due]
    by_mail = ops.reaches_by_mail()
    return render_template(
        "trainhub/identity/account_group.html",
        members=members,
        due=due,
        mailed=[one for one in due if one.email and by_mail],
        by_mail=by_mail,
        lacking=[one for one in members if one.lacks_role],
        having=[one for one in members if one.account_id is not None],
        waiting=ops.waiting(members, everybody=True),
        without_mail=ops.waiting(members, everybody=False),
        sheets=ops.sheets(ops.waiting(members, everybody=True), members),
        held_back=[one for one in members if one.why not in (None, Why.LEFT)],
        left=[one for one in members if one.why is Why.LEFT],
        labels=labels,
        role_labels=ROLE_LABELS,
        refused=refused,
        ticked=set(request.form.getlist("person", type=whole)) if refused is not None else set(),
        running=job is not None and job.state in (JobState.QUEUED, JobState.RUNNING),
        result=job.shown_result if job is not None else {},
        source=groups.source(group.kind),
        **(_bar(group, job) if job is not None else {"job": None, "group": group}),
    ), 422 if refused else 200


@blueprint.get("/<kind>/<int:key>")
@guard(Can.ACCOUNT_OPEN, load=load)
def show(group: Group) -> Any:
    """The check: who gets an account and how they hear of it, who has one, who gets none and why."""
    return _page(group)


@blueprint.get("/<kind>/<int:key>/job")
@guard(Can.ACCOUNT_OPEN, load=load)
def job_state(group: Group) -> Any:
    """The bar alone; when the work is over the whole page is loaded."""
    job = _job(group)
    if job is None:
        raise NotFound(_("没有正在进行的开通。"))
    answer = Response(render_template("trainhub/identity/_group_job.html", **_bar(group, job)))
    if job.state in BARS:
        answer.headers["HX-Refresh"] = "true"
    return answer


@blueprint.post("/<kind>/<int:key>")
@guard(Can.ACCOUNT_OPEN, load=load)
def apply(group: Group) -> Any:
    """Ask for the opening of what is missing; the page then shows how far it is."""
    chosen = request.form.get("role", group.roles[0].value)
    try:
        if chosen not in [role.value for role in group.roles]:
            raise Refused(_("请选择名单所列的角色。"), field="role")
        whom = request.form.get("whom")
        if whom not in ("all", "ticked"):
            raise Refused(_("请选择开通全部，或只为勾选的人办理。"), field="whom", code="whom_needed")
        only = request.form.getlist("person", type=whole) if whom == "ticked" else None
        with transaction():
            ops.ask_to_open(group, Role(chosen), by=who(), only=only)
    except Refused as refused:
        return _page(group, refused)
    return redirect(url_for("account_groups.show", kind=group.kind, key=group.id), 303)


@blueprint.post("/<kind>/<int:key>/slips")
@guard(Can.ACCOUNT_OPEN, load=load)
def slips(group: Group) -> Any:
    """New links for those who have not used their account, on the answer itself: they are never stored readable, so there is no second look.

    A form that is sent twice makes new links twice, on purpose: the browser shows the second answer, and its links are the ones that hold.
    """
    everybody, sheet = request.form.get("whom") == "all", request.form.get("sheet", 0, type=whole) or 0
    with transaction():
        made = list(ops.make_slips(group, everybody=everybody, sheet=sheet, by=who(), today=clock.today(), now=clock.now()))
    if not made:
        return _page(group, Refused(_("没有需要首次登录链接的人：名单中的账号都已启用，或都能收到邮件。")))
    if request.form.get("form") == "xlsx":
        return downloads.table(slip_rows(made), SLIP_COLUMNS, name=_("首次登录链接"), form="xlsx", codes=["key", "sign_in"])
    drawn = [(one, segno.make(one.link, error="m").svg_data_uri(scale=3, border=2)) for one in made]
    return render_template("trainhub/identity/slips.html", group=group, slips=drawn)
