"""Pages of rounds: set up, open, plan, look at, publish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template, request, url_for

from enterprises.permissions import Can
from enterprises.placements import forms, labels, operations, planning, queries
from enterprises.placements.models import Placement, Round, RoundPlan
from enterprises.placements.planner.telling import proof, told
from enterprises.placements.types import PlacementState, PlanKind, PlanSettings, RoundState
from enterprises.placements.views.shared import act, blueprint, load_round, save
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import demand, guard, who
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.types import Column
from trainhub.organisations import queries as organisations
from trainhub.programmes import queries as programmes


@blueprint.get("/rounds")
@guard(Can.ROUND_LIST)
def rounds() -> Any:
    """The rounds of the reader's programmes."""
    number, size = paging.wanted()
    page = paging.paginate(queries.rounds_listing(who(), request.args.get("sort", "")), number=number, size=size, scalars=False)
    return render_template("enterprises/placements/rounds.html", page=page, labels=labels)


@blueprint.route("/rounds/new", methods=["GET", "POST"])
@guard(Can.ROUND_LIST)
def new_round() -> Any:
    """Set up a round."""
    form = forms.RoundForm()
    form.cohort_id.choices = queries.cohort_choices(who())
    form.terms.choices = [(term.id, f"{university} · {term.title}") for term, university in queries.term_choices(who(), clock.today())]

    def work() -> dict[str, Any]:
        cohort = programmes.cohort_by_id(form.cohort_id.data or 0)
        programme = programmes.by_id(cohort.programme_id) if cohort else None
        if cohort is None or programme is None:
            raise Refused(_("请选择专业与年级。"), field="cohort_id")
        demand(who(), Can.ROUND_EDIT, programmes.subject_of(programme))
        row = operations.create_round(
            programme=programme,
            cohort=cohort,
            title=form.title.data or "",
            opens_on=form.opens_on.data,  # type: ignore[arg-type]
            closes_on=form.closes_on.data,  # type: ignore[arg-type]
            terms=queries.terms_by_ids(form.terms.data or []),
            max_preferences=form.max_preferences.data or 5,
            seed=form.seed.data or 0,
            by=who(),
            now=clock.now(),
            **form.settings(),
        )
        return {"round_id": row.id}

    return save(
        form,
        title=_("新建实习轮次"),
        action=url_for("placements.new_round"),
        back=url_for("placements.rounds"),
        said=_("轮次已建立，开放后学生才能填报。"),
        endpoint="placements.show_round",
        work=work,
    )


@blueprint.route("/rounds/<int:round_id>/edit", methods=["GET", "POST"])
@guard(Can.ROUND_EDIT, load=load_round, subject=queries.subject_of_round)
def edit_round(round: Round) -> Any:
    """Change dates, preferences or seed."""
    form = forms.RoundForm(obj=round, priorities=queries.priority_lines(round.id))
    del form.cohort_id, form.terms

    def work() -> dict[str, Any]:
        operations.change_round(
            round=round,
            version=form.version.data,
            title=form.title.data,
            opens_on=form.opens_on.data,
            closes_on=form.closes_on.data,
            max_preferences=form.max_preferences.data,
            seed=form.seed.data,
            by=who(),
            now=clock.now(),
            **form.settings(),
        )
        return {"round_id": round.id}

    here = url_for("placements.show_round", round_id=round.id)
    action = url_for("placements.edit_round", round_id=round.id)
    return save(form, title=_("编辑实习轮次"), action=action, back=here, said=_("已保存。"), endpoint="placements.show_round", work=work)


