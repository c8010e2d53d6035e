"""What would follow: if these students finish, if that lecturer's years are verified, if a person judges so, if a number changes. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from trainhub.oversight.evaluation import catalogue, choosing, readiness
from trainhub.oversight.evaluation.choosing import GUIDANCE, AbroadChoice, LecturerChoice, StudentChoice, Work
from trainhub.oversight.evaluation.queries import judgements
from trainhub.oversight.evaluation.queries.cases import RULES, case_of, work_of_teachers
from trainhub.oversight.evaluation.register_types import Quality
from trainhub.oversight.evaluation.rules import verdict
from trainhub.oversight.evaluation.rules.common import days_in
from trainhub.oversight.evaluation.types import (
    AccreditationStanding,
    CandidateCase,
    CapstoneCase,
    Case,
    CriterionKind,
    JudgementCase,
    JudgementResult,
    PlacementCase,
    RequirementAnswer,
    SpecialResult,
    StudentCase,
    TeacherCase,
    Verdict,
)
from trainhub.policy.book import book
from trainhub.policy.findings import Status
from trainhub.policy.types import Parameter, Use, Value
from trainhub.programmes.models import Programme


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What is assumed: students who finish (by label or id, or all who are offered), ids of teachers whose entered work is verified, of teachers
    who enter and verify what they lack beyond that, of those whose doctorate or stays abroad are verified, criteria judged met."""

    students: frozenset[str] = frozenset()
    student_ids: frozenset[int] = frozenset()
    everybody: bool = False
    lecturers: frozenset[int] = frozenset()
    experienced: frozenset[int] = frozenset()
    abroad: frozenset[int] = frozenset()
    judged: frozenset[str] = frozenset()
    is_accredited: bool = False


