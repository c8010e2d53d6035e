"""The board of a cohort's supervisors: computed plans, by hand with live warnings, why somebody has none."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from enterprises.capstones import labels, operations, queries, rules
from enterprises.capstones.models import Capstone, SupervisorPlan
from enterprises.capstones.types import PlanMode, PlanState, SupervisorRole
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._support import load
from enterprises.capstones.views.cohorts import Pair, load_cohort, most_of, subject
from enterprises.capstones.views.grading import times
from enterprises.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import Subject, guard, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
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
    ids = [row.id for row in queries.to_supervise(of.id)]
    rows = sorted(queries.rows_of(ids).values(), key=lambda row: (row.student_no, row.id))
    plan = queries.waiting_plan(of.id)
    held = {(s.capstone_id, s.role.value): s.person_id for s in queries.supervisions_among(ids)}
    firms = {row.id: row.enterprise_id for row in queries.to_supervise(of.id)}
    mentors = {key: queries.mentor_load(key, today, most=most_of(SupervisorRole.ENTERPRISE)) for key in sorted(set(firms.values()))}
    html = render_template(
        "enterprises/capstones/board.html",
        programme=programme,
        cohort=of,
        rows=rows,
        held=held,
        firms=firms,
        teachers=queries.school_load(programme.university_id, today, most=most_of(SupervisorRole.SCHOOL), programme_id=programme.id),
        mentors=mentors,
        firm_names=queries.enterprise_names(set(firms.values())),
        plan=plan,
        job=queries.job_of(plan) if plan is not None else None,
        shown=_shown(plan),
        plans=[p for p in queries.plans_of(of.id) if p.state is PlanState.APPLIED],
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
    names = people.names_of({one[3] for one in result["changes"]} | {one[2] for one in result["changes"] if one[2]})
    return {
        "summary": result["summary"],
        "changes": [
            (rows[key], labels.ROLES[SupervisorRole(side)], names.get(before, "") if before else "", names[now])
            for key, side, before, now in result["changes"]
        ],
        "unassigned": [(rows[key], labels.ROLES[SupervisorRole(side)], text) for key, side, _reason, text in result["unassigned"]],
    }


@blueprint.post("/cohorts/<code>/<int:year>/board/plan")
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def ask_for_plan(pair: Pair) -> Any:
    """Compute a plan in the background."""
    code, year, cohort_id = pair[0].code, pair[1].year, pair[1].id
    mode = next((m for m in PlanMode if m.value == request.form.get("mode")), PlanMode.FILL)
    with transaction():
        operations.ask_for_plan(cohort=session().get_one(Cohort, cohort_id), mode=mode, by=who(), now=clock.now())
    return done(_("正在计算，稍候刷新。"), "capstones.board", code=code, year=year)


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
    """Give a capstone its supervisor from the board."""
    key = row.id
    code, year = queries.cohort_key(row)
    role = next((r for r in SupervisorRole if r.value == request.form.get("role")), SupervisorRole.SCHOOL)
    try:
        with transaction():
            person = session().get(Person, request.form.get("person_id", 0, type=int))
            if person is None:
                raise NotFound(_("没有这个人。"))
            operations.assign_supervisor(capstone=load(key), role=role, person=person, reason=request.form.get("reason", ""), **times())
    except Refused as refused:
        return _board_page(load_cohort(code, year), refused.message, refused.status)
    return done(_("导师已指派。"), "capstones.board", code=code, year=year, _anchor=f"c-{key}")


@blueprint.get("/<int:capstone_id>/supervisors/check")
@guard(Can.CAPSTONE_ASSIGN, load=load, subject=queries.subject_of)
def check_supervisor(row: Capstone) -> Any:
    """What speaks against a person before he is given: told while one chooses or drags."""
    role = next((r for r in SupervisorRole if r.value == request.args.get("role")), SupervisorRole.SCHOOL)
    person = session().get(Person, request.args.get("person_id", 0, type=int))
    lines = _warnings(row, role, person) if person is not None else []
    return render_template("enterprises/capstones/_warnings.html", lines=lines, person=person)


def _warnings(row: Capstone, role: SupervisorRole, person: Person) -> list[tuple[str, str]]:
    """(bad or wait, words) of everything that speaks against somebody."""
    today, student = clock.today(), session().get_one(Student, row.student_id)
    found: list[tuple[str, str]] = []
    load_, most = queries.load_of(person.id, role), most_of(role)
    if role is SupervisorRole.SCHOOL:
        teacher = queries.teacher_at(person.id, student.university_id, today)
        programme = programmes.by_id(student.programme_id)
        if teacher is None:
            found.append(("bad", _("不是该校在任教师。")))
        elif programme is not None:
            most = min(most, teacher.capstone_capacity)
            if not rules.fits_discipline(teacher.programme_id, teacher.discipline, programme.id, programme.name):
                found.append(("wait", _("学科不同（%(discipline)s），须写明理由。", discipline=teacher.discipline or _("其他专业"))))
    else:
        mentor = queries.mentor_at(person.id, row.enterprise_id, today)
        if mentor is None:
            found.append(("bad", _("不是该企业在任的指导教师（8.3）。")))
        else:
            most = min(most, mentor.load_limit)
    if load_ >= most:
        found.append(("bad", _("已指导 %(load)d 人，达到上限 %(most)d 人。", load=load_, most=most)))
    elif load_ + 1 == most:
        found.append(("wait", _("指派后达到上限 %(most)d 人。", most=most)))
    if any(s.person_id == person.id and s.role is not role for s, _name in queries.supervisions_of(row.id)):
        found.append(("bad", _("已是（或曾是）另一方的导师。")))
    conflict = queries.conflict_between(person.id, row.student_id)
    if conflict is not None:
        found.append(("bad", _("与该学生有利益关系：%(reason)s", reason=conflict.reason)))
    if role in queries.grades_of(row.id):
        found.append(("bad", _("这一方已经评分，不能再更换导师。")))
    return found
