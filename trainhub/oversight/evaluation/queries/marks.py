"""Grades of placements and capstones as marks of the items of the enterprise training plan: always the ones that stand now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import func, or_, select

from enterprises.capstones.models import Capstone
from enterprises.capstones.queries.standing import is_latest
from enterprises.placements.models import Placement, PlanItem
from enterprises.placements.queries.daily import broken_off, last_day
from enterprises.placements.types import PlacementState
from trainhub.kernel.db import session
from trainhub.oversight.evaluation.models import ItemMarkSource
from trainhub.oversight.evaluation.rules import attainment as rules
from trainhub.oversight.evaluation.types import MarkSource
from trainhub.people.models import Student
from trainhub.people.types import StudentState

CAPSTONE_WORDS = ("毕业设计", "毕业论文")
"""How plans call the item that is the capstone."""
Graded = tuple[int | None, date, date, int]
"""A graded placement: base, first day, last day, mark in tenths."""


def chosen_source(item_id: int) -> ItemMarkSource | None:
    """The source somebody chose for an item."""
    return session().get(ItemMarkSource, item_id)


def planned_of_versions(version_ids: Collection[int]) -> tuple[dict[int, list[PlanItem]], dict[int, MarkSource]]:
    """By version the items of its enterprise training plan in order, and by item whose grade speaks for it. One query for both."""
    items: dict[int, list[PlanItem]] = {key: [] for key in version_ids}
    sources: dict[int, MarkSource] = {}
    statement = select(PlanItem, ItemMarkSource.source).outerjoin(ItemMarkSource, ItemMarkSource.item_id == PlanItem.id)
    statement = statement.where(PlanItem.version_id.in_(list(version_ids))).order_by(PlanItem.version_id, PlanItem.position, PlanItem.id)
    for item, chosen in session().execute(statement):
        items[item.version_id].append(item)
        sources[item.id] = chosen or rules.usual_source(item.title, CAPSTONE_WORDS)
    return items, sources


def sources_of(items: Sequence[PlanItem]) -> dict[int, MarkSource]:
    """By item: whose grade speaks for it. One query."""
    statement = select(ItemMarkSource.item_id, ItemMarkSource.source).where(ItemMarkSource.item_id.in_([item.id for item in items]))
    chosen = {key: source for key, source in session().execute(statement)}
    return {item.id: chosen.get(item.id, rules.usual_source(item.title, CAPSTONE_WORDS)) for item in items}


def item_marks(items: Sequence[PlanItem], student_ids: Collection[int]) -> dict[int, dict[int, int]]:
    """By student and item of their plan: the mark in tenths. Three queries, none without items.

    A placement speaks when it is finished (or was withdrawn while it ran, to its last confirmed day) and graded, a capstone when it has its result. Those who withdrew are left out.
    """
    if not items:
        return {}
    mine = select(Student.id).where(Student.id.in_(list(student_ids)), Student.state != StudentState.WITHDRAWN)
    graded: dict[int, list[Graded]] = defaultdict(list)
    last = func.coalesce(Placement.ended_early_on, last_day())
    placements = select(Placement.student_id, Placement.base_id, Placement.starts_on, last, Placement.mentor_score_x10).where(
        Placement.student_id.in_(mine), or_(Placement.state == PlacementState.FINISHED, broken_off()), Placement.mentor_score_x10.is_not(None)
    )
    for student_id, base_id, first, until, mark in session().execute(placements):
        graded[student_id].append((base_id, first, until, int(mark or 0)))
    capstones = select(Capstone.student_id, Capstone.score_x10).where(
        Capstone.student_id.in_(mine), is_latest(), Capstone.finished_on.is_not(None), Capstone.score_x10.is_not(None)
    )
    concluded = {student_id: int(mark or 0) for student_id, mark in session().execute(capstones)}
    found: dict[int, dict[int, int]] = defaultdict(dict)
    sources = sources_of(items)
    for item in items:
        source = sources[item.id]
        if source is MarkSource.CAPSTONE:
            for student_id, mark in concluded.items():
                found[student_id][item.id] = mark
        elif source is MarkSource.PLACEMENT:
            for student_id, rows in graded.items():
                reached = rules.placement_mark(rows, item.base_id)
                if reached is not None:
                    found[student_id][item.id] = reached
    return dict(found)