@dataclass(frozen=True, slots=True)
class Outlook:
    """What follows from a case: the answers, the special result, the verdict."""

    answers: tuple[RequirementAnswer, ...]
    special_result: SpecialResult | None
    accreditation: AccreditationStanding | None
    verdict: Verdict | None

    @property
    def statuses(self) -> dict[str, Status]:
        """The status of every criterion."""
        return {finding.code: finding.status for answer in self.answers for finding in answer.findings}


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be assumed: whoever lacks something that may still come about (`choosing`), criteria still to judge."""

    students: tuple[StudentChoice, ...]
    lecturers: tuple[LecturerChoice, ...]
    abroad: tuple[AbroadChoice, ...]
    judged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Present:
    """A programme as it is on a day, read once for whatever is supposed: what its data are, what was said of it, where its accreditation stands."""

    programme: Programme
    case: Case
    said: Mapping[str, JudgementCase]
    accreditation: AccreditationStanding | None
    quality: Quality | None


def present(programme: Programme, on: date) -> Present:
    """What an outlook begins with."""
    case, said = case_of(programme, on, rules=readiness.parameters(on)), judgements.latest_judgements(programme.id, on)
    standing = verdict.standing(judgements.accreditation_on(programme.id, on), on)
    return Present(programme, case, said, standing, judgements.quality_on(programme.id, on))


def _outlook(as_it_is: Present, p: Mapping[str, Parameter]) -> Outlook:
    answers = readiness.answers_of(as_it_is.case, as_it_is.said, p)
    special = verdict.special_result((answer.status for answer in answers), as_it_is.quality)
    return Outlook(answers, special, as_it_is.accreditation, verdict.verdict_of(as_it_is.accreditation, special))


WHOLE_PLAN = 10_000
"""Days that reach every item of a plan."""


def assumed(case: Case, wanted: Assumptions, p: Mapping[str, Parameter], work: Work) -> Case:
    """The case as it would be under assumptions; a student who finishes has exactly the days that are asked for,
    did what the plan holds and has the conclusions of the courses, the capstone among it: guided as often as is asked for and with a result, and
    where there is none yet as it has to be. In which enterprise a capstone is and who supervises it stays as it is: finishing mends neither.

    A lecturer whose work is verified has the days of what is entered, each once and up to the first teaching day: that may be too few. As a
    teacher (4.2, 4.5) they have the days up to the day of the case. Who leads no designated course and enters what is lacking has what 4.2 asks.
    """
    days, years = p["own.weeks.days_required"].number, p["own.lecturer.enterprise_days"].number
    for_plan = choosing.days_for_plan(p["petoe.secondment_months_min"].number)

    def verified(one: CandidateCase) -> CandidateCase:
        if one.lead_id in wanted.experienced:
            return replace(one, lead_days=max(one.lead_days, years))
        if one.lead_id is None or one.lead_id not in wanted.lecturers:
            return one
        then = days_in((entry.span for entry in work.get(one.lead_id, ())), until=one.counted_until)
        return replace(one, lead_days=max(one.lead_days, then))

    def days_of(key: int) -> int:
        return days_in((entry.span for entry in work.get(key, ())), until=case.on)

    gained: dict[int | str | None, int] = {}
    leads = {one.human for found in case.candidates.values() for one in found}
    supposed: list[tuple[int | str | None, int | None, int]] = [
        (one.human, one.lead_id, years) for found in case.candidates.values() for one in found
    ]
    supposed += [(one.human, one.id, years if one.human in leads else for_plan) for one in case.teachers]
    for human, key, needed in supposed:
        if key in wanted.experienced:
            gained[human] = max(needed, gained.get(human, 0))
        elif key is not None and key in wanted.lecturers:
            gained[human] = max(days_of(key), gained.get(human, 0))
    abroad = {one.human for one in case.teachers if one.id in wanted.abroad}

    def taught(one: TeacherCase) -> TeacherCase:
        more = replace(one, enterprise_days=max(one.enterprise_days, gained.get(one.human, 0)))
        doctorate, months = one.once_verified
        return replace(more, has_foreign_doctorate=doctorate, overseas_months=months) if one.human in abroad else more

    def over(one: StudentCase) -> PlacementCase:
        """What a student finishes: all of the plan, signed and graded."""
        signed = frozenset(("school", "enterprise", "student"))
        return PlacementCase(one.label, signed, True, True, True, cohort_year=one.cohort_year, student=one.label, days=WHOLE_PLAN)

    def guided(one: CapstoneCase) -> CapstoneCase:
        kept = tuple(found for found in one.findings if not found.code.startswith(GUIDANCE))
        return replace(one, findings=kept, has_ended=True, has_result=True, is_supposed=not one.findings)

    capstones = tuple(guided(one) if one.label in wanted.students else one for one in case.capstones)
    running = tuple(replace(one, has_ended=True, has_grade=True) if one.student in wanted.students else one for one in case.placements)
    return replace(
        case,
        capstones=capstones,
        placements=(*running, *(over(one) for one in case.students if one.label in wanted.students)),
        students=tuple(replace(one, credited_days=max(one.credited_days, days)) if one.label in wanted.students else one for one in case.students),
        teachers=tuple(taught(one) for one in case.teachers),
        plans=tuple(
            replace(
                plan, courses=tuple(replace(one, missing=tuple(who for who in one.missing if who not in wanted.students)) for one in plan.courses)
            )
            for plan in case.plans
        ),
        candidates={year: tuple(verified(one) for one in found) for year, found in case.candidates.items()},
    )


def look(programme: Programme, on: date, wanted: Assumptions) -> tuple[Outlook, Outlook, Choices]:
    """(as it is, as it would be, what can be assumed): the queries of one readiness page, whatever is assumed."""
    p, as_it_is = readiness.parameters(on), present(programme, on)
    case, now = as_it_is.case, _outlook(as_it_is, p)
    supposed = dict(as_it_is.said)
    for code in wanted.judged:
        if code in catalogue.criteria():
            supposed[code] = JudgementCase(JudgementResult.MET, "推演", "推演", on)
    teachers = {*choosing.short_leads(case, p["own.lecturer.enterprise_days"].number), *(one.id for one in case.teachers)}
    work = work_of_teachers(teachers, on) if teachers else {}
    choices = _choices(case, now, p, work)
    standing = AccreditationStanding.PASSED if wanted.is_accredited else as_it_is.accreditation
    then = replace(as_it_is, case=assumed(case, named(case, wanted, choices), p, work), said=supposed, accreditation=standing)
    return now, _outlook(then, p), choices


def named(case: Case, wanted: Assumptions, choices: Choices) -> Assumptions:
    """The assumptions with everybody they mean by name: students by number of their row, or all who are offered."""
    labels = {one.label for one in case.students if one.id in wanted.student_ids}
    labels |= {one.label for one in choices.students} if wanted.everybody else set()
    return replace(wanted, students=wanted.students | labels)


def _choices(case: Case, now: Outlook, p: Mapping[str, Parameter], work: Work) -> Choices:
    judged = tuple(
        code
        for code, status in now.statuses.items()
        if status is Status.JUDGE or (catalogue.criteria()[code].kind is CriterionKind.JUDGED and status is not Status.MET)
    )
    return Choices(choosing.students(case, p), choosing.lecturers(case, work, p), choosing.abroad(case), judged)


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A change of one number of law: as it is, as it would be."""

    key: str
    before: Parameter
    after: Parameter


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change of rules does to a programme: the criteria whose answer changes, the verdicts, the days of the next application."""

    programme: Programme
    changed: tuple[tuple[str, Status, Status], ...]
    before: Outlook
    after: Outlook
    reapply_before: date | None
    reapply_after: date | None


def changeable(on: date) -> dict[str, Parameter]:
    """The rules of evaluation that are one whole number and by which the platform judges, for the preview: not those built into the program."""
    return {
        key: found
        for key, found in readiness.parameters(on).items()
        if isinstance(found.value, int) and not isinstance(found.value, bool) and found.use is Use.APPLIED
    }


MOST = {"year": 100, "month": 1200}
"""The largest value of such a unit that somebody may think about: beyond it the calendar ends."""


def most_of(parameter: Parameter) -> int:
    """The largest value of a number that can be thought about."""
    return MOST.get(parameter.unit, 999_999)


def announced(on: date) -> list[RuleChange]:
    """The changes that the book already holds for later days: a rule that is published and not yet in force."""
    found = []
    for key in readiness.KEYS:
        now = book().find(key, on=on)
        for later in book().versions(key):
            if now is not None and later.since > on:
                found.append(RuleChange(key, now, later))
                break
    return found


def suppose(key: str, value: Value, on: date) -> RuleChange:
    """A change that somebody thinks about."""
    now = book().at(key, on=on)
    return RuleChange(key, now, replace(now, value=value))


def effects(programmes: Collection[Programme], changes: Collection[RuleChange], on: date) -> list[Effect]:
    """What changes would do to each programme: the facts of the day, judged by both rules."""
    return [effect(present(programme, on), changes) for programme in programmes]


def effect(as_it_is: Present, changes: Collection[RuleChange]) -> Effect:
    """What changes would do to one programme; where they say how its data are gathered, these are read anew."""
    programme, on = as_it_is.programme, as_it_is.case.on
    p = readiness.parameters(on)
    changed = {**p, **{one.key: one.after for one in changes}}
    is_gathered_anew = any(one.key in RULES for one in changes)
    other = replace(as_it_is, case=case_of(programme, on, rules=changed)) if is_gathered_anew else as_it_is
    before, after = _outlook(as_it_is, p), _outlook(other, changed)
    was, then = before.statuses, after.statuses
    different = tuple((code, status, then[code]) for code, status in was.items() if then[code] is not status)
    days = (readiness.reapply_from(programme, one.verdict, on, rules) for one, rules in ((before, p), (after, changed)))
    return Effect(programme, different, before, after, *days)
