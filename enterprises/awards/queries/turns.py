"""Selects of applications that wait, with what says for whom they wait."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import and_, func, or_, select

from enterprises.awards.fund_models import AwardStep, CompanyFigure
from enterprises.awards.models import Award
from enterprises.awards.queries.awards import SUPPLEMENTED, has_city, lies_in_city, lies_outside
from enterprises.awards.types import ASKED, AwardState, StepKind
from enterprises.bases.models import BaseFigurePast
from enterprises.permissions import AWARD_APPLICANTS, AWARD_VIEWERS
from trainhub.identity import queries as accounts
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation

MOVING = (AwardState.APPLIED, AwardState.RECOGNISED, AwardState.ACCEPTED, AwardState.CONFERENCE, AwardState.DECIDED)


CHECKED_AGAIN = (AwardState.RECOGNISED, AwardState.ACCEPTED)
"""Where the check is made again when figures it saw have changed, whatever it found (`steps.AGAIN`)."""
RESTS_ON_CHECK = (AwardState.APPLIED, AwardState.RECOGNISED, AwardState.ACCEPTED)
"""States from which no step is taken while figures have changed since the check (`steps.require`)."""


@dataclass(frozen=True, slots=True)
class Moving:
    """An application that is under way. `is_checked`: what the last check found, None before the first; `is_added_to`: something was added since;
    `is_in_my_city`: the reader is an operator of the city where its base or enterprise lies; `has_city`: it is of one of ours
    (`awards.has_city`); `is_placed`: its region names that city;
    `is_outside`: it is of another province (`awards.lies_outside`); `may_be_outdated`: figures its rule asks for were entered after a check that is still to be built
    on, or, of one recognised, that is made again;
    `is_mine`: the reader applied or added to it, under whichever account, and takes no further step; `is_checked_by_me`: the reader made a check of it,
    `is_settled_by_me`: put its amount forward or decided it, `is_conferred_by_me`: entered what the conference said last (`operations.hand_before`)."""

    id: int
    rule: str
    state: AwardState
    decided_on: date | None
    is_mine: bool
    is_checked_by_me: bool
    is_settled_by_me: bool
    is_conferred_by_me: bool
    is_in_my_city: bool
    has_city: bool
    is_placed: bool
    is_outside: bool
    is_checked: bool | None
    is_added_to: bool
    may_be_outdated: bool


def checked_under_way(organisation_id: int) -> list[Award]:
    """The applications of a base or enterprise whose next step rests on a check that found for them, and those recognised, whatever the last one found."""
    clauses = (Award.organisation_id == organisation_id, Award.state.in_(RESTS_ON_CHECK))
    of_award, again = (AwardStep.award_id == Award.id, AwardStep.kind == StepKind.CHECK), Award.state.in_(CHECKED_AGAIN)
    last = select(AwardStep.is_positive).where(*of_award).order_by(AwardStep.id.desc()).limit(1).correlate(Award).scalar_subquery()
    return list(session().scalars(select(Award).where(*clauses, or_(last.is_(True), and_(last.is_(False), again))).order_by(Award.id)))


def never_checked(organisation_id: int) -> list[Award]:
    """The applications of a base or enterprise that wait for their first check."""
    checks = select(AwardStep.id).where(AwardStep.award_id == Award.id, AwardStep.kind == StepKind.CHECK)
    clauses = (Award.organisation_id == organisation_id, Award.state == AwardState.APPLIED, ~checks.exists())
    return list(session().scalars(select(Award).where(*clauses).order_by(Award.id)))


def _last_entered(which: sa.ColumnElement[bool]) -> sa.Select[int, datetime | None]:
    """(award, when a figure of its base, or one of its enterprise that its rule asks for, was last entered or replaced), each at most once; whether it
    matters, `outdated_among` says."""
    figure = CompanyFigure
    asked = or_(*(and_(Award.rule == rule, figure.key.in_(sorted(keys))) for rule, keys in ASKED.items()))
    of_company = (
        select(Award.id.label("key"), figure.entered_at.label("at")).join(figure, figure.organisation_id == Award.organisation_id).where(which, asked)
    )
    past = BaseFigurePast
    of_base = select(Award.id.label("key"), past.replaced_at.label("at")).join(past, past.base_id == Award.organisation_id).where(which)
    both = of_company.union_all(of_base).subquery()
    return select(both.c.key, func.max(both.c.at)).group_by(both.c.key)


def _hands(own: Collection[int], ids: sa.Select[int]) -> tuple[set[int], set[int], set[int]]:
    """Of which of these applications the accounts of one human added something, made a check, or entered what the conference said last."""
    if not own:
        return set(), set(), set()
    mine = (AuditEvent.account_id.in_(own), AuditEvent.did == SUPPLEMENTED, AuditEvent.on_kind == "award")
    added = {int(key) for key in session().scalars(select(AuditEvent.on_id).where(*mine).distinct())}
    last = select(func.max(AwardStep.id)).where(AwardStep.kind == StepKind.CONFERENCE, AwardStep.award_id.in_(ids)).group_by(AwardStep.award_id)
    steps = select(AwardStep.kind, AwardStep.award_id).where(AwardStep.recorded_by_id.in_(own), AwardStep.award_id.in_(ids))
    taken = session().execute(steps.where(or_(AwardStep.kind == StepKind.CHECK, AwardStep.id.in_(last)))).all()
    checked, conferred = ({key for kind, key in taken if kind is wanted} for wanted in (StepKind.CHECK, StepKind.CONFERENCE))
    return added, checked, conferred


@dataclass(frozen=True, slots=True)
class Wanting:
    """An application that waits for who applied: its check went against it, and nothing was added since."""

    id: int
    rule: str
    organisation_id: int
    organisation: str


def to_supplement(identity: Identity) -> list[Wanting]:
    """The applications to which those for whom somebody applies are to add (`operations.may_supplement`), the oldest first. As many questions however
    many there are."""
    of_award = (AwardStep.award_id == Award.id, AwardStep.kind == StepKind.CHECK)
    last = select(func.max(AwardStep.id)).where(*of_award).correlate(Award).scalar_subquery()
    rows = (
        session()
        .execute(
            select(Award.id, Award.rule, Organisation.id, Organisation.name, AwardStep.recorded_at)
            .join(Organisation, Organisation.id == Award.organisation_id)
            .join(AwardStep, AwardStep.id == last)
            .where(organisations.inside(identity, AWARD_APPLICANTS), Award.state == AwardState.APPLIED, AwardStep.is_positive.is_(False))
            .order_by(Award.id)
        )
        .all()
    )
    added = _added([row[0] for row in rows])
    return [Wanting(key, rule, owner, name) for key, rule, owner, name, checked_at in rows if key not in added or added[key] <= checked_at]


def _added(award_ids: Collection[int]) -> dict[int, datetime]:
    """When something was last added to applications."""
    kind, ids = AuditEvent.on_kind == "award", AuditEvent.on_id.in_([str(key) for key in award_ids])
    statement = select(AuditEvent.on_id, func.max(AuditEvent.at)).where(kind, ids, AuditEvent.did == SUPPLEMENTED).group_by(AuditEvent.on_id)
    return {int(key): at for key, at in session().execute(statement)}


def moving(identity: Identity) -> list[Moving]:
    """The applications under way that the reader sees: the same few questions, however many there are."""
    seen = and_(organisations.inside(identity, AWARD_VIEWERS), Award.state.in_(MOVING))
    ids = select(Award.id).join(Organisation, Organisation.id == Award.organisation_id).where(seen)
    last = select(func.max(AwardStep.id)).where(AwardStep.kind == StepKind.CHECK, AwardStep.award_id.in_(ids)).group_by(AwardStep.award_id)
    checks = {row.award_id: row for row in session().scalars(select(AwardStep).where(AwardStep.id.in_(last)))}
    own = accounts.accounts_of_holder(identity.account_id) if identity.account_id is not None else []
    added_by_me, checked_by_me, conferred_by_me = _hands(own, ids)
    added = _added([key for key, row in checks.items() if not row.is_positive])
    in_order = Award.id.in_([key for key, row in checks.items() if row.is_positive])
    stands = or_(and_(in_order, Award.state.in_(RESTS_ON_CHECK)), and_(Award.id.in_(list(checks)), Award.state.in_(CHECKED_AGAIN)))
    entered = {key: at for key, at in session().execute(_last_entered(stands)) if at is not None}
    in_my_city = sa.case((organisations.inside(identity, (Role.PREFECTURE_OPERATOR,)), 1), else_=0)
    columns = (
        Award.id,
        Award.rule,
        Award.state,
        Award.decided_on,
        Award.applied_by_id,
        Award.decided_by_id,
        in_my_city,
        Organisation.region_code,
        Organisation.uscc,
        Organisation.code,
    )
    rows = session().execute(select(*columns).join(Organisation, Organisation.id == Award.organisation_id).where(seen).order_by(Award.id))
    return [
        Moving(
            id=key,
            rule=rule,
            state=state,
            decided_on=decided_on,
            is_mine=applied_by in own or key in added_by_me,
            is_checked_by_me=key in checked_by_me,
            is_settled_by_me=decided_by in own,
            is_conferred_by_me=key in conferred_by_me,
            is_in_my_city=bool(is_near),
            has_city=has_city(region, uscc or code),
            is_placed=lies_in_city(region),
            is_outside=lies_outside(region, uscc or code),
            is_checked=checks[key].is_positive if key in checks else None,
            may_be_outdated=key in entered and entered[key] > checks[key].recorded_at,
            is_added_to=key in added and added[key] > checks[key].recorded_at,
        )
        for key, rule, state, decided_on, applied_by, decided_by, is_near, region, uscc, code in rows
    ]
