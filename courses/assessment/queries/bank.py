"""Questions of a bank and their versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from courses.assessment.models import Attempt, AttemptAnswer, Question, QuestionTag, QuestionVersion, QuizDraw, QuizItem
from courses.assessment.types import Asked, BankFilter, Blank, Difficulty, Expected, Option, Pair, QuestionKind, Short, Unit, Variable
from courses.catalogue.models import Block, Run
from courses.catalogue.naming_queries import names
from trainhub.kernel.db import session
from trainhub.people import queries as people

COUNTED = 50


def asked_of(version: QuestionVersion, kind: QuestionKind) -> Asked:
    """A stored version as grading sees it."""
    data = version.data
    return Asked(
        kind=kind,
        options=tuple(
            Option(o["key"], o.get("html", ""), bool(o.get("is_correct")), o.get("feedback_html", ""), o.get("share_x1000"))
            for o in data.get("options", [])
        ),
        answers=_answers(data),
        tolerance=str(data.get("tolerance") or ""),
        is_case_sensitive=bool(data.get("is_case_sensitive", False)),
        blanks=tuple(Blank(b["key"], b["kind"], _answers(b), str(b.get("tolerance") or "")) for b in data.get("blanks", [])),
        pairs=tuple(Pair(p["key"], p.get("html", ""), p["answer"]) for p in data.get("pairs", [])),
        units=tuple(Unit(u["name"], str(u["factor"])) for u in data.get("units", [])),
        unit_share_x1000=int(data.get("unit_share_x1000") or 0),
        variables=tuple(Variable(v["name"], str(v["low"]), str(v["high"]), int(v.get("decimals") or 0)) for v in data.get("variables", [])),
        expression=str(data.get("expression") or ""),
        is_all_or_nothing=bool(data.get("is_all_or_nothing")),
        penalty_x1000=int(data.get("penalty_x1000") or 0),
        is_pattern=bool(data.get("is_pattern")),
        asks_expression=bool(data.get("asks_expression")),
    )


def _answers(data: Any) -> tuple[Expected, ...]:
    return tuple(
        Expected(a["text"], bool(a.get("is_correct", True)), a.get("feedback_html", ""), a.get("share_x1000")) for a in data.get("answers", [])
    )


def question_by_id(question_id: int) -> Question | None:
    """A question of any bank."""
    return session().get(Question, question_id)


def question_by_key(course_id: int, key: str) -> Question | None:
    """A question by its stable key in a bank."""
    return session().scalar(select(Question).where(Question.course_id == course_id, Question.key == key))


def questions_by_key(course_id: int) -> dict[str, Question]:
    """Every question of a bank by its key, for an import."""
    return {row.key: row for row in session().scalars(select(Question).where(Question.course_id == course_id))}


def current_version(question: Question) -> QuestionVersion:
    """What the question asks now."""
    return (
        session()
        .scalars(select(QuestionVersion).where(QuestionVersion.question_id == question.id, QuestionVersion.number == question.current_no))
        .one()
    )


def current_versions(question_ids: Iterable[int]) -> dict[int, QuestionVersion]:
    """What questions ask now, by question, each with its question."""
    statement = (
        select(QuestionVersion)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.id.in_(list(question_ids)), QuestionVersion.number == Question.current_no)
        .options(joinedload(QuestionVersion.question))
    )
    return {row.question_id: row for row in session().scalars(statement)}


def version_of(question_id: int, number: int) -> QuestionVersion | None:
    """One version of a question."""
    return session().scalar(select(QuestionVersion).where(QuestionVersion.question_id == question_id, QuestionVersion.number == number))


def versions_of(question_id: int) -> list[QuestionVersion]:
    """All versions of a question, the latest first."""
    return list(session().scalars(select(QuestionVersion).where(QuestionVersion.question_id == question_id).order_by(QuestionVersion.number.desc())))


def keys_given(question_id: int) -> frozenset[str]:
    """The keys of options and pairs in every version of a question: answers name them."""
    versions = session().scalars(select(QuestionVersion.data).where(QuestionVersion.question_id == question_id))
    return frozenset(str(row["key"]) for data in versions for part in ("options", "pairs") for row in data.get(part) or ())


def joinable(block: Block, course_id: int, text: str, most: int) -> tuple[list[QuestionVersion], int]:
    """The questions of a course that are not in a quiz yet, with what they ask now, of the wanted ones the first `most`; and how many there are.

    `text` stands in what is asked, in the name or in the category."""
    inside = select(QuizItem.question_id).where(QuizItem.block_id == block.id)
    statement = (
        select(QuestionVersion)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.course_id == course_id, ~Question.is_archived, QuestionVersion.number == Question.current_no, Question.id.not_in(inside))
    )
    if text:
        places = (QuestionVersion.stem, Question.name, Question.category)
        statement = statement.where(sa.or_(*(place.icontains(text, autoescape=True) for place in places)))
    count = session().scalar(statement.with_only_columns(func.count())) or 0
    rows = statement.options(joinedload(QuestionVersion.question)).order_by(Question.category, Question.id).limit(most)
    return list(session().scalars(rows)), count


def _under(column: Any, path: str) -> sa.ColumnElement[bool]:
    """A path and everything below it."""
    return sa.or_(column == path, column.startswith(f"{path}/", autoescape=True))


def bank_page(course_id: int, asked: BankFilter) -> sa.Select[Any]:
    """The questions a reader of a bank asks for, with what they ask now; see `as_bank_row`."""
    statement: Any = (
        select(Question, QuestionVersion)
        .join(QuestionVersion, sa.and_(QuestionVersion.question_id == Question.id, QuestionVersion.number == Question.current_no))
        .where(Question.course_id == course_id, Question.is_archived == asked.is_archived)
        .order_by(Question.category, Question.id)
    )
    if asked.text:
        like = f"%{asked.text.replace('%', '').replace('_', '')}%"
        statement = statement.where(sa.or_(QuestionVersion.stem.ilike(like), Question.name.ilike(like), Question.key == asked.text))
    if asked.kind is not None:
        statement = statement.where(Question.kind == asked.kind)
    if asked.category:
        statement = statement.where(_under(Question.category, asked.category))
    if asked.difficulty is not None:
        statement = statement.where(Question.difficulty == asked.difficulty)
    if asked.tag:
        statement = statement.where(select(QuestionTag.id).where(QuestionTag.question_id == Question.id, QuestionTag.tag == asked.tag).exists())
    return statement  # type: ignore[no-any-return]


def as_bank_row(row: Any) -> tuple[Question, QuestionVersion]:
    """A row of `bank_page`."""
    return row[0], row[1]


def bank_rows(course_id: int, asked: BankFilter) -> list[tuple[Question, QuestionVersion]]:
    """Everything `bank_page` finds, for an export."""
    return [as_bank_row(row) for row in session().execute(bank_page(course_id, asked))]


def categories(course_id: int) -> list[tuple[str, int]]:
    """The categories in use with the number of questions that lie in them directly."""
    statement = select(Question.category, func.count()).where(Question.course_id == course_id, ~Question.is_archived).group_by(Question.category)
    return sorted((str(row[0]), int(row[1])) for row in session().execute(statement))


def tags_of(course_id: int) -> list[str]:
    """The tags in use in a bank."""
    statement = select(QuestionTag.tag).join(Question, Question.id == QuestionTag.question_id).where(Question.course_id == course_id).distinct()
    return sorted(session().scalars(statement))


def tag_rows(question_id: int) -> list[QuestionTag]:
    """The tags of one question."""
    return list(session().scalars(select(QuestionTag).where(QuestionTag.question_id == question_id).order_by(QuestionTag.tag)))


def tags_of_questions(question_ids: Iterable[int]) -> dict[int, list[str]]:
    """The tags of several questions."""
    found: dict[int, list[str]] = {}
    statement = select(QuestionTag).where(QuestionTag.question_id.in_(list(question_ids))).order_by(QuestionTag.tag)
    for row in session().scalars(statement):
        found.setdefault(row.question_id, []).append(row.tag)
    return found


def tags_of_course(course_id: int) -> dict[int, list[str]]:
    """The tags of every question of a bank."""
    found: dict[int, list[str]] = {}
    statement = select(QuestionTag).join(Question, Question.id == QuestionTag.question_id).where(Question.course_id == course_id)
    for row in session().scalars(statement.order_by(QuestionTag.tag)):
        found.setdefault(row.question_id, []).append(row.tag)
    return found


def drawable(course_id: int, *, category: str = "", tag: str = "", difficulty: Difficulty | None = None) -> list[int]:
    """The questions a draw may give, in a stable order. Archived ones are not given."""
    return list(session().scalars(_drawable(course_id, category, tag, difficulty).order_by(Question.id)))


def drawable_counts(course_id: int, draws: Sequence[QuizDraw]) -> dict[int, int]:
    """How many questions each draw is sure to find, in the order of the draws: without those that its quiz asks anyway, and without as many as draws
    of the quiz before it can take of its own, by the same or by another tag, category or difficulty. One query for each fifty counts."""
    before: dict[int, dict[_Kind, int]] = {}
    asked: dict[int, tuple[int, _Kind, dict[_Kind, int]]] = {}
    for draw in draws:
        kind, earlier = (draw.category, draw.tag, draw.difficulty), before.setdefault(draw.block_id, {})
        asked[draw.id] = draw.block_id, kind, {one: taken for one, taken in earlier.items() if _may_meet(one, kind)}
        earlier[kind] = earlier.get(kind, 0) + draw.count
    wanted = list(dict.fromkeys(one for found in asked.values() for one in _counted(*found)))
    counts = dict[_Counted, int]()
    for start in range(0, len(wanted), COUNTED):
        some = wanted[start : start + COUNTED]
        columns = [_left(course_id, *one).with_only_columns(func.count()).scalar_subquery() for one in some]
        counts |= zip(some, session().execute(select(*columns)).one(), strict=True)
    left = {}
    for key, (block_id, kind, earlier) in asked.items():
        whole = counts[block_id, kind, ()]
        taken = sum(min(number, whole if one == kind else counts[block_id, kind, (one,)]) for one, number in earlier.items())
        met = whole if kind in earlier else counts[block_id, kind, tuple(earlier)] if earlier else 0
        left[key] = whole - min(taken, met)
    return left


_Kind = tuple[str, str, Difficulty | None]
"""What a draw takes: category, tag, difficulty."""
_Counted = tuple[int, _Kind, tuple[_Kind, ...]]
"""The questions that a draw of a quiz may give; with other kinds those that one of these gives, too."""


def _counted(block_id: int, kind: _Kind, earlier: Mapping[_Kind, int]) -> Iterator[_Counted]:
    yield block_id, kind, ()
    yield from ((block_id, kind, (one,)) for one in earlier if one != kind)
    if len(earlier) > 1 and kind not in earlier:
        yield block_id, kind, tuple(earlier)


def _may_meet(one: _Kind, other: _Kind) -> bool:
    """Whether two draws may want the same question: not of categories beside each other, nor of two difficulties."""
    ways = [f"{kind[0]}/" if kind[0] else "" for kind in (one, other)]
    is_beside = not ways[0].startswith(ways[1]) and not ways[1].startswith(ways[0])
    return not is_beside and (one[2] is None or other[2] is None or one[2] is other[2])


def _left(course_id: int, block_id: int, kind: _Kind, others: Sequence[_Kind]) -> sa.Select[Any]:
    fixed = select(QuizItem.question_id).where(QuizItem.block_id == block_id)
    statement = _drawable(course_id, *kind).where(Question.id.not_in(fixed))
    return statement.where(sa.or_(*(sa.and_(*_gives(*one)) for one in others))) if others else statement


def short_draws(course_id: int, today: date) -> dict[int, Short]:
    """The draws of a course's quizzes for which the bank does not hold enough; not of runs that are over, nor of removed quizzes."""
    statement = (
        select(QuizDraw, Block.title, Run.code)
        .join(Block, Block.id == QuizDraw.block_id)
        .join(Run, Run.id == Block.run_id)
        .where(Run.course_id == course_id, Block.removed_at.is_(None), sa.or_(Run.ends_on.is_(None), Run.ends_on >= today))
        .order_by(Run.id, QuizDraw.block_id, QuizDraw.position, QuizDraw.id)
    )
    rows = [(draw, title, code) for draw, title, code in session().execute(statement)]
    left = drawable_counts(course_id, [draw for draw, _title, _code in rows])
    return {draw.id: Short(title, code, draw.count, left[draw.id]) for draw, title, code in rows if left[draw.id] < draw.count}


