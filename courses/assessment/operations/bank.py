"""Questions of a bank and the items of a quiz. A changed question is a new version: old attempts keep theirs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from courses.assessment import queries
from courses.assessment.models import Question, QuestionVersion, QuizItem
from courses.assessment.rules import number
from courses.assessment.types import BY_PERSON, CHOICES, QuestionKind
from courses.catalogue.markup import to_html
from courses.catalogue.models import Block, Run
from courses.catalogue.operations.copying import copy_run
from courses.catalogue.operations.offerings import asset_prefix, new_key
from courses.catalogue.types import BlockKind, BodyFormat
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _


class BadQuestion(Refused):
    """A question that cannot be answered or graded as it is."""

    code = "bad_question"


def _checked(kind: QuestionKind, data: Mapping[str, Any], body_format: BodyFormat, assets: str, *, is_survey: bool) -> dict[str, Any]:
    """Refuse what nobody could answer rightly, then see `version_data`."""
    made = {k: v for k, v in data.items() if k not in ("options", "answers")}
    options = [dict(o) for o in data.get("options", []) if str(o.get("body", "")).strip()]
    answers = [dict(a) for a in data.get("answers", []) if str(a.get("text", "")).strip()]
    if kind in CHOICES:
        if len(options) < 2:
            raise BadQuestion(_("选择题至少要有两个选项。"), field="options")
        right = sum(bool(o.get("is_correct")) for o in options)
        if not is_survey and kind is not QuestionKind.MULTIPLE and right != 1:
            raise BadQuestion(_("单选题和判断题必须恰好有一个正确选项。"), field="options")
        if not is_survey and kind is QuestionKind.MULTIPLE and not right:
            raise BadQuestion(_("多选题至少要有一个正确选项。"), field="options")
    elif kind not in BY_PERSON and not is_survey and not any(a.get("is_correct", True) for a in answers):
        raise BadQuestion(_("请至少填写一个正确答案。"), field="answers")
    if kind is QuestionKind.NUMERIC:
        for answer in answers:
            text = str(answer["text"])
            middle = number(text)
            if middle is None and not text.strip().startswith(("[", "(")):
                raise BadQuestion(_("数值题的答案“%(text)s”不是数，也不是区间，例如 3.14 或 [3,4)。", text=text[:40]), field="answers")
        tolerance = str(data.get("tolerance") or "").strip()
        if tolerance and number(tolerance.replace("％", "%").rstrip("%")) is None:
            raise BadQuestion(_("误差“%(text)s”无法理解，请填 0.5 或 2%% 这样的值。", text=tolerance[:20]), field="tolerance")
    return version_data({**made, "options": options, "answers": answers}, body_format, assets)


def version_data(data: Mapping[str, Any], body_format: BodyFormat, assets: str) -> dict[str, Any]:
    """The data of a version with its markup sanitised; options keep their keys, new ones get a, b, c."""
    options = [dict(o) for o in data.get("options", [])]
    answers = [dict(a) for a in data.get("answers", [])]
    for n, option in enumerate(options):
        option.setdefault("key", "abcdefghijklmnopqrstuvwxyz"[n] if n < 26 else f"o{n}")
        option["is_correct"] = bool(option.get("is_correct"))
        option["html"] = _inline(to_html(str(option["body"]), body_format, assets=assets))
        option["feedback_html"] = to_html(str(option.get("feedback", "")), body_format, assets=assets)
    for answer in answers:
        answer["is_correct"] = bool(answer.get("is_correct", True))
        answer["feedback_html"] = to_html(str(answer.get("feedback", "")), body_format, assets=assets)
    if len({o["key"] for o in options}) != len(options):
        raise BadQuestion(_("选项的编号重复，请刷新页面后重新填写。"), field="options")
    return {**data, "options": options, "answers": answers, "body_format": body_format.value}


def _inline(markup: str) -> str:
    """A single paragraph without its tag, so that it stands beside its control."""
    text = markup.strip()
    return text[3:-4] if text.startswith("<p>") and text.endswith("</p>") and text.count("<p>") == 1 else text


def save_question(
    *,
    course_id: int,
    kind: QuestionKind,
    stem: str,
    by: Identity,
    now: datetime,
    data: Mapping[str, Any] | None = None,
    explanation: str = "",
    category: str = "",
    question: Question | None = None,
    version: int | None = None,
    key: str = "",
    body_format: BodyFormat = BodyFormat.MARKDOWN,
    assets: str = "",
    is_survey: bool = False,
) -> Question:
    """Add a question to a bank, or a new version of `question`. The kind of a known question stays.

    `data`: options [{body, is_correct, feedback}], answers [{text, is_correct, feedback}], tolerance, is_case_sensitive.
    Refuses a question that nobody could answer rightly.
    """
    if question is not None:
        check_version(question, version)
        kind = question.kind
    if not stem.strip():
        raise BadQuestion(_("题干不能为空。"), field="stem")
    checked = _checked(kind, data or {}, body_format, assets, is_survey=is_survey)
    current = session()
    if question is None:
        question = Question(course_id=course_id, key=key or new_key(), kind=kind, category=category.strip()[:80], current_no=1, created_at=now)
        current.add(question)
        current.flush()
    else:
        question.current_no += 1
        question.category = category.strip()[:80]
    current.add(
        QuestionVersion(
            question_id=question.id,
            number=question.current_no,
            stem=stem,
            stem_html=to_html(stem, body_format, assets=assets),
            explanation=explanation,
            explanation_html=to_html(explanation, body_format, assets=assets),
            data=checked,
            saved_at=now,
            saved_by_id=by.account_id,
        )
    )
    current.flush()
    audit.record(by=by, did="courses.question.saved", on=question, data={"number": question.current_no})
    return question


def add_item(*, block: Block, question: Question, by: Identity, now: datetime, points_x10: int = 10) -> QuizItem:
    """Put a question of the bank into a quiz, at the end; a question that is in it already stays where it is."""
    if block.kind is not BlockKind.QUIZ:
        raise BadQuestion(_("只有测验内容块可以添加题目。"))
    if not 0 <= points_x10 <= 10_000:
        raise BadQuestion(_("分值应在 0 到 1000 之间。"), field="points")
    items = queries.items_of(block.id)
    known = next((item for item in items if item.question_id == question.id), None)
    if known is not None:
        known.points_x10 = points_x10
        session().flush()
        return known
    item = QuizItem(block_id=block.id, question_id=question.id, position=items[-1].position + 1 if items else 1, points_x10=points_x10)
    session().add(item)
    session().flush()
    audit.record(by=by, did="courses.quiz.item_added", on=("course_block", str(block.id)), data={"question": question.id})
    return item


def remove_item(*, item: QuizItem, by: Identity, now: datetime) -> None:
    """Take a question out of a quiz; attempts that asked it keep it."""
    audit.record(by=by, did="courses.quiz.item_removed", on=("course_block", str(item.block_id)), data={"question": item.question_id})
    session().delete(item)
    session().flush()


def move_item(*, item: QuizItem, step: int, by: Identity, now: datetime) -> None:
    """Move an item by one place (-1 up, 1 down)."""
    items = queries.items_of(item.block_id)
    here = next(n for n, row in enumerate(items) if row.id == item.id)
    there = here + step
    if 0 <= there < len(items):
        items[here], items[there] = items[there], items[here]
        for position, row in enumerate(items, start=1):
            row.position = position
        session().flush()


def duplicate_run(*, run: Run, code: str, starts_on: date, by: Identity, now: datetime) -> Run:
    """A draft copy of a run with its quizzes; the questions are those of the course's bank. Without its learners."""
    new, blocks = copy_run(run=run, code=code, starts_on=starts_on, by=by, now=now)
    for item in queries.items_of_blocks(blocks):
        session().add(QuizItem(block_id=blocks[item.block_id], question_id=item.question_id, position=item.position, points_x10=item.points_x10))
    session().flush()
    return new


def assets_of(block: Block) -> str:
    """Where the files are found that a question written in this block's run names."""
    return asset_prefix(block.run_id)
