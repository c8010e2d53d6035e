"""What a quiz tells before it is taken: what lots decide, what is shown afterwards."""

from __future__ import annotations

from courses.assessment import labels, queries
from courses.assessment.models import QuizDraw, QuizItem
from courses.assessment.types import QuestionKind, QuizSettings, Shown, When
from courses.catalogue.models import Block, Run
from trainhub.kernel.i18n import _, listed


def chances(settings: QuizSettings, block: Block, run: Run) -> list[str]:
    """What lots decide in an attempt, a sentence each: which questions, their order, their numbers."""
    parts = queries.parts_of(block.id)
    draws = [part for part in parts if isinstance(part, QuizDraw)]
    found = []
    if settings.draw or draws:
        found.append(_("题目随机抽取，各人、各次作答的题目可能不同。"))
    if settings.is_shuffled or settings.shuffles_options:
        found.append(_("每个人的题目或选项顺序可能不同。"))
    is_fixed = any(isinstance(part, QuizItem) and part.question.kind is QuestionKind.FORMULA for part in parts)
    if is_fixed or queries.may_draw(run.course_id, draws, QuestionKind.FORMULA):
        found.append(_("有的题目数值随机生成，各人、各次作答的数值可能不同。"))
    return found


def review_words(settings: QuizSettings) -> dict[str, str]:
    """What a review shows, in words, by its moment; "" where nothing."""
    return {when.value: listed(str(labels.SHOWN[shown]) for shown in Shown if shown in settings.review[when]) for when in When}
