"""Counts of schools and bases, and of the province as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import func, or_, select

from courses.catalogue.models import Course, Run
from courses.catalogue.types import RunState
from courses.learning.models import Enrolment
from courses.teaching.models import PartTimeAppointment
from enterprises.awards.models import Award
from enterprises.awards.types import AwardState
from enterprises.capstones.models import Capstone
from enterprises.capstones.types import CapstoneState
from enterprises.mentors.models import Mentor
from enterprises.placements import queries as placements
from enterprises.placements.models import Placement
from enterprises.placements.rules.ratings import told
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import State as CertificateState
from trainhub.kernel import audit, pinyin
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.clock import last_over
from trainhub.kernel.db import session
from trainhub.ledger.models import ConfirmedDay
from trainhub.organisations import queries as named
from trainhub.organisations.models import BaseHost, Organisation
from trainhub.organisations.types import SCHOOLS
from trainhub.oversight.reports.queries.facts import concluded, hosted, human_of, in_report, trained
from trainhub.oversight.reports.types import Asked
from trainhub.people import queries as people
from trainhub.people.models import Student, Teacher
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme


def schools(asked: Asked) -> list[tuple[int, str]]:
    """Schools that had a programme at the moment asked for, by the name they had then."""
    then = named.names_at(asked.known_at)
    has = select(Programme.university_id).where(Programme.created_at <= asked.known_at).distinct()
    found = (
        session()
        .execute(
            select(Organisation.id, Organisation.name, Organisation.name_en, Organisation.pinyin)
            .where(Organisation.kind.in_(SCHOOLS), Organisation.id.in_(has))
            .order_by(Organisation.pinyin, Organisation.id)
        )
        .all()
    )
    if any("name" in then.get(row.id, {}) for row in found):
        found = sorted(found, key=lambda row: (pinyin.of_text(then[row.id]["name"]) if "name" in then.get(row.id, {}) else row.pinyin, row.id))
    return [(row.id, in_report(row, then.get(row.id))) for row in found]


def programmes_by_school(asked: Asked) -> dict[int, tuple[int, int]]:
    """(programmes there at the moment asked for, those of the plan) by school."""
    found = session().execute(
        select(Programme.university_id, func.count(), func.sum(sa.case((Programme.is_petoe.is_(True), 1), else_=0)))
        .where(Programme.created_at <= asked.known_at)
        .group_by(Programme.university_id)
    )
    counts = {key: (int(count), int(plan or 0)) for key, count, plan in found}
    then = {key: facts["is_petoe"] for key, facts in programmes.facts_at(asked.known_at).items() if "is_petoe" in facts}
    changed = session().execute(
        select(Programme.id, Programme.university_id, Programme.is_petoe).where(
            Programme.id.in_(sorted(then)), Programme.created_at <= asked.known_at
        )
    )
    for key, school, is_petoe in changed:
        count, plan = counts[school]
        counts[school] = count, plan + bool(then[key]) - bool(is_petoe)
    return counts


def field_days_by_school(asked: Asked) -> dict[int, tuple[int, int]]:
    """(students in enterprises, confirmed days) by school."""
    return hosted(asked, Student.university_id)


def capstones_by_school(asked: Asked) -> dict[int, tuple[int, int]]:
    """(capstones that were concluded in the span, of these passed) by school."""
    found = session().execute(
        select(Student.university_id, func.count(), func.sum(sa.case((Capstone.state == CapstoneState.PASSED, 1), else_=0)))
        .join(Capstone, Student.id == Capstone.student_id)
        .where(concluded(asked))
        .group_by(Student.university_id)
    )
    return {key: (int(count), int(passed or 0)) for key, count, passed in found}


def part_time_teachers(asked: Asked) -> dict[int, int]:
    """Part-time teachers from industry in office during the span, by school."""
    found = session().execute(
        select(Teacher.university_id, func.count(sa.distinct(Teacher.id)))
        .join(PartTimeAppointment, PartTimeAppointment.teacher_id == Teacher.id)
        .where(
            PartTimeAppointment.created_at <= asked.known_at,
            PartTimeAppointment.since <= asked.until,
            or_(PartTimeAppointment.until.is_(None), PartTimeAppointment.until >= asked.since),
        )
        .group_by(Teacher.university_id)
    )
    return {key: int(count) for key, count in found}


def open_courses(asked: Asked) -> dict[int, tuple[int, int, int]]:
    """(courses with a run in the span, enrolments in them, completions in the span) by owner. A run that was not published at the moment asked for was no
    offer yet, and who was not admitted by then took no course."""
    runs = or_(Run.ends_on.is_(None), Run.ends_on >= asked.since)
    event = AuditEvent
    named = select(event.on_id).where(event.on_kind == Run.__tablename__, event.did == "courses.run.published")
    unpublished = named.group_by(event.on_id).having(func.min(event.at) > asked.known_at)
    found = session().execute(
        select(
            Course.owner_id,
            func.count(sa.distinct(Course.id)),
            func.count(Enrolment.id),
            func.sum(sa.case((Enrolment.completed_on.between(asked.since, min(asked.until, last_over(asked.known_at))), 1), else_=0)),
        )
        .select_from(Run)
        .join(Course, Course.id == Run.course_id)
        .outerjoin(Enrolment, sa.and_(Enrolment.run_id == Run.id, Enrolment.enrolled_at <= asked.known_at))
        .where(Run.starts_on <= asked.until, runs)
        .where(Run.state != RunState.DRAFT, sa.cast(Run.id, sa.String).not_in(unpublished))
        .group_by(Course.owner_id)
    )
    return {key: (int(courses), int(enrolled), int(done or 0)) for key, courses, enrolled, done in found}


def students_there(asked: Asked) -> int:
    """Students on the books at the moment asked for, those on leave included: entered by then, and not left."""
    day = last_over(asked.known_at)
    statement = select(func.count()).where(
        Student.created_at <= asked.known_at, Student.enrolled_on <= day, or_(Student.left_on.is_(None), Student.left_on > day)
    )

    def is_there(one: Student | people.Studying) -> bool:
        return one.enrolled_on <= day and (one.left_on is None or one.left_on > day)

    later = sum(is_there(then) - is_there(now) for now, then in people.studying_at(asked.known_at))
    return (session().scalar(statement) or 0) + later


def certificates_by_kind(asked: Asked) -> list[tuple[str, int]]:
    """Certificates issued in the span and not revoked by the moment asked for, by kind; a reissue is no second certificate."""
    revoked = sa.and_(Certificate.state == CertificateState.REVOKED, Certificate.state_on <= last_over(asked.known_at))
    found = session().execute(
        select(Certificate.kind, func.count())
        .where(Certificate.edition == 1, Certificate.state != CertificateState.DRAFT, Certificate.issued_at <= asked.known_at, ~revoked)
        .where(Certificate.issued_on.between(asked.since, asked.until))
        .group_by(Certificate.kind)
        .order_by(Certificate.kind)
    )
    return [(kind.value, int(count)) for kind, count in found]


@dataclass(frozen=True, slots=True)
class BaseFigures:
    """What a base did in a span. Scores x 10. `ratings`: what each student who rated it gave, 1 to 5 by topic."""

    students: int
    days: int
    completions: int
    trainees: int
    mentors: int
    graded: int
    mean_score_x10: int | None
    score_bands: tuple[tuple[int, int, int], ...]
    ratings: tuple[Mapping[str, int], ...]
    awards: tuple[tuple[str, AwardState, int | None, date | None], ...]


BANDS = ((900, 1001), (800, 900), (700, 800), (600, 700), (0, 600))
"""Spans of grades in tenths: from, up to below."""


def base_figures(asked: Asked, least: int) -> BaseFigures:
    """The figures of the base asked for; `least`: how many students' ratings are told at a time."""
    assert asked.organisation_id is not None
    current, base_id = session(), asked.organisation_id
    students, days = hosted(asked, ConfirmedDay.base_id, ConfirmedDay.base_id == base_id).get(base_id, (0, 0))
    (completions, trainees, _courses) = trained(asked, of=base_id).get(base_id, (0, 0, 0))
    hosts = select(BaseHost.organisation_id).where(
        BaseHost.base_id == base_id,
        or_(BaseHost.since.is_(None), BaseHost.since <= asked.until),
        or_(BaseHost.until.is_(None), BaseHost.until >= asked.since),
    )
    own, human, stood = human_of(Mentor.id, Mentor.person_id, "mentor.person_id", asked)
    mentors = current.scalar(
        select(func.count(sa.distinct(human)))
        .select_from(Mentor)
        .outerjoin(stood, stood.c.gone_id == own)
        .where(
            Mentor.enterprise_id.in_(hosts),
            Mentor.created_at <= asked.known_at,
            Mentor.since <= asked.until,
            or_(Mentor.until.is_(None), Mentor.until >= asked.since),
        )
    )
    over = func.coalesce(Placement.finished_on, Placement.ended_early_on)  # until then a mentor may still change the grade
    scores = list(
        current.scalars(
            select(Placement.mentor_score_x10).where(
                Placement.base_id == base_id,
                Placement.mentor_score_x10.is_not(None),
                over.between(asked.since, min(asked.until, last_over(asked.known_at))),
            )
        )
    )
    known = [score for score in scores if score is not None]
    awards = current.scalars(
        select(Award).where(Award.organisation_id == base_id, Award.created_at <= asked.known_at, Award.applied_on <= asked.until).order_by(Award.id)
    )
    # One rule for every span: two scorecards whose days differ tell nothing of the one student between them.
    ratings = told(placements.base_ratings(base_id), on=min(asked.until, last_over(asked.known_at)), least=least)
    return BaseFigures(
        students=int(students),
        days=int(days),
        completions=int(completions),
        trainees=int(trainees),
        mentors=int(mentors or 0),
        graded=len(known),
        mean_score_x10=sum(known) // len(known) if known else None,
        score_bands=tuple((low, high, sum(low <= score < high for score in known)) for low, high in BANDS),
        ratings=tuple(one.marks for one in ratings),
        awards=_awards_at(awards, asked.known_at),
    )