def may_draw(course_id: int, draws: Iterable[QuizDraw], kind: QuestionKind) -> bool:
    """Whether one of the draws may give a question of a kind."""
    sets = [_drawable(course_id, draw.category, draw.tag, draw.difficulty).where(Question.kind == kind) for draw in draws]
    return bool(sets) and bool(session().scalar(select(sa.or_(*(one.exists() for one in sets)))))


def _drawable(course_id: int, category: str, tag: str, difficulty: Difficulty | None) -> sa.Select[int]:
    return select(Question.id).where(Question.course_id == course_id, ~Question.is_archived, *_gives(category, tag, difficulty))


def _gives(category: str, tag: str, difficulty: Difficulty | None) -> list[sa.ColumnElement[bool]]:
    """What a draw asks of a question."""
    asked: list[sa.ColumnElement[bool]] = [sa.true()]
    if category:
        asked.append(_under(Question.category, category))
    if difficulty is not None:
        asked.append(Question.difficulty == difficulty)
    if tag:
        asked.append(select(QuestionTag.id).where(QuestionTag.question_id == Question.id, QuestionTag.tag == tag).exists())
    return asked


def _naming(name: str) -> sa.ColumnElement[bool]:
    texts = (QuestionVersion.stem, QuestionVersion.explanation)
    return sa.or_(*(names(text, name) for text in texts), names(QuestionVersion.data, name, is_json=True))


