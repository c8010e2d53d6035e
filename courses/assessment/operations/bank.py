"""Questions of a bank: saved as versions, restored, duplicated, archived, sorted into a tree. Old attempts keep their version."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from courses.assessment import queries
from courses.assessment.errors import BadQuestion
from courses.assessment.models import Question, QuestionTag, QuestionVersion
from courses.assessment.operations.checking import checked, version_data
from courses.assessment.operations.items import add_draw, add_item, duplicate_run, move_part, remove_draw, remove_item, reorder_parts
from courses.assessment.types import Difficulty, QuestionKind
from courses.catalogue.markup import ASSETS, placed, to_html
from courses.catalogue.operations.offerings import new_key
from courses.catalogue.types import BodyFormat
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _

__all__ = [
    "BadQuestion",
    "NewQuestion",
    "add_draw",
    "add_item",
    "add_many",
    "archive",
    "category_path",
    "describe",
    "duplicate",
    "duplicate_run",
    "move_part",
    "remove_draw",
    "remove_item",
    "rename_category",
    "reorder_parts",
    "restore",
    "save_question",
    "tag_list",
    "version_data",
]
MAX_STEM = 100_000
MAX_TAGS = 20


def category_path(text: str) -> str:
    """A path in the tree of a bank: steps trimmed, empty ones left out; refuses one that is too long."""
    path = "/".join(" ".join(unicodedata.normalize("NFC", step).split()) for step in text.replace("／", "/").split("/") if step.strip())
    if len(path) > 200:
        raise BadQuestion(_("分类太长，请不超过 200 个字。"), field="category")
    return path


def tag_list(text: str) -> list[str]:
    """Tags from one line, separated by commas, semicolons or spaces between words; each once, in order."""
    tags = [" ".join(unicodedata.normalize("NFC", part).split()) for part in re.split(r"[,，、;；|\n]", text)]
    tags = list(dict.fromkeys(tag for tag in tags if tag))
    if len(tags) > MAX_TAGS or any(len(tag) > 40 for tag in tags):
        raise BadQuestion(_("标签最多 %(n)d 个，每个不超过 40 个字。", n=MAX_TAGS), field="tags")
    return tags


def save_question(
    *,
    course_id: int,
    kind: QuestionKind,
    stem: str,
    by: Identity,
    now: datetime,
    data: Mapping[str, Any] | None = None,
    explanation: str = "",
    category: str | None = None,
    question: Question | None = None,
    version: int | None = None,
    key: str = "",
    body_format: BodyFormat = BodyFormat.MARKDOWN,
    is_survey: bool = False,
    name: str | None = None,
    tags: Iterable[str] | None = None,
    difficulty: Difficulty | None = None,
) -> Question:
    """Add a question to a bank, or a new version of `question`. The kind of a known question stays.

    `data`: see `QuestionVersion`. What sorts the question (name, category, tags, difficulty; None leaves it) is not part of a
    version: changing only that makes no new one. Refuses a question that nobody could answer rightly.
    """
    if question is not None:
        check_version(question, version)
        kind = question.kind
    if not stem.strip():
        raise BadQuestion(_("题干不能为空。"), field="stem")
    if len(stem) > MAX_STEM:
        raise BadQuestion(_("题干太长，请精简，或把图片作为课程文件上传后引用。"), field="stem")
    made = version_data(checked(kind, stem, data or {}, is_survey=is_survey), body_format)
    current = session()
    if question is None:
        question = Question(course_id=course_id, key=key or new_key(), kind=kind, current_no=0, created_at=now)
    else:
        known = queries.current_version(question)
        if (known.stem, known.explanation, _unplaced(known.data)) == (stem, explanation, made):
            return describe(question=question, name=name, category=category, tags=tags, difficulty=difficulty, by=by)
    question.current_no += 1
    question.name = question.name or "" if name is None else name.strip()[:200]
    question.category = question.category or "" if category is None else category_path(category)
    question.difficulty = difficulty or question.difficulty or Difficulty.MEDIUM
    current.add(question)
    current.flush()
    current.add(
        QuestionVersion(
            question_id=question.id,
            number=question.current_no,
            stem=stem,
            stem_html=to_html(stem, body_format),
            explanation=explanation,
            explanation_html=to_html(explanation, body_format),
            data=made,
            saved_at=now,
            saved_by_id=by.account_id,
        )
    )
    current.flush()
    if tags is not None:
        _set_tags(question, tags)
    audit.record(by=by, did="courses.question.saved", on=question, data={"number": question.current_no})
    return question


def _unplaced(data: Any) -> Any:
    """The data of a version as it is stored now: files are named by `/static/`; older versions hold the address of the run they were written in."""
    match data:
        case dict():
            return {key: _unplaced(value) for key, value in data.items()}
        case list():
            return [_unplaced(value) for value in data]
        case str():
            return placed(data, ASSETS)
        case _:
            return data


@dataclass(frozen=True, slots=True)
class NewQuestion:
    """A question that an import adds."""

    kind: QuestionKind
    stem: str
    data: Mapping[str, Any]
    explanation: str = ""
    key: str = ""
    name: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    difficulty: Difficulty = Difficulty.MEDIUM
    body_format: BodyFormat = BodyFormat.MARKDOWN
    is_survey: bool = False


def add_many(*, course_id: int, rows: Sequence[NewQuestion], by: Identity, now: datetime) -> list[Question]:
    """Many new questions in few statements, with one line in the audit; refuses as `save_question` does."""
    current = session()
    made = [
        Question(
            course_id=course_id,
            key=row.key or new_key(),
            kind=row.kind,
            name=row.name.strip()[:200],
            category=category_path(row.category),
            difficulty=row.difficulty,
            current_no=1,
            created_at=now,
        )
        for row in rows
    ]
    current.add_all(made)
    current.flush()
    for question, row in zip(made, rows, strict=True):
        data = version_data(checked(row.kind, row.stem, row.data, is_survey=row.is_survey), row.body_format)
        current.add(
            QuestionVersion(
                question_id=question.id,
                number=1,
                stem=row.stem,
                stem_html=to_html(row.stem, row.body_format),
                explanation=row.explanation,
                explanation_html=to_html(row.explanation, row.body_format),
                data=data,
                saved_at=now,
                saved_by_id=by.account_id,
            )
        )
        current.add_all([QuestionTag(question_id=question.id, tag=tag[:40]) for tag in dict.fromkeys(row.tags)])
    current.flush()
    audit.record(by=by, did="courses.questions.imported", on=("course", str(course_id)), data={"questions": len(made)})
    return made


def describe(
    *,
    question: Question,
    by: Identity,
    name: str | None = None,
    category: str | None = None,
    tags: Iterable[str] | None = None,
    difficulty: Difficulty | None = None,
) -> Question:
    """Change what sorts a question without a new version."""
    if name is not None:
        question.name = name.strip()[:200]
    if category is not None:
        question.category = category_path(category)
    if difficulty is not None:
        question.difficulty = difficulty
    changed = session().is_modified(question)
    if tags is not None:
        changed = _set_tags(question, tags) or changed
    session().flush()
    if changed:
        audit.record(by=by, did="courses.question.described", on=question, data={"category": question.category})
    return question


def _set_tags(question: Question, tags: Iterable[str]) -> bool:
    wanted = set(tags)
    known = {row.tag: row for row in queries.tag_rows(question.id)}
    for tag in known.keys() - wanted:
        session().delete(known[tag])
    for tag in sorted(wanted - known.keys()):
        session().add(QuestionTag(question_id=question.id, tag=tag[:40]))
    session().flush()
    return known.keys() != wanted


def restore(*, question: Question, number: int, version: int | None, by: Identity, now: datetime) -> Question:
    """Ask again what an old version asked: as a new version, so that nothing is lost."""
    check_version(question, version)
    old = queries.version_of(question.id, number)
    if old is None:
        raise BadQuestion(_("这道题没有第 %(n)d 版。", n=number))
    question.current_no += 1
    copied = ("stem", "stem_html", "explanation", "explanation_html", "data")
    session().add(
        QuestionVersion(
            question_id=question.id,
            number=question.current_no,
            saved_at=now,
            saved_by_id=by.account_id,
            **{column: getattr(old, column) for column in copied},
        )
    )
    session().flush()
    audit.record(by=by, did="courses.question.restored", on=question, data={"number": question.current_no, "from": number})
    return question


def duplicate(*, question: Question, by: Identity, now: datetime) -> Question:
    """A copy in the same bank, to change without touching what is in use."""
    old = queries.current_version(question)
    made = Question(
        course_id=question.course_id,
        key=new_key(),
        kind=question.kind,
        name=_("%(name)s（副本）", name=question.name)[:200] if question.name else "",
        category=question.category,
        difficulty=question.difficulty,
        current_no=1,
        created_at=now,
    )
    session().add(made)
    session().flush()
    copied = ("stem", "stem_html", "explanation", "explanation_html", "data")
    session().add(
        QuestionVersion(question_id=made.id, number=1, saved_at=now, saved_by_id=by.account_id, **{column: getattr(old, column) for column in copied})
    )
    _set_tags(made, [row.tag for row in queries.tag_rows(question.id)])
    audit.record(by=by, did="courses.question.duplicated", on=made, data={"from": question.id})
    return made


def archive(*, question: Question, is_archived: bool, by: Identity, now: datetime) -> None:
    """Put a question away or bring it back. Quizzes that hold it go on asking it; draws no longer find it."""
    if question.is_archived is is_archived:
        return
    question.is_archived = is_archived
    session().flush()
    audit.record(by=by, did="courses.question.archived" if is_archived else "courses.question.brought_back", on=question)


def rename_category(*, course_id: int, old: str, new: str, by: Identity, now: datetime) -> int:
    """Move a category with everything under it; draws that ask for it follow. Returns how many questions moved."""
    old, new = category_path(old), category_path(new)
    if not old or old == new:
        return 0
    if new.startswith(f"{old}/"):
        raise BadQuestion(_("不能把分类移到它自己下面。"), field="category")
    moved = 0
    for question in queries.questions_under(course_id, old):
        question.category = category_path(new + question.category[len(old) :])
        moved += 1
    for draw in queries.draws_under(course_id, old):
        draw.category = category_path(new + draw.category[len(old) :])
    session().flush()
    audit.record(by=by, did="courses.category.moved", on=("course", str(course_id)), data={"from": old, "to": new, "questions": moved})
    return moved
