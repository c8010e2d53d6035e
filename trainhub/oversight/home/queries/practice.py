"""Counts of what is done in enterprises, inside the scope of the reader."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import and_, func, or_, select

from enterprises.awards import queries as awards
from enterprises.awards.types import AwardState
from enterprises.capstones.impartiality import Office
from enterprises.capstones.models import Capstone, SpotCheck, Topic
from enterprises.capstones.queries import checking as spot_checks
from enterprises.capstones.queries.capstones import visible_to as capstones_visible_to
from enterprises.capstones.queries.impartiality import barred_among
from enterprises.capstones.queries.office import lacks_supervisor
from enterprises.capstones.queries.standing import is_appealed, is_moderated, settled_by
from enterprises.capstones.queries.topics import EVIDENCE, topics_visible_to
from enterprises.capstones.types import LIVE as LIVE_CAPSTONES
from enterprises.capstones.types import CapstoneState, EvidenceState, TopicState
from enterprises.mentors import queries as mentors
from enterprises.mentors.models import Mentor
from enterprises.placements import queries as placements
from enterprises.placements.models import DayEntry, Placement, PlacementEvent, Position, PositionSeats, SelfFound, WeeklyLog
from enterprises.placements.queries.absent import is_late_for
from enterprises.placements.queries.waiting import of_left_undone
from enterprises.placements.types import DayState, EventKind, EventState, OfferState, PlacementState, SeatDecision, SelfFoundState
from trainhub.identity import queries as accounts
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind, OrganisationState
from trainhub.oversight.talents import award_queries as talents
from trainhub.people.models import Student
from trainhub.people.types import StudentState


def days_waiting(student_id: int) -> int:
    """How many logged days of a student wait for a mentor."""
    statement = select(func.count(DayEntry.id)).where(DayEntry.student_id == student_id, DayEntry.state == DayState.PENDING)
    return session().scalar(statement) or 0


def positions_by_state(identity: Identity) -> dict[OfferState, int]:
    """How many positions the reader's list holds, by state."""
    listed = placements.positions_listing(identity).with_only_columns(Position.id, Position.state).order_by(None).subquery()
    return {state: count for state, count in session().execute(select(listed.c.state, func.count()).group_by(listed.c.state))}


def positions_to_approve(identity: Identity) -> int:
    """How many positions wait for the decision of the reader's schools."""
    listed = placements.positions_listing(identity, state=OfferState.SUBMITTED).with_only_columns(Position.id).order_by(None).subquery()
    return session().scalar(select(func.count()).select_from(listed)) or 0


def returned_positions(enterprise_ids: frozenset[int]) -> dict[OfferState, int]:
    """How many positions of enterprises a school sent back with a reason, by state: as a whole, or in some of several schools' terms."""
    back = select(PositionSeats.position_id).where(PositionSeats.decision == SeatDecision.RETURNED)
    statement = (
        select(Position.state, func.count(Position.id))
        .where(
            or_(Position.enterprise_id.in_(enterprise_ids), Position.base_id.in_(enterprise_ids)),
            Position.state != OfferState.CLOSED,
            or_(sa.and_(Position.state == OfferState.DRAFT, Position.return_reason != ""), Position.id.in_(back)),
        )
        .group_by(Position.state)
    )
    return {state: count for state, count in session().execute(statement)}


def placements_by_state(identity: Identity) -> dict[PlacementState, int]:
    """The placements that go on inside the reader's scope, by state."""
    statement = (
        select(Placement.state, func.count(Placement.id))
        .join(Student, Student.id == Placement.student_id)
        .where(placements.visible_to(identity), Placement.state.in_(placements.GOING))
        .group_by(Placement.state)
    )
    return {state: count for state, count in session().execute(statement)}


def on_the_job(identity: Identity, limit: int) -> list[tuple[Any, int]]:
    """Placements under way inside the reader's scope, those with the most days that wait for a mentor first, with that number."""
    waiting = (
        select(DayEntry.placement_id, func.count(DayEntry.id).label("days"))
        .where(DayEntry.state == DayState.PENDING)
        .group_by(DayEntry.placement_id)
        .subquery()
    )
    days = func.coalesce(waiting.c.days, 0)
    listed = placements.listing(identity, state=PlacementState.STARTED).outerjoin(waiting, waiting.c.placement_id == Placement.id)
    return [
        (row, row.days)
        for row in session().execute(listed.add_columns(days.label("days")).order_by(None).order_by(days.desc(), Placement.id).limit(limit))
    ]


def days_overdue(identity: Identity, due: date) -> int:
    """How many days up to `due`, of placements under way inside the reader's scope, no mentor has confirmed yet."""
    statement = (
        select(func.count(DayEntry.id))
        .join(Placement, Placement.id == DayEntry.placement_id)
        .join(Student, Student.id == Placement.student_id)
        .where(placements.visible_to(identity), Placement.state == PlacementState.STARTED, DayEntry.state == DayState.PENDING, DayEntry.on <= due)
    )
    return session().scalar(statement) or 0


