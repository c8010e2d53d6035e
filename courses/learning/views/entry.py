"""How learners come into a run, for its staff: invitations, lists, links, cohorts, many decisions at once."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from courses.catalogue import choice_queries
from courses.catalogue import labels as words
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.learning import imports, invitation_queries, labels, operations, rules
from courses.learning.models import InviteLink
from courses.learning.places import load_run, me
from courses.learning.views.staff import blueprint
from courses.permissions import Can
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import guard
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.fields import day_sent
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.sheets.template import template_xlsx
from trainhub.kernel.web import done


def _page(run: Run, **more: Any) -> Any:
    number, size = paging.wanted()
    page = paging.paginate(invitation_queries.invitations_of(run.id), number=number, size=size, scalars=False)
    today = clock.today()

    def state(link: InviteLink) -> Any:
        return rules.link_state(
            expires_on=link.expires_on, uses=link.uses, max_uses=link.max_uses, is_revoked=link.revoked_at is not None, today=today
        )

    return render_template(
        "courses/learning/invitations.html",
        run=run,
        page=page,
        links=invitation_queries.links_of(run.id),
        link_state=state,
        cohorts=choice_queries.cohort_choices(run.course.owner_id),
        today=today,
        words=words,
        labels=labels,
        **more,
    )


@blueprint.get("/runs/<int:run_id>/invitations")
@guard(Can.ENROLMENT_DECIDE, load=load_run, subject=catalogue.subject_of_run)
def invitations(run: Run) -> Any:
    """Links, lists, cohorts, and who was invited."""
    return _page(run)


@blueprint.post("/runs/<int:run_id>/invitations/link")
@guard(Can.ENROLMENT_DECIDE, load=load_run, subject=catalogue.subject_of_run)
def invite_link(run: Run) -> Any:
    """Make a link, or withdraw one."""
    run_id = run.id
    with transaction():
        if request.form.get("revoke"):
            operations.revoke_link(run=run, link_id=request.form.get("revoke", 0, type=whole), by=me(), now=clock.now())
            message = _("链接已停用；已经加入的学员不受影响。")
        else:
            last = day_sent("expires_on", None)
            if last is None:
                raise Refused(_("请填写链接的有效期。"), field="expires_on")
            if once(f"link:{request.form['submission_key']}" if "submission_key" in request.form else ""):  # pressed twice
                uses = request.form.get("max_uses", type=whole)
                operations.make_link(run=run, expires_on=last, max_uses=uses, by=me(), now=clock.now())
            message = _("邀请链接已生成，可以复制后发给学员。")
    return done(message, "staff.invitations", run_id=run_id)


@blueprint.post("/runs/<int:run_id>/invitations/list")
@guard(Can.ENROLMENT_DECIDE, load=load_run, subject=catalogue.subject_of_run)
def invite_list(run: Run) -> Any:
    """Invite everybody on an uploaded list; with an error in it nobody is invited."""
    run_id, upload = run.id, request.files.get("file")
    try:
        if upload is None or not upload.filename:
            raise Refused(_("请选择要上传的名单（CSV 或 XLSX）。"), field="file")
        with transaction():
            draft = imports.invite_list(
                run=run,
                file=upload.stream,
                filename=upload.filename,
                expires_on=day_sent("expires_on", None),
                by=me(),
                today=clock.today(),
                now=clock.now(),
            )
    except Refused as refused:
        return _page(load_run(run_id), refused=refused), refused.status
    if not draft.is_good:
        return _page(load_run(run_id), draft=draft, headings=downloads.headings(imports.SCHEMA.columns)), 422
    return done(_("已邀请 %(n)d 人；%(m)d 人此前已邀请或已报名。", n=draft.added, m=draft.unchanged), "staff.invitations", run_id=run_id)


@blueprint.get("/invitations/template")
@guard(Can.RUN_LIST)
def invitation_template() -> Any:
    """An empty list to fill in."""
    spec = imports.TEMPLATE
    return downloads.xlsx(template_xlsx(spec.schema, spec.examples, []), _("邀请名单模板"))


@blueprint.post("/runs/<int:run_id>/cohort")
@guard(Can.ENROLMENT_DECIDE, load=load_run, subject=catalogue.subject_of_run)
def add_cohort(run: Run) -> Any:
    """Put the students of a cohort of the owner into the run."""
    run_id = run.id
    cohort_id = request.form.get("cohort_id", 0, type=whole)
    if cohort_id not in dict(choice_queries.cohort_choices(run.course.owner_id)):
        raise NotFound(_("没有这个年级，或它不属于开课单位。"))
    with transaction():
        seated, waiting, left = operations.enrol_cohort(run=run, cohort_id=cohort_id, by=me(), now=clock.now())
    message = _("已加入 %(a)d 人，%(b)d 人因名额已满进入候补。", a=seated, b=waiting)
    if left:
        message += _("%(n)d 人此前已退出或被移出，没有加入；确需加入的请逐人添加。", n=left)
    return done(message, "staff.learners", run_id=run_id)


@blueprint.post("/runs/<int:run_id>/learners/decide")
@guard(Can.ENROLMENT_DECIDE, load=load_run, subject=catalogue.subject_of_run)
def decide_many(run: Run) -> Any:
    """One decision over everybody selected."""
    run_id, verb = run.id, request.form.get("verb", "")
    chosen = request.form.getlist("enrolment", type=whole)
    if not chosen:
        raise Refused(_("还没有选中学员。请先在名单中勾选。"))
    if verb not in ("approve", "reject", "withdraw"):
        raise NotFound(_("没有这项操作。"))
    with transaction():
        count = operations.decide(run=run, enrolment_ids=chosen, verb=verb, note=request.form.get("note", ""), by=me(), now=clock.now())
    return done(_("已处理 %(n)d 人；状态不符的没有改动。", n=count), "staff.learners", run_id=run_id, state=request.form.get("state") or None)
