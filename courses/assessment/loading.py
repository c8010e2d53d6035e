"""The quiz or question of an address, and what it is judged on."""

from __future__ import annotations

from typing import Any

from courses.assessment import queries
from courses.assessment.models import Question
from courses.catalogue import queries as catalogue
from courses.catalogue.authoring import load_block
from courses.catalogue.models import Block, Course, Run
from courses.catalogue.types import BlockKind
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _


def load_quiz(block_id: int) -> tuple[Run, Block]:
    """A quiz with its run."""
    run, block = load_block(block_id)
    if block.kind is not BlockKind.QUIZ:
        raise NotFound(_("这个内容块不是测验。"))
    return run, block


def load_question(question_id: int) -> tuple[Course, Question]:
    """A question with the course of its bank."""
    question = queries.question_by_id(question_id)
    course = catalogue.course_by_id(question.course_id) if question is not None else None
    if question is None or course is None:
        raise NotFound(_("没有这道题，可能已被移除。"))
    return course, question


def subject_of_question(pair: tuple[Course, Question]) -> Any:
    """A question is judged on its course."""
    return catalogue.subject_of_course(pair[0])
