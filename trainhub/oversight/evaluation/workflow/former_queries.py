"""Who was taken off a visit with a form that was in, what it said, and since when the group is as it is: an opinion does not vanish with the expert."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from trainhub.identity import queries as accounts
from trainhub.kernel.db import session
from trainhub.oversight.evaluation.workflow.models import Consensus, VisitExpert, VisitOpinion
from trainhub.oversight.evaluation.workflow.types import Opinion


@dataclass(frozen=True, slots=True)
class Former:
    """An expert who was taken off after the form was in, what it said otherwise than the group agreed or other than 达到, and on how many
    criteria it said nothing else."""

    expert: VisitExpert
    apart: tuple[VisitOpinion, ...]
    alike: int


def _with_form(application_id: int) -> ColumnElement[bool]:
    return and_(VisitExpert.application_id == application_id, VisitExpert.ended_at.is_not(None), VisitExpert.submitted_at.is_not(None))


def has_former_form(application_id: int) -> bool:
    """Whether somebody was taken off whose form was in."""
    return session().scalar(select(VisitExpert.id).where(_with_form(application_id)).limit(1)) is not None


def former_of(application_id: int, agreed: Mapping[str, Consensus]) -> list[Former]:
    """The experts whose form was in when they were taken off, the first assigned first. Two queries, one where there are none."""
    experts = list(session().scalars(select(VisitExpert).where(_with_form(application_id)).order_by(VisitExpert.id)))
    if not experts:
        return []
    said: dict[int, dict[str, VisitOpinion]] = defaultdict(dict)
    opinions = select(VisitOpinion).where(VisitOpinion.expert_id.in_([one.id for one in experts])).order_by(VisitOpinion.id)
    for row in session().scalars(opinions):
        said[row.expert_id][row.criterion] = row

    def is_apart(row: VisitOpinion) -> bool:
        one = agreed.get(row.criterion)
        return row.opinion is not Opinion.MET or (one is not None and one.opinion is not row.opinion)

    found = []
    for expert in experts:
        apart = tuple(row for row in said[expert.id].values() if is_apart(row))
        found.append(Former(expert, apart, len(said[expert.id]) - len(apart)))
    return found


def visited_as(application_id: int, account_id: int) -> VisitExpert | None:
    """The assignment by which a human has a part in the visit of an application, under any account: declared, and not taken off before a form was in; or
    with a conflict of interest, declared or found, which does not end with the assignment and comes first. None for everybody else."""
    has_part = and_(VisitExpert.declared_at.is_not(None), or_(VisitExpert.ended_at.is_(None), VisitExpert.submitted_at.is_not(None)))
    statement = select(VisitExpert).where(
        VisitExpert.application_id == application_id,
        VisitExpert.account_id.in_(accounts.accounts_of_holder(account_id)),
        or_(VisitExpert.has_conflict.is_(True), has_part),
    )
    return session().scalar(statement.order_by(VisitExpert.has_conflict.desc(), VisitExpert.id).limit(1))


def group_since(application_id: int) -> datetime | None:
    """When the group last changed: a form of who is assigned came in, or somebody was assigned or taken off. What is agreed on is not earlier, whatever a
    clock says."""
    changed = case((VisitExpert.ended_at.is_(None), VisitExpert.submitted_at), else_=VisitExpert.ended_at)
    found = session().execute(select(func.max(changed), func.max(VisitExpert.assigned_at)).where(VisitExpert.application_id == application_id)).one()
    moments: list[datetime] = [one for one in found if one is not None]
    return max(moments, default=None)


def agreed_at(application_id: int) -> datetime | None:
    """When something was last agreed on, by the clock of whoever wrote it."""
    return session().scalar(select(func.max(Consensus.recorded_at)).where(Consensus.application_id == application_id))
