"""What a block of a neutral course becomes here: kind, settings, body, questions. Pure apart from words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from html import escape
from typing import Any

from courses.assessment.errors import BadQuestion
from courses.assessment.operations.checking import checked
from courses.assessment.rules import number, rounded
from courses.assessment.types import QuestionKind
from courses.catalogue.markup import plain
from courses.catalogue.operations.checking import MAX_OPTIONS
from courses.catalogue.types import BlockKind
from courses.interop import types as docs
from courses.interop import works
from courses.interop.arithmetic import interval_of, number_of
from courses.interop.freezing import freeze
from trainhub.kernel.i18n import _

AFTER_DUE = ("past_due", "closed")
AT_ONCE = ("always", "attempted", "attempted_no_past_due")
"""Values of `show_answer` that keep the answers back until nobody can answer any more."""


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


def can_open(url: str) -> bool:
    """Whether a browser opens an address as a page or a file, and nothing of it is run."""
    return url.startswith(("https://", "http://", "/"))


def block_of(doc: docs.BlockDoc, *, is_graded: bool) -> Block:
    """One block; what cannot be shown is kept as `UNKNOWN` with its source."""
    match doc.content:
        case docs.HtmlDoc(html):
            return Block(BlockKind.TEXT, doc.title, html)
        case docs.VideoDoc() as video:
            source = next((one for one in video.sources if can_open(one)), "")
            settings = {"source": source, "youtube": video.youtube_id if not source else "", "duration": video.duration, "origin": freeze(video)}
            made = Block(BlockKind.VIDEO, doc.title, settings=settings, is_required=bool(source or video.youtube_id))
            if video.handout:
                words = escape(_("讲义"))
                made.body = f'<p><a href="{escape(video.handout)}">{words}</a></p>'
            shut = [one for one in video.sources if not can_open(one)]
            if shut:
                made.notes.append(_("视频地址不是网址，没有导入：%(url)s", url=shut[0][:80]))
            if not source and not video.youtube_id and not shut:
                made.notes.append(_("视频没有可以播放的地址，请在视频内容块中上传或填写"))
            if video.start_at_second or video.end_at_second:
                made.notes.append(_("只播放其中一段的设置没有导入，从头播放到尾"))
            return made
        case docs.ProblemDoc() as problem:
            return _problem(doc, problem, is_graded)
        case docs.PoolDoc() as pool:
            return _pool(doc, pool, is_graded)
        case docs.DiscussionDoc(category, target):
            return Block(BlockKind.DISCUSSION, doc.title or target or category, settings={"origin": freeze(doc.content)}, is_required=False)
        case docs.PollDoc(question, options) if 2 <= len({label.strip() for _c, label in options} - {""}) == len(options) <= MAX_OPTIONS:
            chosen: dict[str, Any] = {"options": [plain(label, 200) for _code, label in options], "origin": freeze(doc.content)}
            made = Block(BlockKind.POLL, doc.title, question, settings=chosen, is_required=False, notes=_poll_notes(doc.content.feedback))
            if doc.content.max_submissions != 1:
                made.notes.append(_("原来可以多次投票；这里每人一次"))
            return made
        case docs.PollDoc(question, options):
            return _survey(doc, [_survey_question(question, list(options))], doc.content.feedback)
        case docs.SurveyDoc(questions, answers):
            return _survey(doc, [_survey_question(label, list(answers)) for _code, label in questions], doc.content.feedback)
        case docs.OpenAssessmentDoc() as ora:
            work, notes = works.work_of(ora)
            body, weight = "<hr>".join(ora.prompts), works.worth_x10(ora)
            made = Block(BlockKind.ASSIGNMENT, doc.title, body, {"origin": freeze(ora)}, is_graded=is_graded, notes=notes, work=work)
            made.weight_x10 = weight or made.weight_x10
            return made
        case docs.FileDoc(url) if url and not can_open(url):
            lost = _("文件地址不是网址，没有导入：%(url)s", url=url[:80])
            settings = {"tag": "pdf", "reason": lost, "origin": freeze(docs.UnknownDoc("pdf", "<pdf/>", lost))}
            return Block(BlockKind.UNKNOWN, doc.title, settings=settings, is_required=False, notes=[lost])
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


def _poll_notes(feedback: str) -> list[str]:
    words = plain(feedback, 80)
    return [_("作答后的反馈没有导入：%(text)s", text=words)] if words else []


def _survey(doc: docs.BlockDoc, questions: list[Taken], feedback: str) -> Block:
    settings = {"attempts": getattr(doc.content, "max_submissions", 1) or None, "shows_answers": False, "origin": freeze(doc.content)}
    return Block(BlockKind.QUIZ, doc.title, settings=settings, questions=questions, is_required=False, notes=_poll_notes(feedback))


def _survey_question(stem: str, options: list[tuple[str, str]]) -> Taken:
    data = {"options": [{"body": label, "is_correct": False, "feedback": ""} for _code, label in options]}
    return Taken(QuestionKind.SINGLE, stem or "—", data, points_x10=0)


def _problem(doc: docs.BlockDoc, problem: docs.ProblemDoc, is_graded: bool) -> Block:
    weight = problem.worth_x10
    settings = {
        "attempts": problem.attempts or None,
        "shows_answers": _shows_answers(problem, is_graded),
        "origin": freeze(problem),
    }
    made = Block(BlockKind.QUIZ, doc.title, problem.closing, settings, is_graded=is_graded and weight > 0, weight_x10=weight)
    if any(question.is_shuffled for question in problem.questions):
        settings["shuffles_options"] = True
    for n, question in enumerate(problem.questions, start=1):
        made.questions.append(_question(question, doc, n, made.notes))
    made.notes += _lost_of(problem, is_graded)
    if made.questions and problem.explanation:
        made.questions[-1].explanation += problem.explanation
    if not made.questions:
        made.kind, made.body, made.is_graded = BlockKind.TEXT, problem.closing or problem.explanation, False
    return made


def _shows_answers(problem: docs.ProblemDoc, is_graded: bool) -> bool:
    """Whether the answers may be shown after each attempt. Open edX's own default (`finished`), `answered` and the like wait until it was answered
    rightly or the attempts are used up: here that is after the only attempt, or where nothing is graded."""
    said = problem.show_answer.lower()
    if said in ("never", *AFTER_DUE):
        return False
    return said in AT_ONCE or not is_graded or problem.attempts == 1


def _lost_of(problem: docs.ProblemDoc, is_graded: bool) -> list[str]:
    """What a problem did for its learners that a quiz does not."""
    found = []
    if problem.hints:
        found.append(_("按需显示的提示没有导入（%(n)d 条），可以写进解析", n=len(problem.hints)))
    if any(question.compound_feedback or any(o.feedback_unselected for o in question.options) for question in problem.questions):
        found.append(_("按选项组合给出的反馈、未选某项时的反馈没有导入"))
    if problem.show_answer.lower() in AFTER_DUE:
        found.append(_("原来到截止之后才显示答案；这里改为不显示，可在测验设置中改为关闭后显示"))
    elif problem.questions and problem.show_answer.lower() != "never" and not _shows_answers(problem, is_graded):
        found.append(_("原来答对或用完次数之后才显示答案；这里改为不显示，可在测验设置中改为关闭后显示"))
    return found


def _pool(doc: docs.BlockDoc, pool: docs.PoolDoc, is_graded: bool) -> Block:
    """A quiz that draws some of its questions for each attempt."""
    settings: dict[str, Any] = {"draw": pool.count, "is_shuffled": True, "origin": freeze(pool)}
    attempts = {problem.attempts for problem in pool.problems}
    never = [not _shows_answers(problem, is_graded) for problem in pool.problems]
    settings |= {"attempts": min((n for n in attempts if n), default=None), "shows_answers": not any(never)}
    made = Block(BlockKind.QUIZ, doc.title, settings=settings)
    weights = []
    for n, (problem, title) in enumerate(zip(pool.problems, pool.titles, strict=True), start=1):
        taken = _question(problem.questions[0], docs.BlockDoc("", title, problem), n, made.notes)
        weights.append(problem.worth_x10)
        taken.points_x10, taken.stem = weights[-1], taken.stem + problem.closing
        taken.explanation += problem.explanation
        made.questions.append(taken)
    made.notes += dict.fromkeys(note for problem in pool.problems for note in _lost_of(problem, is_graded))
    if len(attempts) > 1:
        made.notes.append(_("各题的作答次数不同，统一为最少的一种"))
    made.weight_x10 = rounded(Decimal(sum(weights) * (pool.count or len(weights))) / len(weights))
    if pool.count and len(set(weights)) > 1:
        made.notes.append(_("各题的权重不同：按抽到的题目各自的分值计分，整个测验的权重按平均分值计算"))
    made.is_graded = is_graded and made.weight_x10 > 0
    return made


def _question(question: docs.QuestionDoc, doc: docs.BlockDoc, n: int, notes: list[str]) -> Taken:
    options = [_option(o) for o in question.options if o.text.strip()]
    right = sum(bool(o["is_correct"]) for o in options)
    kind = QuestionKind.MANUAL
    answers = [{"text": a.text, "is_correct": a.is_correct, "feedback": a.feedback} for a in question.answers if a.text.strip()]
    tolerance, why, unread = _tolerance(question.tolerance), "", _("允许误差“%(text)s”无法理解", text=question.tolerance[:40])
    match question.kind:
        case docs.QuestionKind.SINGLE | docs.QuestionKind.DROPDOWN if len(options) >= 2 and right:
            kind = QuestionKind.SINGLE
        case docs.QuestionKind.TRUE_FALSE if len(options) >= 2 and right:
            kind = QuestionKind.TRUE_FALSE
        case docs.QuestionKind.MULTIPLE if len(options) >= 2:
            kind = QuestionKind.MULTIPLE
        case docs.QuestionKind.TEXT if answers and not question.is_regexp:
            answers = [dict(a, text=str(a["text"]).replace("*", r"\*")) for a in answers]  # a star there is a star; here it would stand for any text
            kind = QuestionKind.TEXT
        case docs.QuestionKind.NUMERIC if answers:
            answers = [dict(a, text=_numeric(str(a["text"]))) for a in answers]
            kind = QuestionKind.NUMERIC if all(a["text"] for a in answers) else QuestionKind.MANUAL
            if tolerance is None:
                kind, why = QuestionKind.MANUAL, unread
        case docs.QuestionKind.MATCHING if len({text for _line, text in question.pairs}) >= 2:
            kind = QuestionKind.MATCHING
        case docs.QuestionKind.ORDERING if len({o["body"] for o in options}) == len(options) >= 2:
            kind = QuestionKind.ORDERING
        case docs.QuestionKind.ESSAY:
            kind = QuestionKind.ESSAY
        case _:
            pass
    more: dict[str, Any] = {}
    if question.kind is docs.QuestionKind.FORMULA and answers:
        kind, more, why = _expression(question, tolerance) if tolerance is not None else (kind, more, unread)
    elif question.kind is docs.QuestionKind.TEXT and question.is_regexp and answers:
        kind, more, why = _pattern(question, answers)
    if kind is QuestionKind.MANUAL:
        options, answers = [], []
    if kind is QuestionKind.MANUAL and question.kind is not docs.QuestionKind.MANUAL:  # of those the reader has said why
        said = _("第 %(n)d 题（%(kind)s）不能自动评分，改为教师评阅；其中的代码不会运行", n=n, kind=question.kind.value)
        notes.append(f"{said}：{why}" if why else said)
    elif why:
        notes.append(_("第 %(n)d 题：%(why)s", n=n, why=why))
    data = {
        "options": options,
        "answers": answers,
        **({"pairs": [{"body": line, "answer": text} for line, text in question.pairs]} if kind is QuestionKind.MATCHING else {}),
        "tolerance": tolerance or "",
        "is_case_sensitive": question.is_case_sensitive,
        "is_all_or_nothing": question.is_all_or_nothing,
        **more,
        "origin": freeze(question),
    }
    return Taken(kind, question.stem if question.stem.strip() else doc.title or "—", data, question.explanation, 10 * question.points)


def _option(option: docs.OptionDoc) -> dict[str, Any]:
    share = {} if option.share_x1000 is None or option.is_correct else {"share_x1000": option.share_x1000}
    return {"body": option.text, "is_correct": option.is_correct, "feedback": option.feedback, **share}


def _pattern(question: docs.QuestionDoc, answers: list[dict[str, Any]]) -> tuple[QuestionKind, dict[str, Any], str]:
    """A text whose answers are regular expressions, or why a person grades it."""
    data = {"answers": answers, "is_pattern": True}
    return _checked(QuestionKind.TEXT, data, {"is_pattern": True})


def _checked(kind: QuestionKind, data: dict[str, Any], more: dict[str, Any], said: str = "") -> tuple[QuestionKind, dict[str, Any], str]:
    try:
        checked(kind, "", data, is_survey=False)
    except BadQuestion as bad:
        return QuestionKind.MANUAL, {}, bad.message
    return kind, more, said


SAMPLED = re.compile(r"\s*([^@]*?)\s*@\s*([^:]*?)\s*:\s*([^#]*?)\s*(?:#\s*\d+\s*)?\Z")
MOST_DIGITS = 18
"""What the field of the question's page takes, with its sign."""
DECIMALS = 4
"""How finely the ranges of samples are drawn from."""


