"""Reviews and defences: who judges, the timetable, the secretary's record, and the desk of those who judge."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from enterprises.capstones import forms, labels, operations, queries, scheduling
from enterprises.capstones.models import Capstone, DefenceGroup, DefenceSlot, Review, Topic
from enterprises.capstones.types import ReviewKind, Verdict
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._support import load, stored
from enterprises.capstones.views.cohorts import Pair, load_cohort, subject
from enterprises.capstones.views.grading import third_subject, times
from enterprises.permissions import Can
from trainhub.kernel import clock, downloads
from trainhub.kernel.access import Subject, guard, signed_in, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.sending import send
from trainhub.kernel.web import done
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort, Programme


@blueprint.get("/tasks")
@signed_in
def tasks() -> Any:
    """What waits for who reviews, grades as a third, keeps the record of a defence or is an expert of a spot check."""
    person_id = who().person_id or 0
    return render_template("enterprises/capstones/tasks.html", labels=labels, spots=queries.spot_tasks(person_id), **queries.tasks_of(person_id))


# -- reviews ------------------------------------------------------------------------------------------------------------


def load_review(review_id: int) -> Review:
    """The review of an address."""
    found = queries.review_by_id(review_id)
    if found is None:
        raise NotFound(_("没有这份评阅。"))
    return found


def review_subject(row: Review) -> Subject:
    """Only the reviewer."""
    return Subject.of(persons=(row.person_id,))


@blueprint.route("/reviews/<int:review_id>", methods=["GET", "POST"])
@guard(Can.REVIEW_SIGN, load=load_review, subject=review_subject)
def review(row: Review) -> Any:
    """The thesis to read and the form to sign; a blind reviewer sees no name of the student, the supervisors or the enterprise."""
    form, key, status = forms.ReviewForm(), row.id, 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                with transaction():
                    operations.sign_review(
                        review=load_review(key),
                        score=form.score.data or 0,
                        verdict=Verdict(form.verdict.data),
                        comment=form.comment.data or "",
                        **times(),
                    )
                return done(_("评阅意见已签名。"), "capstones.tasks")
            except Refused as refused:
                form.refuse(refused)
                status, row = refused.status, load_review(key)
    capstone = load(row.capstone_id)
    html = render_template(
        "enterprises/capstones/review.html",
        review=row,
        capstone=capstone,
        topic=session().get_one(Topic, capstone.topic_id),
        row=queries.rows_of([capstone.id])[capstone.id] if row.kind is ReviewKind.CROSS else None,
        form=form,
        labels=labels,
    )
    return html, status


def _thesis(row: Capstone) -> Any:
    if row.thesis_file_id is None:
        raise NotFound(_("学生还没有提交论文。"))
    file = stored(row.thesis_file_id)
    return downloads.named(send(file), f"thesis-{row.id}.{file.name.rpartition('.')[2]}", inline="download" not in request.args)


@blueprint.get("/reviews/<int:review_id>/thesis")
@guard(Can.REVIEW_SIGN, load=load_review, subject=review_subject)
def review_thesis(row: Review) -> Any:
    """The thesis for its reviewer, under a name that tells nothing."""
    return _thesis(load(row.capstone_id))


@blueprint.get("/<int:capstone_id>/third-grade/thesis")
@guard(Can.REVIEW_SIGN, load=load, subject=third_subject)
def third_thesis(row: Capstone) -> Any:
    """The thesis for the third person."""
    return _thesis(row)


@blueprint.post("/<int:capstone_id>/reviews")
@guard(Can.CAPSTONE_ASSIGN, load=load, subject=queries.subject_of)
def ask_review(row: Capstone) -> Any:
    """Ask somebody to review."""
    key = row.id
    with transaction():
        person = session().get(Person, request.form.get("person_id", 0, type=int))
        if person is None:
            raise NotFound(_("没有这个人。"))
        kind = next((k for k in ReviewKind if k.value == request.form.get("kind")), ReviewKind.BLIND)
        due_on = request.form.get("due_on", type=forms.as_date) or clock.today()
        operations.ask_review(capstone=load(key), person=person, kind=kind, due_on=due_on, **times())
    return done(_("已送评阅，对方会收到通知。"), "capstones.judging", **_of(load(key)))


@blueprint.post("/reviews/<int:review_id>/cancel")
@guard(Can.CAPSTONE_ASSIGN, load=load_review, subject=lambda row: queries.subject_of(load(row.capstone_id)))
def cancel_review(row: Review) -> Any:
    """Take a request back."""
    key = row.id
    with transaction():
        operations.cancel_review(review=load_review(key), by=who(), now=clock.now())
    return done(_("已撤回评阅。"), "capstones.judging", **_of(load(row.capstone_id)))


def _of(row: Capstone) -> dict[str, Any]:
    code, year = queries.cohort_key(row)
    return {"code": code, "year": year}


@blueprint.get("/cohorts/<code>/<int:year>/judging")
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def judging(pair: Pair) -> Any:
    """Reviews and defences of a cohort."""
    form = _group_form(pair)
    return _judging_page(pair, form)


def _group_form(pair: Pair) -> forms.GroupForm:
    form, (programme, of) = forms.GroupForm(), pair
    form.chair_id.choices = form.members.choices = queries.judge_choices(programme.university_id, of.id, clock.today())
    form.secretary_id.choices = queries.judge_choices(programme.university_id, of.id, clock.today(), signing=True)
    return form


def _judging_page(pair: Pair, form: forms.GroupForm, status: int = 200, problem: str = "") -> Any:
    programme, of = pair
    today = clock.today()
    found = queries.groups_of(of.id)
    ids = [group.id for group in found]
    panels, timetables = queries.members_of_groups(ids), queries.slots_of_groups(ids)
    groups = [(group, panels[group.id], timetables[group.id]) for group in found]
    html = render_template(
        "enterprises/capstones/judging.html",
        programme=programme,
        cohort=of,
        form=form,
        rows=queries.judged_rows(of.id),
        groups=groups,
        away=_away(groups),
        people=queries.judge_choices(programme.university_id, of.id, today, signing=True),
        clock_of=scheduling.clock_of,
        labels=labels,
        today=today,
        problem=problem,
    )
    return html, status


def _away(groups: list[tuple[Any, Any, Any]]) -> set[int]:
    """The capstones whose student is in a placement on the day of the defence: somebody has to let him come."""
    stays = queries.stays_of(student.id for _group, _members, slots in groups for _slot, _capstone, student, _person in slots)
    return {
        capstone.id
        for group, _members, slots in groups
        for _slot, capstone, student, _person in slots
        if any(stay.starts_on <= group.on <= stay.ends_on for stay in stays.get(student.id, ()))
    }


def _again(pair: Pair, form: forms.GroupForm, refused: Refused) -> Any:
    return _judging_page(load_cohort(pair[0].code, pair[1].year), form, refused.status, refused.message)


@blueprint.post("/cohorts/<code>/<int:year>/judging/cross")
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def cross_reviews(pair: Pair) -> Any:
    """Let supervisors read each other's students."""
    (programme, of) = pair
    code, year, cohort_id = programme.code, of.year, of.id
    due_on = request.form.get("due_on", type=forms.as_date) or clock.today()
    with transaction():
        number = operations.ask_cross_reviews(cohort=session().get_one(Cohort, cohort_id), due_on=due_on, **times())
    return done(_("已为 %(n)d 篇论文安排交叉评阅。", n=number), "capstones.judging", code=code, year=year)


