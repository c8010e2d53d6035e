"""Pages of who keeps a goal: define and change it, parts of the target, closed periods, snapshots, reviews."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import render_template, request

from trainhub.kernel import clock
from trainhub.kernel.access import guard, may, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotAllowed, Refused
from trainhub.kernel.forms import Form, given
from trainhub.kernel.frames import found, submit
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key, whole
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.oversight.goals import forms, operations, queries, reporting
from trainhub.oversight.goals.forms import CHANGES
from trainhub.oversight.goals.models import Goal, GoalSnapshot
from trainhub.oversight.goals.permissions import Can
from trainhub.oversight.goals.sights import reader, report_for, seen_report, sight_of
from trainhub.oversight.goals.types import CountingRule, GoalState, ReviewKind
from trainhub.oversight.goals.views import blueprint as blueprint
from trainhub.oversight.goals.views import load, nothing


# -- define and change --------------------------------------------------------------------------------------------------
def _goal_form() -> forms.GoalForm:
    form = forms.GoalForm()
    form.region_code.choices = [(queries.PROVINCE, _("全省")), *organisations.prefecture_choices()]
    return form


@blueprint.get("/new")
@guard(Can.DEFINE)
def new() -> Any:
    """The form of a new goal."""
    return render_template("trainhub/goals/define.html", form=_goal_form())


@blueprint.post("/new")
@guard(Can.DEFINE)
def define() -> Any:
    """Define a goal."""
    form = _goal_form()

    def do() -> None:
        goal, is_new = operations.define(
            code=(form.code.data or "").lower(),
            name=form.name.data or "",
            target=given(form.target.data),
            starts_on=given(form.starts_on.data),
            deadline=given(form.deadline.data),
            region_code=form.region_code.data,
            source=form.source.data or "",
            clause=form.clause.data or "",
            note=form.note.data or "",
            categories=form.categories.data or (),
            counting_rule=CountingRule(form.counting_rule.data),
            state=GoalState(form.state.data),
            unit=form.unit.data or "",
            by=who(),
            now=clock.now(),
        )
        if not is_new:
            raise Refused(_("代码 %(code)s 已被使用，请换一个。", code=goal.code), field="code")

    return submit(
        form,
        do,
        again=lambda status: (render_template("trainhub/goals/define.html", form=form), status),
        then=lambda _given: done(_("目标已设定；按培训记录计数的目标在一分钟内生成统计。"), "goals.edit", code=(form.code.data or "").lower()),
    )


def _edit_page(goal: Goal, form: Form, targets: dict[str, Any] | None = None, status: int = 200) -> Any:
    page = render_template(
        "trainhub/goals/edit.html",
        goal=goal,
        form=form,
        regions=queries.regions_of(goal),
        targets=queries.targets_of(goal.id) if targets is None else targets,
    )
    return page, status


@blueprint.get("/<code>/edit")
@guard(Can.KEEP, load=load, subject=nothing)
def edit(goal: Goal) -> Any:
    """The form of a goal and of the parts of its target."""
    return _edit_page(goal, forms.ChangeForm(obj=goal, state=goal.state.value))


@blueprint.post("/<code>/edit")
@guard(Can.KEEP, load=load, subject=nothing)
def change(goal: Goal) -> Any:
    """Change a goal."""
    form, code = forms.ChangeForm(), goal.code
    return submit(
        form,
        lambda: operations.change(
            goal=load(code),
            name=form.name.data or "",
            target=given(form.target.data),
            deadline=given(form.deadline.data),
            source=form.source.data or "",
            note=form.note.data or "",
            state=GoalState(form.state.data),
            by=who(),
            now=clock.now(),
            version=form.version.data or None,
        ),
        again=lambda status: _edit_page(load(code), form, status=status),
        then=lambda _given: done(_("目标已修改。"), "goals.edit", code=code),
    )


@blueprint.post("/<code>/targets")
@guard(Can.KEEP, load=load, subject=nothing)
def targets(goal: Goal) -> Any:
    """Set the parts of the target by reporting unit."""
    code, target = goal.code, goal.target
    typed = {name: request.form.get(f"target_{name}", "").strip() for name, _label in queries.regions_of(goal)}
    bad = [text for text in typed.values() if text and not (is_key(text) and len(text) < 10)]
    form = forms.ChangeForm(formdata=None, obj=goal, state=goal.state.value)
    if bad:
        form.refuse(Refused(_("“%(text)s”不是人数，分目标没有保存。", text=bad[0][:20])))
        return _edit_page(goal, form, typed, 422)
    try:
        with transaction():
            total = operations.set_targets(
                goal=load(code),
                targets={name: int(text) for name, text in typed.items() if text},
                version=request.form.get("version", type=whole),
                by=who(),
            )
    except NotAllowed:
        raise
    except Refused as refused:
        goal = load(code)
        form = forms.ChangeForm(formdata=None, obj=goal, state=goal.state.value)
        form.refuse(refused)
        return _edit_page(goal, form, typed, refused.status)
    if total and total != target:
        return done(_("分目标已保存。提醒：合计 %(sum)s，与总目标 %(n)s 不一致。", sum=f"{total:,}", n=f"{target:,}"), "goals.edit", code=code)
    return done(_("分目标已保存。"), "goals.edit", code=code)


# -- periods, snapshots, reviews ----------------------------------------------------------------------------------------
def _keeping_page(goal: Goal, given_forms: dict[str, Form] | None = None, status: int = 200) -> Any:
    today, made = clock.today(), dict(given_forms or {})
    is_reported = goal.counting_rule is CountingRule.REPORTED  # by offices, of no single person: everybody reads the figures as they are
    count = reader(None if is_reported else sight_of(who(), today))
    if may(who(), Can.KEEP):
        last = min(today, goal.deadline)
        made.setdefault("closing", forms.ClosingForm(formdata=None, until=min(today - timedelta(days=1), goal.deadline)).apart("closing"))
        made.setdefault("review", forms.ReviewForm(formdata=None, on=last).apart("review"))
        made.setdefault("snapshot", forms.SnapshotForm(formdata=None, on=last).apart("snapshot"))
    page = render_template(
        "trainhub/goals/keeping.html",
        goal=goal,
        closings=queries.closings_of(goal.id),
        snapshots=queries.snapshots_of(goal.id),
        reviews=queries.reviews_of(goal.id),
        late=0 if is_reported else count(queries.late_persons(goal)),
        is_reported=is_reported,
        count=count,
        forms=made,
        review_names=forms.REVIEWS,
        can=Can,
    )
    return page, status


@blueprint.get("/<code>/keeping")
@guard(Can.VIEW, load=load, subject=nothing)
def keeping(goal: Goal) -> Any:
    """Closed periods, snapshots, reviews."""
    return _keeping_page(goal)


@blueprint.post("/<code>/snapshots")
@guard(Can.SNAPSHOT, load=load, subject=nothing)
def snapshot(goal: Goal) -> Any:
    """Keep the report of a day as it is given out."""
    form, code = forms.SnapshotForm().apart("snapshot"), goal.code
    return submit(
        form,
        lambda: operations.take_snapshot(
            goal=load(code), on=_past(given(form.on.data)), reason=form.reason.data or "", by=who(), now=clock.now(), clock=clock.now
        ),
        again=lambda status: _keeping_page(load(code), {"snapshot": form}, status),
        then=lambda _given: done(_("快照已保存，以后的补录和更正不会改变它。"), "goals.keeping", code=code),
    )


def _past(on: date) -> date:
    if on > clock.today():
        raise Refused(_("截至日期不能晚于今天，快照没有保存。"), field="on")
    return on


def _load_snapshot(code: str, snapshot_id: int) -> tuple[Goal, GoalSnapshot]:
    goal, row = load(code), queries.snapshot(snapshot_id)
    return goal, found(row if row is not None and row.goal_id == goal.id else None, _("没有这份快照。"))


@blueprint.get("/<code>/snapshots/<int:snapshot_id>")
@guard(Can.VIEW)
def snapshot_page(code: str, snapshot_id: int) -> Any:
    """A report as it was given out, beside what the ledger says of that day now."""
    goal, row = _load_snapshot(code, snapshot_id)
    if goal.counting_rule is CountingRule.REPORTED:
        now = reporting.report(goal, on=row.on)
        return render_template("trainhub/goals/snapshot_reported.html", goal=goal, snapshot=row, now=now, regions=queries.regions_of(goal))
    sight = sight_of(who(), clock.today())
    return render_template(
        "trainhub/goals/snapshot.html",
        goal=goal,
        snapshot=row,
        kept=seen_report(row.report, sight),
        now=report_for(goal, sight, on=row.on),
        names=dict(queries.regions_of(goal)),
        explained=_explained(goal, row) if sight is None and request.args.get("explain") == "1" else None,
        may_explain=sight is None,
        changes=CHANGES,
    )


def _explained(goal: Goal, row: GoalSnapshot) -> dict[str, Any]:
    """The snapshot counted again as the goal, the ledger and the persons stood when it was taken, and what happened since to what it counts."""
    joined, parted = queries.joined_since(row.taken_at)
    return {
        "then": reporting.report(queries.goal_at(goal, row.taken_at), on=row.on, known_at=row.taken_at),
        "rows": queries.changes_since(goal, row.taken_at, until=row.on),
        "joined": joined,
        "parted": parted,
    }


@blueprint.post("/<code>/closings")
@guard(Can.KEEP, load=load, subject=nothing)
def close(goal: Goal) -> Any:
    """Close a period."""
    form, code = forms.ClosingForm().apart("closing"), goal.code
    return submit(
        form,
        lambda: operations.close_period(
            goal=load(code),
            until=given(form.until.data),
            reason=form.reason.data or "",
            by=who(),
            today=clock.today(),
            now=clock.now(),
            clock=clock.now,
        ),
        again=lambda status: _keeping_page(load(code), {"closing": form}, status),
        then=lambda _given: done(_("时段已封存，并保存了快照；以后补录的记录会标明。"), "goals.keeping", code=code),
    )


@blueprint.post("/<code>/closings/<int:closing_id>/reopen")
@guard(Can.KEEP)
def reopen(code: str, closing_id: int) -> Any:
    """Take a closing back."""
    with transaction():
        row = queries.closing(closing_id)
        closing = found(row if row is not None and row.goal_id == load(code).id else None, _("没有这个封存时段。"))
        operations.reopen_period(closing=closing, reason=request.form.get("reason", ""), by=who(), now=clock.now())
    return done(_("已解除封存，快照仍保留。"), "goals.keeping", code=code)


@blueprint.post("/<code>/reviews")
@guard(Can.KEEP, load=load, subject=nothing)
def review(goal: Goal) -> Any:
    """A review."""
    form, code = forms.ReviewForm().apart("review"), goal.code
    return submit(
        form,
        lambda: operations.review(
            goal=load(code),
            kind=ReviewKind(form.kind.data),
            on=given(form.on.data),
            judgement=form.judgement.data or "",
            measures=form.measures.data or "",
            by=who(),
            today=clock.today(),
            now=clock.now(),
            clock=clock.now,
        ),
        again=lambda status: _keeping_page(load(code), {"review": form}, status),
        then=lambda _given: done(_("评估已保存，所依据的数字已固定为快照。"), "goals.keeping", code=code),
    )