def _expression(question: docs.QuestionDoc, tolerance: str) -> tuple[QuestionKind, dict[str, Any], str]:
    """A formula that learners write, with the ranges at which it is compared; or why a person grades it."""
    match = SAMPLED.match(question.samples) if question.samples.strip() else None
    variables: list[dict[str, Any]] = []
    if match is not None:
        names, lows, highs = ([part.strip() for part in match[n].split(",")] for n in (1, 2, 3))
        if not len(names) == len(lows) == len(highs):
            return QuestionKind.MANUAL, {}, _("变量的取值范围“%(text)s”无法理解", text=question.samples[:60])
        ranges = [(number(low), number(high)) for low, high in zip(lows, highs, strict=True)]
        for name, (low, high) in zip(names, ranges, strict=True):
            if low is None or high is None:
                return QuestionKind.MANUAL, {}, _("变量的取值范围“%(text)s”无法理解", text=question.samples[:60])
            variables.append({"name": name, "low": f"{min(low, high):f}", "high": f"{max(low, high):f}", "decimals": DECIMALS})
    elif question.samples.strip():
        return QuestionKind.MANUAL, {}, _("变量的取值范围“%(text)s”无法理解", text=question.samples[:60])
    right = [answer.text for answer in question.answers if answer.is_correct]
    more = {"asks_expression": True, "variables": variables, "expression": " | ".join(right), "answers": []}
    data = {**more, "tolerance": tolerance, "is_case_sensitive": question.is_case_sensitive}
    said = _("只带反馈的错误答案没有导入") if len(right) < len(question.answers) else ""
    return _checked(QuestionKind.FORMULA, data, more, said)


def _tolerance(text: str) -> str | None:
    """A tolerance as grading here reads it: "0.1*2" is 0.2, "(1+1)%" is 2%. None when it is neither a number nor a share, or below nothing."""
    text = unicodedata.normalize("NFKC", text).strip()
    if not text:
        return ""
    is_share = text.endswith("%")
    value = number_of(text.removesuffix("%"))
    if value is None or value < 0:
        return None
    said = f"{value:f}"
    return (said if len(said) <= MOST_DIGITS else f"{value:.10g}") + ("%" if is_share else "")


def _numeric(text: str) -> str:
    """An expected number as grading here reads it; "" when it is none."""
    if interval_of(text) is not None or number(text) is not None:
        return text
    value = number_of(text)
    return "" if value is None else f"{value:f}"
