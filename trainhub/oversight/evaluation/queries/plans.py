"""The plans by which the judged cohorts are trained: each cohort is judged by its own, whatever plan came after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import bindparam, cast, func, literal, null, select, union_all

from courses.curriculum import queries as curriculum
from courses.curriculum.models import AssessmentItem, CourseResult, CurriculumCourse, ItemScore
from courses.curriculum.types import CourseRow
from courses.gradebook import feed_queries as feeds
from courses.recognition.models import CreditClaim
from courses.recognition.types import ClaimState
from courses.standards import queries as standards
from courses.standards.types import Cover, TargetKind
from courses.teaching import queries as teaching
from courses.teaching.types import OfferingRow
from enterprises.placements.models import PlanItem
from trainhub.kernel.clock import end_of
from trainhub.kernel.db import session
from trainhub.oversight.evaluation.plan_types import CourseCase, PointCase, StandardCase
from trainhub.oversight.evaluation.queries import field, marks
from trainhub.oversight.evaluation.queries.members import Member, Members, members_of
from trainhub.oversight.evaluation.types import MarkSource, PlanCase
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme
from trainhub.programmes.types import Requirement


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan with all it holds, and the judged cohorts that follow it. `name` tells it from the others: empty where there is one."""

    version_id: int
    cohort_years: tuple[int, ...]
    name: str
    requirements: Sequence[Requirement]
    courses: Sequence[CourseRow]
    items: Sequence[PlanItem]
    sources: Mapping[int, MarkSource]
    covers: Sequence[Cover]


def followed(programme_id: int, members: Members, on: date) -> dict[int, list[int]]:
    """By plan the years of the judged cohorts that follow it, the oldest cohort first; without cohorts the plan of the year.

    0 where there is none. No query but where there is no cohort.
    """
    if not members.plans:
        of_year = programmes.version_for(programme_id, on.year)
        return {of_year.id if of_year is not None else 0: [on.year]}
    years: dict[int, list[int]] = defaultdict(list)
    for year, version_id in members.plans:
        years[version_id or 0].append(year)
    return dict(years)


def newest(programme_id: int, members: Members, on: date) -> int:
    """The plan of the newest judged cohort: what a page shows as long as nobody chose another one; 0 while there is none."""
    return max(followed(programme_id, members, on).items(), key=lambda one: max(one[1]))[0]


def named(cohort_years: Sequence[int], plans: Collection[int]) -> str:
    """What tells a plan from the others: the cohorts that follow it; empty where there is one."""
    return f"{'、'.join(str(year) for year in cohort_years)} 级方案" if len(plans) > 1 else ""


def uncovered_standards(programme_id: int, today: date) -> tuple[str, ...]:
    """The general standards without a graduation requirement in a plan of a judged cohort (SUP-1, 002:295)."""
    plans = programmes.requirements_of_versions(followed(programme_id, members_of(programme_id, today), today))
    covered = [{code for one in requirements for code in one.standards} for requirements in plans.values()]
    return tuple(one.code for one in programmes.standards() if not all(one.code in codes for codes in covered))


def plans_of(programme: Programme, members: Members, on: date) -> list[Plan]:
    """The plans of the judged cohorts with all they hold. Eight queries whatever their number."""
    years = followed(programme.id, members, on)
    requirements, courses = programmes.requirements_of_versions(years), curriculum.courses_of_versions(years)
    items, sources = marks.planned_of_versions(years)
    covers = standards.covers_of_versions(years)
    return [
        Plan(
            key,
            tuple(mine),
            named(mine, years),
            requirements[key],
            courses[key],
            items[key],
            sources,
            covers[key],
        )
        for key, mine in years.items()
    ]


