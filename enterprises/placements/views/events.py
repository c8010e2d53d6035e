"""Pages of absences, interruptions, incidents and visits; an early end and a change of base; ratings."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from enterprises.permissions import Can
from enterprises.placements import forms, labels, operations, queries
from enterprises.placements.models import Placement, PlacementEvent
from enterprises.placements.types import EventKind, PlacementState, RaterSide
from enterprises.placements.views.shared import act, blueprint, load_placement, load_position, load_term, save
from trainhub.kernel import clock, paging
from trainhub.kernel.access import Subject, guard, may, who
from trainhub.kernel.errors import NotAllowed, NotFound
from trainhub.kernel.forms import given
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key


def _kinds(placement: Placement) -> list[EventKind]:
    """What the reader may report: the school everything, an enterprise and a mentor incidents, a student absences and incidents."""
    school = queries.subject_of_student_side(placement)
    if may(who(), Can.LOG_REVIEW, school):
        return list(EventKind)
    if may(who(), Can.PLACEMENT_OWN, school):
        return [EventKind.ABSENCE, EventKind.INCIDENT]
    return [EventKind.INCIDENT] if may(who(), Can.EVENT_REPORT, queries.subject_of_placement(placement)) else []


@blueprint.get("/events")
@guard(Can.EVENT_LIST)
def events_list() -> Any:
    """What happened in the placements the reader may see, what is open first."""
    number, size = paging.wanted()
    kind = request.args.get("kind", "")
    statement = queries.events_listing(who(), kind=EventKind(kind) if kind in set(EventKind) else None, only_open=bool(request.args.get("open")))
    page = paging.paginate(statement, number=number, size=size, scalars=False)
    readable = queries.readable_events(who(), [row[0].id for row in page.items])
    return render_template("enterprises/placements/events_list.html", page=page, readable=readable, labels=labels, asked=request.args.to_dict())


@blueprint.get("/<int:placement_id>/events")
@guard(Can.PLACEMENT_VIEW, load=load_placement, subject=queries.subject_of_placement)
def events(placement: Placement) -> Any:
    """What happened in one placement, with the forms of those who may report and decide."""
    form = forms.EventForm(formdata=None, since=clock.today())
    kinds = _kinds(placement) if placement.state is not PlacementState.WITHDRAWN else []
    rows = queries.events_of(placement.id)
    form.kind.choices = [(kind.value, labels.EVENT_KINDS[kind]) for kind in kinds]
    return render_template(
        "enterprises/placements/events.html",
        placement=placement,
        row=queries.placement_view(placement.id),
        events=rows,
        readable=queries.readable_events(who(), [row.id for row in rows]),
        planned={row.id for row in rows if operations.is_planned(row)},
        form=form,
        decides=may(who(), Can.EVENT_DECIDE, deciders(placement)),
        is_over=placement.state in (PlacementState.WITHDRAWN, PlacementState.FINISHED),
        is_mine=may(who(), Can.PLACEMENT_OWN, queries.subject_of_student_side(placement)),
        closes=may(who(), Can.EVENT_DECIDE, closers(placement)),
        outcome_form=forms.OutcomeForm(formdata=None),
        labels=labels,
    )


def deciders(placement: Placement) -> Subject:
    """School and mentor: who decides on absences."""
    school, mentor = queries.subject_of_student_side(placement), queries.subject_of_mentor_side(placement)
    return Subject.of(organisations=school.organisations, programmes=school.programmes, regions=school.regions, persons=mentor.persons)


def closers(placement: Placement) -> Subject:
    """The school alone: incidents and what a visit found may concern the mentor, and the student."""
    school = queries.subject_of_student_side(placement)
    return Subject.of(organisations=school.organisations, programmes=school.programmes, regions=school.regions)


def _do(placement: Placement, form: Any, said: str, work: Any) -> Any:
    def run() -> dict[str, Any]:
        work()
        return {"placement_id": placement.id}

    return act(form, said, "placements.events", run)


@blueprint.post("/<int:placement_id>/events")
@guard(Can.EVENT_REPORT, load=load_placement, subject=queries.subject_of_placement)
def report_event(placement: Placement) -> Any:
    """Report something; what the school reports of itself is settled at once when nothing is left to do."""
    form, kinds = forms.EventForm(), _kinds(placement)
    form.kind.choices = [(kind.value, label) for kind, label in labels.EVENT_KINDS.items()]

    def work() -> None:
        if form.kind.data not in kinds:
            raise NotAllowed(_("这类记录由学校登记。"))
        by_school = may(who(), Can.LOG_REVIEW, queries.subject_of_student_side(placement))
        away = form.kind.data in (EventKind.ABSENCE, EventKind.INTERRUPTION)
        operations.report_event(
            placement=placement,
            kind=form.kind.data,
            since=given(form.since.data),
            until=form.until.data or given(form.since.data),
            is_open_ended=bool(form.is_open_ended.data),
            text=form.text.data or "",
            outcome=form.outcome.data or "",
            is_settled=by_school and (away or (form.kind.data is EventKind.VISIT and bool(request.form.get("settled")))),
            by=who(),
            now=clock.now(),
        )

    return _do(placement, form, _("已登记。"), work)


def load_event(event_id: int) -> tuple[Placement, PlacementEvent]:
    """An event with its placement."""
    row = queries.event(event_id)
    if row is None:
        raise NotFound(_("没有这条记录。"))
    return load_placement(row.placement_id), row


@blueprint.post("/events/<int:event_id>/approve")
@guard(Can.EVENT_DECIDE, load=load_event, subject=lambda pair: deciders(pair[0]))
def approve_absence(pair: tuple[Placement, PlacementEvent]) -> Any:
    """Approve an absence."""
    placement, row = pair
    return _do(
        placement,
        forms.PlainForm(),
        _("已批准，学生收到通知。"),
        lambda: operations.decide_absence(event=row, placement=placement, is_approved=True, by=who(), now=clock.now()),
    )


@blueprint.post("/events/<int:event_id>/refuse")
@guard(Can.EVENT_DECIDE, load=load_event, subject=lambda pair: deciders(pair[0]))
def refuse_absence(pair: tuple[Placement, PlacementEvent]) -> Any:
    """Refuse an absence."""
    placement, row = pair
    form = forms.ReasonForm()
    return _do(
        placement,
        form,
        _("已回复学生。"),
        lambda: operations.decide_absence(
            event=row, placement=placement, is_approved=False, reason=form.reason.data or "", by=who(), now=clock.now()
        ),
    )


@blueprint.post("/events/<int:event_id>/shorten")
@guard(Can.EVENT_DECIDE, load=load_event, subject=lambda pair: deciders(pair[0]))
def shorten_leave(pair: tuple[Placement, PlacementEvent]) -> Any:
    """Let leave that was granted end sooner, or at all when nobody knew the end."""
    placement, row = pair
    form = forms.LeaveEndForm()
    return _do(
        placement,
        form,
        _("已登记最后一天，之后的日子可以登记，学生和指导教师收到通知。"),
        lambda: operations.end_leave(
            event=row, placement=placement, last=given(form.last.data), reason=form.reason.data or "", by=who(), now=clock.now()
        ),
    )


@blueprint.post("/events/<int:event_id>/revoke")
@guard(Can.EVENT_DECIDE, load=load_event, subject=lambda pair: deciders(pair[0]))
def revoke_leave(pair: tuple[Placement, PlacementEvent]) -> Any:
    """Withdraw leave that was granted by mistake."""
    placement, row = pair
    form = forms.ReasonForm()
    return _do(
        placement,
        form,
        _("已撤销，这些日子可以登记，学生和指导教师收到通知。"),
        lambda: operations.end_leave(event=row, placement=placement, last=None, reason=form.reason.data or "", by=who(), now=clock.now()),
    )


@blueprint.post("/events/<int:event_id>/cancel")
@guard(Can.PLACEMENT_OWN, load=load_event, subject=lambda pair: queries.subject_of_student_side(pair[0]))
def cancel_leave(pair: tuple[Placement, PlacementEvent]) -> Any:
    """The student takes back a request for leave."""
    placement, row = pair
    return _do(
        placement,
        forms.PlainForm(),
        _("已撤回申请。"),
        lambda: operations.take_back_request(event=row, placement=placement, by=who(), now=clock.now()),
    )


@blueprint.post("/events/<int:event_id>/close")
@guard(Can.EVENT_DECIDE, load=load_event, subject=lambda pair: closers(pair[0]))
def close_event(pair: tuple[Placement, PlacementEvent]) -> Any:
    """Say what was done, and close."""
    placement, row = pair
    form = forms.OutcomeForm()
    return _do(
        placement,
        form,
        _("已办结。"),
        lambda: operations.close_event(event=row, placement=placement, outcome=form.outcome.data or "", by=who(), now=clock.now()),
    )


@blueprint.post("/events/<int:event_id>/call-off")
@guard(Can.EVENT_DECIDE, load=load_event, subject=lambda pair: closers(pair[0]))
def call_off_visit(pair: tuple[Placement, PlacementEvent]) -> Any:
    """A visit that was planned does not take place."""
    placement, row = pair
    form = forms.ReasonForm()
    return _do(
        placement,
        form,
        _("走访已取消。") if placement.state is PlacementState.WITHDRAWN else _("走访已取消，学生和指导教师收到通知。"),
        lambda: operations.call_off_visit(event=row, placement=placement, reason=form.reason.data or "", by=who(), now=clock.now()),
    )


@blueprint.post("/events/<int:event_id>/share")
@guard(Can.EVENT_DECIDE, load=load_event, subject=lambda pair: closers(pair[0]))
def share_event(pair: tuple[Placement, PlacementEvent]) -> Any:
    """Show it to mentor and enterprise."""
    placement, row = pair
    return _do(
        placement,
        forms.PlainForm(),
        _("已告知企业：企业指导教师和企业可以看到这条记录。"),
        lambda: operations.share_event(event=row, placement=placement, by=who(), now=clock.now()),
    )


# -- early end, change of base, ratings ----------------------------------------------------------------------------------
@blueprint.post("/<int:placement_id>/end")
@guard(Can.PLACEMENT_ARRANGE, load=load_placement, subject=queries.subject_of_student_side)
def end_early(placement: Placement) -> Any:
    """The school ends a running placement early."""
    form = forms.EndForm()

    def run() -> dict[str, Any]:
        operations.end_early(
            placement=placement, on=given(form.on.data), reason=form.reason.data or "", today=clock.today(), by=who(), now=clock.now()
        )
        return {"placement_id": placement.id}

    return act(form, _("实习已提前结束，已确认的实习日仍然计入。"), "placements.show", run)


@blueprint.route("/<int:placement_id>/change", methods=["GET", "POST"])
@guard(Can.PLACEMENT_ARRANGE, load=load_placement, subject=queries.subject_of_student_side)
def change_base(placement: Placement) -> Any:
    """Go on elsewhere in the same term."""
    form = forms.ChangeForm()
    form.position_id.choices = queries.other_positions(placement)

    def work() -> dict[str, Any]:
        row = operations.change_base(
            placement=placement,
            position=load_position(form.position_id.data or 0),
            term=load_term(placement.term_id),
            since=given(form.since.data),
            reason=form.reason.data or "",
            today=clock.today(),
            by=who(),
            now=clock.now(),
        )
        return {"placement_id": row.id}

    return save(
        form,
        title=_("更换实习单位"),
        action=url_for("placements.change_base", placement_id=placement.id),
        back=url_for("placements.show", placement_id=placement.id),
        said=_("已更换单位：原安排到前一天为止，新的安排须重新办理手续。"),
        endpoint="placements.show",
        work=work,
        lead=_("已确认的实习日保留；只列出本学期还有席位的岗位。"),
    )


@blueprint.post("/<int:placement_id>/rate/<side>")
@guard(
    Can.PLACEMENT_VIEW,
    load=lambda placement_id, side: (load_placement(placement_id), side),
    subject=lambda pair: queries.subject_of_placement(pair[0]),
)
def rate(pair: tuple[Placement, str]) -> Any:
    """Rate the other side."""
    placement, side = pair
    if side not in set(RaterSide):
        raise NotFound(_("没有这种评价。"))
    wanted = RaterSide(side)
    own = may(who(), Can.PLACEMENT_OWN, queries.subject_of_student_side(placement))
    host = may(who(), Can.PLACEMENT_ENTERPRISE, queries.subject_of_enterprise(placement)) or may(
        who(), Can.PLACEMENT_MENTOR, queries.subject_of_mentor_side(placement)
    )
    if not (own if wanted is RaterSide.STUDENT else host):
        raise NotAllowed(_("学生评价基地，企业评价学生；你不是这一方。"))

    def run() -> dict[str, Any]:
        marks = {topic: int(value) for topic in labels.RATING_TOPICS[wanted] if is_key(value := request.form.get(f"mark_{topic}", ""))}
        operations.rate(
            placement=placement, side=wanted, marks=marks, comment=request.form.get("comment", ""), today=clock.today(), by=who(), now=clock.now()
        )
        return {"placement_id": placement.id}

    return act(forms.PlainForm(), _("评价已保存。"), "placements.show", run)
