"""Selects on what visiting groups agreed on."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select, true

from trainhub.kernel.clock import end_of
from trainhub.kernel.db import session
from trainhub.oversight.evaluation.workflow.models import Application, Consensus
from trainhub.oversight.evaluation.workflow.types import State

NOT_READABLE = (State.SUBMITTED, State.VISIT_SCHEDULED, State.WITHDRAWN)
"""While the visit lasts nobody reads what the group agreed on; what was withdrawn says nothing."""


def latest_of(programme_id: int, on: date, application_id: int | None = None) -> dict[str, Consensus]:
    """By criterion: what the group of the last visit that was over agreed on up to a day; with an application, of its visit alone. One query."""
    is_of = Application.id == application_id if application_id is not None else true()
    last = (
        select(func.max(Consensus.application_id))
        .join(Application, Application.id == Consensus.application_id)
        .where(Application.programme_id == programme_id, Application.state.not_in(NOT_READABLE), Consensus.recorded_at <= end_of(on), is_of)
        .scalar_subquery()
    )
    statement = select(Consensus).where(Consensus.application_id == last, Consensus.recorded_at <= end_of(on)).order_by(Consensus.id)
    return {row.criterion: row for row in session().scalars(statement)}