@blueprint.post("/cohorts/<code>/<int:year>/judging/groups")
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def form_group(pair: Pair) -> Any:
    """Form a defence group."""
    form, (programme, of) = _group_form(pair), pair
    code, year, cohort_id = programme.code, of.year, of.id
    if not form.validate_on_submit() or form.on.data is None or form.starts_at.data is None:
        return _judging_page(pair, form, 422)
    try:
        with transaction():
            current = session()
            operations.form_group(
                cohort=current.get_one(Cohort, cohort_id),
                name=form.name.data or "",
                room=form.room.data or "",
                on=form.on.data,
                starts_minute=form.starts_at.data.hour * 60 + form.starts_at.data.minute,
                minutes_each=form.minutes_each.data or 30,
                chair=current.get_one(Person, form.chair_id.data),
                members=[current.get_one(Person, key) for key in form.members.data or ()],
                secretary=current.get_one(Person, form.secretary_id.data),
                by=who(),
                now=clock.now(),
            )
    except Refused as refused:
        form.refuse(refused)
        return _judging_page(load_cohort(code, year), form, refused.status)
    return done(_("答辩组已建立。"), "capstones.judging", code=code, year=year)


def load_group(group_id: int) -> DefenceGroup:
    """The defence group of an address."""
    found = queries.group_by_id(group_id)
    if found is None:
        raise NotFound(_("没有这个答辩组。"))
    return found


