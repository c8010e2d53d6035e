"""Selects on choice rounds, teams, choices, and plans of supervisors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

from sqlalchemy import func, or_, select

from enterprises.capstones.models import Capstone, Choice, ChoiceRound, SupervisorPlan, Team, TeamMember, Topic
from enterprises.capstones.queries.standing import holds_its_student
from enterprises.capstones.queries.topics import has_seats
from enterprises.capstones.types import ChoiceState, PlanState
from trainhub.kernel.access import Subject
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.people.types import StudentState
from trainhub.programmes import queries as programmes


def choice_round(round_id: int) -> ChoiceRound | None:
    """A round by id."""
    return session().get(ChoiceRound, round_id)


def rounds_of(cohort_id: int) -> list[ChoiceRound]:
    """The rounds of a cohort, the latest first."""
    return list(session().scalars(select(ChoiceRound).where(ChoiceRound.cohort_id == cohort_id).order_by(ChoiceRound.id.desc())))


def open_round_of(cohort_id: int) -> ChoiceRound | None:
    """The round of a cohort that is open or not yet published, the latest."""
    statement = select(ChoiceRound).where(ChoiceRound.cohort_id == cohort_id, ChoiceRound.state != ChoiceState.DRAFT)
    return session().scalar(statement.order_by(ChoiceRound.id.desc()).limit(1))


def round_subject(row: ChoiceRound) -> Subject:
    """The programme with its university."""
    programme = programmes.by_id(row.programme_id)
    assert programme is not None
    return programmes.subject_of(programme)


def without_capstone(cohort_id: int) -> list[tuple[Student, Person]]:
    """The enrolled students of a cohort who have no capstone, or only an archived failure to repeat, in the order of numbers."""
    has = select(Capstone.id).where(Capstone.student_id == Student.id, holds_its_student())
    statement = (
        select(Student, Person)
        .join(Person, Person.id == Student.person_id)
        .where(Student.cohort_id == cohort_id, Student.state == StudentState.ENROLLED, ~has.exists())
        .order_by(Student.student_no, Student.id)
    )
    return [(student, person) for student, person in session().execute(statement)]


def topics_with_seats(programme_id: int) -> list[tuple[Topic, str]]:
    """Approved topics of a programme with a free seat, with the enterprise's name."""
    statement = (
        select(Topic, Organisation.name)
        .join(Organisation, Organisation.id == Topic.enterprise_id)
        .where(Topic.programme_id == programme_id, has_seats())
        .order_by(Organisation.pinyin, Topic.title, Topic.id)
    )
    return [(topic, name) for topic, name in session().execute(statement)]


def choices_of(round_id: int, student_id: int) -> list[Choice]:
    """A student's choices, the best first."""
    return list(session().scalars(select(Choice).where(Choice.round_id == round_id, Choice.student_id == student_id).order_by(Choice.rank)))


def all_choices(round_id: int) -> dict[int, dict[int, int]]:
    """Rank by topic, by student."""
    found: dict[int, dict[int, int]] = {}
    for row in session().scalars(select(Choice).where(Choice.round_id == round_id).order_by(Choice.student_id, Choice.rank)):
        found.setdefault(row.student_id, {})[row.topic_id] = row.rank
    return found


def ranked_by(topic_id: int) -> list[tuple[ChoiceRound, int]]:
    """(round, person) of who ranked a topic in a round that is not published, alone or by the leader of the own team."""
    statement = (
        select(ChoiceRound, Choice.student_id)
        .join(ChoiceRound, ChoiceRound.id == Choice.round_id)
        .where(Choice.topic_id == topic_id, ChoiceRound.state != ChoiceState.PUBLISHED)
        .order_by(ChoiceRound.id, Choice.student_id)
    )
    found: dict[int, tuple[ChoiceRound, set[int]]] = {}
    for round_, student_id in session().execute(statement):
        found.setdefault(round_.id, (round_, set()))[1].add(student_id)
    rows = []
    for round_, students in found.values():
        teams = teams_in(round_.id)
        led = [key for key, team in teams_by_ids(list(teams)).items() if team.leader_id in students]
        everybody = students.union(*(teams[key] for key in led))
        persons = session().scalars(select(Student.person_id).where(Student.id.in_(everybody)).order_by(Student.person_id))
        rows += [(round_, person_id) for person_id in persons]
    return rows


def demand_for(round_id: int) -> dict[int, int]:
    """How many students ranked each topic; who leads a team ranks for all of it, and not what takes no team of that size."""
    found, many = Counter[int](), sizes_in(round_id)
    sizes = {team.leader_id: many[key] for key, team in teams_by_ids(list(many)).items()}
    ranked = select(Choice.student_id, Choice.topic_id, Topic.team_most).join(Topic, Topic.id == Choice.topic_id).where(Choice.round_id == round_id)
    for student_id, topic_id, most in session().execute(ranked):
        size = sizes.get(student_id, 1)
        if size == 1 or size <= most:
            found[topic_id] += size
    return dict(found)


# -- teams --------------------------------------------------------------------------------------------------------------


def team_by_id(team_id: int) -> Team | None:
    """A team by id."""
    return session().get(Team, team_id)


