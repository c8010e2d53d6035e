"""Which completions have no certificate yet."""

from __future__ import annotations

from collections.abc import Sequence

from courses.catalogue import queries as catalogue
from courses.learning.models import Enrolment
from courses.learning.operations.progress import certificate_of, completion_key
from trainhub.certificates import queries as certificate_queries


def uncertified(enrolments: Sequence[Enrolment]) -> list[int]:
    """The ids of the completed among these that have no certificate, not even one that waits or was revoked."""
    runs = catalogue.runs_by_id(one.run_id for one in enrolments)
    keys = {one.id: f"{completion_key(runs[one.run_id])}:person:{one.person_id}" for one in enrolments if one.completed_on is not None}
    known = certificate_queries.by_asked_keys(keys.values())
    return [one.id for one in enrolments if one.id in keys and keys[one.id] not in known and certificate_of(one, runs[one.run_id]) is None]
