"""The board of a cohort's supervisors: computed plans, by hand with live warnings, why somebody has none."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from flask import render_template, request, url_for

from enterprises.capstones import labels, operations, queries, rules
from enterprises.capstones.impartiality import Office
from enterprises.capstones.models import Capstone, SupervisorPlan
from enterprises.capstones.planner.telling import told
from enterprises.capstones.queries.impartiality import exceptions_of
from enterprises.capstones.queries.supervising import is_enrolled
from enterprises.capstones.types import PlanMode, PlanState, SupervisorRole
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._support import covered, load, on_page, open_days_most
from enterprises.capstones.views.cohorts import Pair, load_cohort, most_of, subject
from enterprises.capstones.views.grading import times
from enterprises.permissions import Can
from trainhub.kernel import clock, paging
from trainhub.kernel.access import Subject, guard, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import key_of, whole
from trainhub.kernel.web import done
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort, Programme


@blueprint.get("/cohorts/<code>/<int:year>/board")
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def board(pair: Pair) -> Any:
    """Students with both sides, people with their load; drag a person onto a place, or choose."""
    return _board_page(pair)


def _board_page(pair: Pair, problem: str = "", status: int = 200) -> Any:
    programme, of = pair
    today = clock.today()
    found = queries.to_supervise(of.id)
    ids, firms = [row.id for row in found], {row.id: row.enterprise_id for row in found}
    rows = sorted(queries.rows_of(ids).values(), key=lambda row: (row.student_no, row.id))
    plan = queries.waiting_plan(of.id)
    held = {(s.capstone_id, s.role.value): s.person_id for s in queries.supervisions_among(ids)}
    most, stays = open_days_most(), queries.stays_of(row.student_id for row in rows)
    wishes = queries.wishes_among(ids)
    applied = [p for p in queries.plans_of(of.id) if p.state is PlanState.APPLIED]
    mentors = queries.mentor_loads(firms.values(), today, most=most_of(SupervisorRole.ENTERPRISE))
    html = render_template(
        "enterprises/capstones/board.html",
        programme=programme,
        cohort=of,
        page=paging.slice_wanted(rows, at=url_for("capstones.board", code=programme.code, year=of.year)),
        held=held,
        barred={(one.capstone_id, one.office.value) for held_by in exceptions_of(found).values() for one in held_by if not one.is_signed},
        held_names=people.names_of(set(held.values())),
        firms=firms,
        teachers=queries.school_load(programme.university_id, today, most=most_of(SupervisorRole.SCHOOL), programme_id=programme.id),
        mentors=mentors,
        coverage={row.id: covered(row.starts_on, row.ends_on, firms[row.id], stays.get(row.student_id, ()), most) for row in rows},
        wishes={(key, role.value, person): rank for (key, role, person), rank in wishes.items()},
        firm_names=queries.enterprise_names(set(firms.values())),
        plan=plan,
        job=queries.job_of(plan) if plan is not None else None,
        shown=_shown(plan),
        plans=applied,
        why=_why_missing(plan if plan is not None and plan.result is not None else next(iter(applied), None)),
        labels=labels,
        problem=problem,
    )
    return html, status


def _shown(plan: SupervisorPlan | None) -> dict[str, Any] | None:
    """The plan's changes and what it leaves open, with names."""
    if plan is None or plan.result is None:
        return None
    result = plan.result
    rows = queries.rows_of({one[0] for one in result["changes"]} | {one[0] for one in result["unassigned"]})
    names = people.names_of({one[3] for one in result["changes"] if one[3]} | {one[2] for one in result["changes"] if one[2]})
    return {
        "summary": result["summary"],
        "changes": [
            (rows[key], labels.ROLES[SupervisorRole(side)], names.get(before, "") if before else "", names[now] if now else "")
            for key, side, before, now in result["changes"]
        ],
        "unassigned": [(rows[key], labels.ROLES[SupervisorRole(side)], told(why)) for key, side, _reason, why in result["unassigned"]],
    }


