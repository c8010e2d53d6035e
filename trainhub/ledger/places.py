"""A training record as an address names it: the row, and on what permissions to see it are judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trainhub.kernel.access import Subject
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.ledger import queries
from trainhub.organisations import queries as organisations


@dataclass(frozen=True, slots=True)
class Record:
    """A record's page: the row, and on what permissions are judged."""

    row: Any
    subject: Subject


def load(record_id: int) -> Record:
    """The record of an address."""
    row = queries.record_row(record_id)
    if row is None:
        raise NotFound(_("没有这条培训记录。"))
    path = organisations.region_path(row.county_code)
    subject = Subject.of(organisations=(row.organisation_id, row.parent_id), regions=path.codes, persons=(row.person_id, row.merged_into_id))
    return Record(row, subject)
