"""What placements tell the pages of bases and mentors, which know nothing of placements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import url_for

from enterprises.mentors import queries as mentors
from enterprises.placements import queries
from trainhub.kernel.access import Identity


def of_base(base_id: int, identity: Identity, on: date) -> dict[str, Any]:
    """Students placed on a day, the terms hosted, the mentors of its enterprises."""
    return {
        "placed": queries.placed_by_base([base_id], on).get(base_id, 0),
        "hosted": queries.of_base(base_id),
        "mentors": mentors.names_at_base(base_id, on),
    }


def loads(mentor_ids: Sequence[int], on: date) -> dict[int, int]:
    """By mentor the students placed with them on a day."""
    return queries.loads_of_mentors(mentor_ids, on, on)


def my_data(person_id: int) -> list[dict[str, Any]]:
    """A person's placements and logged days, for the page "my data"."""
    return [
        {"enterprise": row.name, "position": row.title, "day": row.on, "state": row.state.value, "note": row.note}
        for row in queries.days_of_person(person_id)
    ]


def evidence_page(key: str, is_own: bool) -> str | None:
    """The page of a placement that a certificate rests on."""
    return url_for("placements.show", placement_id=int(key)) if key.isdigit() else None
