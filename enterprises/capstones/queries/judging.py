"""Selects on scores, rubrics in use, reviews, and who has to stay away from whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, func, or_, select

from enterprises.capstones import labels, rules
from enterprises.capstones.models import (
    Capstone,
    CapstoneGrade,
    CapstonePaper,
    DefenceGroup,
    DefenceSlot,
    Reconsideration,
    Review,
    Supervision,
    ThirdGrade,
    Topic,
)
from enterprises.capstones.queries.capstones import rows_of
from enterprises.capstones.queries.facts import numbers
from enterprises.capstones.queries.impartiality import is_settled
from enterprises.capstones.queries.office import no_student
from enterprises.capstones.queries.stages import is_asked_to_judge, reviews_of, rubric_of, slots_of
from enterprises.capstones.types import LIVE, WORKING, CapstoneRow, CapstoneState, RubricItem, Stage, SupervisorRole, Verdict
from enterprises.mentors.models import Mentor
from trainhub.identity import queries as identity
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student, Teacher
from trainhub.people.types import StudentState
from trainhub.programmes.models import Cohort, Programme


def rubric_items(row: Capstone, on: date) -> list[dict[str, Any]]:
    """What is graded, with weights and the indicator points each item serves; the policy's four items by default."""
    own = rubric_of(row)
    if own is not None:
        return list(own.items)
    weights = rules.rubric_weights(numbers(on))
    return [
        {"code": item.value, "label": str(labels.RUBRIC[item]), "hint": str(labels.RUBRIC_HINTS[item]), "weight": weights[item.value], "points": []}
        for item in RubricItem
    ]


def weights_of(row: Capstone, on: date) -> dict[str, int]:
    """The weights of school, enterprise, review and defence: of the programme's rubric, else of the policy; once graded, those it was graded by."""
    if row.computation and row.state not in (*WORKING, CapstoneState.SUBMITTED):
        return {key: int(value) for key, value in row.computation["weights"].items()}
    own = rubric_of(row)
    return {key: int(value) for key, value in own.weights.items()} if own is not None else rules.default_weights(numbers(on))


def scores_of(row: Capstone) -> dict[str, int | None]:
    """The scores that stand, in tenths, by component; a review's is the mean of the signed ones, a defence's the last one passed or failed."""
    return scores_of_each([row.id])[row.id]


def scores_of_each(ids: Collection[int]) -> dict[int, dict[str, int | None]]:
    """The same for many capstones: three queries however many there are."""
    found: dict[int, dict[str, int | None]] = {key: dict.fromkeys(rules.COMPONENTS) for key in ids}
    grades = select(CapstoneGrade).where(CapstoneGrade.capstone_id.in_(found), CapstoneGrade.replaced_at.is_(None))
    for grade in session().scalars(grades):
        found[grade.capstone_id][grade.role.value] = grade.score_x10
    asked: dict[int, list[int | None]] = {}
    reviews = select(Review.capstone_id, Review.score_x10).where(Review.capstone_id.in_(found), Review.cancelled_at.is_(None))
    for key, score in session().execute(reviews):
        asked.setdefault(key, []).append(score)
    for key, scores in asked.items():
        signed = [score for score in scores if score is not None]
        if len(signed) == len(scores):
            found[key]["review"] = rules.half_up(sum(signed), len(signed))
    slots = select(DefenceSlot.capstone_id, DefenceSlot.score_x10).where(
        DefenceSlot.capstone_id.in_(found), DefenceSlot.verdict.in_((Verdict.PASS, Verdict.FAIL))
    )
    for key, score in session().execute(slots.order_by(DefenceSlot.id)):
        found[key]["defence"] = score
    return found


def similarities_of(ids: Collection[int]) -> dict[int, int]:
    """Tenths of a per cent of the latest similarity report, by capstone; one query."""
    statement = select(CapstonePaper.capstone_id, CapstonePaper.similarity_x10).where(
        CapstonePaper.capstone_id.in_(list(ids)), CapstonePaper.similarity_x10.is_not(None)
    )
    return {key: int(value or 0) for key, value in session().execute(statement.order_by(CapstonePaper.id))}


