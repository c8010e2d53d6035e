"""Selects for rosters: the completions that stand already, and those that leave for a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from trainhub.kernel.db import session
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.types import Category
from trainhub.organisations.models import Organisation
from trainhub.organisations.queries import within_regions
from trainhub.people.models import Person
from trainhub.people.queries.numbers import CHUNK

PORTION = 2_000


@dataclass(frozen=True, slots=True)
class Extent:
    """Which records: everything, or what a goal counts. Days are inclusive; no regions or categories means all."""

    since: date | None = None
    until: date | None = None
    regions: tuple[str, ...] = ()
    categories: tuple[Category, ...] = ()
    only_counted: bool = False


def clauses(extent: Extent) -> list[sa.ColumnElement[bool]]:
    """The standing records inside an extent."""
    found: list[sa.ColumnElement[bool]] = [TrainingRecord.cancelled_at.is_(None)]
    if extent.since is not None:
        found.append(TrainingRecord.completed_on >= extent.since)
    if extent.until is not None:
        found.append(TrainingRecord.completed_on <= extent.until)
    if extent.regions:
        found.append(within_regions(TrainingRecord.county_code, extent.regions))
    if extent.categories:
        found.append(TrainingRecord.category.in_(extent.categories))
    if extent.only_counted:
        found.append(TrainingRecord.is_counted.is_(True))
    return found


def standing_of(persons: Mapping[int, str]) -> set[tuple[object, ...]]:
    """The completions that stand for the persons (the hash of each number by id), as keys of entries."""
    found: set[tuple[object, ...]] = set()
    wanted = sorted(persons)
    for start in range(0, len(wanted), CHUNK):
        rows = session().execute(
            select(TrainingRecord.person_id, TrainingRecord.organisation_id, TrainingRecord.course, TrainingRecord.completed_on).where(
                TrainingRecord.person_id.in_(wanted[start : start + CHUNK]), TrainingRecord.cancelled_at.is_(None)
            )
        )
        found.update((persons[person_id], organisation_id, course, day) for person_id, organisation_id, course, day in rows)
    return found


def entries_within(extent: Extent) -> Iterator[tuple[Any, ...]]:
    """The records inside an extent in order of id, a portion at a time; persons who never gave a number are left out.

    (person id, name, kind and sealed number of the document, category, county, code of the base, course, hours x 10, day, is counted)
    """
    last = 0
    statement = (
        select(
            TrainingRecord.id,
            Person.id,
            Person.name,
            Person.id_type,
            Person.id_number_encrypted,
            TrainingRecord.category,
            TrainingRecord.county_code,
            Organisation.code,
            TrainingRecord.course,
            TrainingRecord.hours_x10,
            TrainingRecord.completed_on,
            TrainingRecord.is_counted,
        )
        .join(Person, Person.id == TrainingRecord.person_id)
        .join(Organisation, Organisation.id == TrainingRecord.organisation_id)
        .where(*clauses(extent), Person.id_number_encrypted.is_not(None))
        .order_by(TrainingRecord.id)
        .limit(PORTION)
    )
    while True:
        found = session().execute(statement.where(TrainingRecord.id > last)).all()
        for record_id, *entry in found:
            last = record_id
            yield tuple(entry)
        if len(found) < PORTION:
            return