def events_open(identity: Identity, on: date) -> int:
    """How many requests for leave, incidents and visits (of days that have come) nobody has settled, inside the reader's scope."""
    statement = (
        select(func.count(PlacementEvent.id))
        .join(Placement, Placement.id == PlacementEvent.placement_id)
        .join(Student, Student.id == Placement.student_id)
        .where(
            placements.visible_to(identity),
            PlacementEvent.state == EventState.OPEN,
            or_(PlacementEvent.kind != EventKind.VISIT, PlacementEvent.since <= on),
        )
    )
    return session().scalar(statement) or 0


def leave_to_decide(mentor_ids: Collection[int]) -> int:
    """How many requests for leave of the students of these mentors nobody has decided."""
    statement = (
        select(func.count(PlacementEvent.id))
        .join(Placement, Placement.id == PlacementEvent.placement_id)
        .where(Placement.mentor_id.in_(mentor_ids), PlacementEvent.state == EventState.OPEN, PlacementEvent.kind == EventKind.ABSENCE)
    )
    return session().scalar(statement) or 0


def logs_waiting(identity: Identity) -> dict[date, int]:
    """By Monday, the oldest first, how many weekly logs of the week nobody of the school has reviewed yet, inside the reader's scope."""
    week = (WeeklyLog.iso_year, WeeklyLog.iso_week)
    counted = placements.logs_to_review(identity).with_only_columns(*week, func.count(WeeklyLog.id)).order_by(None).group_by(*week)
    return dict(sorted((date.fromisocalendar(year, number, 1), count) for year, number, count in session().execute(counted)))


def self_found_waiting(identity: Identity) -> int:
    """How many places that students found wait for the reader's schools."""
    listed = placements.self_found_listing(identity).where(SelfFound.state == SelfFoundState.SUBMITTED).order_by(None)
    return session().scalar(select(func.count()).select_from(listed.with_only_columns(SelfFound.id).subquery())) or 0


class Standing(NamedTuple):
    """How many placements inside the reader's scope wait for somebody: over and not graded, over and graded, to be started by now, of students who are
    suspended or have left the school."""

    ungraded: int
    graded: int
    late: int
    absent: int


def placements_standing(identity: Identity, on: date) -> Standing:
    """What waits of the placements that go on, on a day: in one question."""
    over, late = placements.is_over(on), is_late_for(identity, on)
    absent = and_(Placement.state.in_(placements.GOING), Student.state != StudentState.ENROLLED)
    parts = (and_(over, Placement.mentor_score_x10.is_(None)), and_(over, Placement.mentor_score_x10.is_not(None)), late, absent)
    statement = (
        select(*(func.coalesce(func.sum(sa.case((part, 1), else_=0)), 0) for part in parts))
        .select_from(Placement)
        .join(Student, Student.id == Placement.student_id)
        .where(placements.visible_to(identity), Placement.state.in_(placements.GOING))
    )
    return Standing(*(int(value) for value in session().execute(statement).one()))


def placements_to_grade(mentor_ids: Collection[int], on: date) -> int:
    """How many placements of a mentor are over and have no grade yet."""
    mine = (Placement.mentor_id.in_(list(mentor_ids)), Placement.mentor_score_x10.is_(None), placements.is_over(on))
    return session().scalar(select(func.count(Placement.id)).where(*mine)) or 0


def without_mentor(identity: Identity) -> int:
    """How many placements that take a mentor have none: those that go on, and those that are over without a mark or with days that wait."""
    return _count(placements.listing(identity, without_mentor=True))


def left_undone(identity: Identity, on: date) -> int:
    """How many placements that ran and are over wait for a mark or a confirmed day, and have nobody who may give it."""
    return _count(of_left_undone(identity, on=on))


def _count(listed: Any) -> int:
    return session().scalar(select(func.count()).select_from(listed.with_only_columns(Placement.id).order_by(None).subquery())) or 0


def mentor_loads(identity: Identity, on: date) -> tuple[int, int, int]:
    """(mentors in the pool, those with more students than their limit, those exactly at it) on a day."""
    statement = (
        select(Mentor.id, Mentor.load_limit)
        .join(Organisation, Organisation.id == Mentor.enterprise_id)
        .where(mentors.visible_to(identity), mentors.in_office(on))
    )
    limits = {key: limit for key, limit in session().execute(statement)}
    loads = [(len(students), limits[key]) for key, students in mentors.guided_by(limits, on, on, today=on).items()]
    return len(loads), sum(load > limit for load, limit in loads), sum(load == limit for load, limit in loads)


def topics_waiting(identity: Identity, on: date) -> tuple[int, int]:
    """(topics that wait for a school, topics that wait for an enterprise) inside the reader's scope."""
    statement = select(
        func.coalesce(func.sum(sa.case((Topic.approved_by_school_on.is_(None), 1), else_=0)), 0),
        func.coalesce(func.sum(sa.case((Topic.approved_by_enterprise_on.is_(None), 1), else_=0)), 0),
    ).where(topics_visible_to(identity, on), Topic.state == TopicState.PROPOSED)
    row = session().execute(statement).one()
    return int(row[0]), int(row[1])


