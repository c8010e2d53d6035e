"""What quizzes are made of, and who may do more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from courses.assessment.models import Question, QuizAllowance, QuizDraw, QuizItem
from courses.assessment.queries.hours import allowances_of
from courses.assessment.types import Allowance
from courses.catalogue.models import Block, Run
from trainhub.kernel.db import session
from trainhub.programmes.models import Cohort


def items_of(block_id: int) -> list[QuizItem]:
    """The fixed questions of a quiz in order, with their questions."""
    statement = select(QuizItem).where(QuizItem.block_id == block_id).options(joinedload(QuizItem.question)).order_by(QuizItem.position, QuizItem.id)
    return list(session().scalars(statement))


def item_of(block_id: int, question_id: int) -> QuizItem | None:
    """A question's item in a quiz."""
    return session().scalar(select(QuizItem).where(QuizItem.block_id == block_id, QuizItem.question_id == question_id))


def parts_of(block_id: int) -> list[QuizItem | QuizDraw]:
    """Fixed questions and draws in one order."""
    draws = session().scalars(select(QuizDraw).where(QuizDraw.block_id == block_id))
    return sorted([*items_of(block_id), *draws], key=lambda row: (row.position, isinstance(row, QuizDraw), row.id))


def items_of_blocks(block_ids: Iterable[int]) -> list[QuizItem]:
    """The items of several quizzes in order."""
    statement = select(QuizItem).where(QuizItem.block_id.in_(list(block_ids))).order_by(QuizItem.block_id, QuizItem.position, QuizItem.id)
    return list(session().scalars(statement))


def draws_of_blocks(block_ids: Iterable[int]) -> list[QuizDraw]:
    """The draws of several quizzes in order."""
    statement = select(QuizDraw).where(QuizDraw.block_id.in_(list(block_ids))).order_by(QuizDraw.block_id, QuizDraw.position, QuizDraw.id)
    return list(session().scalars(statement))


def draws_under(course_id: int, path: str) -> list[QuizDraw]:
    """The draws of a course's quizzes that ask for a category or one below it."""
    statement = (
        select(QuizDraw)
        .join(Block, Block.id == QuizDraw.block_id)
        .join(Run, Run.id == Block.run_id)
        .where(Run.course_id == course_id, sa.or_(QuizDraw.category == path, QuizDraw.category.startswith(f"{path}/", autoescape=True)))
    )
    return list(session().scalars(statement))


def item_counts(block_ids: Iterable[int]) -> dict[int, int]:
    """How many questions each quiz asks, drawn ones included."""
    ids = list(block_ids)
    found: dict[int, int] = {}
    for statement in (
        select(QuizItem.block_id, func.count()).where(QuizItem.block_id.in_(ids)).group_by(QuizItem.block_id),
        select(QuizDraw.block_id, func.sum(QuizDraw.count)).where(QuizDraw.block_id.in_(ids)).group_by(QuizDraw.block_id),
    ):
        for block_id, count in session().execute(statement):
            found[block_id] = found.get(block_id, 0) + int(count)
    return found


def item_by_id(item_id: int) -> QuizItem | None:
    """One item with its question."""
    return session().scalar(select(QuizItem).where(QuizItem.id == item_id).options(joinedload(QuizItem.question)))


def draw_by_id(draw_id: int) -> QuizDraw | None:
    """One draw."""
    return session().get(QuizDraw, draw_id)


def allowance_rows(block_id: int) -> sa.Select[Any]:
    """What was granted at a quiz, with persons and cohorts, the latest first: to be read in pages, learners are granted one by one."""
    statement: sa.Select[Any] = (
        select(QuizAllowance)
        .where(QuizAllowance.block_id == block_id)
        .options(joinedload(QuizAllowance.person), joinedload(QuizAllowance.cohort).joinedload(Cohort.programme))
        .order_by(QuizAllowance.id.desc())
    )
    return statement


def allowance_row(block_id: int, *, row_id: int | None = None, person_id: int | None = None, cohort_id: int | None = None) -> QuizAllowance | None:
    """One grant at a quiz: of an id, else of just this person or cohort."""
    wanted = QuizAllowance.cohort_id == cohort_id
    if row_id is not None:
        wanted = QuizAllowance.id == row_id
    elif person_id is not None:
        wanted = QuizAllowance.person_id == person_id
    found: QuizAllowance | None = session().scalar(allowance_rows(block_id).where(wanted).limit(1))
    return found


def allowance_for(block_id: int, person_id: int) -> Allowance:
    """What a person may do differently at a quiz: their own grant and that of their cohorts, each time the more generous."""
    return allowances_of(person_id, [block_id]).get(block_id, Allowance())


def question_in_course(question_id: int, course_id: int) -> Question | None:
    """A question if it lies in the bank of the course."""
    return session().scalar(select(Question).where(Question.id == question_id, Question.course_id == course_id))
