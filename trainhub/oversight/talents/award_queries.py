"""What talents were given: one award, those of a person, the list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, select

from enterprises.awards.queries import unknown_credit
from enterprises.awards.queries.funding import credit_on
from enterprises.awards.specs import TERMS, terms_of
from enterprises.awards.types import AwardState, PoolKind
from trainhub.kernel.access import Identity, Subject
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.talents import queries
from trainhub.oversight.talents.award_models import TalentAward, TalentObjection
from trainhub.oversight.talents.models import Talent
from trainhub.oversight.talents.queries import Employer
from trainhub.people.models import Person
from trainhub.people.queries import of_human
from trainhub.policy.book import book

STANDS = (AwardState.CONFERENCE, AwardState.DECIDED, AwardState.PAID)
"""States in which an award of a year stands in the way of another one."""
SORTS: dict[str, tuple[Any, ...]] = {
    "name": (Person.pinyin,),
    "rule": (TalentAward.rule,),
    "year": (TalentAward.year,),
    "state": (TalentAward.state,),
    "amount": (TalentAward.amount_fen,),
    "decided": (TalentAward.decided_on,),
    "paid": (TalentAward.paid_on,),
}


def fund_of(rule: str, on: date) -> PoolKind | None:
    """The kind of pool the sentence takes the money of a rule from on a day; None: any (`fj.award_funds`)."""
    return terms_of(rule, {key: book().at(key, on=on) for key in TERMS}).fund


@dataclass(frozen=True, slots=True)
class AwardRow:
    """An award in the list."""

    id: int
    talent_id: int
    name: str
    employer: str | None
    rule: str
    year: int
    state: AwardState
    amount_fen: int
    decided_on: date | None
    paid_on: date | None
    payment_reference: str
    recovered_on: date | None


TO_RECOVER = and_(TalentAward.state == AwardState.REVOKED, TalentAward.paid_on.is_not(None), TalentAward.recovered_on.is_(None))
"""SQL: paid, revoked, and not come back."""


def is_to_recover(row: TalentAward) -> bool:
    """Whether what was paid is still to come back."""
    return row.state is AwardState.REVOKED and row.paid_on is not None and row.recovered_on is None


def award(award_id: int) -> TalentAward | None:
    """An award by id."""
    return session().get(TalentAward, award_id)


def objections_of(award_id: int) -> list[TalentObjection]:
    """What was said against an award, the earliest first."""
    return list(session().scalars(select(TalentObjection).where(TalentObjection.award_id == award_id).order_by(TalentObjection.id)))


def objection(objection_id: int) -> TalentObjection | None:
    """An objection by id."""
    return session().get(TalentObjection, objection_id)


def published() -> list[tuple[TalentAward, str, str, str | None]]:
    """(award, kind of the database, name, employer) of what is published, the latest first; the employer it was decided for, whoever employs the talent now."""
    found = session().execute(
        select(TalentAward, Talent.kind, Person.name, TalentAward.employer)
        .join(Talent, Talent.id == TalentAward.talent_id)
        .join(Person, Person.id == Talent.person_id)
        .where(TalentAward.published_on.is_not(None))
        .order_by(TalentAward.published_on.desc(), TalentAward.id.desc())
    )
    return [(row, kind.value, name, employer or None) for row, kind, name, employer in found]


def subject_of(row: TalentAward) -> Subject:
    """What permissions over an award are judged on: those of its talent."""
    return queries.subject_of(session().get_one(Talent, row.talent_id))


def hold(talent_id: int) -> None:
    """Let decisions about one human wait for each other, under however many entries."""
    person_id = session().get_one(Talent, talent_id).person_id
    session().execute(select(Talent.id).where(of_human(Talent.person_id, person_id)).order_by(Talent.id).with_for_update())


def awards_of(row: Talent) -> list[TalentAward]:
    """Every award of the human, under whichever entry it was given, the latest first."""
    statement = select(TalentAward).join(Talent, Talent.id == TalentAward.talent_id).where(of_human(Talent.person_id, row.person_id))
    return list(session().scalars(statement.order_by(TalentAward.id.desc())))


def is_under_way(row: Talent) -> bool:
    """Whether money for the human is put before the joint conference, or decided and not paid."""
    return any(one.state in (AwardState.CONFERENCE, AwardState.DECIDED) for one in awards_of(row))


def standing(row: Talent, rule: str) -> list[TalentAward]:
    """The awards of the human under a rule that stand, the earliest first."""
    return [one for one in reversed(awards_of(row)) if one.rule == rule and one.state in STANDS]


def employer_of(row: Talent) -> str:
    """The name of who employs the talent now; empty where nobody does."""
    employer = organisations.by_id(row.employer_id) if row.employer_id else None
    return employer.name if employer is not None else ""


def credit_of(row: Talent, on: date) -> list[tuple[str, str]]:
    """(name, credit status on a day) of the employer, if there is one."""
    employer = organisations.by_id(row.employer_id) if row.employer_id else None
    if employer is None:
        return []
    return [(employer.name, credit_on({employer.id: (employer.credit_status, employer.credit_checked_on)}, on)[employer.id])]


def closed_of(row: Talent, on: date) -> list[str]:
    """The employer's name, if it was out of use on a day."""
    employer = organisations.by_id(row.employer_id) if row.employer_id else None
    return [employer.name] if employer is not None and organisations.closed_on([employer.id], on) else []


def never_looked_up(row: Talent, on: date) -> str:
    """The enterprise that employs the talent, by name, when nobody had looked up its credit by a day, or too long before it; empty otherwise."""
    employer = organisations.by_id(row.employer_id) if row.employer_id else None
    is_asked = employer is not None and employer.kind is OrganisationKind.ENTERPRISE
    return next(iter(unknown_credit(employer, on)), "") if employer is not None and is_asked else ""


def listing(
    identity: Identity, *, text: str = "", rule: str = "", state: AwardState | None = None, is_to_recover: bool = False, sort: str = ""
) -> Any:
    """The rows of the list, the latest first unless sorted; `AwardRow(*row)`."""
    statement: Any = (
        select(
            TalentAward.id,
            TalentAward.talent_id,
            Person.name,
            Employer.name.label("employer"),
            TalentAward.rule,
            TalentAward.year,
            TalentAward.state,
            TalentAward.amount_fen,
            TalentAward.decided_on,
            TalentAward.paid_on,
            TalentAward.payment_reference,
            TalentAward.recovered_on,
        )
        .join(Talent, Talent.id == TalentAward.talent_id)
        .join(Person, Person.id == Talent.person_id)
        .outerjoin(Employer, Employer.id == Talent.employer_id)
        .where(queries.visible_to(identity))
    )
    if text:
        statement = statement.where(organisations.matches(text, Person.name, Person.pinyin, Employer.name))
    if rule:
        statement = statement.where(TalentAward.rule == rule)
    if state is not None:
        statement = statement.where(TalentAward.state == state)
    if is_to_recover:
        statement = statement.where(TO_RECOVER)
    return organisations.ordered_or(statement, sort, SORTS, TalentAward.id.desc(), unique=TalentAward.id)