@blueprint.get("/rounds/<int:round_id>")
@guard(Can.ROUND_EDIT, load=load_round, subject=queries.subject_of_round)
def show_round(round: Round) -> Any:
    """A round with its numbers, the preview of its plan, what was tried out, and what has to be mended."""
    programme, cohort = programmes.by_id(round.programme_id), programmes.cohort_by_id(round.cohort_id)
    students, wishes = queries.preference_counts(round.id)
    terms = queries.terms_by_ids(round.term_ids)
    plans = queries.plans_of(round.id)
    repair = next(iter(plans), None) if round.state is RoundState.PUBLISHED else None
    if repair is not None and (repair.kind is not PlanKind.REPAIR or (round.plan or {}).get("repair_id") == repair.id):
        repair = None
    positions, live = queries.offered_in(round.term_ids), queries.live_in_round(round.id)
    everybody = queries.students_of_round(round, clock.today())
    names = queries.student_names({one.id for one in everybody}) if round.state is RoundState.PUBLISHED else {}
    shown = preview(round.plan) if round.plan else None
    mended = preview(repair.data) if repair is not None else None
    return render_template(
        "enterprises/placements/round.html",
        round=round,
        programme=programme,
        cohort=cohort,
        terms=terms,
        has_term_ahead=any(term.starts_on > clock.today() for term in terms),
        everybody=len(everybody),
        students=[(one.id, f"{names[one.id][1]}（{one.student_no}）") for one in everybody] if round.state is RoundState.PUBLISHED else [],
        chose=students,
        wishes=wishes,
        job=queries.last_plan_job(round.id),
        shown=shown,
        short=paging.slice_wanted(shown["unplaced"], key="short") if shown else None,
        lines=paging.slice_wanted(shown["lines"], key="lines") if shown else None,
        leaving=paging.slice_wanted(queries.leaving_mentors(round_id=round.id), key="leaving"),
        proof=proof_of(round.plan) if round.plan else None,
        plans=plans,
        conditions=conditions_of(plans),
        repair=mended,
        repair_proof=proof_of(repair.data) if repair is not None else None,
        falling=len(queries.signed_of(repair.data["removed"])) if repair is not None else 0,
        changes=paging.slice_wanted(_changes(mended), key="changes") if mended else None,
        repair_plan=repair,
        displaced=queries.displaced(round) if round.state is RoundState.PUBLISHED else 0,
        unaccepted=sum(row.state is PlacementState.PLANNED for row in live),
        gone=_gone(live),
        wishes_gone=queries.wishes_gone(round) if round.state is not RoundState.PUBLISHED else 0,
        positions=positions,
        bases=sorted({(row.base_id, row.base) for row in positions if row.base_id is not None}, key=lambda one: one[1]),
        settings=planning.settings_of(round),
        in_order=len(queries.priorities_of(round.id)),
        labels=labels,
        today=clock.today(),
        States=RoundState,
    )


def _gone(live: Sequence[Placement]) -> paging.Page[tuple[Placement, str, Any]]:
    """Placements that stand whose enterprise or base takes nobody any more: (placement, student, why), a page of them."""
    found = queries.gone_hosts(live)
    rows = [row for row in live if row.id in found]
    names = queries.student_names({row.student_id for row in rows})
    return paging.slice_wanted([(row, names[row.student_id][1], labels.GONE[found[row.id]]) for row in rows], key="gone")


def _changes(mended: dict[str, Any]) -> list[tuple[Any, str, str, int | None, bool]]:
    """What a repair takes back, then what it makes: student, term, position, rank, whether it is new."""
    return [(*row, None, False) for row in mended["removed"]] + [(*line[:4], True) for line in mended["made"]]


def preview(data: dict[str, Any]) -> dict[str, Any]:
    """A plan with names: who goes where, students below the target with the reason, what a repair takes back."""
    assignments, unplaced = data["assignments"], data["unplaced"]
    removed = queries.placements_by_ids(data.get("removed", []))
    positions = queries.position_names({row[2] for row in assignments} | {row.position_id for row in removed})
    students = queries.student_names({row[0] for row in assignments} | {row[0] for row in unplaced} | {row.student_id for row in removed})
    terms = {term.id: term.title for term in queries.terms_by_ids({row[1] for row in assignments} | {row.term_id for row in removed})}
    lines = [(students[row[0]], terms[row[1]], positions[row[2]], row[3], row[4]) for row in assignments]
    return {
        "summary": data["summary"],
        "lines": sorted(lines, key=lambda line: (line[0][1], line[1])),
        "unplaced": [(students[row[0]], row[1] / 10, row[2] / 10, labels.REASONS[row[3]], told(row[4]), row[0]) for row in unplaced],
        "made": [line for line in lines if not line[4]],
        "removed": [(students[row.student_id], terms[row.term_id], positions[row.position_id]) for row in removed],
    }


