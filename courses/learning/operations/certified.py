"""Which completions have no certificate yet."""

from __future__ import annotations

from collections.abc import Sequence

from courses.catalogue import queries as catalogue
from courses.learning.models import Enrolment
from courses.learning.operations.progress import completion_key
from trainhub.certificates import queries as certificate_queries
from trainhub.people import queries as people


def uncertified(enrolments: Sequence[Enrolment]) -> list[int]:
    """The ids of the completed among these that have no certificate, not even one that waits or was revoked, under any row of the human."""
    completed = [one for one in enrolments if one.completed_on is not None]
    runs, rows = catalogue.runs_by_id(one.run_id for one in completed), people.rows_of_humans(one.person_id for one in completed)
    keys = {one.id: {f"{completion_key(runs[one.run_id])}:person:{key}" for key in rows[one.person_id]} for one in completed}
    known = certificate_queries.known_keys(key for own in keys.values() for key in own)
    return [one.id for one in completed if not keys[one.id] & known]
