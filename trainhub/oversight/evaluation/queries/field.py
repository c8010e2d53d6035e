"""What happens in enterprises: plan items, centres, placements, days, capstones. Joined by programme: no query per student."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Date, Integer, String, case, cast, func, literal, or_, select

from enterprises.bases.models import BaseAgreement, BaseLeader, BaseTyping
from enterprises.bases.types import BaseType
from enterprises.capstones.models import Capstone, CapstoneGrade, GuidanceEntry, Supervision, Topic
from enterprises.capstones.types import CapstoneState, SupervisorRole, TopicSource
from enterprises.mentors.models import Mentor
from enterprises.placements.models import AgreementSignature, Placement, PlanItem
from enterprises.placements.types import PlacementState
from trainhub.kernel.db import is_postgresql, session
from trainhub.ledger.models import ConfirmedDay
from trainhub.organisations.models import Organisation
from trainhub.oversight.evaluation.queries.members import Member
from trainhub.oversight.evaluation.types import AgreementCase, CapstoneCase, CentreCase, PlacementCase, PlanItemCase, Span, StudentCase
from trainhub.people.models import Person, Student
from trainhub.programmes.models import ProgrammeVersion

BEGUN = (PlacementState.STARTED, PlacementState.FINISHED)


def plan_items_of(version_id: int | None) -> list[PlanItem]:
    """The items of the enterprise training plan in order."""
    return list(session().scalars(select(PlanItem).where(PlanItem.version_id == version_id).order_by(PlanItem.position, PlanItem.id)))


def plan_cases(items: Iterable[PlanItem]) -> tuple[PlanItemCase, ...]:
    """What rules ask of plan items."""
    return tuple(
        PlanItemCase(item.title, item.weeks_x10, item.is_at_enterprise, bool(item.assessment.strip()), item.has_enterprise_mentor) for item in items
    )


MONDAY = date(2001, 1, 1)
"""A Monday before every confirmed day: whole weeks since it tell ISO weeks apart."""


def _week_of(day: Any) -> Any:
    """The number of the ISO week a column of days lies in, computed by the database."""
    if is_postgresql():
        return cast(day - cast(literal(MONDAY), Date), Integer) // 7
    return cast((func.julianday(day) - func.julianday(MONDAY.isoformat())) / 7, Integer)


def credited_days(programme_id: int, members: Sequence[Member], *, on: date, days_per_week: int) -> tuple[StudentCase, ...]:
    """The credited days of the judged students up to a day: one query, summed by the database as `ledger.rules.credit_weeks` does."""
    week = _week_of(ConfirmedDay.on)
    weeks = (
        select(ConfirmedDay.student_id.label("student_id"), func.count(ConfirmedDay.on.distinct()).label("days"))
        .join(Student, Student.id == ConfirmedDay.student_id)
        .where(Student.programme_id == programme_id, ConfirmedDay.on <= on, ConfirmedDay.withdrawn_at.is_(None))
        .group_by(ConfirmedDay.student_id, week)
        .subquery()
    )
    capped = case((weeks.c.days > days_per_week, days_per_week), else_=weeks.c.days)
    statement = select(weeks.c.student_id, func.sum(capped)).group_by(weeks.c.student_id)
    credited = {student_id: int(number) for student_id, number in session().execute(statement)}
    return tuple(StudentCase(m.label, m.cohort_year, credited.get(m.id, 0)) for m in members)


@dataclass(frozen=True, slots=True)
class PlacementRow:
    """What is asked of a placement; thousands are read for a page, so columns, not entities."""

    id: int
    student_id: int
    enterprise_id: int
    base_id: int | None
    term_id: int
    mentor_id: int | None
    state: PlacementState
    starts_on: date
    ends_on: date
    is_insured: bool
    has_grade: bool


def placements_of(programme_id: int) -> list[PlacementRow]:
    """Every placement of students of the programme that was not withdrawn."""
    statement = (
        select(
            Placement.id,
            Placement.student_id,
            Placement.enterprise_id,
            Placement.base_id,
            Placement.term_id,
            Placement.mentor_id,
            Placement.state,
            Placement.starts_on,
            Placement.ends_on,
            Placement.insured_from.is_not(None),
            Placement.mentor_score_x10.is_not(None),
        )
        .join(Student, Student.id == Placement.student_id)
        .where(Student.programme_id == programme_id, Placement.state != PlacementState.WITHDRAWN)
        .order_by(Placement.student_id, Placement.starts_on, Placement.id)
    )
    return [PlacementRow(*row) for row in session().execute(statement)]


def placement_cases(programme_id: int, placements: Iterable[PlacementRow], members: Mapping[int, Member], on: date) -> tuple[PlacementCase, ...]:
    """The placements of judged students that began by the day, with who signed."""
    statement = (
        select(AgreementSignature.placement_id, func.aggregate_strings(cast(AgreementSignature.party, String(40)), ","))
        .join(Placement, Placement.id == AgreementSignature.placement_id)
        .join(Student, Student.id == Placement.student_id)
        .where(Student.programme_id == programme_id, AgreementSignature.signed_on <= on)
        .group_by(AgreementSignature.placement_id)
    )
    signed = {placement_id: frozenset(parties.split(",")) for placement_id, parties in session().execute(statement)}
    nobody: frozenset[str] = frozenset()
    return tuple(
        PlacementCase(
            label=f"{members[row.student_id].label} {row.starts_on}—{row.ends_on}",
            signed=signed.get(row.id, nobody),
            is_insured=row.is_insured,
            has_ended=row.state is PlacementState.FINISHED and row.ends_on <= on,
            has_grade=row.has_grade,
        )
        for row in placements
        if row.student_id in members and row.state in BEGUN and row.starts_on <= on
    )


def centre_cases(base_ids: Iterable[int], on: date) -> tuple[CentreCase, ...]:
    """The practice centres among the bases of the programme (all of them when none is typed as a centre): four queries."""
    ids = sorted(set(base_ids))
    names = {row[0]: row[1] for row in session().execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)))}
    typed = set(
        session().scalars(select(BaseTyping.base_id).where(BaseTyping.base_id.in_(ids), BaseTyping.type == BaseType.EPEC, BaseTyping.since <= on))
    )
    leaders: dict[int, Counter[str]] = defaultdict(Counter)
    for row in session().scalars(select(BaseLeader).where(BaseLeader.base_id.in_(ids)).order_by(BaseLeader.id)):
        if row.since <= on and (row.until is None or row.until >= on):
            leaders[row.base_id][row.side.value] += 1
    agreements: dict[int, list[AgreementCase]] = defaultdict(list)
    for one in session().scalars(select(BaseAgreement).where(BaseAgreement.base_id.in_(ids)).order_by(BaseAgreement.until, BaseAgreement.id)):
        agreements[one.base_id].append(AgreementCase(one.signed_on, one.since, one.until, frozenset(one.topics)))
    return tuple(CentreCase(names[key], dict(leaders[key]), tuple(agreements[key])) for key in ids if key in names and (not typed or key in typed))


def capstone_cases(
    programme_id: int, members: Sequence[Member], placements: Iterable[PlacementRow], on: date
) -> tuple[tuple[CapstoneCase, ...], dict[str, str]]:
    """The capstone of every judged student, and the evidence for 8.1 and 8.4: five queries."""
    spans: dict[tuple[int, int], list[Span]] = defaultdict(list)
    for placement in placements:
        spans[placement.student_id, placement.enterprise_id].append((placement.starts_on, placement.ends_on))
    mine = select(Capstone.id).join(Student, Student.id == Capstone.student_id).where(Student.programme_id == programme_id)
    found = {
        row.student_id: row
        for row in session().execute(
            select(
                Capstone.id,
                Capstone.student_id,
                Capstone.enterprise_id,
                Capstone.starts_on,
                Capstone.ends_on,
                Topic.enterprise_id.label("topic_enterprise_id"),
                Topic.source,
                (or_(Topic.evidence != "", Topic.evidence_file_id.is_not(None))).label("has_evidence"),
            )
            .join(Topic, Topic.id == Capstone.topic_id)
            .where(Capstone.id.in_(mine), Capstone.state != CapstoneState.WITHDRAWN)
            .order_by(Capstone.id)
        )
    }
    supervisors: dict[tuple[int, SupervisorRole], tuple[int, str]] = {}
    for capstone_id, side, person_id, until, name in session().execute(
        select(Supervision.capstone_id, Supervision.role, Supervision.person_id, Supervision.until, Person.name)
        .join(Person, Person.id == Supervision.person_id)
        .where(Supervision.capstone_id.in_(mine), Supervision.since <= on)
        .order_by(Supervision.since, Supervision.id)
    ):
        if until is None or until >= on:
            supervisors[capstone_id, side] = (person_id, name)
    employed = {
        (row[0], row[1])
        for row in session().execute(
            select(Mentor.person_id, Mentor.enterprise_id)
            .join(Supervision, Supervision.person_id == Mentor.person_id)
            .where(Supervision.capstone_id.in_(mine))
            .distinct()
        )
    }
    guidances: dict[int, int] = {
        capstone_id: int(number)
        for capstone_id, number in session().execute(
            select(GuidanceEntry.capstone_id, func.count())
            .where(
                GuidanceEntry.capstone_id.in_(mine),
                GuidanceEntry.role == SupervisorRole.ENTERPRISE,
                GuidanceEntry.on <= on,
                GuidanceEntry.confirmed_at.is_not(None),
            )
            .group_by(GuidanceEntry.capstone_id)
        )
    }
    graded = {
        capstone_id: int(number)
        for capstone_id, number in session().execute(
            select(CapstoneGrade.capstone_id, func.count(CapstoneGrade.role.distinct()))
            .where(CapstoneGrade.capstone_id.in_(mine))
            .group_by(CapstoneGrade.capstone_id)
        )
    }
    cases, sourced, both = [], 0, 0
    for member in members:
        if member.id not in found:
            cases.append(CapstoneCase(member.label, None))
            continue
        capstone = found[member.id]
        person = supervisors.get((capstone.id, SupervisorRole.ENTERPRISE))
        sourced += capstone.source is TopicSource.ENGINEERING_PRACTICE and bool(capstone.has_evidence)
        both += graded.get(capstone.id, 0) == 2
        cases.append(
            CapstoneCase(
                label=member.label,
                enterprise_id=capstone.enterprise_id,
                topic_enterprise_id=capstone.topic_enterprise_id,
                starts_on=capstone.starts_on,
                ends_on=capstone.ends_on,
                spans=tuple(spans[member.id, capstone.enterprise_id]),
                has_school=(capstone.id, SupervisorRole.SCHOOL) in supervisors,
                enterprise_supervisor=person[1] if person else None,
                is_of_enterprise=person is not None and (person[0], capstone.enterprise_id) in employed,
                guidances=guidances.get(capstone.id, 0),
            )
        )
    evidence = {
        "8.1": f"题目来自工程实践且有证明材料 {sourced}/{len(members)} 人" if members else "",
        "8.4": f"校企双方均已评分 {both}/{len(members)} 人" if members else "",
    }
    return tuple(cases), evidence


def base_choices(programme_id: int) -> list[tuple[int, str]]:
    """(id, name) of the bases where students of the programme are placed or its plan is carried out, for forms."""
    placed = select(Placement.base_id).join(Student, Student.id == Placement.student_id).where(Student.programme_id == programme_id)
    planned = (
        select(PlanItem.base_id)
        .join(ProgrammeVersion, ProgrammeVersion.id == PlanItem.version_id)
        .where(ProgrammeVersion.programme_id == programme_id)
    )
    statement = select(Organisation.id, Organisation.name).where(or_(Organisation.id.in_(placed), Organisation.id.in_(planned)))
    return [(key, name) for key, name in session().execute(statement.order_by(Organisation.name, Organisation.id))]
