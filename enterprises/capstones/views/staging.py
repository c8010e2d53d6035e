"""Windows of a cohort's stages, more time for one student, the rubric of a programme version, another topic, conflicts of interest."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import render_template, request

from enterprises.capstones import forms, labels, operations, queries, rules
from enterprises.capstones.models import Capstone, Conflict, Topic
from enterprises.capstones.types import RubricItem, WindowStage
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._page import page
from enterprises.capstones.views._support import covered, load, on_page, open_days_most
from enterprises.capstones.views.cohorts import Pair, assign_page, fresh_assignment, load_cohort, subject
from enterprises.capstones.views.grading import times
from enterprises.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import Subject, guard, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.web import done
from trainhub.people.models import Person, Student
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort, Programme, ProgrammeVersion

ITEMS_MOST = 8


@blueprint.route("/cohorts/<code>/<int:year>/windows", methods=["GET", "POST"])
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def windows(pair: Pair) -> Any:
    """From when to when each stage is open."""
    (programme, of), problem, status = pair, "", 200
    code, year, cohort_id = programme.code, of.year, of.id
    typed = {stage: (request.form.get(f"{stage.value}_opens", ""), request.form.get(f"{stage.value}_closes", "")) for stage in WindowStage}
    if request.method == "POST":
        seen = {stage: request.form[f"{stage.value}_was"] for stage in WindowStage if f"{stage.value}_was" in request.form}
        try:
            with transaction():
                changed = operations.set_windows(
                    cohort=session().get_one(Cohort, cohort_id),
                    windows={key: _days(key, *pair) for key, pair in typed.items()},
                    seen={key: _days(key, *was.split("/", 1)) if "/" in was else None for key, was in seen.items()},
                    by=who(),
                    now=clock.now(),
                )
            return done(_("时间安排已保存，%(n)d 项有变化。", n=changed), "capstones.windows", code=code, year=year)
        except Refused as refused:
            problem, status = refused.message, refused.status
            programme, of = load_cohort(code, year)
    else:
        known = queries.windows_of(cohort_id)
        typed = {key: (known[key].opens_on.isoformat(), known[key].closes_on.isoformat()) if key in known else ("", "") for key in WindowStage}
        seen = {key: "/".join(days) if any(days) else "" for key, days in typed.items()}
    against = operations.against_own_window(of, {WindowStage.GRADING: None}, who(), clock.now())
    html = render_template(
        "enterprises/capstones/windows.html",
        programme=programme,
        cohort=of,
        typed=typed,
        seen=seen,
        against_grading=against.message if against is not None else "",
        labels=labels,
        problem=problem,
        today=clock.today(),
    )
    return html, status


def _days(stage: WindowStage, opens: str, closes: str) -> Any:
    if not opens and not closes:
        return None
    try:
        return forms.as_date(opens), forms.as_date(closes)
    except ValueError as wrong:
        raise Refused(_("“%(stage)s”的开始和截止日期都要填写；不限时间则都留空。", stage=labels.WINDOWS[stage])) from wrong


@blueprint.post("/<int:capstone_id>/place")
@guard(Can.CAPSTONE_ASSIGN, load=load, subject=queries.subject_of)
def arrange(row: Capstone) -> Any:
    """Enter or correct where and when a capstone is done."""
    form, key = forms.ArrangeForm(obj=row), row.id
    if not form.validate_on_submit() or form.starts_on.data is None or form.ends_on.data is None:
        return page(row, arranged=form, status=422)
    given: dict[str, Any] = {"place": form.place.data or "", "starts_on": form.starts_on.data, "ends_on": form.ends_on.data}

    def act() -> Any:
        operations.arrange(capstone=load(key), reason=form.reason.data or "", by=who(), now=clock.now(), version=form.version.data, **given)
        return partial(done, _("时间、地点已保存，学生和导师会收到通知。"), "capstones.show", capstone_id=key)

    def again(refused: Refused) -> Any:
        form.refuse(refused)
        return page(load(key), arranged=form, status=refused.status)

    return on_page(act, again)


@blueprint.post("/<int:capstone_id>/extensions")
@guard(Can.CAPSTONE_ASSIGN, load=load, subject=queries.subject_of)
def extend(row: Capstone) -> Any:
    """Give one student more time."""
    form, key = forms.ExtensionForm(), row.id
    if not form.validate_on_submit() or form.until.data is None:
        return page(row, extension=form, status=422)
    until = form.until.data

    def act() -> Any:
        stage, reason = WindowStage(form.stage.data), form.reason.data or ""
        operations.extend(capstone=load(key), stage=stage, until=until, reason=reason, by=who(), now=clock.now())
        return partial(done, _("已延期并记录在案，学生会收到通知。"), "capstones.show", capstone_id=key)

    def again(refused: Refused) -> Any:
        form.refuse(refused)
        return page(load(key), extension=form, status=refused.status)

    return on_page(act, again)


@blueprint.route("/<int:capstone_id>/topic", methods=["GET", "POST"])
@guard(Can.CAPSTONE_ASSIGN, load=load, subject=queries.subject_of)
def change_topic(row: Capstone) -> Any:
    """Move a capstone to another topic."""
    key, problem, status = row.id, "", 200
    if request.method == "POST":
        try:
            with transaction():
                topic = session().get(Topic, request.form.get("topic_id", 0, type=whole))
                if topic is None:
                    raise NotFound(_("没有这个选题。"))
                version = request.form.get("version", type=whole)
                operations.change_topic(
                    capstone=load(key),
                    topic=topic,
                    reason=request.form.get("reason", ""),
                    place=request.form.get("place", ""),
                    version=version,
                    **times(),
                )
            return done(_("已改题；换了企业的，请重新指派企业指导教师。"), "capstones.show", capstone_id=key)
        except Refused as refused:
            problem, status, row = refused.message, refused.status, load(key)
    elif (no := operations.against_another_topic(row)) is not None:
        problem = no.message
    student = session().get_one(Student, row.student_id)
    html = render_template(
        "enterprises/capstones/change_topic.html",
        capstone=row,
        topic=session().get_one(Topic, row.topic_id),
        person=session().get_one(Person, student.person_id),
        topics=_other_topics(row, student),
        problem=problem,
    )
    return html, status


def _other_topics(row: Capstone, student: Student) -> list[tuple[int, str]]:
    """The topics a capstone may change to, each with how the student's placements hold the rest of it."""
    found = [(key, text) for key, text in queries.open_topics(student.programme_id, student_ids=[student.id]) if key != row.topic_id]
    at, stays, most = queries.topic_names(key for key, _text in found), queries.stays_of([student.id]).get(student.id, ()), open_days_most()
    first = min(max(row.starts_on, clock.today()), row.ends_on)
    return [(key, f"{text} · {covered(first, row.ends_on, at[key][2], stays, most)[1]}") for key, text in found]


