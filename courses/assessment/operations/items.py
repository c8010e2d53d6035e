"""What a quiz is made of: questions of the bank and random draws, in one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from courses.assessment import queries
from courses.assessment.errors import BadQuestion
from courses.assessment.models import Question, QuizDraw, QuizItem
from courses.assessment.operations.checking import MAX_ROWS
from courses.assessment.types import Difficulty
from courses.catalogue.models import Block, Run
from courses.catalogue.operations.copying import copy_run
from courses.catalogue.types import BlockKind
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _

MAX_PARTS = 500
Part = QuizItem | QuizDraw


def _check(block: Block, points_x10: int) -> None:
    if block.kind is not BlockKind.QUIZ:
        raise BadQuestion(_("只有测验内容块可以添加题目。"))
    if not 0 <= points_x10 <= 10_000:
        raise BadQuestion(_("分值应在 0 到 1000 之间。"), field="points")


def _place(block_id: int) -> int:
    parts = queries.parts_of(block_id)
    if len(parts) >= MAX_PARTS:
        raise BadQuestion(_("一个测验最多 %(n)d 道题。", n=MAX_PARTS))
    return parts[-1].position + 1 if parts else 1


def add_item(*, block: Block, question: Question, by: Identity, now: datetime, points_x10: int = 10) -> QuizItem:
    """Put a question of the bank into a quiz, at the end; a question that is in it already stays where it is."""
    _check(block, points_x10)
    known = queries.item_of(block.id, question.id)
    if known is not None:
        if known.points_x10 != points_x10:
            known.points_x10 = points_x10
            session().flush()
            audit.record(by=by, did="courses.quiz.item_changed", on=("course_block", str(block.id)), data={"question": question.id})
        return known
    item = QuizItem(block_id=block.id, question_id=question.id, position=_place(block.id), points_x10=points_x10)
    session().add(item)
    session().flush()
    audit.record(by=by, did="courses.quiz.item_added", on=("course_block", str(block.id)), data={"question": question.id})
    return item


def remove_item(*, item: QuizItem, by: Identity, now: datetime) -> None:
    """Take a question out of a quiz; attempts that asked it keep it."""
    audit.record(by=by, did="courses.quiz.item_removed", on=("course_block", str(item.block_id)), data={"question": item.question_id})
    session().delete(item)
    session().flush()


def add_draw(
    *,
    run: Run,
    block: Block,
    count: int,
    points_x10: int,
    by: Identity,
    now: datetime,
    category: str = "",
    tag: str = "",
    difficulty: Difficulty | None = None,
) -> QuizDraw:
    """Draw questions for each attempt. Refuses a draw for which the bank does not hold enough questions today."""
    _check(block, points_x10)
    if not 1 <= count <= MAX_ROWS:
        raise BadQuestion(_("随机抽取的题数应在 1 到 %(n)d 之间。", n=MAX_ROWS), field="count")
    found = len(queries.drawable(run.course_id, category=category, tag=tag, difficulty=difficulty))
    if found < count:
        raise BadQuestion(_("题库中符合条件的题目只有 %(found)d 道，不够抽取 %(count)d 道。", found=found, count=count), field="count")
    row = QuizDraw(
        block_id=block.id, position=_place(block.id), count=count, category=category, tag=tag, difficulty=difficulty, points_x10=points_x10
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.quiz.draw_added", on=("course_block", str(block.id)), data={"count": count, "category": category, "tag": tag})
    return row


def remove_draw(*, draw: QuizDraw, by: Identity, now: datetime) -> None:
    """Take a draw out of a quiz; attempts keep the questions they drew."""
    audit.record(by=by, did="courses.quiz.draw_removed", on=("course_block", str(draw.block_id)), data={"count": draw.count})
    session().delete(draw)
    session().flush()


def move_part(*, part: Part, step: int, by: Identity, now: datetime) -> None:
    """Move a part of a quiz by one place (-1 up, 1 down)."""
    parts = queries.parts_of(part.block_id)
    here = next(n for n, row in enumerate(parts) if row is part)
    there = here + step
    if 0 <= there < len(parts):
        parts[here], parts[there] = parts[there], parts[here]
        _number(parts)


def reorder_parts(*, block: Block, names: Sequence[str], by: Identity, now: datetime) -> None:
    """Put the parts into the order of names ("item-3", "draw-1"); names that are no parts are passed over, missing ones stay at the end."""
    rows = {f"{'item' if isinstance(row, QuizItem) else 'draw'}-{row.id}": row for row in queries.parts_of(block.id)}
    wanted = [rows.pop(name) for name in dict.fromkeys(names) if name in rows]
    _number([*wanted, *rows.values()])
    audit.record(by=by, did="courses.quiz.reordered", on=("course_block", str(block.id)))


def _number(parts: Sequence[Part]) -> None:
    for position, row in enumerate(parts, start=1):
        row.position = position
    session().flush()


def duplicate_run(*, run: Run, code: str, starts_on: date, by: Identity, now: datetime) -> Run:
    """A draft copy of a run with its quizzes; the questions are those of the course's bank. Without learners and their allowances."""
    new, blocks = copy_run(run=run, code=code, starts_on=starts_on, by=by, now=now)
    copy_parts(blocks)
    return new


def copy_parts(blocks: Mapping[int, int]) -> None:
    """Give copied quizzes (old block -> new block) the questions and draws of the old ones."""
    for item in queries.items_of_blocks(blocks):
        session().add(QuizItem(block_id=blocks[item.block_id], question_id=item.question_id, position=item.position, points_x10=item.points_x10))
    for draw in queries.draws_of_blocks(blocks):
        columns = ("position", "count", "category", "tag", "difficulty", "points_x10")
        session().add(QuizDraw(block_id=blocks[draw.block_id], **{name: getattr(draw, name) for name in columns}))
    session().flush()
