"""What lateness is counted by: when versions were handed in, and the extensions."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, BindParameter, CompoundSelect, Select, bindparam, select
from sqlalchemy.orm import aliased, joinedload

from courses.assignments.models import Assignment, AssignmentExtension, Submission, SubmissionMember, SubmissionVersion, WorkTeamMember
from trainhub.kernel.db import session
from trainhub.people import queries as people


def handed_in_ids(assignment_id: int) -> list[int]:
    """Every submission of an assignment that was handed in, by id."""
    statement = select(Submission.id).where(Submission.assignment_id == assignment_id, Submission.number > 0)
    return list(session().scalars(statement.order_by(Submission.id)))


def handed_in_at(submission_ids: Collection[int]) -> dict[int, list[tuple[datetime, int]]]:
    """When each version of these submissions was handed in and the late days counted then, the first version first."""
    found: dict[int, list[tuple[datetime, int]]] = {key: [] for key in submission_ids}
    row = SubmissionVersion
    statement = select(row.submission_id, row.submitted_at, row.late_days).where(row.submission_id.in_(list(submission_ids)))
    for key, at, days in session().execute(statement.order_by(row.submission_id, row.number)):
        found[key].append((at, days))
    return found


def extensions_of(assignment_id: int) -> Select[Any]:
    """Every extension, the latest first: to be read in pages, a class may have one for each learner."""
    statement = select(AssignmentExtension).where(AssignmentExtension.assignment_id == assignment_id).options(joinedload(AssignmentExtension.person))
    return statement.order_by(AssignmentExtension.id.desc())


def until_of(assignment_id: int, person_ids: Iterable[int]) -> datetime | None:
    """The extension that holds for some humans: of each person the latest row, of those the latest day."""
    return max(untils(person_ids, assignment_id).values(), default=None)


def untils(person_ids: Iterable[int], assignment_id: int) -> dict[int, datetime]:
    """The extension that holds for each of these humans who has one: of each person row the latest, of those the latest day."""
    human = people.rows_of_humans(person_ids)
    statement = (
        select(AssignmentExtension.person_id, AssignmentExtension.until_at)
        .where(AssignmentExtension.assignment_id == assignment_id, AssignmentExtension.person_id.in_(frozenset().union(*human.values())))
        .order_by(AssignmentExtension.id)
    )
    given = {person: until for person, until in session().execute(statement)}
    held = {person: max((given[row] for row in rows if row in given), default=None) for person, rows in human.items()}
    return {person: until for person, until in held.items() if until is not None}


def untils_of(person_id: int, assignment_ids: Collection[int]) -> dict[int, datetime]:
    """The extension that holds for a human, by assignment: the own one or, as they hand in together, that of any mate; the latest day."""
    if session().scalar(_any_extension(), {"assignments": list(assignment_ids)}) is None:  # as nearly everywhere: whose mates are whose is not asked
        return {}
    together = _together(person_id, assignment_ids)
    rows = people.rows_of_humans({person_id, *(mate for _assignment, mate in together)})
    counted = {(key, row) for key in assignment_ids for row in rows[person_id]}
    counted |= {(key, row) for key, mate in together for row in rows[mate]}
    one = AssignmentExtension
    statement = select(one.assignment_id, one.person_id, one.until_at).where(
        one.assignment_id.in_(list(assignment_ids)), one.person_id.in_({row for _key, row in counted})
    )
    given = {(key, row): until for key, row, until in session().execute(statement.order_by(one.id))}
    found: dict[int, datetime] = {}
    for (key, row), until in given.items():
        if (key, row) in counted:
            found[key] = max(until, found.get(key, until))
    return found


@cache
def _any_extension() -> Select[Any]:
    return select(AssignmentExtension.id).where(AssignmentExtension.assignment_id.in_(bindparam("assignments", expanding=True))).limit(1)


def _together(person_id: int, assignment_ids: Collection[int]) -> set[tuple[int, int]]:
    """(assignment, person) of the authors of a human's work, and of the team where nothing of the human's was handed in yet."""
    return {(key, who) for key, who in session().execute(_mates(), {"human": person_id, "assignments": list(assignment_ids)})}


@cache
def _mates() -> CompoundSelect[Any]:
    """Made once: to build it costs more than to ask."""
    human: BindParameter[int] = bindparam("human", type_=BigInteger)
    assignments: BindParameter[list[int]] = bindparam("assignments", expanding=True)
    mine, other = aliased(SubmissionMember), aliased(SubmissionMember)
    own = (people.of_human(mine.person_id, human), mine.assignment_id.in_(assignments))
    authors: Any = select(other.assignment_id, other.person_id).join(mine, mine.submission_id == other.submission_id).where(*own)
    handed_in = select(mine.assignment_id).join(Submission, Submission.id == mine.submission_id).where(*own, Submission.number > 0)
    here, mate = aliased(WorkTeamMember), aliased(WorkTeamMember)
    team: Any = (
        select(Assignment.id, mate.person_id)
        .join(here, here.run_id == Assignment.run_id)
        .join(mate, mate.group_id == here.group_id)
        .where(Assignment.id.in_(assignments), Assignment.is_group, people.of_human(here.person_id, human), Assignment.id.not_in(handed_in))
    )
    joined: CompoundSelect[Any] = authors.union(team)
    return joined
