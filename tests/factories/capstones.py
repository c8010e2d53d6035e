"""Topics and capstones through operations, with sensible defaults."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from enterprises.capstones import operations
from enterprises.capstones.models import Capstone, CapstoneGrade, Topic
from enterprises.capstones.types import EvidenceKind, RubricItem, Side, SupervisorRole
from enterprises.mentors import operations as mentors
from enterprises.mentors.models import Mentor
from enterprises.placements.models import Placement, Position, Term
from enterprises.placements.types import PlacementState
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.kernel import files
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.kernel.db import session
from trainhub.notifications import operations as notifications
from trainhub.notifications.models import Notice
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student, Teacher
from trainhub.programmes.models import Programme

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
START, END = date(2025, 11, 3), date(2026, 5, 29)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def as_person(person: Person, *grants: Grant) -> Identity:
    """Somebody signed in as this person."""
    return Identity(account_id=None, person_id=person.id, name=person.name, grants=grants)


def head_of(programme: Programme) -> Identity:
    """The head of a programme."""
    return Identity(account_id=None, person_id=None, name="专业负责人", grants=(Grant(Role.PROGRAMME_ADMIN, ScopeKind.PROGRAMME, programme.id),))


def pdf(name: str = "证明.pdf") -> int:
    """A small stored PDF; its id."""
    return files.keep(io.BytesIO(PDF), name=name, kind="evidence", by=SYSTEM, now=NOW).id


def topic(
    *, programme: Programme | None = None, enterprise: Organisation | None = None, is_approved: bool = True, has_evidence: bool = True, **given: Any
) -> Topic:
    """A topic, approved by both sides unless told otherwise."""
    given.setdefault("title", f"减速机装配线节拍优化{ground.unique()}")
    given.setdefault("problem", "装配线第七工位节拍超出 20 秒，需要重新设计工装与作业顺序。")
    if has_evidence:
        given.setdefault("evidence_kind", EvidenceKind.ENTERPRISE_PROJECT)
        given.setdefault("evidence_file_id", pdf())
    row = operations.propose_topic(
        enterprise=enterprise or ground.enterprise(),
        programme_id=(programme or ground.programme()).id,
        by=SYSTEM,
        today=TODAY,
        now=NOW,
        **given,
    )
    if is_approved:
        for side in Side:
            operations.approve_topic(topic=row, side=side, by=SYSTEM, today=TODAY, now=NOW)
    return row


def mentor(enterprise: Organisation, *, who: Person | None = None, **given: Any) -> Mentor:
    """A mentor of the enterprise since 2020."""
    given.setdefault("post", "高级工程师")
    given.setdefault("since", date(2020, 1, 1))
    return mentors.add_mentor(person=who or ground.person(), enterprise=enterprise, by=SYSTEM, now=NOW, **given)


def stay(student: Student, enterprise: Organisation, first: date, last: date, state: PlacementState = PlacementState.STARTED) -> Placement:
    """A placement of the student, as a row: what its own rules ask is not at stake here."""
    number = ground.unique()
    term = Term(university_id=student.university_id, code=f"T{number}", title="学期", starts_on=first, ends_on=last, weeks=16)
    position = Position(code=f"POS-{number}", enterprise_id=enterprise.id, title="装配工艺", majors=[], skills=[], created_at=NOW)
    session().add_all([term, position])
    session().flush()
    row = Placement(
        student_id=student.id,
        position_id=position.id,
        term_id=term.id,
        enterprise_id=enterprise.id,
        state=state,
        starts_on=first,
        ends_on=last,
        created_at=NOW,
    )
    session().add(row)
    session().flush()
    return row


@dataclass
class Case:
    """One capstone with everybody around it."""

    programme: Programme
    enterprise: Organisation
    student: Student
    who: Person
    topic: Topic
    capstone: Capstone
    teacher: Teacher | None = None
    school: Person | None = None
    mentor: Mentor | None = None
    field: Person | None = None

    def by(self, role: SupervisorRole | str) -> Identity:
        """Signed in as the student, or as the supervisor of a side."""
        person = {"student": self.who, "school": self.school, "enterprise": self.field}[str(role)]
        assert person is not None
        return as_person(person)


@remembered
def case(*, has_supervisors: bool = True, has_stay: bool = True, programme: Programme | None = None, enterprise: Organisation | None = None) -> Case:
    """A student with an approved topic, both supervisors and a placement that covers the capstone."""
    enterprise = enterprise or ground.enterprise()
    programme = programme or ground.programme()
    who = ground.person()
    student = ground.student(programme, who=who, petoe_since=date(2023, 9, 1))
    made = topic(programme=programme, enterprise=enterprise)
    row = operations.assign_capstone(student=student, topic=made, starts_on=START, ends_on=END, place="装配车间", by=SYSTEM, today=TODAY, now=NOW)
    found = Case(programme, enterprise, student, who, made, row)
    if has_stay:
        stay(student, enterprise, START - timedelta(days=30), END + timedelta(days=10))
    if has_supervisors:
        found.school, found.field = ground.person(), ground.person()
        found.teacher = ground.teacher(of=programme, who=found.school)
        found.mentor = mentor(enterprise, who=found.field)
        for role, person in ((SupervisorRole.SCHOOL, found.school), (SupervisorRole.ENTERPRISE, found.field)):
            operations.assign_supervisor(capstone=row, role=role, person=person, by=SYSTEM, today=START, now=NOW)
    return found


def signer() -> Person:
    """Somebody with an account, who can be asked to sign a review, a third grade or the record of a defence."""
    who = ground.person()
    identity.account(person=who)
    return who


def expert(**given: Any) -> Person:
    """Somebody who holds the role of an expert; `until`: not after that day."""
    who = ground.person()
    identity.grant(identity.account(person=who), Role.EXPERT, organisation_id=ground.department().id, **given)
    return who


def points(value: int = 80) -> dict[RubricItem, int]:
    """The same points for every item of the rubric."""
    return dict.fromkeys(RubricItem, value)


def told(account_id: int, kind: str) -> list[str]:
    """What an account was told of a kind, as it reads."""
    rows = session().scalars(select(Notice).where(Notice.account_id == account_id, Notice.kind == kind).order_by(Notice.id))
    return [notifications.text_of(row.message, row.values) for row in rows]


def guide(found: Case, times: int = 8) -> None:
    """Guidances of both sides, confirmed by the student."""
    for role in SupervisorRole:
        for week in range(times):
            day = START + timedelta(days=7 * week)
            row = operations.log_guidance(
                capstone=found.capstone, role=role, on=day, content="讨论方案与进度", by=found.by(role), today=TODAY, now=NOW
            )
            operations.confirm_guidance(entry=row, by=found.by("student"), now=NOW)


def submit(found: Case) -> Capstone:
    """The student hands in the thesis, and the version without names that blind reviewers read."""
    row = operations.submit_thesis(capstone=found.capstone, file_id=pdf("论文.pdf"), by=found.by("student"), now=NOW)
    nameless(found)
    return row


def nameless(found: Case, now: datetime = NOW) -> None:
    """The student hands in the thesis without names."""
    operations.hand_in_anonymous(capstone=found.capstone, file_id=pdf("匿名稿.pdf"), by=found.by("student"), now=now)


def grade(found: Case, role: SupervisorRole, value: int = 80, **given: Any) -> CapstoneGrade:
    """The grade of one side."""
    return operations.grade(capstone=found.capstone, role=role, points=points(value), by=found.by(role), today=TODAY, now=NOW, **given)


@remembered
def handed_in(*, guidances: int = 0, **given: Any) -> Case:
    """A capstone whose thesis is handed in, after so many guidances of each side."""
    found = case(**given)
    guide(found, guidances)
    submit(found)
    return found


@remembered
def graded(school: int = 80, enterprise: int = 80, *, guidances: int = 8, **given: Any) -> Case:
    """A capstone that both sides have graded, after as many guidances as 8.3 asks for unless told otherwise."""
    found = handed_in(guidances=guidances, **given)
    grade(found, SupervisorRole.SCHOOL, school)
    grade(found, SupervisorRole.ENTERPRISE, enterprise)
    return found
