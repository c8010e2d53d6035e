"""Every select on peer reviews and the examples reviewers are calibrated by."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from courses.assignments.models import Assignment, PeerExample, PeerExampleMark, PeerReview, Submission, SubmissionMark, SubmissionMember
from courses.assignments.types import ReviewState
from courses.catalogue.models import Block
from courses.learning.models import Enrolment
from courses.learning.types import SEATED
from trainhub.kernel.db import session
from trainhub.people import queries as people
from trainhub.people.models import Person

OPEN = (ReviewState.ASSIGNED, ReviewState.DONE)


def review_by_id(review_id: int) -> PeerReview | None:
    """A review with the work it is about and the assignment."""
    statement = select(PeerReview).where(PeerReview.id == review_id)
    return session().scalar(
        statement.options(
            joinedload(PeerReview.submission).joinedload(Submission.assignment).joinedload(Assignment.block),
            joinedload(PeerReview.submission).selectinload(Submission.members),
        )
    )


def reviews_by(assignment_id: int, person_id: int) -> list[PeerReview]:
    """The reviews a person has to write or wrote, in the order they were given, with the work."""
    statement = (
        select(PeerReview)
        .where(PeerReview.assignment_id == assignment_id, people.of_human(PeerReview.reviewer_id, person_id), PeerReview.state.in_(OPEN))
        .options(joinedload(PeerReview.submission))
    )
    return list(session().scalars(statement.order_by(PeerReview.is_self.desc(), PeerReview.id)))


def reviews_of(submission_id: int) -> list[PeerReview]:
    """Every review of a piece of work in an order that says nothing about who wrote it."""
    statement = select(PeerReview).where(PeerReview.submission_id == submission_id)
    return list(session().scalars(statement.order_by(PeerReview.is_self.desc(), PeerReview.done_at, PeerReview.id)))


def all_reviews(assignment_id: int) -> list[PeerReview]:
    """Every review of an assignment that is no self review."""
    statement = select(PeerReview).where(PeerReview.assignment_id == assignment_id, PeerReview.is_self.is_(False))
    return list(session().scalars(statement.order_by(PeerReview.id)))


def to_write(person_id: int) -> list[Any]:
    """(block, title, due, how many) of the reviews a person still has to write."""
    statement = (
        select(Assignment.block_id, Block.title, Assignment.peer_due_at, func.count())
        .join(Block, Block.id == Assignment.block_id)
        .join(PeerReview, PeerReview.assignment_id == Assignment.id)
        .where(
            people.of_human(PeerReview.reviewer_id, person_id),
            PeerReview.state == ReviewState.ASSIGNED,
            PeerReview.is_self.is_(False),
            Assignment.peers_closed_at.is_(None),
        )
        .group_by(Assignment.block_id, Block.title, Assignment.peer_due_at)
        .order_by(Assignment.peer_due_at)
    )
    return list(session().execute(statement))


def owing(assignment_id: int) -> dict[int, int]:
    """How many reviews each person who was given some has still to write."""
    statement = select(PeerReview.reviewer_id, func.count()).where(
        PeerReview.assignment_id == assignment_id, PeerReview.state == ReviewState.ASSIGNED, PeerReview.is_self.is_(False)
    )
    return {person_id: count for person_id, count in session().execute(statement.group_by(PeerReview.reviewer_id))}


def is_reviewer(submission_id: int, person_id: int) -> bool:
    """Whether a person who still holds a seat in the run has been given this work to review."""
    statement = (
        select(PeerReview.id)
        .join(Assignment, Assignment.id == PeerReview.assignment_id)
        .join(Enrolment, Enrolment.run_id == Assignment.run_id)
        .where(PeerReview.submission_id == submission_id, people.of_human(PeerReview.reviewer_id, person_id), PeerReview.state.in_(OPEN))
        .where(people.of_human(Enrolment.person_id, person_id), Enrolment.state.in_(SEATED))
    )
    return session().scalar(statement.limit(1)) is not None


def standing(assignment_id: int) -> list[Any]:
    """For the staff: each reviewer's name, reviews given, done, mean rating by authors, weight; the slowest first.

    The weight is that of what was written, for only then is it reckoned; None while nothing is.
    """
    done = func.count().filter(PeerReview.state == ReviewState.DONE)
    statement = (
        select(
            Person.name,
            func.count().filter(PeerReview.state.in_(OPEN)).label("given"),
            done.label("done"),
            func.avg(PeerReview.rating).label("rating"),
            func.max(PeerReview.weight_x1000).filter(PeerReview.state == ReviewState.DONE).label("weight"),
        )
        .join(Person, Person.id == PeerReview.reviewer_id)
        .where(PeerReview.assignment_id == assignment_id, PeerReview.is_self.is_(False))
        .group_by(Person.id, Person.name, Person.pinyin)
        .order_by(done, Person.pinyin, Person.id)
    )
    return list(session().execute(statement))


def authors(assignment_id: int) -> dict[int, set[int]]:
    """The authors of every piece of work of an assignment."""
    found: dict[int, set[int]] = {}
    statement = select(SubmissionMember.submission_id, SubmissionMember.person_id).where(SubmissionMember.assignment_id == assignment_id)
    for submission_id, person_id in session().execute(statement):
        found.setdefault(submission_id, set()).add(person_id)
    return found


def is_judged(assignment_id: int) -> bool:
    """Whether anybody has judged work of an assignment by its full points: a mark of the staff or of a table, a done review, an example."""
    marks = select(SubmissionMark.id).join(Submission, Submission.id == SubmissionMark.submission_id).where(Submission.assignment_id == assignment_id)
    reviews = select(PeerReview.id).where(PeerReview.assignment_id == assignment_id, PeerReview.points_x10.is_not(None))
    examples = select(PeerExample.id).where(PeerExample.assignment_id == assignment_id)
    return bool(session().scalar(select(or_(marks.exists(), reviews.exists(), examples.exists()))))


# -- calibration --------------------------------------------------------------------------------------------------------


def examples_of(assignment_id: int) -> list[PeerExample]:
    """The examples of an assignment."""
    return list(session().scalars(select(PeerExample).where(PeerExample.assignment_id == assignment_id).order_by(PeerExample.id)))


def example_by_id(example_id: int) -> PeerExample | None:
    """One example."""
    return session().get(PeerExample, example_id)


def example_marks(assignment_id: int, person_id: int) -> dict[int, PeerExampleMark]:
    """What a person gave the examples, by example."""
    statement = (
        select(PeerExampleMark)
        .join(PeerExample, PeerExample.id == PeerExampleMark.example_id)
        .where(PeerExample.assignment_id == assignment_id, people.of_human(PeerExampleMark.reviewer_id, person_id))
    )
    return {row.example_id: row for row in session().scalars(statement)}


def calibration(assignment_id: int, person_id: int) -> list[tuple[int, int]]:
    """(given, staff) points of a person on the examples."""
    statement = (
        select(PeerExampleMark.points_x10, PeerExample.points_x10)
        .join(PeerExample, PeerExample.id == PeerExampleMark.example_id)
        .where(PeerExample.assignment_id == assignment_id, people.of_human(PeerExampleMark.reviewer_id, person_id))
        .order_by(PeerExample.id)
    )
    return [(given, right) for given, right in session().execute(statement)]
