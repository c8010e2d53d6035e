"""Pages of a round's plans: ask for one, try something out, compare, adopt, mend after publication; what came out, for each student."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from enterprises.permissions import Can
from enterprises.placements import forms, labels, operations, planning, queries, rules
from enterprises.placements.models import Round, RoundPlan
from enterprises.placements.planner.telling import procedure, told
from enterprises.placements.types import Aim, PlanKind, PlanSettings, RoundState, WhatIf
from enterprises.placements.views.rounds import conditions_of
from enterprises.placements.views.shared import act, blueprint, load_round
from enterprises.placements.views.students import load_choice
from trainhub.kernel import clock, paging
from trainhub.kernel.access import Subject, guard, who
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key, whole
from trainhub.people import queries as people
from trainhub.people.models import Student

MOST_COMPARED = 4


def _ask(round: Round, said: str, **what: Any) -> Any:
    def run() -> dict[str, Any]:
        operations.ask_for_plan(round=round, by=who(), now=clock.now(), **what)
        return {"round_id": round.id}

    return act(forms.PlainForm(), said, "placements.show_round", run)


@blueprint.post("/rounds/<int:round_id>/plan")
@guard(Can.ROUND_EDIT, load=load_round, subject=queries.subject_of_round)
def ask_for_plan(round: Round) -> Any:
    """Queue the computation."""
    return _ask(round, _("正在后台计算，完成后在这里预览。"))


@blueprint.post("/rounds/<int:round_id>/repair")
@guard(Can.ROUND_EDIT, load=load_round, subject=queries.subject_of_round)
def ask_for_repair(round: Round) -> Any:
    """Queue a repair of what was published."""
    return _ask(round, _("正在后台计算修补方案：尽量少改动，已开始的学期不动。"), kind=PlanKind.REPAIR)


def _number(name: str) -> int | None:
    """A whole number of the form, None without one; what is none is refused and never taken for nothing."""
    text = request.form.get(name, "").strip()
    try:
        return whole(text) if text else None
    except ValueError as wrong:
        raise Refused(_("“%(text)s”不是整数，请填写如 2 或 -1。", text=text[:20]), field=name) from wrong


@blueprint.post("/rounds/<int:round_id>/what-if")
@guard(Can.ROUND_EDIT, load=load_round, subject=queries.subject_of_round)
def ask_what_if(round: Round) -> Any:
    """Try something out: seats more or less, without a base, other settings. Without conditions it is a plan with other settings."""
    what_ifs = []
    position, term, seats = _number("position_id"), _number("term_id"), _number("seats")
    if position is not None or seats is not None:
        if position is None or term is None or not seats:
            raise Refused(_("试算席位时，请选择岗位和学期，并填写增减的席位数（如 2 或 -1）。"), field="seats")
        what_ifs.append(WhatIf(position_id=position, term_id=term, seats=seats))
    base = _number("base_id")
    if base is not None:
        what_ifs.append(WhatIf(base_id=base))
    aim, same = request.form.get("aim", ""), _number("same_enterprise")
    settings = PlanSettings(
        Aim(aim) if aim in set(Aim) else round.aim,
        min(100, max(0, same if same is not None else round.same_enterprise)),
        bool(request.form.get("is_mentor_bound")),
        bool(request.form.get("is_one_enterprise")),
        bool(request.form.get("is_wishes_first")),
    )
    if not what_ifs and settings == planning.settings_of(round):
        raise Refused(_("试算条件与现在的设置相同。请改变至少一项。"))
    kind = PlanKind.WHAT_IF if what_ifs else PlanKind.PLAN
    return _ask(round, _("正在后台试算，完成后在“已算出的方案”中比较。"), kind=kind, settings=settings, what_ifs=what_ifs)


def load_plan(round_id: int, plan_id: int) -> tuple[Round, RoundPlan]:
    """A computed plan of a round."""
    round, plan = load_round(round_id), queries.round_plan(plan_id)
    if plan is None or plan.round_id != round.id:
        raise NotFound(_("这个轮次没有这个方案。"))
    return round, plan


@blueprint.post("/rounds/<int:round_id>/plans/<int:plan_id>/adopt")
@guard(Can.ROUND_EDIT, load=load_plan, subject=lambda pair: queries.subject_of_round(pair[0]))
def adopt_plan(pair: tuple[Round, RoundPlan]) -> Any:
    """Take a plan as the one to publish."""
    round, plan = pair

    def run() -> dict[str, Any]:
        operations.adopt_plan(plan=plan, round=round, by=who(), now=clock.now())
        return {"round_id": round.id}

    return act(forms.PlainForm(), _("已采用这个方案，核对后公布。"), "placements.show_round", run)


@blueprint.post("/rounds/<int:round_id>/plans/<int:plan_id>/publish")
@guard(Can.ROUND_EDIT, load=load_plan, subject=lambda pair: queries.subject_of_round(pair[0]))
def publish_repair(pair: tuple[Round, RoundPlan]) -> Any:
    """Make a repair real."""
    round, plan = pair

    def run() -> dict[str, Any]:
        operations.publish_repair(plan=plan, round=round, by=who(), now=clock.now())
        return {"round_id": round.id}

    return act(forms.PlainForm(), _("修补已生效，并通知有变动的学生。"), "placements.show_round", run)


@blueprint.get("/rounds/<int:round_id>/compare")
@guard(Can.ROUND_EDIT, load=load_round, subject=queries.subject_of_round)
def compare_plans(round: Round) -> Any:
    """Plans side by side: figures, and which students fare otherwise than in the first."""
    every = {plan.id: plan for plan in queries.plans_of(round.id)}
    wanted = [every[int(value)] for value in request.args.getlist("plan")[:MOST_COMPARED] if is_key(value) and int(value) in every]
    if len(wanted) < 2:
        wanted = list(every.values())[:2]
    wanted.sort(key=lambda plan: plan.number)
    names = queries.student_names(
        {row[0] for plan in wanted for row in plan.data["assignments"]} | {row[0] for p in wanted for row in p.data["unplaced"]}
    )
    differences = rules.differences([(plan.data["assignments"], plan.data["unplaced"]) for plan in wanted])
    positions = queries.position_names({row[2] for plan in wanted for row in plan.data["assignments"]})
    terms = {term.id: term.title for term in queries.terms_by_ids(round.term_ids)}
    return render_template(
        "enterprises/placements/compare.html",
        round=round,
        plans=wanted,
        conditions=conditions_of(wanted),
        differences=paging.slice_wanted([(names[student], ways) for student, ways in differences if student in names]),
        positions=positions,
        terms=terms,
        labels=labels,
    )


@blueprint.get("/rounds/<int:round_id>/result")
@guard(Can.PREFERENCE_OWN, load=load_choice, subject=lambda pair: Subject.of(persons=(pair[1].person_id,)))
def result(pair: tuple[Round, Student]) -> Any:
    """What came out of a published round for the reader, wish by wish, and why."""
    round, student = pair
    if round.state is not RoundState.PUBLISHED or round.plan is None:
        raise NotFound(_("这个轮次还没有公布安排。"))
    rows = [row for row in queries.of_student(student.id) if row.round_id == round.id]
    got = {row.position_id for row in rows if row.state != "withdrawn"}
    asked = queries.wishes_by_position(round.id)
    wishes = queries.preferences_of(round.id, student.id)
    seats = queries.seats_by_position({wish.position_id for wish in wishes}, round.term_ids)
    names = queries.position_names({wish.position_id for wish in wishes})
    terms = {term.id: term for term in queries.terms_by_ids(round.term_ids)}
    is_repaired = round.plan.get("kind") == PlanKind.REPAIR
    below = next((row for row in round.plan["unplaced"] if row[0] == student.id), None)
    return render_template(
        "enterprises/placements/result.html",
        round=round,
        rows=rows,
        below=below,
        why=told(below[4]) if below is not None else "",
        is_repaired=is_repaired,
        procedure=procedure(PlanSettings.of(round.plan["settings"]), seed=round.seed, is_repair=is_repaired, rule=round.priority_rule),
        is_for_me=people.is_petoe(student, clock.today()),
        wishes=[
            {
                "rank": wish.rank,
                "name": names.get(wish.position_id, ""),
                "is_got": wish.position_id in got,
                "asked": asked.get(wish.position_id, (0, 0)),
                "seats": [(terms[term_id].title, total, taken) for term_id, total, taken in seats.get(wish.position_id, []) if term_id in terms],
                "is_full": all(taken >= total for _term, total, taken in seats.get(wish.position_id, [])),
            }
            for wish in wishes
        ],
        priority=queries.priorities_of(round.id).get(student.id),
        unlisted=[row for row in rows if row.rank is None and row.state != "withdrawn"],
        labels=labels,
    )
