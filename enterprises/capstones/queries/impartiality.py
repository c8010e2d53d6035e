"""Selects on what ties people to capstones: who is barred from which office (`capstones.impartiality`), and who holds one nevertheless."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import BindParameter, ColumnElement, Select, String, and_, bindparam, literal, or_, select, type_coerce, union_all

from enterprises.capstones.impartiality import Office, Tie, bar
from enterprises.capstones.models import (
    Capstone,
    CapstoneGrade,
    Conflict,
    DefenceMember,
    DefenceSlot,
    Reconsideration,
    Review,
    Supervision,
    ThirdGrade,
)
from enterprises.capstones.queries.stages import conflict_between, conflicts_with
from enterprises.capstones.types import LIVE, ReasonKind, Verdict
from enterprises.mentors.models import Mentor, MentorConflict
from trainhub.kernel.db import portions, session
from trainhub.people.models import Student
from trainhub.people.queries import counts_in_cohort, in_cohort, names_of, rows_of_humans

Ties = dict[int, set[Tie]]
"""{person row: what the human is to one capstone}."""
ASKED: BindParameter[Any] = bindparam("asked", expanding=True)


def _ties(of: Any, person: Any, tie: Any, *conditions: ColumnElement[bool]) -> Select[Any, Any, Any]:
    return select(of, person, tie).where(of.in_(ASKED), *conditions)


_OF_STUDENTS = union_all(
    _ties(Student.id, Student.person_id, literal(Tie.STUDENT.value)),
    _ties(Conflict.student_id, Conflict.person_id, literal(Tie.CONFLICT.value), Conflict.lifted_at.is_(None)),
    _ties(MentorConflict.student_id, Mentor.person_id, literal(Tie.CONFLICT.value), Mentor.id == MentorConflict.mentor_id),
)
_OF_CAPSTONES = union_all(
    _ties(Supervision.capstone_id, Supervision.person_id, type_coerce(Supervision.role, String)),
    _ties(Review.capstone_id, Review.person_id, literal(Tie.REVIEWER.value), or_(Review.cancelled_at.is_(None), Review.signed_at.is_not(None))),
    _ties(
        DefenceSlot.capstone_id,
        DefenceMember.person_id,
        literal(Tie.PANEL.value),
        DefenceMember.group_id == DefenceSlot.group_id,
        DefenceSlot.recorded_at.is_(None),
    ),
    _ties(ThirdGrade.capstone_id, ThirdGrade.person_id, literal(Tie.THIRD.value), ThirdGrade.signed_at.is_not(None)),
)
_RECORDED = select(DefenceSlot.capstone_id, DefenceSlot.scores).where(DefenceSlot.capstone_id.in_(ASKED), DefenceSlot.recorded_at.is_not(None))
"""Made once: whoever signs anything is held against them."""


def ties_of_each(students: dict[int, int]) -> dict[int, Ties]:
    """{capstone: its ties}, by every person row of each human, of {capstone: student}; four queries for each thousand."""
    found: dict[int, Ties] = {key: defaultdict(set) for key in students}
    of_student: dict[int, list[int]] = defaultdict(list)
    for key, student_id in students.items():
        of_student[student_id].append(key)
    for student_id, person_id, tie in _rows(_OF_STUDENTS, of_student):
        for key in of_student[student_id]:
            found[key][person_id].add(Tie(tie))
    for key, person_id, tie in _rows(_OF_CAPSTONES, found):
        found[key][person_id].add(Tie(tie))
    for key, scores in _rows(_RECORDED, found):
        for person in scores:  # who left for this student has given no points
            found[key][int(person)].add(Tie.PANEL)
    return _by_human(found)


def _rows(statement: Any, asked: Collection[int]) -> Iterator[Any]:
    """What a statement answers of many: it names each four times, and SQLite takes some 32,000 values in one question."""
    for some in portions(list(asked)):
        yield from session().execute(statement, {"asked": some})


def _by_human(found: dict[int, Ties]) -> dict[int, Ties]:
    """The same for every person row of each human."""
    rows = rows_of_humans({person_id for ties in found.values() for person_id in ties})
    whole: dict[int, Ties] = {}
    for key, ties in found.items():
        whole[key] = defaultdict(set)
        for person_id, kinds in ties.items():
            for row in rows[person_id]:
                whole[key][row] |= kinds
    return whole


def bar_of(row: Capstone, person_id: int | None, office: Office) -> Tie | None:
    """What closes an office of a capstone to a person; None: nothing."""
    if person_id is None:
        return None
    return bar(office, ties_of_each({row.id: row.student_id})[row.id].get(person_id, ()))


def barred_from_each(rows: Collection[Capstone], office: Office = Office.REVIEW) -> dict[int, frozenset[int]]:
    """{capstone: who may not hold an office of it, by every person row of theirs}."""
    return barred_among({row.id: row.student_id for row in rows}, office)


def barred_among(students: dict[int, int], office: Office) -> dict[int, frozenset[int]]:
    """The same of {capstone: student}."""
    found = ties_of_each(students)
    return {key: frozenset(person for person, kinds in ties.items() if bar(office, kinds) is not None) for key, ties in found.items()}


def barred_from(row: Capstone, office: Office = Office.REVIEW) -> frozenset[int]:
    """Who may not hold an office of one capstone; of a review unless another is asked for."""
    return barred_from_each([row], office)[row.id]


# -- who holds an office nevertheless ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BarredHolder:
    """Somebody in office although a conflict of interest was recorded since: `is_signed` when what is signed has to be looked at again."""

    capstone_id: int
    person_id: int
    name: str
    office: Office
    reason: str
    is_signed: bool = False


class OfStudent(Protocol):
    """A capstone, or what a list tells of one: its id and whose it is."""

    @property
    def id(self) -> int:
        """Of the capstone."""

    @property
    def student_id(self) -> int:
        """Who does it."""


def exceptions_of(rows: Collection[OfStudent]) -> dict[int, list[BarredHolder]]:
    """{capstone: who holds an office of it and has a conflict of interest with the student}; only those that have one.

    Supervisors in office, reviews that are open, third grades that are due, panels that have not met; and whatever was signed by such a
    person and holds: grades of both sides, third grades, reviews, points of a panel. A member of a panel leaves for this student when the
    record is kept. A moderation that was settled after the conflict came to light has looked at what is signed; one before has not.
    """
    by_student = {row.student_id: row for row in rows}
    near: dict[int, set[int]] = defaultdict(set)
    for student_id, person_id in conflicts_with(by_student):
        near[by_student[student_id].id].add(person_id)
    if not near:
        return {}
    rows_of = rows_of_humans(set().union(*near.values()))
    barred = {key: set().union(*(rows_of[person] for person in persons)) for key, persons in near.items()}
    held = [(key, person, office, False) for key, person, office in _holders(list(barred))]
    signed = _signed(list(barred))
    held = [one for one in held if one[:3] not in signed] + [(*one, True) for one in sorted(signed)]
    students = {row.id: row.student_id for row in rows}
    mine = [one for one in held if one[1] in barred[one[0]]]
    names = names_of({person for _key, person, _office, _is_signed in mine})
    settled = _settled_at({key for key, *_rest in mine})
    found: dict[int, list[BarredHolder]] = defaultdict(list)
    for key, person, office, is_signed in mine:
        conflict = conflict_between(person, students[key])
        assert conflict is not None
        known_at = conflict.recorded_at if isinstance(conflict, Conflict) else conflict.declared_at
        if is_signed and key in settled and settled[key] >= known_at:
            continue
        found[key].append(BarredHolder(key, person, names[person], office, conflict.reason, is_signed))
    return dict(found)


def is_settled() -> ColumnElement[bool]:
    """SQL: a moderation that has its conclusion."""
    return and_(Reconsideration.kind == ReasonKind.MODERATION, Reconsideration.decided_at.is_not(None))


def _settled_at(ids: Collection[int]) -> dict[int, datetime]:
    """When the latest moderation of each capstone had its conclusion."""
    statement = select(Reconsideration.capstone_id, Reconsideration.decided_at).where(is_settled(), Reconsideration.capstone_id.in_(ids))
    return {key: at for key, at in session().execute(statement.order_by(Reconsideration.decided_at)) if at is not None}


def _signed(ids: Collection[int]) -> set[tuple[int, int, Office]]:
    """(capstone, person, office) of whoever has signed something that holds."""
    grades = select(CapstoneGrade.capstone_id, CapstoneGrade.person_id, CapstoneGrade.role).where(
        CapstoneGrade.capstone_id.in_(ids), CapstoneGrade.replaced_at.is_(None)
    )
    reviews = select(Review.capstone_id, Review.person_id).where(
        Review.capstone_id.in_(ids), Review.cancelled_at.is_(None), Review.signed_at.is_not(None)
    )
    thirds = select(ThirdGrade.capstone_id, ThirdGrade.person_id).where(ThirdGrade.capstone_id.in_(ids), ThirdGrade.signed_at.is_not(None))
    panels = select(DefenceSlot.capstone_id, DefenceSlot.scores).where(
        DefenceSlot.capstone_id.in_(ids), DefenceSlot.verdict.in_((Verdict.PASS, Verdict.FAIL))
    )
    found = {(key, person, Office(role.value)) for key, person, role in session().execute(grades)}
    for office, statement in ((Office.REVIEW, reviews), (Office.THIRD, thirds)):
        found |= {(key, person, office) for key, person in session().execute(statement)}
    latest = {key: scores for key, scores in session().execute(panels.order_by(DefenceSlot.id))}
    return found | {(key, int(person), Office.PANEL) for key, scores in latest.items() for person in scores}


def _holders(ids: Collection[int]) -> list[tuple[int, int, Office]]:
    """(capstone, person, office) of who holds one now and has not signed."""
    supervisors = select(Supervision.capstone_id, Supervision.person_id, Supervision.role).where(
        Supervision.capstone_id.in_(ids), Supervision.until.is_(None)
    )
    reviews = select(Review.capstone_id, Review.person_id).where(
        Review.capstone_id.in_(ids), Review.cancelled_at.is_(None), Review.signed_at.is_(None)
    )
    panels = (
        select(DefenceSlot.capstone_id, DefenceMember.person_id)
        .join(DefenceMember, DefenceMember.group_id == DefenceSlot.group_id)
        .where(DefenceSlot.capstone_id.in_(ids), DefenceSlot.recorded_at.is_(None))
    )
    thirds = select(ThirdGrade.capstone_id, ThirdGrade.person_id).where(ThirdGrade.capstone_id.in_(ids), ThirdGrade.signed_at.is_(None))
    found = [(key, person, Office(role.value)) for key, person, role in session().execute(supervisors.order_by(Supervision.id))]
    for office, statement in ((Office.REVIEW, reviews), (Office.PANEL, panels), (Office.THIRD, thirds)):
        found += [(key, person, office) for key, person in session().execute(statement)]
    return found


def with_exceptions(on: date, cohort_id: int | None = None) -> list[int]:
    """The capstones (of a cohort's students who count) that are not concluded and have such a holder: found by the conflicts, which are few."""
    students = select(Conflict.student_id).where(Conflict.lifted_at.is_(None)).union(select(MentorConflict.student_id))
    statement = select(Capstone).where(Capstone.state.in_(LIVE), Capstone.student_id.in_(students))
    if cohort_id is not None:
        statement = statement.join(Student, Student.id == Capstone.student_id).where(in_cohort(cohort_id, on), counts_in_cohort(on))
    rows = session().scalars(statement).all()
    return sorted(exceptions_of(rows)) if rows else []
