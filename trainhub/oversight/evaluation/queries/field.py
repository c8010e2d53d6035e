"""What happens in enterprises: plan items, centres, placements, days, capstones. Joined by programme: no query per student."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Date, Integer, String, and_, bindparam, case, cast, exists, func, literal, or_, select

from enterprises.bases.models import BaseAgreement, BaseLeader, BaseTyping
from enterprises.bases.queries import on_campus
from enterprises.bases.types import BaseType, LeaderSide
from enterprises.capstones.models import Capstone
from enterprises.capstones.queries.facts import findings_of, statuses_of, supposed
from enterprises.capstones.queries.standing import is_latest
from enterprises.mentors.models import Mentor
from enterprises.placements.models import AgreementSignature, Placement, PlanItem
from enterprises.placements.queries.daily import broken_off, last_day
from enterprises.placements.types import PlacementState
from trainhub.kernel.db import is_postgresql, session
from trainhub.ledger.holidays import queries as holidays
from trainhub.ledger.models import ConfirmedDay
from trainhub.ledger.rules import credit_weeks
from trainhub.organisations.models import BaseHost, Organisation
from trainhub.oversight.evaluation.centre_types import AgreementCase, CentreCase
from trainhub.oversight.evaluation.queries.members import Member
from trainhub.oversight.evaluation.types import CapstoneCase, MarkSource, PlacementCase, PlanItemCase, StudentCase
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.policy.findings import Finding, Status
from trainhub.policy.types import Parameter
from trainhub.programmes.models import ProgrammeVersion

BEGUN = (PlacementState.STARTED, PlacementState.FINISHED)
OVER = (PlacementState.FINISHED, PlacementState.WITHDRAWN)


def plan_items_of(version_id: int | None) -> list[PlanItem]:
    """The items of the enterprise training plan in order."""
    return list(session().scalars(select(PlanItem).where(PlanItem.version_id == version_id).order_by(PlanItem.position, PlanItem.id)))


def plan_items_of_versions(version_ids: Collection[int]) -> dict[int, list[PlanItem]]:
    """By version: the items of its enterprise training plan in order. One query whatever the number of versions."""
    found: dict[int, list[PlanItem]] = {key: [] for key in version_ids}
    statement = select(PlanItem).where(PlanItem.version_id.in_(list(version_ids))).order_by(PlanItem.version_id, PlanItem.position, PlanItem.id)
    for item in session().scalars(statement):
        found[item.version_id].append(item)
    return found


def on_campus_of(items: Iterable[PlanItem]) -> Collection[int]:
    """The bases of plan items that are on campus."""
    return on_campus({item.base_id for item in items if item.base_id is not None})


def mentors_at(programme_id: int, on: date) -> dict[int | None, set[int]]:
    """By base: the persons of enterprises who guide there (PETOE-6.8, 002:523): on the register of an enterprise that hosts it on the day, or
    of a placement of the programme's students that began there, or was broken off and graded, as its mark counts.
    Under None all of those placements: for items that name no base. One query."""
    found: dict[int | None, set[int]] = defaultdict(set)
    for base_id, person_id, is_placed in session().execute(_mentors(), {"programme": programme_id, "on": on}):
        if base_id is not None:
            found[base_id].add(person_id)
        if is_placed:
            found[None].add(person_id)
    return found


@cache
def _mentors() -> Any:
    """(base, person, whether through a placement) of a `programme` `on` a day: built once, as every page of readiness asks it."""
    programme_id: Any = bindparam("programme")
    on: Any = bindparam("on")
    began = or_(Placement.state.in_(BEGUN), and_(broken_off(on), Placement.mentor_score_x10.is_not(None)))
    held = and_(Mentor.since <= on, or_(Mentor.until.is_(None), Mentor.until >= on))
    hosting = and_(or_(BaseHost.since.is_(None), BaseHost.since <= on), or_(BaseHost.until.is_(None), BaseHost.until >= on))
    planned = (
        select(PlanItem.base_id)
        .join(ProgrammeVersion, ProgrammeVersion.id == PlanItem.version_id)
        .where(ProgrammeVersion.programme_id == programme_id, PlanItem.base_id.is_not(None))
    )
    placed = (
        select(Placement.base_id, Placement.enterprise_id, Placement.mentor_id)
        .join(Student, Student.id == Placement.student_id)
        .where(people.in_programme(programme_id, on), began, Placement.starts_on <= on)
        .distinct()
        .subquery()
    )
    registered = (
        select(BaseHost.base_id, Mentor.person_id, literal(0))
        .join(Mentor, Mentor.enterprise_id == BaseHost.organisation_id)
        .where(BaseHost.base_id.in_(planned), held, hosting)
    )
    guiding = select(placed.c.base_id, Mentor.person_id, literal(1)).join(
        Mentor, or_(Mentor.id == placed.c.mentor_id, and_(Mentor.enterprise_id == placed.c.enterprise_id, held))
    )
    return registered.union(guiding)


def plan_cases(
    items: Iterable[PlanItem], campus: Collection[int], sources: Mapping[int, MarkSource], mentors: Mapping[int | None, Collection[int]]
) -> tuple[PlanItemCase, ...]:
    """What rules ask of plan items (`sources`: `marks.sources_of`); one at a base on campus (`on_campus_of`) is not at an enterprise, whatever was ticked."""
    return tuple(
        PlanItemCase(
            item.title,
            item.weeks_x10,
            item.is_at_enterprise and item.base_id not in campus,
            bool(item.assessment.strip()),
            len(mentors.get(item.base_id, ())) if item.has_enterprise_mentor else 0,
            sources[item.id],
        )
        for item in items
    )


MONDAY = date(2001, 1, 1)
"""A Monday before every confirmed day: whole weeks since it tell ISO weeks apart."""


def _week_of(day: Any) -> Any:
    """The number of the ISO week a column of days lies in, computed by the database."""
    if is_postgresql():
        return cast(day - cast(literal(MONDAY), Date), Integer) // 7
    return cast((func.julianday(day) - func.julianday(MONDAY.isoformat())) / 7, Integer)


def credited_days(programme_id: int, members: Sequence[Member], *, on: date, days_per_week: int) -> tuple[StudentCase, ...]:
    """The credited days of the judged students up to a day: one query, summed by the database as `ledger.rules.credit_weeks` does.

    Once a holiday switch (own.weeks.holiday_rule…) was on the days themselves are read and the ledger's own rule sums them.
    """
    if holidays.may_have_counted(on):
        return _with_holidays(programme_id, members, on, days_per_week)
    week = _week_of(ConfirmedDay.on)
    weeks = (
        select(ConfirmedDay.student_id.label("student_id"), func.count(ConfirmedDay.on.distinct()).label("days"))
        .join(Student, Student.id == ConfirmedDay.student_id)
        .where(people.in_programme(programme_id, on), ConfirmedDay.on <= on, ConfirmedDay.withdrawn_at.is_(None))
        .group_by(ConfirmedDay.student_id, week)
        .subquery()
    )
    capped = case((weeks.c.days > days_per_week, days_per_week), else_=weeks.c.days)
    statement = select(weeks.c.student_id, func.sum(capped)).group_by(weeks.c.student_id)
    credited = {student_id: int(number) for student_id, number in session().execute(statement)}
    return tuple(StudentCase(m.label, m.cohort_year, credited.get(m.id, 0), m.id) for m in members)


def _with_holidays(programme_id: int, members: Sequence[Member], on: date, days_per_week: int) -> tuple[StudentCase, ...]:
    days: dict[int, list[date]] = defaultdict(list)
    statement = select(ConfirmedDay.student_id, ConfirmedDay.on).join(Student, Student.id == ConfirmedDay.student_id)
    for student_id, day in session().execute(
        statement.where(people.in_programme(programme_id, on), ConfirmedDay.on <= on, ConfirmedDay.withdrawn_at.is_(None))
    ):
        days[student_id].append(day)
    shortened = holidays.shortened_of(days)
    credited = {key: credit_weeks(found, days_per_week=days_per_week, working_days=shortened.get(key)).credited_days for key, found in days.items()}
    return tuple(StudentCase(m.label, m.cohort_year, credited.get(m.id, 0), m.id) for m in members)


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


def placements_of(programme_id: int, on: date) -> list[PlacementRow]:
    """Every placement of the students of the programme on a day that was not withdrawn, and of those that were withdrawn while they ran the ones that
    were graded: an enterprise that stops half-way takes nothing of what was learnt there. Their last day is the last confirmed one."""
    is_graded = and_(broken_off(on), Placement.mentor_score_x10.is_not(None))
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
            last_day(on),
            Placement.insured_from.is_not(None),
            Placement.mentor_score_x10.is_not(None),
        )
        .join(Student, Student.id == Placement.student_id)
        .where(people.in_programme(programme_id, on), or_(Placement.state != PlacementState.WITHDRAWN, is_graded))
        .order_by(Placement.student_id, Placement.starts_on, Placement.id)
    )
    return [PlacementRow(*row) for row in session().execute(statement)]


def placement_cases(programme_id: int, placements: Iterable[PlacementRow], members: Mapping[int, Member], on: date) -> tuple[PlacementCase, ...]:
    """The placements of judged students that began by the day, with who signed.

    One that is over has ended, also when nobody closed it: what was forgotten is asked for, not overlooked. So has one that was withdrawn while it ran.
    """
    statement = (
        select(AgreementSignature.placement_id, func.aggregate_strings(cast(AgreementSignature.party, String(40)), ","))
        .join(Placement, Placement.id == AgreementSignature.placement_id)
        .join(Student, Student.id == Placement.student_id)
        .where(people.in_programme(programme_id, on), AgreementSignature.signed_on <= on)
        .group_by(AgreementSignature.placement_id)
    )
    signed = {placement_id: frozenset(parties.split(",")) for placement_id, parties in session().execute(statement)}
    nobody: frozenset[str] = frozenset()
    return tuple(
        PlacementCase(
            label=f"{members[row.student_id].label} {row.starts_on}—{row.ends_on}",
            signed=signed.get(row.id, nobody),
            is_insured=row.is_insured,
            has_ended=row.ends_on < on or (row.state in OVER and row.ends_on <= on),
            has_grade=row.has_grade,
            cohort_year=members[row.student_id].cohort_year,
            student=members[row.student_id].label,
            days=(row.ends_on - row.starts_on).days + 1,
            is_broken_off=row.state is PlacementState.WITHDRAWN,
        )
        for row in placements
        if row.student_id in members and row.state in (*BEGUN, PlacementState.WITHDRAWN) and row.starts_on <= on
    )


def centre_cases(base_ids: Iterable[int], on: date, *, university_id: int) -> tuple[CentreCase, ...]:
    """The practice centres among the bases of the programme (all of them when none is typed as a centre): three queries.

    A base may be built with several schools: who leads for another one, and what another one signed, is not the programme's (002:509, 002:517).
    """
    ids = sorted(set(base_ids))
    is_centre = exists().where(BaseTyping.base_id == Organisation.id, BaseTyping.type == BaseType.EPEC, BaseTyping.since <= on)
    found = session().execute(select(Organisation.id, Organisation.name, is_centre).where(Organisation.id.in_(ids))).all()
    names, typed = {key: name for key, name, _is in found}, {key for key, _name, is_one in found if is_one}
    leaders: dict[int, Counter[str]] = defaultdict(Counter)
    for row in session().scalars(select(BaseLeader).where(BaseLeader.base_id.in_(ids)).order_by(BaseLeader.id)):
        is_own = row.side is not LeaderSide.SCHOOL or row.university_id == university_id
        if is_own and row.since <= on and (row.until is None or row.until >= on):
            leaders[row.base_id][row.side.value] += 1
    agreements: dict[int, list[AgreementCase]] = defaultdict(list)
    others, unnamed = Counter[int](), Counter[int]()
    for one in session().scalars(select(BaseAgreement).where(BaseAgreement.base_id.in_(ids)).order_by(BaseAgreement.until, BaseAgreement.id)):
        if one.university_id == university_id:
            agreements[one.base_id].append(AgreementCase(one.signed_on, one.since, one.until, frozenset(one.topics)))
        else:
            (unnamed if one.university_id is None else others)[one.base_id] += 1
    return tuple(
        CentreCase(names[key], dict(leaders[key]), tuple(agreements[key]), others[key], unnamed[key])
        for key in ids
        if key in names and (not typed or key in typed)
    )


def capstone_cases(
    programme_id: int, members: Sequence[Member], on: date, rules: Mapping[str, Parameter]
) -> tuple[tuple[CapstoneCase, ...], dict[str, str]]:
    """What the capstones' own rule finds on the latest capstone of every judged student, and the evidence for 8.1 and 8.4.

    Nothing is counted here a second time: a student's page, the cohort's page and the dossier give one answer.
    """
    columns = Capstone.student_id, Capstone.id, Capstone.ends_on, Capstone.finished_on, Capstone.score_x10
    statement = select(*columns).join(Student, Student.id == Capstone.student_id).where(people.in_programme(programme_id, on), is_latest())
    latest = {row.student_id: row for row in session().execute(statement)}
    found = findings_of((latest[member.id].id for member in members if member.id in latest), on, supposed(on, rules))
    cases = tuple(_capstone_case(member.label, latest.get(member.id), found, on) for member in members)
    answers = [statuses_of(case.findings) for case in cases if case.findings]
    met = {code: sum(one[code] is Status.MET for one in answers) for code in ("8.1", "8.4")}
    evidence = {
        "8.1": f"题目来自工程实践且有证明材料 {met['8.1']}/{len(members)} 人" if members else "",
        "8.4": f"校企双方均已评分 {met['8.4']}/{len(members)} 人" if members else "",
    }
    return cases, evidence


def _capstone_case(label: str, row: Any, found: Mapping[int, tuple[Finding, ...]], on: date) -> CapstoneCase:
    """One that is over has ended, also while nobody concluded it; its result is the grade with which it was concluded."""
    if row is None:
        return CapstoneCase(label)
    is_concluded = row.finished_on is not None and row.finished_on <= on
    return CapstoneCase(label, found.get(row.id, ()), is_concluded or row.ends_on < on, is_concluded and row.score_x10 is not None)


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