def plan_cases(programme_id: int, plans: Sequence[Plan], offerings: Sequence[OfferingRow], members: Members, on: date) -> tuple[PlanCase, ...]:
    """What the rules ask of the plans. Four queries whatever their number."""
    judged = members.judged
    concluded = conclusions([plan.version_id for plan in plans], on)
    general = [row.code for row in programmes.standards()]
    mentors = field.mentors_at(programme_id, on)
    campus = field.on_campus_of([item for plan in plans for item in plan.items])
    found = []
    for plan in plans:
        carried = _carried(plan)
        found.append(
            PlanCase(
                name=plan.name,
                cohort_years=plan.cohort_years,
                students=sum(member.cohort_year in plan.cohort_years for member in judged),
                standards=_standards(general, plan, carried, [one for one in judged if one.cohort_year in plan.cohort_years], concluded),
                points=tuple(
                    PointCase(
                        point.number,
                        point.kind.value,
                        tuple(one.label for one in carried[point.id]),
                        all(one.optional_id for one in carried[point.id]),
                    )
                    for requirement in plan.requirements
                    for point in requirement.points
                ),
                unrefined=tuple(requirement.number for requirement in plan.requirements if not requirement.points),
                courses=_courses(plan, offerings, members, concluded, on),
                items=field.plan_cases(plan.items, campus, plan.sources, mentors),
            )
        )
    return tuple(found)


def conclusions(version_ids: Collection[int], on: date) -> dict[tuple[int, int], int | None]:
    """How many objectives of a course have a conclusion for a student on a day, None where its credits were recognised. One query.

    Who takes an optional course is known by a mark, by its list, or by a seat in a run whose grades go into it that was taken before the
    course was closed for the cohort and the cohort graduated: without a conclusion it is told as 0.
    """
    numbers: dict[tuple[int, int], int] = defaultdict(int)
    elsewhere = set()
    given = {"versions": list(version_ids), "on": on, "until": end_of(on)}
    for course_id, student_id, number, is_recognised, since, *ends in session().execute(_concluded(), given):
        if since is not None and not feeds.is_in_time(since, *ends):
            continue
        numbers[course_id, student_id] += int(number)
        if is_recognised:
            elsewhere.add((course_id, student_id))
    return {key: None if not number and key in elsewhere else number for key, number in numbers.items()}


@cache
def _concluded() -> Any:
    """(course, student, objectives concluded, whether recognised, since when seated, the days that end that) of the plans `versions` `on` a day and
    `until` its end: built once, as every page of readiness asks it."""
    on: Any = bindparam("on")
    until: Any = bindparam("until")
    mine = select(CurriculumCourse.id).where(CurriculumCourse.version_id.in_(bindparam("versions", expanding=True)))
    optional, nothing = mine.where(CurriculumCourse.is_optional), (literal(0), literal(0))
    results = (
        select(CourseResult.course_id, CourseResult.student_id, func.count(), literal(0))
        .where(CourseResult.course_id.in_(mine), CourseResult.concluded_on <= on)
        .group_by(CourseResult.course_id, CourseResult.student_id)
    )
    recognised = select(CreditClaim.target_id, CreditClaim.student_id, literal(0), literal(1)).where(
        CreditClaim.target_id.in_(mine), CreditClaim.state == ClaimState.APPROVED, CreditClaim.decided_on <= on
    )
    marked = (
        select(AssessmentItem.course_id, ItemScore.student_id, *nothing)
        .join(AssessmentItem, AssessmentItem.id == ItemScore.item_id)
        .where(AssessmentItem.course_id.in_(optional), ItemScore.recorded_at <= until)
        .distinct()
    )
    listed = teaching.takers_listed(optional, until).add_columns(*nothing)
    seats = feeds.takers_seated(optional, until).subquery()
    no_days = [cast(null(), column.type) for column in list(seats.c)[2:]]
    seated = select(seats.c.course_id, seats.c.id, *nothing, *list(seats.c)[2:])
    others = [statement.add_columns(*no_days) for statement in (results, recognised, marked, listed)]
    return union_all(*others, seated)


