"""What a block of a neutral course becomes here: kind, settings, body, questions. Pure apart from words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from courses.assessment.rules import number
from courses.assessment.types import QuestionKind
from courses.catalogue.markup import plain
from courses.catalogue.operations.checking import MAX_OPTIONS
from courses.catalogue.types import BlockKind
from courses.interop import types as docs
from courses.interop import works
from courses.interop.arithmetic import interval_of, number_of
from courses.interop.freezing import freeze
from trainhub.kernel.i18n import _


@dataclass(slots=True)
class Taken:
    """A question as the bank stores it."""

    kind: QuestionKind
    stem: str
    data: dict[str, Any]
    explanation: str = ""
    points_x10: int = 10


@dataclass(slots=True)
class Block:
    """A block as the catalogue stores it; `notes` say what was changed on the way, `work` are the rules of an assignment."""

    kind: BlockKind
    title: str
    body: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    questions: list[Taken] = field(default_factory=list)
    is_graded: bool = False
    is_required: bool = True
    weight_x10: int = 10
    notes: list[str] = field(default_factory=list)
    work: dict[str, Any] | None = None


def block_of(doc: docs.BlockDoc, *, is_graded: bool) -> Block:
    """One block; what cannot be shown is kept as `UNKNOWN` with its source."""
    match doc.content:
        case docs.HtmlDoc(html):
            return Block(BlockKind.TEXT, doc.title, html)
        case docs.VideoDoc() as video:
            source = next(iter(video.sources), "")
            settings = {"source": source, "youtube": video.youtube_id if not source else "", "duration": video.duration, "origin": freeze(video)}
            return Block(BlockKind.VIDEO, doc.title, settings=settings, is_required=bool(source or video.youtube_id))
        case docs.ProblemDoc() as problem:
            return _problem(doc, problem, is_graded)
        case docs.DiscussionDoc(category, target):
            return Block(BlockKind.DISCUSSION, doc.title or target or category, settings={"origin": freeze(doc.content)}, is_required=False)
        case docs.PollDoc(question, options) if 2 <= len({label.strip() for _c, label in options} - {""}) == len(options) <= MAX_OPTIONS:
            chosen: dict[str, Any] = {"options": [plain(label, 200) for _code, label in options], "origin": freeze(doc.content)}
            return Block(BlockKind.POLL, doc.title, question, settings=chosen, is_required=False)
        case docs.PollDoc(question, options):
            return _survey(doc, [_survey_question(question, list(options))])
        case docs.SurveyDoc(questions, answers):
            return _survey(doc, [_survey_question(label, list(answers)) for _code, label in questions])
        case docs.OpenAssessmentDoc() as ora:
            work, notes = works.work_of(ora)
            body = "<hr>".join(ora.prompts)
            return Block(BlockKind.ASSIGNMENT, doc.title, body, {"origin": freeze(ora)}, is_graded=is_graded, notes=notes, work=work)
        case docs.FileDoc(url):
            return Block(BlockKind.FILE, doc.title, settings={"url": url, "origin": freeze(doc.content)})
        case docs.LtiDoc() as lti:
            made = Block(BlockKind.LINK, doc.title, settings={"url": lti.launch_url, "origin": freeze(lti)}, is_required=False)
            if not lti.launch_url.startswith(("https://", "http://")):
                made.kind = BlockKind.UNKNOWN
            made.notes.append(_("外部工具（LTI）改为普通链接：不会自动登录，也不回传成绩"))
            return made
        case docs.UnknownDoc(tag, source, reason):
            settings = {"tag": tag, "reason": reason, "origin": freeze(doc.content)}
            return Block(BlockKind.UNKNOWN, doc.title or tag, settings=settings, is_required=False)


def _survey(doc: docs.BlockDoc, questions: list[Taken]) -> Block:
    settings = {"attempts": getattr(doc.content, "max_submissions", 1) or None, "shows_answers": False, "origin": freeze(doc.content)}
    return Block(BlockKind.QUIZ, doc.title, settings=settings, questions=questions, is_required=False)


def _survey_question(stem: str, options: list[tuple[str, str]]) -> Taken:
    data = {"options": [{"body": label, "is_correct": False, "feedback": ""} for _code, label in options]}
    return Taken(QuestionKind.SINGLE, stem or "—", data, points_x10=0)


def _problem(doc: docs.BlockDoc, problem: docs.ProblemDoc, is_graded: bool) -> Block:
    weight = 10 if problem.weight_x10 is None else problem.weight_x10
    settings = {
        "attempts": problem.attempts or None,
        "shows_answers": problem.show_answer.lower() not in ("never",),
        "origin": freeze(problem),
    }
    made = Block(BlockKind.QUIZ, doc.title, problem.closing, settings, is_graded=is_graded and weight > 0, weight_x10=weight)
    for n, question in enumerate(problem.questions, start=1):
        made.questions.append(_question(question, doc, n, made.notes))
    if made.questions and problem.explanation:
        made.questions[-1].explanation += problem.explanation
    if not made.questions:
        made.kind, made.body, made.is_graded = BlockKind.TEXT, problem.closing or problem.explanation, False
    return made


def _question(question: docs.QuestionDoc, doc: docs.BlockDoc, n: int, notes: list[str]) -> Taken:
    options = [{"body": o.text, "is_correct": o.is_correct, "feedback": o.feedback} for o in question.options if o.text.strip()]
    right = sum(bool(o["is_correct"]) for o in options)
    kind = QuestionKind.MANUAL
    answers = [{"text": a.text, "is_correct": a.is_correct, "feedback": a.feedback} for a in question.answers if a.text.strip()]
    match question.kind:
        case docs.QuestionKind.SINGLE | docs.QuestionKind.DROPDOWN if len(options) >= 2 and right:
            kind = QuestionKind.SINGLE
        case docs.QuestionKind.TRUE_FALSE if len(options) >= 2 and right:
            kind = QuestionKind.TRUE_FALSE
        case docs.QuestionKind.MULTIPLE if len(options) >= 2:
            kind = QuestionKind.MULTIPLE
        case docs.QuestionKind.TEXT if answers and not question.is_regexp:
            kind = QuestionKind.TEXT
        case docs.QuestionKind.NUMERIC if answers:
            answers = [dict(a, text=_numeric(str(a["text"]))) for a in answers]
            kind = QuestionKind.NUMERIC if all(a["text"] for a in answers) else QuestionKind.MANUAL
        case docs.QuestionKind.MATCHING if len({text for _line, text in question.pairs}) >= 2:
            kind = QuestionKind.MATCHING
        case docs.QuestionKind.ORDERING if len({o["body"] for o in options}) == len(options) >= 2:
            kind = QuestionKind.ORDERING
        case docs.QuestionKind.ESSAY:
            kind = QuestionKind.ESSAY
        case _:
            pass
    if kind is QuestionKind.MANUAL:
        options, answers = [], []
    if kind is QuestionKind.MANUAL and question.kind is not docs.QuestionKind.MANUAL:  # of those the reader has said why
        notes.append(_("第 %(n)d 题（%(kind)s）不能自动评分，改为教师评阅；其中的代码不会运行", n=n, kind=question.kind.value))
    data = {
        "options": options,
        "answers": answers,
        **({"pairs": [{"body": line, "answer": text} for line, text in question.pairs]} if kind is QuestionKind.MATCHING else {}),
        "tolerance": question.tolerance,
        "is_case_sensitive": question.is_case_sensitive,
        "origin": freeze(question),
    }
    return Taken(kind, question.stem if question.stem.strip() else doc.title or "—", data, question.explanation)


def _numeric(text: str) -> str:
    """An expected number as grading here reads it; "" when it is none."""
    if interval_of(text) is not None or number(text) is not None:
        return text
    value = number_of(text)
    return "" if value is None else f"{value:f}"
