"""Stays outside the mainland and degrees of persons."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from trainhub.kernel.db import session
from trainhub.people import rules
from trainhub.people.models import PersonDegree, PersonStay
from trainhub.people.types import WorkSpan

PORTION = 500


def stays_of(person_ids: Iterable[int]) -> dict[int, list[PersonStay]]:
    """The stays outside the mainland by person, the earliest first. One query a portion."""
    found: dict[int, list[PersonStay]] = {key: [] for key in person_ids}
    ids = list(found)
    for start in range(0, len(ids), PORTION):
        asked = PersonStay.person_id.in_(ids[start : start + PORTION])
        for row in session().scalars(select(PersonStay).where(asked).order_by(PersonStay.since, PersonStay.id)):
            found[row.person_id].append(row)
    return found


def degrees_of(person_ids: Iterable[int]) -> dict[int, list[PersonDegree]]:
    """The degrees by person, the earliest first. One query a portion."""
    found: dict[int, list[PersonDegree]] = {key: [] for key in person_ids}
    ids = list(found)
    for start in range(0, len(ids), PORTION):
        asked = PersonDegree.person_id.in_(ids[start : start + PORTION])
        for row in session().scalars(select(PersonDegree).where(asked).order_by(PersonDegree.awarded_on, PersonDegree.id)):
            found[row.person_id].append(row)
    return found


def stay(key: int) -> PersonStay | None:
    """A stay by id."""
    return session().get(PersonStay, key)


def degree(key: int) -> PersonDegree | None:
    """A degree by id."""
    return session().get(PersonDegree, key)


def months_abroad(stays: Iterable[PersonStay], on: date, *, is_supposed: bool = False) -> int:
    """Whole months outside the mainland up to a day, each day once whatever overlaps; of verified stays (002:585), of all that are entered when it
    is supposed that they are."""
    spans = [WorkSpan(row.since, row.until) for row in stays if (is_supposed or row.verified_at is not None) and row.since <= on]
    return rules.months_worked(spans, on)