def is_in_questions(course_id: int, name: str) -> bool:
    """Whether a question of a course, in any of its versions, names a file: in what it asks, its options or its explanation."""
    statement = select(QuestionVersion.id).join(Question, Question.id == QuestionVersion.question_id).where(Question.course_id == course_id)
    return session().scalar(statement.where(_naming(name)).limit(1)) is not None


def was_asked(run_id: int, person_id: int, name: str) -> bool:
    """Whether an attempt of a human at a quiz of a run asks a question that names a file."""
    statement = (
        select(AttemptAnswer.id)
        .join(Attempt, Attempt.id == AttemptAnswer.attempt_id)
        .join(Block, Block.id == Attempt.block_id)
        .join(QuestionVersion, QuestionVersion.id.in_((AttemptAnswer.version_id, AttemptAnswer.graded_version_id)))
        .where(Block.run_id == run_id, people.of_human(Attempt.person_id, person_id), _naming(name))
    )
    return session().scalar(statement.limit(1)) is not None


def questions_under(course_id: int, path: str) -> list[Question]:
    """The questions of a category and of those below it."""
    return list(session().scalars(select(Question).where(Question.course_id == course_id, _under(Question.category, path))))


def used_in(question_ids: Iterable[int]) -> dict[int, list[tuple[int, str, str]]]:
    """Where questions are asked: (block, title of the quiz, code of the run) by question. Removed quizzes are left out."""
    statement = (
        select(QuizItem.question_id, Block.id, Block.title, Run.code)
        .join(Block, Block.id == QuizItem.block_id)
        .join(Run, Run.id == Block.run_id)
        .where(QuizItem.question_id.in_(list(question_ids)), Block.removed_at.is_(None))
        .order_by(Run.code, Block.id)
    )
    found: dict[int, list[tuple[int, str, str]]] = {}
    for question_id, block_id, title, code in session().execute(statement):
        found.setdefault(question_id, []).append((block_id, title, code))
    return found