def evidence_waiting(identity: Identity, on: date) -> int:
    """The topics whose late evidence waits for the school, inside the reader's scope; not those the reader may not judge: added, or approved for the firm."""
    mine = accounts.accounts_of_holder(identity.account_id) if identity.account_id is not None else []
    others = [sa.or_(column.is_(None), column.not_in(mine)) for column in (Topic.evidence_by_id, Topic.approved_by_enterprise_id)]
    return session().scalar(select(func.count(Topic.id)).where(topics_visible_to(identity, on), EVIDENCE[EvidenceState.WAITS], *others)) or 0


def capstones_going(identity: Identity, on: date) -> tuple[int, int, int]:
    """(capstones that go on, those without a supervisor in office on either side, those graded by both and not concluded)."""
    statement = (
        select(
            func.count(Capstone.id),
            func.coalesce(func.sum(sa.case((lacks_supervisor(on), 1), else_=0)), 0),
            func.coalesce(func.sum(sa.case((Capstone.state == CapstoneState.GRADED, 1), else_=0)), 0),
        )
        .join(Student, Student.id == Capstone.student_id)
        .where(capstones_visible_to(identity), Capstone.state.in_(LIVE_CAPSTONES))
    )
    row = session().execute(statement).one()
    return int(row[0]), int(row[1]), int(row[2])


def capstones_moderated(identity: Identity) -> int:
    """The capstones whose result is looked at again, and whose conclusion is the reader's to give."""
    return len(_to_decide(identity, is_moderated()))


def capstones_appealed(identity: Identity) -> int:
    """The capstones whose student waits for the decision of an appeal that is the reader's to give: not of a result the reader has settled."""
    rows = _to_decide(identity, is_appealed())
    mine = set(accounts.accounts_of_holder(identity.account_id)) if identity.account_id is not None and rows else set()
    return sum(not mine & by for by in settled_by(rows).values())


def _to_decide(identity: Identity, which: sa.ColumnElement[bool]) -> list[int]:
    """Capstones of the reader's scope, without those the reader supervises, has scored or stands near to: others decide on these."""
    statement = select(Capstone.id, Capstone.student_id).join(Student, Student.id == Capstone.student_id)
    rows = {key: student_id for key, student_id in session().execute(statement.where(capstones_visible_to(identity), which))}
    barred = barred_among(rows, Office.DECISION) if rows and identity.person_id is not None else {}
    return [key for key in rows if identity.person_id not in barred.get(key, ())]


def spot_theses_to_send(identity: Identity, on: date) -> int:
    """The theses of spot checks for which experts have to be asked, of the checks that the reader's office runs."""
    waiting = spot_checks.to_send(identity, on)
    if not waiting:
        return 0
    above = spot_checks.of_department(session().scalars(select(SpotCheck).where(SpotCheck.id.in_(waiting))).all())
    return sum(number for key, number in waiting.items() if identity.has(Role.DEPT_EDU if key in above else Role.UNIVERSITY_ADMIN))


def awards_by_state(identity: Identity) -> dict[AwardState, int]:
    """The applications for awards the reader sees, by state."""
    found: dict[AwardState, int] = {}
    for row in session().execute(awards.awards_listing(identity)):
        state = awards.AwardRow(*row).state
        found[state] = found.get(state, 0) + 1
    return found


def awards_to_recover(identity: Identity) -> int:
    """How many awards the reader sees were paid, revoked, and have not come back."""
    return session().scalar(select(func.count()).select_from(awards.awards_listing(identity, is_to_recover=True).order_by(None).subquery())) or 0


def talent_awards_to_recover(identity: Identity) -> int:
    """The same of money for talent."""
    return session().scalar(select(func.count()).select_from(talents.listing(identity, is_to_recover=True).order_by(None).subquery())) or 0


def own_bases(identity: Identity) -> list[tuple[int, str, str]]:
    """(id, code, name) of the bases inside the reader's scope."""
    return [(row[0], row[1], row[2]) for row in session().execute(awards.bases_listing(identity))]


def organisations_to_verify(identity: Identity) -> int:
    """How many organisations inside the reader's scope are registered and not yet verified."""
    statement = select(func.count(Organisation.id)).where(
        and_(Organisation.state == OrganisationState.REGISTERED, organisations.visible_to(identity))
    )
    return session().scalar(statement) or 0


def bases_of_region(codes: frozenset[str]) -> int:
    """How many bases stand in regions."""
    statement = select(func.count(Organisation.id)).where(
        Organisation.kind == OrganisationKind.BASE,
        Organisation.state != OrganisationState.CLOSED,
        organisations.within_regions(Organisation.region_code, sorted(codes)),
    )
    return session().scalar(statement) or 0
