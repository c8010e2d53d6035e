"""Whom a simulation offers: everybody of whom a fact that may still come about could change an answer, each with what is lacking. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from trainhub.oversight.evaluation.rules import practice, whole
from trainhub.oversight.evaluation.rules.common import days_in
from trainhub.oversight.evaluation.rules.teachers import full_time, is_experienced, real_plans
from trainhub.oversight.evaluation.types import CandidateCase, CapstoneCase, Case, WorkEntry
from trainhub.policy.types import Parameter

Work = Mapping[int, Collection[WorkEntry]]
"""By teacher: the work in enterprises that counts, or would count once it is verified."""
GUIDANCE = "8.3.guidance"
"""What the capstones' own rule finds about how often a supervisor guided."""


@dataclass(frozen=True, slots=True)
class StudentChoice:
    """A judged student who lacks something that finishing brings: days (7.2), items of the plan or their results (6.9, 6.11), the capstone (8.x),
    conclusions of so many courses (2.5)."""

    key: int
    label: str
    days: int
    lacks_items: bool
    lacks_capstone: bool
    courses: int


@dataclass(frozen=True, slots=True)
class LecturerChoice:
    """A teacher whose work in enterprises could change an answer: the days that are lacking, the entries that would count once verified, and what
    would still be lacking then. `leads`: a designated course (5.2); of every other teacher it is what 4.2 asks."""

    key: int
    name: str
    lacks: int
    unverified: tuple[WorkEntry, ...]
    lacks_then: int
    leads: bool = True


@dataclass(frozen=True, slots=True)
class AbroadChoice:
    """A teacher with a doctorate or stays abroad that are entered and not verified (9.1)."""

    key: int
    name: str
    unverified: tuple[str, ...]


def capstone_open(one: CapstoneCase) -> bool:
    """Whether finishing changes what is found of a capstone: there is none, it has no result, or was guided too seldom."""
    return (not one.findings and not one.is_supposed) or not one.has_result or any(f.code.startswith(GUIDANCE) and not f.met for f in one.findings)


def students(case: Case, p: Mapping[str, Parameter]) -> tuple[StudentChoice, ...]:
    """The judged students whom finishing would change something for, in the order of the case."""
    days, share = p["own.weeks.days_required"].number, p["own.evaluation.item_time_percent"].number
    items: set[str] = {one.student for one in case.placements if not (one.has_ended and one.has_grade)}
    courses: Counter[str] = Counter()
    for plan in case.plans:
        mine = whole.practice_of(case, plan)
        items |= {label for one in practice.carried_out(plan.items, mine, share) for label, _weeks in one.short}
        items |= {one.label for one in mine if practice.results_of(plan.items, one, share)[1]}
        courses.update(label for course in plan.courses for label in set(course.missing))
    capstones = {one.label for one in case.capstones if capstone_open(one)}
    found = (
        StudentChoice(one.id, one.label, max(days - one.credited_days, 0), one.label in items, one.label in capstones, courses[one.label])
        for one in case.students
    )
    return tuple(one for one in found if one.days or one.lacks_items or one.lacks_capstone or one.courses)


def short_leads(case: Case, needed: int) -> dict[int, CandidateCase]:
    """Who leads a designated course and lacks days: of several courses the one that lacks most counts."""
    short: dict[int, CandidateCase] = {}
    for found in case.candidates.values():
        for one in found:
            if one.lead_id is not None and one.lead_days < needed and (one.lead_id not in short or one.lead_days < short[one.lead_id].lead_days):
                short[one.lead_id] = one
    return short


def days_for_plan(months: int) -> int:
    """So many verified days make a secondment needless (`is_experienced`)."""
    return -(-months * 365 // 12)


def lecturers(case: Case, work: Work, p: Mapping[str, Parameter]) -> tuple[LecturerChoice, ...]:
    """First who leads a designated course and lacks days (5.2), then every other teacher with work that waits for its verification (4.2, 4.5), and
    who has neither experience nor a plan (4.2)."""
    needed, months = p["own.lecturer.enterprise_days"].number, p["petoe.secondment_months_min"].number
    choices, leads = [], short_leads(case, needed)
    for key, one in sorted(leads.items()):
        entries = work.get(key, ())
        then = days_in((entry.span for entry in entries), until=one.counted_until)
        unverified = tuple(entry for entry in entries if not entry.is_verified and entry.span[0] <= one.counted_until)
        choices.append(LecturerChoice(key, one.lead or "", needed - one.lead_days, unverified, max(needed - then, 0)))
    listed: set[int | str | None] = {one.human for one in leads.values()}
    open_ = {one.human for one in full_time(case.teachers) if not real_plans(one) and not is_experienced(one, months=months)}
    least = days_for_plan(months)
    for teacher in case.teachers:
        if teacher.human in listed:
            continue
        entries = work.get(teacher.id, ())
        unverified = tuple(entry for entry in entries if not entry.is_verified and entry.span[0] <= case.on)
        if not unverified and teacher.human not in open_:
            continue
        listed.add(teacher.human)
        then = days_in((entry.span for entry in entries), until=case.on)
        lacks = max(least - teacher.enterprise_days, 0) if teacher.human in open_ else 0
        choices.append(LecturerChoice(teacher.id, teacher.label, lacks, unverified, max(least - then, 0) if lacks else 0, leads=False))
    return tuple(choices)


def abroad(case: Case) -> tuple[AbroadChoice, ...]:
    """The teachers whose doctorate or stays abroad would count otherwise once they are verified."""
    by_human: dict[int | str, AbroadChoice] = {}
    for one in case.teachers:
        if one.once_verified != (one.has_foreign_doctorate, one.overseas_months) and not one.is_foreign:
            by_human.setdefault(one.human, AbroadChoice(one.id, one.label, one.unverified))
    return tuple(by_human.values())
