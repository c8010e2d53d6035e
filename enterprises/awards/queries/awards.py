"""Selects of applications and decisions."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, func, or_, select

from enterprises.awards.models import Award
from enterprises.awards.types import OPEN, TAKEN, AwardState, CompanyRule, EarlierAward
from enterprises.permissions import AWARD_VIEWERS
from trainhub.kernel.access import Identity, Subject
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation

SUPPLEMENTED = "awards.award.supplemented"
"""What the log calls an addition to an application."""

# -- awards -------------------------------------------------------------------------------------------------------------


def award(award_id: int) -> Award | None:
    """An award by id."""
    return session().get(Award, award_id)


def awards_of(organisation_id: int) -> list[Award]:
    """Every award of a base or enterprise, the latest first."""
    return list(session().scalars(select(Award).where(Award.organisation_id == organisation_id).order_by(Award.id.desc())))


def open_award(organisation_id: int, rule: str, year: int | None = None, project_key: str = "") -> Award | None:
    """The application that is under way for a year (None: for any, where the incentive is given once or once for a project). A workspace that was
    applied for before projects were named may be for any."""
    keys = {project_key, ""} if rule == CompanyRule.WORKSPACE else {project_key}
    statement = select(Award).where(Award.organisation_id == organisation_id, Award.rule == rule, Award.project_key.in_(keys))
    if year is not None:
        statement = statement.where(Award.year == year)
    return session().scalar(statement.where(Award.state.in_(OPEN)).order_by(Award.project_key == "", Award.id).limit(1))


def hold(organisation_id: int) -> None:
    """Let decisions about one base or enterprise wait for each other: caps over several awards hold for decisions of one moment too."""
    session().execute(select(Organisation.id).where(Organisation.id == organisation_id).with_for_update())


def hold_all(rule: str, year: int) -> None:
    """Let decisions about everybody who applied under a rule for a year wait for each other: they share a sum (`types.SHARED`)."""
    session().execute(select(Award.id).where(Award.rule == rule, Award.year == year).order_by(Award.id).with_for_update())


def stood_on(on: date) -> sa.ColumnElement[bool]:
    """SQL: the awards that counted as given on a day; one that was revoked since stood until then."""
    return and_(Award.decided_on <= on, or_(Award.state.in_(TAKEN), and_(Award.state == AwardState.REVOKED, Award.ended_on > on)))


def given_to_others(rule: str, year: int, organisation_id: int, on: date) -> int:
    """Fen that others than one were awarded under a rule for a year, up to a day."""
    clauses = (Award.rule == rule, Award.year == year, Award.organisation_id != organisation_id, stood_on(on))
    return int(session().scalar(select(func.coalesce(func.sum(Award.amount_fen), 0)).where(*clauses)) or 0)


def taken_in_group(organisation_id: int, overlap_group: str) -> list[Award]:
    """Awards of a base or enterprise that count as given in one overlap group."""
    statement = select(Award).where(Award.organisation_id == organisation_id, Award.overlap_group == overlap_group, Award.state.in_(TAKEN))
    return list(session().scalars(statement.order_by(Award.id)))


TO_RECOVER = and_(Award.state == AwardState.REVOKED, Award.paid_on.is_not(None), Award.amount_fen.is_not(None), Award.recovered_on.is_(None))
"""SQL: paid, revoked, and not come back."""


def is_to_recover(award: Award) -> bool:
    """Whether what was paid is still to come back."""
    return award.state is AwardState.REVOKED and award.paid_on is not None and award.amount_fen is not None and award.recovered_on is None


def to_recover_of(organisation_id: int) -> list[Award]:
    """What a base or enterprise has to give back."""
    statement = select(Award).where(Award.organisation_id == organisation_id, TO_RECOVER)
    return list(session().scalars(statement.order_by(Award.id)))


@dataclass(frozen=True, slots=True)
class AwardRow:
    """An award in a list."""

    id: int
    organisation_id: int
    name: str
    rule: str
    year: int
    project: str
    state: AwardState
    amount_fen: int | None
    payer: str
    applied_on: date | None
    decided_on: date | None
    paid_on: date | None
    recovered_on: date | None


AWARD_SORTS: dict[str, tuple[Any, ...]] = {
    "base": (Organisation.pinyin, Award.applied_on),
    "rule": (Award.rule, Organisation.pinyin),
    "state": (Award.state, Organisation.pinyin),
    "amount": (Award.amount_fen, Organisation.pinyin),
    "applied": (Award.applied_on,),
    "decided": (Award.decided_on,),
    "paid": (Award.paid_on,),
}


def awards_listing(
    identity: Identity,
    *,
    text: str = "",
    rule: str = "",
    state: AwardState | None = None,
    is_to_recover: bool = False,
    ids: Collection[int] | None = None,
    sort: str = "",
) -> organisations.Statement:
    """The rows of the list of decisions, the latest first unless sorted otherwise; `AwardRow(*row)`. `ids`: only of these."""
    clauses = [organisations.inside(identity, AWARD_VIEWERS)]
    if state is not None:
        clauses.append(Award.state == state)
    if ids is not None:
        clauses.append(Award.id.in_(ids))
    if is_to_recover:
        clauses.append(TO_RECOVER)
    if rule:
        clauses.append(Award.rule == rule)
    if text:
        clauses.append(organisations.matches(text, Organisation.name, Organisation.pinyin, Organisation.code, Award.project))
    statement: organisations.Statement = (
        select(
            Award.id,
            Award.organisation_id,
            Organisation.name,
            Award.rule,
            Award.year,
            Award.project,
            Award.state,
            Award.amount_fen,
            Award.payer,
            Award.applied_on,
            Award.decided_on,
            Award.paid_on,
            Award.recovered_on,
        )
        .join(Organisation, Organisation.id == Award.organisation_id)
        .where(and_(*clauses))
    )
    return organisations.ordered_or(statement, sort, AWARD_SORTS, Award.id.desc(), unique=Award.id)


def published() -> list[tuple[Award, str]]:
    """Decisions that everybody may read, the latest first, with the name of the base or enterprise; revoked ones stay, marked."""
    found = session().execute(
        select(Award, Organisation.name)
        .join(Organisation, Organisation.id == Award.organisation_id)
        .where(Award.published_on.is_not(None))
        .order_by(Award.published_on.desc(), Award.id.desc())
    )
    return [(row, name) for row, name in found]


def lies_in_city(region_code: str | None) -> bool:
    """Whether a region is in a city of ours, whose operators then check."""
    return bool(region_code) and region_code[:2] == organisations.PROVINCE[:2] and region_code != organisations.PROVINCE  # type: ignore[index]


def has_city(region_code: str | None, code: str) -> bool:
    """Whether an organisation is of a city of ours: by its region, or, where nobody entered one, registered in Fujian by its code (`is_of_fujian`)."""
    return lies_in_city(region_code) or (not region_code and is_of_fujian(code))


def has_own_city(row: Award) -> bool:
    """Whether a city of ours checks the applications of the organisation; of who comes from elsewhere (`EVERYWHERE`) the rule's department does.
    One registered in Fujian by its code is of ours though nobody entered its region: that is entered first (`is_unplaced`)."""
    organisation = organisations.by_id(row.organisation_id)
    assert organisation is not None
    return has_city(organisation.region_code, organisation.uscc or organisation.code)


def is_unplaced(row: Award) -> bool:
    """Whether no city of ours is named by the organisation's region, so that no city sees the application."""
    organisation = organisations.by_id(row.organisation_id)
    assert organisation is not None
    return not lies_in_city(organisation.region_code)