def lowered_reports(ids: Collection[int], most: int) -> dict[int, CapstonePaper]:
    """The latest similarity report of each capstone where the supervisor corrected the share from above the limit, `most` per cent, to one
    that is not: the publication looks at it. One query.
    """
    statement = select(CapstonePaper).where(CapstonePaper.capstone_id.in_(list(ids)), CapstonePaper.similarity_x10.is_not(None))
    latest = {row.capstone_id: row for row in session().scalars(statement.order_by(CapstonePaper.id))}
    return {
        key: row
        for key, row in latest.items()
        if row.similarity_typed_x10 is not None and row.similarity_typed_x10 > most * 10 >= (row.similarity_x10 or 0)
    }


def outdated_reports(ids: Collection[int]) -> frozenset[int]:
    """The capstones whose latest similarity report is of an earlier version of the thesis: a new one came after it. One query.

    A report that was made before the first version is of that one.
    """
    theses: Counter[int] = Counter()
    reported: dict[int, bool] = {}
    statement = select(CapstonePaper.capstone_id, CapstonePaper.stage).where(
        CapstonePaper.capstone_id.in_(list(ids)), CapstonePaper.stage.in_((Stage.THESIS, Stage.SIMILARITY))
    )
    for key, stage in session().execute(statement.order_by(CapstonePaper.id)):
        if stage is Stage.SIMILARITY:
            reported[key] = True
        else:
            theses[key] += 1
            if key in reported and theses[key] > 1:
                reported[key] = False
    return frozenset(key for key, is_current in reported.items() if not is_current)


def awaited(row: Capstone) -> tuple[str, ...]:
    """`review` and `defence` that were asked for and are open, with weight or without: what was begun is heard before anything is concluded."""
    asked = any(review.cancelled_at is None and review.signed_at is None for review, _name in reviews_of(row.id))
    latest = next((slot for slot, _group in slots_of(row.id)), None)
    open_ = {
        "review": asked or bool(revised_reviews(row)) or _is_unread_again(row),
        "defence": latest is not None and latest.verdict in (None, Verdict.REVISE),
    }
    return tuple(name for name, is_open in open_.items() if is_open)


def _is_unread_again(row: Capstone) -> bool:
    """Whether a reviewer has sent a thesis back and nobody reads, or has read, what came after: the re-reading was taken back."""
    back = select(Review.id).where(Review.capstone_id == row.id, Review.verdict.in_((Verdict.REVISE, Verdict.FAIL)), Review.cancelled_at.is_not(None))
    stands = select(Review.id).where(Review.capstone_id == row.id, Review.cancelled_at.is_(None))
    return session().scalar(back.limit(1)) is not None and session().scalar(stands.limit(1)) is None


def is_failed_by_judges(row: Capstone) -> bool:
    """Whether a review that stands, or the last defence, says that the thesis does not pass."""
    reviews = [review.verdict for review, _name in reviews_of(row.id) if review.cancelled_at is None]
    return Verdict.FAIL in (*reviews, *(slot.verdict for slot, _group in slots_of(row.id)[:1]))


def thirds_of(person_id: int, on: date) -> list[tuple[ThirdGrade, str, bool]]:
    """The third grades somebody was asked for, with the topic and whether each is (still) needed: signed, or the sides lie too far apart
    in a result that waits for it."""
    statement = (
        select(ThirdGrade, Topic.title, Capstone.state)
        .join(Capstone, Capstone.id == ThirdGrade.capstone_id)
        .join(Topic, Topic.id == Capstone.topic_id)
        .where(ThirdGrade.person_id == person_id)
        .order_by(ThirdGrade.signed_at.is_not(None), ThirdGrade.id)
    )
    rows = session().execute(statement).all()
    waiting = [third.capstone_id for third, _title, state in rows if third.signed_at is None and state is CapstoneState.GRADED]
    scores, over = scores_of_each(waiting), numbers(on).difference_over.number
    settled = set(session().scalars(select(Reconsideration.capstone_id).where(Reconsideration.capstone_id.in_(waiting), is_settled())))

    def is_needed(third: ThirdGrade) -> bool:
        if third.signed_at is not None:
            return True
        one = scores.get(third.capstone_id)
        if one is None or third.capstone_id in settled or one["school"] is None or one["enterprise"] is None:
            return False
        return abs(one["school"] - one["enterprise"]) > over

    return [(third, title, is_needed(third)) for third, title, _state in rows]


