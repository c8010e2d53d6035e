"""The tables T1 and T4 of the self-report, and how large they would be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from enterprises.bases import queries as bases
from enterprises.mentors.models import Mentor
from enterprises.placements.models import DayEntry, Placement, PlanItem
from enterprises.placements.queries.daily import last_confirmed
from enterprises.placements.queries.placing import HELD, visible_to
from enterprises.placements.types import DayState, PlacementState
from trainhub.identity import queries as identities
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import academic_year
from trainhub.kernel.db import session
from trainhub.ledger import queries as ledger
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.policy.book import book
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort, Programme

PORTION = 500
"""How many students' days are held at a time."""
CONFIRMED = select(DayEntry.id).where(DayEntry.placement_id == Placement.id, DayEntry.state == DayState.APPROVED)
CAME = sa.or_(Placement.state.in_(HELD), sa.and_(Placement.state == PlacementState.WITHDRAWN, CONFIRMED.exists()))
"""The student has come: the placement began, and if it was withdrawn, days of it count."""


def table_1_size(identity: Identity, *, since: date) -> int:
    """How many rows T1 has."""
    statement = select(func.count(Placement.id)).join(Student, Student.id == Placement.student_id)
    return session().scalar(statement.where(visible_to(identity), CAME, Placement.ends_on >= since)) or 0


def table_4_size(identity: Identity, *, since: date) -> int:
    """How many rows T4 has."""
    statement = select(func.count(Placement.base_id.distinct())).join(Student, Student.id == Placement.student_id)
    return session().scalar(statement.where(visible_to(identity), CAME, Placement.ends_on >= since)) or 0


def table_1(identity: Identity, *, since: date, on: date) -> list[dict[str, Any]]:
    """T1: who was at which base since a day, with the weeks credited there and in all; only confirmed days count (SUP-4).

    Students of the 卓越计划 come first, as a block of their own: those who belong to it on the day or until they graduated.
    """
    mentor_person, base = sa.orm.aliased(Person), sa.orm.aliased(Organisation)
    statement = (
        select(
            Placement.id,
            Placement.student_id,
            Placement.base_id,
            Placement.starts_on,
            Placement.ends_on,
            Placement.state,
            Placement.mentor_score_x10,
            Student.student_no,
            Student.class_name,
            Person.name,
            Programme.name.label("programme"),
            Cohort.year,
            programmes.plan_of_cohort().label("version_id"),
            Organisation.name.label("enterprise"),
            base.name.label("base"),
            mentor_person.name.label("mentor"),
            people.petoe_of_cohort(on).label("is_petoe"),
        )
        .join(Student, Student.id == Placement.student_id)
        .join(Person, Person.id == Student.person_id)
        .join(Programme, Programme.id == Student.programme_id)
        .join(Cohort, Cohort.id == Student.cohort_id)
        .join(Organisation, Organisation.id == Placement.enterprise_id)
        .outerjoin(base, base.id == Placement.base_id)
        .outerjoin(Mentor, Mentor.id == Placement.mentor_id)
        .outerjoin(mentor_person, mentor_person.id == Mentor.person_id)
        .where(visible_to(identity), CAME, Placement.ends_on >= since)
        .order_by(people.petoe_of_cohort(on).desc(), Programme.pinyin, Cohort.year, Student.student_no, Placement.starts_on, Placement.id)
    )
    rows = list(session().execute(statement))
    per_week = book().at("own.weeks.days_per_week", on=on).number
    credited = _credited_by_placement({row.student_id for row in rows}, per_week)
    last = last_confirmed(row.id for row in rows if row.state is PlacementState.WITHDRAWN)
    items = _items_by_base({row.version_id for row in rows if row.version_id is not None})
    sums: dict[int, int] = defaultdict(int)
    for key, student_id in session().execute(select(Placement.id, Placement.student_id).where(Placement.ends_on < since)):
        sums[student_id] += credited.get(key, 0)  # what was earned before the window belongs to the sum
    found = []
    for row in rows:
        days = credited.get(row.id, 0)
        sums[row.student_id] += days
        found.append(
            {
                "school_year": school_year(row.starts_on),
                "class": f"{row.year} {row.class_name}".strip(),
                "is_petoe": bool(row.is_petoe),
                "student_no": row.student_no,
                "name": row.name,
                "programme": row.programme,
                "where": row.base or row.enterprise,
                "items": items.get((row.version_id, row.base_id), []),
                "starts_on": row.starts_on,
                "ends_on": last.get(row.id, row.ends_on),
                "weeks": days / per_week,
                "weeks_sum": sums[row.student_id] / per_week,
                "mentor": row.mentor or "",
                "score": None if row.mentor_score_x10 is None else row.mentor_score_x10 / 10,
            }
        )
    return found


