"""Pages of placements for schools and enterprises: the list, one placement with its checklist, and its buttons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

from flask import render_template, request

from enterprises.mentors import proving
from enterprises.mentors import queries as mentors
from enterprises.mentors.address_queries import asks_code
from enterprises.permissions import Can
from enterprises.placements import forms, labels, operations, queries
from enterprises.placements.checklist import checklist
from enterprises.placements.models import MentorLink, Placement
from enterprises.placements.queries.absent import of_late_starts
from enterprises.placements.queries.waiting import of_left_undone
from enterprises.placements.types import PaperKind, PlacementState, RaterSide, WithdrawalSide
from enterprises.placements.views.papers import keep_paper, paper_form
from enterprises.placements.views.shared import act, blueprint, load_placement
from trainhub.certificates.models import Certificate
from trainhub.certificates.operations import why_it_waits
from trainhub.identity import queries as identities
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import Subject, guard, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.forms import given
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.policy.book import book


def both_sides(row: Placement) -> Subject:
    """School and enterprise: for what either arranges."""
    school, enterprise = queries.subject_of_student_side(row), queries.at_enterprise(row)
    return Subject.of(organisations=(*school.organisations, *enterprise.organisations), programmes=school.programmes, regions=school.regions)


def _needs_link(placement: Placement) -> bool:
    """Whether the mentor has no account to confirm with."""
    person_id = queries.person_of_mentor(placement.mentor_id)
    return person_id is not None and not identities.accounts_of_persons({person_id})


COLUMNS = (
    Column("student_no", "学号"),
    Column("name", "姓名"),
    Column("programme", "专业"),
    Column("enterprise", "企业"),
    Column("position", "岗位"),
    Column("term", "学期"),
    Column("starts_on", "开始日期"),
    Column("ends_on", "结束日期"),
    Column("mentor", "企业指导教师"),
    Column("status", "状态"),
)


def _due() -> date:
    """Days logged up to then should have been confirmed by today (own.placement.confirm_due_days)."""
    today = clock.today()
    return today - timedelta(days=book().at("own.placement.confirm_due_days", on=today).number)


def _statement() -> Any:
    state = request.args.get("state", "")
    listed: Any = queries.of_absent_students if state == "absent" else queries.listing
    listed = partial(of_late_starts, on=clock.today()) if state == "late" else listed
    listed = partial(of_left_undone, on=clock.today()) if state == "undone" else listed
    return listed(
        who(),
        text=request.args.get("q", "")[:100],
        state=PlacementState(state) if state in set(PlacementState) else None,
        without_mentor=bool(request.args.get("no_mentor")),
        only_going=state == "going",
        unconfirmed_up_to=_due() if request.args.get("overdue") else None,
        over_on=clock.today() if state == "over" else None,
        sort=request.args.get("sort", ""),
    )


@blueprint.get("/export.<form>")
@guard(Can.PLACEMENT_LIST)
def export(form: str) -> Any:
    """The list as it is filtered and sorted, as a file."""
    rows = (
        (
            r.student_no,
            r.student,
            r.programme,
            r.enterprise,
            r.position,
            r.term,
            r.starts_on,
            r.ends_on,
            r.mentor,
            str(labels.PLACEMENT_STATES[r.state]),
        )
        for r in session().execute(_statement())
    )
    return downloads.table(rows, COLUMNS, name=_("实习学生"), form=form, codes=["student_no"])


@blueprint.get("/")
@guard(Can.PLACEMENT_LIST)
def index() -> Any:
    """The placements the reader may see."""
    number, size = paging.wanted()
    page = paging.paginate(_statement(), number=number, size=size, scalars=False)
    return render_template("enterprises/placements/index.html", page=page, labels=labels, asked=request.args.to_dict())


def _links_with_code(placement: Placement) -> list[MentorLink]:
    """The links of the mentor that wait for a code of the student's school."""
    if placement.mentor_id is None:
        return []
    person_id = queries.mentor_person(placement.mentor_id).id
    found = queries.handed_links(placement.mentor_id, queries.student(placement.student_id).university_id, clock.now())
    return [link for link in found if asks_code(link, person_id)]