def proof_of(data: dict[str, Any]) -> tuple[bool, str, str]:
    """What is proven of a plan, in words."""
    settings = PlanSettings.of(data["settings"])
    shared = data["summary"].get("shared_bases", [])
    names = organisations.names_of({int(one) for one in shared})
    return proof(
        data["summary"],
        settings.aim,
        is_one_enterprise=settings.is_one_enterprise,
        is_repair=data["kind"] == PlanKind.REPAIR.value,
        bases={one: names.get(int(one), one) for one in shared},
    )


def conditions_of(plans: Sequence[RoundPlan]) -> dict[int, list[str]]:
    """By plan what it tried out and how it was set, in words."""
    tried = [one for plan in plans for one in plan.data.get("what_ifs", [])]
    positions = queries.position_names({one["position_id"] for one in tried if one["position_id"]})
    bases = organisations.names_of({one["base_id"] for one in tried if one["base_id"]})
    terms = {term.id: term.title for term in queries.terms_by_ids({one["term_id"] for one in tried if one["term_id"]})}
    found: dict[int, list[str]] = {}
    for plan in plans:
        settings = PlanSettings.of(plan.data["settings"])
        words = [str(labels.AIMS[settings.aim])]
        if settings.same_enterprise:
            words.append(_("同一企业优先 %(n)d 分", n=settings.same_enterprise))
        if settings.is_one_enterprise:
            words.append(_("各学期必须在同一企业"))
        if settings.is_wishes_first:
            words.append(_("先安排填报了志愿的学生"))
        if not settings.is_mentor_bound:
            words.append(_("不限指导教师人数"))
        for one in plan.data.get("what_ifs", []):
            if one["base_id"]:
                words.append(_("没有“%(name)s”", name=bases.get(one["base_id"], "")))
            else:
                words.append(
                    _(
                        "“%(name)s” %(term)s %(n)s 个席位",
                        name=positions.get(one["position_id"], ""),
                        term=terms.get(one["term_id"], ""),
                        n=f"{one['seats']:+d}",
                    )
                )
        found[plan.id] = words
    return found


COLUMNS = (Column("student_no", "学号"), Column("name", "姓名"), Column("term", "学期"), Column("position", "岗位"), Column("rank", "志愿"))


@blueprint.get("/rounds/<int:round_id>/plan.<form>")
@guard(Can.ROUND_EDIT, load=lambda round_id, form: (load_round(round_id), form), subject=lambda pair: queries.subject_of_round(pair[0]))
def export_plan(pair: tuple[Round, str]) -> Any:
    """The plan as a file."""
    round, form = pair
    if round.plan is None:
        raise Refused(_("还没有计算安排。"))
    rows = [(student[0], student[1], term, position, rank or "") for student, term, position, rank, _fixed in preview(round.plan)["lines"]]
    return downloads.table(rows, COLUMNS, name=_("实习安排"), form=form, codes=["student_no"])


def _button(round: Round, said: str, work: Any) -> Any:
    def run() -> dict[str, Any]:
        work()
        return {"round_id": round.id}

    return act(forms.PlainForm(), said, "placements.show_round", run)


@blueprint.post("/rounds/<int:round_id>/open")
@guard(Can.ROUND_EDIT, load=load_round, subject=queries.subject_of_round)
def open_round(round: Round) -> Any:
    """Let students choose."""
    return _button(round, _("已开放填报，并通知学生。"), lambda: operations.open_round(round=round, by=who(), now=clock.now()))


@blueprint.post("/rounds/<int:round_id>/close")
@guard(Can.ROUND_EDIT, load=load_round, subject=queries.subject_of_round)
def close_round(round: Round) -> Any:
    """Lock the preferences."""
    return _button(round, _("填报已关闭。"), lambda: operations.close_round(round=round, by=who(), now=clock.now()))


@blueprint.post("/rounds/<int:round_id>/publish")
@guard(Can.ROUND_EDIT, load=load_round, subject=queries.subject_of_round)
def publish_round(round: Round) -> Any:
    """Make the plan real."""
    return _button(round, _("安排已公布，并通知学生。"), lambda: operations.publish_round(round=round, by=who(), now=clock.now()))
