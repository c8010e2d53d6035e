"""Pools of money, steps beside an award, and what is known of an organisation's credit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select

from enterprises.awards.fund_models import AwardStep, CreditCheck, CreditListing, FundPool
from enterprises.awards.recipients import is_looked_up
from enterprises.awards.types import BAD, GOOD, StepKind
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation

CHUNK = 900


# -- pools --------------------------------------------------------------------------------------------------------------
def pools() -> list[FundPool]:
    """Every pool, the latest year first."""
    return list(session().scalars(select(FundPool).order_by(FundPool.year.desc(), FundPool.name)))


def pool(pool_id: int) -> FundPool | None:
    """A pool as it stands now."""
    return session().scalar(select(FundPool).where(FundPool.id == pool_id).execution_options(populate_existing=True))


def has_pool(year: int, name: str) -> bool:
    """Whether a pool of that name is there."""
    return session().scalar(select(FundPool.id).where(FundPool.year == year, FundPool.name == name)) is not None


# -- steps --------------------------------------------------------------------------------------------------------------
def steps_of(award_id: int) -> list[AwardStep]:
    """Every step beside an application in order."""
    return list(session().scalars(select(AwardStep).where(AwardStep.award_id == award_id).order_by(AwardStep.id)))


def latest_steps(award_id: int) -> dict[StepKind, AwardStep]:
    """The step of each kind that holds: the last one recorded."""
    return {row.kind: row for row in steps_of(award_id)}


# -- credit -------------------------------------------------------------------------------------------------------------
def checks_of(organisation_id: int) -> list[CreditCheck]:
    """Every look-up of an organisation, the latest first."""
    return list(session().scalars(select(CreditCheck).where(CreditCheck.organisation_id == organisation_id).order_by(CreditCheck.id.desc())))


def credit_on(known: Mapping[int, tuple[str, date | None]], on: date) -> dict[int, str]:
    """The credit status of organisations as it stood on a day; `known`: the status now with the day it was looked up (None: without a
    day, it is taken as it is). Where that was later, the last look-up up to the day answers; empty: none was made by then, and any word
    that is no answer of a look-up is none. Who stands on
    the imported list by an entry that nobody has looked up since it came in is on it: a list is not imported to be forgotten."""
    found = {key: status.strip() if is_looked_up(status) and (checked is None or checked <= on) else "" for key, (status, checked) in known.items()}
    later = [key for key, (_status, checked) in known.items() if checked is not None and checked > on]
    if later:
        rows = select(CreditCheck).where(CreditCheck.organisation_id.in_(later), CreditCheck.on <= on).order_by(CreditCheck.on, CreditCheck.id)
        found.update({row.organisation_id: BAD if row.is_listed else GOOD for row in session().scalars(rows)})
    found.update({key: BAD for key, _entry in listed_unseen(known, on)})
    return found


def looked_up_on(organisation_ids: Collection[int], on: date) -> dict[int, date]:
    """The day of the look-up that answers on a day, by organisation: the latest up to it, also one that is known of the organisation alone (brought
    in by a list, or of before look-ups were kept). Without those that have none, or none with a day."""
    wanted = sorted(organisation_ids)
    checks = (
        select(CreditCheck.organisation_id, func.max(CreditCheck.on))
        .where(CreditCheck.organisation_id.in_(wanted), CreditCheck.on <= on)
        .group_by(CreditCheck.organisation_id)
    )
    own = select(Organisation.id, Organisation.credit_checked_on).where(Organisation.id.in_(wanted), Organisation.credit_checked_on <= on)
    found: dict[int, date] = {}
    for key, day in (*session().execute(checks), *session().execute(own)):
        found[key] = max(day, found.get(key, day))
    return found


def listed_unseen(organisation_ids: Collection[int], on: date) -> list[tuple[int, CreditListing]]:
    """(organisation, its entry that stands on a day) where no look-up was made since the entry came in. One dated before the entry
    begins cannot have seen it, whenever it was entered."""
    seen = select(CreditCheck.id).where(
        CreditCheck.organisation_id == Organisation.id,
        CreditCheck.checked_at >= CreditListing.entered_at,
        CreditCheck.on >= CreditListing.since,
    )
    found = session().execute(
        select(Organisation.id, CreditListing)
        .join(CreditListing, CreditListing.uscc == Organisation.uscc)
        .where(
            Organisation.id.in_(sorted(organisation_ids)),
            CreditListing.since <= on,
            or_(CreditListing.until.is_(None), CreditListing.until >= on),
            ~seen.exists(),
        )
        .order_by(Organisation.id, CreditListing.since)
    )
    return [(key, entry) for key, entry in found]


CREDIT_SORTS: dict[str, tuple[Any, ...]] = {
    "name": (CreditListing.name,),
    "code": (CreditListing.uscc,),
    "since": (CreditListing.since,),
    "until": (CreditListing.until,),
}


def credit_listings(text: str = "", sort: str = "") -> organisations.Statement:
    """The imported list, the latest first unless sorted otherwise."""
    statement: organisations.Statement = select(CreditListing)
    if text:
        statement = statement.where(organisations.matches(text, CreditListing.name, CreditListing.uscc))
    return organisations.ordered_or(statement, sort, CREDIT_SORTS, CreditListing.since.desc(), CreditListing.id.desc(), unique=CreditListing.id)


def has_credit_list() -> bool:
    """Whether a list was imported at all."""
    return session().scalar(select(CreditListing.id).limit(1)) is not None


def listed_on(uscc: str, on: date) -> CreditListing | None:
    """The entry that stands on a day."""
    return session().scalar(
        select(CreditListing)
        .where(CreditListing.uscc == uscc, CreditListing.since <= on, or_(CreditListing.until.is_(None), CreditListing.until >= on))
        .limit(1)
    )


def credit_lines(codes: Collection[str]) -> dict[tuple[str, date], CreditListing]:
    """The entries of some organisations by (code, day); a file asks only for its own."""
    wanted, found = sorted(set(codes)), {}
    for start in range(0, len(wanted), CHUNK):
        rows = session().scalars(select(CreditListing).where(CreditListing.uscc.in_(wanted[start : start + CHUNK])))
        found.update({(row.uscc, row.since): row for row in rows})
    return found