# -- rubric -------------------------------------------------------------------------------------------------------------


def load_version(version_id: int) -> tuple[Programme, ProgrammeVersion]:
    """A version of a programme with the programme."""
    version = programmes.version_by_id(version_id)
    programme = programmes.by_id(version.programme_id) if version is not None else None
    if version is None or programme is None:
        raise NotFound(_("没有这个培养方案版本。"))
    return programme, version


@blueprint.route("/rubrics/<int:version_id>", methods=["GET", "POST"])
@guard(Can.CAPSTONE_ASSIGN, load=load_version, subject=lambda pair: programmes.subject_of(pair[0]))
def rubric(pair: tuple[Programme, ProgrammeVersion]) -> Any:
    """The rubric of a programme version: items, weights, the indicator points they serve."""
    (programme, version), problem, status = pair, "", 200
    version_id = version.id
    items: list[dict[str, Any]]
    weights: dict[str, int]
    if request.method == "POST":
        items, weights = _typed()
        try:
            with transaction():
                operations.adopt_rubric(
                    version=load_version(version_id)[1],
                    items=items,
                    weights=weights,
                    opened_at=request.form.get("edition", type=whole),
                    by=who(),
                    now=clock.now(),
                )
            return done(_("评分标准已发布；此前的评分仍按签名时的标准。"), "capstones.rubric", version_id=version_id)
        except Refused as refused:
            problem, status = refused.message, refused.status
            programme, version = load_version(version_id)
    else:
        items, weights = _known(version_id)
    html = render_template(
        "enterprises/capstones/rubric.html",
        programme=programme,
        version=version,
        items=[*items, *({"label": "", "hint": "", "weight": "", "points": []} for _n in range(ITEMS_MOST - len(items)))],
        weights=weights,
        component_names=[("school", _("校内导师")), ("enterprise", _("企业指导教师")), ("review", _("评阅")), ("defence", _("答辩"))],
        points=[(number, point) for _version, number, point in queries.points_of(version_id)],
        editions=queries.editions_of(version_id),
        edition=_edition(version_id),
        problem=problem,
    )
    return html, status


