"""Records out again, in the form that `import` reads: importing an export accepts nothing new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy import select

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.keys import keyring
from trainhub.kernel.sheets.writing import Sheet, write_csv, write_xlsx
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.rosters.columns import schema
from trainhub.ledger.types import Category
from trainhub.organisations.models import Organisation
from trainhub.organisations.queries import within_regions
from trainhub.people.bulk import ERASED
from trainhub.people.models import Person

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


def rows(extent: Extent) -> Iterator[Sequence[Any]]:
    """The records in order of id, as cells of the roster's columns; persons without a checked number are left out.

    For a number that has served its time stands what `bulk.ERASED` says, which the import understands: no completion is lost on the way.
    """
    ring, last = keyring(), 0
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
        for record_id, person_id, name, id_type, sealed, category, county, base, course, hours, day, counted in found:
            last = record_id
            number = ring.decrypt(sealed) if sealed else f"{ERASED}{person_id}"
            yield (name, id_type, number, category, county, base, course, f"{hours // 10}.{hours % 10}".removesuffix(".0"), day, counted)
        if len(found) < PORTION:
            return


def write(path: Path, file: IO[bytes], extent: Extent) -> int:
    """Write CSV or, by the name of the file, XLSX; the number of rows."""
    columns = schema(has_base=False).columns
    if path.suffix.lower() == ".xlsx":
        return write_xlsx([Sheet("学员", columns, rows(extent), codes=("id_number", "county_code", "base_code"))], file)
    return write_csv(rows(extent), columns, file)


def note_export(*, count: int, extent: Extent, file_name: str, by: Identity) -> None:
    """An export shows whole identity numbers: who did it is audited."""
    audit.record(
        by=by,
        did="ledger.roster.exported",
        on=("training_record", "*"),
        data={"rows": count, "file": file_name, "since": extent.since, "until": extent.until, "categories": list(extent.categories)},
    )