JUDGES = (Role.SCHOOL_SUPERVISOR, Role.LECTURER, Role.MENTOR, Role.EXPERT)
"""Who is asked to review, to hear and to read again and again: the desk is at hand."""


def judges_beside(identity: Identity) -> bool:
    """Whether somebody in another office was asked to judge, and finds the desk at hand for that: a head who reviews, an officer in a panel."""
    if identity.person_id is None or identity.has(Role.STUDENT, Role.TRAINEE, *JUDGES):
        return False
    return is_asked_to_judge(identity.person_id)


# -- who reviews --------------------------------------------------------------------------------------------------------


def unreviewed(cohort_id: int) -> list[Capstone]:
    """Submitted capstones of a cohort without a reviewer."""
    asked = select(Review.id).where(Review.capstone_id == Capstone.id, Review.cancelled_at.is_(None))
    statement = (
        select(Capstone)
        .join(Student, Student.id == Capstone.student_id)
        .where(Student.cohort_id == cohort_id, Capstone.state == CapstoneState.SUBMITTED, Student.state != StudentState.WITHDRAWN, ~asked.exists())
        .order_by(Capstone.id)
    )
    return list(session().scalars(statement))


def school_supervisors_of(cohort_id: int) -> list[int]:
    """The persons who supervise somebody of a cohort for the school."""
    statement = (
        select(Supervision.person_id)
        .join(Capstone, Capstone.id == Supervision.capstone_id)
        .join(Student, Student.id == Capstone.student_id)
        .where(Student.cohort_id == cohort_id, Supervision.role == SupervisorRole.SCHOOL, Supervision.until.is_(None))
        .distinct()
        .order_by(Supervision.person_id)
    )
    return list(session().scalars(statement))


def review_loads(people: Iterable[int]) -> dict[int, int]:
    """How many unanswered reviews each person holds."""
    statement = (
        select(Review.person_id, func.count())
        .where(Review.person_id.in_(list(people)), Review.cancelled_at.is_(None), Review.signed_at.is_(None))
        .group_by(Review.person_id)
    )
    return {key: int(number) for key, number in session().execute(statement)}


def revised_reviews(row: Capstone) -> list[Review]:
    """The reviews that sent the latest thesis back: they ask for changes, or failed it and the programme has it revised (`failing.send_back`)."""
    back = or_(Review.verdict == Verdict.REVISE, and_(Review.verdict == Verdict.FAIL, Review.cancelled_at.is_not(None)))
    statement = select(Review).where(Review.capstone_id == row.id, back, Review.signed_at.is_not(None))
    if row.submitted_at is not None:
        statement = statement.where(Review.signed_at >= row.submitted_at)
    return list(session().scalars(statement.order_by(Review.id)))


def is_sent_back_by_panel(row: Capstone) -> bool:
    """Whether the last defence that was recorded asks for changes of the latest thesis (修改后再审)."""
    slot = next((slot for slot, _group in slots_of(row.id) if slot.recorded_at is not None), None)
    if slot is None or slot.recorded_at is None or slot.verdict is not Verdict.REVISE:
        return False
    return row.submitted_at is None or slot.recorded_at >= row.submitted_at


def _judges(university_id: int, cohort_id: int, on: date) -> list[Any]:
    teachers = (
        select(Person.id, Person.name, Teacher.title, Teacher.discipline)
        .join(Person, Person.id == Teacher.person_id)
        .where(Teacher.university_id == university_id, Teacher.since <= on, or_(Teacher.until.is_(None), Teacher.until >= on), no_student(Person.id))
        .order_by(Person.pinyin, Person.id)
    )
    firms = select(Capstone.enterprise_id).join(Student, Student.id == Capstone.student_id).where(Student.cohort_id == cohort_id)
    mentors = (
        select(Person.id, Person.name, Mentor.post, Organisation.name)
        .join(Person, Person.id == Mentor.person_id)
        .join(Organisation, Organisation.id == Mentor.enterprise_id)
        .where(Mentor.enterprise_id.in_(firms), Mentor.since <= on, or_(Mentor.until.is_(None), Mentor.until >= on), no_student(Person.id))
        .order_by(Organisation.pinyin, Person.pinyin, Person.id)
    )
    return [row for statement in (teachers, mentors) for row in session().execute(statement)]