def school_year(day: date) -> str:
    """The academic year of a day: from September on."""
    return f"{academic_year(day)}-{academic_year(day) + 1}"


def _credited_by_placement(student_ids: Collection[int], per_week: int) -> dict[int, int]:
    """By placement the credited days earned there: at most so many of a week, once across enterprises (PETOE-7.2).

    In portions: of a whole university a million days are read, and only their sums are held.
    """
    found: dict[int, int] = defaultdict(int)
    wanted = sorted(student_ids)
    for start in range(0, len(wanted), PORTION):
        for row, earned in ledger.earned_by(wanted[start : start + PORTION], days_per_week=per_week):
            if row.source_id is not None:
                found[row.source_id] += earned
    return found


def _items_by_base(version_ids: Collection[int]) -> dict[tuple[int | None, int | None], list[str]]:
    statement = select(PlanItem.version_id, PlanItem.base_id, PlanItem.title).where(PlanItem.version_id.in_(list(version_ids)))
    found: dict[tuple[int | None, int | None], list[str]] = defaultdict(list)
    for version_id, base_id, title in session().execute(statement.order_by(PlanItem.version_id, PlanItem.position)):
        found[version_id, base_id].append(title)
    return found


def table_4(identity: Identity, *, since: date, on: date) -> list[dict[str, Any]]:
    """T4: the bases where students inside the reader's scope have been since a day, with the items of plans that name them (SUP-6). Of a base that several
    schools use the agreements, leaders and supervisors are those of the schools of these students (and what names no school)."""
    came = (visible_to(identity), CAME, Placement.base_id.is_not(None), Placement.ends_on >= since)
    counted = select(Placement.base_id, func.count(Placement.student_id.distinct()).label("students"))
    counted = counted.join(Student, Student.id == Placement.student_id).where(*came).group_by(Placement.base_id)
    students: dict[int, int] = {key: count for key, count in session().execute(counted) if key is not None}
    schools: dict[int | None, set[int]] = defaultdict(set)
    programmes: dict[int | None, set[int]] = defaultdict(set)
    of = select(Placement.base_id, Student.university_id, Student.programme_id).join(Student, Student.id == Placement.student_id)
    for base_id, school, programme in session().execute(of.where(*came).distinct()):
        schools[base_id].add(school)
        programmes[base_id].add(programme)
    titles: dict[int, list[str]] = defaultdict(list)
    for base_id, title in session().execute(
        select(PlanItem.base_id, PlanItem.title).where(PlanItem.base_id.in_(list(students))).order_by(PlanItem.id)
    ):
        if base_id is not None and title not in titles[base_id]:
            titles[base_id].append(title)
    types = bases.types_of_many(list(students))
    found = []
    for base_id, count in students.items():
        base, profile = organisations.by_id(base_id), bases.profile(base_id)
        if base is None:
            continue
        hosts = [
            row.name
            for host, row in organisations.hosts_of(base_id)
            if (host.since is None or host.since <= on) and (host.until is None or host.until >= on) and row.kind == "enterprise"
        ]
        own = schools[base_id]
        agreements = [row for row in bases.agreements_of(base_id, university_ids=own) if row.since <= on <= row.until]
        leaders = [
            f"{name}（{leader.post}）"
            for leader, name in bases.leaders_of(base_id)
            if leader.since <= on and (leader.until is None or leader.until >= on) and (leader.university_id is None or leader.university_id in own)
        ]
        found.append(
            {
                "base": base,
                "types": types[base_id],
                "hosts": hosts,
                "agreement": (agreements[0].since, agreements[0].until) if agreements else None,
                "items": titles[base_id],
                "capacity": profile.capacity_per_term if profile is not None else None,
                "students": count,
                "leaders": leaders,
                "mentors": _mentors_at(base_id, on),
                "school_mentors": _school_mentors(programmes[base_id], on),
                "invested": tuple(
                    None if fen is None else fen / 100
                    for fen in ((profile.school_invested_fen, profile.enterprise_invested_fen) if profile is not None else (None, None))
                ),
            }
        )
    return sorted(found, key=lambda row: row["base"].code)


def _school_mentors(programme_ids: Collection[int], on: date) -> int:
    """School supervisors of programmes."""
    return len({one for key in sorted(programme_ids) for one in identities.accounts_holding(Role.SCHOOL_SUPERVISOR, today=on, programme_id=key)})


def _mentors_at(base_id: int, on: date) -> int:
    statement = select(func.count(Mentor.id)).where(
        Mentor.enterprise_id.in_(organisations.host_ids(base_id)), Mentor.since <= on, sa.or_(Mentor.until.is_(None), Mentor.until >= on)
    )
    return session().scalar(statement) or 0
