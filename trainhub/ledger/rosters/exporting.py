"""Records out again, in the form that `import` reads: importing an export accepts nothing new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.keys import keyring
from trainhub.kernel.sheets.writing import Sheet, write_csv, write_xlsx
from trainhub.ledger.rosters.columns import schema
from trainhub.ledger.rosters.queries import Extent, entries_within
from trainhub.people.queries.numbers import ERASED


def rows(extent: Extent) -> Iterator[Sequence[Any]]:
    """The records in order of id, as cells of the roster's columns; persons without a checked number are left out.

    For a number that has served its time stands what `ERASED` says, which the import understands: no completion is lost on the way.
    """
    ring = keyring()
    for person_id, name, id_type, sealed, category, county, base, course, hours, day, counted in entries_within(extent):
        number = ring.decrypt(sealed) if sealed else f"{ERASED}{person_id}"
        yield (name, id_type, number, category, county, base, course, f"{hours // 10}.{hours % 10}".removesuffix(".0"), day, counted)


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