def _edition(version_id: int) -> int:
    """The edition the form was opened at: of the refused form itself, so that sending it again does not overwrite after all."""
    sent = request.form.get("edition", type=whole)
    known = queries.rubric_of_version(version_id)
    return sent if sent is not None else known.edition if known is not None else 0


def _known(version_id: int) -> tuple[list[dict[str, Any]], dict[str, int]]:
    known = queries.rubric_of_version(version_id)
    if known is not None:
        return list(known.items), dict(known.weights)
    numbers = queries.numbers(clock.today())
    held = rules.rubric_weights(numbers)
    items: list[dict[str, Any]] = [
        {"code": item.value, "label": str(labels.RUBRIC[item]), "hint": str(labels.RUBRIC_HINTS[item]), "weight": held[item.value], "points": []}
        for item in RubricItem
    ]
    return items, rules.default_weights(numbers)


def _typed() -> tuple[list[dict[str, Any]], dict[str, int]]:
    form = request.form
    items = [
        {
            "code": f"item{place}",
            "label": form.get(f"label-{place}", "").strip(),
            "hint": form.get(f"hint-{place}", "").strip(),
            "weight": form.get(f"weight-{place}", 0, type=whole),
            "points": form.getlist(f"points-{place}")[:30],
        }
        for place in range(ITEMS_MOST)
        if form.get(f"label-{place}", "").strip() or form.get(f"weight-{place}", 0, type=whole)
    ]
    return items, {name: form.get(f"component-{name}", 0, type=whole) for name in rules.COMPONENTS}


# -- conflicts of interest ----------------------------------------------------------------------------------------------


@blueprint.post("/cohorts/<code>/<int:year>/conflicts")
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def record_conflict(pair: Pair) -> Any:
    """Record a conflict of interest."""
    code, year, cohort_id = pair[0].code, pair[1].year, pair[1].id

    def act() -> Any:
        current = session()
        student = current.get(Student, request.form.get("student_id", 0, type=whole))
        person = current.get(Person, request.form.get("person_id", 0, type=whole))
        if student is None or person is None or student.cohort_id != cohort_id:
            raise NotFound(_("没有这名学生或这个人。"))
        operations.record_conflict(person=person, student=student, reason=request.form.get("reason", ""), by=who(), now=clock.now())
        return partial(done, _("回避关系已登记，指派和计算时都会避开。"), "capstones.assign", code=code, year=year, _anchor="conflicts")

    return on_page(act, lambda refused: assign_page(load_cohort(code, year), fresh_assignment(), refused.status, refused.message))


def load_conflict(conflict_id: int) -> Conflict:
    """The conflict of an address."""
    found = queries.conflict_by_id(conflict_id)
    if found is None:
        raise NotFound(_("没有这条回避关系。"))
    return found


def _conflict_subject(row: Conflict) -> Subject:
    programme = programmes.by_id(session().get_one(Student, row.student_id).programme_id)
    assert programme is not None
    return programmes.subject_of(programme)


@blueprint.post("/conflicts/<int:conflict_id>/lift")
@guard(Can.CAPSTONE_ASSIGN, load=load_conflict, subject=_conflict_subject)
def lift_conflict(row: Conflict) -> Any:
    """Lift a conflict of interest."""
    key = row.id
    student = session().get_one(Student, row.student_id)
    programme, cohort = programmes.by_id(student.programme_id), programmes.cohort_by_id(student.cohort_id)
    assert programme is not None
    assert cohort is not None
    code, year = programme.code, cohort.year

    def act() -> Any:
        operations.lift_conflict(conflict=load_conflict(key), reason=request.form.get("reason", ""), by=who(), now=clock.now())
        return partial(done, _("回避关系已解除。"), "capstones.assign", code=code, year=year, _anchor="conflicts")

    return on_page(act, lambda refused: assign_page(load_cohort(code, year), fresh_assignment(), refused.status, refused.message))
