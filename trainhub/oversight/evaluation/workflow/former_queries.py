"""Who was taken off a visit with a form that was in, what it said, and since when the group is as it is: an opinion does not vanish with the expert."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from trainhub.identity import queries as accounts
from trainhub.kernel.db import session
from trainhub.oversight.evaluation.workflow.models import Application, Consensus, VisitExpert, VisitOpinion
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
    """Whether somebody was taken off whose form was in, also who is assigned anew since: `visiting.assign` opens the row again from the day the former
    assignment ended, so what was said before is of that form."""
    said = select(VisitOpinion.id).where(VisitOpinion.expert_id == VisitExpert.id, VisitOpinion.said_at < VisitExpert.assigned_at)
    anew = and_(VisitExpert.application_id == application_id, said.exists())
    return session().scalar(select(VisitExpert.id).where(or_(_with_form(application_id), anew)).limit(1)) is not None


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


def _visited(account_id: int) -> ColumnElement[bool]:
    has_part = and_(VisitExpert.declared_at.is_not(None), or_(VisitExpert.ended_at.is_(None), VisitExpert.submitted_at.is_not(None)))
    return and_(VisitExpert.account_id.in_(accounts.accounts_of_holder(account_id)), or_(VisitExpert.has_conflict.is_(True), has_part))


def visited_by(account_id: int | None) -> set[int]:
    """The applications in whose visit a human has a part, see `visited_as`: another member of the office handles them."""
    if account_id is None:
        return set()
    return set(session().scalars(select(VisitExpert.application_id).where(_visited(account_id))))


def programmes_visited_by(account_id: int | None) -> set[int]:
    """The programmes of those of these applications that are open: who has a part in the visit does not judge there."""
    keys = visited_by(account_id)
    return (
        set(session().scalars(select(Application.programme_id).where(Application.id.in_(keys), Application.open_key.is_not(None)))) if keys else set()
    )


def visited_as(application_id: int, account_id: int) -> VisitExpert | None:
    """The assignment by which a human has a part in the visit of an application, under any account: declared, and not taken off before a form was in; or
    with a conflict of interest, declared or found, which does not end with the assignment and comes first. None for everybody else."""
    statement = select(VisitExpert).where(VisitExpert.application_id == application_id, _visited(account_id))
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
