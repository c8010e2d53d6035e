"""Selects on items whose training went with its number to another person."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import aliased

from enterprises.subsidies.models import SubsidyItem
from enterprises.subsidies.types import LIVE_ITEMS
from trainhub.kernel.db import session
from trainhub.ledger.models import RecordCancellation, TrainingRecord


def moved_items(person_id: int) -> list[tuple[SubsidyItem, TrainingRecord]]:
    """The items of a person that are claimed or paid by a record in whose place one of somebody else stands that says the same completion."""
    before, now, taken = aliased(TrainingRecord), aliased(TrainingRecord), aliased(SubsidyItem)
    live = (taken.course_key == SubsidyItem.course_key, taken.state.in_(LIVE_ITEMS))
    statement = (
        select(SubsidyItem, now)
        .join(before, before.id == SubsidyItem.record_id)
        .join(RecordCancellation, RecordCancellation.record_id == before.id)
        .join(now, now.id == RecordCancellation.replaced_by_id)
        .where(
            SubsidyItem.person_id == person_id,
            SubsidyItem.state.in_(LIVE_ITEMS),
            now.person_id != person_id,
            now.cancelled_at.is_(None),
            now.is_counted.is_(True),
            now.course == before.course,
            now.category == before.category,
            now.completed_on == before.completed_on,
            ~select(taken.id).where(*live, (taken.person_id == now.person_id) | (taken.record_id == now.id)).correlate(SubsidyItem, now).exists(),
        )
        .order_by(SubsidyItem.id)
    )
    return [(item, record) for item, record in session().execute(statement)]
