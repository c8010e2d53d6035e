"""What students see: my placements, choosing, days of a week, my weeks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import make_response, redirect, render_template, request, url_for

from enterprises.permissions import Can
from enterprises.placements import forms, labels, lawful, operations, queries, rules
from enterprises.placements.models import Placement, Round
from enterprises.placements.types import DayProblem, DayState, LogTag, PlacementState, RoundState
from enterprises.placements.views.shared import act, blueprint, day_of, load_placement, load_round, load_student, my_student
from trainhub.kernel import clock
from trainhub.kernel.access import Role, Subject, guard, may, signed_in, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key, keys_of
from trainhub.kernel.web import done
from trainhub.ledger import labels as ledger_labels
from trainhub.ledger import queries as ledger
from trainhub.ledger.holidays import queries as holiday_days
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.policy.book import book

AGAINST = (DayProblem.SUSPENDED, DayProblem.LEFT)
"""What the school may enter after days were confirmed."""


@blueprint.get("/home")
@signed_in
def home() -> Any:
    """Where each role begins."""
    if who().has(Role.STUDENT):
        return redirect(url_for("placements.mine"), 303)
    if who().has(Role.MENTOR):
        return redirect(url_for("placements.confirm"), 303)
    return redirect(url_for("placements.index"), 303)


@blueprint.get("/mine")
@signed_in
def mine() -> Any:
    """A student's rounds, placements and weeks."""
    student, today = my_student(), clock.today()
    total, is_petoe = ledger.weeks_of(student.id), people.is_petoe(student, today)
    chosen = [(row, len(queries.preferences_of(row.id, student.id))) for row in queries.open_rounds_of_student(student)]
    rows = queries.of_student(student.id)
    return render_template(
        "enterprises/placements/mine.html",
        student=student,
        rounds=[
            (row, is_petoe and rules.is_open(row.opens_on, row.closes_on, today) and row.state is RoundState.OPEN, count)
            for row, count in chosen
            if is_petoe or count
        ],
        rows=rows,
        outlook=queries.progress_of_student(student.id, on=today),
        current=next((row for row in rows if row.state is PlacementState.STARTED), None),
        total=total,
        required=book().at("own.weeks.days_required", on=today),
        weeks=book().at("petoe.enterprise_weeks", on=today),
        labels=labels,
        States=PlacementState,
        today=today,
    )


# -- choosing -----------------------------------------------------------------------------------------------------------
def load_choice(round_id: int) -> tuple[Round, Student]:
    """A round and the reader as a student of its cohort."""
    round, student = load_round(round_id), my_student()
    if round.cohort_id != student.cohort_id or round.state is RoundState.DRAFT:
        raise NotFound(_("没有面向你的这个轮次。"))
    return round, student


@blueprint.route("/rounds/<int:round_id>/preferences", methods=["GET", "POST"])
@guard(Can.PREFERENCE_OWN, load=load_choice, subject=lambda pair: Subject.of(persons=(pair[1].person_id,)))
def preferences(pair: tuple[Round, Student]) -> Any:
    """The ranked list of a student; every button saves it, until the deadline."""
    round, student = pair
    problem: Refused | None = None
    form = forms.PlainForm()
    if form.validate_on_submit():
        try:
            with transaction():
                operations.save_preferences(round=round, student=student, position_ids=_ordered(), shown=_shown(), by=who(), now=clock.now())
                key = round.id
            return done(_("志愿已保存，截止前可以反复修改。"), "placements.preferences", round_id=key)
        except Refused as refused:
            problem = refused
    choices = lawful.choices(round, student)
    chosen = [row.position_id for row in queries.preferences_of(round.id, student.id)]
    is_for_me = people.is_petoe(student, clock.today())
    page = render_template(
        "enterprises/placements/preferences.html",
        round=round,
        terms=queries.terms_by_ids(round.term_ids),
        chosen=chosen,
        mine=lawful.wishes(round, chosen, choices),
        others=[choice for choice in choices if choice.position_id not in chosen],
        clashing=queries.clashing_terms(round, student),
        bar_words=labels.BARS,
        is_for_me=is_for_me,
        priority=queries.priorities_of(round.id).get(student.id),
        is_open=is_for_me and round.state is RoundState.OPEN and rules.is_open(round.opens_on, round.closes_on, clock.today()),
        problem=problem,
        form=form,
    )
    return page, 422 if problem else 200