def _awards_at(rows: Iterable[Award], moment: datetime) -> tuple[tuple[str, AwardState, int | None, date | None], ...]:
    """Awards as they stood on the eve of a moment; a step that was entered since, with whatever day, was not known then."""
    awards = list(rows)
    since = audit.later_of(moment, "award", [row.id for row in awards])
    moves = {key: [(one.data["before"], one.data["after"]) for one in events if "after" in one.data] for key, events in since.items()}
    return tuple(_award_on(row, last_over(moment), moves.get(row.id, [])) for row in awards)


def _award_on(row: Award, day: date, later: Sequence[tuple[str, str]]) -> tuple[str, AwardState, int | None, date | None]:
    """Rule, state, amount and day of the decision of an award as they stood on a day, without the steps (from, to) entered `later`; what
    waits for the conference is accepted."""
    unknown = {after for _before, after in later}
    is_decided = row.decided_on is not None and row.decided_on <= day and AwardState.DECIDED not in unknown
    if later and later[0][0] == AwardState.CLOSED:  # its day gave way to that of the revocation
        return (row.rule, AwardState.CLOSED, row.amount_fen, row.decided_on)
    steps = (
        (row.ended_on, row.state),
        (row.paid_on, AwardState.PAID),
        (row.decided_on, AwardState.DECIDED),
        (row.accepted_on, AwardState.ACCEPTED),
        (row.recognised_on, AwardState.RECOGNISED),
    )
    state = next((state for on, state in steps if on is not None and on <= day and state not in unknown), AwardState.APPLIED)
    return (row.rule, state, row.amount_fen if is_decided else None, row.decided_on if is_decided else None)
