"""Reviews and defences: who judges, the timetable, the secretary's record, and the desk of those who judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from flask import render_template, request, url_for

from enterprises.capstones import forms, labels, operations, queries, scheduling
from enterprises.capstones.impartiality import Office
from enterprises.capstones.models import Capstone, DefenceGroup, Review, Topic
from enterprises.capstones.queries.anonymous import anonymous_of
from enterprises.capstones.queries.defences import panels_of
from enterprises.capstones.queries.impartiality import bar_of
from enterprises.capstones.queries.judging import thirds_of
from enterprises.capstones.types import Action, ReviewKind, Verdict, WindowStage
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._support import (
    cohort_of,
    judge_chosen,
    load,
    load_group,
    load_review,
    on_page,
    review_subject,
    sent_thesis,
    stored,
    with_upload,
)
from enterprises.capstones.views.cohorts import Pair, load_cohort, subject
from enterprises.capstones.views.grading import against_third, third_subject, times
from enterprises.permissions import Can
from trainhub.kernel import clock, paging
from trainhub.kernel.access import Subject, guard, signed_in, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.fields import day_sent
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done
from trainhub.people import queries as people
from trainhub.people.models import Person
from trainhub.policy.book import book
from trainhub.programmes.models import Cohort, Programme


@blueprint.get("/tasks")
@signed_in
def tasks() -> Any:
    """What waits for who reviews, grades as a third, sits in a panel, keeps the record of a defence or is an expert of a spot check."""
    person_id = who().person_id or 0
    thirds = thirds_of(person_id, clock.today())
    idle = {row.id for row, _title, is_needed in thirds if not is_needed}
    asked, panels = queries.tasks_of(person_id), panels_of(person_id)
    found = {
        "reviews": asked["reviews"],
        "thirds": [(row, title) for row, title, _is_needed in thirds],
        "defences": asked["defences"],
        "panels": panels,
        "spots": queries.spot_tasks(person_id),
    }
    rows = [(kind, *(one if isinstance(one, tuple) else (one, ""))) for kind, many in found.items() for one in many]
    over = {group.id for group, is_open in panels if not is_open}
    done_by_kind = {"thirds": idle, "panels": over}
    open_first = sorted(rows, key=lambda one: getattr(one[1], "signed_at", None) is not None or one[1].id in done_by_kind.get(one[0], ()))
    return render_template(
        "enterprises/capstones/tasks.html", labels=labels, idle=idle, over=over, clock_of=scheduling.clock_of, page=paging.slice_wanted(open_first)
    )


# -- reviews ------------------------------------------------------------------------------------------------------------


@blueprint.route("/reviews/<int:review_id>", methods=["GET", "POST"])
@guard(Can.REVIEW_SIGN, load=load_review, subject=review_subject)
def review(row: Review) -> Any:
    """The thesis to read and the form to sign; a blind reviewer sees no name of the student, the supervisors or the enterprise."""
    form, key, status = forms.ReviewForm(), row.id, 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                with_upload(
                    form.file.data,
                    "capstone",
                    lambda file_id: operations.sign_review(
                        review=load_review(key),
                        score=form.score.data or 0,
                        verdict=Verdict(form.verdict.data),
                        comment=form.comment.data or "",
                        file_id=file_id,
                        **times(),
                    ),
                )
                return done(_("评阅意见已签名。"), "capstones.tasks")
            except Refused as refused:
                form.refuse(refused)
                status, row = refused.status, load_review(key)
    capstone = load(row.capstone_id)
    is_read = _is_read(capstone, row)
    html = render_template(
        "enterprises/capstones/review.html",
        review=row,
        capstone=capstone,
        has_thesis=is_read and (anonymous_of(capstone.id) if row.kind is ReviewKind.BLIND else capstone.thesis_file_id) is not None,
        topic=session().get_one(Topic, capstone.topic_id),
        row=queries.rows_of([capstone.id])[capstone.id] if row.kind is ReviewKind.CROSS and is_read else None,
        file=stored(row.file_id) if row.file_id is not None else None,
        form=form,
        against="" if form.is_submitted() else _against_review(capstone, row),
        labels=labels,
    )
    return html, status


def _is_read(capstone: Capstone, review: Review) -> bool:
    """Whether the thesis is its reviewer's to read: signed, or asked for still and nothing bars the reviewer."""
    if review.signed_at is not None:
        return True
    return review.cancelled_at is None and bar_of(capstone, review.person_id, Office.REVIEW) is None


def _against_review(capstone: Capstone, review: Review) -> str:
    """Why a review cannot be signed today; empty when nothing stands against it."""
    found = (
        operations.against_state(capstone, Action.REVIEW)
        or operations.against_window(capstone, WindowStage.REVIEW, clock.now())
        or operations.against_office(capstone, session().get_one(Person, review.person_id), Office.REVIEW)
        or (operations.against_blind(capstone) if review.kind is ReviewKind.BLIND else None)
    )
    return found.message if found is not None else ""