def _shown() -> list[int] | None:
    """The stored list when the page was drawn; None: it does not say."""
    said = request.form.get("shown")
    return None if said is None else keys_of(said.split())


def _ordered() -> list[int]:
    """The list as sent, after the button that was pressed: add, up, down or drop."""
    found = keys_of(request.form.getlist("position"))
    for name in ("add", "up", "down", "drop"):
        value = request.form.get(name, "")
        if not is_key(value):
            continue
        key = int(value)
        if name == "add":
            found.append(key)
        elif key in found:
            at = found.index(key)
            found.remove(key)
            if name != "drop":
                found.insert(max(0, at - 1) if name == "up" else at + 1, key)
    return found


# -- days ---------------------------------------------------------------------------------------------------------------
@blueprint.get("/<int:placement_id>/days")
@guard(Can.PLACEMENT_VIEW, load=load_placement, subject=queries.subject_of_placement)
def days(placement: Placement) -> Any:
    """One week of a placement: ticks and notes, and the weekly log."""
    return _week_page(placement, day_of("week", _default_day(placement)))


def _default_day(placement: Placement) -> date:
    return min(max(clock.today(), placement.starts_on), placement.ends_on)


def _week_page(placement: Placement, day: date, log_form: Any = None, problem: Refused | None = None) -> Any:
    today = clock.today()
    week = rules.week_of(day)
    entries = {entry.on: entry for entry in queries.entries_between(placement.id, week[0], week[-1])}
    year, number, _weekday = day.isocalendar()
    log = queries.weekly_log(placement.id, year, number)
    if log_form is None:
        log_form = forms.LogForm(
            formdata=None, text=log.text if log else "", tags=[LogTag(tag) for tag in log.tags] if log else [], version=log.version if log else 0
        )
    span = (placement.starts_on, placement.ends_on)
    away, ground = queries.absences_of(placement.id), queries.ground_of(placement)
    student_side = queries.subject_of_student_side(placement)
    is_mine = who().person_id == queries.person_of_student(placement.student_id)
    returned = {entry.on for entry in queries.returned(placement, entries.values())}
    problems = {
        one: rules.day_problem(one, span=span, state=placement.state, today=today, away=away, ground=ground, is_returned=one in returned)
        for one in week
    }
    # After the end only what was sent back or corrected is put right.
    writes = is_mine and (placement.state is PlacementState.STARTED or bool(returned))
    page = render_template(
        "enterprises/placements/week.html",
        placement=placement,
        row=queries.placement_view(placement.id),
        week=week,
        name=f"{year}-W{number:02d}",
        entries=entries,
        holidays=holiday_days.standing(week),
        HOLIDAYS=ledger_labels.HOLIDAY_KINDS,
        problems=problems,
        against={
            one: found
            for one, entry in entries.items()
            if entry.state is DayState.APPROVED and (found := rules.ground_problem(one, ground)) in AGAINST
        },
        writes=writes,
        is_mine=is_mine,
        before=week[0] - timedelta(days=7) if week[0] > placement.starts_on else None,
        after=week[-1] + timedelta(days=1) if week[-1] < placement.ends_on else None,
        log=log,
        log_form=log_form,
        labels=labels,
        States=DayState,
        problem=problem,
        can=Can,
        subject=student_side,
        notes=queries.notes_of([log.id]).get(log.id, []) if log else [],
        photos=queries.photos_between(placement.id, week[0], week[-1]),
        guides=may(who(), Can.PLACEMENT_MENTOR, queries.subject_of_mentor_side(placement)),
        reviews=may(who(), Can.LOG_REVIEW, student_side),
        has_place=queries.base_place(placement.base_id) is not None and today in week,
        today=today,
    )
    answer = make_response(page, 422 if problem or log_form.errors else 200)
    answer.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(self)"
    return answer


