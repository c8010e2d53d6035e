"""What waits for somebody of an office: nothing of it stands there that would be refused, as `outside.kept_out` and `deciding.kept_out` say on the page."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select

from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.oversight.evaluation.queries import staff
from trainhub.oversight.evaluation.workflow import former_queries, queries, rules
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.types import WITH_EXPERTS, Event, State
from trainhub.programmes.models import Programme


def waiting_for(identity: Identity, on: date, limit: int = 20) -> list[tuple[Application, str, str]]:
    """(application, programme, university) that wait for a step of the office somebody acts for, those that wait longest first. Nothing waits to be
    called off, nor for who has a part in its visit or belongs to its university (a list of the year is published by any member)."""
    actors = queries.offices_of(identity)
    states = {state for one in rules.TABLE if one.actor in actors and one.event is not Event.CALL_OFF for state in one.sources}
    if not states:
        return []
    listing = queries.listing(identity, states)
    tied = _tied(identity, listing.with_only_columns(Programme.university_id).order_by(None).distinct(), on)
    mine = and_(Application.id.not_in(former_queries.visited_by(identity.account_id)), Programme.university_id.not_in(tied))
    statement = listing.where(or_(Application.state == State.CONCLUDED, mine)).order_by(None)
    found = session().execute(statement.order_by(Application.state_since, Application.id).limit(limit))
    return [(row, programme, university) for row, _code, programme, university in found]


def programmes_kept_from(identity: Identity, on: date) -> set[int]:
    """The programmes in evaluation that somebody does not judge: they have a part in the visit, or belong to the university."""
    if identity.account_id is None:
        return set()
    under_way = select(Programme.id, Programme.university_id).join(Application, Application.open_key == Programme.id)
    rows = session().execute(under_way.where(Application.state.in_(list(WITH_EXPERTS)))).all()
    tied = staff.ties_to_universities(identity.person_id, identity.account_id, {university for _key, university in rows}, on)
    return former_queries.programmes_visited_by(identity.account_id) | {key for key, university in rows if university in tied}


def _tied(identity: Identity, universities: Any, on: date) -> list[int]:
    if identity.account_id is None:
        return []
    return list(staff.ties_to_universities(identity.person_id, identity.account_id, set(session().scalars(universities)), on))
