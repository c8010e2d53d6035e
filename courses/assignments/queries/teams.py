"""The teams that hand in together, and the learners of a run. Lists are asked for in pieces: a run may have a hundred thousand."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import aliased, selectinload

from courses.assignments.models import Submission, SubmissionMember, WorkTeam, WorkTeamMember
from courses.learning.models import Enrolment
from courses.learning.types import SEATED
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people
from trainhub.people.models import Person


def of_run(run_id: int, text: str = "") -> sa.Select[WorkTeam]:
    """The teams of a run by name, with their members; those whose name, or a member's name or pinyin, holds `text`."""
    statement = select(WorkTeam).where(WorkTeam.run_id == run_id).options(selectinload(WorkTeam.members).joinedload(WorkTeamMember.person))
    if text:
        inside = select(WorkTeamMember.group_id).join(Person, Person.id == WorkTeamMember.person_id)
        inside = inside.where(WorkTeamMember.run_id == run_id, organisations.matches(text, Person.name, Person.pinyin))
        statement = statement.where(sa.or_(organisations.matches(text, WorkTeam.name), WorkTeam.id.in_(inside)))
    return statement.order_by(WorkTeam.name, WorkTeam.id).execution_options(populate_existing=True)


def ids_by_name(run_id: int) -> dict[str, int]:
    """The teams of a run."""
    return {name: key for name, key in session().execute(select(WorkTeam.name, WorkTeam.id).where(WorkTeam.run_id == run_id).order_by(WorkTeam.name))}


def by_id(team_id: int) -> WorkTeam | None:
    """A team with its members."""
    statement = select(WorkTeam).where(WorkTeam.id == team_id).options(selectinload(WorkTeam.members).joinedload(WorkTeamMember.person))
    return session().scalar(statement.execution_options(populate_existing=True))


def membership(run_id: int, person_id: int) -> WorkTeamMember | None:
    """The team a human is in; of two that a merging left, the one this person is in."""
    statement = select(WorkTeamMember).where(WorkTeamMember.run_id == run_id, people.of_human(WorkTeamMember.person_id, person_id))
    return session().scalar(statement.order_by(WorkTeamMember.person_id != person_id, WorkTeamMember.id).limit(1))


def joined_since(row: Submission) -> list[tuple[int, str]]:
    """(person, name) of who is in the team of a work now, is none of its authors, and has no other work for the assignment."""
    if row.group_id is None:
        return []
    author = aliased(Person)
    human = func.coalesce(author.merged_into_id, author.id)
    authors = select(human).join(SubmissionMember, SubmissionMember.person_id == author.id).where(SubmissionMember.assignment_id == row.assignment_id)
    statement: Any = select(Person.id, Person.name).join(WorkTeamMember, WorkTeamMember.person_id == Person.id)
    statement = statement.where(WorkTeamMember.group_id == row.group_id, func.coalesce(Person.merged_into_id, Person.id).not_in(authors))
    return [(key, name) for key, name in session().execute(statement.order_by(Person.pinyin, Person.id))]


def in_drafts_of_others(run_id: int, person_id: int, team_id: int | None) -> list[SubmissionMember]:
    """Where a human is an author of what another team than this one has begun and not handed in."""
    statement = (
        select(SubmissionMember)
        .join(Submission, Submission.id == SubmissionMember.submission_id)
        .join(WorkTeam, WorkTeam.id == Submission.group_id)
        .where(WorkTeam.run_id == run_id, Submission.number == 0, people.of_human(SubmissionMember.person_id, person_id))
    )
    if team_id is not None:
        statement = statement.where(Submission.group_id != team_id)
    return list(session().scalars(statement))


def free(run_id: int) -> list[int]:
    """The learners who are in no team, by name."""
    statement = _free(run_id).with_only_columns(Person.id).order_by(Person.pinyin, Person.id)
    return [row[0] for row in session().execute(statement)]


def count_free(run_id: int) -> int:
    """How many learners are in no team."""
    return session().scalar(_free(run_id).with_only_columns(func.count())) or 0


def named_free(run_id: int, text: str, most: int) -> list[tuple[int, str]]:
    """(person, name) of learners who are in no team, by name; whose name or pinyin holds `text`, `most` at most."""
    statement = _free(run_id)
    if text:
        statement = statement.where(organisations.matches(text, Person.name, Person.pinyin))
    return [(key, name) for key, name in session().execute(statement.order_by(Person.pinyin, Person.id).limit(most))]


def _free(run_id: int) -> sa.Select[Any]:
    statement: Any = select(Person.id, Person.name).join(Enrolment, Enrolment.person_id == Person.id)
    statement = statement.where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED))
    member = aliased(Person)
    human = func.coalesce(member.merged_into_id, member.id)
    inside = select(human).join(WorkTeamMember, WorkTeamMember.person_id == member.id).where(WorkTeamMember.run_id == run_id)
    return statement.where(func.coalesce(Person.merged_into_id, Person.id).not_in(inside))  # type: ignore[no-any-return]


def learners(run_id: int) -> list[tuple[int, str]]:
    """(person, name) of those who hold a seat, by name."""
    statement = (
        select(Person.id, Person.name)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED))
        .order_by(Person.pinyin, Person.id)
    )
    return [(key, name) for key, name in session().execute(statement)]