def _why_missing(plan: SupervisorPlan | None) -> dict[tuple[int, str], str]:
    """Why the latest plan gave nobody, by capstone and side: shown where somebody is still missing, also after it was applied."""
    if plan is None or plan.result is None:
        return {}
    return {(key, side): told(why) for key, side, _reason, why in plan.result["unassigned"]}


@blueprint.post("/cohorts/<code>/<int:year>/board/plan")
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def ask_for_plan(pair: Pair) -> Any:
    """Compute a plan in the background."""
    code, year, cohort_id = pair[0].code, pair[1].year, pair[1].id
    mode = next((m for m in PlanMode if m.value == request.form.get("mode")), PlanMode.FILL)

    def act() -> Any:
        operations.ask_for_plan(cohort=session().get_one(Cohort, cohort_id), mode=mode, by=who(), now=clock.now())
        return partial(done, _("正在计算，稍候刷新。"), "capstones.board", code=code, year=year)

    return on_page(act, lambda refused: _board_page(load_cohort(code, year), refused.message, refused.status))


def load_plan(plan_id: int) -> SupervisorPlan:
    """The plan of an address."""
    found = queries.supervisor_plan(plan_id)
    if found is None:
        raise NotFound(_("没有这个方案。"))
    return found


def _plan_subject(row: SupervisorPlan) -> Subject:
    return programmes.subject_of(session().get_one(Programme, row.programme_id))


@blueprint.post("/supervisor-plans/<int:plan_id>/<any(apply, discard):deed>")
@guard(Can.CAPSTONE_ASSIGN, load=lambda plan_id, deed: (load_plan(plan_id), deed), subject=lambda pair: _plan_subject(pair[0]))
def decide_plan(pair: tuple[SupervisorPlan, str]) -> Any:
    """Apply a plan or throw it away."""
    (row, deed), key = pair, pair[0].id
    code, year = session().get_one(Programme, row.programme_id).code, session().get_one(Cohort, row.cohort_id).year
    try:
        with transaction():
            if deed == "apply":
                made = operations.apply_plan(plan=load_plan(key), **times())
                said = _("已采用方案：新指派 %(n)d 位导师。", n=made)
            else:
                operations.discard_plan(plan=load_plan(key), by=who(), now=clock.now())
                said = _("方案已作废。")
    except Refused as refused:
        return _board_page(load_cohort(code, year), refused.message, refused.status)
    return done(said, "capstones.board", code=code, year=year)


@blueprint.post("/<int:capstone_id>/supervisors/board")
@guard(Can.CAPSTONE_ASSIGN, load=load, subject=queries.subject_of)
def assign_on_board(row: Capstone) -> Any:
    """Give a capstone its supervisor from the board, or take him away with a reason."""
    key = row.id
    code, year = queries.cohort_key(row)
    role = next((r for r in SupervisorRole if r.value == request.form.get("role")), SupervisorRole.SCHOOL)
    asked, reason = request.form.get("person_id", ""), request.form.get("reason", "")
    try:
        with transaction():
            if asked:
                person = session().get(Person, key_of(asked) or 0)
                if person is None:
                    raise NotFound(_("没有这个人。"))
                lines = [words for kind, words in _warnings(load(key), role, person) if kind not in ("ok", "info")]
                operations.assign_supervisor(capstone=load(key), role=role, person=person, reason=reason, **times())
                said = _("导师已指派。请注意：%(lines)s", lines=" ".join(lines)) if lines else _("导师已指派。")
            else:
                held = queries.live_supervision(key, role)
                if held is None:
                    raise Refused(_("请选择一位导师。"), field="person_id")
                operations.end_supervision(supervision=held, reason=reason, **times())
                said = _("指派已撤销，理由已记录。")
    except Refused as refused:
        return _board_page(load_cohort(code, year), refused.message, refused.status)
    return done(said, "capstones.board", code=code, year=year, page=request.args.get("page"), size=request.args.get("size"), _anchor=f"c-{key}")


