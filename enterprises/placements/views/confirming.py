"""The mentor's page: every waiting day by student and week; one tap confirms a week, or all that waits of a student."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from enterprises.mentors import proof_queries
from enterprises.mentors import queries as mentors
from enterprises.permissions import Can
from enterprises.placements import forms, labels, operations, queries
from enterprises.placements.models import Placement
from enterprises.placements.types import PlacementState
from enterprises.placements.views.shared import act, blueprint, load_placement
from trainhub.kernel import clock
from trainhub.kernel.access import guard, who
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import keys_of


@blueprint.get("/confirm")
@guard(Can.CONFIRM_LIST)
def confirm() -> Any:
    """What waits for the mentor, and the students guided."""
    ids = mentors.ids_of_person(who().person_id)
    rows = queries.pending_for_mentor(ids)
    logs = {(log.placement_id, log.iso_year, log.iso_week): log for log in queries.logs_of({row.id for row, _entry in rows})}
    waiting: dict[int, dict[str, Any]] = {}
    for row, entry in rows:
        student = waiting.setdefault(row.id, {"row": row, "entries": [], "weeks": {}})
        week = entry.on.isocalendar()[:2]
        student["entries"].append(entry)
        student["weeks"].setdefault(week, {"entries": [], "log": logs.get((row.id, *week))})["entries"].append(entry)
    mine = queries.at_mentor(ids)
    return render_template(
        "enterprises/placements/confirm.html",
        waiting=list(waiting.values()),
        count=len(rows),
        students=[row for row in mine if row.state in (PlacementState.ACCEPTED, PlacementState.STARTED, PlacementState.PLANNED)],
        past=[row for row in mine if row.state is PlacementState.FINISHED],
        labels=labels,
        tags=labels.TAGS,
        today=clock.today(),
        is_unproven=proof_queries.is_unproven(who()),
    )


def _ids() -> list[int]:
    return keys_of(request.form.getlist("entry"))


@blueprint.post("/<int:placement_id>/confirm")
@guard(Can.PLACEMENT_MENTOR, load=load_placement, subject=queries.subject_of_mentor_side)
def confirm_days(placement: Placement) -> Any:
    """Confirm the days sent; they reach the ledger in the same transaction."""
    return _decide(placement, is_approved=True, said=_("已确认，学生的周数已更新。"))


@blueprint.post("/<int:placement_id>/reject")
@guard(Can.PLACEMENT_MENTOR, load=load_placement, subject=queries.subject_of_mentor_side)
def reject_days(placement: Placement) -> Any:
    """Give the days sent back, with a reason."""
    return _decide(placement, is_approved=False, said=_("已退回，学生可以修改后重新登记。"))


def _decide(placement: Placement, *, is_approved: bool, said: str) -> Any:
    def work() -> dict[str, Any]:
        operations.decide_entries(
            placement=placement,
            entry_ids=_ids(),
            is_approved=is_approved,
            reason=request.form.get("reason", "")[:400],
            today=clock.today(),
            by=who(),
            now=clock.now(),
        )
        return {}

    return act(forms.PlainForm(), said, "placements.confirm", work)