@blueprint.post("/<int:placement_id>/days")
@guard(Can.PLACEMENT_OWN, load=load_placement, subject=queries.subject_of_student_side)
def log_days(placement: Placement) -> Any:
    """Save the ticked days of a week; saving twice changes nothing."""
    day = day_of("week", _default_day(placement))
    week = rules.week_of(day)
    wanted = {one: request.form.get(f"note_{one.isoformat()}", "")[:1000] for one in week if request.form.get(f"day_{one.isoformat()}")}
    versions = {one: request.form.get(f"shown_{one.isoformat()}", "") for one in week}
    shown = {one: int(text) for one, text in versions.items() if text == "0" or is_key(text)}
    try:
        with transaction():
            added, taken_back = operations.log_week(
                placement=placement, days=wanted, week=week, shown=shown, today=clock.today(), by=who(), now=clock.now()
            )
            unchecked = _check_place(placement)
            key = placement.id
        said = _("已保存：新登记 %(a)d 天，撤回 %(b)d 天。", a=added, b=taken_back) if added or taken_back else _("已保存。")
        return done(" ".join(filter(None, (said, unchecked))), "placements.days", placement_id=key, week=day.isoformat())
    except Refused as refused:
        return _week_page(placement, day, problem=refused)


@blueprint.post("/<int:placement_id>/days/take-back")
@guard(Can.PLACEMENT_OWN, load=load_placement, subject=queries.subject_of_student_side)
def take_back_day(placement: Placement) -> Any:
    """Take a waiting day back that has no box any more."""
    try:
        day = date.fromisoformat(request.form.get("day", ""))
    except ValueError as wrong:
        raise Refused(_("请重新打开页面后再提交。"), field="day") from wrong

    def work() -> dict[str, Any]:
        operations.take_back_day(placement=placement, on=day, by=who(), now=clock.now())
        return {"placement_id": placement.id, "week": day.isoformat()}

    return act(forms.PlainForm(), _("已撤回，这一天不再等待确认。"), "placements.days", work)


def _check_place(placement: Placement) -> str:
    """Note the distance to the base when the student agreed and the browser sent a place with today's day, which still waits; why it
    was not checked. The days are saved all the same."""
    entry = queries.day_entry(placement.id, clock.today())
    if entry is None or entry.state is DayState.APPROVED or not request.form.get("place_agreed"):
        return ""
    try:
        latitude, longitude = float(request.form.get("latitude", "")), float(request.form.get("longitude", ""))
        operations.check_place(entry=entry, placement=placement, latitude=latitude, longitude=longitude, by=who(), now=clock.now())
    except (ValueError, Refused):
        return _("没有取得有效的位置，到岗位置没有核对。")
    return ""


@blueprint.post("/<int:placement_id>/log")
@guard(Can.PLACEMENT_OWN, load=load_placement, subject=queries.subject_of_student_side)
def save_log(placement: Placement) -> Any:
    """Save the weekly log."""
    day, form = day_of("week", _default_day(placement)), forms.LogForm()
    if form.validate_on_submit():
        try:
            with transaction():
                operations.save_weekly_log(
                    placement=placement,
                    on=day,
                    text=form.text.data or "",
                    tags=form.tags.data or [],
                    version=form.version.data,
                    today=clock.today(),
                    by=who(),
                    now=clock.now(),
                )
                key = placement.id
            return done(_("周志已保存。"), "placements.days", placement_id=key, week=day.isoformat())
        except Refused as refused:
            form.refuse(refused)
            return _week_page(placement, day, log_form=form, problem=refused)
    return _week_page(placement, day, log_form=form)