@blueprint.get("/<int:placement_id>")
@guard(Can.PLACEMENT_VIEW, load=load_placement, subject=queries.subject_of_placement)
def show(placement: Placement) -> Any:
    """One placement: where, with whom, what is missing before the start, days, grade."""
    today, identity = clock.today(), who()
    own, school = queries.subject_of_student_side(placement), queries.subject_of_student_side(placement)
    arranges, hosts = may(identity, Can.PLACEMENT_ARRANGE, school), may(identity, Can.PLACEMENT_HOST, queries.at_enterprise(placement))
    speaks = may(identity, Can.PLACEMENT_ENTERPRISE, queries.subject_of_enterprise(placement))
    is_mine = may(identity, Can.PLACEMENT_OWN, own)
    guides = may(identity, Can.PLACEMENT_MENTOR, queries.subject_of_mentor_side(placement))
    mentor_form = forms.MentorForm(formdata=None)
    pool = mentors.choices(placement.enterprise_id, operations.guided_from(placement, today)) if arranges or hosts else []
    loads = queries.loads_of_mentors([key for key, _name in pool], placement.starts_on, placement.ends_on, today=today)
    most = book().at("own.placement.students_per_mentor_max", on=today).number
    mentor_form.mentor_id.choices = [
        (key, _("%(name)s（已指导 %(n)d 人，偏多）", name=name, n=n) if n >= most else _("%(name)s（已指导 %(n)d 人）", name=name, n=n))
        for key, name in pool
        for n in (loads.get(key, 0),)
    ]
    if placement.mentor_id:
        mentor_form.mentor_id.data = placement.mentor_id
    guide = mentors.by_id(placement.mentor_id) if placement.mentor_id else None
    entries, events = queries.entries_of(placement.id), queries.events_of(placement.id)
    can_link = (arranges or hosts) and operations.has_work(placement) and _needs_link(placement)
    made = operations.certificate_of(placement) if placement.state in (PlacementState.FINISHED, PlacementState.WITHDRAWN) else None
    return render_template(
        "enterprises/placements/show.html",
        placement=placement,
        row=queries.placement_view(placement.id),
        findings=checklist(placement, today=today) if placement.state in (PlacementState.PLANNED, PlacementState.ACCEPTED) else [],
        late=operations.late_papers(placement) if placement.state in (PlacementState.PLANNED, PlacementState.ACCEPTED) else placement.counts_from,
        is_on_campus=placement.state in queries.GOING and queries.ground_of(placement).is_on_campus(today),
        gone=queries.gone_hosts([placement]).get(placement.id),
        unit=organisations.by_id(placement.base_id or placement.enterprise_id),
        signed=queries.signed_all(placement.id),
        texts=len(queries.text_rows(placement.id)),
        events=events,
        readable=queries.readable_events(identity, [row.id for row in events[:4]]),
        counts={state: sum(entry.state is state for entry in entries) for state in labels.DAY_STATES},
        logs=queries.logs_of([placement.id]),
        arranges=arranges,
        hosts=hosts,
        is_mine=is_mine,
        guides=guides,
        may_grade=guides and operations.may_be_graded(placement),
        mentor_form=mentor_form,
        takes_mentor=operations.takes_mentor(placement),
        mentor_until=guide.until if guide is not None else None,
        insurance_form=forms.InsuranceForm(
            formdata=None,
            insurance_no=placement.insurance_no,
            insured_from=placement.insured_from or placement.starts_on,
            insured_until=placement.insured_until or placement.ends_on,
        ).apart("insurance"),
        papers=queries.papers_with_files(placement.id),
        paper_form=paper_form(placement),
        safety_form=forms.SafetyForm(formdata=None, safety_trained_on=placement.safety_trained_on).apart("safety"),
        withdraw_form=forms.WithdrawForm(formdata=None).apart("withdraw"),
        grade_form=forms.GradeForm(
            formdata=None,
            score=None if placement.mentor_score_x10 is None else placement.mentor_score_x10 / 10,
            comment=placement.mentor_comment,
            version=placement.version,
        ),
        ratings=queries.ratings_of(placement.id),
        rates=[
            side
            for side, may_rate in ((RaterSide.STUDENT, is_mine), (RaterSide.ENTERPRISE, guides or speaks))
            if may_rate and operations.may_be_rated(placement, today)
        ],
        own_sides=[side for side, is_own in ((RaterSide.STUDENT, is_mine), (RaterSide.ENTERPRISE, guides or speaks)) if is_own],
        can_link=can_link,
        handed_links=_links_with_code(placement) if can_link else [],
        tries=proving.TRIES,
        end_form=forms.EndForm(formdata=None).apart("end"),
        labels=labels,
        States=PlacementState,
        certificate=made,
        waits=why_it_waits(made) if made is not None else "",
        today=today,
        still_due=operations.still_due(placement, today)
        if hosts and not arranges and placement.state is PlacementState.STARTED and today > placement.ends_on
        else 0,
        unlogged=queries.unlogged_days(placement) if placement.state is PlacementState.STARTED and today > placement.ends_on else 0,
    )


