"""Whether a quiz that came from a format still asks what came, and what a changed questionnaire is by now. Pure over rows that were loaded."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

from courses.assessment.models import QuestionVersion
from courses.assessment.types import QuestionKind
from courses.catalogue.models import Block
from courses.interop import types as docs
from courses.interop.freezing import thaw
from courses.interop.olx.markup import plain


class Asked(NamedTuple):
    """A question of a quiz as it stands, and what it is worth there."""

    version: QuestionVersion
    points_x10: int


def is_as_it_came(block: Block, origin: Any, asked: Sequence[Asked], *, is_drawn: bool) -> bool:
    """Whether a quiz asks what `origin` said: the same questions with the same points in the same order, none of them changed since.

    `is_drawn`: some of it is drawn from the bank by a rule made here.
    """
    draw = block.settings.get("draw")
    if block.settings.get("edited") or is_drawn or any(one.version.number != 1 for one in asked):
        return False
    match origin:
        case docs.ProblemDoc(questions=questions):
            return not draw and _same(asked, [(question, 10 * question.points) for question in questions])
        case docs.PoolDoc(problems=problems):
            return draw == origin.count and _same(asked, [(problem.questions[0], problem.worth_x10) for problem in problems])
        case docs.PollDoc(question=question, options=options):
            return _is_opinion(asked) and _opinions(asked) == [(question or "—", _labels(options))]
        case docs.SurveyDoc(questions=questions, answers=answers):
            return _is_opinion(asked) and _opinions(asked) == [(label or "—", _labels(answers)) for _code, label in questions]
        case _:
            return False


def _same(asked: Sequence[Asked], came: Sequence[tuple[docs.QuestionDoc, int]]) -> bool:
    return [(thaw(one.version.data.get("origin")), one.points_x10) for one in asked] == list(came)


def _labels(options: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(label for _code, label in options)


def _is_opinion(asked: Sequence[Asked]) -> bool:
    """Whether nothing of it is worth a point."""
    return not any(one.points_x10 for one in asked)


def _opinions(asked: Sequence[Asked]) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.version.stem, tuple(str(option["body"]) for option in one.version.data.get("options", ()))) for one in asked]


def questionnaire(block: Block, origin: docs.PollDoc | docs.SurveyDoc, asked: Sequence[Asked]) -> list[docs.Content]:
    """What a changed questionnaire is by now: a survey for neighbours with the same answers, a poll for a question of its own.

    Empty when it asks anything else than opinions by now.
    """
    if not all(one.version.question.kind is QuestionKind.SINGLE and not any(o["is_correct"] for o in one.version.data["options"]) for one in asked):
        return []
    shared: dict[str, Any] = {"feedback": origin.feedback, "is_private": origin.is_private, "max_submissions": block.settings.get("attempts") or 0}
    made: list[docs.Content] = []
    for labels, group in groupby(asked, key=lambda one: tuple(plain(str(o["html"])) for o in one.version.data["options"])):
        stems = [one.version for one in group]
        answers = tuple((str(n), label) for n, label in enumerate(labels))
        if len(stems) == 1:
            made.append(docs.PollDoc(stems[0].stem_html, answers, **shared))
        else:
            rows = tuple((str(n), plain(version.stem_html)) for n, version in enumerate(stems))
            made.append(docs.SurveyDoc(rows, answers, **shared))
    return made