@blueprint.get("/reviews/<int:review_id>/thesis")
@guard(Can.REVIEW_SIGN, load=load_review, subject=review_subject)
def review_thesis(row: Review) -> Any:
    """The thesis for its reviewer, under a name that tells nothing; for a blind one the version without names, and nothing before it is there."""
    capstone = load(row.capstone_id)
    if not _is_read(capstone, row):
        raise NotFound(_("这项任务已不需要你办理，论文不再提供阅读。"))
    if row.kind is not ReviewKind.BLIND:
        return sent_thesis(capstone, capstone.thesis_file_id)
    if (refused := operations.against_blind(capstone)) is not None:
        raise NotFound(refused.message)
    return sent_thesis(capstone, anonymous_of(capstone.id))


@blueprint.get("/<int:capstone_id>/third-grade/thesis")
@guard(Can.REVIEW_SIGN, load=load, subject=third_subject)
def third_thesis(row: Capstone) -> Any:
    """The thesis for the third person: signed, or waited for still."""
    third = queries.third_of(row.id)
    assert third is not None
    if third.signed_at is None and against_third(row, third.person_id):
        raise NotFound(_("这项任务已不需要你办理，论文不再提供阅读。"))
    return sent_thesis(row, row.thesis_file_id)


@blueprint.post("/<int:capstone_id>/reviews")
@guard(Can.CAPSTONE_ASSIGN, load=load, subject=queries.subject_of)
def ask_review(row: Capstone) -> Any:
    """Ask somebody to review."""
    key = row.id

    def act() -> Any:
        person = judge_chosen(cohort_of(load(key)), "person_id")
        kind = next((k for k in ReviewKind if k.value == request.form.get("kind")), ReviewKind.BLIND)
        due_on = day_sent("due_on", clock.today())
        operations.ask_review(capstone=load(key), person=person, kind=kind, due_on=due_on, **times())
        here = {"page": request.args.get("page"), "size": request.args.get("size")}
        return partial(done, _("已送评阅，对方会收到通知。"), "capstones.judging", **_of(load(key)), **here)

    return on_page(act, _refused(**_of(row)))


@blueprint.post("/reviews/<int:review_id>/cancel")
@guard(Can.CAPSTONE_ASSIGN, load=load_review, subject=lambda row: queries.subject_of(load(row.capstone_id)))
def cancel_review(row: Review) -> Any:
    """Take a request back."""
    key, at = row.id, _of(load(row.capstone_id))

    def act() -> Any:
        operations.cancel_review(review=load_review(key), by=who(), now=clock.now())
        return partial(done, _("已撤回评阅。"), "capstones.judging", **at)

    return on_page(act, _refused(**at))


def _of(row: Capstone) -> dict[str, Any]:
    code, year = queries.cohort_key(row)
    return {"code": code, "year": year}


@blueprint.get("/cohorts/<code>/<int:year>/judging")
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def judging(pair: Pair) -> Any:
    """Reviews and defences of a cohort."""
    form = _group_form(pair)
    return _judging_page(pair, form)


def _group_form(pair: Pair, *, is_sent: bool = True) -> forms.GroupForm:
    form, (programme, of) = forms.GroupForm() if is_sent else forms.GroupForm(formdata=None), pair
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
    ahead = [(group, slots) for group, _members, slots in groups if group.on >= today]
    windows = queries.windows_of(of.id)
    reading, window, more = windows.get(WindowStage.REVIEW), windows.get(WindowStage.DEFENCE), queries.extensions_in(of.id, WindowStage.DEFENCE)
    shown = paging.slice_wanted(queries.judged_rows(of.id), at=url_for("capstones.judging", code=programme.code, year=of.year))
    html = render_template(
        "enterprises/capstones/judging.html",
        programme=programme,
        cohort=of,
        form=form,
        page=shown,
        for_others=_for_others(shown.items),
        groups=groups,
        secretaries=people.names_of({group.secretary_id for group in found}),
        ahead=bool(ahead),
        review_due=max(today, reading.closes_on) if reading is not None else today,
        crossable=operations.unread_originals(of.id, today),
        tellable=any(slots for _group, slots in ahead),
        defence_over=window if window is not None and max((window.closes_on, *more.values())) < today else None,
        away=_away(groups),
        secret=queries.confidential_among(capstone.id for _group, _members, slots in groups for _slot, capstone, *_rest in slots),
        people=queries.judge_choices(programme.university_id, of.id, today, signing=True),
        clock_of=scheduling.clock_of,
        labels=labels,
        today=today,
        most_similar=book().at("own.capstone.similarity_over_percent", on=today).number,
        problem=problem,
    )
    return html, status


