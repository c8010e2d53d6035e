"""Everything the rules ask about a programme on a day, gathered in a fixed number of queries whatever the number of students."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, or_, select

from courses.curriculum.types import CourseCategory
from courses.teaching import queries as teaching
from courses.teaching.types import OfferingRow, SecondmentState, semester_of
from enterprises.capstones.queries.facts import SUPPOSED
from enterprises.placements.types import PlacementState
from trainhub.kernel.db import session
from trainhub.oversight.evaluation.models import ExchangeRecord, IntlProgramme
from trainhub.oversight.evaluation.queries import evidence, field
from trainhub.oversight.evaluation.queries.members import Member, members_of
from trainhub.oversight.evaluation.queries.plans import plan_cases, plans_of
from trainhub.oversight.evaluation.register_types import ProgrammeMode
from trainhub.oversight.evaluation.rules.common import days_in, months_between
from trainhub.oversight.evaluation.rules.verdict import add_years
from trainhub.oversight.evaluation.types import (
    CandidateCase,
    Case,
    InternationalCase,
    PartTimeCase,
    SecondmentCase,
    Span,
    TeacherCase,
    WorkEntry,
)
from trainhub.people.models import Employment, Person, PersonDegree, PersonStay, Student, Teacher
from trainhub.people.queries import degrees_of, in_programme, months_abroad, stays_of
from trainhub.people.types import Degree, NationalityKind, TeacherKind
from trainhub.policy.book import book
from trainhub.policy.types import Parameter
from trainhub.programmes.models import Programme

AT_HOME = frozenset(["CN", "HK", "MO", "TW"])
"""A doctorate counts when it is from abroad (国外): Hong Kong, Macao and Taiwan are not (requirements.md 8.2, 23)."""


RULES = ("own.weeks.days_per_week", "own.evaluation.research_institute_counts", "petoe.core_courses_window_years", *SUPPOSED)
"""The rules by which facts are gathered, before anything is judged."""


def rules_of(on: date) -> dict[str, Parameter]:
    """Those rules as they are on a day."""
    return {key: book().at(key, on=on) for key in RULES}


def case_of(programme: Programme, on: date, years: Collection[int] = (), *, rules: Mapping[str, Parameter] | None = None) -> Case:
    """The case of a programme on a day; with years, of those cohorts alone. `rules` (RULES) stand for those of the day."""
    p = rules or rules_of(on)
    members = members_of(programme.id, on, years)
    judged = {member.id: member for member in members.judged}
    plans = plans_of(programme, members, on)
    offerings = teaching.offerings_of_cohorts(members.cohort_ids)
    rows = teaching.staff_of_programme(programme.id, on)
    people = {person.id for _teacher, person in rows} | {row.lead_person_id for row in offerings if row.lead_person_id is not None}
    spans = enterprise_spans(people, on, counts_institutes=p["own.evaluation.research_institute_counts"].flag)
    staff, part_time = _staff(rows, spans, on)
    with_broken_off = field.placements_of(programme.id, on)
    placements = [row for row in with_broken_off if row.state is not PlacementState.WITHDRAWN]
    bases = [item.base_id for plan in plans for item in plan.items] + [row.base_id for row in placements if row.student_id in judged]
    capstones, found = field.capstone_cases(programme.id, members.judged, on, p)
    return Case(
        on=on,
        group=members.group,
        plans=plan_cases(programme.id, plans, offerings, members, on),
        teachers=staff,
        part_time=part_time,
        candidates=_candidates(offerings, members.group.cohort_years, spans, members.starts, on, p["petoe.core_courses_window_years"].number),
        centres=field.centre_cases([key for key in bases if key is not None], on, university_id=programme.university_id),
        placements=field.placement_cases(programme.id, with_broken_off, judged, on),
        students=field.credited_days(programme.id, members.judged, on=on, days_per_week=p["own.weeks.days_per_week"].number),
        capstones=capstones,
        international=_international(programme.id, members.present, on),
        evidence=found
        | evidence.of_programme(programme, plans, staff, part_time, on)
        | evidence.of_practice(programme.id, plans, placements, judged, on)
        | evidence.of_six(offerings, members.group.cohort_years, on),
    )


def _counts_as_enterprise(counts_institutes: bool) -> Any:
    """Full-time work in enterprises; institutes count only when the policy says so (requirements.md 8.2, 22)."""
    if counts_institutes:
        return Employment.is_full_time.is_(True)
    return and_(Employment.is_full_time.is_(True), Employment.is_enterprise.is_(True))


def enterprise_spans(person_ids: set[int], on: date, *, counts_institutes: bool | None = None) -> dict[int, list[Span]]:
    """Verified full-time work in enterprises by person; whether institutes count is a rule of the day unless it is given."""
    if counts_institutes is None:
        counts_institutes = rules_of(on)["own.evaluation.research_institute_counts"].flag
    statement = (
        select(Employment.person_id, Employment.since, Employment.until)
        .where(Employment.person_id.in_(sorted(person_ids)), Employment.verified_at.is_not(None), _counts_as_enterprise(counts_institutes))
        .order_by(Employment.since, Employment.id)
    )
    found: dict[int, list[Span]] = defaultdict(list)
    for person_id, since, until in session().execute(statement):
        found[person_id].append((since, until))
    return found


def work_of_teachers(teacher_ids: Collection[int], on: date) -> dict[int, list[WorkEntry]]:
    """By teacher: the work in enterprises that counts or would count when it were verified. One query."""
    statement = (
        select(Teacher.id, Employment.organisation_name, Employment.since, Employment.until, Employment.verified_at)
        .join(Employment, Employment.person_id == Teacher.person_id)
        .where(Teacher.id.in_(sorted(teacher_ids)), _counts_as_enterprise(rules_of(on)["own.evaluation.research_institute_counts"].flag))
        .order_by(Employment.since, Employment.id)
    )
    found: dict[int, list[WorkEntry]] = defaultdict(list)
    for teacher_id, name, since, until, verified_at in session().execute(statement):
        found[teacher_id].append(WorkEntry(name, (since, until), verified_at is not None))
    return found


def _candidates(
    offerings: Sequence[OfferingRow], years: Sequence[int], spans: Mapping[int, list[Span]], starts: Mapping[int, date], on: date, window: int
) -> dict[int, tuple[CandidateCase, ...]]:
    found: dict[int, list[CandidateCase]] = {year: [] for year in years}
    for row in offerings:
        if not row.is_designated:
            continue
        last = min(row.first_teaching_on - timedelta(days=1), on)
        found[row.cohort_year].append(
            CandidateCase(
                label=f"{row.course_code} {row.course}",
                cohort_year=row.cohort_year,
                is_specialty=row.category == CourseCategory.SPECIALTY.value,
                importance=str(row.importance),
                is_optional=row.is_optional,
                lead=row.lead,
                lead_id=row.lead_teacher_id,
                lead_days=days_in(spans.get(row.lead_person_id or 0, ()), until=last),
                counted_until=last,
                is_in_window=row.first_teaching_on < add_years(starts[row.cohort_id], window),
                waiver=row.waiver,
                person_id=row.lead_person_id,
            )
        )
    return {year: tuple(cases) for year, cases in found.items()}


def _staff(
    rows: Sequence[tuple[Teacher, Person]], spans: Mapping[int, list[Span]], on: date
) -> tuple[tuple[TeacherCase, ...], tuple[PartTimeCase, ...]]:
    ids = [teacher.id for teacher, _person in rows]
    hours: dict[int, int] = defaultdict(int)
    first: dict[int, date] = {}
    tasks = [task for task in teaching.tasks_of_teachers(ids) if task.starts_on <= on]
    full_time = {teacher.id for teacher, _person in rows if teacher.kind is TeacherKind.FULL_TIME}
    terms = {(task.academic_year, task.semester) for task in tasks if task.teacher_id in full_time}
    # the last term that is over: of a running one not every task is handed out yet, so its first one would turn the answer over
    latest = max({one for one in terms if one < semester_of(on)} or terms, default=(0, 0))
    of_all = {(task.academic_year, task.semester) for task in tasks}
    term = max({one for one in of_all if one < semester_of(on)} or of_all, default=(0, 0))
    of_term = Counter(task.teacher_id for task in tasks if (task.academic_year, task.semester) == term)
    for task in tasks:
        first.setdefault(task.teacher_id, task.starts_on)
        if (task.academic_year, task.semester) == latest:
            hours[task.teacher_id] += task.hours_x10
    plans: dict[int, list[SecondmentCase]] = defaultdict(list)
    for plan in teaching.secondments_of_teachers(ids):
        months = months_between(plan.planned_since, plan.planned_until) if plan.planned_since and plan.planned_until else None
        is_started = plan.started_on is not None and plan.started_on <= on
        is_done = plan.ended_on is not None and plan.ended_on <= on
        plans[plan.teacher_id].append(
            SecondmentCase(
                plan.state is SecondmentState.EXEMPT, is_started, months, is_done, bool(plan.report.strip()), plan.is_full_time, plan.reason
            )
        )
    files = defaultdict(list)
    appraised: dict[int, date] = {}
    for appointment, day in teaching.files_of_teachers(ids, on):
        if appointment.since <= on:
            files[appointment.teacher_id].append(appointment)
        if day is not None:
            appraised[appointment.teacher_id] = max(day, appraised.get(appointment.teacher_id, day))
    staff, part_time = [], []
    persons = {person.id for _teacher, person in rows}
    stays, degrees = stays_of(persons), degrees_of(persons)
    for teacher, person in rows:
        label = f"{person.name}（{teacher.staff_no}）"
        abroad = stays.get(person.id, [])
        doctorates = [one for one in degrees.get(person.id, ()) if one.degree is Degree.DOCTOR and one.awarded_on <= on and one.region not in AT_HOME]
        staff.append(
            TeacherCase(
                label=label,
                is_full_time=teacher.kind is TeacherKind.FULL_TIME,
                is_senior=teacher.is_senior,
                enterprise_days=days_in(spans.get(person.id, ()), until=on),
                hours_x10=hours[teacher.id],
                is_foreign=person.nationality_kind is NationalityKind.FOREIGN,
                has_foreign_doctorate=any(one.verified_at is not None for one in doctorates),
                overseas_months=months_abroad(abroad, on),
                unverified=_unverified(teacher, doctorates, abroad, on),
                secondments=tuple(plans[teacher.id]),
                person_id=person.id,
                id=teacher.id,
                once_verified=(bool(doctorates), months_abroad(abroad, on, is_supposed=True)),
            )
        )
        if teacher.kind is TeacherKind.PART_TIME:
            mine = files[teacher.id]
            holding = [a for a in mine if a.until is None or a.until >= on]
            passed = [a.training_passed_on for a in mine if a.training_passed_on is not None and a.training_passed_on <= on]
            part_time.append(
                PartTimeCase(
                    label=label,
                    since=mine[0].since if mine else None,
                    duties=(holding or mine)[-1].duties if mine else "",
                    training_passed_on=min(passed) if passed else None,
                    first_task_on=first.get(teacher.id),
                    last_appraised_on=appraised.get(teacher.id),
                    tasks_of_term=of_term[teacher.id],
                    term=term,
                    ended_on=max((a.until for a in mine if a.until is not None), default=None) if not holding else None,
                )
            )
    return tuple(staff), tuple(part_time)


def _unverified(teacher: Teacher, doctorates: Sequence[PersonDegree], stays: Sequence[PersonStay], on: date) -> tuple[str, ...]:
    """What is said of a teacher's doctorate and time abroad and rests on nobody's verification."""
    waiting = [row for row in stays if row.verified_at is None and row.since <= on]
    told = [f"博士学位（{one.university_name}，{one.region}）" for one in doctorates if one.verified_at is None]
    if not doctorates and teacher.phd_country.strip() and teacher.phd_country.strip().upper() not in AT_HOME:
        told.append(f"登记的博士学位授予国家 {teacher.phd_country.strip()} ")
    told += [f"境外经历（{row.organisation_name}，{row.since} 至 {row.until}）" for row in waiting]
    return (*told, *([f"原登记的海外 {teacher.overseas_months} 个月"] if teacher.overseas_months and not stays else []))


def _lacks(row: IntlProgramme) -> tuple[str, ...]:
    """What the record of a joint programme lacks. A joint college recognises no credits by its nature: the sentence asks that of the two others (002:591)."""
    lacks = [] if row.agreement_no.strip() else ["没有协议编号"]
    if row.mode is not ProgrammeMode.JOINT_COLLEGE and not row.recognises_credits:
        lacks.append("没有写明承认或互认学分")
    return tuple(lacks)


def _international(programme_id: int, present: Sequence[Member], on: date) -> InternationalCase:
    exchanged = set(
        session().scalars(
            select(ExchangeRecord.student_id)
            .join(Student, Student.id == ExchangeRecord.student_id)
            .where(in_programme(programme_id, on), ExchangeRecord.took_place_on <= on)
            .distinct()
        )
    )
    running = session().scalars(
        select(IntlProgramme)
        .where(
            IntlProgramme.programme_id == programme_id,
            IntlProgramme.since <= on,
            or_(IntlProgramme.until.is_(None), IntlProgramme.until >= on),
        )
        .order_by(IntlProgramme.id)
    )
    return InternationalCase(
        students=len(present),
        foreign=sum(member.is_foreign for member in present),
        exchanged=sum(member.id in exchanged for member in present),
        programmes=tuple((row.mode.value, f"{row.partner}（{row.since} 起）", _lacks(row)) for row in running),
        named=tuple((member.label, member.id in exchanged, member.is_foreign) for member in present),
    )