@dataclass(frozen=True, slots=True)
class Carrier:
    """What carries an indicator point, and whether it is assessed. `optional_id`: the optional course it belongs to; 0 of everything that all do."""

    label: str
    is_assessed: bool
    optional_id: int = 0


def _carried(plan: Plan) -> dict[int, list[Carrier]]:
    """By indicator point: what carries it. An edge to something that is gone carries nothing."""
    objectives = {key: (course, number) for course in plan.courses for key, number, _text in course.objectives}
    items = {item.id: Carrier(item.title, bool(item.assessment.strip())) for item in plan.items}
    found: dict[int, list[Carrier]] = defaultdict(list)
    for cover in plan.covers:
        if cover.kind is TargetKind.OBJECTIVE and cover.target_id in objectives:
            course, number = objectives[cover.target_id]
            found[cover.point_id].append(Carrier(f"{course.name}·目标{number}", course.weight > 0, course.id if course.is_optional else 0))
        elif cover.kind is TargetKind.PLAN_ITEM and cover.target_id in items:
            found[cover.point_id].append(items[cover.target_id])
    return found


def _standards(
    general: Sequence[str],
    plan: Plan,
    carried: Mapping[int, list[Carrier]],
    judged: Sequence[Member],
    concluded: Mapping[tuple[int, int], int | None],
) -> tuple[StandardCase, ...]:
    """Of what the paths of each standard end in, only what is assessed counts; where all of it is optional, who takes none of it is named."""

    def case(code: str) -> StandardCase:
        mapped = [one for one in plan.requirements if code in one.standards]
        ends = {r.number: [one for p in r.points for one in carried[p.id] if one.is_assessed] for r in mapped}
        optional = {one.optional_id for found in ends.values() for one in found}
        without = [m.label for m in judged if not any((key, m.id) in concluded for key in optional)] if optional and 0 not in optional else []
        return StandardCase(code, tuple(ends), tuple(number for number, found in ends.items() if found), tuple(without))

    return tuple(case(code) for code in general)


def _courses(
    plan: Plan, offerings: Sequence[OfferingRow], members: Members, concluded: Mapping[tuple[int, int], int | None], on: date
) -> tuple[CourseCase, ...]:
    def lacks(course: CourseRow, member: Member) -> bool:
        """Of an optional course it is who took it without a conclusion about everything; nobody else has to."""
        number = concluded.get((course.id, member.id), None if course.is_optional else 0)
        return number is not None and number < len(course.objectives)

    def asked(course: CourseRow) -> set[int]:
        """The graduated cohorts that have to have closed a course: of an optional one those to which it was offered and in which somebody takes it."""
        if not course.is_optional:
            return graduated
        taken = {one.cohort_year for one in members.judged if concluded.get((course.id, one.id)) is not None}
        return taken & offered[course.id] & graduated

    graduated = set(plan.cohort_years) if members.group.is_finished else set()
    closed: dict[int, list[OfferingRow]] = defaultdict(list)
    offered: dict[int, set[int]] = defaultdict(set)
    for offering in offerings:
        offered[offering.course_id].add(offering.cohort_year)
        if offering.closed_on is not None and offering.closed_on <= on:
            closed[offering.course_id].append(offering)
    return tuple(
        CourseCase(
            label=f"{course.code} {course.name}",
            weight=course.weight,
            assessments=len(course.assessments),
            objectives=len(course.objectives),
            closed=len(closed[course.id]),
            missing=tuple(
                member.label
                for offering in closed[course.id]
                for member in members.judged
                if member.cohort_id == offering.cohort_id and lacks(course, member)
            ),
            recognised=tuple(member.label for member in members.judged if concluded.get((course.id, member.id), 0) is None),
            is_optional=course.is_optional,
            open_years=tuple(sorted(asked(course) - {offering.cohort_year for offering in closed[course.id]})),
        )
        for course in plan.courses
    )