def _do(placement: Placement, form: Any, said: str, work: Callable[[], Any], *, paper: PaperKind | None = None) -> Any:
    def run() -> dict[str, Any]:
        work()
        if paper is not None:
            keep_paper(placement, paper, form.file.data)
        return {"placement_id": placement.id}

    return act(form, said, "placements.show", run)


@blueprint.post("/<int:placement_id>/accept")
@guard(Can.PLACEMENT_OWN, load=load_placement, subject=queries.subject_of_student_side)
def accept(placement: Placement) -> Any:
    """The student accepts."""
    return _do(placement, forms.PlainForm(), _("已确认安排。"), lambda: operations.accept_placement(placement=placement, by=who(), now=clock.now()))


@blueprint.post("/<int:placement_id>/withdraw")
@guard(Can.PLACEMENT_ARRANGE, load=load_placement, subject=queries.subject_of_student_side)
def withdraw(placement: Placement) -> Any:
    """The school takes a placement back."""
    form = forms.WithdrawForm()
    stays = form.side.data is not WithdrawalSide.ENTERPRISE or bool(form.is_seat_open.data)
    return _do(
        placement,
        form,
        _("已撤销，席位已释放。") if stays else _("已撤销，席位一并收回。企业可在岗位中重新增加席位。"),
        lambda: operations.withdraw_placement(
            placement=placement, reason=form.reason.data or "", side=form.side.data, is_seat_open=stays, by=who(), now=clock.now()
        ),
    )


@blueprint.post("/<int:placement_id>/decline")
@guard(Can.PLACEMENT_OWN, load=load_placement, subject=queries.subject_of_student_side)
def decline(placement: Placement) -> Any:
    """The student gives the place up before it begins; the school is told."""
    form = forms.ReasonForm()
    return _do(
        placement,
        form,
        _("已退出这项安排，席位已释放，学校会收到通知。"),
        lambda: operations.decline_placement(placement=placement, reason=form.reason.data or "", by=who(), now=clock.now()),
    )


@blueprint.post("/<int:placement_id>/insurance")
@guard(Can.PLACEMENT_ARRANGE, load=load_placement, subject=queries.subject_of_student_side)
def insurance(placement: Placement) -> Any:
    """Note the insurance."""
    form = forms.InsuranceForm()
    return _do(
        placement,
        form,
        _("已登记保险。"),
        lambda: operations.record_insurance(
            placement=placement,
            policy_no=form.insurance_no.data or "",
            since=given(form.insured_from.data),
            until=given(form.insured_until.data),
            is_charged=bool(form.is_charged.data),
            follows=bool(form.follows.data),
            by=who(),
            now=clock.now(),
        ),
        paper=PaperKind.INSURANCE,
    )