def _for_others(rows: Sequence[Any]) -> set[int]:
    """The theses that a review fails and whose further reviewers are not the reader's to choose."""
    failed = [row.capstone.id for row in rows if any(one.verdict is Verdict.FAIL for one, _name in row.reviews)]
    return {key for key in failed if operations.against_own_grade(load(key), who(), field="person_id") is not None}


def _away(groups: list[tuple[Any, Any, Any]]) -> set[int]:
    """The capstones whose student is in a placement on the day of the defence: somebody has to let him come."""
    stays = queries.stays_of(student.id for _group, _members, slots in groups for _slot, _capstone, student, _person in slots)
    return {
        capstone.id
        for group, _members, slots in groups
        for _slot, capstone, student, _person in slots
        if any(stay.starts_on <= group.on <= stay.ends_on for stay in stays.get(student.id, ()))
    }


def _refused(code: str, year: int) -> Callable[[Refused], Any]:
    """What answers an act that was refused: the page, with an empty form of a new group."""

    def again(refused: Refused) -> Any:
        pair = load_cohort(code, year)
        return _judging_page(pair, _group_form(pair, is_sent=False), refused.status, refused.message)

    return again


@blueprint.post("/cohorts/<code>/<int:year>/judging/cross")
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def cross_reviews(pair: Pair) -> Any:
    """Let supervisors read each other's students."""
    (programme, of) = pair
    code, year, cohort_id = programme.code, of.year, of.id

    def act() -> Any:
        due_on = day_sent("due_on", clock.today())
        number = operations.ask_cross_reviews(cohort=session().get_one(Cohort, cohort_id), due_on=due_on, **times())
        return partial(done, _("已为 %(n)d 篇论文安排交叉评阅。", n=number), "capstones.judging", code=code, year=year)

    return on_page(act, _refused(code, year))


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


def _group_programme(row: DefenceGroup) -> Subject:
    return subject((session().get_one(Programme, row.programme_id), session().get_one(Cohort, row.cohort_id)))


@blueprint.post("/defences/<int:group_id>/drop")
@guard(Can.CAPSTONE_ASSIGN, load=load_group, subject=_group_programme)
def drop_group(row: DefenceGroup) -> Any:
    """Remove a group without records."""
    key = row.id
    code, year = session().get_one(Programme, row.programme_id).code, session().get_one(Cohort, row.cohort_id).year

    def act() -> Any:
        operations.drop_group(group=load_group(key), by=who(), now=clock.now())
        return partial(done, _("答辩组已删除。"), "capstones.judging", code=code, year=year)

    return on_page(act, _refused(code, year))


@blueprint.post("/defences/<int:group_id>/secretary")
@guard(Can.CAPSTONE_ASSIGN, load=load_group, subject=_group_programme)
def exchange_secretary(row: DefenceGroup) -> Any:
    """Let somebody else keep the record of a group."""
    key = row.id
    code, year = session().get_one(Programme, row.programme_id).code, session().get_one(Cohort, row.cohort_id).year

    def act() -> Any:
        person = judge_chosen(load_group(key).cohort_id, "secretary_id")
        operations.exchange_secretary(group=load_group(key), secretary=person, by=who(), now=clock.now())
        return partial(done, _("答辩秘书已更换。"), "capstones.judging", code=code, year=year)

    return on_page(act, _refused(code, year))


@blueprint.post("/cohorts/<code>/<int:year>/judging/timetable")
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def timetable(pair: Pair) -> Any:
    """Make the timetable, or tell everybody about it."""
    (programme, of) = pair
    code, year, cohort_id = programme.code, of.year, of.id

    def act() -> Any:
        cohort = session().get_one(Cohort, cohort_id)
        if request.form.get("publish"):
            operations.publish_timetable(cohort=cohort, by=who(), now=clock.now())
            return partial(done, _("答辩安排已公布，学生、答辩组和秘书会收到通知。"), "capstones.judging", code=code, year=year)
        found = operations.timetable(cohort=cohort, **times())
        said = _("已排 %(n)d 人，没有冲突。", n=len(found.placed))
        if found.left:
            said = _(
                "已排 %(n)d 人；%(left)d 人没有合适的组（每组都有须回避的人，或已排满），请增加答辩组。", n=len(found.placed), left=len(found.left)
            )
        if found.alike:
            said += _("另有 %(n)d 人的论文查重超过上限，或新稿还没有查重报告，重新查重后再排。", n=len(found.alike))
        return partial(done, said, "capstones.judging", code=code, year=year)

    return on_page(act, _refused(code, year))
