"""Selects on accounts of mentors that an enterprise opened or reset: whether their holder is proven, and who waits for a code of a school."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy import func, select

from enterprises.mentors.models import Mentor, MentorProof
from enterprises.permissions import SCHOOL
from trainhub.identity.models import Account
from trainhub.identity.types import AccountState
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person
from trainhub.programmes.models import Programme

GUIDED = "enterprises.mentors.guided"
"""Features above say for whose students somebody signs: functions () -> select of (person_id, programme_id, university_id)."""
Guided = Callable[[], sa.Select[Any]]


def _is_open() -> sa.ColumnElement[bool]:
    """Whether an account (outer joined with its proof) was handled by somebody who vouches for nobody, and not proven since."""
    return sa.and_(Account.handled_at.is_not(None), sa.or_(MentorProof.proven_at.is_(None), MentorProof.proven_at < Account.handled_at))


def proof_of(account_id: int) -> MentorProof | None:
    """What is known of the proof of an account."""
    return session().scalar(select(MentorProof).where(MentorProof.account_id == account_id))


def is_unproven(by: Identity) -> bool:
    """Whether somebody is on the register of mentors and acts by an account whose holder is not proven. One query."""
    if by.account_id is None or by.person_id is None:
        return False
    statement = (
        select(Account.id)
        .outerjoin(MentorProof, MentorProof.account_id == Account.id)
        .where(Account.id == by.account_id, _is_open(), sa.exists().where(people.of_human(Mentor.person_id, by.person_id)))
    )
    return session().scalar(statement) is not None


GUIDE, REGISTERED = sa.orm.aliased(Person), sa.orm.aliased(Person)
"""Made once: a new alias copies every column of its table."""


def _guided() -> sa.Subquery:
    return _all_of(*current_app.extensions.get(GUIDED, ()))


@cache
def _all_of(*parts: Guided) -> sa.Subquery:
    return sa.union_all(*(part() for part in parts)).subquery("guided")


def signing_for(identity: Identity) -> sa.Select[Any]:
    """The humans who sign for students of the reader's programmes and schools."""
    guided = _guided()
    return (
        select(func.coalesce(GUIDE.merged_into_id, GUIDE.id))
        .join(guided, guided.c.person_id == GUIDE.id)
        .where(organisations.scope(identity, SCHOOL, organisations=(guided.c.university_id,), programmes=(guided.c.programme_id,)))
    )


def signs_for(person_id: int, identity: Identity) -> bool:
    """Whether somebody signs for students of the reader's programmes and schools."""
    human = func.coalesce(Person.merged_into_id, Person.id)
    return session().scalar(select(Person.id).where(Person.id == person_id, human.in_(signing_for(identity)))) is not None


@cache
def latest_mentor() -> Any:
    """SQL: the newest entry of a human (`Person`) on the register of mentors."""
    return (
        select(Mentor.id)
        .join(REGISTERED, REGISTERED.id == Mentor.person_id)
        .where(func.coalesce(REGISTERED.merged_into_id, REGISTERED.id) == func.coalesce(Person.merged_into_id, Person.id))
        .order_by(Mentor.since.desc(), Mentor.id.desc())
        .limit(1)
        .correlate(Person)
        .scalar_subquery()
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mentor whose account waits for a code."""

    account_id: int
    person_id: int
    name: str
    enterprise: str
    is_used: bool
    """Whether the account has been used; an invitation may still be under way."""
    handled_by_id: int | None
    code_made_at: datetime | None
    """When the code that holds now was made."""


def waiting(identity: Identity, *, account_ids: Collection[int] | None = None) -> list[Waiting]:
    """The mentors who sign for students of the reader's programmes and schools and whose account waits for a code, by name; of `account_ids` only
    these. One query."""
    theirs = signing_for(identity)
    human = func.coalesce(Person.merged_into_id, Person.id)
    statement = (
        select(
            Account.id, Person.id, Person.name, Organisation.name, Account.state, Account.handled_by_id, MentorProof.code_made_at, Account.handled_at
        )
        .join(Person, Person.id == Account.person_id)
        .join(Mentor, Mentor.id == latest_mentor())
        .join(Organisation, Organisation.id == Mentor.enterprise_id)
        .outerjoin(MentorProof, MentorProof.account_id == Account.id)
        .where(Account.state.in_((AccountState.ACTIVE, AccountState.INVITED)), _is_open(), human.in_(theirs))
        .order_by(Organisation.pinyin, Organisation.id, Person.pinyin, Account.id)
    )
    if account_ids is not None:
        statement = statement.where(Account.id.in_(list(account_ids)))
    return [
        Waiting(
            key,
            person,
            name,
            enterprise,
            state is AccountState.ACTIVE,
            handler,
            made if made is not None and handled is not None and made >= handled else None,
        )
        for key, person, name, enterprise, state, handler, made, handled in session().execute(statement)
    ]


def desks_of(person_id: int, *, university_id: int | None = None, programme_id: int | None = None) -> list[str]:
    """The university and programme of whose students somebody signs for, of one university or programme alone where it is given: whom to ask for a code,
    named by the office, in the order of the alphabet."""
    guided = _guided()
    theirs = select(guided.c.programme_id).where(people.of_human(guided.c.person_id, person_id))
    rows = (
        select(Organisation.name, Programme.name)
        .select_from(Programme)
        .join(Organisation, Organisation.id == Programme.university_id)
        .where(Programme.id.in_(theirs) if programme_id is None else Programme.id == programme_id)
        .order_by(Organisation.pinyin, Programme.name, Programme.id)
    )
    if university_id is not None:
        rows = rows.where(Programme.university_id == university_id)
    return [f"{university} {name}" for university, name in session().execute(rows)]


def schools_of(person_id: int) -> list[tuple[int, str, str]]:
    """The programmes for whose students somebody signs: id, university, name. Who is asked for a code."""
    guided = _guided()
    rows = (
        select(Programme.id, Organisation.name, Programme.name)
        .join(Organisation, Organisation.id == Programme.university_id)
        .where(Programme.id.in_(select(guided.c.programme_id).where(people.of_human(guided.c.person_id, person_id))))
        .order_by(Organisation.pinyin, Programme.name, Programme.id)
    )
    return [(key, university, name) for key, university, name in session().execute(rows)]
