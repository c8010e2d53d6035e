"""One assessment item of QTI 2.x or 3.0 -> questions. Version 3 names things with `qti-` and hyphens; both are read alike.

Response processing is a small programming language: it is never run. Standard templates and mappings are understood,
everything else becomes a question that a person grades.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

from courses.interop.arithmetic import number_of
from courses.interop.olx import markup
from courses.interop.olx.markup import Element
from courses.interop.types import AnswerDoc, OptionDoc, QuestionDoc, QuestionKind
from trainhub.kernel.i18n import _

Link = Callable[[str], str]
ESSAYS = frozenset({"extendedtextinteraction", "uploadinteraction", "drawinginteraction"})
INTERACTION = re.compile(r"interaction$")
FEEDBACK = frozenset({"feedbackinline", "feedbackblock", "modalfeedback", "rubricblock"})
NUMBERS = frozenset({"float", "integer"})


@dataclass(slots=True)
class ItemRead:
    """Questions of one item, and why parts of it could not be taken over as they were."""

    title: str
    questions: list[QuestionDoc] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Declared:
    """What an item expects as an answer."""

    cardinality: str
    base: str
    correct: tuple[str, ...]
    mapped: tuple[tuple[str, float], ...]


def name(node: Element) -> str:
    """A tag in one spelling: qti-choice-interaction and choiceInteraction are `choiceinteraction`."""
    return markup.tag_of(node).lower().removeprefix("qti-").replace("-", "")


def value(node: Element, wanted: str) -> str:
    """An attribute in either spelling."""
    for key, text in node.attrib.items():
        if str(key).rpartition("}")[2].lower().replace("-", "") == wanted:
            return str(text)
    return ""


def read_item(root: Element, link: Link) -> ItemRead:
    """Read an `assessmentItem`; `link` puts addresses of files into the form of this course."""
    read = ItemRead(value(root, "title")[:200])
    body = next((node for node in root if name(node) == "itembody"), None)
    if body is None:
        read.reasons.append(_("没有题目正文"))
        return read
    declared = {value(node, "identifier"): _declared(node) for node in root if name(node) == "responsedeclaration"}
    explanation = "".join(link(markup.inner(node)) for node in root if name(node) == "modalfeedback")
    if any(name(node) == "math" for node in body.iter()):
        read.reasons.append(_("MathML 公式没有导入，请用 \\( \\) 重新书写"))
    inputs = [node for node in body.iter() if INTERACTION.search(name(node))]
    stem = link(_stem(body, inputs))
    if not inputs:
        read.reasons.append(_("没有作答区，没有作为题目导入"))
        return read
    for number, node in enumerate(inputs, start=1):
        prompt = next((link(markup.inner(child)) for child in node if name(child) == "prompt"), "")
        before = stem if number == 1 else ""
        own = f"{before}{prompt}" or _("第 %(n)d 空", n=number)
        read.questions.append(_question(node, own, declared.get(value(node, "responseidentifier")), root, link, read.reasons))
    if explanation:
        read.questions[-1] = _with_explanation(read.questions[-1], explanation)
    return read


def _with_explanation(question: QuestionDoc, text: str) -> QuestionDoc:
    from dataclasses import replace

    return replace(question, explanation=text)


def _declared(node: Element) -> _Declared:
    correct = [markup.text_of(v) for part in node if name(part) == "correctresponse" for v in part if name(v) == "value"]
    mapped = []
    for part in node:
        if name(part) == "mapping":
            for entry in part:
                try:
                    mapped.append((value(entry, "mapkey"), float(value(entry, "mappedvalue") or 0)))
                except ValueError:
                    continue
    return _Declared(value(node, "cardinality"), value(node, "basetype").lower(), tuple(correct), tuple(mapped))


def _stem(body: Element, inputs: list[Element]) -> str:
    """The text of an item with the places of its answers numbered where they stand in the text."""
    rest = deepcopy(body)
    places = [node for node in rest.iter() if INTERACTION.search(name(node))]
    for number, node in enumerate(places, start=1):
        inline = name(node) in ("textentryinteraction", "inlinechoiceinteraction")
        markup.detach(node, f" [{number}] ____ " if inline and len(inputs) > 1 else " ____ " if inline else "")
    for node in [node for node in rest.iter() if name(node) in FEEDBACK]:
        markup.detach(node)
    return markup.inner(rest)


def _question(node: Element, stem: str, declared: _Declared | None, root: Element, link: Link, reasons: list[str]) -> QuestionDoc:
    kind = name(node)
    if kind in ("choiceinteraction", "inlinechoiceinteraction", "hottextinteraction") and declared is not None:
        right = set(declared.correct) or {key for key, points in declared.mapped if points > 0}
        options = tuple(_option(child, right, link) for child in node.iter() if name(child) in ("simplechoice", "inlinechoice"))
        if len(options) >= 2 and right:
            several = declared.cardinality.lower() == "multiple"
            single = QuestionKind.DROPDOWN if kind == "inlinechoiceinteraction" else QuestionKind.SINGLE
            return QuestionDoc(QuestionKind.MULTIPLE if several else single, stem, options, is_shuffled=value(node, "shuffle") == "true")
    if kind == "textentryinteraction" and declared is not None:
        answers = list(dict.fromkeys([*declared.correct, *[key for key, points in declared.mapped if points > 0]]))
        if answers and all(answers):
            is_number = declared.base in NUMBERS and all(number_of(text) is not None for text in answers)
            given = tuple(AnswerDoc(text) for text in answers)
            return QuestionDoc(QuestionKind.NUMERIC if is_number else QuestionKind.TEXT, stem, answers=given)
    if kind in ESSAYS:
        if kind != "extendedtextinteraction":
            reasons.append(_("上传或绘图作答改为文字作答，由教师评阅"))
        return QuestionDoc(QuestionKind.ESSAY, stem)
    reasons.append(_("%(kind)s 没有对应的题型，改为教师评阅", kind=markup.tag_of(node)))
    return QuestionDoc(QuestionKind.MANUAL, f"{stem}{link(_choices_as_text(node))}", source=markup.outer(deepcopy(root))[:20_000])


def _choices_as_text(node: Element) -> str:
    """What a learner must see of an interaction that we do not have: its choices as a list."""
    wanted = ("simplechoice", "simpleassociablechoice", "gaptext", "hottext", "gapchoice")
    texts = [markup.inner(child) for child in node.iter() if name(child) in wanted]
    return f"<ul>{''.join(f'<li>{text}</li>' for text in texts)}</ul>" if texts else ""


def _option(node: Element, right: set[str], link: Link) -> OptionDoc:
    rest = deepcopy(node)
    feedback = "".join(markup.inner(child) for child in rest.iter() if name(child) in FEEDBACK)
    for child in [child for child in rest.iter() if name(child) in FEEDBACK]:
        markup.detach(child)
    return OptionDoc(link(markup.inner(rest)), value(node, "identifier") in right, feedback=link(feedback))