NATIONAL = "10"
"""The division in a code that was registered with the State: its holder may lie anywhere."""


def lies_outside(region_code: str | None, code: str) -> bool:
    """Whether an organisation is of another province: by its region, or, where nobody entered one, by where its code was registered."""
    if region_code:
        return region_code[:2] != organisations.PROVINCE[:2]
    return len(code) == 18 and code[2:4].isdigit() and code[2:4] not in (organisations.PROVINCE[:2], NATIONAL)


def is_outside(row: Award) -> bool:
    """Whether the organisation is of another province, so that there is most likely no region of ours to enter."""
    organisation = organisations.by_id(row.organisation_id)
    assert organisation is not None
    return lies_outside(organisation.region_code, organisation.uscc or organisation.code)


def supplemented_by(award_id: int) -> list[int]:
    """The accounts that added words or files to an application, from the log."""
    event = AuditEvent
    of_award = (event.on_kind == "award", event.on_id == str(award_id), event.did == SUPPLEMENTED, event.account_id.is_not(None))
    return [key for key in session().scalars(select(event.account_id).where(*of_award).distinct()) if key is not None]


def is_of_fujian(code: str) -> bool:
    """Whether a unified social credit code says that its holder was registered in Fujian: its third to eighth signs are the division (GB 32100-2015)."""
    return len(code) == 18 and code[2:4] == organisations.PROVINCE[:2]


def award_subject(row: Award) -> Subject:
    """What a permission over an award is judged on: the base or enterprise."""
    organisation = organisations.by_id(row.organisation_id)
    assert organisation is not None
    return organisations.subject_of(organisation)


def states_of(base_ids: Iterable[int]) -> dict[tuple[int, str], AwardState]:
    """The state of the latest award by (base, rule)."""
    wanted = sorted(set(base_ids))
    found: dict[tuple[int, str], AwardState] = {}
    for base_id, rule, state in session().execute(
        select(Award.organisation_id, Award.rule, Award.state).where(Award.organisation_id.in_(wanted)).order_by(Award.id)
    ):
        found[(base_id, rule)] = state
    return found


def given_to(organisation_id: int, on: date) -> tuple[EarlierAward, ...]:
    """What a base or enterprise was awarded up to a day."""
    found = session().scalars(select(Award).where(Award.organisation_id == organisation_id, stood_on(on)).order_by(Award.decided_on, Award.id))
    return tuple(
        EarlierAward(row.rule, row.overlap_group, row.decided_on, row.year, row.amount_fen, row.project, row.project_number) for row in found
    )


def paid_from(pool_id: int) -> tuple[int, int]:
    """(number, fen) of the awards paid from a pool, but for what came back."""
    return paid_from_each([pool_id])[pool_id]


def paid_from_each(pool_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """{pool: (number, fen) of the awards paid from it, but for what came back}, one query."""
    statement = (
        select(Award.pool_id, func.count(), func.coalesce(func.sum(Award.amount_fen), 0))
        .where(Award.pool_id.in_(pool_ids), or_(Award.state.in_((AwardState.PAID, AwardState.CLOSED)), TO_RECOVER))
        .group_by(Award.pool_id)
    )
    paid = {key: (int(count), int(fen or 0)) for key, count, fen in session().execute(statement)}
    return {key: paid.get(key, (0, 0)) for key in pool_ids}