@blueprint.get("/<int:capstone_id>/supervisors/check")
@guard(Can.CAPSTONE_ASSIGN, load=load, subject=queries.subject_of)
def check_supervisor(row: Capstone) -> Any:
    """What speaks against a person before he is given: told while one chooses or drags."""
    role = next((r for r in SupervisorRole if r.value == request.args.get("role")), SupervisorRole.SCHOOL)
    person = session().get(Person, request.args.get("person_id", 0, type=whole))
    if person is None:
        raise NotFound(_("没有这个人。"))
    return render_template(
        "enterprises/capstones/_warnings.html",
        lines=_warnings(row, role, person),
        is_fine=_("可以指派"),
        needs_reason=_replaces(row, role, person) or (role is SupervisorRole.SCHOOL and _is_stranger(row, person)),
    )


def _replaces(row: Capstone, role: SupervisorRole, person: Person) -> bool:
    """Whether somebody else is in office there, so that a reason is asked for."""
    held = queries.live_supervision(row.id, role)
    return held is not None and held.person_id != person.id


def _is_stranger(row: Capstone, person: Person) -> bool:
    """Whether a teacher belongs to another discipline, so that a reason is asked for."""
    student = session().get_one(Student, row.student_id)
    teacher, programme = queries.teacher_at(person.id, student.university_id, clock.today()), programmes.by_id(student.programme_id)
    return (
        teacher is not None
        and programme is not None
        and not rules.fits_discipline(teacher.programme_id, teacher.discipline, programme.id, programme.name)
    )


def _warnings(row: Capstone, role: SupervisorRole, person: Person) -> list[tuple[str, str]]:
    """(bad or wait, words) of everything that speaks against somebody."""
    today, student = clock.today(), session().get_one(Student, row.student_id)
    found: list[tuple[str, str]] = []
    if _replaces(row, role, person):
        found.append(("info", _("更换现任导师，须写明理由。")))
    rank = queries.wishes_among([row.id]).get((row.id, role, person.id))
    if rank is not None:
        found.append(("info", _("学生的第 %(n)d 志愿", n=rank)))
    load_, most = queries.load_of(person.id, role), most_of(role)
    if role is SupervisorRole.SCHOOL:
        teacher = queries.teacher_at(person.id, student.university_id, today)
        if teacher is None:
            found.append(("bad", _("不是该校在任教师。")))
        else:
            most = min(most, teacher.capstone_capacity)
            _leaving(teacher.until, row, found)
            if _is_stranger(row, person):
                found.append(("wait", _("学科不同（%(discipline)s），须写明理由。", discipline=teacher.discipline or _("其他专业"))))
    else:
        mentor = queries.mentor_at(person.id, row.enterprise_id, today)
        if mentor is None:
            found.append(("bad", _("不是该企业在任的指导教师（8.3）。")))
        else:
            most = min(most, mentor.load_limit)
            _leaving(mentor.until, row, found)
        stays = queries.stays_of([student.id]).get(student.id, ())
        kind, words = covered(row.starts_on, row.ends_on, row.enterprise_id, stays, open_days_most())
        if kind != "ok":
            found.append((kind, _("8.2：%(words)s", words=words)))
    if load_ >= most:
        found.append(("bad", _("已指导 %(load)d 人，达到上限 %(most)d 人。", load=load_, most=most)))
    elif load_ + 1 == most:
        found.append(("wait", _("指派后达到上限 %(most)d 人。", most=most)))
    barred = operations.against_office(row, person, Office(role.value)) or operations.against_house(row, person, Office(role.value), today)
    if barred is not None:
        found.append(("bad", barred.message))
    if is_enrolled(person.id):
        found.append(("bad", _("%(name)s 是在读学生，不能担任导师。", name=person.name)))
    if role in queries.grades_of(row.id):
        found.append(("bad", _("这一方已经评分，不能再更换导师。")))
    return found


def _leaving(until: date | None, row: Capstone, found: list[tuple[str, str]]) -> None:
    """Say so when somebody's office ends before the capstone does."""
    if until is not None and until < row.ends_on:
        found.append(("wait", _("任职到 %(day)s，早于毕业设计结束。", day=until.isoformat())))
