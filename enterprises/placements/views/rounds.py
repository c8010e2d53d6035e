"""Pages of rounds: set up, open, plan, look at, publish."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from enterprises.permissions import Can
from enterprises.placements import forms, labels, operations, queries
from enterprises.placements.models import Round
from enterprises.placements.types import RoundState
from enterprises.placements.views.shared import act, blueprint, load_round, save, who
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import demand, guard
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.types import Column
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
    form = forms.RoundForm(obj=round)
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
        )
        return {"round_id": round.id}

    here = url_for("placements.show_round", round_id=round.id)
    action = url_for("placements.edit_round", round_id=round.id)
    return save(form, title=_("编辑实习轮次"), action=action, back=here, said=_("已保存。"), endpoint="placements.show_round", work=work)


@blueprint.get("/rounds/<int:round_id>")
@guard(Can.ROUND_EDIT, load=load_round, subject=queries.subject_of_round)
def show_round(round: Round) -> Any:
    """A round with its numbers, and the preview of its plan."""
    programme, cohort = programmes.by_id(round.programme_id), programmes.cohort_by_id(round.cohort_id)
    students, wishes = queries.preference_counts(round.id)
    return render_template(
        "enterprises/placements/round.html",
        round=round,
        programme=programme,
        cohort=cohort,
        terms=queries.terms_by_ids(round.term_ids),
        everybody=len(queries.students_of_round(round, clock.today())),
        chose=students,
        wishes=wishes,
        job=queries.last_plan_job(round.id),
        shown=preview(round) if round.plan else None,
        labels=labels,
        today=clock.today(),
        States=RoundState,
    )


def preview(round: Round) -> dict[str, Any]:
    """The plan of a round with names: seats used by position and term, students below the target with the reason."""
    assert round.plan is not None
    assignments, unplaced = round.plan["assignments"], round.plan["unplaced"]
    positions = queries.position_names({row[2] for row in assignments})
    students = queries.student_names({row[0] for row in assignments} | {row[0] for row in unplaced})
    terms = {term.id: term.title for term in queries.terms_by_ids(round.term_ids)}
    lines = [(students[row[0]], terms[row[1]], positions[row[2]], row[3], row[4]) for row in assignments]
    return {
        "summary": round.plan["summary"],
        "lines": sorted(lines, key=lambda line: (line[0][1], line[1])),
        "unplaced": [(students[row[0]], row[1] / 10, row[2] / 10, labels.REASONS[row[3]], row[4]) for row in unplaced],
    }


COLUMNS = (Column("student_no", "学号"), Column("name", "姓名"), Column("term", "学期"), Column("position", "岗位"), Column("rank", "志愿"))


@blueprint.get("/rounds/<int:round_id>/plan.<form>")
@guard(Can.ROUND_EDIT, load=lambda round_id, form: (load_round(round_id), form), subject=lambda pair: queries.subject_of_round(pair[0]))
def export_plan(pair: tuple[Round, str]) -> Any:
    """The plan as a file."""
    round, form = pair
    if round.plan is None:
        raise Refused(_("还没有计算安排。"))
    rows = [(student[0], student[1], term, position, rank or "") for student, term, position, rank, _fixed in preview(round)["lines"]]
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


@blueprint.post("/rounds/<int:round_id>/plan")
@guard(Can.ROUND_EDIT, load=load_round, subject=queries.subject_of_round)
def ask_for_plan(round: Round) -> Any:
    """Queue the computation."""
    return _button(round, _("正在后台计算，完成后在这里预览。"), lambda: operations.ask_for_plan(round=round, by=who(), now=clock.now()))


@blueprint.post("/rounds/<int:round_id>/publish")
@guard(Can.ROUND_EDIT, load=load_round, subject=queries.subject_of_round)
def publish_round(round: Round) -> Any:
    """Make the plan real."""
    return _button(round, _("安排已公布，并通知学生。"), lambda: operations.publish_round(round=round, by=who(), now=clock.now()))