def _group_programme(row: DefenceGroup) -> Subject:
    return subject((session().get_one(Programme, row.programme_id), session().get_one(Cohort, row.cohort_id)))


@blueprint.post("/defences/<int:group_id>/drop")
@guard(Can.CAPSTONE_ASSIGN, load=load_group, subject=_group_programme)
def drop_group(row: DefenceGroup) -> Any:
    """Remove a group without records."""
    key = row.id
    code, year = session().get_one(Programme, row.programme_id).code, session().get_one(Cohort, row.cohort_id).year
    with transaction():
        operations.drop_group(group=load_group(key), by=who(), now=clock.now())
    return done(_("答辩组已删除。"), "capstones.judging", code=code, year=year)


@blueprint.post("/cohorts/<code>/<int:year>/judging/timetable")
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def timetable(pair: Pair) -> Any:
    """Make the timetable, or tell everybody about it."""
    (programme, of) = pair
    code, year, cohort_id = programme.code, of.year, of.id
    try:
        with transaction():
            cohort = session().get_one(Cohort, cohort_id)
            if request.form.get("publish"):
                operations.publish_timetable(cohort=cohort, by=who(), now=clock.now())
                return done(_("答辩安排已公布，学生、答辩组和秘书会收到通知。"), "capstones.judging", code=code, year=year)
            found = operations.timetable(cohort=cohort, **times())
    except Refused as refused:
        pair = load_cohort(code, year)
        return _again(pair, _group_form(pair), refused)
    if found.left:
        return done(
            _("已排 %(n)d 人；%(left)d 人没有合适的组（每组都有须回避的人，或已排满），请增加答辩组。", n=len(found.placed), left=len(found.left)),
            "capstones.judging", code=code, year=year,
        )  # fmt: skip
    return done(_("已排 %(n)d 人，没有冲突。", n=len(found.placed)), "capstones.judging", code=code, year=year)


def _secretary(row: DefenceGroup) -> Subject:
    return Subject.of(persons=(row.secretary_id,))


@blueprint.get("/defences/<int:group_id>")
@guard(Can.REVIEW_SIGN, load=load_group, subject=_secretary)
def defence(row: DefenceGroup) -> Any:
    """The secretary's page of a group."""
    return _defence_page(row)


def _defence_page(row: DefenceGroup, problem: str = "", status: int = 200) -> Any:
    slots = queries.slots_of_group(row.id)
    html = render_template(
        "enterprises/capstones/defence.html",
        group=row,
        members=queries.members_of_group(row.id),
        slots=slots,
        titles={capstone.id: queries.title_of(capstone) for _slot, capstone, _student, _person in slots},
        clock_of=scheduling.clock_of,
        labels=labels,
        today=clock.today(),
        problem=problem,
    )
    return html, status


def load_slot(slot_id: int) -> DefenceSlot:
    """The place of an address."""
    found = queries.slot_by_id(slot_id)
    if found is None:
        raise NotFound(_("没有这个答辩安排。"))
    return found


@blueprint.post("/defences/slots/<int:slot_id>")
@guard(Can.REVIEW_SIGN, load=load_slot, subject=lambda row: _secretary(load_group(row.group_id)))
def record_defence(row: DefenceSlot) -> Any:
    """The secretary's record of one student."""
    key, group_id = row.id, row.group_id
    panel = [member.person_id for member, _name in queries.members_of_group(group_id)]
    scores = {person: value for person in panel if (value := request.form.get(f"score-{person}", type=int)) is not None}
    verdict = next((v for v in Verdict if v.value == request.form.get("verdict")), None)
    try:
        with transaction():
            if verdict is None:
                raise Refused(_("请选择答辩结论。"), field="verdict")
            operations.record_defence(slot=load_slot(key), scores=scores, questions=request.form.get("questions", ""), verdict=verdict, **times())
    except Refused as refused:
        return _defence_page(load_group(group_id), refused.message, refused.status)
    return done(_("答辩记录已签名。"), "capstones.defence", group_id=group_id)
