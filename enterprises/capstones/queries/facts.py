"""The facts behind criteria 8.1 to 8.4, for one capstone or for a cohort: the same number of queries whatever its size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from enterprises.bases import queries as bases
from enterprises.capstones import rules
from enterprises.capstones.models import Capstone, CapstoneGrade, GuidanceEntry, Supervision, Topic
from enterprises.capstones.queries.capstones import rows_of
from enterprises.capstones.queries.guiding import in_term
from enterprises.capstones.queries.office import goes_on, terms_of
from enterprises.capstones.queries.standing import is_latest
from enterprises.capstones.types import CapstoneFacts, CapstoneRow, Stay, SupervisorFact, SupervisorRole
from enterprises.mentors.models import Mentor
from enterprises.placements.models import Placement
from enterprises.placements.queries.daily import broken_off, last_day
from enterprises.placements.rules import without
from enterprises.placements.types import PlacementState
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.policy.book import book
from trainhub.policy.findings import Finding, Status, all_of, finding_from_dict
from trainhub.policy.types import Parameter

COUNTS = (PlacementState.ACCEPTED, PlacementState.STARTED, PlacementState.FINISHED)
CHUNK = 5000
"""How many keys one statement names: a programme of any size is read in one go, and no database refuses as many."""


SUPPOSED = {
    "petoe.capstone_same_enterprise": "same_enterprise",
    "own.capstone.uncovered_days_max": "uncovered_days_max",
    "petoe.capstone_school_supervisors_min": "school_supervisors_min",
    "petoe.capstone_enterprise_supervisors_min": "enterprise_supervisors_min",
    "own.capstone.guidance_logs_min": "guidance_logs_min",
}
"""The numbers of 8.2 and 8.3 that somebody may suppose to be others, and how they are called among the numbers."""


def supposed(on: date, others: Mapping[str, Parameter]) -> rules.Numbers:
    """The numbers of a day with those of SUPPOSED as given."""
    return replace(numbers(on), **{SUPPOSED[key]: one for key, one in others.items() if key in SUPPOSED})


def numbers(on: date) -> rules.Numbers:
    """The parameters of capstones that hold on a day. Raises PolicyError for a day before the rules."""
    at = book().at
    return rules.Numbers(
        topic_source=at("petoe.capstone_topic_source", on=on),
        topic_evidence_min=at("petoe.capstone_topic_evidence_min", on=on),
        same_enterprise=at("petoe.capstone_same_enterprise", on=on),
        uncovered_days_max=at("own.capstone.uncovered_days_max", on=on),
        school_supervisors_min=at("petoe.capstone_school_supervisors_min", on=on),
        enterprise_supervisors_min=at("petoe.capstone_enterprise_supervisors_min", on=on),
        guidance_logs_min=at("own.capstone.guidance_logs_min", on=on),
        grades=at("petoe.capstone_grades", on=on),
        school_weight=at("own.capstone.school_weight_percent", on=on),
        enterprise_weight=at("own.capstone.enterprise_weight_percent", on=on),
        pass_mark=at("own.capstone.pass_mark_x10", on=on),
        difference_over=at("own.capstone.grade_difference_over_x10", on=on),
        text_grades_from=at("own.capstone.text_grades_from_x10", on=on),
        rubric_weights=at("own.capstone.rubric_weights_percent", on=on),
        review_weight=at("own.capstone.review_weight_percent", on=on),
        defence_weight=at("own.capstone.defence_weight_percent", on=on),
    )


def facts_of(capstone_ids: Iterable[int], on: date) -> dict[int, CapstoneFacts]:
    """The facts of every capstone asked for. A mentor counts as of the enterprise on the earlier of `on` and the last day."""
    found: dict[int, CapstoneFacts] = {}
    wanted = sorted(set(capstone_ids))
    for start in range(0, len(wanted), CHUNK):
        found.update(_facts(wanted[start : start + CHUNK], on))
    return found


def stays_of(student_ids: Iterable[int], on: date | None = None) -> dict[int, tuple[Stay, ...]]:
    """The placements of students that count for 8.2, by student, in the order of time.

    Whoever plans counts every accepted one; judged on a day, one whose first day is past counts only when it began. One that was withdrawn while it ran
    counts to its last confirmed day. Its days at a base on a campus
    are a stay of their own, which covers nothing.
    """
    counts: ColumnElement[bool] = or_(Placement.state.in_(COUNTS), broken_off(on))
    if on is not None:
        counts = and_(counts, or_(Placement.state != PlacementState.ACCEPTED, Placement.starts_on >= on))
    found: dict[int, list[Stay]] = defaultdict(list)
    wanted = sorted(set(student_ids))
    for start in range(0, len(wanted), CHUNK):
        rows = (
            session()
            .execute(
                select(Placement.student_id, Placement.starts_on, last_day(on), Placement.enterprise_id, Placement.base_id)
                .where(Placement.student_id.in_(wanted[start : start + CHUNK]), counts)
                .order_by(Placement.starts_on, Placement.id)
            )
            .all()
        )
        campus = bases.campus_spans({row.base_id for row in rows if row.base_id is not None})
        for student_id, first, last, enterprise_id, base_id in rows:
            moved = campus.get(base_id, []) if base_id is not None else []
            found[student_id] += [Stay(*one, enterprise_id) for one in without([(first, last)], moved)]
            for since, until in moved:
                if since <= last and until >= first:
                    found[student_id].append(Stay(max(since, first), min(until, last), enterprise_id, is_on_campus=True))
    return {key: tuple(stays) for key, stays in found.items()}


def _facts(ids: list[int], on: date) -> dict[int, CapstoneFacts]:
    """Eight queries. Columns, not entities: a capstone's own row carries its whole archive.

    A supervisor has to be in office on the capstone's last day, or until the side's grade was signed: then there was nothing left to do.
    """
    current = session()
    evidence = Topic.evidence_file_id.is_not(None) & Topic.evidence_waits.is_(False)
    enterprises = Capstone.enterprise_id, Topic.enterprise_id.label("topic_enterprise_id")
    capstones = current.execute(
        select(Capstone.id, Capstone.student_id, Topic.source, evidence.label("evidence"), *enterprises, Capstone.starts_on, Capstone.ends_on)
        .join(Topic, Topic.id == Capstone.topic_id)
        .where(Capstone.id.in_(ids))
    ).all()
    stays = stays_of((row.student_id for row in capstones), on)
    supervisors: dict[int, list[SupervisorFact]] = defaultdict(list)
    signed = {
        (key, SupervisorRole(role)): local(at).date()
        for key, role, at in current.execute(
            select(CapstoneGrade.capstone_id, CapstoneGrade.role, CapstoneGrade.signed_at).where(
                CapstoneGrade.capstone_id.in_(ids), CapstoneGrade.replaced_at.is_(None)
            )
        )
    }
    held = current.execute(
        select(
            Supervision.capstone_id,
            Supervision.role,
            Supervision.person_id,
            Person.name,
            Capstone.ends_on,
            Capstone.enterprise_id,
            Student.university_id,
        )
        .join(Capstone, Capstone.id == Supervision.capstone_id)
        .join(Student, Student.id == Capstone.student_id)
        .join(Person, Person.id == Supervision.person_id)
        .where(Supervision.capstone_id.in_(ids), Supervision.since <= on, or_(Supervision.until.is_(None), Supervision.until > on))
        .order_by(Supervision.id)
    ).all()
    terms = terms_of({row.person_id for row in held})
    for capstone_id, role, person_id, name, ends_on, enterprise_id, university_id in held:
        until = signed.get((capstone_id, role))
        day = min(ends_on, on, until or on)
        houses = (("enterprise", enterprise_id), ("school", university_id))
        at = [any(one.holds(day) if until is None else one.lasts(day) for one in terms[person_id, house]) for house in houses]
        supervisors[capstone_id].append(SupervisorFact(role, person_id, name, *at))
    logs: dict[int, dict[SupervisorRole, int]] = defaultdict(dict)
    grades: dict[int, set[SupervisorRole]] = defaultdict(set)
    for capstone_id, role in signed:
        grades[capstone_id].add(role)
    for capstone_id, role, count in current.execute(_logs(ids, on)):
        logs[capstone_id][role] = count
    return {
        row.id: CapstoneFacts(
            capstone_id=row.id,
            source=row.source,
            evidence=int(row.evidence),
            enterprise_id=row.enterprise_id,
            topic_enterprise_id=row.topic_enterprise_id,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            stays=stays.get(row.student_id, ()),
            supervisors=tuple(supervisors[row.id]),
            logs=logs[row.id],
            grades=frozenset(grades[row.id]),
        )
        for row in capstones
    }


def _logs(ids: list[int], on: date) -> Select[int, SupervisorRole, int]:
    """(capstone, role, how many guidances are confirmed).

    A guidance counts when it is of a day in its supervisor's term, one of an enterprise's side when it was that day a mentor's of the enterprise where the capstone is done now: what the one before a
    change of enterprise did is no guidance by this one (8.3).
    """
    of_this_house = (
        select(Mentor.id)
        .join(Capstone, Capstone.enterprise_id == Mentor.enterprise_id)
        .where(Capstone.id == GuidanceEntry.capstone_id, Mentor.person_id == GuidanceEntry.person_id, goes_on(Mentor, GuidanceEntry.on))
    )
    return (
        select(GuidanceEntry.capstone_id, GuidanceEntry.role, func.count())
        .where(GuidanceEntry.capstone_id.in_(ids), GuidanceEntry.confirmed_at.is_not(None), GuidanceEntry.on <= on, in_term())
        .where(or_(GuidanceEntry.role == SupervisorRole.SCHOOL, of_this_house.correlate(GuidanceEntry).exists()))
        .group_by(GuidanceEntry.capstone_id, GuidanceEntry.role)
    )


def findings_of(capstone_ids: Iterable[int], on: date, held: rules.Numbers | None = None) -> dict[int, tuple[Finding, ...]]:
    """The findings of 8.1 to 8.4 of every capstone asked for, as of a day: live until it is archived, from that day on as they were frozen.

    The student's page, the cohort's and the evaluation ask here: whatever changes later in placements or mentors, they say the same.
    Other numbers than the day's, when they are given, judge only what is still live: so does a change of rules.
    """
    wanted, held = sorted(set(capstone_ids)), held or numbers(on)
    frozen = _frozen(wanted, on)
    live = facts_of((key for key in wanted if key not in frozen), on)
    return frozen | rules.judge_all(live, held)


def _frozen(ids: list[int], on: date) -> dict[int, tuple[Finding, ...]]:
    """The findings of those that were archived by a day."""
    found: dict[int, tuple[Finding, ...]] = {}
    for start in range(0, len(ids), CHUNK):
        some = Capstone.id.in_(ids[start : start + CHUNK])
        statement = select(Capstone.id, Capstone.archived_at, Capstone.archive["findings"]).where(some, Capstone.archived_at.is_not(None))
        for key, at, findings in session().execute(statement):
            if at is not None and local(at).date() <= on:
                found[key] = tuple(finding_from_dict(one) for one in findings)
    return found


def statuses_of(findings: Iterable[Finding]) -> dict[str, Status]:
    """The answer of each criterion: met only when all its parts are."""
    parts: dict[str, list[Finding]] = {key: [] for key in rules.CRITERIA}
    for finding in findings:
        parts[rules.criterion_of(finding.code)].append(finding)
    return {key: all_of(found) for key, found in parts.items()}


@dataclass(frozen=True, slots=True)
class Overview:
    """A student of a cohort with the capstone (None: none yet) and the answers of 8.1 to 8.4."""

    student_id: int
    student_no: str
    name: str
    is_petoe: bool
    capstone: CapstoneRow | None
    findings: tuple[Finding, ...]
    statuses: dict[str, Status]
    has_left: bool = False
    """Graduated or dropped out: gets no topic any more."""
    is_counted: bool = True
    """False: dropped out, and shown only because of the capstone."""


def overview(programme_id: int, cohort_id: int, on: date) -> list[Overview]:
    """Every student of a cohort, graduates and those without a capstone too, in the order of their numbers (100 % or the exceptions).

    Who dropped out does not count, as in the evaluation, and is shown only with a capstone, so that none is left open unseen.
    """
    has_left, counts = and_(Student.left_on.is_not(None), Student.left_on < on), people.counts_in_cohort(on)
    students = (
        session()
        .execute(
            select(Student.id, Student.student_no, Person.name, Capstone.id, people.petoe_of_cohort(on), has_left, counts)
            .join(Person, Person.id == Student.person_id)
            .outerjoin(Capstone, and_(Capstone.student_id == Student.id, is_latest()))
            .where(people.in_cohort(cohort_id, on), or_(counts, Capstone.id.is_not(None)))
            .order_by(Student.student_no, Student.id)
        )
        .all()
    )
    ids = [row[3] for row in students if row[3] is not None]
    rows, findings = rows_of(ids), findings_of(ids, on)
    return [
        Overview(
            key,
            number,
            name,
            bool(petoe),
            rows.get(capstone),
            findings.get(capstone, ()),
            statuses_of(findings.get(capstone, ())),
            bool(gone),
            bool(counted),
        )
        for key, number, name, capstone, petoe, gone, counted in students
    ]