def load_entry(entry_id: int) -> tuple[Any, Placement]:
    """A logged day with its placement."""
    entry = queries.entry(entry_id)
    if entry is None:
        raise NotFound(_("没有这一天的记录。"))
    return entry, load_placement(entry.placement_id)


@blueprint.post("/days/<int:entry_id>/correct")
@guard(Can.DAY_CORRECT, load=load_entry, subject=lambda pair: queries.subject_of_student_side(pair[1]))
def correct_day(pair: tuple[Any, Placement]) -> Any:
    """The school withdraws a confirmed day, with its reason."""
    entry, placement = pair
    form = forms.ReasonForm()

    def work() -> dict[str, Any]:
        operations.correct_day(entry=entry, placement=placement, reason=form.reason.data or "", today=clock.today(), by=who(), now=clock.now())
        return {"placement_id": placement.id, "week": entry.on.isoformat()}

    return act(form, _("已更正，这一天不再计入。"), "placements.days", work)


@blueprint.post("/students/<int:student_id>/weeks/correct")
@guard(Can.DAY_CORRECT, load=load_student, subject=people.subject_of_student)
def correct_days_against(student: Student) -> Any:
    """The school withdraws the confirmed days of a suspension, or after the student left, all at once."""
    form = forms.ReasonForm()

    def work() -> dict[str, Any]:
        operations.correct_days_against(student=student, reason=form.reason.data or "", today=clock.today(), by=who(), now=clock.now())
        return {"student_id": student.id}

    return act(form, _("已更正，这些日子不再计入。"), "placements.weeks", work)


# -- my weeks -----------------------------------------------------------------------------------------------------------
@blueprint.get("/mine/weeks")
@signed_in
def my_weeks() -> Any:
    """My weeks, explained down to the day."""
    return _weeks_page(my_student())


@blueprint.get("/students/<int:student_id>/weeks")
@guard(Can.WEEKS_VIEW, load=load_student, subject=people.subject_of_student)
def weeks(student: Student) -> Any:
    """A student's weeks, explained down to the day."""
    return _weeks_page(student)


def _weeks_page(student: Student) -> Any:
    today = clock.today()
    total, found = ledger.weeks_of(student.id), ledger.days_of(student.id)
    per_week = book().at("own.weeks.days_per_week", on=today).number
    reasons = rules.uncounted_days([(row.on, row.id) for row in found], days_per_week=per_week)
    by_week: dict[str, list[tuple[Any, str]]] = {}
    for row in found:
        year, number, _weekday = row.on.isocalendar()
        by_week.setdefault(f"{year}-W{number:02d}", []).append((row, reasons.get((row.on, row.id), "")))
    pending = [
        entry
        for placement in queries.of_students([student.id])
        for entry in queries.entries_of(placement.id)
        # Of one that was withdrawn only what waits: the rest was given back for good.
        if entry.state is DayState.PENDING or (entry.state is DayState.REJECTED and placement.state is not PlacementState.WITHDRAWN)
    ]
    return render_template(
        "enterprises/placements/weeks.html",
        student=student,
        name=people.names_of([student.person_id]).get(student.person_id, ""),
        total=total,
        by_week=sorted(by_week.items(), reverse=True),
        holidays=holiday_days.explained(student.id, [row.on for row in found]),
        outlook=queries.progress_of_student(student.id, on=today),
        pending=pending,
        against=queries.confirmed_against([student.id]).get(student.id, []),
        corrects=may(who(), Can.DAY_CORRECT, people.subject_of_student(student)),
        arranges=may(who(), Can.PLACEMENT_ARRANGE, people.subject_of_student(student)),
        required=book().at("own.weeks.days_required", on=today),
        weeks=book().at("petoe.enterprise_weeks", on=today),
        labels=labels,
        HOLIDAYS=ledger_labels.HOLIDAY_KINDS,
        is_mine=student.person_id == who().person_id,
    )