def judge_names(university_id: int, cohort_id: int, on: date) -> dict[int, str]:
    """By person the name of who may sit in a panel."""
    return {key: name for key, name, *_more in _judges(university_id, cohort_id, on)}


def to_grade_in(cohort_id: int) -> dict[int, int]:
    """{capstone: student} of a cohort's capstones whose grades are to be given, now or once the thesis is in, or stand before publication."""
    statement = select(Capstone.id, Capstone.student_id).join(Student, Student.id == Capstone.student_id)
    return {key: student for key, student in session().execute(statement.where(Student.cohort_id == cohort_id, Capstone.state.in_(LIVE)))}


def judge_choices(university_id: int, cohort_id: int, on: date, *, signing: bool = False) -> list[tuple[int, str]]:
    """(person, words) of who may sit in a panel: the school's teachers, and mentors of the cohort's enterprises.

    `signing`: only who has an account, for what one signs in for: a review, a third grade, the record of a defence.
    """
    found: dict[int, str] = {}
    for key, name, *more in _judges(university_id, cohort_id, on):
        found.setdefault(key, f"{name}（{' · '.join(x for x in more if x)}）")
    able = identity.accounts_of_persons(found) if signing else found
    return [(key, words) for key, words in found.items() if key in able]


# -- a cohort -----------------------------------------------------------------------------------------------------------


def cohort_key(row: Capstone) -> tuple[str, int]:
    """(programme code, year) of the student's cohort, for addresses."""
    statement = (
        select(Programme.code, Cohort.year)
        .join(Student, Student.programme_id == Programme.id)
        .join(Cohort, Cohort.id == Student.cohort_id)
        .where(Student.id == row.student_id)
    )
    code, year = session().execute(statement).one()
    return str(code), int(year)


@dataclass(frozen=True, slots=True)
class Judged:
    """A capstone on the page of reviews and defences."""

    capstone: CapstoneRow
    reviews: tuple[tuple[Review, str], ...]
    slot: tuple[DefenceSlot, DefenceGroup] | None
    similarity_x10: int | None
    needs_report: bool
    """The report is of an earlier version of the thesis."""


def judged_rows(cohort_id: int) -> list[Judged]:
    """The capstones of a cohort from the thesis on, with their reviews and their latest place in a timetable: five queries."""
    states = (CapstoneState.SUBMITTED, CapstoneState.GRADED, CapstoneState.MODERATION, CapstoneState.PASSED, CapstoneState.FAILED)
    mine = select(Capstone.id).join(Student, Student.id == Capstone.student_id).where(Student.cohort_id == cohort_id, Capstone.state.in_(states))
    rows = rows_of(session().scalars(mine))
    reviews: dict[int, list[tuple[Review, str]]] = {}
    for review, name in session().execute(
        select(Review, Person.name)
        .join(Person, Person.id == Review.person_id)
        .where(Review.capstone_id.in_(mine), or_(Review.cancelled_at.is_(None), Review.signed_at.is_not(None)))
        .order_by(Review.id)
    ):
        reviews.setdefault(review.capstone_id, []).append((review, name))
    slots: dict[int, tuple[DefenceSlot, DefenceGroup]] = {}
    for slot, group in session().execute(
        select(DefenceSlot, DefenceGroup)
        .join(DefenceGroup, DefenceGroup.id == DefenceSlot.group_id)
        .where(DefenceSlot.capstone_id.in_(mine))
        .order_by(DefenceSlot.id)
    ):
        slots[slot.capstone_id] = (slot, group)
    similar, outdated = similarities_of(rows), outdated_reports(rows)
    return [
        Judged(row, tuple(reviews.get(key, ())), slots.get(key), similar.get(key), key in outdated)
        for key, row in sorted(rows.items(), key=lambda pair: (pair[1].student_no, pair[0]))
    ]
