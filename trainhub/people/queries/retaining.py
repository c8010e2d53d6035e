"""Selects on what is kept of persons, and how long: legal holds, who still studies or teaches, whose data have served their time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy import or_, select

from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.people.models import LegalHold, Person, Student, Teacher
from trainhub.people.queries.merging import of_human

Clause = sa.ColumnElement[bool]
_KEEPERS = "trainhub.keepers"


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that keeps a person's data in use: the column that names the person, and when a row of it counts."""

    person: Any
    clause: Clause


Keeper = Callable[[Any], Clause]
"""SQL: something keeps everything of the person that a column names."""


def register_keeper(app: Flask, name: str, keeps: Keeper) -> None:
    """Tell what else than a legal hold keeps everything of a person; every sweep asks it through `is_free`."""
    known: dict[str, Keeper] = app.extensions.setdefault(_KEEPERS, {})
    if name in known:
        raise RuntimeError(f"keeper {name} is registered twice")
    known[name] = keeps


def _is_held(person: Any) -> Clause:
    return sa.exists().where(LegalHold.person_id == person, LegalHold.lifted_at.is_(None))


def is_free(person: Any) -> Clause:
    """SQL: nothing keeps everything of the human a column names: neither that row, nor the one it was merged into, nor another one merged with it.

    This is the one question that every sweep asks before it erases: a legal hold keeps, and so does what was registered from above.
    """
    named, other = sa.orm.aliased(Person), sa.orm.aliased(Person)
    keepers = (_is_held, *current_app.extensions.get(_KEEPERS, {}).values())
    return sa.and_(
        *(~keeps(person) for keeps in keepers),
        *(~sa.exists().where(named.id == person, keeps(named.merged_into_id)) for keeps in keepers),
        # Each way by one key: a single expression over both would read every person there is.
        *(~sa.exists().where(other.merged_into_id == person, keeps(other.id)) for keeps in keepers),
        *(~sa.exists().where(named.id == person, other.merged_into_id == named.merged_into_id, keeps(other.id)) for keeps in keepers),
    )


def holds_on(person_id: int) -> list[LegalHold]:
    """The holds on a human, whichever row is named, the newest first, lifted ones too."""
    return list(session().scalars(select(LegalHold).where(of_human(LegalHold.person_id, person_id)).order_by(LegalHold.id.desc())))


def standing_holds(person_id: int) -> list[LegalHold]:
    """The holds for which a person is not free (see `is_free`), the oldest first."""
    is_theirs = of_human(LegalHold.person_id, person_id)
    return list(session().scalars(select(LegalHold).where(is_theirs, LegalHold.lifted_at.is_(None)).order_by(LegalHold.id)))


def hold(hold_id: int) -> LegalHold | None:
    """One hold."""
    return session().get(LegalHold, hold_id)


def left_before(day: date) -> sa.Select[int]:
    """Students who left before a day and are free: their logs may go."""
    return select(Student.id).where(Student.left_on < day, is_free(Student.person_id))


def own_uses(since: datetime) -> list[Use]:
    """Who studies or teaches, or did so at an instant or later."""
    day = local(since).date()
    return [
        Use(Student.person_id, or_(Student.left_on.is_(None), Student.left_on >= day)),
        Use(Teacher.person_id, or_(Teacher.until.is_(None), Teacher.until >= day)),
    ]


def is_used(person: Any, uses: Iterable[Use]) -> Clause:
    """SQL: one of the uses names the person of a column."""
    return or_(sa.false(), *(sa.exists().where(use.person == person, use.clause) for use in uses))


def with_contacts(*, before: datetime, uses: Iterable[Use], after: int, limit: int) -> list[int]:
    """Free persons, in order, whose phone or e-mail nobody has used since an instant."""
    statement = select(Person.id).where(
        Person.id > after, or_(Person.phone != "", Person.email != ""), Person.created_at < before, ~is_used(Person.id, uses), is_free(Person.id)
    )
    return list(session().scalars(statement.order_by(Person.id).limit(limit)))


def with_numbers(*, before: datetime, uses: Iterable[Use], completions: Iterable[Use], sign_ins: Iterable[Use], after: int, limit: int) -> list[int]:
    """Free persons, in order, with a readable number who completed nothing and were not in use since an instant. Of who never completed anything
    also the entry itself and a sign-in count as use: their time runs from the last of them. A number that was given to a row later, or again, has the
    whole time from then on.
    """
    ever = is_used(Person.id, completions)
    statement = select(Person.id).where(
        Person.id > after,
        Person.id_number_encrypted.is_not(None),
        Person.id_number_encrypted != b"",
        or_(Person.number_given_at.is_(None), Person.number_given_at < before),
        ~is_used(Person.id, uses),
        or_(ever, sa.and_(Person.created_at < before, ~is_used(Person.id, sign_ins))),
        is_free(Person.id),
    )
    return list(session().scalars(statement.order_by(Person.id).limit(limit)))


def with_guardians(*, left_before: date, after: int, limit: int) -> list[int]:
    """Students, in order, who left before a day and whose guardian's name or phone is still there."""
    statement = select(Student.id).where(
        Student.id > after, Student.left_on < left_before, or_(Student.guardian_name != "", Student.guardian_phone != ""), is_free(Student.person_id)
    )
    return list(session().scalars(statement.order_by(Student.id).limit(limit)))