@blueprint.post("/<int:placement_id>/safety")
@guard(Can.PLACEMENT_RUN, load=load_placement, subject=both_sides)
def safety(placement: Placement) -> Any:
    """Note the safety training."""
    form = forms.SafetyForm()
    return _do(
        placement,
        form,
        _("已登记安全教育。"),
        lambda: operations.record_safety(
            placement=placement, trained_on=given(form.safety_trained_on.data), has_record=bool(form.file.data), by=who(), now=clock.now()
        ),
        paper=PaperKind.SAFETY,
    )


@blueprint.post("/<int:placement_id>/mentor")
@guard(Can.PLACEMENT_RUN, load=load_placement, subject=both_sides)
def assign_mentor(placement: Placement) -> Any:
    """Give the student a mentor."""
    form = forms.MentorForm()
    form.mentor_id.choices = mentors.choices(placement.enterprise_id, operations.guided_from(placement, clock.today()))

    def work() -> None:
        mentor = mentors.by_id(form.mentor_id.data or 0)
        if mentor is None:
            raise NotFound(_("没有这位企业指导教师。"))
        operations.assign_mentor(placement=placement, mentor=mentor, by=who(), now=clock.now())

    return _do(placement, form, _("已安排企业指导教师。"), work)


@blueprint.post("/<int:placement_id>/start")
@guard(Can.PLACEMENT_RUN, load=load_placement, subject=both_sides)
def start(placement: Placement) -> Any:
    """Begin, when the checklist is complete."""
    late = operations.late_papers(placement)
    return _do(
        placement,
        forms.PlainForm(),
        _("实习已开始。") if late is None else _("实习已开始。三方协议和安全教育到 %(day)s 才齐备，此前的日子不计入。", day=late),
        lambda: operations.start_placement(placement=placement, today=clock.today(), by=who(), now=clock.now()),
    )


@blueprint.post("/<int:placement_id>/grade")
@guard(Can.PLACEMENT_MENTOR, load=load_placement, subject=queries.subject_of_mentor_side)
def grade(placement: Placement) -> Any:
    """The mentor grades."""
    form = forms.GradeForm()
    return _do(
        placement,
        form,
        _("成绩已保存。"),
        lambda: operations.grade_placement(
            placement=placement,
            score_x10=int((form.score.data or 0) * 10),
            comment=form.comment.data or "",
            version=form.version.data,
            today=clock.today(),
            by=who(),
            now=clock.now(),
        ),
    )


@blueprint.post("/<int:placement_id>/finish")
@guard(Can.PLACEMENT_RUN, load=load_placement, subject=both_sides)
def finish(placement: Placement) -> Any:
    """End a placement."""
    return _do(
        placement,
        forms.PlainForm(),
        _("实习已结束，已计入学生档案。"),
        lambda: operations.finish_placement(
            placement=placement,
            today=clock.today(),
            by=who(),
            now=clock.now(),
            by_host=not may(who(), Can.PLACEMENT_ARRANGE, queries.subject_of_student_side(placement)),
        ),
    )


@blueprint.post("/<int:placement_id>/reopen")
@guard(Can.PLACEMENT_ARRANGE, load=load_placement, subject=queries.subject_of_student_side)
def reopen(placement: Placement) -> Any:
    """The school lets a placement that was ended too soon go on."""
    form = forms.ReasonForm()
    return _do(
        placement,
        form,
        _("实习已重新打开，可以补登和确认实习日；完成后请再次结束。"),
        lambda: operations.reopen_placement(placement=placement, reason=form.reason.data or "", today=clock.today(), by=who(), now=clock.now()),
    )


@blueprint.post("/<int:placement_id>/certificate")
@guard(Can.PLACEMENT_RUN, load=load_placement, subject=both_sides)
def certificate(placement: Placement) -> Any:
    """Ask for the certificate of a placement that ended without one."""
    key = placement.id
    with transaction():
        made = operations.issue_certificate(placement=load_placement(key), by=who(), today=clock.today(), now=clock.now())
    return done(
        _issued_told(made),
        "placements.show",
        placement_id=key,
    )


def _issued_told(made: Certificate | None) -> str:
    if made is None:
        return _("没有计入的实习日，或成绩未达到合格线，没有签发企业学习证明。")
    return why_it_waits(made) or _("证书已签发。")