def team_of(round_id: int, student_id: int) -> Team | None:
    """The team a student is in (not only asked into)."""
    statement = (
        select(Team)
        .join(TeamMember, TeamMember.team_id == Team.id)
        .where(Team.round_id == round_id, Team.dissolved_at.is_(None), TeamMember.student_id == student_id, TeamMember.accepted_at.is_not(None))
    )
    return session().scalar(statement)


def invitations_of(round_id: int, student_id: int) -> list[tuple[Team, str]]:
    """Teams that asked a student, with the leader's name."""
    statement = (
        select(Team, Person.name)
        .join(TeamMember, TeamMember.team_id == Team.id)
        .join(Student, Student.id == Team.leader_id)
        .join(Person, Person.id == Student.person_id)
        .where(Team.round_id == round_id, Team.dissolved_at.is_(None), TeamMember.student_id == student_id, TeamMember.accepted_at.is_(None))
        .order_by(Team.id)
    )
    return [(team, name) for team, name in session().execute(statement)]


def members_of(team_id: int) -> list[tuple[TeamMember, Student, str]]:
    """The members with names, the leader first."""
    statement = (
        select(TeamMember, Student, Person.name)
        .join(Student, Student.id == TeamMember.student_id)
        .join(Person, Person.id == Student.person_id)
        .where(TeamMember.team_id == team_id)
        .order_by(TeamMember.asked_at, Student.student_no)
    )
    return [(member, student, name) for member, student, name in session().execute(statement)]


def teams_in(round_id: int) -> dict[int, list[int]]:
    """The accepted members (students) of every live team of a round."""
    statement = (
        select(TeamMember.team_id, TeamMember.student_id)
        .join(Team, Team.id == TeamMember.team_id)
        .where(Team.round_id == round_id, Team.dissolved_at.is_(None), TeamMember.accepted_at.is_not(None))
        .order_by(TeamMember.team_id, TeamMember.student_id)
    )
    found: dict[int, list[int]] = {}
    for team_id, student_id in session().execute(statement):
        found.setdefault(team_id, []).append(student_id)
    return found


def sizes_in(round_id: int) -> dict[int, int]:
    """How many of every live team of a round still want a topic: its accepted members without a capstone."""
    teams = teams_in(round_id)
    members = {one for mine in teams.values() for one in mine}
    held = set(session().scalars(select(Capstone.student_id).where(Capstone.student_id.in_(members), holds_its_student())))
    return {key: max(sum(one not in held for one in mine), 1) for key, mine in teams.items()}


def has_teams(round_id: int) -> bool:
    """Whether somebody has formed a team in a round, dissolved or not."""
    return session().scalar(select(Team.id).where(Team.round_id == round_id).limit(1)) is not None


def teams_by_ids(ids: list[int]) -> dict[int, Team]:
    """Teams by id."""
    return {row.id: row for row in session().scalars(select(Team).where(Team.id.in_(ids)))} if ids else {}


def classmate(cohort_id: int, student_no: str) -> Student | None:
    """A student of a cohort by number, however it is typed."""
    return people.student_in(Student.cohort_id == cohort_id, student_no)


# -- plans of supervisors -----------------------------------------------------------------------------------------------


def supervisor_plan(plan_id: int) -> SupervisorPlan | None:
    """A plan by id."""
    return session().get(SupervisorPlan, plan_id)


def plans_of(cohort_id: int) -> list[SupervisorPlan]:
    """The plans of a cohort, the latest first."""
    return list(session().scalars(select(SupervisorPlan).where(SupervisorPlan.cohort_id == cohort_id).order_by(SupervisorPlan.id.desc())))


def waiting_plan(cohort_id: int) -> SupervisorPlan | None:
    """A plan that is being computed or waits to be looked at."""
    return session().scalar(
        select(SupervisorPlan)
        .where(SupervisorPlan.cohort_id == cohort_id, or_(SupervisorPlan.state == PlanState.WAITING, SupervisorPlan.state == PlanState.READY))
        .order_by(SupervisorPlan.id.desc())
        .limit(1)
    )


def rounds_to_close(on: date) -> list[ChoiceRound]:
    """Open rounds whose last day is over."""
    return list(session().scalars(select(ChoiceRound).where(ChoiceRound.state == ChoiceState.OPEN, ChoiceRound.closes_on < on)))


def places_left(programme_id: int) -> int:
    """Free seats of approved topics of a programme."""
    statement = select(func.coalesce(func.sum(Topic.seats - Topic.taken), 0)).where(Topic.programme_id == programme_id, has_seats())
    return int(session().scalar(statement) or 0)


def students_by_ids(ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """(number, name) by student."""
    statement = select(Student.id, Student.student_no, Person.name).join(Person, Person.id == Student.person_id).where(Student.id.in_(list(ids)))
    return {key: (number, name) for key, number, name in session().execute(statement)}


def topic_names(ids: Iterable[int]) -> dict[int, tuple[str, str, int]]:
    """(title, enterprise, its id) by topic."""
    statement = (
        select(Topic.id, Topic.title, Organisation.name, Organisation.id)
        .join(Organisation, Organisation.id == Topic.enterprise_id)
        .where(Topic.id.in_(set(ids)))
    )
    return {key: (title, name, enterprise_id) for key, title, name, enterprise_id in session().execute(statement)}
