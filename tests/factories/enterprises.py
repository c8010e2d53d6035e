"""Bases, mentors, terms, positions, rounds and placements for tests, made through operations with sensible defaults.

The ground (universities, enterprises, persons, students) comes from tests/factories/ground.py.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from enterprises.bases import operations as bases
from enterprises.bases import queries as base_queries
from enterprises.bases.models import BaseProfile
from enterprises.bases.types import AgreementTopic, BaseType, Conclusion, InspectionKind
from enterprises.mentors import operations as mentors
from enterprises.mentors.models import Mentor
from enterprises.placements import operations as placements
from enterprises.placements import queries as placement_queries
from enterprises.placements.models import Placement, Position, Round, Term
from enterprises.placements.types import AgreementParty, PlanSide
from tests.factories import ground
from trainhub.kernel import files
from trainhub.kernel.access import SYSTEM
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student
from trainhub.programmes.models import Programme, ProgrammeVersion

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
_numbers = itertools.count(1)


def at(day: date) -> datetime:
    """Noon in Shanghai on a day."""
    return datetime.combine(day, time(4), tzinfo=UTC)


def opened_base(
    *, enterprise: Organisation | None = None, base: Organisation | None = None, has_agreement: bool = True, **figures: Any
) -> BaseProfile:
    """A base with profile, the type of a centre, and (unless asked otherwise) a whole agreement from 2024 to 2028."""
    base = base or (ground.base(enterprise) if enterprise is not None else ground.base())
    profile = bases.open_base(base=base, by=SYSTEM, now=NOW, **{"capacity_per_term": 40, **figures})
    bases.add_type(base=base, type=BaseType.EPEC, since=date(2020, 1, 1), by=SYSTEM, now=NOW)
    for year in (2023, 2024, 2025):
        bases.record_inspection(
            base=base, kind=InspectionKind.ON_SITE, on=date(year, 12, 1), inspectors="教务处", conclusion=Conclusion.PASSED, by=SYSTEM, now=NOW
        )
    if has_agreement:
        bases.sign_agreement(
            base=base,
            title="校企合作教育协议",
            signed_on=date(2024, 1, 1),
            since=date(2024, 1, 1),
            until=date(2028, 12, 31),
            topics=list(AgreementTopic),
            by=SYSTEM,
            now=NOW,
        )
    return profile


def scan(name: str = "签署页.pdf") -> int:
    """The scan of something signed on paper; its id."""
    return files.keep(io.BytesIO(b"%PDF-1.4\n%%EOF\n"), name=name, kind="plan_signature", by=SYSTEM, now=NOW).id


def signed_plan(version: ProgrammeVersion, *sides: PlanSide) -> None:
    """The plan of a version signed on paper by the sides; for the enterprises, by every one its items name, or by those that none names."""
    wanted: dict[str, Any] = {"version": version, "signed_name": "签署人", "signed_on": TODAY, "by": SYSTEM, "now": NOW}
    if PlanSide.SCHOOL in sides:
        placements.sign_plan(**wanted)
    for place in placement_queries.plan_places(version.id) if PlanSide.ENTERPRISE in sides else ():
        placements.record_plan_signature(enterprise_id=min(place.hosts, default=None), file_id=scan(), **wanted)


def mentor(*, enterprise: Organisation, person: Person | None = None, since: date = date(2020, 1, 1), **fields: Any) -> Mentor:
    """A mentor of an enterprise with room for 20 students."""
    return mentors.add_mentor(
        person=person or ground.person(),
        enterprise=enterprise,
        since=since,
        by=SYSTEM,
        now=NOW,
        **{"load_limit": 20, "post": "高级工程师", "skills": ["数据分析"], **fields},
    )


def term(*, university: Organisation, starts_on: date = date(2026, 3, 2), weeks: int = 16, code: str | None = None) -> Term:
    """A term of so many whole weeks from a Monday on."""
    n = next(_numbers)
    return placements.create_term(
        university=university,
        code=code or f"T-{n}",
        title=f"第{n}期",
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=7 * weeks - 1),
        by=SYSTEM,
        now=NOW,
    )


def interested(enterprise: Organisation, year: int) -> None:
    """The enterprise takes students in a year, unless it has said something already."""
    if base_queries.interest(enterprise.id, year) is None:
        bases.state_interest(enterprise=enterprise, year=year, is_interested=True, by=SYSTEM, now=NOW)


def position(
    *,
    enterprise: Organisation,
    terms: Iterable[Term] = (),
    seats: int = 5,
    base: Organisation | None = None,
    majors: Iterable[str] = (),
    is_approved: bool = True,
    title: str = "",
) -> Position:
    """An approved position with seats in terms."""
    row = placements.offer_position(enterprise=enterprise, base=base, title=title or f"工程岗位{next(_numbers)}", majors=majors, by=SYSTEM, now=NOW)
    for one in terms:
        placements.set_seats(position=row, term=one, seats=seats, by=SYSTEM, now=NOW)
        interested(enterprise, one.starts_on.year)
    if is_approved:
        placements.submit_position(position=row, by=SYSTEM, now=NOW)
        placements.approve_position(position=row, by=SYSTEM, now=NOW)
    return row


def round(
    *,
    programme: Programme,
    cohort: Any,
    terms: Iterable[Term],
    opens_on: date | None = None,
    closes_on: date | None = None,
    is_open: bool = True,
    **fields: Any,
) -> Round:
    """A round that is open from today for a week, or in the week before the last before its first term if that begins sooner."""
    terms = list(terms)
    opens_on = opens_on or min([TODAY, *(one.starts_on - timedelta(days=14) for one in terms)])
    closes_on = closes_on or opens_on + timedelta(days=6)
    now = NOW if opens_on == TODAY else at(opens_on)
    row = placements.create_round(
        programme=programme,
        cohort=cohort,
        title=f"实习轮次{next(_numbers)}",
        opens_on=opens_on,
        closes_on=closes_on,
        terms=terms,
        by=SYSTEM,
        now=now,
        **fields,
    )
    if is_open:
        placements.open_round(round=row, by=SYSTEM, now=now)
    return row


def seen(enterprise: Organisation, *, on: date, until: date) -> None:
    """An enterprise as a unit for posts at no base: inspected before a day, with an agreement from then until a day."""
    before = min(on, TODAY) - timedelta(days=30)
    bases.record_inspection(
        base=enterprise, kind=InspectionKind.ON_SITE, on=before, inspectors="教务处", conclusion=Conclusion.PASSED, by=SYSTEM, now=NOW
    )
    span = {"signed_on": before, "since": before, "until": until}
    bases.sign_agreement(base=enterprise, title="校企合作协议", **span, topics=list(AgreementTopic), by=SYSTEM, now=NOW)


def ready(placement: Placement, mentor: Mentor) -> Placement:
    """Complete the checklist: accepted, signed by all, insured for the whole period, trained, with a mentor, at an inspected unit."""
    if placement.base_id is None:
        enterprise = organisations.by_id(placement.enterprise_id)
        assert enterprise is not None
        seen(enterprise, on=placement.starts_on, until=placement.ends_on)
    placements.accept_placement(placement=placement, by=SYSTEM, now=NOW)
    placements.assign_mentor(placement=placement, mentor=mentor, by=SYSTEM, now=NOW)
    before = min(date(2026, 1, 5), placement.starts_on)
    for party in (AgreementParty.SCHOOL, AgreementParty.ENTERPRISE, AgreementParty.STUDENT, AgreementParty.GUARDIAN):
        placements.sign_placement(placement=placement, party=party, signed_name="签署人", signed_on=before, by=SYSTEM, now=at(before))
    placements.record_insurance(placement=placement, policy_no="PICC-1", since=placement.starts_on, until=placement.ends_on, by=SYSTEM, now=NOW)
    placements.record_safety(placement=placement, trained_on=min(placement.starts_on, TODAY), by=SYSTEM, now=NOW)
    return placement


def started(*, student: Student, position: Position, term: Term, mentor: Mentor) -> Placement:
    """A placement that has begun on the first day of its term."""
    now = at(min(TODAY, term.starts_on) - timedelta(days=1))
    placement = placements.place_student(student=student, position=position, term=term, by=SYSTEM, now=now)
    ready(placement, mentor)
    return placements.start_placement(placement=placement, today=max(TODAY, term.starts_on), by=SYSTEM, now=NOW)


def confirmed(placement: Placement, days: Iterable[date]) -> int:
    """Log days, a calendar week at once as a student does, and let the mentor confirm them: they stand in the ledger. Days between those of a
    week that were logged before, still wait and are not among them are taken back."""
    wanted = sorted(days)
    last = wanted[-1]
    for _week, ticked in itertools.groupby(wanted, key=lambda day: day.isocalendar()[:2]):
        week = list(ticked)
        placements.log_week(placement=placement, days=dict.fromkeys(week, ""), week=week, today=last, by=SYSTEM, now=at(last))
    return placements.decide_days(placement=placement, days=wanted, is_approved=True, today=last, by=SYSTEM, now=at(last))


def weekdays(since: date, count: int) -> list[date]:
    """So many Mondays to Fridays from a day on."""
    found, day = [], since
    while len(found) < count:
        if day.weekday() < 5:
            found.append(day)
        day += timedelta(days=1)
    return found
